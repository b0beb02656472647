#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""matrix.py - softrealm matrix runs each combination once, reports all of them, and can be ended"""
import json
import signal
import time
import xml.etree.ElementTree

from realm import BUILD, Run, case, check, descendants, kernel_dir, main, work

PAYLOAD = str(BUILD / "guest/payload/payload.bin")


def write(what, name="matrix.json"):
    path = work() / name
    path.write_text(what if isinstance(what, str) else json.dumps(what))
    return str(path)


def junit(folder):
    suite = xml.etree.ElementTree.parse(folder / "junit.xml").getroot()
    return {c.get("name"): c for c in suite.iter("testcase")}


@case
def each_combination_runs_once_and_is_reported():
    out = work() / "out"
    file = write({"kernels": [{"name": "the <payload>", "options": ["--kernel", PAYLOAD]}],
                  "revisions": ["v12", "v14"],
                  "configurations": ["--cpus 1", {"name": "two", "options": ["--cpus", "2"]},
                                     {"name": "reset", "options": ["--until", "nothing"],
                                      "status": 10}],
                  "options": ["--memory", "64M", "--timeout", "60"]})
    run = Run("matrix", "-j", "2", "-o", str(out), file).expect(0)
    check("6 passed, 0 failed, 0 skipped" in run.out, run.story())
    cases = junit(out)
    check(len(cases) == 6 and "the <payload> / v14 / two" in cases, list(cases))
    check("payload: done" in cases["the <payload> / v12 / two"].find("system-out").text, "no log")
    abis = [json.loads(p.read_text())["realm"]["abi"] for p in sorted(out.glob("*.json"))]
    check(abis == ["v12"] * 3 + ["v14"] * 3, abis)
    page = (out / "index.html").read_text()
    check("the &lt;payload&gt; / v12 / --cpus 1" in page and "<payload>" not in page, "the page")
    rim = json.loads((out / "0001.json").read_text())["rim"]
    check(rim[:12] in page, "no RIM in the page")


@case
def a_failed_case_is_told_and_the_others_go_on():
    out = work() / "failed"
    file = write({"kernels": ["/nonexistent", PAYLOAD],
                  "options": ["-m", "64M", "--timeout", "60"]})
    run = Run("matrix", "-j1", "-o", str(out), file).wait(60)
    check(run.status == 1 and "1 passed, 1 failed" in run.out, run.story())
    check("failed 1/2 /nonexistent" in run.out and "status 3 instead of 0" in run.out, run.story())
    cases = junit(out)
    check(cases["/nonexistent"].find("failure") is not None, "no failure")
    check("No such file" in cases["/nonexistent"].find("system-out").text, "no reason")
    check(cases[PAYLOAD].find("failure") is None, "a failure of what passed")


@case
def a_wrong_file_starts_nothing():
    for what, says in (("{", ":1:"), ("[]", "no object"), ({}, 'no "kernels"'),
                       ({"kernels": []}, "is empty"), ({"kernels": "x"}, "no list"),
                       ({"kernels": ["x"], "revision": []}, 'no "revision"'),
                       ({"kernels": [1]}, "kernels, number 1"),
                       ({"kernels": ["x", {"options": []}]}, 'kernels, number 2: it has no "name"'),
                       ({"kernels": [{"name": "x", "run": "y"}]}, "only a command"),
                       ({"kernels": [{"name": "x", "status": 256}]}, '"status" is none'),
                       ({"kernels": [{"name": "x", "nonsense": 1}]}, "not known"),
                       ({"kernels": ["x"] * 101, "commands": ["y"] * 100}, "more than 10000"),
                       ({"kernels": ["x"], "options": "-q"}, "no list")):
        run = Run("matrix", "-o", str(work() / "never"), write(what)).wait(30)
        check(run.status == 2 and says in run.err, says, run.story())
    check(not (work() / "never").exists(), "a folder was made")
    run = Run("matrix", "--list", write({"kernels": ["a", "b"], "commands": ["x y"]})).expect(0)
    check(run.out == "a / x y\nb / x y\n", run.story())


@case
def a_signal_ends_all_runs_and_the_reports_are_written():
    out = work() / "ended"
    file = write({"kernels": [str(kernel_dir() / "vmlinuz")],
                  "configurations": [{"name": str(i), "options": ["--append", f"n={i}"]}
                                     for i in range(4)]})
    run = Run("matrix", "-j", "2", "-o", str(out), file)
    end = time.monotonic() + 60
    while len([n for n in descendants(run.pid).values() if "qemu" in n]) < 2:
        check(time.monotonic() < end, "no two realms run", run.story())
        time.sleep(0.05)
    run.process.send_signal(signal.SIGTERM)
    run.wait(30)
    check(run.status == 128 + signal.SIGTERM, run.story())
    check("0 passed, 0 failed, 4 skipped" in run.out, run.story())
    check(len([c for c in junit(out).values() if c.find("skipped") is not None]) == 4, "reports")
    check(not run.left(), run.left())


main()
