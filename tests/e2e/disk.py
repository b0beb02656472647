#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""disk.py - a realm reads and writes a block device whose bytes the host sees"""
import hashlib
import random
import shutil
import subprocess

from realm import BOOT_TIMEOUT, Skip, case, check, main, realm, vhost_user, work

SIZE = 8 << 20
PATTERN = 65536
SECTOR = 512


def make_disk(name):
    path = work() / name
    path.write_bytes(random.Random(name).randbytes(SIZE))
    return path, path.read_bytes()


def pattern(first):
    sectors = (f"softrealm sector {first + i}\n".encode() for i in range(PATTERN // SECTOR))
    return b"".join(s.ljust(SECTOR, b"\0") for s in sectors)


@case
def a_disk_is_read_and_written():
    path, before = make_disk("rw")
    realm("--disk", path, append="softrealm.mode=disk").expect(
        0, hashlib.sha256(before).hexdigest(), "disk written and read back")
    after = path.read_bytes()
    check(after[:-PATTERN] == before[:-PATTERN], "bytes changed that the realm did not write")
    check(after[-PATTERN:] == pattern((SIZE - PATTERN) // SECTOR), "what was written is not there")


@case
def a_read_only_disk_stays_as_it_is():
    path, before = make_disk("ro")
    realm("--disk", f"{path},ro", append="softrealm.mode=disk").expect(
        0, hashlib.sha256(before).hexdigest(), "disk is read-only")
    check(path.read_bytes() == before, "a read-only disk changed")


@case
def two_disks_are_two_devices():
    (one, _), (two, two_before) = make_disk("one"), make_disk("two")
    realm("--disk", one, "--disk", two, "-c", 2, append="softrealm.mode=disk").expect(
        0, "disk         vda", "disk         vdb", "disk written and read back")
    check(two.read_bytes() == two_before, "the second disk changed")


def qemu_img(*args):
    if not shutil.which("qemu-img"):
        raise Skip("qemu-utils is not installed")
    return subprocess.run(["qemu-img", *map(str, args)], capture_output=True, text=True, check=True)


@case
def a_qcow2_image_is_read_and_written():
    raw, before = make_disk("raw")
    image, back = work() / "my, disk.qcow2", work() / "back"
    qemu_img("convert", "-f", "raw", "-O", "qcow2", raw, image)
    realm("--disk", image, append="softrealm.mode=disk").expect(
        0, hashlib.sha256(before).hexdigest(), "disk written and read back")
    check("No errors" in qemu_img("check", image).stdout, "qemu-img check")
    qemu_img("convert", "-f", "qcow2", "-O", "raw", image, back)
    after = back.read_bytes()
    check(after[:-PATTERN] == before[:-PATTERN], "bytes changed that the realm did not write")
    check(after[-PATTERN:] == pattern((SIZE - PATTERN) // SECTOR), "what was written is not there")
    image.rename(work() / "other")
    realm("--disk", f"{work()}/other,qcow2,ro", append="softrealm.mode=disk").expect(
        0, hashlib.sha256(after).hexdigest(), "disk is read-only")


@case
def a_qcow2_image_that_cannot_be_used_is_told():
    raw, _ = make_disk("no.qcow2")
    for disk, text in ((raw, "not in qcow2 format"), (work() / "none.qcow2", "No such file")):
        run = realm("--disk", disk).wait(60)
        check(run.status == 3 and text in run.err, run.story())
    image = work() / "plain"
    qemu_img("create", "-f", "qcow2", image, "1M")
    run = realm("--disk", image).wait(60)
    check(run.status == 3 and ",qcow2" in run.err, run.story())


@case
def a_disk_that_another_process_serves():
    (path, before), socket = make_disk("served"), work() / "disk socket"
    with vhost_user("qemu-storage-daemon", "--blockdev", f"file,node-name=f,filename={path}",
                    "--export", f"vhost-user-blk,id=e,node-name=f,addr.type=unix,"
                    f"addr.path={socket},writable=on", path=socket):
        run = realm("--disk", f"unix:{socket}", "-c", 2, append="softrealm.mode=disk").wait()
    run.expect(0, hashlib.sha256(before).hexdigest(), "disk written and read back")
    check("memslot" not in run.err, run.story())
    data = path.read_bytes()
    check(data[-PATTERN:] == pattern((SIZE - PATTERN) // SECTOR) and
          data[:-PATTERN] == before[:-PATTERN], "other bytes than those written")
    run = realm("--disk", f"unix:{socket}").wait(BOOT_TIMEOUT)
    check(run.status == 3 and f"unix:{socket}: " in run.err, run.story())


main()
