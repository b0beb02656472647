#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""sandbox.py - backend, starter and engine run with no more than they need"""
import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from realm import BUILD, Run, case, check, descendants, main  # noqa: E402

CLIENT = os.environ["SOFTREALM_TEST_CLIENT"]
RUNNING = BUILD / "tests/backend/many_realms"


def processes(run):
    """Of a run: {name of the process: {field: value} of its status}."""
    found = {}
    for pid in descendants(run.pid):
        try:
            text = pathlib.Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        fields = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
        found[fields["Name"]] = {**fields, "pid": pid}
    return found


def with_engine(*options):
    """A run whose realm waits in its first instructions, once its engine is there."""
    run = Run("exec", *options, "--", RUNNING, "run")
    run.until("running")
    return run


def end(run):
    os.kill(run.pid, signal.SIGTERM)
    run.wait()
    check(not run.left(), "left behind", run.left())


@case
def backend_starter_and_engine_are_confined():
    run = with_engine()
    found = processes(run)
    until = time.monotonic() + 20  # the engine confines itself after its start
    while found["qemu-system-aar"]["Seccomp"].strip() != "2" and time.monotonic() < until:
        time.sleep(0.05)
        found = processes(run)
    backend, starter = found["softrealm-backe"], found["softrealm-start"]
    engine = found["qemu-system-aar"]
    confined = {name: f["Seccomp"].strip() for name, f in found.items()}
    check(backend["Seccomp"].strip() == "2", confined)
    check(engine["Seccomp"].strip() == "2", confined)
    for one in (backend, starter, engine):
        check(one["NoNewPrivs"].strip() == "1", one["Name"])
    check(engine["PPid"].strip() == str(backend["pid"]), "the engine is not the backend's child")
    fds = os.listdir(f"/proc/{starter['pid']}/fd")
    check(len(fds) <= 4, "the starter holds", fds)
    end(run)


@case
def no_sandbox_confines_nothing():
    run = with_engine("--no-sandbox")
    found = processes(run)
    outer = pathlib.Path("/proc/self/status").read_text().split("Seccomp:\t")[1].split()[0]
    check("softrealm-start" not in found, found.keys())
    for one in found.values():
        check(one["Seccomp"].strip() == outer, one["Name"], one["Seccomp"])
    end(run)


@case
def a_killed_backend_takes_starter_and_engine_along():
    run = with_engine()
    pid = processes(run)["softrealm-backe"]["pid"]
    os.kill(pid, signal.SIGKILL)
    run.wait()
    end_of_grace = time.monotonic() + 5
    while run.left() and time.monotonic() < end_of_grace:
        time.sleep(0.05)
    check(not run.left(), "left behind", run.left())


@case
def a_killed_starter_is_told_and_the_backend_lives():
    run = Run("exec", "--", "sh", "-c", 'sleep 1; "$0" run; "$1" once', RUNNING, CLIENT)
    end_of_wait = time.monotonic() + 20
    while "softrealm-start" not in processes(run) and time.monotonic() < end_of_wait:
        time.sleep(0.02)
    os.kill(processes(run)["softrealm-start"]["pid"], signal.SIGKILL)
    run.expect(0, "ok")
    check("cannot start" in run.err, run.err)


main()
