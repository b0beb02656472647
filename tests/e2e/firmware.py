#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""firmware.py - a firmware starts in a realm, finds its disk, and starts Linux from there"""
import struct
import subprocess

from realm import BUILD, SOFTREALM, Run, case, check, kernel_dir, main, work

FIRMWARE = BUILD / "guest/firmware/firmware.bin"
SECTOR, MIB = 512, 1 << 20


def disk(name, *parts):
    """An MBR, and what stands in each of its partitions."""
    table, body, at = b"", b"", 2048
    for part in parts:
        sectors = -(-len(part) // SECTOR)
        table += struct.pack("<B3sB3sII", 0, b"", 0xda, b"", at, sectors)
        body += part.ljust(sectors * SECTOR, b"\0")
        at += sectors
    mbr = bytes(446) + table.ljust(64, b"\0") + b"\x55\xaa"
    path = work() / name
    path.write_bytes(mbr.ljust(2048 * SECTOR, b"\0") + body)
    return path


def boot(image, *args, memory="512M"):
    return Run("run", "--firmware", FIRMWARE, "--disk", image, "-m", memory, "-t", 110, *args)


@case
def linux_starts_from_the_disk():
    kernel = kernel_dir()
    subprocess.run([SOFTREALM, "initrd", "-o", work() / "initrd", "--modules", kernel], check=True)
    image = disk("disk", (kernel / "vmlinuz").read_bytes(), (work() / "initrd").read_bytes())
    run = boot(f"{image},ro").expect(
        0, "firmware: begin", "firmware: memory 0x40000000 to 0x60000000",
        f"firmware: disk in slot 2, {image.stat().st_size // SECTOR} sectors", "firmware: start",
        "Linux version", "softrealm-init: up", "softrealm-init: powering off")
    rim = [l for l in run.out.splitlines() if "RIM" in l or "initial" in l]
    predicted = subprocess.run([SOFTREALM, "measure", "--firmware", FIRMWARE, "--disk", image],
                               capture_output=True, text=True, check=True).stdout.strip()
    check(predicted in run.err, "another RIM than", predicted, rim, run.err)


@case
def the_payload_starts_from_the_disk():
    image = disk("disk", (BUILD / "guest/payload/payload.bin").read_bytes())
    boot(image, memory="256M").expect(0, "firmware: start", "payload: convert 8", "payload: done")


@case
def what_is_wrong_with_a_disk_is_told():
    for what, image in (("the disk has no MBR", work() / "zero"),
                        ("the first partition holds no arm64 Image", disk("no", b"x" * 4096))):
        (work() / "zero").write_bytes(bytes(4096))
        boot(image, memory="256M").expect(6, f"firmware: FAIL {what}")


@case
def what_does_not_go_together_is_refused():
    run = Run("run", "--firmware", FIRMWARE, "-k", "Image").wait(60)
    check(run.status == 2 and "--firmware starts what is on a disk" in run.err, run.story())
    run = Run("run", "--firmware", FIRMWARE, "-m", "2M").wait(60)
    check(run.status == 3 and "too little memory: firmware" in run.err, run.story())


main()
