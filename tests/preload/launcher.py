#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""launcher.py - the launcher: signals, deaths, who is waited for, how the interposer gets in

No realm is needed: the command is a small client (client.c), or a shell.
"""
import json
import os
import pathlib
import pty
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from realm import GRACE, Run, Skip, case, check, descendants, main, work  # noqa: E402

CLIENT = os.environ["SOFTREALM_TEST_CLIENT"]
CLIENT_A64 = os.environ.get("SOFTREALM_TEST_CLIENT_A64")
IN_SHELL = shlex.quote(CLIENT)
STATIC = os.environ.get("SOFTREALM_TEST_STATIC")
STATIC_A64 = os.environ.get("SOFTREALM_TEST_STATIC_A64")
BUILD = pathlib.Path(os.environ["SOFTREALM_BUILD"])


def child(run, name):
    """The process id of the launcher's child of that name, once it is there."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for pid, found in descendants(run.pid).items():
            if name in found and pid != run.pid:
                return pid
        time.sleep(0.01)
    raise AssertionError(f"no {name} {run.story()}")


def gone(run, what, seconds=GRACE + 3):
    end = time.monotonic() + seconds
    while run.process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    check(run.process.poll() is not None, what, "the launcher lives on", run.story())
    check(not run.left(), what, "left behind", run.left())


def start(*args, **kwargs):
    """A client that runs a vCPU for ever."""
    run = Run("exec", "--", CLIENT, *args, **kwargs)
    run.until("ready")
    return run


@case
def a_client_gets_what_a_vmm_needs():
    Run("exec", "--", CLIENT, "once").expect(0, "ok")


@case
def an_arm64_client_is_carried():
    if not CLIENT_A64:
        raise Skip("this machine is arm64 itself, or no cross compiler was found")
    Run("exec", "--", CLIENT_A64, "once").expect(0, "ok")


@case
def children_of_the_command_are_served():
    Run("exec", "--", "sh", "-c", f"true; {IN_SHELL} once; exit $?").expect(0, "ok")


@case
def other_preloaded_libraries_stay():
    show = "echo $LD_PRELOAD; cat /proc/self/maps"
    run = Run("exec", "--", "sh", "-c", show,
              env={"LD_PRELOAD": "libm.so.6", "ASAN_OPTIONS": "verify_asan_link_order=0"})
    run.expect(0, ":libm.so.6", "/libm.so.6", "softrealm-preload.so")


@case
def a_path_that_would_split_ld_preload_is_no_hindrance():
    library = BUILD / "preload" / "libsoftrealm-preload.so"
    for name in ("a space", "a:colon", "a,comma", "a$ORIGIN"):
        folder = work() / name
        folder.mkdir()
        shutil.copy(library, folder)
        child = Run("exec", "--", CLIENT, "once", env={"SOFTREALM_PRELOAD_DIR": str(folder)})
        child.expect(0, "ok")
        check("cannot be preloaded" not in child.err, child.err)
        killed = start("wait", env={"SOFTREALM_PRELOAD_DIR": str(folder)})
        os.kill(killed.pid, signal.SIGKILL)
        gone(killed, "launcher killed:")


@case
def what_never_opens_dev_kvm_is_told():
    run = Run("exec", "--", "true")
    run.expect(0)
    check("nothing has opened" in run.err, run.err)
    Run("exec", "--require", "--", "true").expect(125)
    Run("exec", "--require", "--", CLIENT, "once").expect(0, "ok")
    Run("exec", "--require", "--", "sh", "-c", f"{IN_SHELL} once").expect(0, "ok")
    Run("exec", "--require", "--", "env", "-u", "LD_PRELOAD", CLIENT, "once").expect(125)
    Run("exec", "--require", "--", "/no/such/file").expect(127)
    run = Run("exec", "--quiet", "--", "true")
    run.expect(0)
    check("nothing has opened" not in run.err, run.err)


@case
def a_carried_program_starts_others():
    if not CLIENT_A64:
        raise Skip("on this machine nothing is carried")
    for how in ("exec", "execvp", "execveat", "fexecve", "spawn", "spawnp"):
        for first in (CLIENT_A64, STATIC_A64):
            for program in (CLIENT_A64, STATIC_A64):
                Run("exec", "--", first, how, program, "once").expect(0, "ok")
            run = Run("exec", "--", first, how, "/usr/bin/env")
            run.expect(0)
            check("LD_PRELOAD" not in run.out, run.out)
            check("ERROR: ld.so" not in run.err, run.err)


@case
def a_static_program_is_told_at_once():
    run = Run("exec", "--require", "--", STATIC, "once")
    run.until("statically linked", stream="err")
    run.wait()
    check(run.status == 125, run.status, run.story())


@case
def a_static_arm64_program_is_carried():
    if not STATIC_A64:
        raise Skip("on this machine there is no arm64 program but its own")
    Run("exec", "--require", "--", STATIC_A64, "once").expect(0, "ok")
    run = Run("exec", "--", STATIC_A64, "refused")
    run.expect(5)


@case
def signals_are_passed_on():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        run = start("wait")
        os.kill(run.pid, number)
        run.wait()
        check(run.status == 128 + number, number, run.status, run.story())
        check(not run.left(), number, run.left())


@case
def the_launcher_is_killed():
    run = start("wait")
    os.kill(run.pid, signal.SIGKILL)
    gone(run, "launcher killed:")


