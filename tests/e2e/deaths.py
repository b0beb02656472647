#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""deaths.py - any process of a run may die at any moment: the others end and leave nothing

The moments are random; the seed is printed and can be given as SOFTREALM_SEED.
"""
import os
import random
import signal
import time

from realm import GRACE, UP, case, check, descendants, main, realm

SEED = int(os.environ.get("SOFTREALM_SEED", random.randrange(1 << 32)))
ROUNDS = int(os.environ.get("SOFTREALM_ROUNDS", 3))
HOLD = "softrealm.hold=3600"
dice = random.Random(SEED)
print(f"# seed {SEED}", flush=True)


def kill_one(name, number, run):
    """Kills the process of that name; False if there is none at this moment."""
    for pid, found in descendants(run.pid).items():
        if name in found and (name != "softrealm" or pid == run.pid):
            if number == signal.SIGSTOP:
                os.kill(pid, signal.SIGSTOP)
                time.sleep(0.2)
                number = signal.SIGKILL
            os.kill(pid, number)
            return True
    return False


def others_end(run, name):
    deadline = time.monotonic() + GRACE + 3
    while descendants(run.pid) and run.process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    ended = run.process.poll() is not None
    if not ended:
        tree = descendants(run.pid)
        run.kill()
        raise AssertionError(f"{name} died and these live on: {tree} {run.story()}")
    check(not run.left(), name, "died and left something behind")


def deaths_of(name):
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP):
        for _ in range(ROUNDS):
            run = realm("-c", 2, append=HOLD)
            time.sleep(dice.uniform(0.05, 4))
            while not kill_one(name, number, run):
                check(run.process.poll() is None, "ended by itself", run.story())
                time.sleep(0.05)
            others_end(run, f"{name} ({signal.Signals(number).name})")
            if name not in ("softrealm",):
                run.wait()
                check(run.status != 0, "a death was taken for a success", run.story())
                check(run.err.strip(), "died without a word")


@case
def the_engine_dies():
    deaths_of("qemu-system")


@case
def the_vmm_dies():
    deaths_of("softrealm-vmm")


@case
def the_backend_dies():
    deaths_of("softrealm-back")


@case
def the_launcher_dies():
    deaths_of("softrealm")


@case
def an_engine_killed_in_a_running_realm_is_told_as_engine_lost():
    run = realm("-c", 2, append=HOLD).until(UP)
    check(kill_one("qemu-system", signal.SIGKILL, run), "no engine")
    run.expect(8)
    check("engine" in run.err, "no word of the engine", run.story())


main()
