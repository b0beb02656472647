#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""why.py - each way in which a realm does not get on is told by its cause"""
import contextlib
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from realm import BUILD, SOFTREALM, Run, case, check, main, work  # noqa: E402

VMM = BUILD / "tests/backend/stuck_vmm"
PATIENCE = 60


def ask(path, call, **more):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
        door.settimeout(PATIENCE)
        door.connect(str(path))
        door.send((json.dumps({"call": call, **more}) + "\n").encode())
        text = b""
        while b"\n" not in text:
            more = door.recv(1 << 18)
            check(more, "hung up")
            text += more
        return json.loads(text)


def inspect(path, *words):
    return subprocess.run([SOFTREALM, "inspect", "--host", path, *map(str, words)], text=True,
                          capture_output=True, timeout=PATIENCE)


@contextlib.contextmanager
def stuck(how):
    path = work() / f"look-{how}"
    run = Run("exec", "-q", "--inspect", path, "--", VMM, how)
    try:
        run.until("stuck")
        yield path
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(run.pid, signal.SIGTERM)
        run.wait()
    check(not run.left(), "left behind", run.left())


def causes(path):
    return {c["cause"]: c for c in ask(path, "why", vm=1)["result"]["causes"]}


def wait_for(path, *names):
    """The causes, as soon as they are these."""
    end = time.monotonic() + PATIENCE
    while True:
        found = causes(path)
        if sorted(found) == sorted(names):
            return found
        check(time.monotonic() < end, "want", names, "but it says", ask(path, "why", vm=1))
        time.sleep(0.1)


@case
def a_loop_with_interrupts_masked():
    with stuck("masked") as path:
        found = wait_for(path, "masked", "no-rsi")
        check(found["masked"]["pc"] == "0x80000000" and found["masked"]["vcpu"] == 0, found)
        check("6.13" in found["no-rsi"]["text"], found)
        shown = inspect(path, "why")
        check("interrupts masked: PC 0x80000000\n" in shown.stdout, shown)
        check("vCPU 0: guest" in shown.stdout, shown)
        (work() / "map").write_text("0000000080000000 T here\n0000000080000100 T there\n"
                                    "0000000070000000 T $x\n")
        named = inspect(path, "why", 1, "--symbols", work() / "map")
        check("PC 0x80000000 (here+0x0)" in named.stdout, named)
        (work() / "map").write_text("what is this\n")
        check(inspect(path, "why", 1, "--symbols", work() / "map").returncode == 2, "a bad map")
        check(inspect(path, "why", 1, "--symbols", work() / "none").returncode == 2, "no map")
        vcpu = ask(path, "vcpu", vm=1, arg=0)["result"]
        check(vcpu["registers"]["pc"] == "0x80000000" and vcpu["in_kvm_run"], vcpu)
        check(len(vcpu["list_registers"]) == 4 and vcpu["el1"]["sctlr"] == "0xc50878", vcpu)
        check("error" in ask(path, "log", vm=1), "a log where there is no kernel")


def system_map(symbols):
    return "".join(f"{at:016x} T {name}\n" for name, at in symbols.items()).encode()


def vmlinux(symbols):
    """An ELF file that has a table of symbols, and nothing else."""
    names = b"\0" + b"".join(name.encode() + b"\0" for name in symbols)
    table, at = bytes(24), 1
    for name, value in symbols.items():
        table += struct.pack("<IBBHQQ", at, 0x12, 0, 1, value, 4)  # a global function
        at += len(name) + 1
    head = b"\x7fELF\2\1\1".ljust(16, b"\0")
    head += struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, 0, 0, 64, 0, 64, 56, 0, 64, 3, 0)
    section = "<IIQQQQIIQQ"
    data = 64 + 3 * struct.calcsize(section)
    return (head + bytes(struct.calcsize(section)) +
            struct.pack(section, 0, 2, 0, 0, data, len(table), 2, 0, 8, 24) +
            struct.pack(section, 0, 3, 0, 0, data + len(table), len(names), 0, 0, 1, 0) +
            table + names)


@case
def a_loop_with_interrupts_open_is_named_wherever_the_kernel_is():
    """VBAR_EL1 tells by how much it has been moved (KASLR)."""
    linked = {"_text": 0xffff800080000000, "vectors": 0xffff800080010800,
              "do_idle": 0xffff800080010804, "panic": 0xffff800080020000}
    with stuck("loop") as path:
        found = wait_for(path, "loop", "no-rsi")["loop"]
        check(found["pc"] == "0x8000000c" and found["vcpu"] == 0, found)
        check("goes on at one place: PC 0x8000000c, EL1" in found["text"], found)
        for name, data in (("System.map", system_map(linked)), ("vmlinux", vmlinux(linked))):
            (work() / name).write_bytes(data)
            named = inspect(path, "why", 1, "--symbols", work() / name)
            check("PC 0x8000000c, EL1 (do_idle+0x8)\n" in named.stdout, name, named)
        (work() / "stripped").write_bytes(vmlinux(linked)[:60] + bytes(4) + bytes(4096))
        bad = inspect(path, "why", 1, "--symbols", work() / "stripped")
        check(bad.returncode == 2 and "it has no symbols" in bad.stderr, bad)


@case
def every_vcpu_waits_and_no_interrupt_comes():
    with stuck("wfi") as path:
        found = wait_for(path, "wfi", "no-rsi")
        check("no timer is armed" in found["wfi"]["text"], found)
        vcpus = ask(path, "why", vm=1)["result"]["vcpus"]
        check([v["where"] for v in vcpus] == ["guest", "off"] and vcpus[0]["wfi"], vcpus)


