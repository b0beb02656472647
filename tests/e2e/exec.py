#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""exec.py - softrealm exec around any command, and the command itself"""
import signal

from realm import BUILD, UP, Run, case, check, images, main

VMM = str(BUILD / "vmm" / "softrealm-vmm")


@case
def the_status_of_the_command_is_returned():
    Run("exec", "--", "true").expect(0)
    Run("exec", "--", "sh", "-c", "exit 23").expect(23)


@case
def a_signal_of_the_command_is_128_and_its_number():
    run = Run("exec", "--", "sh", "-c", "kill -9 $$").wait()
    check(run.status == 128 + signal.SIGKILL, run.status)
    check(not run.left(), "left behind")


@case
def a_command_that_cannot_start_is_127_or_126():
    Run("exec", "--", "/no/such/command").expect(127)
    Run("exec", "--", "/etc").expect(126)


@case
def output_and_arguments_pass_through():
    Run("exec", "--", "printf", "%s|", "a b", "", "c").expect(0, "a b||c|")


@case
def a_vmm_boots_a_realm_under_exec():
    Run("exec", "--", VMM, *images(), "--cpus", "2", "--append", "quiet").expect(0, UP)


@case
def commands_without_sense_are_usage_errors():
    for args in ([], ["nonsense"], ["exec"], ["exec", "--"], ["run"], ["run", "--cpus", "99"]):
        run = Run(*args).wait(30)
        check(run.status == 2, args, run.status, run.story())
        check(run.err.strip(), args, "said nothing")


@case
def help_and_version_go_to_standard_output():
    for args in (["--help"], ["--version"], ["run", "--help"], ["run", "--version"],
                 ["exec", "--help"]):
        run = Run(*args).expect(0)
        check(run.out.strip(), args, "said nothing")


main()
