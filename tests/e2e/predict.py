#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""predict.py - `softrealm measure` knows the RIM that a realm and its token will tell"""
import re
import secrets
import subprocess

from realm import BUILD, SOFTREALM, Run, case, check, images, main, work

PAYLOAD = ["--kernel", str(BUILD / "guest/payload/payload.bin"), "--memory", "256M"]


def measure(*args):
    return subprocess.run([SOFTREALM, "measure", *map(str, args)], capture_output=True, text=True,
                          timeout=120)


def predicted(*args):
    result = measure(*args)
    check(result.returncode == 0, result.stderr)
    return result.stdout.strip()


def disk():
    path = work() / "disk"
    path.write_bytes(bytes(1 << 20))
    return path


def token_agrees(*args):
    """A Debian kernel: the prediction verifies its token, over a fresh nonce."""
    options = [*images(), "--append", "loglevel=4", *args]
    token, nonce = work() / "token", secrets.token_hex(64)
    rim = predicted(*options)
    Run("run", *options, "--attest", token, "--attest-nonce", nonce).expect(0)
    verdict = subprocess.run([SOFTREALM, "token", "verify", token, "--test-platform", "--nonce",
                              nonce, "--rim", rim], capture_output=True, text=True, timeout=60)
    check(verdict.returncode == 0, verdict.stdout, verdict.stderr)


def reading_agrees(*args):
    """The payload: the prediction is what MEASUREMENT_READ tells the realm."""
    options = [*PAYLOAD, *args]
    run = Run("run", *options).expect(0, "payload: done")
    read = re.search(r"payload: rim ([0-9a-f]{64})", run.out).group(1)
    check(read == predicted(*options), "read", read, "predicted", predicted(*options))


@case
def one_vcpu_with_an_initrd():
    token_agrees()


@case
def four_vcpus():
    token_agrees("--cpus", "4")


@case
def contents_not_measured():
    token_agrees("--no-measure")


@case
def with_a_disk():
    token_agrees("--disk", disk())


@case
def a_wide_ipa_space():
    token_agrees("--ipa-bits", "40")


@case
def no_initrd():
    reading_agrees()


@case
def no_initrd_four_vcpus_not_measured():
    reading_agrees("--cpus", "4", "--no-measure")


@case
def no_initrd_with_a_disk_and_a_wide_ipa_space():
    reading_agrees("--disk", disk(), "--ipa-bits", "44")


def slots_agree(*args):
    ledger = work() / "ledger"
    run = Run("exec", "--measurement-log", ledger, "--", BUILD / "tests/attest/slots_vmm", *args)
    run.expect(0)
    told = measure("--ledger", ledger)
    check(told.returncode == 0 and run.out.strip() in told.stdout, "predicted", run.out,
          "measured", told.stdout, told.stderr)


@case
def two_slots_in_both_orders_of_their_ids():
    for ids in ((0, 1), (1, 0), (2, 3), (5, 1)):
        slots_agree(33, 1, 3, 1, f"{ids[0]}:0x80000000:0x40000000:gmem",
                    f"{ids[1]}:0:0x10000:gmem")


@case
def slots_that_share_a_bucket_of_the_id_hash():
    slots_agree(40, 2, 4, 1, "1:0x80000000:0x200000:gmem", "90:0xc0000000:0x200000:gmem",
                "3:0x40000000:0x3000:plain")


@case
def odd_sizes_and_start_levels():
    for bits in (32, 34, 35, 39, 43, 44, 48):
        slots_agree(bits, 1, 5, bits & 1, "0:0x40000000:0x1234000:gmem",
                    "7:0x10000000:0x201000:gmem", "4:0x205000:0x400000:gmem")


@case
def many_populated_pages_and_blocks_of_1_gib():
    slots_agree(41, 1, 1100, 1, "0:0x40000000:0x100000000:gmem")


@case
def diff_names_what_differs():
    for name, args in (("a", ("--cpus", "1")), ("b", ("--cpus", "1", "--no-measure"))):
        (work() / name).write_text(predicted("--explain", *PAYLOAD, *args) + "\n")
    result = measure("diff", work() / "a", work() / "b")
    check(result.returncode == 1 and "operation 2 differs in the flags" in result.stdout,
          result.stdout, result.stderr)


main()
