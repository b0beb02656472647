#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""action.py - the steps of action.yml or of the GitLab snippet as one shell script

usage: action.py github ACTION.YML [INPUT=VALUE...]
       action.py gitlab SNIPPET.YML [VARIABLE=VALUE...]

The script does what the runner would: the same commands, with the same environment. It prints the
outputs of the action, each that the action declares.
"""
import re
import shlex
import sys

import yaml


def export(name, value):
    return f"export {name}={shlex.quote(str(value))}"


def github(action, given):
    inputs = {name: i.get("default", "") for name, i in action["inputs"].items()}
    unknown = set(given) - set(inputs)
    if unknown:
        sys.exit(f"action.yml has no {unknown}")
    inputs.update(given)
    yield export("GITHUB_ACTION_PATH", ".")
    yield 'GITHUB_OUTPUT=$(mktemp) GITHUB_STEP_SUMMARY=$(mktemp)'
    yield "export GITHUB_OUTPUT GITHUB_STEP_SUMMARY"
    for step in action["runs"]["steps"]:
        for name, value in step.get("env", {}).items():
            used = re.fullmatch(r"\$\{\{ inputs\.(\w+) \}\}", value)
            yield export(name, inputs[used.group(1)] if used else value)
        assert step["shell"] == "sh" and "${{" not in step["run"], step
        yield f"sh -e -c {shlex.quote(step['run'])}"
    for name, output in action["outputs"].items():
        used = re.fullmatch(r"\$\{\{ steps\.(\w+)\.outputs\.(\w+) \}\}", output["value"])
        assert used and used.group(1) in [s.get("id") for s in action["runs"]["steps"]], name
        yield f"grep -q '^{used.group(2)}=.' \"$GITHUB_OUTPUT\""
    yield 'cat "$GITHUB_OUTPUT" "$GITHUB_STEP_SUMMARY"'


def gitlab(snippet, given):
    job = snippet[".softrealm"]
    for name, value in {**job["variables"], **given}.items():
        yield export(name, value)
    yield from job["before_script"] + job["script"]
    for path in job["artifacts"]["paths"]:
        yield f"ls -l {path}/summary.json {path}/report.html"


def main():
    kind, path = sys.argv[1:3]
    with open(path, encoding="utf-8") as f:
        what = yaml.safe_load(f)
    given = dict(a.split("=", 1) for a in sys.argv[3:])
    print("set -eu")
    print("\n".join((github if kind == "github" else gitlab)(what, given)))


main()
