#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""harness.py - the harness itself sees what outlives a command: else the others prove nothing"""
from realm import Run, case, check, main


def shell(script):
    return Run("-c", script, command="sh")


@case
def a_clean_command_leaves_nothing():
    shell("echo hello").expect(0, "hello")


@case
def a_process_that_outlives_its_command_is_seen():
    run = shell("sleep 1000 & exit 0").wait()
    check(any("sleep 1000" in what for what in run.left()), "not seen")


@case
def a_daemon_is_seen():
    run = shell("setsid sh -c 'sleep 1001 & exit 0'").wait()
    check(any("sleep 1001" in what for what in run.left()), "not seen")


@case
def files_and_sockets_are_seen():
    run = shell("mkfifo $TMPDIR/a; : >b; mkdir $HOME/.c").wait()
    check(len(run.left()) == 3, run.left())


@case
def a_wrong_status_or_a_missing_text_fails():
    for status, text in ((1, "hello"), (0, "other")):
        try:
            shell("echo hello").expect(status, text)
        except AssertionError:
            continue
        raise AssertionError("was accepted")


@case
def a_hang_fails():
    try:
        shell("sleep 1002").wait(0.2)
    except AssertionError:
        return
    raise AssertionError("was accepted")


main()
