#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""report.py - what a run leaves behind: summary, trace, measurement log, of many realms too"""
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from realm import BUILD, SOFTREALM, Run, case, check, main, work  # noqa: E402

VMM = BUILD / "tests/backend/many_realms"
MANY = 200


def run(*args, options=()):
    """The summary of a run of the VMM."""
    summary = work() / "summary"
    Run("exec", "--summary", summary, *options, "--", VMM, *map(str, args)).expect(0, "done")
    return json.loads(summary.read_text())


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def converted(path, form="json", *args):
    done = subprocess.run([SOFTREALM, "trace", form, *args, path], capture_output=True, text=True)
    check(done.returncode == 0, form, done.stderr)
    return done.stdout


@case
def a_report_has_no_greatest_length():
    realms = run("many", MANY)["backend"]["realms"]
    check([r["serial"] for r in realms] == list(range(1, MANY + 1)), [r["serial"] for r in realms])
    check(len(json.dumps(realms)) > 65536, "the report is too short to prove it")
    check(len({r["rim"] for r in realms}) == 1, "realms of one kind differ")


@case
def the_summary_has_the_rim_of_the_realm_created_last():
    third = run("third")
    reuse = run("reuse")
    check(reuse["rim"] == third["rim"], "another realm's RIM", reuse)
    check([r["serial"] for r in reuse["backend"]["realms"]] == [1, 2, 3], reuse)


@case
def the_measurement_log_names_realms_by_serial():
    log = work() / "log"
    run("reuse", options=("--measurement-log", log))
    created = [e["realm"] for e in lines(log.read_text()) if e["cause"] == "REALM_CREATE"]
    check(created == [1, 2, 3], created)


@case
def a_trace_becomes_json_lines():
    path = work() / "trace"
    run("third", options=("--trace", path, "--trace-filter=all"))
    events = lines(converted(path))
    calls = [e for e in events if "call" in e]
    create = [e for e in calls if e["call"] == "RMI_REALM_CREATE"]
    check(len(create) == 1 and create[0]["vm"] == 1 and create[0]["result"] == "0x0", create)
    check(create[0]["duration"] > 0 and set(create[0]["args"]) == {"rd", "params"}, create)
    populate = next(e for e in calls if e["call"] == "KVM_ARM_RMI_POPULATE")
    check(populate["thread"] == create[0]["thread"], "a call and its RMI calls are of one thread")
    check(populate["seconds"] <= create[0]["seconds"] <= populate["seconds"] + populate["duration"],
          populate, create)
    check([e["state"] for e in events if "state" in e][:2] == ["realm NEW"] * 2, "states")
    check(any(e.get("measurement") == "REALM_CREATE" and e["realm"] == 1 for e in events), "no RIM")
    regs = [e for e in calls if e["call"] == "KVM_SET_ONE_REG"]
    check(regs and all(e["vcpu"] == 0 for e in regs), regs)


@case
def a_trace_to_json_is_written_as_json_lines():
    path = work() / "trace.json"
    run("third", options=("--trace", path))
    names = {e.get("call") for e in lines(path.read_text())}
    check("KVM_ARM_RMI_POPULATE" in names and "RMI_REALM_CREATE" not in names, names)


@case
def a_trace_holds_what_the_filter_lets_through():
    path = work() / "trace"
    for spec, expect in {"rmi": {"RMI"}, "kvm,vcpu=0": {"KVM"}, "-kvm": set(), "vm=7": set(),
                         "all,-rmi": {"KVM"}, "refused": set()}.items():
        run("third", options=("--trace", path, "--trace-filter", spec))
        layers = {e["layer"] for e in lines(converted(path)) if "call" in e}
        check(layers == expect, spec, layers)
    run("third", options=("--trace", path, "--trace-filter", "rmi"))
    every = len(lines(converted(path)))
    run("third", options=("--trace", path, "--trace-filter", "rmi/10"))
    check(abs(len(lines(converted(path))) - every / 10) < 2, "sampling")
    for spec in ("", "nonsense", "kvm,", "kvm/0", "vm=0", "vcpu=x", "rmi/"):
        bad = Run("exec", "--trace-filter", spec, "--", "true").wait()
        check(spec == "kvm," or (bad.status == 2 and "--trace-filter" in bad.err), spec, bad.err)


