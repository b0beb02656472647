#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""cli.py - the command line of every subcommand: options, help, completion, manual, messages"""
import json
import contextlib
import os
import re
import shutil
import signal
import subprocess
import time

from realm import BUILD, SOFTREALM, SOURCE, Run, Skip, case, check, descendants, main, work

COMMANDS = ["run", "exec", "check", "explain", "info", "token", "measure", "platform", "endorse",
            "initrd", "kernel", "matrix", "bug-report"]


def options_of(command):
    """Long options in its help."""
    run = Run(command, "--help").expect(0)
    return set(re.findall(r"^(?:  -\w, |      )(--[a-z0-9-]+)", run.out, flags=re.M))


def refused(*args, says, status=2, **how):
    run = Run(*args, **how).wait(30)
    check(run.status == status and says in run.err, args, run.story())
    return run


@case
def a_value_may_look_like_an_option():
    refused("run", "--append", "--explain", says="which kernel?")
    refused("run", "--kernel", "--explain", "--initrd", "--trace", says="kernel --explain:",
            status=3)
    refused("measure", "--append", "--explain", says="which kernel?")


@case
def a_value_is_given_with_a_space_or_with_an_equals_sign():
    for args in (["--sysroot=/"], ["--sysroot", "/"], ["--summary=s"], ["--abi=v12-6.19"]):
        run = Run("exec", *args, "--", "true").wait(30)
        check(run.status == 0, args, run.story())
    for args in (["--kvm=soft"], ["--kvm", "soft"], ["--abi=v12"]):
        run = Run("check", *args, "--list", "vm-type*").expect(0)
        check(run.out.startswith("vm-type"), args, run.story())
    for args in (["--kvm=auto"], ["--kvm", "soft"], ["-c2"], ["-c", "2"], ["--cpus=2"]):
        refused("run", *args, says="which kernel?")
    refused("token", "show", "/nonexistent", "--json", says="No such file")
    refused("endorse", "--platform=/nonexistent", "d", says="/nonexistent")


@case
def a_missing_or_unwanted_value_is_named():
    refused("run", "-k", says="-k: it needs a value: FILE")
    refused("run", "--timeout", says="--timeout: it needs a value: SECONDS")
    refused("exec", "--sysroot", says="--sysroot: it needs a value: DIR")
    refused("check", "--kvm", says="--kvm: it needs a value")
    refused("info", "--json=x", says="--json: it takes no value")
    for command in COMMANDS:
        refused(command, "--nonsense", says="--nonsense: there is no such option")
        refused(command, "--nonsense", says=f"softrealm {command} --help")


@case
def a_wrong_value_starts_nothing():
    for args in (["--cpus", "99"], ["--ipa-bits", "53"], ["--kvm", "both"], ["--abi", "v0"],
                 ["--token-form=x"], ["--psci", "us"], ["--memory", "x"]):
        refused("run", "--kernel", "none", *args, says=args[0].split("=")[0])


@case
def the_manual_has_each_option_of_the_help():
    pages = {"explain": None, "info": None, "platform": None, "bug-report": None}
    for command in COMMANDS:
        page = pages.get(command, f"softrealm-{command}.1")
        if not page:
            continue
        text = (BUILD / "man" / page).read_text().replace("\\-", "-")
        missing = [o for o in options_of(command) if f"\\fB{o}\\fR" not in text]
        if command == "measure":  # run's, by reference
            missing = [o for o in missing if o not in options_of("run")]
        check(not missing, page, "lacks", missing)
        given = set(re.findall(r"^(?:\\fB-\w\\fR, )?\\fB(--[a-z0-9-]+)\\fR", text, flags=re.M))
        check(given <= options_of(command), page, "has too many:", given - options_of(command))


def cached_kernel(version, age=0):
    """A kernel in a cache of this test's, fetched so many seconds ago."""
    folder = work() / "cache/softrealm/kernel" / version
    folder.mkdir(parents=True)
    image = bytes(16) + (16 << 20).to_bytes(8, "little") + bytes(32) + b"ARM\x64" + bytes(4096)
    (folder / "vmlinuz").write_bytes(image)
    (folder / "modules.list").write_text("")
    (folder / "origin").write_text("sid cloud\n")
    os.utime(folder / "origin", (time.time() - age,) * 2)
    return folder


