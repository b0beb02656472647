#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""ordinary.py - an ordinary VM under a VMM that others wrote: Debian's own arm64 QEMU with KVM

Its packages are unpacked into a root of this test's own (mmdebstrap, a minute of downloads), or
taken from the root that SOFTREALM_ARM64_ROOT names. `softrealm exec` carries the program.
"""
import contextlib
import hashlib
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import time

from gdbremote import PC, Debugger
from realm import (BOOT_TIMEOUT, SOFTREALM, SOURCE, Run, Skip, UP, case, check, dies_with_us,
                   images, kernel_dir, main, vhost_user, work)

SUITE = "bookworm"
KERNEL = 0x40200000  # where QEMU puts an Image, after a start of a few instructions


def root():
    given = os.environ.get("SOFTREALM_ARM64_ROOT")
    if given:
        return pathlib.Path(given)
    path = work() / "root"
    if not path.exists():
        if not shutil.which("mmdebstrap"):
            raise Skip("no mmdebstrap")
        made = subprocess.run(["mmdebstrap", "--quiet", "--arch=arm64", "--variant=extract",
                               "--include=qemu-system-arm,ipxe-qemu", SUITE, path],
                              capture_output=True, text=True)
        if made.returncode:
            raise Skip("no arm64 root: " + made.stderr.strip().splitlines()[-1])
    return path


def qemu(*more, append="", initrd=True, host=()):
    """The default machine with KVM, its console on standard output. initrd: True, or a path; host:
    options of softrealm's."""
    _, kernel, _, ramdisk = images()
    ramdisk = ramdisk if initrd is True else initrd
    top = root()
    return Run("exec", *host, "--sysroot", top, "--", top / "usr/bin/qemu-system-aarch64",
               "-L", top / "usr/share/qemu", "-M", "virt", "-accel", "kvm", "-cpu", "host",
               "-m", 512, "-display", "none", "-nodefaults", "-serial", "stdio", "-kernel", kernel,
               *(("-initrd", ramdisk) if initrd else ()), *more,
               "-append", f"console=ttyAMA0 {append}")


@case
def debians_qemu_boots_debians_kernel_on_four_cpus():
    run = qemu("-smp", 4)
    run.wait(4 * BOOT_TIMEOUT)
    check(run.status == 0, "status", run.status, run.err[-400:])
    for text in (UP, "no, an ordinary guest", "4 of 4 online", "using stolen time PV",
                 "Power down"):
        check(text in run.out, text, "not in the console's", run.out[-400:])
    check(not run.left(), "left behind:", run.left())


@case
def its_guest_has_vectors_and_counters():
    run = qemu(host=("--platform-cpu", "sve,pmu"))
    run.wait(4 * BOOT_TIMEOUT)
    check(run.status == 0, "status", run.status, run.err[-400:])
    for text in ("SVE: maximum available vector length 256 bytes", "armv8_pmuv3 PMU driver, 7 "):
        check(text in run.out, "no", repr(text), run.story())


@case
def a_guest_that_reboots_boots_again():
    run = qemu("-smp", 1, append="panic=1", initrd=False)
    run.until("Rebooting in 1 seconds", 2 * BOOT_TIMEOUT)
    end = time.monotonic() + 2 * BOOT_TIMEOUT
    while run.out.count("Unable to mount root fs") < 2:
        check(time.monotonic() < end, "the second boot does not come", run.story())
        time.sleep(0.2)
    run.kill()
    check(not run.left(), "left behind:", run.left())


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@case
def disk_and_network_work():
    disk, port = work() / "disk", free_port()
    disk.write_bytes(random.Random(1).randbytes(8 << 20))
    digest = hashlib.sha256(disk.read_bytes()).hexdigest()
    run = qemu("-smp", 2, "-drive", f"file={disk},format=raw,if=none,id=d",
               "-device", "virtio-blk-pci,drive=d", "-device", "virtio-net-pci,netdev=n",
               "-netdev", f"user,id=n,hostfwd=tcp:127.0.0.1:{port}-:7",
               append="softrealm.mode=disk softrealm.hold=600 "
                      "softrealm.net=10.0.2.15/24,10.0.2.2,10.0.2.3")
    run.until("disk written and read back", 4 * BOOT_TIMEOUT)
    check(digest in run.out, "not what is on the disk", run.story())
    check(disk.read_bytes()[-65536:].startswith(b"softrealm sector"), "nothing was written")
    # Nobody listens in the guest: its kernel refuses, and so the connection ends.
    with socket.create_connection(("127.0.0.1", port), BOOT_TIMEOUT) as s:
        try:
            check(s.recv(1) == b"", "who spoke?")
        except ConnectionResetError:
            pass
    run.kill()


