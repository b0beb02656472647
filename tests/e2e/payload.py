#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""payload.py - the bare-metal payload in a realm: RSI, timers, SMP, SGIs, conversion of a page"""
import hashlib
import struct
import subprocess

from realm import BUILD, SOFTREALM, Run, case, check, main, work

PARAMS = 0x40  # guest/payload/payload.h
RSI, VTIMER, PTIMER, LOAD, SMP, HOSTCALL, CONVERT, IDLE, ATTEST = (1 << n for n in range(9))
ALL = 0x7f


def image(commands, ticks):
    data = bytearray((BUILD / "guest/payload/payload.bin").read_bytes())
    struct.pack_into("<QQ", data, PARAMS, commands, ticks)
    path = work() / f"payload-{commands:x}-{ticks}"
    path.write_bytes(data)
    return path


def payload(*args, commands=ALL, ticks=20):
    return Run("run", "--kernel", image(commands, ticks), "-m", "64M", *args)


@case
def one_cpu_passes_every_test():
    run = payload().expect(0, "payload: rsi 1.0 ipa 33 hash 0", "payload: vtimer 20",
                           "payload: ptimer 20", "payload: load 20", "payload: cpus 1",
                           "payload: hostcall ffffffffffffffff", "payload: convert 8",
                           "payload: done")
    rim = run.out.split("payload: rim ")[1].split()[0]
    check(f"RIM {rim}" in run.err, "the realm reads another RIM:", run.story())


@case
def with_lpa2_the_shared_half_begins_at_bit_51():
    args = ["--abi", "v14", "--platform-cpu", "lpa2", "--ipa-bits", 52]
    run = payload(*args).expect(0, "payload: rsi 1.0 ipa 52 hash 0", "payload: convert 8",
                                "payload: done")
    kernel = image(ALL, 20)
    told = Run("measure", "--kernel", kernel, "-m", "64M", *args).expect(0).out.strip()
    check(f"RIM {told}" in run.err, "predicted", told, run.story())
    # The flag is measured at every width; v12 and v13 have none.
    narrow = [Run("measure", "--kernel", kernel, "-m", "64M", "--abi", abi, *more).expect(0).out
              for abi in ("v13", "v14") for more in ([], ["--platform-cpu", "lpa2"])]
    check(narrow[0] == narrow[1] == narrow[2] != narrow[3], narrow)


@case
def without_lpa2_no_realm_has_52_bits():
    payload("--abi", "v14", "--ipa-bits", 52).expect(4)
    payload("--abi", "v13", "--platform-cpu", "lpa2", "--ipa-bits", 52).expect(5)
    payload("--platform-cpu", "nonsense").expect(2)


@case
def two_cpus_start_tick_and_answer():
    payload("-c", 2).expect(0, "payload: cpus 2", "payload: done")


@case
def sixteen_cpus_start_tick_and_answer():
    payload("-c", 16).expect(0, "payload: cpus 16", "payload: done")


@case
def sixty_four_cpus_start_tick_and_answer():
    payload("-c", 64, ticks=5).expect(0, "payload: cpus 64", "payload: done")


@case
def psci_in_user_space_starts_sixteen_cpus():
    payload("-c", 16, "--psci", "user").expect(0, "payload: cpus 16", "payload: done")


@case
def both_timers_fire_under_load():
    payload(commands=LOAD, ticks=1000).expect(0, "payload: load 1000")


@case
def timers_of_four_cpus_fire():
    payload("-c", 4, commands=SMP, ticks=300).expect(0, "payload: cpus 4")


@case
def two_realms_at_once_do_not_meet():
    runs = [payload("-c", 2, ticks=100) for _ in range(2)]
    for run in runs:
        run.wait()
        check(run.status == 0 and "payload: done" in run.out, run.story())
    for run in runs:
        check(not run.left(), "left behind")


@case
def closed_standard_descriptors_hurt_nothing():
    kernel = image(RSI, 20)
    for closed in "<&-", ">&-", "2>&-", "<&- >&- 2>&-":
        run = subprocess.run(["sh", "-c", f'exec "$0" run --kernel "$1" -m 64M {closed}',
                              SOFTREALM, kernel], timeout=60, capture_output=True)
        check(run.returncode == 0, closed, "status", run.returncode, run.stderr)


@case
def an_idle_realm_is_ended_by_its_time():
    payload("-t", 3, commands=IDLE).expect(124, "payload: idle")



@case
def rems_are_extended_in_the_reading_that_was_asked_for():
    for reading, pad in (("tf-rmm", False), ("spec", True)):
        ledger, token = work() / f"ledger-{reading}", work() / f"token-{reading}"
        run = payload("--rem-extend", reading, "--measurement-log", ledger, commands=ATTEST)
        run.expect(0, "payload: done")
        rems = []
        for n in (1, 2, 3, 4):
            value = bytes([n] * n)
            data = bytes(64) + value.ljust(64, b"\0") if pad else bytes(32) + value
            rems.append(hashlib.sha256(data).hexdigest())
            check(f"payload: rem {n} {rems[-1]}\n" in run.out, "another REM", n, run.story())
        token.write_bytes(bytes.fromhex(run.out.split("payload: token ")[1].split()[0]))
        args = [a for n, rem in enumerate(rems, 1) for a in ("--rem", f"{n}={rem}")]
        verified = subprocess.run([SOFTREALM, "token", "verify", token, "--test-platform",
                                   "--nonce", bytes(range(64)).hex(), *args],
                                  capture_output=True, text=True, timeout=60)
        check(verified.returncode == 0, verified.stdout, verified.stderr)
        again = subprocess.run([SOFTREALM, "measure", "--ledger", ledger], capture_output=True,
                               text=True, timeout=60)
        for n, rem in enumerate(rems, 1):
            check(f"REM{n} sha-256 {rem}" in again.stdout, again.stdout, again.stderr)


main()