@case
def one_exit_again_and_again():
    with stuck("mmio") as path:
        text = wait_for(path, "spin", "no-rsi")["spin"]["text"]
        check("MMIO read at 0x9000000" in text and "a second" in text, text)
        exits = ask(path, "vcpu", vm=1, arg=0)["result"]["exits"]
        check(exits[0]["exit"] == "MMIO" and exits[0]["to"] == "vmm", exits)
        check(exits[0]["answered_ms"] is not None, exits)


@case
def the_vmm_does_not_come_back():
    with stuck("vmm") as path:
        text = wait_for(path, "vmm", "no-rsi")["vmm"]["text"]
        check("MMIO read at 0x9000000" in text, text)
        check(ask(path, "why")["result"]["vcpus"][0]["where"] == "vmm", text)


@case
def a_fault_without_progress():
    with stuck("fault") as path:
        text = wait_for(path, "fault", "no-rsi")["fault"]["text"]
        check("MEMORY_FAULT of 0x80100000-0x80101000 to be private" in text, text)


@case
def a_ripas_change_that_is_not_reflected():
    with stuck("ripas") as path:
        text = wait_for(path, "ripas")["ripas"]["text"]
        check("0x80100000-0x80101000 to be EMPTY" in text, text)


@case
def no_vcpu_is_run():
    with stuck("never") as path:
        check("KVM_RUN" in wait_for(path, "never-run")["never-run"]["text"], "text")


@case
def there_is_no_vcpu():
    with stuck("none") as path:
        found = wait_for(path, "no-vcpu")
        check("created no vCPU" in found["no-vcpu"]["text"], found)
        check(inspect(path, "why").stdout == "the VMM has created no vCPU\n", inspect(path, "why"))


@case
def the_vm_is_dead():
    with stuck("dead") as path:
        found = wait_for(path, "dead", "never-run")
        check("EIO" in found["dead"]["text"], found)


@case
def looking_beside_conversions():
    """Snapshots are whole, whatever goes on, and nothing waits for them."""
    with stuck("four") as path:
        before = ask(path, "vcpu", vm=1, arg=0)["result"]["exit_count"]
        for _ in range(20):
            granules = ask(path, "granules")["result"]
            check(sum(n for s, n in granules.items() if s != "all") == granules["all"], granules)
            check("result" in ask(path, "why"), "why")
            vgic = ask(path, "vgic", vm=1)["result"]
            check(vgic["enabled"] is False, vgic)
            check([i["intid"] for i in vgic["interrupts"] if i["vcpu"] == 0] == list(range(16)) and
                  not any(i["pending"] or i["active"] for i in vgic["interrupts"]), vgic)
            memory = ask(path, "realm", vm=1)["result"]["memory"]
            for one, next_ in zip(memory, memory[1:]):
                check(int(one["end"], 16) <= int(next_["ipa"], 16), one, next_)
        vcpu = ask(path, "vcpu", vm=1, arg=0)["result"]
        check(vcpu["exit_count"] > before, "it stands still")
        check(any("KVM_SET_MEMORY_ATTRIBUTES(0x80100000, 0x1000, 0x0) = 0" in (e["calls"] or "")
                  for e in vcpu["exits"]), vcpu["exits"])


@case
def a_signal_to_exec_says_why():
    (work() / "map").write_text("0000000080000000 T here\n")
    run = Run("exec", "--summary", work() / "summary", "--inspect", work() / "look", "--symbols",
              work() / "map", "--", VMM, "masked")
    run.until("stuck")
    wait_for(work() / "look", "masked", "no-rsi")
    os.kill(run.pid, signal.SIGTERM)
    run.wait()
    check(run.status == 128 + signal.SIGTERM, run.status)
    check("softrealm: vCPU 0 goes on at one place with interrupts masked: PC 0x80000000 "
          "(here+0x0)\n" in run.err, run.err)
    why = json.loads((work() / "summary").read_text())["why"]
    check({"no-rsi", "masked"} == {c["cause"] for c in why["causes"]}, why)
    Run("exec", "--symbols", work() / "none", "--", "true").expect(2)


@case
def each_of_two_on_a_shared_host_is_told_of_its_own():
    door = work() / "shared"
    host = Run("host", "--socket", door)
    host.until("ready", stream="err")
    first = Run("exec", "--host", door, "--", VMM, "wfi")
    first.until("stuck")
    second = Run("exec", "--host", door, "--", VMM, "never")
    second.until("stuck")
    wait_for(door, "wfi", "no-rsi")
    vms = ask(door, "vms")["result"]
    processes = [vm["process"] for vm in vms]
    check(len(set(processes)) == 2 and min(processes) > 1, vms)
    for run, text in ((first, "waits for an interrupt (WFI)"), (second, "vCPU 0 has never run")):
        os.kill(run.pid, signal.SIGTERM)
        run.wait()
        check(text in run.err and run.err.count("vCPU 0: ") == 1, run.story())
    # Who has another number here than it believes is told of nobody's.
    third = Run("exec", "--host", door, "--", VMM, "never")
    third.until("stuck")
    process = ask(door, "vms")["result"][-1]["process"]
    check(ask(door, "why", process=process, me=os.getpid())["result"]["vm"] == 3, "not seen")
    for wrong in ({"process": process, "me": 1}, {"process": process}, {"process": 0},
                  {"process": process, "me": 1, "visitor": 1},
                  {"process": os.getpid(), "me": os.getpid()}):
        check("not seen" in ask(door, "why", **wrong)["error"], wrong)
    for run in (third, host):
        os.kill(run.pid, signal.SIGTERM)
        run.wait()


@case
def wrong_questions_are_told():
    with stuck("never") as path:
        for call in ("why", "log", "vgic", "measurements"):
            for bad in (9, -1, "x", None):
                check("error" in ask(path, call, vm=bad), call, bad)
        check("result" in ask(path, "why"), "the newest")


main()
