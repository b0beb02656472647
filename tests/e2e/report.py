#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""report.py - the page of a run: it holds what happened, and a browser draws it"""
import functools
import json
import os
import re
import shutil
import subprocess
import sys

from realm import BUILD, Run, Skip, case, check, main, work

MORE = "more" in sys.argv[1:]  # with a kernel's boot and a browser
sys.argv[1:] = [a for a in sys.argv[1:] if a != "more"]


@functools.cache
def recorded():
    """Trace and summary of a run of the payload."""
    trace, summary = work() / "a trace", work() / "summary.json"
    Run("run", "--kernel", BUILD / "guest/payload/payload.bin", "-m", "64M", "--trace", trace,
        "--trace-filter", "default,measure", "--summary", summary).expect(0)
    return trace, summary


def page(*args):
    path = work() / "page.html"
    Run("report", *args, path).expect(0)
    return path


def data_of(path):
    text = path.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    check(found, "no data in the page")
    return json.loads(found.group(1))


@case
def a_page_holds_what_the_run_did():
    trace, summary = recorded()
    data = data_of(page("--trace", trace, "--summary", summary))
    told = json.loads(summary.read_text())
    check(data["summary"] == told, "another summary")
    for name, count in told["backend"]["exits"].items():
        check(sum(data["exits"]["user"].get(name, [])) == count, name, count)
    runs = [c for c in data["calls"] if c["name"] == "KVM_RUN"]
    check(runs and runs[0]["count"] >= told["exits"]["total"], "KVM_RUN", runs)
    texts = [m["text"] for m in data["milestones"]]
    check(texts.index("realm NEW") < texts.index("realm ACTIVE") < texts.index("realm gone"), texts)
    rim = [entry for entry in data["ledger"] if entry["register"] == 0]
    check(rim[-1]["value"] == told["rim"], "the ledger ends in another RIM")
    check({"kernel", "device tree"} <= {entry["what"] for entry in rim}, rim)
    check({"slot", "attributes", "populate", "ripas"} <= {m["kind"] for m in data["memory"]},
          "of memory only", data["memory"])


@case
def a_page_needs_no_network():
    trace, _ = recorded()
    text = page("--trace", trace).read_text(encoding="utf-8")
    check(not re.search(r'(src|href)\s*=|@import|url\(|https?://(?!www\.w3\.org/2000/svg)', text),
          "it names something outside")


@case
def text_of_the_run_cannot_end_the_script():
    trace, _ = recorded()
    summary = work() / "hostile.json"
    summary.write_text(json.dumps({"reason": "</script><b>x</b>"}))
    data = data_of(page("--trace", trace, "--summary", summary))
    check(data["summary"]["reason"] == "</script><b>x</b>", data["summary"])


@case
def what_is_no_trace_or_no_summary_is_refused():
    trace, _ = recorded()
    junk = work() / "junk"
    junk.write_text("junk")
    for args in (["--trace", junk], ["--trace", work() / "none"],
                 ["--trace", trace, "--summary", junk]):
        run = Run("report", *args, work() / "refused.html").expect(1)
        check("junk" in run.err or "none" in run.err, run.story())
        check(not (work() / "refused.html").exists(), "a page of nothing")
    Run("report", work() / "page.html").expect(2)


def chromium(*args):
    program = shutil.which("chromium")
    if not program:
        raise Skip("no chromium")
    profile = work() / "profile"
    done = subprocess.run([program, "--headless", "--no-sandbox", "--disable-gpu",
                           "--no-first-run", "--disable-background-networking",
                           "--disable-component-update", "--disable-sync",
                           f"--user-data-dir={profile}", *args],
                          capture_output=True, text=True, timeout=120,
                          env={**os.environ, "HOME": str(work())}, check=False)
    shutil.rmtree(profile, ignore_errors=True)
    check(done.returncode == 0, done.stderr[-500:])
    return done.stdout


def a_browser_draws_the_page():
    trace, summary = recorded()
    path = page("--trace", trace, "--summary", summary)
    dom = chromium("--dump-dom", f"file://{path}")
    for text in ("the realm powered off", ">Timeline<", ">Memory<", ">Measurement ledger<",
                 "DATA_CREATE: kernel", ">KVM_RUN<", "to the VMM)"):
        check(text in dom, "not drawn:", text)
    check(dom.count("<rect") > 20, "no columns")
    shot = work() / "page.png"
    chromium("--window-size=1100,1800", f"--screenshot={shot}", f"file://{path}")
    check(shot.stat().st_size > 30000, "an empty picture")


def a_boot_with_every_event_stays_small():
    from realm import images
    trace, summary = work() / "boot.trace", work() / "boot.json"
    Run("run", *images(), "-c", 2, "-m", "512M", "--trace", trace, "--trace-filter", "all",
        "--summary", summary).expect(0)
    path = page("--trace", trace, "--summary", summary)
    data = data_of(path)
    check(data["records"] > 50000, data["records"], "records")
    check(path.stat().st_size < 3 << 20, path.stat().st_size, "bytes")


if MORE:
    case(a_browser_draws_the_page)
    case(a_boot_with_every_event_stays_small)
main()