@case
def a_trace_becomes_text_a_summary_and_a_perfetto_trace():
    path = work() / "trace"
    run("third", options=("--trace", path, "--trace-filter=all"))
    text = converted(path, "text")
    check("KVM_ARM_RMI_POPULATE(" in text and ") = RMI_SUCCESS <" in text, text[:300])
    summary = converted(path, "summary")
    check("KVM_ARM_RMI_POPULATE" in summary and "realm NEW (VM 1)" in summary, summary)
    told = json.loads(converted(path, "summary", "--json"))
    calls = {c["call"]: c for c in told["calls"]}
    check(calls["KVM_ARM_RMI_POPULATE"]["count"] == 1 and
          calls["KVM_ARM_RMI_POPULATE"]["layer"] == "KVM", calls)
    check(told["records"] > 10 and told["lost"] == 0 and
          [m["milestone"] for m in told["milestones"]][:2] == ["begin", "realm NEW"], told)
    wrong = subprocess.run([SOFTREALM, "trace", "text", "--json", path], capture_output=True)
    check(wrong.returncode == 2, wrong)
    out = work() / "perfetto.json"
    converted(path, "perfetto", "-o", out)
    events = json.loads(out.read_text())["traceEvents"]
    slices = [e for e in events if e["ph"] == "X"]
    check({"KVM", "RMI"} == {e["cat"] for e in slices}, "layers")
    tracks = {e["args"]["name"] for e in events if e["name"] == "thread_name"}
    check("vCPU 0" in tracks, tracks)


@case
def what_is_no_trace_is_refused():
    bad = work() / "bad"
    path = work() / "trace"
    run("third", options=("--trace", path))
    good = path.read_bytes()
    for what in (b"", b"x" * 100, good[:20], b"\0" * 8 + good[8:],
                 good[:32] + b"\x07\0" + good[34:], good[:32] + b"\0\0" + good[34:]):
        bad.write_bytes(what)
        for form in ("json", "text", "summary", "perfetto"):
            done = subprocess.run([SOFTREALM, "trace", form, bad], capture_output=True, text=True)
            check(done.returncode == 1 and done.stderr.startswith("softrealm: "), what[:40], done)
    for end in range(32, len(good), 7):  # of one who was killed: what is whole is shown
        bad.write_bytes(good[:end])
        converted(bad)


@case
def each_fault_tells_what_came_of_it():
    summary = work() / "summary"
    run_ = Run("exec", "--summary", summary, "--fault", "ioctl=KVM_CREATE_VM:nth=5",
               "--fault", "rmi=DATA_CREATE:p=1:delay=1ms", "--", VMM, "third").expect(0, "done")
    check("fault ioctl=KVM_CREATE_VM:nth=5: matched 1, fired 0" in run_.err, run_.err)
    faults = json.loads(summary.read_text())["backend"]["faults"]
    check(faults[0] == {"fault": "ioctl=KVM_CREATE_VM:nth=5", "matched": 1, "fired": 0}, faults)
    check(faults[1]["fired"] == faults[1]["matched"] > 0 and faults[1]["seed"], faults)
    run_ = Run("exec", "--fault-pack", "descriptors", "--", "true").expect(0)
    check("fault ioctl=KVM_CREATE_VCPU:p=0.3:errno=EMFILE: matched 0" in run_.err, run_.err)
    Run("exec", "--fault-pack", "x", "--", "true").expect(2)


@case
def a_reader_that_stops_reading_stops_nothing():
    path = work() / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    run_ = Run("exec", "--trace", path, "--trace-filter=all", "--", VMM, "many", "40").wait(60)
    os.close(reader)
    check("done" in run_.out and run_.status == 1, run_.status, run_.story())
    check("the trace" in run_.err, run_.err)


@case
def a_trace_that_cannot_be_written_fails_the_run():
    run_ = Run("exec", "--trace", "/dev/full", "--", VMM, "third").wait()
    check(run_.status == 1 and "No space left" in run_.err, run_.status, run_.err)


main()