class Exec:
    """The port on which init runs commands (guest/init/command.c)."""

    def __init__(self):
        self.path = work() / f"exec{random.getrandbits(32)}"
        self.arguments = ("-chardev", f"socket,id=x,path={self.path},server=on,wait=off",
                          "-device", "virtio-serial-pci",
                          "-device", "virtserialport,chardev=x,name=org.softrealm.exec")

    def run(self, command, guest):
        """What it writes, both ways out; its status has to be 0."""
        end = time.monotonic() + 4 * BOOT_TIMEOUT
        while not self.path.exists():
            check(time.monotonic() < end, "no port", guest.story())
            time.sleep(0.1)
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(4 * BOOT_TIMEOUT)
            s.connect(str(self.path))
            s.sendall(command.encode() + b"\0")
            stream, said = s.makefile("rb"), b""
            while True:
                head = stream.read(5)
                check(len(head) == 5, "the port hung up", guest.story())
                data = stream.read(int.from_bytes(head[1:], "little"))
                if head[:1] == b"x":
                    check(data == b"\0", "status", data, said)
                    return said.decode()
                said += data


@case
def devices_of_other_processes_share_its_memory():
    disk, block, fs, folder = (work() / name for name in ("vdisk", "block", "fs", "folder"))
    if os.geteuid():
        raise Skip("virtiofsd is for root")
    folder.mkdir()
    disk.write_bytes(random.Random(2).randbytes(8 << 20))
    (folder / "in").write_bytes(random.Random(3).randbytes(3000000))
    digests = [hashlib.sha256(p.read_bytes()).hexdigest() for p in (disk, folder / "in")]
    port = Exec()
    with vhost_user("qemu-storage-daemon", "--blockdev", f"file,node-name=f,filename={disk}",
                    "--export", f"vhost-user-blk,id=e,node-name=f,addr.type=unix,"
                    f"addr.path={block},writable=on", path=block), \
            vhost_user("/usr/lib/qemu/virtiofsd", f"--socket-path={fs}", "-o",
                       f"source={folder},sandbox=chroot", path=fs):
        run = qemu("-smp", 2, "-object", "memory-backend-memfd,id=m,size=512M,share=on",
                   "-machine", "memory-backend=m", "-chardev", f"socket,id=b,path={block}",
                   "-device", "vhost-user-blk-pci,chardev=b,num-queues=1",
                   "-chardev", f"socket,id=f,path={fs}",
                   "-device", "vhost-user-fs-pci,chardev=f,tag=folder", *port.arguments,
                   initrd=shell())
        said = port.run("sha256sum /dev/vda /folder/in && cp /folder/in /folder/out && "
                        "echo written | dd of=/dev/vda conv=fsync", run)
        for digest in digests:
            check(digest in said, digest, "is not in", said, run.story())
        run.wait(BOOT_TIMEOUT)
    check((folder / "out").read_bytes() == (folder / "in").read_bytes(), "another file came out")
    check(disk.read_bytes()[:8] == b"written\n", "nothing was written")
    check("memslot" not in run.err, run.story())


def shell():
    """An initrd with a shell in it."""
    initrd = work() / "shell"
    if not initrd.exists():
        kernel = kernel_dir()
        subprocess.run([SOURCE / "demo" / "fetch-kernel", "--busybox"], check=True,
                       stdout=subprocess.DEVNULL)
        subprocess.run([SOFTREALM, "initrd", "-o", initrd, "--busybox",
                        kernel.parent / "busybox", "--modules", kernel], check=True)
    return initrd


class Counter:
    """A guest that counts aloud, and the monitor of its QEMU."""

    def __init__(self, *more):
        if not shutil.which("qemu-img"):
            raise Skip("no qemu-img")
        self.path = work() / f"monitor{random.getrandbits(32)}"
        self.disk = work() / "snapshots"
        if not self.disk.exists():
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", self.disk, "64M"],
                           check=True)
        self.run = qemu("-smp", 2, "-drive", f"file={self.disk},if=none,id=d", "-monitor",
                        f"unix:{self.path},server=on,wait=off", *more, initrd=shell(),
                        append='rdinit=/bin/sh -- -c "i=0; while :; do echo tick $i.; '
                               'i=$((i+1)); sleep 1; done"')

    def command(self, text):
        """Of the human monitor; until it prompts again."""
        said = b""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(BOOT_TIMEOUT)
            s.connect(str(self.path))
            s.sendall(text.encode() + b"\n")
            while said.count(b"(qemu) ") < 2:
                more = s.recv(4096)
                check(more, "the monitor hung up:", said)
                said += more
        return said.decode(errors="replace")

    def ticks(self):
        return [int(n) for n in re.findall(r"tick (\d+)\.", self.run.out)]

    def until(self, condition):
        end = time.monotonic() + 4 * BOOT_TIMEOUT
        while not condition(self.ticks()):
            check(self.run.process.poll() is None and time.monotonic() < end, self.run.story())
            time.sleep(0.1)
        return self.ticks()


