#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""revisions.py - each revision of the ABI end to end: its own VMM, every other one's, ours"""
import hashlib
import json
import re
import shlex
import secrets
import struct
import subprocess

from realm import BUILD, SOFTREALM, Run, case, check, images, main, work

REVISIONS = ["v12", "v13", "v14", "v15", "next"]
LATER, EARLIER = "kvm_create_vm_later_type", "kvm_create_vm_earlier_type"
# What a VMM of the row's revision runs into on the column's if it goes on without the capability.
REFUSED = {
    "v12": {"v13": "kvm_other_populate_iow", "v14": EARLIER, "v15": EARLIER, "next": EARLIER},
    "v13": {"v12": "kvm_other_populate_iowr", "v14": EARLIER, "v15": EARLIER, "next": EARLIER},
    "v14": {"v12": LATER, "v13": LATER, "v15": "kvm_other_vm_attributes",
            "next": "kvm_other_vm_attributes"},
    "v15": {"v12": LATER, "v13": LATER, "v14": "kvm_other_gmem_attributes"},
    "next": {"v12": LATER, "v13": LATER, "v14": "kvm_other_gmem_attributes"},
}
PAYLOAD = ["--kernel", str(BUILD / "guest/payload/payload.bin")]


def client(revision):
    return BUILD / "tests/revisions" / f"client-{revision}"


@case
def a_vmm_of_each_revision_runs_on_it():
    for revision in REVISIONS:
        Run("exec", "--abi", revision, "--", client(revision)).expect(0, "all went well")


@case
def on_each_other_one_it_finds_no_capability():
    for revision in REVISIONS:
        for other in REVISIONS:
            if other != revision:
                Run("exec", "--abi", other, "--", client(revision)).expect(3, "capability")


@case
def going_on_all_the_same_it_is_refused_by_the_right_rule():
    for revision, others in REFUSED.items():
        for other, rule in others.items():
            run = Run("exec", "--abi", other, "--explain", "--", client(revision), "force")
            run.expect(4)
            check(rule in run.err and f"you run {other}" in run.err, revision, other, run.story())


@case
def auto_knows_them_all_in_one_backend():
    script = "; ".join(f"{shlex.quote(str(client(r)))} & p{i}=$!" for i, r in enumerate(REVISIONS))
    waits = " && ".join(f"wait $p{i}" for i in range(len(REVISIONS)))
    run = Run("exec", "--abi", "auto", "--", "/bin/sh", "-c", f"{script}; {waits}").expect(0)
    check(run.out.count("all went well") == len(REVISIONS), run.story())
    for revision in REVISIONS:
        check(f"this VMM speaks {revision}: " in run.err, revision, run.story())


@case
def detect_names_who_touches_memory_behind_a_private_page():
    for revision in ("v12", "v13", "v14"):  # later it is SIGBUS
        run = Run("exec", "--detect", "--abi", revision, "--", client(revision), "touch").expect(0)
        check(re.search(r"thread \d+ touches 0x[0-9a-f]+ at PC 0x[0-9a-f]+: user memory of IPA "
                        "0x80200000,", run.err), revision, run.story())
        check("written while the page was private: IPA 0x80200000" in run.err, run.story())
        run = Run("exec", "--detect", "--abi", revision, "--", client(revision)).expect(0)
        check("touches" not in run.err and "private" not in run.err, revision, run.story())


def measured(*args):
    result = subprocess.run([SOFTREALM, "measure", *map(str, args)], capture_output=True, text=True,
                            timeout=120)
    check(result.returncode == 0, result.stderr)
    return result


@case
def the_rim_is_predicted_in_eight_configurations_of_each():
    for revision in REVISIONS:
        for cpus, memory in ((1, "64M"), (2, "128M")):
            for more in ([], ["--no-measure"], ["--ipa-bits", "36"], ["--rmm", "1.0"]):
                options = [*PAYLOAD, "-c", cpus, "-m", memory, "--abi", revision, *more]
                run = Run("run", *options).expect(0, "payload: done")
                read = re.search(r"payload: rim ([0-9a-f]{64})", run.out).group(1)
                result = measured(*options)
                check(read == result.stdout.strip(), options, read, result.stdout)
                rmm = "1.0" if more[:1] == ["--rmm"] or revision == "v12" else "2.0"
                check(f"RMM {rmm}" in result.stderr, options, result.stderr)


