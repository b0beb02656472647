#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""boot.py - an unmodified Debian kernel boots to user space in a realm and powers off"""
import hashlib
import json
import re
from datetime import datetime, timedelta, timezone

from realm import UP, case, check, main, realm, work

REALM = ["realm        yes", "kernel says  RME: Using RSI version 1.0"]


@case
def one_vcpu_boots_and_powers_off():
    realm().expect(0, UP, *REALM, "processors   1 of 1 online", "softrealm-init: powering off")


@case
def a_realm_has_entropy_and_knows_the_time():
    before = datetime.now(timezone.utc)
    out = realm().expect(0, "entropy      virtio_rng.0").out
    told = re.search(r"time +(\S+ \S+) UTC", out)
    check(told, out)
    time = datetime.fromisoformat(told[1] + "+00:00")
    check(before - timedelta(seconds=2) < time < datetime.now(timezone.utc), before, told[1])
    check("entropy" not in realm("--rng", "off").expect(0, UP).out, "there is a device")


@case
def two_vcpus_boot_and_power_off():
    realm("--cpus", 2).expect(0, UP, *REALM, "processors   2 of 2 online")


@case
def four_vcpus_all_work_at_once():
    realm("-c", 4, append="softrealm.mode=smp").expect(0, "smp 4 of 4 processors")


@case
def psci_in_user_space_starts_and_ends_a_realm():
    realm("-c", 2, "--psci", "user", append="softrealm.mode=smp").expect(
        0, "processors   2 of 2 online", "smp 2 of 2 processors")


def reads(text, *args):
    """The realm gets this text through a pipe that is full before it runs, and tells its sum."""
    (work() / "input").write_bytes(text)
    with open(work() / "input", "rb") as source:
        realm(*args, append="softrealm.mode=read", stdin=source).expect(
            0, f"read {text.count(10)} lines, sha256 {hashlib.sha256(text).hexdigest()}")


@case
def piped_input_is_not_lost_before_the_realm_reads():
    reads(b"hello\nend\n")


@case
def a_hundred_thousand_lines_arrive_in_order():
    reads(b"".join(b"%d\n" % i for i in range(1, 100001)) + b"end\n", "-c", 2)


@case
def a_gibibyte_is_seen_by_the_realm():
    run = realm("-m", "1G").expect(0)
    size = int(re.search(r"memory +(\d+) MiB", run.out).group(1))
    check(900 < size <= 1024, f"{size} MiB of 1024")


@case
def a_wider_ipa_space_boots():
    realm("--ipa-bits", 40).expect(0, UP, *REALM)


LPA2 = ["--abi", "v14", "--platform-cpu", "lpa2", "--ipa-bits"]


@case
def a_realm_with_lpa2_boots_in_50_bits():
    realm(*LPA2, 50, "-c", 2).expect(0, UP, *REALM, "processors   2 of 2 online")


@case
def a_kernel_in_52_bits_uses_them_all():
    # Its devices do not work there (docs/troubleshooting.md); what it maps above bit 50 does.
    said = "CPU features: detected: 52-bit Virtual Addressing (LPA2)"
    realm(*LPA2, 52, "--earlycon", "--until", said, append="loglevel=8").expect(
        0, "earlycon: uart0 MMIO:0x0008000009000000")


@case
def an_unmeasured_realm_boots():
    realm("--no-measure").expect(0, UP)


@case
def the_summary_tells_end_milestones_exits_and_rim():
    path = work() / "summary.json"
    realm("--summary", path).expect(0)
    summary = json.loads(path.read_text())
    text = json.dumps(summary)
    check(re.search(r'"[0-9a-f]{64}"', text), "no RIM in", text)
    check(UP in text, "no milestone of the init in", text)
    check("mmio" in text.lower(), "no exits by kind in", text)


@case
def the_same_realm_has_the_same_rim_twice():
    def rim():
        path = work() / "rim.json"
        realm("--summary", path, "--until", UP).expect(0)
        return re.search(r'"rim": *"([0-9a-f]{64})', path.read_text()).group(1)

    check(rim() == rim(), "two RIMs")


main()
