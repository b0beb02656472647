#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""ordinary.py - an ordinary VM under a VMM that others wrote: Debian's own arm64 QEMU with KVM

Its packages are unpacked into a root of this test's own (mmdebstrap, a minute of downloads), or
taken from the root that SOFTREALM_ARM64_ROOT names. `softrealm exec` carries the program.
"""
import os
import pathlib
import shutil
import subprocess
import time

from realm import BOOT_TIMEOUT, Run, Skip, UP, case, check, images, main, work

SUITE = "bookworm"


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


def qemu(*more, append="", initrd=True):
    """The default machine with KVM, its console on standard output."""
    _, kernel, _, ramdisk = images()
    top = root()
    return Run("exec", "--sysroot", top, "--", top / "usr/bin/qemu-system-aarch64",
               "-L", top / "usr/share/qemu", "-M", "virt", "-accel", "kvm", "-cpu", "host",
               "-m", 512, "-display", "none", "-nodefaults", "-serial", "stdio", "-kernel", kernel,
               *(("-initrd", ramdisk) if initrd else ()), *more,
               "-append", f"console=ttyAMA0 {append}")


@case
def debians_qemu_boots_debians_kernel_on_four_cpus():
    run = qemu("-smp", 4)
    run.wait(4 * BOOT_TIMEOUT)
    check(run.status == 0, "status", run.status, run.err[-400:])
    for text in (UP, "no, an ordinary guest", "4 of 4 online", "Power down"):
        check(text in run.out, text, "not in the console's", run.out[-400:])
    check(not run.left(), "left behind:", run.left())


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


main()