@case
def a_fetched_kernel_is_named_by_version_or_flavour():
    old = cached_kernel("7.1-cloud-arm64", 1000)
    new = cached_kernel("7.2-cloud-arm64")
    (work() / "cache/softrealm/kernel/7.3-cloud-arm64").mkdir()  # half a kernel is none
    env = {"XDG_CACHE_HOME": str(work() / "cache")}
    listed = json.loads(Run("kernel", "list", "--json", env=env).expect(0).out)
    check([k["name"] for k in listed] == [new.name, old.name], listed)
    for args, image in (([], new), (["cloud"], new), ([old.name], old)):
        run = Run("kernel", "path", *args, env=env).expect(0)
        check(run.out.strip() == str(image / "vmlinuz"), run.story())
    run = Run("kernel", "path", "--modules", env=env).expect(0)
    check(run.out.strip() == str(new), run.story())
    refused("kernel", "path", "rt", status=1, says="no such kernel has been fetched", env=env)
    refused("kernel", "path", "--busybox", status=1, says="no busybox", env=env)
    refused("measure", "--kernel", "rt", says="softrealm kernel fetch --flavour rt", env=env)
    refused("run", "--kernel", "rt", says="softrealm kernel fetch --flavour rt", env=env)
    # What is measured is that kernel with the initrd that softrealm makes for it.
    initrd = str(work() / "made")
    Run("initrd", "-o", initrd, "--modules", str(old)).expect(0)
    by_name = Run("measure", "--kernel", old.name, env=env).expect(0).out
    by_path = Run("measure", "--kernel", str(old / "vmlinuz"), "--initrd", initrd).expect(0).out
    check(by_name == by_path, by_name, by_path)


def config(text, name="config"):
    path = work() / name
    path.write_text(text)
    return {"SOFTREALM_CONFIG": str(path)}


@case
def a_configuration_gives_defaults_and_profiles():
    def widths(*args, env):
        run = Run("measure", "--kernel", "/nonexistent", *args, env=env).wait(30)
        return re.search(r"leaves (\d+) MiB for memory, --memory asks for (\d+)", run.err)

    env = config("""
# what everybody gets
[measure]
ipa-bits = 32
memory=64G

[profile big]
memory = 65G
psci = user
""")
    check(widths(env=env).groups() == ("1024", "65536"), "the section")
    check(widths("--profile", "big", env=env).groups() == ("1024", "66560"), "the profile wins")
    check(widths("--profile=big", "-m", "70G", env=env).group(2) == "71680", "the command line")
    named = {**env, "SOFTREALM_PROFILE": "big"}
    check(widths(env=named).group(2) == "66560", "SOFTREALM_PROFILE")
    check(widths("--append", "--profile", env=env).group(2) == "65536", "a value is no option")
    check(not widths("--config", "/dev/null", env=env), "--config")
    home = work() / "xdg/softrealm"
    home.mkdir(parents=True)
    (home / "config").write_text("[measure]\nmemory = 80G\nipa-bits = 33\n")
    for name in ("XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"):
        found = widths(env={name: str(work() / "xdg"), "HOME": "/nonexistent"})
        check(found.groups() == ("3072", "81920"), name)


@case
def a_wrong_configuration_is_named_by_file_and_line():
    for text, says in (("[run]\n\nnonsense = 1\n", "config:3: there is no such option: nonsense"),
                       ("memory = 1G\n", "config:1: an option before the first section"),
                       ("[run]\nmemory\n", "config:2: it needs a value: memory"),
                       ("[run]\nmemory = x\n", "config:2: this option cannot be used: memory"),
                       ("[run]\nquiet = 1\n", 'config:2: it is "yes" or "no": quiet'),
                       ("[nonsense]\n", "config:1: there is no section: nonsense"),
                       ("[token]\n", "config:1: there is no section: token"),
                       ("[run\n", 'config:1: a section has no "]"'),
                       ("[profile ]\n", "config:1: this is no name for a profile"),
                       ("[run]\nprofile = x\n", "config:2: there is no such option: profile"),
                       ("[exec]\nmemory = 1G\n", "config:2: there is no such option: memory"),
                       ("[profile x]\nnonsense = 1\n", "config:2: there is no such option")):
        refused("run", "--kernel", "x", says=says, env=config(text))
    refused("run", "--profile", "x", says="no [profile x]", env=config("[run]\n"))
    refused("run", "--profile", "x", says="there is no configuration",
            env={"XDG_CONFIG_DIRS": "/nonexistent"})
    refused("run", says="/nonexistent: No such file", env={"SOFTREALM_CONFIG": "/nonexistent"})
    # Commands without a --profile do not look at it.
    Run("info", env=config("nonsense")).expect(0)


