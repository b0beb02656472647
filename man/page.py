#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""page.py - a manual page with what the code's own tables say

usage: page.py PAGE CC FILE.def...

Prints PAGE. CC is the C compiler, which reads the tables. A line of the page that is
  @RULES@             becomes one entry for each rule of the files: the name, what the caller gets,
                      what is wrong and what would be right
  @OPTIONS name.def@  becomes one entry for each option of this file (base/option.h)
  @REVISIONS@         becomes one entry for each line of what `softrealm explain --revisions` says
"""
import re
import subprocess
import sys

page, cc, *files = sys.argv[1:]
MARK = "@row@"
PREFIX = {"psci": "PSCI", "rmi": "RMI", "rsi": "RSI", "kvm": "ioctl"}


def fields(text):
    """The arguments of one row: C's string literals are joined, the rest stays a word."""
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"|(,)|([^\s,"]+)', text)
    out = [""]
    for string, comma, word in parts:
        if comma:
            out.append("")
        else:
            out[-1] += (string.replace('\\"', '"') if string else word)
    return out


def rows(path):
    """What each row of a .def file has between its parentheses."""
    macros = ("RULE", "OPTION", "OPTION_GROUP")
    source = "".join(f"#define {m}(...) {MARK} {m}_, __VA_ARGS__,\n" for m in macros)
    text = subprocess.run([cc, "-E", "-P", "-x", "c", "-I.", "-"],
                          input=f'{source}#include "{path}"\n', text=True, check=True,
                          stdout=subprocess.PIPE).stdout
    return [fields(row)[:-1] for row in text.split(MARK)[1:]]


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def rule(row):
    name, code, wrong, right = row[1:5]
    kind = PREFIX.get(name.split("_")[0], "")
    return (f".TP\n.BR {roff(name)} \" ({kind}{': ' if kind else ''}{roff(code)})\"\n"
            f"{roff(wrong)}.\nRight: {roff(right)}.\n")


def prose(text, arg):
    """Running text: `bold`, --options bold, manual pages bold, the argument's words italic."""
    text = roff(text)
    text = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", text)
    text = re.sub(r"(?<![\w\\])((?:softrealm|kvm)(?:\\-\w+)+)(\(\d\))", r"\\fB\1\\fR\2", text)
    for word in re.findall(r"[A-Z]{2,}", arg):
        text = re.sub(rf"\b{word}\b", rf"\\fI{word}\\fR", text)
    return text


def option(row):
    if row[0] == "OPTION_GROUP_":
        return f".SS {roff(row[1])}\n"
    name, letter, arg, text, _, manual = row[1:7]
    if text in ("NULL", "((void *)0)"):
        return ""
    arg = "" if arg == "NULL" else arg
    names = [f"\\fB\\-{letter.strip(chr(39))}\\fR"] if letter != "0" else []
    names.append(f"\\fB\\-\\-{roff(name)}\\fR")
    value = re.sub(r"[A-Z]{2,}|\bN\b", r"\\fI\g<0>\\fR", roff(arg))
    manual = prose(manual or text[:1].upper() + text[1:] + ".", arg)
    return f".TP\n{', '.join(names)}{' ' if arg else ''}{value}\n{manual}\n"


def trait(line):
    """What a thing is in each revision; neighbours that agree stand together."""
    name, *cells = line.split("\t")
    groups = []
    for revision, text in (cell.split("=", 1) for cell in cells):
        if groups and groups[-1][1] == text:
            groups[-1][0].append(revision)
        else:
            groups.append(([revision], text))
    said = "; ".join(f"{who[0] if len(who) == 1 else who[0] + ' to ' + who[-1]}: {text}"
                     for who, text in groups)
    return f".TP\n.B {roff(name)}\n{roff(said)}.\n"


def entries(line):
    if line == "@REVISIONS@":
        return [trait(each) for path in files if path.endswith("revisions.txt")
                for each in open(path).read().splitlines()]
    if line == "@RULES@":
        return [rule(row) for path in files if path.endswith(".def") for row in rows(path)]
    wanted = re.fullmatch(r"@OPTIONS (\S+)@", line)
    if not wanted:
        return [line + "\n"]
    return [option(row) for path in files if path.endswith("/" + wanted.group(1))
            for row in rows(path)]


with open(page) as template:
    for each in template:
        print("".join(entries(each.rstrip("\n"))), end="")