# ---- RMM 2.0's RIM, from the text alone: nothing of attest/ ----

def sha(data):
    return hashlib.sha256(data).digest()


def extend(kind, rim, at=b"", flags=0, content=bytes(32)):
    """A descriptor of 0x100 bytes over the 64-byte register."""
    d = bytearray(0x100)
    d[0] = kind
    d[0x08:0x10] = struct.pack("<Q", 0x100)
    d[0x10:0x30] = rim
    if kind == 0:   # data: IPA, flags, content
        d[0x50:0x60] = struct.pack("<QQ", at, flags)
        d[0x60:0x80] = content
    else:           # REC: content
        d[0x50:0x70] = content
    return sha(bytes(d))


def rim_2_0(pages, s2sz, pc, x0, measure):
    params = bytearray(4096)
    params[0x08], params[0x18], params[0x20] = s2sz, 5, 3
    rim = sha(bytes(params))
    for ipa, page in pages:
        rim = extend(0, rim, ipa, measure, sha(page) if measure else bytes(32))
    rec = bytearray(4096)
    rec[0:8] = struct.pack("<Q", 1)
    rec[0x200:0x208] = struct.pack("<Q", pc)
    rec[0x300:0x308] = struct.pack("<Q", x0)
    return extend(1, rim, content=sha(bytes(rec))).hex()


@case
def the_rim_of_rmm_2_0_is_what_the_text_says():
    for memory, more in (("64M", []), ("256M", []), ("64M", ["--no-measure"]),
                         ("64M", ["-c", "4"]), ("64M", ["--ipa-bits", "40"]),
                         ("128M", ["--append", "quiet"])):
        dtb = work() / "dtb"
        options = [*PAYLOAD, "-m", memory, *more, "--abi", "v14"]
        Run("run", *options, "--dtb-dump", dtb).expect(0)
        ledger = [json.loads(line) for line in measured("--explain", *options).stdout.splitlines()]
        data = [int(e["address"], 16) for e in ledger if e["cause"] == "DATA_CREATE"]
        check(not [e for e in ledger if e["cause"] == "RTT_INIT_RIPAS"], "RIPAS is measured")
        kernel = (BUILD / "guest/payload/payload.bin").read_bytes()
        # Two runs of pages: the kernel's, the device tree's. Only their addresses come from us.
        start = next(i for i, a in enumerate(data) if i and a != data[i - 1] + 4096)
        image = {data[0]: kernel, data[start]: dtb.read_bytes()}
        pages = []
        for n, ipa in enumerate(data):
            base = data[0] if n < start else data[start]
            page = image[base][ipa - base:ipa - base + 4096]
            pages.append((ipa, page.ljust(4096, b"\0")))
        bits = 40 if "--ipa-bits" in more else 33
        want = rim_2_0(pages, bits, data[0], data[start], 0 if "--no-measure" in more else 1)
        got = measured(*options).stdout.strip()
        check(got == want, options, got, want)


@case
def a_debian_kernel_boots_and_attests_in_each():
    for revision in REVISIONS:
        options = [*images(), "--append", "loglevel=4", "--abi", revision]
        token, nonce = work() / f"token-{revision}", secrets.token_hex(64)
        rim = measured(*options).stdout.strip()
        Run("run", *options, "--attest", token, "--nonce", nonce).expect(0)
        verdict = subprocess.run([SOFTREALM, "token", "verify", token, "--test-platform",
                                  "--nonce", nonce, "--rim", rim], capture_output=True, text=True,
                                 timeout=60)
        check(verdict.returncode == 0, revision, verdict.stdout, verdict.stderr)
        shown = subprocess.run([SOFTREALM, "token", "show", token], capture_output=True, text=True,
                               timeout=60).stdout
        profile, tag = ("realm#1.0.0", 399) if revision == "v12" else ("realm#2.0.0", 907)
        check(profile in shown and f"tag {tag}" in shown, revision, shown)


main()