@case
def a_bug_report_has_what_is_needed_and_no_secret():
    summary = work() / "summary.json"
    summary.write_text(json.dumps({"status": 7, "how": "powered-off", "reason": "SECRET",
                                   "messages": ["SECRET"], "attestation": {"token": "SECRET"},
                                   "seconds": {"total": 1.5, "milestones": {"SECRET": 1}}}))
    env = config("""# SECRET
[run]
memory = 3G
append = password=SECRET
attest=SECRET
[profile x]
quiet
initrd = /SECRET
fail-on = """ + "x" * 600 + "SECRET\n")
    env |= {"SOFTREALM_SPIN": "7", "SOFTREALM_VMM": "/SECRET"}
    run = Run("bug-report", "--summary", str(summary), env=env).expect(0)
    for text in ("softrealm ", "QEMU", "glibc", "descriptors", "memory = 3G", "[profile x]",
                 "append = (not shown)", "SOFTREALM_SPIN=7", "SOFTREALM_VMM (not shown)",
                 '"status": 7', '"total": 1.5'):
        check(text in run.out, text, run.story())
    check("SECRET" not in run.out, run.story())
    refused("bug-report", "--summary", "/nonexistent", says="/nonexistent")
    refused("bug-report", "-o", "/nonexistent/x", says="/nonexistent/x: No such file")


@case
def what_a_call_may_have_refused_is_explained():
    """By call, answer and revision, for people and for programs; and which calls break a rule."""
    def said(*words):
        return json.loads(Run("explain", "--json", *words).expect(0).out)

    def rules(*words):
        return {refusal["rule"] for refusal in said(*words)["refusals"]}

    run = Run("explain", "KVM_RUN", "EINTR").expect(0)
    check("EINTR  kvm_run_interrupted on vcpu\n\twrong: " in run.out, run.story())
    check("EFAULT" not in run.out, run.story())
    populate = said("kvm_arm_rmi_populate", "EEXIST")
    check(populate["call"] == "KVM_ARM_RMI_POPULATE", populate)
    check([(r["rule"], r["code"], r["on"], r["revisions"]) for r in populate["refusals"]] ==
          [("kvm_populate_exists", 17, ["vm"], ["v12-6.19"])], populate)
    for words in (("17",), ("0x11",), ("--", "-17")):
        check(rules("KVM_ARM_RMI_POPULATE", *words) == {"kvm_populate_exists"}, words)
    check("kvm_populate_not_realm" in rules("KVM_ARM_RMI_POPULATE", "--abi", "v12"), "v12")
    check("kvm_populate_not_realm" not in rules("KVM_ARM_RMI_POPULATE", "--abi", "v14"), "v14")
    check("kvm_reg_id_late" in rules("KVM_SET_ONE_REG") - rules("KVM_GET_ONE_REG"), "set, not get")
    check(rules("RMI_VERSION", "ERROR_INPUT") >= {"rmi_version"}, "RMI")
    check(rules("RSI_HOST_CALL", "RSI_ERROR_INPUT") ==
          {"rsi_host_call_align", "rsi_host_call_bound", "rsi_page_empty"}, "RSI")
    check(rules("PSCI_CPU_ON", "PSCI_ALREADY_ON") == {"psci_already_on"}, "PSCI")
    run = Run("explain", "kvm_psci_no_realm").expect(0)
    check("call:   KVM_ARM_VCPU_RMI_PSCI_COMPLETE on vcpu (v13)" in run.out, run.story())
    check(said("rmi_rec_running")["calls"] == [{"call": "RMI_REC_DESTROY"},
                                               {"call": "RMI_RTT_SET_RIPAS"}], "calls")
    check(len(said("--list")) == len(Run("explain", "--list").expect(0).out.splitlines()), "--list")
    refused("explain", "KVM_RUN", "EXDEV", says="no rule makes KVM_RUN answer EXDEV", status=1)
    refused("explain", "KVM_RUN", "ENOISE", says='KVM_RUN: "ENOISE" is no errno')
    refused("explain", "KVM_WALK", says='no rule and no call "KVM_WALK"', status=1)
    refused("explain", "KVM_ARM_VCPU_RMI_PSCI_COMPLETE", "--abi", "next", status=1,
            says="next has no KVM_ARM_VCPU_RMI_PSCI_COMPLETE")
    refused("explain", "RSI_FEATURES", says="no rule makes RSI_FEATURES answer with an error",
            status=1)
    refused("explain", "--json", "--revisions", says="usage: softrealm explain")