@case
def the_backend_is_killed():
    run = start("wait")
    os.kill(child(run, "softrealm-back"), signal.SIGKILL)
    gone(run, "backend killed:")
    check(run.process.returncode == 5, run.process.returncode)  # the client: EIO
    check("backend has died" in run.err, run.err)


@case
def the_command_is_killed():
    run = start("wait")
    os.kill(child(run, "client"), signal.SIGKILL)
    gone(run, "command killed:")
    check(run.process.returncode == 128 + signal.SIGKILL, run.process.returncode)


@case
def the_launcher_is_killed_at_any_moment_of_its_start():
    for ms in range(0, 60, 4):
        run = Run("exec", "--", CLIENT, "wait")
        time.sleep(ms / 1000)
        os.kill(run.pid, signal.SIGKILL)
        gone(run, f"killed after {ms} ms:")


@case
def a_daemon_is_waited_for():
    run = Run("exec", "--", CLIENT, "daemon")
    run.until("daemon")
    time.sleep(0.3)
    check(run.process.poll() is None, "did not wait for the daemon", run.story())
    run.until("still served")
    run.expect(0)
    check(not run.left(), run.left())


@case
def a_signal_ends_the_wait_for_a_daemon():
    run = Run("exec", "--", CLIENT, "daemon-for-ever")
    run.until("daemon")
    time.sleep(0.3)
    os.kill(run.pid, signal.SIGTERM)
    run.wait()
    check("backend has died" not in run.err, run.err)


@case
def a_refused_call_is_explained():
    run = Run("exec", "--explain", "--", CLIENT, "refused").wait()
    check(run.status == 5, run.status)
    check("KVM_CREATE_VM(type=0x1000) = EINVAL: kvm_" in run.err, run.err)
    run = Run("exec", "--", CLIENT, "refused").wait()
    check("--explain" in run.err and "EINVAL" not in run.err, run.err)
    run = Run("exec", "--quiet", "--", CLIENT, "refused").wait()
    check("softrealm" not in run.err, run.err)


@case
def files_are_written():
    paths = {name: work() / name for name in ("trace.json", "summary", "measurement-log")}
    options = [f"--{name.split('.')[0]}={path}" for name, path in paths.items()]
    Run("exec", *options, "--", CLIENT, "once").expect(0)
    calls = [json.loads(line) for line in paths["trace.json"].read_text().splitlines()]
    check(any("KVM_CREATE_VM" in json.dumps(call) for call in calls), "no call in the trace")
    summary = json.loads(paths["summary"].read_text())
    check(summary["status"] == 0 and summary["backend"]["abi"] == "v12", summary)
    Run("run", "--kernel", BUILD / "guest" / "payload" / "payload.bin", "--quiet",
        "--measurement-log", paths["measurement-log"]).expect(0)
    log = [json.loads(line) for line in paths["measurement-log"].read_text().splitlines()]
    check(log and log[0]["cause"] == "REALM_CREATE" and log[0]["register"] == "RIM", log[:1])
    Run("exec", "--trace", "/no/such/folder/x", "--", "true").expect(1)


@case
def a_report_without_end_is_dropped():
    vmm = work() / "vmm"
    vmm.write_text('#!/bin/sh\n'
                   'for a; do case $a in --report-fd=*) fd=${a#*=};; esac; done\n'
                   'timeout 20 head -c 64M /dev/zero >/proc/self/fd/$fd 2>/dev/null; exit 0\n')
    vmm.chmod(0o755)
    run = Run("run", "--kernel", "x", env={"SOFTREALM_VMM": str(vmm)}).expect(0)
    check("report is dropped: it is too long" in run.err, run.err)


@case
def a_launcher_without_memory_drops_the_report():
    """The VMM lives on until the launcher has nothing left to take the report into."""
    vmm = work() / "vmm"
    vmm.write_text('#!/bin/sh\n'
                   'for a; do case $a in --report-fd=*) fd=${a#*=};; esac; done\n'
                   'prlimit --pid $PPID --as=1\n'
                   'head -c 1M /dev/zero >/proc/self/fd/$fd 2>/dev/null; exit 0\n')
    vmm.chmod(0o755)
    run = Run("run", "--kernel", "x", env={"SOFTREALM_VMM": str(vmm)}).expect(0)
    check("report is dropped: out of memory" in run.err, run.err)


@case
def a_stopped_command_stops_the_launcher_under_a_shell():
    command = shlex.quote(os.environ["SOFTREALM_COMMAND"])
    script = f"set -m; {command} exec -- {IN_SHELL} stop; echo st=$?; fg; echo st=$?"
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("bash", ["bash", "-c", script])
    out = b""
    end = time.monotonic() + 30
    while b"st=0" not in out and time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                out += os.read(terminal, 4096)
            except OSError:
                break
    os.close(terminal)
    os.waitpid(pid, 0)
    check(b"st=148" in out and b"st=0" in out, out)


@case
def an_installed_preload_folder_can_be_named():
    """The library is taken from there; where it is not there, from its usual place."""
    folder = work() / "preload"
    folder.mkdir()
    def maps():
        return Run("exec", "--", "cat", "/proc/self/maps",
                   env={"SOFTREALM_PRELOAD_DIR": str(folder)}).expect(0).out

    library = "libsoftrealm-preload.so"
    check(f"{folder}/{library}" not in maps() and library in maps(), "not the usual one")
    shutil.copy(BUILD / "preload" / library, folder)
    check(f"{folder}/{library}" in maps(), "not the named one")


main()
