# SPDX-License-Identifier: BSD-3-Clause
"""realm.py - what the end-to-end tests share: starting softrealm, and finding what it leaves

A test file defines functions with @case and ends with main(); the output is TAP. A command runs
in folders of its own (HOME, TMPDIR, XDG_RUNTIME_DIR, working folder) with this process as the
reaper of its orphans, so whatever outlives it is seen: processes, and files, path sockets
included. Abstract sockets and memfds cannot outlive the processes.
"""
import contextlib
import ctypes
import glob
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SOFTREALM_BUILD", SOURCE / "build")).resolve()
SOFTREALM = os.environ.get("SOFTREALM_COMMAND", str(BUILD / "cli" / "softrealm"))
UP = "softrealm-init: up"
BOOT_TIMEOUT = 120  # a hang must end; a machine under load must not fail
GRACE = 2  # seconds in which the others end once one has died

PR_SET_CHILD_SUBREAPER = 36
_cases = []
_work = None


class Skip(Exception):
    """The test cannot run here, for the reason told."""


def case(function):
    _cases.append(function)
    return function


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(w) for w in what))


def work():
    """A folder for this test's own files, removed at the end."""
    return _work


def kernel_dir():
    """The cached Debian kernel; Skip if there is none and none can be fetched."""
    fetch = subprocess.run([SOURCE / "demo" / "fetch-kernel"], capture_output=True, text=True)
    if fetch.returncode:
        raise Skip("no kernel: " + fetch.stderr.strip().splitlines()[-1])
    return pathlib.Path(fetch.stdout.strip())


def images():
    """--kernel and --initrd of the demo."""
    kernel = kernel_dir()
    initrd = work() / "initrd"
    if not initrd.exists():
        subprocess.run([SOURCE / "demo" / "mkinitrd", BUILD / "guest/init/init", kernel, initrd],
                       check=True)
    return ["--kernel", str(kernel / "vmlinuz"), "--initrd", str(initrd)]


def compiled(name, text):
    """A static arm64 program from a C text."""
    path = work() / name
    if not path.exists():
        compiler = shutil.which("aarch64-linux-gnu-gcc") or shutil.which("gcc")
        source = work() / f"{name}.c"
        source.write_text(text)
        subprocess.run([compiler, "-static", "-O1", "-o", path, source], check=True)
    return path


def children():
    """Processes whose parent is this one: {pid: command line}."""
    found = {}
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            text = pathlib.Path(stat).read_text()
            pid = int(text.split()[0])
            state, ppid = text.rpartition(")")[2].split()[:2]
            if int(ppid) == os.getpid() and state != "Z":
                args = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
                found[pid] = args.replace(b"\0", b" ").decode(errors="replace").strip()
        except (OSError, ValueError):
            continue  # it ended meanwhile
    return found


def descendants(pid):
    """The tree under a process, itself included: {pid: command name}."""
    parents = {}
    names = {}
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            text = pathlib.Path(stat).read_text()
        except OSError:
            continue
        one = int(text.split()[0])
        parents[one] = int(text.rpartition(")")[2].split()[1])
        names[one] = text[text.index("(") + 1:text.rindex(")")]
    tree = {pid}
    while True:
        more = {p for p, parent in parents.items() if parent in tree} - tree
        if not more:
            return {p: names[p] for p in tree if p in names}
        tree |= more


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def dies_with_us(*command):
    """The command, ended with this process however that ends."""
    return ["setpriv", "--pdeathsig", "KILL", *map(str, command)]


@contextlib.contextmanager
def vhost_user(*command, path):
    """A device of another process, which listens at the path."""
    if not shutil.which(command[0]):
        raise Skip(f"no {command[0]}")
    end = time.monotonic() + BOOT_TIMEOUT
    with open(work() / f"{path.name}.log", "wb") as log:
        device = subprocess.Popen(dies_with_us(*command), stdout=log, stderr=log)
    try:
        while not path.exists():
            check(device.poll() is None and time.monotonic() < end, command[0], "does not start:",
                  (work() / f"{path.name}.log").read_text())
            time.sleep(0.05)
        yield path
    finally:
        device.kill()
        device.wait()