@case
def what_is_missing_on_this_machine_is_told():
    """A PATH without QEMU and passt, a QEMU by name; the same for programs."""
    qemu = shutil.which(os.environ.get("SOFTREALM_QEMU") or "qemu-system-aarch64")
    out = Run("info", env={"SOFTREALM_QEMU": qemu}).expect(0).out
    for text in (r"softrealm \d", "v12 +247  .*the default", "at most 64 vCPUs; 6 breakpoints",
                 r"GiB of [\d.]+ free", r"descriptors, .* enough for \d+ vCPUs",
                 f"found +{qemu} .*: QEMU emulator version", r"KVM \d\d RMI 23 RSI 10 PSCI 9\n"):
        check(re.search(text, out), text, out)
    (work() / "an empty folder").mkdir()
    bare = {"PATH": str(work() / "an empty folder"), "SOFTREALM_QEMU": ""}
    out = Run("info", env=bare).expect(0).out
    check("MISSING  qemu-system-aarch64 (runs realms): install qemu-system-arm; no" in out, out)
    check("MISSING  passt (--net): install passt\n" in out, out)
    info = json.loads(Run("info", "--json", "--abi", "v15", env=bare).expect(0).out)
    check(info["abi"] == "v15" and info["revisions"][0]["KVM_CAP_ARM_RMI"] == 247, info)
    check(all(p["path"] is None for p in info["host"]["programs"]), info["host"])
    calls = Run("info", "--calls", "--abi", "v15").expect(0).out.splitlines()
    check(len(calls) == len(info["calls"]), len(calls), len(info["calls"]))
    check(any(c.endswith("KVM_SET_MEMORY_ATTRIBUTES2(offset, size, attributes, flags)")
              for c in calls), calls)


@case
def messages_go_by_level_and_into_a_file():
    log = work() / "log"
    args = ("run", "--log-file", str(log), "--kernel", "/nonexistent")
    refused(*args, says="/nonexistent: No such file", status=3)
    line = log.read_text()
    stamped = r"\d{4}-\d\d-\d\dT[\d:.]+Z \d+ softrealm: kernel /nonexistent: No .*\n"
    check(re.fullmatch(stamped, line), line)
    refused(*args, says="No such file", status=3)
    check(log.read_text().count("\n") == 2, log.read_text())
    refused("run", "--log", "loud", says='--log: "loud" is not error|warn|note|debug')
    refused("run", "--log-file", "/nonexistent/log", says="--log-file /nonexistent/log: No such")
    for args, shown in ((["--log", "error"], False), ([], True)):
        run = Run("exec", *args, "--", "true").wait(30)
        check(("warning: nothing has opened" in run.err) == shown, args, run.story())


@case
def the_manual_and_the_help_tell_the_same_widths():
    text = (BUILD / "man" / "softrealm-run.1").read_text()
    check("32 to 52" in Run("run", "--help").expect(0).out, "not in the help")
    check("32 to 48" in text and "Up to 52" in text, "not in the manual")


def completed(*words):
    out = Run("complete", *words).expect(0).out
    return [line.split("\t")[0] for line in out.splitlines()]


@case
def each_command_and_each_option_is_completed():
    check(set(COMMANDS) <= set(completed("")), completed(""))
    check(completed("ex") == ["exec", "explain"], completed("ex"))
    for command in COMMANDS:
        check(options_of(command) == {o for o in completed(command, "--")}, command)
    check(completed("run", "--kv") == ["--kvm"], completed("run", "--kv"))