@case
def a_snapshot_is_gone_back_to():
    guest = Counter()
    saved = guest.until(lambda t: t and t[-1] >= 2)[-1]
    said = guest.command("savevm here")
    check("Error" not in said, said)
    late = guest.until(lambda t: t[-1] >= saved + 5)
    said = guest.command("loadvm here")
    check("Error" not in said, said)
    again = guest.until(lambda t: len(t) > len(late) + 4)
    back = [n for n, before in zip(again[1:], again) if n <= before]
    check(len(back) == 1 and saved < back[0] <= saved + 3, "ticks", again)
    guest.run.kill()


@case
def a_guest_moves_to_another_qemu_by_a_file():
    source = Counter()
    source.until(lambda t: t and t[-1] >= 2)
    state = work() / "state"
    source.command(f'migrate "exec:cat > {state}"')
    check("completed" in source.command("info migrate"), source.command("info migrate"))
    last = source.ticks()[-1]
    source.run.kill()
    target = Counter("-incoming", f"exec:cat {state}")
    ticks = target.until(lambda t: len(t) > 4)
    # The move may cut a line in two, which then stands on neither console.
    check(last <= ticks[0] <= last + 2, "ticks", last, ticks)
    check(ticks == list(range(ticks[0], ticks[0] + len(ticks))), "ticks", ticks)
    target.run.kill()


# In the guest: a loop that takes a moment, and what its first CPU lost meanwhile (in 10 ms).
LOOP = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; "
STOLEN = "awk '/^cpu0/{print \"stolen\", $9}' /proc/stat"


def stolen(text):
    return [int(n) for n in re.findall(r"stolen (\d+)", text)]


@case
def a_guest_learns_what_a_busy_host_takes():
    port = Exec()
    run = qemu("-smp", 1, *port.arguments, initrd=shell())
    hogs = []
    run.until(UP, 4 * BOOT_TIMEOUT)
    try:
        # Twice as many as there are CPUs: two thirds of each CPU.
        hogs = [subprocess.Popen(dies_with_us("sh", "-c", "while :; do :; done"))
                for _ in range(2 * os.cpu_count())]
        said = port.run(f"{STOLEN}; {LOOP}{STOLEN}", run)
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
    before, after = stolen(said)
    check(after - before >= 20, "stolen meanwhile:", before, after, run.story())
    run.kill()


def statistics(guest):
    said = guest.command("info stats vcpu")
    return {name: int(n) for name, n in re.findall(r"(\w+)(?: \([^)]*\))?: (\d+)", said)}


@case
def its_monitor_reads_statistics():
    guest = Counter()
    guest.until(lambda t: t and t[-1] >= 2)
    first = statistics(guest)
    guest.until(lambda t: t[-1] >= 5)
    second = statistics(guest)
    for name in ("exits", "mmio_exit_user", "mmio_exit_kernel", "hvc_exit_stat"):
        check(first.get(name), name, "of", first)
    check(first["exits"] > first["mmio_exit_user"] + first["mmio_exit_kernel"], first)
    check(second["exits"] > first["exits"], "exits", first, second)
    guest.run.kill()


@case
def a_debugger_stops_it_and_lets_it_go():
    path = work() / "gdb"
    run = qemu("-smp", 1, "-S", "-gdb", f"unix:{path},server=on,wait=off")
    gdb = Debugger(path, 2 * BOOT_TIMEOUT, acks=True)
    start = gdb.register(PC)
    check(gdb.go("vCont;s").startswith("T05"), "no step")
    check(gdb.register(PC) == start + 4, "stepped to", hex(gdb.register(PC)))
    for kind, address in ((0, start + 12), (1, KERNEL)):  # software, hardware
        gdb.do(f"Z{kind},{address:x},4")
        gdb.go()
        check(gdb.register(PC) == address, "not stopped at", hex(address))
        gdb.do(f"z{kind},{address:x},4")
    gdb.send("D")
    run.until(UP, 4 * BOOT_TIMEOUT)
    gdb.hang_up()
    run.wait(BOOT_TIMEOUT)
    check("Power down" in run.out, run.story())


main()
