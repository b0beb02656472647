#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""share.py - a realm works in folders of the host's, and in nothing else"""
import contextlib
import hashlib
import os
import random
import subprocess
import time

from realm import (BOOT_TIMEOUT, SOURCE, Run, Skip, case, check, dies_with_us, kernel_dir, main,
                   work)


def busybox():
    subprocess.run([SOURCE / "demo" / "fetch-kernel", "--busybox"], capture_output=True,
                   check=False)
    path = kernel_dir().parent / "busybox"
    if not path.exists():
        raise Skip("no busybox for the realm")
    return path


def realm(*args, command, status=0):
    box = busybox()
    return Run("run", "-k", kernel_dir() / "vmlinuz", "--busybox", box, "-q", *args, "-x",
               command).expect(status)


@case
def files_go_in_and_come_out():
    folder = work() / "a folder"
    (folder / "sub").mkdir(parents=True)
    data = random.Random(2).randbytes(3000000)
    (folder / "in").write_bytes(data)
    (work() / "secret").write_text("nobody's business")
    (folder / "link").symlink_to("../secret")
    for i in range(300):
        (folder / "sub" / f"file {i}").write_text(str(i))
    run = realm("--share", folder, command="""
        cd /share && sha256sum in && cp in out && mv out sub/moved && mkdir -p x/y &&
        echo text >x/y/z && chmod 755 x/y/z && ls sub | wc -l && cat sub/* | wc -c && rm in &&
        cat link; cat /share/../secret; rmdir x; truncate -s 5 x/y/z; stat -c %u%s x/y/z""",
                status=0)
    told = run.out.split()
    check(told[0] == hashlib.sha256(data).hexdigest(), run.story())
    check((folder / "sub" / "moved").read_bytes() == data, "another file came out")
    check(told[2] == "301" and told[4] == "05", run.story())
    check((folder / "x/y/z").read_text() == "text\n" and not (folder / "in").exists(), "changes")
    check(os.access(folder / "x/y/z", os.X_OK), "mode")
    check("nobody's business" not in run.out and run.err.count("No such file") == 2, run.story())


@case
def a_read_only_folder_stays_as_it_is():
    folder, other = work() / "ro", work() / "rw"
    folder.mkdir()
    other.mkdir()
    (folder / "file").write_text("as it is")
    run = realm("--share", f"{folder}=docs,ro", "--share", f"{other}=out", command="""
        cat /docs/file; echo x >/docs/file; rm /docs/file; touch /docs/new; cp /docs/file /out""")
    check(run.out == "as it is", run.story())
    check(run.err.count("Read-only file system") == 3, run.story())
    check([p.name for p in folder.iterdir()] == ["file"], "changed")
    check((other / "file").read_text() == "as it is", "not copied")


@contextlib.contextmanager
def virtiofsd(folder, path):
    program = next((p for p in ("/usr/lib/qemu/virtiofsd", "/usr/libexec/virtiofsd")
                    if os.access(p, os.X_OK)), None)
    if not program or os.geteuid():
        raise Skip("virtiofsd is for root" if program else "no virtiofsd")
    shape = (["-o", f"source={folder},sandbox=chroot"] if "/lib/" in program
             else ["--shared-dir", folder, "--sandbox", "chroot"])
    with open(work() / "virtiofsd.log", "wb") as log:
        server = subprocess.Popen(dies_with_us(program, f"--socket-path={path}", *shape),
                                  stdout=log, stderr=log)
    try:
        end = time.monotonic() + 60
        while not path.exists():
            check(server.poll() is None and time.monotonic() < end, "virtiofsd does not start")
            time.sleep(0.05)
        yield server
    finally:
        server.kill()
        server.wait()


@case
def a_folder_that_another_process_serves():
    folder, path = work() / "served", work() / "virtiofsd socket"
    folder.mkdir()
    data = random.Random(4).randbytes(3000000)
    (folder / "in").write_bytes(data)
    with virtiofsd(folder, path):
        run = realm("--share", f"unix:{path}=out", "-c", 2,
                    command="cd /out && sha256sum in && cp in out && cat in | sha256sum && ls")
    check(run.out.count(hashlib.sha256(data).hexdigest()) == 2, run.story())
    check((folder / "out").read_bytes() == data, "another file came out")
    check("memslot" not in run.err, run.story())


@case
def a_server_that_ends_is_told_of():
    folder, path = work() / "ended", work() / "ended socket"
    folder.mkdir()
    with virtiofsd(folder, path) as server:
        run = Run("run", "-k", kernel_dir() / "vmlinuz", "--busybox", busybox(), "--share",
                  f"unix:{path}", "-x", "echo ready; sleep 600")
        run.until("ready", 2 * BOOT_TIMEOUT)
        server.kill()
        run.until("it has ended: the realm's device does not work any more", stream="err")
        run.kill()
    run = Run("run", "-k", kernel_dir() / "vmlinuz", "--share", f"unix:{path}").wait(60)
    check(run.status == 3 and f"unix:{path}: Connection refused" in run.err, run.story())


@case
def a_folder_that_is_none_starts_nothing():
    run = Run("run", "-k", kernel_dir() / "vmlinuz", "--share", work() / "none").wait(60)
    check(run.status == 3 and "none: No such file" in run.err, run.story())


main()
