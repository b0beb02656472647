#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""command.py - commands that run in the realm (--exec), and the initrd that carries them"""
import json
import shutil
import socket
import subprocess
import threading
import time

from realm import BUILD, Run, Skip, case, check, compiled, kernel_dir, main, work

USAGE, EXEC_LOST = 2, 13
PROGRAM = r"""
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char line[64] = "no file";
	FILE *f = fopen("/data/file", "r");
	for (int i = 0; i < argc; i++)
		printf("%s|", argv[i]);
	if (f)
		fgets(line, sizeof(line), f);
	printf("%s\n", line);
	fprintf(stderr, "to standard error\n");
	for (int i = 0; argc > 1 && !strcmp(argv[1], "much") && i < 20000; i++)
		printf("line %d\n", i);
	fflush(stdout);
	if (argc > 1 && !strcmp(argv[1], "die"))
		raise(9);
	return argc > 1 && !strcmp(argv[1], "fail") ? 23 : 0;
}
"""


TALKER = r"""
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(void)
{
	char line[64];
	FILE *f = fopen("/dev/hvc1", "r+");
	if (!f || !fgets(line, sizeof(line), f))
		return 1;
	printf("heard: %s", line);
	fflush(stdout);
	fputs("to hvc1\n", f);
	return fclose(f) != 0;
}
"""


def program():
    """It tells its arguments and a file, writes to standard error, has a status."""
    return compiled("program", PROGRAM)


def talker():
    """It reads a line from hvc1 and answers there."""
    return compiled("talker", TALKER)


def executes(command, *args, status=0):
    return Run("run", "--kernel", kernel_dir() / "vmlinuz", *args, "--exec", command).expect(status)


@case
def a_command_has_its_output_its_error_and_its_status():
    data = work() / "data"
    data.write_text("what the file says")
    summary = work() / "summary.json"
    run = executes("/bin/program fail 'a b'", "--add", f"{program()}=/bin/program", "--add",
                   f"{data}=/data/file", "--summary", summary, status=23)
    check(run.out == "/bin/program|fail|'a|b'|what the file says\n", run.story())
    check("to standard error\n" in run.err, run.story())
    told = json.loads(summary.read_text())
    check(told["exec"] == 23 and told["status"] == 23, told)


@case
def words_behind_two_dashes_are_the_command():
    run = Run("run", "-k", kernel_dir() / "vmlinuz", "-q", "--add", f"{program()}=/bin/p", "--",
              "p", "--quiet", "x").expect(0)
    check(run.out == "p|--quiet|x|no file\n", run.story())


@case
def a_shell_gets_the_command_as_one_line():
    run = executes("exit 0; it's a line", "-q", "--busybox", program())
    check(run.out == "sh|-c|exit 0; it's a line|no file\n", run.story())


@case
def long_output_is_whole_and_a_signal_is_128_and_its_number():
    run = executes("/p much", "-q", "--add", f"{program()}=p")
    check(run.out.count("\n") == 20001 and run.out.endswith("line 19999\n"), run.story())
    executes("/p die", "-q", "--add", f"{program()}=p", status=128 + 9)


@case
def a_command_that_is_not_there_is_127():
    run = executes("/nonsense", "-q", status=127)
    check("/nonsense: No such file or directory" in run.err, run.story())


@case
def further_consoles_end_at_sockets():
    """hvc1's peer talks to the realm; what the kernel prints goes to the first console's file."""
    path, log = work() / "hvc1", work() / "boot.log"
    said = []

    def talk():
        with socket.socket(socket.AF_UNIX) as peer:
            while peer.connect_ex(str(path)):
                time.sleep(0.1)
            peer.sendall(b"from the peer\n")
            while data := peer.recv(100):
                said.append(data)

    peer = threading.Thread(target=talk, daemon=True)
    peer.start()
    run = executes("/p", "-q", "--add", f"{talker()}=p", "--console", log, "--console",
                   f"unix:{path}")
    peer.join(10)
    check(run.out == "heard: from the peer\n", run.story())
    check(b"to hvc1" in b"".join(said), said)
    check("softrealm-init: up" in log.read_text() and not path.exists(), run.story())


@case
def a_realm_that_ends_before_the_command_is_told_with_its_last_words():
    run = Run("run", "--kernel", BUILD / "guest/payload/payload.bin", "--exec", "true").wait(60)
    check(run.status == EXEC_LOST, run.story())
    check("ended before the command did" in run.err and "payload: done" in run.err, run.story())
    check(run.out == "", run.story())


@case
def wrong_uses_start_nothing():
    kernel = ["run", "--kernel", BUILD / "guest/payload/payload.bin"]
    for args, says in ((["word"], '"word": not an option'),
                       (["--exec", "a", "--", "b"], '"b": not an option'),
                       (["--initrd", "x", "--add", "y"], "--initrd is given"),
                       (["--exec", "a", "--add", "/nonexistent"], "/nonexistent: No such file"),
                       (["--exec", "a", "--modules", "/nonexistent"], "modules.list: No such"),
                       (["--exec", "x" * 5000], "longer than")):
        run = Run(*kernel, *args).wait(30)
        check(run.status == USAGE and says in run.err, args, run.story())


def members(path):
    if not shutil.which("cpio"):
        raise Skip("cpio is not installed")
    with open(path, "rb") as archive:
        return subprocess.run(["cpio", "-itv", "--quiet"], stdin=archive, check=True,
                              stdout=subprocess.PIPE, text=True).stdout


@case
def an_initrd_is_an_archive_that_others_read_and_is_the_same_twice():
    files = [work() / "one.img", work() / "two.img"]
    for path in files:
        Run("initrd", "-o", path, "--add", f"{program()}=/deep/er/p", "--busybox",
            program()).expect(0)
    check(files[0].read_bytes() == files[1].read_bytes(), "two archives")
    text = members(files[0])
    for name in ("init", "deep/er", "deep/er/p", "bin/sh -> busybox"):
        check(f" {name}\n" in text, name, "is not in", text)


@case
def a_failed_initrd_leaves_nothing():
    path = work() / "failed.img"
    path.write_text("old")
    for wrong in ("/nonexistent", "/etc", f"{program()}=../x"):
        run = Run("initrd", "-o", path, "--add", wrong).wait(30)
        check(run.status == USAGE and run.err, run.story())
    check(path.read_text() == "old", "the old one is gone")
    check(not list(work().glob("failed.img.*")), "left behind")
    Run("initrd").wait(10)
    run = Run("initrd", "-o", "/nonexistent/x").wait(10)
    check(run.status == USAGE and "/nonexistent/x: No such" in run.err, run.story())


main()
