#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""rules.py - a manual page with the refusals that the code declares

usage: rules.py PAGE CC RULES.def...

Prints PAGE with the line that holds @RULES@ replaced by one entry a rule, in the order of the
files: the name, what the caller gets, what is wrong and what would be right.
"""
import re
import subprocess
import sys

page, cc, *files = sys.argv[1:]
MARK = "@rule@"
PREFIX = {"psci": "PSCI", "rmi": "RMI", "rsi": "RSI", "kvm": "ioctl"}


def fields(text):
    """The arguments of one RULE(): C's string literals are joined, the rest stays a word."""
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"|(,)|([^\s,"]+)', text)
    out = [""]
    for string, comma, word in parts:
        if comma:
            out.append("")
        else:
            out[-1] += (string.replace('\\"', '"') if string else word)
    return out


def rules(path):
    source = f'#define RULE(...) {MARK} __VA_ARGS__\n#include "{path}"\n'
    text = subprocess.run([cc, "-E", "-P", "-x", "c", "-I.", "-"], input=source, text=True,
                          check=True, stdout=subprocess.PIPE).stdout
    return [fields(rule) for rule in text.split(MARK)[1:]]


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def entry(rule):
    name, code, wrong, right = rule[:4]
    kind = PREFIX.get(name.split("_")[0], "")
    return (f".TP\n.BR {roff(name)} \" ({kind}{': ' if kind else ''}{roff(code)})\"\n"
            f"{roff(wrong)}.\nRight: {roff(right)}.\n")


with open(page) as template:
    for line in template:
        if "@RULES@" in line:
            print("".join(entry(rule) for path in files for rule in rules(path)), end="")
        else:
            print(line, end="")
