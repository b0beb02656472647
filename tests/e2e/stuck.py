#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""stuck.py - realms that do not get on: softrealm run says why"""
import json
import os
import signal
import struct
import subprocess
import time

from realm import BOOT_TIMEOUT, SOFTREALM, Run, case, check, images, main, work


def image(*code):
    """An arm64 Image whose first instruction jumps over the header."""
    data = struct.pack("<II", 0x14000010, 0) + struct.pack("<QQQ", 0, 0x200000, 0xa) + bytes(24)
    path = work() / "Image"
    path.write_bytes(data + b"ARM\x64" + bytes(4) + struct.pack(f"<{len(code)}I", *code))
    return path


@case
def a_kernel_without_realm_support_is_told_of():
    summary = work() / "summary"
    run = Run("run", "--kernel", image(0x14000000), "-m", "64M", "--summary", summary)
    run.until("needs Linux 6.13 or newer", stream="err")
    check(run.process.poll() is None, "it has ended", run.story())
    os.kill(run.pid, signal.SIGTERM)
    run.wait()
    check("softrealm: vCPU 0 goes on at one place with interrupts masked: PC 0x" in run.err,
          run.story())
    why = json.loads(summary.read_text())["why"]
    check({"no-rsi", "masked"} == {c["cause"] for c in why["causes"]}, why)
    check(not run.left(), run.left())


@case
def a_run_on_a_shared_host_is_told_of_its_own_realm():
    host = Run("host", "--socket", work() / "door")
    host.until("ready", stream="err")
    args = ("run", "--host", work() / "door", "-m", "64M")
    waits = image(0xd503207f, 0x17ffffff).rename(work() / "Waits")  # wfi; back to it
    other = Run(*args, "--kernel", waits, "-t", 60)
    run = Run(*args, "--kernel", image(0x14000000), "-t", 4).wait()
    check(run.status == 124, run.story())
    check("vCPU 0 goes on at one place with interrupts masked" in run.err, run.story())
    check("WFI" not in run.err, run.story())
    os.kill(other.pid, signal.SIGTERM)
    other.wait()
    check("waits for an interrupt (WFI)" in other.err, other.story())
    check("masked" not in other.err, other.story())
    os.kill(host.pid, signal.SIGTERM)
    host.wait()


@case
def a_kernel_without_a_console_has_its_log_shown():
    path = work() / "look"
    run = Run("run", *images()[:2], "--append", "initcall_blacklist=virtio_pci_driver_init",
              "--inspect", path)
    end = time.monotonic() + BOOT_TIMEOUT
    while True:
        log = subprocess.run([SOFTREALM, "inspect", "--host", path, "log"], text=True,
                             capture_output=True, timeout=BOOT_TIMEOUT).stdout
        if "end Kernel panic" in log:
            break
        check(run.process.poll() is None and time.monotonic() < end, log, run.story())
        time.sleep(0.5)
    check(log.startswith("[    0.000000] Booting Linux"), log)
    os.kill(run.pid, signal.SIGTERM)
    run.wait()
    check(run.out == "" and "the kernel's log, read from its memory, ends with" in run.err,
          run.story())
    check("end Kernel panic" in run.err, run.story())


@case
def a_panic_ends_the_run():
    run = Run("run", *images()[:2], "--summary", work() / "summary")
    run.wait()
    check(run.status == 7 and "the realm's kernel panicked" in run.err, run.story())
    check("end Kernel panic" in run.out, run.story())
    lines = run.out.splitlines()
    check(lines[0].startswith("[    0.000000] Booting Linux"), "the log's beginning", run.story())
    check(len(lines) > 150 and len(set(lines)) > len(lines) - 10, "lines twice", run.story())


main()