class Run:
    """One command, started at once. Use wait() and then look at status, out, err, left()."""

    def __init__(self, *args, command=None, prefix=(), env=None, stdin=subprocess.DEVNULL):
        self.home = pathlib.Path(tempfile.mkdtemp(dir=work()))
        self.home.chmod(0o777)
        paths = {}
        for name, folder in (("HOME", "home"), ("TMPDIR", "tmp"), ("XDG_RUNTIME_DIR", "run")):
            path = self.home / folder
            path.mkdir()
            path.chmod(0o777)
            paths[name] = str(path)
        cwd = self.home / "cwd"
        cwd.mkdir()
        self.out_path, self.err_path = self.home / "stdout", self.home / "stderr"
        argv = [*prefix, command or SOFTREALM, *map(str, args)]
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(argv, stdin=stdin, stdout=out, stderr=err, cwd=cwd,
                                            env={**os.environ, **paths, **(env or {})},
                                            start_new_session=True)
        self.pid = self.process.pid

    @property
    def out(self):
        return self.out_path.read_text(errors="replace").replace("\r", "")

    @property
    def err(self):
        return self.err_path.read_text(errors="replace").replace("\r", "")

    def until(self, text, timeout=BOOT_TIMEOUT, stream="out"):
        """Waits until the console (or stream "err") has shown the text."""
        end = time.monotonic() + timeout
        while text not in getattr(self, stream):
            check(self.process.poll() is None, "ended before", repr(text), self.story())
            check(time.monotonic() < end, "no", repr(text), "in time", self.story())
            time.sleep(0.05)
        return self

    def wait(self, timeout=BOOT_TIMEOUT):
        try:
            self.status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            story = self.story()
            self.kill()
            raise AssertionError(f"still running after {timeout} s: {story}") from None
        return self

    def kill(self):
        for pid in descendants(self.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()

    def left(self):
        """What outlived the command: a list of descriptions, empty if all is well."""
        end = time.monotonic() + GRACE
        while True:
            reap()
            processes = children()
            processes.pop(self.pid, None)
            if not processes or time.monotonic() > end:
                break
            time.sleep(0.05)
        for pid in processes:
            os.kill(pid, signal.SIGKILL)
        reap()
        files = [str(p) for folder in ("home", "tmp", "run", "cwd")
                 for p in (self.home / folder).rglob("*")]
        shared = glob.glob("/dev/shm/*softrealm*")
        return [f"process {pid}: {args}" for pid, args in processes.items()] + files + shared

    def story(self):
        return (f"\n--- status {self.process.poll()}\n--- stdout\n{self.out[-3000:]}"
                f"\n--- stderr\n{self.err[-3000:]}")

    def expect(self, status, *texts):
        """wait(), then: the status is this, these texts stand on the console, nothing is left."""
        self.wait()
        check(self.status == status, f"status {self.status}, not {status}", self.story())
        for text in texts:
            check(text in self.out, "no", repr(text), self.story())
        left = self.left()
        check(not left, "left behind:", left)
        return self


def realm(*args, append="", **how):
    """softrealm run of the demo's kernel and initrd with more options."""
    return Run("run", *images(), "--append", f"loglevel=4 {append}".strip(), *args, **how)


def end_all():
    """Ends whatever this process has started and is still there."""
    for pid in children():
        for one in descendants(pid):
            try:
                os.kill(one, signal.SIGKILL)
            except ProcessLookupError:
                pass
    reap()


def _run_case(number, function):
    name = function.__name__.replace("_", " ")
    try:
        function()
        print(f"ok {number} - {name}", flush=True)
        return True
    except Skip as reason:
        print(f"ok {number} - {name} # SKIP {reason}", flush=True)
        return True
    except Exception as error:  # pylint: disable=broad-except
        for line in f"{type(error).__name__}: {error}".splitlines():
            print("#", line)
        print(f"not ok {number} - {name}", flush=True)
        return False
    finally:
        end_all()


@contextlib.contextmanager
def workspace():
    """work() exists within, orphans come to this process, and in the end all is gone."""
    global _work
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup ignores it, and so would every child
    _work = pathlib.Path(tempfile.mkdtemp(prefix="softrealm-test-"))
    _work.chmod(0o755)
    try:
        yield
    finally:
        end_all()
        shutil.rmtree(_work, ignore_errors=True)


def main():
    """Runs the cases, or those whose names contain the argument."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = [c for c in _cases if wanted in c.__name__]
    with workspace():
        print(f"1..{len(chosen)}", flush=True)
        good = [_run_case(i, c) for i, c in enumerate(chosen, 1)]
    sys.exit(0 if all(good) else 1)
