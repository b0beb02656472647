#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""carried.py - one client, built in several ways, sees the same by hooks and by the loader

usage: carried.py FAKE_BACKEND PRELOAD NATIVE [LOADER A64-PRELOAD A64-DYNAMIC A64-STATIC]
       carried.py FAKE_BACKEND LOADER SOURCE.go
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

NAME = f"softrealm-test-carried-{os.getpid()}"
SYSROOT = "/usr/aarch64-linux-gnu"
# What the emulator says of each system call; and how many of them may be looks at the memory map,
# each of which it makes up anew. The C client has 1234 slots.
SYSCALL = re.compile(r"\d+ |--- SIG| = ")
MAPS = '"/proc/self/maps"'
MOST_LOOKS = 100
failed = 0


def run(number, what, argv, env):
    """One client with a backend of its own, which must have nothing left."""
    global failed
    name = f"{NAME}-{number}"
    host = subprocess.Popen([backend, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            text=True)
    try:
        host.stdout.readline()
        client = subprocess.run(argv, env={**os.environ, "SOFTREALM_SOCKET": name, **env},
                                capture_output=True, text=True, timeout=60)
        lines = client.stderr.splitlines(keepends=True)
        looks = sum(MAPS in line for line in lines)
        story = client.stdout + "".join(line for line in lines if not SYSCALL.match(line))
        ok = client.returncode == 0 and looks <= MOST_LOOKS
        story += f"{looks} looks at the map\n"
    except subprocess.TimeoutExpired:
        story, ok = "it hangs", False
    host.stdin.close()
    left = host.stdout.read()
    host.wait()
    ok = ok and not left and host.returncode == 0
    failed += not ok
    print(f"{'ok' if ok else 'not ok'} {number} - {what}")
    for line in (story + left).splitlines() if not ok else ():
        print("#", line)


CARRIED = {"SOFTREALM_CARRIED": "1", "QEMU_STRACE": "1"}


def c_programs(preload, native, loader=None, library=None, dynamic=None, static=None):
    yield "preloaded", [native], {"LD_PRELOAD": preload}
    if loader:
        yield ("an arm64 program, preloaded under an emulator",
               ["qemu-aarch64", "-L", SYSROOT, "-E", f"LD_PRELOAD={library}", dynamic], CARRIED)
        yield ("a static arm64 program, by the loader under an emulator",
               ["qemu-aarch64", loader, static], CARRIED)


def go_program(loader, source, folder):
    env = {**os.environ, "GOARCH": "arm64", "CGO_ENABLED": "0", "GOCACHE": f"{folder}/cache",
           "GOFLAGS": "-buildvcs=false"}
    subprocess.run(["go", "build", "-o", f"{folder}/client", source], env=env, check=True)
    yield ("a static Go program, by the loader under an emulator",
           ["qemu-aarch64", loader, f"{folder}/client"], CARRIED)


backend, *rest = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    if not rest[-1].endswith(".go"):
        cases = list(c_programs(*rest))
    elif shutil.which("go"):
        cases = list(go_program(*rest, folder))
    else:
        print("1..0 # SKIP go is not installed")
        sys.exit(0)
    print(f"1..{len(cases)}")
    for number, (what, argv, env) in enumerate(cases, 1):
        run(number, what, argv, env)
sys.exit(failed > 0)
