#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""carried.py - one client, built in several ways, sees the same by hooks and by the loader

usage: carried.py FAKE_BACKEND PRELOAD NATIVE [LOADER A64-PRELOAD A64-DYNAMIC A64-STATIC]
"""
import os
import subprocess
import sys

backend, preload, native, *a64 = sys.argv[1:]
NAME = f"softrealm-test-carried-{os.getpid()}"
SYSROOT = "/usr/aarch64-linux-gnu"
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
        story = client.stdout + client.stderr
        ok = client.returncode == 0
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


cases = [("preloaded", [native], {"LD_PRELOAD": preload})]
if a64:
    loader, library, dynamic, static = a64
    carried = {"SOFTREALM_CARRIED": "1"}
    cases += [("an arm64 program, preloaded under an emulator",
               ["qemu-aarch64", "-L", SYSROOT, "-E", f"LD_PRELOAD={library}", dynamic], carried),
              ("a static arm64 program, by the loader under an emulator",
               ["qemu-aarch64", loader, static], carried)]
print(f"1..{len(cases)}")
for number, (what, argv, env) in enumerate(cases, 1):
    run(number, what, argv, env)
sys.exit(failed > 0)
