# SPDX-License-Identifier: BSD-3-Clause
"""session.py - one run of softrealm whose processes are known by name, and what is left of it

The realm is the small payload of guest/, so that a boot takes a fraction of a second; it either
powers off after its tests or idles for ever. A session may stand on a terminal of its own, with a
shell above it, as it would be in real life.
"""
import os
import pathlib
import pty
import struct
import sys
import tempfile
import termios
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from realm import BUILD, Run, descendants, reap, work  # noqa: E402

GRACE = 2  # seconds in which the others end, on a machine that has nothing else to do
PARAMS = 0x40  # guest/payload/payload.h
ALL, IDLE = 0x7f, 0x80
NAMES = {"launcher": "softrealm", "backend": "softrealm-backe", "engine": "qemu-system-aar",
         "vmm": "softrealm-vmm"}
# The shell above, whose terminal it is: tells the launcher's status, and stays until it is let go.
SHELL = 't=$1 s=$2 g=$3; shift 3; "$@" <$t >$t 2>$t; echo $? >$s; read x <$g'


def grace():
    """The same on this machine, now."""
    return GRACE * min(4, max(1, os.getloadavg()[0] / os.cpu_count()))


def payload(commands):
    """The payload's image, told to do this."""
    path = work() / f"payload-{commands:x}"
    if not path.exists():
        image = bytearray((BUILD / "guest/payload/payload.bin").read_bytes())
        struct.pack_into("<Q", image, PARAMS, commands)
        path.write_bytes(image)
    return path


def state(pid):
    """The letter that ps shows; None: there is no such process."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None


def running(names):
    """Without zombies, which only wait for somebody to look at them."""
    return {pid: name for pid, name in names.items() if state(pid) not in (None, "Z")}


def held(pids):
    """Inodes of the memfds and sockets that these processes hold: (memfds, sockets)."""
    memfds, sockets = set(), set()
    for pid in pids:
        try:
            fds = os.listdir(f"/proc/{pid}/fd")
        except OSError:
            continue
        for fd in fds:
            path = f"/proc/{pid}/fd/{fd}"
            try:
                target = os.readlink(path)
                if target.startswith("/memfd:softrealm"):
                    memfds.add(os.stat(path).st_ino)
                elif target.startswith("socket:["):
                    sockets.add(target[8:-1])
            except OSError:
                pass
    return memfds, sockets


def socket_names(inodes):
    """Those of these sockets that have a name."""
    lines = pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]
    return {f[7] for f in (line.split() for line in lines) if len(f) > 7 and f[6] in inodes}


def all_socket_names():
    lines = pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]
    return {f[7] for f in (line.split() for line in lines) if len(f) > 7}


def shared_memory():
    """Files in /dev/shm and System V segments that name this project or this process's tree."""
    files = {str(p) for p in pathlib.Path("/dev/shm").glob("*softrealm*")}
    mine = descendants(os.getpid())
    for line in pathlib.Path("/proc/sysvipc/shm").read_text().splitlines()[1:]:
        if int(line.split()[4]) in mine:
            files.add("System V " + line)
    return files


def parent(pid):
    try:
        return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


class Session(Run):
    """A run on pipes."""

    def __init__(self, commands, *args, **how):
        super().__init__("run", "--kernel", payload(commands), "--memory", "64M", "--cpus", 2,
                         *args, **how)
        self.start = time.monotonic()
        self.memfds, self.names = set(), set()

    def look(self):
        """Processes by pid; remembers what they hold."""
        tree = running(descendants(self.pid))
        memfds, sockets = held(tree)
        self.memfds |= memfds
        self.names |= {n for n in socket_names(sockets) if n.startswith("@softrealm")}
        return tree

    def find(self, who):
        """The pid of the launcher, backend, engine or vmm; None: it does not exist now."""
        tree = descendants(self.pid)
        for pid, name in tree.items():
            # Until it has called exec or set its name a child is called as its parent.
            if name == NAMES[who] and tree.get(parent(pid)) != name:
                return pid if state(pid) not in (None, "Z") else None
        return None

    def launcher(self):
        return self.pid

    def ended(self):
        """The launcher's status as a shell tells it, or None."""
        r = self.process.poll()
        return None if r is None else r if r >= 0 else 128 - r

    def alive(self):
        """Whatever of this session still runs, wherever it hangs: only one runs at a time."""
        reap_orphans(self.process)
        found = running(descendants(os.getpid()))
        found.pop(os.getpid(), None)
        return found

    def close(self):
        self.process.wait()
        return []

    def traces(self):
        """What is left when no process is: descriptions."""
        left = self.close() + self.left()
        memfds, _ = held(int(p) for p in os.listdir("/proc") if p.isdigit())
        left += [f"memfd {ino}" for ino in memfds & self.memfds]
        left += [f"socket {name}" for name in all_socket_names() & self.names]
        return left + sorted(shared_memory())

    def told(self):
        """All that people were told."""
        return self.err

    def shown(self):
        return self.out


def reap_orphans(process):
    """Zombies that have come to this process; not the one that subprocess waits for."""
    if process.poll() is None:
        for pid in descendants(os.getpid()):
            if pid not in (os.getpid(), process.pid) and state(pid) == "Z":
                try:
                    os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:
                    pass
    else:
        reap()


class OnTerminal(Session):
    """A run in the foreground of a pseudo terminal."""

    def __init__(self, commands, *args):
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.text = b""
        folder = pathlib.Path(tempfile.mkdtemp(dir=work()))
        self.status_path, self.go_path = folder / "status", folder / "go"
        os.mkfifo(self.go_path)
        super().__init__(commands, *args, prefix=[
            "sh", "-c", SHELL, "sh", os.ttyname(self.slave), self.status_path, self.go_path])
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        """An unread terminal would block those who print. Ends when nobody holds the other end."""
        while True:
            try:
                self.text += os.read(self.master, 4096)
            except OSError:
                return

    def launcher(self):
        return next((pid for pid, name in descendants(self.pid).items()
                     if name == NAMES["launcher"] and parent(pid) == self.pid), None)

    def alive(self):
        found = super().alive()
        found.pop(self.pid, None)
        return found

    def ended(self):
        try:
            return int(self.status_path.read_text())
        except (OSError, ValueError):
            return None

    def close(self):
        """Lets the shell go; the terminal must be as it was."""
        cooked = termios.tcgetattr(self.slave) == self.before
        self.go_path.write_text("\n")
        self.process.wait()
        os.close(self.slave)
        self.reader.join()
        os.close(self.master)
        return [] if cooked else ["the terminal is not as it was"]

    def told(self):
        return self.text.decode(errors="replace")

    shown = told
