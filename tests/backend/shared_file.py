#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""shared_file.py - two VMMs on one file: what either guest writes the other one reads"""
import os
import pathlib
import shlex
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from realm import BUILD, Run, case, check, main, work  # noqa: E402

VMM = str(BUILD / "tests/backend/file_vmm")


def make_file(name):
    path = work() / name
    with open(path, "wb") as f:
        f.truncate(2 << 20)
    return path


def numbers(path):
    data = path.read_bytes()
    return int.from_bytes(data[:8], "little"), int.from_bytes(data[8:16], "little")


@case
def two_processes_of_one_backend():
    path, fifo = make_file("one backend"), work() / "fifo"
    os.mkfifo(fifo)
    vmm, file, pipe = (shlex.quote(str(p)) for p in (VMM, path, fifo))
    run = Run("exec", "--", "sh", "-c", f"{vmm} {file} second >{pipe} & "
              f"exec 3<{pipe}; read line <&3; echo $line; {vmm} {file} first; cat <&3; wait")
    run.expect(0)
    check(run.out.split() == ["runs", "runs", "42", "41"], run.story())
    check(numbers(path) == (41, 42), numbers(path))


@case
def two_backends():
    path = make_file("two backends")
    second = Run("exec", "--", VMM, path, "second")
    second.until("runs")
    first = Run("exec", "--", VMM, path, "first").wait()
    second.wait()
    check(first.status == 0 and first.out.split() == ["runs", "42"], first.story())
    check(second.status == 0 and second.out.split() == ["runs", "41"], second.story())
    check("memslot" not in first.err + second.err, first.story(), second.story())


main()
