#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""unprivileged.py - an installed softrealm runs a realm for a user with no rights at all"""
import contextlib
import ctypes
import os
import shutil
import subprocess

from realm import BUILD, UP, Skip, case, check, images, main, realm, work

NOBODY = 65534
IN_OPEN = 0x20  # inotify(7)
INOTIFY_EVENT = 16


def install():
    """Installs to a folder that anybody may read: the command, and where its parts are.

    A command finds its parts under its prefix; DESTDIR is not part of that, so they are named.
    """
    root = work() / "root"
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", root],
                   check=True, stdout=subprocess.DEVNULL)
    def only(pattern):
        found = list(root.rglob(pattern))
        check(len(found) == 1, "installed as", pattern, found)
        return str(found[0])

    return only("bin/softrealm"), {
        "SOFTREALM_VMM": only("softrealm-vmm"),
        "SOFTREALM_PRELOAD_DIR": os.path.dirname(only("libsoftrealm-preload.so"))}


@case
def an_unprivileged_user_boots_a_realm():
    prefix = []
    if os.getuid() == 0:
        prefix = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups",
                  "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
    command, parts = install()
    options = images()
    # The cache is its owner's: a copy for everybody.
    for i in (1, 3):
        options[i] = shutil.copy(options[i], work() / f"image{i}")
        os.chmod(options[i], 0o644)
    run = realm("--kernel", options[1], "--initrd", options[3], "-c", 2, prefix=prefix,
                command=command, env=parts)
    run.expect(0, UP, "realm        yes")


@contextlib.contextmanager
def opens_of(path):
    """A function that tells how often the file has been opened, by anybody, until now."""
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    check(libc.inotify_add_watch(watch, path.encode(), IN_OPEN) >= 0,
          os.strerror(ctypes.get_errno()))
    seen = 0

    def count():
        nonlocal seen
        try:
            seen += len(os.read(watch, 4096)) // INOTIFY_EVENT
        except BlockingIOError:
            pass
        return seen

    yield count
    os.close(watch)


@case
def the_machines_own_kvm_is_not_opened():
    if not os.path.exists("/dev/kvm"):
        raise Skip("this machine has no /dev/kvm: every other test shows it")
    if os.uname().machine == "aarch64":
        raise Skip("on arm64 a real realm may be asked for")
    if not os.access("/dev/kvm", os.R_OK):
        raise Skip("this user cannot open /dev/kvm: every other test shows it")
    probe = work() / "probe"
    probe.touch()
    with opens_of(str(probe)) as opens:
        probe.read_bytes()
        check(opens() == 1, "the watch sees nothing")
    with opens_of("/dev/kvm") as opens:
        realm("--until", UP).expect(0)
        check(opens() == 0, "/dev/kvm of this machine was opened")


main()
