#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""ends.py - every way in which a run ends, its status, and that nothing stays behind"""
import os
import pty
import select
import signal
import subprocess
import termios
import time

from realm import SOFTREALM, UP, Run, case, check, descendants, images, main, realm, work

INPUT, RESET, ENGINE_LOST, QUIT, UNTIL_MISSED, TIMEOUT = 3, 6, 8, 9, 10, 124
HOLD = "softrealm.hold=3600"


@case
def until_ends_well_when_the_text_appears():
    realm("--until", UP, append=HOLD).expect(0, UP)


@case
def until_that_never_comes_has_its_own_status():
    realm("--until", "no such text").expect(UNTIL_MISSED)


@case
def a_timeout_ends_a_realm_that_does_not():
    realm("--timeout", 15, append=HOLD).expect(TIMEOUT)


@case
def a_reset_is_told_from_a_power_off():
    realm(append="softrealm.mode=reboot").expect(RESET, "softrealm-init: restarting")


@case
def a_panic_that_resets_is_a_reset():
    realm(append="softrealm.mode=panic panic=-1").expect(RESET, "Kernel panic")


@case
def the_end_of_input_does_not_end_the_realm():
    with open(os.devnull, "rb") as nothing:
        realm("-c", 2, stdin=nothing).expect(0, "softrealm-init: powering off")


@case
def a_closed_output_pipe_ends_the_run():
    run = subprocess.Popen([SOFTREALM, "run", *images(), "--append", HOLD],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL)
    run.stdout.read(1)
    run.stdout.close()
    time.sleep(0.1)
    run.send_signal(signal.SIGTERM)
    run.wait(30)



@case
def sigterm_ends_everything():
    run = realm("-c", 2, append=HOLD).until(UP)
    os.kill(run.pid, signal.SIGTERM)
    run.wait(30)
    check(run.status in (-signal.SIGTERM, 128 + signal.SIGTERM), run.story())
    check(not run.left(), "left behind")


@case
def sigint_ends_everything():
    run = realm("-c", 2, append=HOLD).until(UP)
    os.kill(run.pid, signal.SIGINT)
    run.wait(30)
    check(run.status in (-signal.SIGINT, 128 + signal.SIGINT), run.story())
    check(not run.left(), "left behind")


@case
def a_killed_engine_is_told_as_lost():
    run = realm("-c", 2, append=HOLD).until(UP)
    engines = [pid for pid, name in descendants(run.pid).items() if "qemu-system" in name]
    check(len(engines) == 1, "engines:", engines)
    os.kill(engines[0], signal.SIGKILL)
    run.expect(ENGINE_LOST)
    check("engine" in run.err, "no word of the engine", run.story())


class Terminal:
    """A run on a pseudo terminal."""

    def __init__(self, *args):
        self.master, slave = pty.openpty()
        self.slave = slave
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            [SOFTREALM, "run", *images(), "--append", f"quiet {HOLD}", *args],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        self.seen = ""

    def until(self, text, timeout=120):
        end = time.monotonic() + timeout
        while text not in self.seen:
            check(time.monotonic() < end, "no", text, "on the terminal:", self.seen)
            if select.select([self.master], [], [], 0.5)[0]:
                self.seen += os.read(self.master, 4096).decode(errors="replace")
        return self

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self, timeout=30):
        """Reads on until the process has ended: an unread terminal would block it."""
        end = time.monotonic() + timeout
        while self.process.poll() is None:
            if time.monotonic() > end:
                self.process.kill()
                raise AssertionError("does not end: " + self.seen)
            if select.select([self.master], [], [], 0.1)[0]:
                self.seen += os.read(self.master, 4096).decode(errors="replace")
        cooked = termios.tcgetattr(self.slave) == self.before
        os.close(self.master)
        os.close(self.slave)
        check(cooked, "the terminal is not as it was")
        return self.process.returncode


@case
def ctrl_a_x_ends_and_restores_the_terminal():
    terminal = Terminal().until(UP)
    terminal.type("\x01h")
    terminal.until("x")
    terminal.type("\x01x")
    check(terminal.end() == QUIT, terminal.process.returncode, terminal.seen)


@case
def a_killed_launcher_leaves_a_usable_terminal():
    terminal = Terminal().until(UP)
    terminal.process.kill()
    terminal.process.wait()
    time.sleep(2)
    terminal.end()


def refused(texts, *args):
    run = Run("run", *args).wait(30)
    check(run.status == INPUT, run.status, run.story())
    for text in texts:
        check(text in run.err, "no", repr(text), run.story())
    check(not run.left(), "left behind")


@case
def a_wrong_kernel_is_named_with_the_reason():
    junk = work() / "junk"
    junk.write_bytes(b"MZ" + bytes(4096))
    refused(["junk"], "--kernel", junk)
    refused(["/nowhere"], "--kernel", "/nowhere")
    short = work() / "short"
    short.write_bytes(b"")
    refused(["short"], "--kernel", short)


@case
def too_little_memory_is_named_with_the_reason():
    refused(["memory"], *images(), "--memory", "16M")



def deaf_vmm():
    """A VMM that neither keeps --timeout nor ends by a signal."""
    path = work() / "deaf"
    path.write_text("#!/bin/sh\ntrap '' TERM INT HUP QUIT\necho started\n"
                    "while :; do sleep 1; done\n")
    path.chmod(0o755)
    return {"SOFTREALM_VMM": str(path)}


@case
def a_timeout_is_final_even_if_the_vmm_hangs():
    run = Run("run", "--kernel", "none", "--timeout", 1, env=deaf_vmm()).wait(30)
    check(run.status == TIMEOUT, run.story())
    check("does not end" in run.err, run.story())
    check(not run.left(), "left behind")


@case
def a_signal_is_final_even_if_the_vmm_hangs():
    for sig in (signal.SIGTERM, signal.SIGINT):
        run = Run("run", "--kernel", "none", env=deaf_vmm()).until("started")
        os.kill(run.pid, sig)
        run.wait(30)
        check(run.status == 128 + sig, run.story())
        check(not run.left(), "left behind")


def with_files(number, *args):
    shell = f"ulimit -n {number}; exec \"$0\" \"$@\""
    return Run("-c", shell, SOFTREALM, "run", *images(), "--append", f"quiet {HOLD}", *args,
               command="sh")


@case
def too_few_descriptors_are_told_before_anything_starts():
    for number, cpus in ((10, 1), (20, 1), (51, 1), (128, 16)):
        run = with_files(number, "-c", cpus, "--timeout", 20).wait(15)
        check(run.status == 1, number, run.story())
        check("too few file descriptors" in run.err and "ulimit -Hn" in run.err, run.story())
        check(not run.left(), "left behind")


@case
def a_run_needs_no_more_descriptors_than_it_says():
    with_files(52, "--until", UP).expect(0, UP)
    with_files(202, "-c", 16, "--until", UP).expect(0, UP)


@case
def the_soft_limit_is_raised():
    run = Run("-c", 'ulimit -Sn 40; exec "$0" "$@"', SOFTREALM, "run", *images(), "-c", 4,
              "--until", UP, command="sh")
    run.expect(0, UP)


main()