@case
def values_and_words_are_completed():
    check(completed("run", "--psci", "") == ["kernel", "user"], "--psci")
    check(completed("run", "--psci=u") == ["user"], "--psci=")
    check(completed("run", "-m1G", "--kernel", "x") == [":files"], "--kernel")
    check(completed("run", "-k", "") == [":files"], "-k")
    check(completed("exec", "--sysroot", "") == [":dirs"], "--sysroot")
    check("v12" in completed("run", "--abi", ""), "--abi")
    check({"show", "verify"} <= set(completed("token", "")), "token")
    check(completed("explain", "KVM_RU") == ["KVM_RUN"], "explain")
    check(completed("explain", "rsi_ripas_v") == ["rsi_ripas_value"], "explain")
    check(completed("token", "show", "") == [":files"], "token show")
    check(completed("nonsense", "") == [], "nonsense")


def shell(name, script):
    if not shutil.which(name):
        raise Skip(f"{name} is not installed")
    path = f"{os.path.dirname(SOFTREALM)}:{os.environ['PATH']}"
    return subprocess.run([name, "-c", script], env={**os.environ, "PATH": path},
                          capture_output=True, text=True, timeout=30, cwd=work())


@case
def bash_completes():
    script = f"""
    source '{SOURCE}/cli/completion/softrealm.bash'
    compopt() {{ echo "compopt $*"; }}
    try() {{ COMP_LINE=$1 COMP_POINT=${{#1}} COMPREPLY=(); _softrealm; echo "${{COMPREPLY[*]}}"; }}
    try 'softrealm exp'
    try 'softrealm run --psci '
    try 'softrealm run --psci=us'
    try 'softrealm run --kernel '
    """
    run = shell("bash", script)
    check(run.stdout == "explain\nkernel user\nuser\ncompopt -o default\n\n", run)


@case
def fish_completes():
    script = f"source '{SOURCE}/cli/completion/softrealm.fish'; complete -C 'softrealm run --psci '"
    run = shell("fish", script)
    check(run.stdout.split() == ["kernel", "user"], run)


@case
def zsh_reads_its_completion():
    run = shell("zsh", f"autoload -U compinit; fpath=('{SOURCE}/cli/completion' $fpath); "
                       "compinit -D -u; echo $_comps[softrealm]; zcompile -t _softrealm 2>&1; "
                       f"zsh -n '{SOURCE}/cli/completion/_softrealm'")
    check(run.stdout.startswith("_softrealm") and not run.stderr, run)


@case
def a_file_that_cannot_be_read_is_told_why():
    gone = "No such file or directory"
    refused("token", "show", "/nonexistent", says=f"/nonexistent: {gone}")
    refused("token", "verify", "x", "--cpak", "/nonexistent", says=f"x: {gone}")
    refused("endorse", "d", "--token", "/nonexistent", says=f"/nonexistent: {gone}")
    refused("endorse", "/nonexistent/d", says=f"/nonexistent/d: {gone}")
    refused("measure", "--ledger", "/nonexistent", says=f"/nonexistent: {gone}")
    refused("token", "show", "/etc", says="/etc: Is a directory")


@case
def the_status_of_a_failed_start_does_not_depend_on_standard_error():
    for command, status in (("/no/such/command", 127), ("/etc", 126)):
        for how in ("2>&-", "2>/dev/full", "2>/dev/null"):
            run = Run("-c", f'"$0" exec -- {command} {how}', SOFTREALM, command="sh").wait(30)
            check(run.status == status, command, how, run.status)


@case
def no_check_outlasts_its_time():
    """The signal checks use the timer that a limit by alarm() would need."""
    run = Run("check", "signal-*", env={"SOFTREALM_CHECK_SECONDS": "1"})
    end = time.monotonic() + 20
    pids = []
    while not pids and time.monotonic() < end:
        time.sleep(0.01)
        pids = [p for p, name in descendants(run.pid).items() if name.startswith("softrealm-backe")]
    check(pids, "no backend", run.story())
    while "ok 1 " not in run.out and run.process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):  # on a busy machine that check is over
            os.kill(pid, signal.SIGSTOP)
    run.wait(60)
    check(run.status and "hangs: it took 1 seconds" in run.out, run.story())
    check(not run.left(), "left behind")


main()
