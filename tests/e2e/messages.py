#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""messages.py - what goes wrong in everyday use is told, early and by its name"""
import json
import os
import shutil
import subprocess

from realm import (SOFTREALM, UP, Run, Skip, case, check, descendants, images, kernel_dir, main,
                   realm, work)

HOST, USAGE, INPUT, CRASHED, ENGINE_LOST = 1, 2, 3, 7, 8


def fails(status, says, *args, **how):
    run = realm(*args, **how).wait(60)
    check(run.status == status, f"status {run.status}, not {status}", run.story())
    for text in [says] if isinstance(says, str) else says:
        check(text in run.err, "does not say", repr(text), run.story())
    check(not run.left(), "left behind")
    return run


@case
def a_fault_on_an_unknown_name_is_refused():
    for spec, name in (("ioctl=KVM_NONSENSE", "KVM_NONSENSE"), ("rmi=NONSENSE:nth=2", "NONSENSE"),
                       ("rmi=RMI_NONSENSE", "RMI_NONSENSE")):
        fails(USAGE, f'"{name}"', "--fault", spec)
    for spec in ("ioctl=KVM_RUN:nth=1:errno=EINTR", "rmi=RMI_DATA_CREATE:nth=99999",
                 "rmi=DATA_CREATE:nth=99999", "populate:nth=9999:partial=1"):
        run = Run("exec", "--fault", spec, "--", "true").wait(30)
        check(run.status == 0, spec, run.story())


@case
def the_summary_tells_until_from_powered_off():
    path = work() / "until.json"
    realm("--until", UP, "--until", "never", "--summary", path,
          append="softrealm.hold=60").expect(0)
    summary = json.loads(path.read_text())
    check(summary["how"] == "until" and summary["until"] == UP, summary["how"])
    realm("--summary", path).expect(0)
    check(json.loads(path.read_text())["how"] == "powered-off", "powered-off")


@case
def each_until_counts():
    realm("--until", UP, "--until", "no such text", append="softrealm.hold=60").expect(0, UP)


@case
def seconds_in_the_summary_have_few_digits():
    path = work() / "digits.json"
    realm("--summary", path, "--until", UP).expect(0)
    long = [word for word in path.read_text().replace(",", " ").split()
            if "." in word and word.replace(".", "").isdigit() and len(word) > 12]
    check(not long, long)


@case
def a_run_that_never_was_has_no_empty_summary():
    run = Run("run", "--kernel", "/nonexistent").wait(30)
    check(run.status == INPUT and "No such file or directory" in run.err, run.story())
    check("exits:" not in run.err and "RIM" not in run.err, run.story())


@case
def a_kernel_that_is_cut_short_is_told_before_it_runs():
    short = work() / "short"
    short.write_bytes((kernel_dir() / "vmlinuz").read_bytes()[:20000000])
    fails(INPUT, "cut short", "--kernel", short)


@case
def a_compressed_kernel_is_named():
    """One that cannot be unpacked; of others it is told what is inside."""
    for tool, text in (("xz", "not an arm64 Linux Image"), ("lzma", "lzma-compressed")):
        if shutil.which(tool):
            path = work() / f"Image.{tool}"
            path.write_bytes(subprocess.run([tool, "-c"], input=b"x" * 100000,
                                            stdout=subprocess.PIPE, check=True).stdout)
            fails(INPUT, text, "--kernel", path)


@case
def a_realm_larger_than_the_machine_names_the_option():
    fails(INPUT, ["--memory", "--ram"], "--memory", "40G")


@case
def a_console_that_cannot_be_written_is_a_failure():
    with open("/dev/full", "wb") as full:
        for args in ([], ["--until", "Run /init"]):
            command = Run("-c", '"$0" "$@" >/dev/full', SOFTREALM, "run", *images(), *args,
                          command="sh").wait(60)
            check(command.status == HOST, command.status, command.story())
            check("cannot write the console: No space left on device" in command.err,
                  command.story())
        for words in (["info"], ["explain", "--list"], ["--help"], ["run", "--help"]):
            run = subprocess.run([SOFTREALM, *words], stdout=full, stderr=subprocess.PIPE,
                                 text=True, check=False)
            check(run.returncode and "No space left" in run.stderr, words, run)


@case
def a_wrong_engine_is_named():
    fails(CRASHED, 'SOFTREALM_QEMU: "/nonexistent/qemu" cannot be executed',
          env={"SOFTREALM_QEMU": "/nonexistent/qemu"})


@case
def an_engine_that_the_kernel_kills_is_told():
    run = realm(append="softrealm.hold=60").until(UP)
    for pid, name in descendants(run.pid).items():
        if name.startswith("qemu-system"):
            os.kill(pid, 9)
    run.wait(30)
    check(run.status == ENGINE_LOST and "was memory short?" in run.err, run.story())


@case
def the_summary_can_go_to_standard_output():
    run = Run("exec", "--summary", "-", "--", "true").expect(0)
    check(json.loads(run.out)["status"] == 0, run.story())


@case
def a_summary_that_cannot_be_written_is_told_first():
    run = Run("exec", "--summary", "/nonexistent/s", "--", "echo", "ran").wait(30)
    check(run.status == HOST and "--summary /nonexistent/s: No such file" in run.err, run.story())
    check("ran" not in run.out, "ran nevertheless")


@case
def a_machine_without_proc_is_told():
    if os.getuid():
        raise Skip("only root can take /proc away")
    run = Run("-m", "sh", "-c", 'mount -t tmpfs none /proc && exec "$0" "$@"', SOFTREALM,
              "run", "--kernel", "x", command="unshare").wait(30)
    check(run.status and "/proc" in run.err, run.story())


@case
def a_disk_is_not_written_by_two():
    disk = work() / "disk.img"
    disk.write_bytes(bytes(1 << 20))
    first = realm("--disk", disk, append="softrealm.hold=60").until(UP)
    for option in (disk, f"{disk},ro"):
        second = realm("--disk", option).wait(60)
        check(second.status == INPUT and "somebody else uses it" in second.err, second.story())
    first.kill()
    readers = [realm("--disk", f"{disk},ro", append="softrealm.hold=60") for _ in range(2)]
    for reader in readers:
        reader.until(UP)
    for reader in readers:
        reader.kill()


@case
def our_last_line_begins_a_line():
    """The console and our messages in one file, as on a terminal."""
    run = Run("-c", '"$0" "$@" 2>&1', SOFTREALM, "run", *images(), "--until",
              "softrealm-init: u", "--append", "loglevel=4", command="sh").wait(60)
    check(run.status == 0, run.story())
    line = [l for l in run.out.splitlines() if "the console printed" in l]
    check(line and line[0].startswith("softrealm: "), run.story())


main()
