#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""process.py - the VMM as a process: terminal, pipes, signals, exit statuses, report

The VMM is the real one, linked with a scripted KVM (fake_realm.c): its realm prints a text and
then powers off or sits there.
"""
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import traceback

VMM = sys.argv[1]
PATIENCE = 30  # seconds until something that must come is missing
_cases = []


def case(function):
    _cases.append(function)
    return function


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(w) for w in what))


def kernel():
    image = bytearray(4096)
    image[16:24] = (1 << 20).to_bytes(8, "little")
    image[56:60] = b"ARM\x64"
    with tempfile.NamedTemporaryFile(delete=False) as f:
        f.write(image)
    return f.name


class Vmm:
    """A running VMM, on a terminal of its own or on pipes."""

    def __init__(self, *args, says="hello", end="sit", terminal=True, controlling=True,
                 job=None, **popen):
        env = dict(os.environ, FAKE_SAYS=says, FAKE_END=end)
        command = [VMM, "--kernel", KERNEL, "--memory", "32M", *args]
        self.seen = b""
        self.controlling = controlling
        if job:  # a shell with job control in front of it
            command = ["sh", "-mc", job, "sh", *command]
        if terminal:
            self.out, self.tty = pty.openpty()
            fcntl.ioctl(self.tty, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 80, 0, 0))
            self.before = termios.tcgetattr(self.tty)
            self.p = subprocess.Popen(command, stdin=self.tty, stdout=self.tty, stderr=self.tty,
                                      env=env, preexec_fn=self.own_terminal, **popen)
            self.input = self.out
        else:
            self.p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, env=env, **popen)
            self.out, self.input = self.p.stdout.fileno(), self.p.stdin.fileno()

    def own_terminal(self):
        os.setsid()
        if self.controlling:
            fcntl.ioctl(self.tty, termios.TIOCSCTTY, 0)

    def wait_for(self, text):
        end = time.monotonic() + PATIENCE
        while text.encode() not in self.seen:
            left = end - time.monotonic()
            check(left > 0 and select.select([self.out], [], [], left)[0],
                  "never said", text, "but", self.seen)
            got = os.read(self.out, 4096)
            check(got, "ended without", text, "after", self.seen)
            self.seen += got
        return self

    def type(self, data):
        os.write(self.input, data)
        return self

    def is_raw(self):
        return not termios.tcgetattr(self.tty)[3] & termios.ICANON

    def until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            check(time.monotonic() < end, "never", what)
            time.sleep(0.01)
        return self

    def stopped(self):
        with open(f"/proc/{self.p.pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] == "T"

    def ends(self, status):
        got = self.p.wait(PATIENCE)
        check(got == status, "status", got, "instead of", status)
        return self

    def given_back(self):
        check(termios.tcgetattr(self.tty) == self.before, "the terminal was not given back")

    def close(self):
        if self.p.poll() is None:
            self.p.kill()
            self.p.wait()


@case
def the_escape_key_ends_it_and_the_terminal_is_given_back():
    v = Vmm().wait_for("hello")
    v.until(v.is_raw, "raw").type(b"\x01x").ends(9).given_back()


@case
def the_escape_key_shows_help():
    Vmm().wait_for("hello").type(b"\x01h").wait_for("Ctrl-a x").type(b"\x01x").ends(9)


@case
def a_terminal_of_another_session_is_used_as_well():
    v = Vmm(controlling=False).wait_for("hello")
    v.until(v.is_raw, "raw").type(b"\x01x").ends(9).given_back()


@case
def a_background_job_leaves_the_terminal_alone():
    v = Vmm(job='"$@" & trap "kill %1" TERM; wait; wait %1').wait_for("hello")
    v.type(b"\x01x")
    time.sleep(0.7)
    check(v.p.poll() is None and not v.is_raw() and not v.stopped(), "it took the terminal")
    v.p.terminate()
    v.ends(128 + signal.SIGTERM)


@case
def ctrl_c_goes_to_the_realm():
    v = Vmm().wait_for("hello")
    v.until(v.is_raw, "raw").type(b"\x03\x1a\x1c")
    time.sleep(0.2)
    check(v.p.poll() is None and not v.stopped(), "it did something")
    v.type(b"\x01x").ends(9)


@case
def powering_off_gives_the_terminal_back():
    Vmm(end="off").wait_for("hello").wait_for("powered off").ends(0).given_back()


@case
def each_signal_ends_it_and_gives_the_terminal_back():
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        v = Vmm().wait_for("hello")
        v.until(v.is_raw, "raw")
        v.p.send_signal(sig)
        v.ends(-sig).given_back()


@case
def a_stop_gives_the_terminal_back_and_going_on_takes_it_again():
    v = Vmm(job='"$@"; echo job $?; read line; fg').wait_for("hello")
    v.until(v.is_raw, "raw")
    with open(f"/proc/{v.p.pid}/task/{v.p.pid}/children") as f:
        os.kill(int(f.read()), signal.SIGTSTP)
    v.wait_for(f"job {128 + signal.SIGTSTP}").given_back()
    v.type(b"\n").until(v.is_raw, "raw again").type(b"\x01x").ends(9).given_back()


@case
def a_stop_that_nobody_could_undo_does_not_happen():
    v = Vmm().wait_for("hello")
    v.until(v.is_raw, "raw")
    v.p.send_signal(signal.SIGTSTP)
    time.sleep(0.3)
    check(not v.stopped(), "stopped")
    v.until(v.is_raw, "raw again").type(b"\x01x").ends(9).given_back()


@case
def in_a_pipe_the_end_of_input_does_not_end_it():
    v = Vmm(terminal=False).wait_for("hello")
    v.type(b"\x01x")  # ordinary bytes here
    v.p.stdin.close()
    time.sleep(0.3)
    check(v.p.poll() is None, "it ended")
    v.p.terminate()
    v.ends(-signal.SIGTERM)


@case
def the_text_of_until_ends_it_well():
    Vmm("--until", "lo", terminal=False).ends(0)


@case
def the_text_of_fail_on_ends_it_badly():
    Vmm("--fail-on", "never", "--fail-on", "ell", terminal=False).ends(14)
    Vmm("--fail-on", "never", end="off", terminal=False).ends(0)


@case
def the_console_can_go_to_a_file():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a console")
        v = Vmm("--console", path, "--until", "lo", "--quiet", terminal=False)
        check(v.p.communicate(timeout=PATIENCE)[0] == b"", "came out as well")
        with open(path, encoding="ascii") as f:
            check(f.read() == "hello", "not in the file")
        Vmm("--console", os.path.join(folder, "no", "such"), terminal=False).ends(1)


@case
def powering_off_without_the_text_of_until_is_an_error():
    Vmm("--until", "welcome", end="off", terminal=False).ends(10)


@case
def the_timeout_has_its_status():
    Vmm("--timeout", "1", terminal=False).ends(124)


@case
def a_reader_who_leaves_ends_it():
    r, w = os.pipe()
    os.close(r)
    p = subprocess.Popen([VMM, "--kernel", KERNEL], stdout=w, stdin=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, env=dict(os.environ, FAKE_SAYS="hello"))
    os.close(w)
    check(p.wait(PATIENCE) == -signal.SIGPIPE, "status", p.returncode)


@case
def no_output_is_lost_at_the_end():
    for _ in range(5):
        v = Vmm("--quiet", says="x" * 200 + "end", end="off", terminal=False)
        check(v.p.communicate(timeout=PATIENCE)[0] == b"x" * 200 + b"end", "lost some")


@case
def the_report_is_json():
    r, w = os.pipe()
    v = Vmm("--report-fd", str(w), "--milestone", "ell", "--milestone", "nothing", end="off",
            terminal=False, pass_fds=[w]).ends(0)
    os.close(w)
    with os.fdopen(r) as f:
        report = json.load(f)
    check(report["how"] == "powered-off" and report["status"] == 0, report)
    check(report["seconds"]["milestones"]["ell"] > 0, report)
    check(report["seconds"]["milestones"]["nothing"] is None, report)
    check(report["exits"]["mmio"] == 5 and report["mmio"]["uart"] == 5, report)
    check(report["console"]["bytes"] == 5, report)
    v.close()


@case
def usage_errors_have_their_status():
    for args in (["--frob"], ["--memory", "x"], ["stray"]):
        Vmm(*args, terminal=False).ends(2)
    Vmm("--disk", "/nonexistent", terminal=False).ends(3)
    Vmm("--memory", "64K", terminal=False).ends(3)


def run(function):
    global Vmm
    started = []
    plain = Vmm.__init__

    def remember(self, *args, **kwargs):
        started.append(self)
        plain(self, *args, **kwargs)

    Vmm.__init__ = remember
    try:
        function()
    finally:
        Vmm.__init__ = plain
        for v in started:
            v.close()


KERNEL = kernel()
print(f"1..{len(_cases)}")
failed = 0
for i, function in enumerate(_cases, 1):
    try:
        run(function)
        print(f"ok {i} - {function.__name__}", flush=True)
    except Exception:  # pylint: disable=broad-except
        failed += 1
        print(f"not ok {i} - {function.__name__}")
        print("# " + traceback.format_exc().replace("\n", "\n# "), flush=True)
os.unlink(KERNEL)
sys.exit(failed > 0)
