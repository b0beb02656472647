#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""gdb.py - a debugger in the realm

usage: gdb.py		the payload, by a debugger of the test's own
       gdb.py more	gdb-multiarch: the payload, and a kernel's boot
"""
import json
import shutil
import socket
import struct
import subprocess
import sys
import time

from gdbremote import CPSR, PC, Debugger
from realm import BUILD, Run, Skip, case, check, kernel_dir, main, work

PARAMS = 0x40  # guest/payload/payload.h
RSI, VTIMER, PTIMER, LOAD, SMP, HOSTCALL, CONVERT, IDLE, ATTEST = (1 << n for n in range(9))
BASE = 0x40000000  # where the payload is loaded
IPA_STATE_SET = 0xC4000197
MORE = sys.argv[1:2] == ["more"]
if MORE:
    sys.argv.pop(1)


def more(function):
    return case(function) if MORE else function


def quick(function):
    return function if MORE else case(function)


def image(commands):
    data = bytearray((BUILD / "guest/payload/payload.bin").read_bytes())
    struct.pack_into("<QQ", data, PARAMS, commands, 5)
    path = work() / f"payload-{commands:x}"
    path.write_bytes(data)
    return path


def address(symbol):
    tool = shutil.which("aarch64-linux-gnu-nm") or "nm"
    names = subprocess.run([tool, BUILD / "guest/payload/payload.elf"], capture_output=True,
                           text=True, check=True).stdout
    return BASE + next(int(line.split()[0], 16) for line in names.splitlines()
                       if line.split()[-1] == symbol)


def start(*args, commands, wait=True):
    """A run, and where its debugger attaches."""
    path = work() / f"gdb-{time.monotonic_ns()}"
    run = Run("run", "--kernel", image(commands), "-m", "64M", "--gdb", f"unix:{path}",
              *(["--gdb-wait"] if wait else []), *args)
    return run, path


def attach(path):
    """Where the realm is: one that has not begun yet, on a machine under load, is tried again."""
    while True:
        gdb = Debugger(path)
        check(gdb.ask("?") == "T05thread:1;", "no stop")
        if b"waiting" not in bytes.fromhex(gdb.ask("qThreadExtraInfo,1")):
            return gdb
        gdb.hang_up()


def ends_well(run, path, *texts):
    run.expect(0, "payload: done", *texts)
    check(not path.exists(), "the socket is left")


@quick
def a_realm_waits_for_its_debugger_and_steps_from_its_first_instruction():
    run, path = start(commands=RSI)
    gdb = attach(path)
    check(gdb.register(PC) == BASE and gdb.register(CPSR) & 0xf == 5, hex(gdb.register(PC)))
    code = image(RSI).read_bytes()
    check(gdb.memory(BASE, 4096) == code[:4096], "another memory")
    check("payload: begin" not in run.out, "it did not wait")
    branch, = struct.unpack("<I", code[:4])  # the first instruction is a branch
    target = BASE + 4 * (branch & 0x3ffffff)
    check(gdb.go("vCont;s:1").startswith("T05"), "no step")
    check(gdb.register(PC) == target, hex(gdb.register(PC)))
    gdb.go("vCont;s:1;c")
    check(gdb.register(PC) == target + 4, hex(gdb.register(PC)))
    gdb.do("D")
    ends_well(run, path)


@quick
def breakpoints_and_watchpoints_stop_every_vcpu():
    run, path = start("-c", 2, commands=SMP | CONVERT)
    gdb = attach(path)
    gdb.do(f"Z0,{address('secondary_main'):x},4")
    check(gdb.go() == "T05thread:2;", "no breakpoint")
    gdb.do("Hg2")
    check(gdb.register(PC) == address("secondary_main"), hex(gdb.register(PC)))
    gdb.do("Hg1")
    stopped = gdb.register(PC)
    time.sleep(0.2)
    check(gdb.register(PC) == stopped, "the other one runs on")
    gdb.do(f"z0,{address('secondary_main'):x},4")
    gdb.do(f"Z2,{address('page'):x},4")
    check(gdb.go() == f"T05thread:1;watch:{address('page'):x};", "no watchpoint")
    before = gdb.memory(address("page"), 4)
    gdb.do(f"z2,{address('page'):x},4")
    gdb.go("vCont;s:1")
    check(gdb.memory(address("page"), 4) != before, "it was not before the store")
    gdb.do("D")
    ends_well(run, path, "payload: cpus 2", "payload: convert 8")


@quick
def a_realm_stops_at_each_change_of_ripas():
    run, path = start(commands=CONVERT)
    gdb = attach(path)
    gdb.do("qRcmd," + b"catch ripas".hex())
    page = address("page")
    for value, name in enumerate(("EMPTY", "RAM")):
        gdb.go()
        check([gdb.register(n) for n in range(4)] == [IPA_STATE_SET, page, page + 4096, value],
              "another call")
        check(f"base {page:#x} top {page + 4096:#x} ripas {name}" in gdb.said, gdb.said)
        # what is empty is not there; the page before it is
        there = gdb.ask(f"m{page:x},4") != "E01"
        check(there == (name == "EMPTY"), name, there)
    gdb.do("qRcmd," + b"catch off".hex())
    gdb.do("D")
    ends_well(run, path, "payload: convert 8")


@quick
def what_a_debugger_writes_is_what_the_realm_has():
    run, path = start(commands=RSI | CONVERT)
    gdb = attach(path)
    gdb.do(f"M{BASE + PARAMS:x},8:{struct.pack('<Q', CONVERT).hex()}")  # other commands
    gdb.do(f"Z1,{address('convert_test'):x},4")
    gdb.go()
    gdb.do(f"P{PC:x}={struct.pack('<Q', gdb.register(30)).hex()}")  # returns at once
    gdb.do(f"z1,{address('convert_test'):x},4")
    gdb.do("D")
    run.expect(0, "payload: done")
    check("payload: rsi" not in run.out and "payload: convert" not in run.out, run.story())


@quick
def an_interrupt_stops_an_idle_realm_and_its_time_ends_it_all_the_same():
    run, path = start("-t", 4, commands=IDLE, wait=False)
    run.until("payload: idle")
    gdb = attach(path)
    gdb.send("vCont;c")
    check(gdb.interrupt() == "T02thread:1;", "no interrupt")
    run.expect(124, "payload: idle")
    gdb.hang_up()


@quick
def a_debugger_that_vanishes_lets_the_realm_go_on():
    run, path = start("-c", 2, commands=SMP | CONVERT)
    gdb = attach(path)
    gdb.do(f"Z1,{address('secondary_main'):x},4")
    gdb.go()
    second = socket.socket(socket.AF_UNIX)
    second.connect(str(path))
    second.settimeout(30)
    check(second.recv(1) == b"", "two debuggers at once")
    second.close()
    gdb.hang_up()
    ends_well(run, path, "payload: cpus 2")


@quick
def a_debugger_that_does_not_read_its_answers_stops_nothing_when_it_is_gone():
    run, path = start(commands=VTIMER | CONVERT)
    gdb = attach(path)
    gdb.socket.settimeout(1)
    try:
        while True:
            gdb.send("g")
    except TimeoutError:
        pass  # nobody takes more
    gdb.hang_up()
    ends_well(run, path, "payload: convert 8")


@quick
def the_end_of_the_realm_is_told():
    run, path = start(commands=RSI)
    gdb = attach(path)
    check(gdb.go() == "W00", "no end")
    ends_well(run, path)
    gdb.hang_up()


@quick
def the_others_of_a_host_do_not_wait_for_a_stopped_realm():
    door, path = work() / "door", work() / "host-gdb"
    host = Run("host", "--socket", door, "--gdb", f"unix:{path}", "--gdb-wait")
    host.until("ready", stream="err")
    first = Run("run", "--host", door, "--kernel", image(RSI), "-m", "64M")
    gdb = attach(path)
    other = Run("run", "--host", door, "--kernel", image(CONVERT), "-m", "64M").wait()
    check(other.status == 0 and "payload: done" in other.out, other.story())
    check("payload: begin" not in first.out, first.story())
    gdb.do("D")
    first.wait()
    check(first.status == 0 and "payload: done" in first.out, first.story())
    host.process.terminate()
    host.expect(0)


@quick
def a_debugger_chooses_among_the_realms_of_a_host():
    """By the number of its VM, which softrealm inspect has as well; why tells who is held."""
    door, path = work() / "door", work() / "host-gdb"
    host = Run("host", "--socket", door, "--gdb", f"unix:{path}")
    host.until("ready", stream="err")
    runs = [Run("run", "--host", door, "--kernel", image(IDLE), "-m", "64M", "-t", 60)]
    runs[0].until("payload: idle")
    runs.append(Run("run", "--host", door, "--kernel", image(IDLE), "-m", "64M", "-c", 2, "-t", 60))
    runs[1].until("payload: idle")

    def monitor(line):
        return bytes.fromhex(gdb.ask("qRcmd," + line.encode().hex())).decode()

    def causes(vm):
        why = Run("inspect", "--host", door, "--json", "why", vm).wait()
        return {cause["cause"] for cause in json.loads(why.out)["causes"]}

    gdb = attach(path)
    check(monitor("realm").startswith("* VM 1, 1 vCPU\n  VM 2, 2 vCPUs\n"), monitor("realm"))
    check(causes(1) == {"debugger"} and "debugger" not in causes(2), causes(1), causes(2))
    check("connect again" in monitor("realm 2"), "not chosen")
    gdb.do("D")
    gdb.hang_up()
    gdb = attach(path)
    check(gdb.ask("qfThreadInfo") == "m1,2", "another realm")
    check(causes(2) == {"debugger"} and "debugger" not in causes(1), causes(1), causes(2))
    check("there is no realm" in monitor("realm 3"), monitor("realm 3"))
    gdb.do("D")
    gdb.hang_up()
    for run in (*runs, host):
        run.process.terminate()
        run.wait()


@quick
def bad_addresses_and_combinations_are_told():
    for args, text in ((["--gdb", "99999"], "is not a port"),
                       (["--gdb", "unix:"], "is not a port"),
                       (["--gdb-wait"], "needs --gdb"),
                       (["--gdb", "unix:/nowhere/at/all"], "No such file")):
        run = Run("run", "--kernel", image(RSI), *args).wait()
        check(run.status in (1, 2) and text in run.err, args, run.story())


# ---- GDB itself ----

def gdb_session(path, *commands):
    program = shutil.which("gdb-multiarch")
    if not program:
        raise Skip("gdb-multiarch is not installed")
    args = [a for c in (f"target remote {path}", *commands) for a in ("-ex", c)]
    end = time.monotonic() + 30
    while not path.exists():
        check(time.monotonic() < end, "no socket")
        time.sleep(0.02)
    done = subprocess.run([program, "-nx", "-batch", "-ex", "set architecture aarch64",
                           "-ex", "set confirm off", *args],
                          capture_output=True, text=True, timeout=500, stdin=subprocess.DEVNULL)
    return done.stdout + done.stderr


@more
def gdb_debugs_the_payload_by_its_symbols():
    run, path = start("-c", 2, commands=SMP | CONVERT)
    out = gdb_session(path, f"add-symbol-file {BUILD}/guest/payload/payload.elf -o {BASE:#x}",
                      "break convert_test", "break secondary_main", "continue", "info threads",
                      "delete 2", "continue", "bt", "watch *(unsigned *)&page", "continue",
                      "delete", "monitor catch ripas", "continue", "bt", "detach")
    for text in ("Thread 2 hit Breakpoint 2, secondary_main (cpu=1)",
                 "Thread 2 (vCPU 1, in the realm) secondary_main",
                 "Thread 1 hit Breakpoint 1, convert_test ()",
                 " in payload_main (commands=", "Hardware watchpoint 3", "New value = ",
                 "RSI_IPA_STATE_SET base", " in rsi_set_ripas (", "[Inferior 1"):
        check(text in out, "no", repr(text), out)
    ends_well(run, path, "payload: cpus 2", "payload: convert 8")


def kernel_addresses(*names):
    """A boot without KASLR, which tells them."""
    script = work() / "names"
    script.write_text("#!/bin/sh\necho 0 >/proc/sys/kernel/kptr_restrict\n"
                      f"grep -E ' [tT] ({'|'.join(names)})$' /proc/kallsyms\n")
    kernel = kernel_dir()
    run = Run("run", "--kernel", kernel / "vmlinuz", "--busybox", kernel.parent / "busybox",
              "--append", "nokaslr", "--add", f"{script}=/names", "--", "sh", "/names").expect(0)
    found = {line.split()[2]: int(line.split()[0], 16) for line in run.out.splitlines()
             if len(line.split()) == 3}
    check(set(names) <= set(found), found)
    return found


@more
def gdb_debugs_the_boot_of_a_kernel():
    found = kernel_addresses("start_kernel", "realm_set_memory_decrypted")
    kernel, path, summary = kernel_dir(), work() / "boot", work() / "summary"
    run = Run("run", "--kernel", kernel / "vmlinuz", "--busybox", kernel.parent / "busybox",
              "--append", "nokaslr", "-c", 2, "--gdb", f"unix:{path}", "--gdb-wait",
              "--summary", summary, "--", "uname", "-m")
    out = gdb_session(path, f"break *{found['start_kernel']:#x}", "continue", "stepi", "stepi",
                      "echo at-", "output $pc", "echo \\n", "monitor catch ripas", "continue",
                      "bt 3", "monitor catch off",
                      f"break *{found['realm_set_memory_decrypted']:#x}", "continue", "bt 3",
                      "detach")
    for text in (f"Thread 1 hit Breakpoint 1, {found['start_kernel']:#018x}",
                 "vCPU 0: RSI_IPA_STATE_SET base 0x40000000",
                 f"Thread 1 hit Breakpoint 2, {found['realm_set_memory_decrypted']:#018x}",
                 "#1  0xffff8000", "[Inferior 1"):
        check(text in out, "no", repr(text), out)
    check(f"{found['start_kernel'] + 8:#x}" in out, "not stepped", out)
    run.expect(0, "aarch64")
    check(json.loads(summary.read_text())["status"] == 0, summary.read_text())


main()
