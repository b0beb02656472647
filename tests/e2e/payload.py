#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""payload.py - the bare-metal payload in a realm: RSI, timers, SMP, SGIs, conversion of a page"""
import struct
import subprocess

from realm import BUILD, SOFTREALM, Run, case, check, main, work

PARAMS = 0x40  # guest/payload/payload.h
RSI, VTIMER, PTIMER, LOAD, SMP, HOSTCALL, CONVERT, IDLE = (1 << n for n in range(8))
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
def two_cpus_start_tick_and_answer():
    payload("-c", 2).expect(0, "payload: cpus 2", "payload: done")


@case
def sixteen_cpus_start_tick_and_answer():
    payload("-c", 16).expect(0, "payload: cpus 16", "payload: done")


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


main()
