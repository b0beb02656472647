#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""answers.py - which rules each call can break, read from the sources of kvm/ and rmm/

usage: answers.py OUTPUT DEPFILE kvm/rules.h rmm/rules.h

Writes a row ANSWER(layer, kind of file, call, revisions, rule) for each rule that the handler of a
call comes to; `revisions` has a bit for each of kvm_revisions[]. A rule is an answer of type
`result`, so little has to be followed: functions that return or fill in one, tables of such
functions, and fields that hold one; where a revision decides (rev->FIELD), what it has there; of
functions that read or write (FLAG), one way.
It follows too much rather than too little: the unit tests hold each refusal that they see to the
table (tests/answers.h). Exits with 1 if there is a rule that no call comes to.
"""
import collections
import functools
import pathlib
import re
import sys

WORD = re.compile(r"[A-Za-z_]\w*")
SET = re.compile(r"\.(\w+) = &?(\w+)\s*(?=[,}]|$)")
MEMBER = re.compile(r"(?:->|\.)\s*(\w+)\s*(\(?)")
FLAG = re.compile(r"\bbool (set|is_write)\b")  # of functions that read or write
RESULT = r"\bresult\b|\bstruct rule\b"
# Rows of calls: that is where the search begins.
NOT_FOLLOWED = {"handler"}
TABLES = {"rmi_rows", "rsi_rows", "psci_rows"}
ROWS = (("KVM", re.compile(r"KVM_ROW\((\w+),\s*(\w+),\s*(\w+)")),
        ("RMI", re.compile(r"^\tROW\(()(\w+),\s*(rmi_\w+)", re.M)),
        ("RSI", re.compile(r"^\tROW\(()(\w+),\s*(rsi_\w+)", re.M)),
        ("PSCI", re.compile(r"()\"((?:PSCI|SMCCC)_\w+)\",\s*(\w+)")))


class Piece:
    """A function, a table or a macro."""
    def __init__(self, name, path, head, body):
        self.name, self.path, self.head, self.body = name, path, head, body
        self.is_code = "=" not in head and "(" in head
        self.sets = SET.findall(body)
        self.named = set(re.findall(r"\.(\w+) =", body))

    @property
    def signature(self):
        args = re.search(r"\((.*)\)", self.head, re.S) if self.is_code else None
        return parameters(args.group(1)) if args else None


def parameters(text):
    """The types of parameters: without their names."""
    return tuple(re.sub(r"\w+$", "", p.strip()).replace(" ", "") for p in text.split(","))


def without_noise(text):
    text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S)
    return re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', text).replace("\\\n", " ")


def pieces(path, text):
    for name, body in re.findall(r"^[ \t]*#define[ \t]+(\w+)([^\n]*)", text, flags=re.M):
        yield Piece(name, path, "=", body)
    text = re.sub(r"^[ \t]*#[^\n]*", "", text, flags=re.M)
    depth = start = opened = 0
    for i, c in enumerate(text):
        if c == "{":
            opened = i if not depth else opened
            depth += 1
        depth -= c == "}"
        if depth or c not in ";}" or (c == "}" and "=" in text[start:opened]):
            continue                    # inside; or a table, whose semicolon follows
        head, body = text[start:opened], text[opened:i]
        name = re.search(r"(\w+)\s*(?:\[[^]]*\]\s*)*(?:\(.*|=.*)$", head, flags=re.S)
        if body and name:
            yield Piece(name.group(1), path, head, body)
        start = opened = i + 1


def one_way(text, flag, value):
    """The body of a function whose parameter `flag` has this value."""
    text = re.sub(rf"\b{flag} \? ([^:;]*) : ([^;]*)(?=;)", r"\1" if value else r"\2", text)
    never = f"!{flag}" if value else flag
    if not value:
        end = re.search(rf"\n\tif \(!{flag}\)\s*(?:{{[^{{}}]*)?\breturn[^;]*;", text)
        text = text[:end.end()] if end else text
    return re.sub(rf"\bif \({never}(?: && [^{{}};]*)?\)\s*(?:return|r =|why =)[^;]*;", "", text)


def arguments(text, word):
    """Those of each call of `word`; None: it is mentioned, and not called."""
    for m in re.finditer(rf"\b{word}\b", text):
        depth, args = 0, [""]
        for c in text[m.end():]:
            depth += (c == "(") - (c == ")")
            if not depth or c == ";":
                break
            if c == "," and depth == 1:
                args.append("")
            elif depth > 1 or c not in "()":
                args[-1] += c
        yield [arg.strip() for arg in args] if text[m.end():m.end() + 1] == "(" else None


class Sources:
    def __init__(self, paths):
        self.raw = {path: open(path, encoding="utf-8").read() for path in paths}
        text = {path: without_noise(raw) for path, raw in self.raw.items()}
        self.everywhere, self.local = {}, collections.defaultdict(dict)
        self.all = [p for path in paths for p in pieces(path, text[path])]
        for p in self.all:
            self.local[p.path][p.name] = p
            if "static" not in p.head:
                self.everywhere.setdefault(p.name, p)
        joined = "\n".join(text.values())
        holders = re.findall(r"\bstruct (\w+) \{[^{}]*\bresult \w+;[^{}]*\}", joined)
        self.carries = re.compile(RESULT + "".join(rf"|\bstruct {name}\b" for name in holders))
        self.pointers = collections.defaultdict(set)
        for name, args in re.findall(r"\bresult \(\*(\w+)\)\(([^)]*)\)", joined):
            self.pointers[name].add(parameters(args))
        self.revisions = {p.name: self.revision(p) for p in self.all
                          if "struct kvm_revision kvm_revision_" in p.head}
        order = re.search(r"kvm_revisions\[\] = \{(.*?)\}", joined, re.S).group(1)
        self.order = re.findall(r"&(\w+)", order)
        self.fields = collections.defaultdict(set)
        for p in self.all:
            if not any(p in parts for parts, _, _ in self.revisions.values()):
                for field, value in p.sets:
                    self.fields[field].add((p.path, value))

    def find(self, path, word):
        return self.local[path].get(word) or self.everywhere.get(word)

    def revision(self, p):
        """The object with its macros; what it has in a field; the fields that are not zero."""
        parts = [p] + [q for q in self.local[p.path].values() if q.head == "=" and
                       re.search(rf"\b{q.name}\b", p.body)]
        values = collections.defaultdict(set)
        for part in parts:
            for field, value in part.sets:
                values[field].add((p.path, value))
        return parts, values, {name for part in parts for name in part.named}

    def body(self, p, revision):
        """The text without what this revision does not do."""
        if not revision or "rev->" not in p.body:
            return p.body
        there = self.revisions[revision][2]

        def choose(m):
            return m.group(2) if m.group(1) in there else m.group(3)

        def keep(m):
            for term in m.group(1).split("&&"):
                flag = re.search(r"(!?)[\w>.-]*\brev->(\w+)\W*$", term)
                if flag and (flag.group(2) in there) == bool(flag.group(1)):
                    return "" if "||" not in m.group(1) else m.group(0)
            return m.group(0)

        text = re.sub(r"[\w>.-]*\brev->(\w+) \? ([^:;]*) : ([^;]*)(?=;)", choose, p.body)
        return re.sub(r"\bif \(([^{};]*)\)\s*(?:return|why =)[^;]*;", keep, text)

    def values(self, p, text, word, flag, value):
        """What the flag of `word`, which p mentions, can be: True, False, None (both)."""
        callee = self.find(p.path, word)
        if not callee or not callee.is_code or not FLAG.search(callee.head):
            return {None}
        known = {"true": True, "false": False, flag: value}
        return {next((known[arg] for arg in args or () if arg in known), None)
                for args in arguments(text, word)}

    @functools.lru_cache(maxsize=None)
    def steps(self, p, revision, value):
        """Where a rule could come from: {(path, word, value of its flag)}."""
        plain = SET.sub("", self.body(p, revision))
        flag = FLAG.search(p.head).group(1) if p.is_code and FLAG.search(p.head) else None
        if value is not None:
            plain = one_way(plain, flag, value)
        steps = {(p.path, word, each) for word in set(WORD.findall(MEMBER.sub(" ", plain)))
                 for each in self.values(p, plain, word, flag, value)}
        own = self.revisions[revision][1] if revision else {}
        for field, call in set(MEMBER.findall(plain)):
            if field in NOT_FOLLOWED or (field in self.pointers and not call):
                continue
            there = self.fields[field] | set(own.get(field, ()))
            if field in self.pointers and not there:
                there = self.pointed(field)
            steps |= {(path, word, None) for path, word in there}
        return steps

    @functools.lru_cache(maxsize=None)
    def pointed(self, field):
        """Every function of this field's type, if no initialiser names the field."""
        return {(p.path, p.name) for p in self.all if p.signature in self.pointers[field] and
                re.search(RESULT, p.head)}

    def rules(self, path, name, revision, leave=()):
        """Every rule that the function comes to."""
        seen, rules, todo = set(), set(), [(path, name, None)]
        while todo:
            at, word, value = todo.pop()
            if word.startswith("rule_"):
                rules.add(word[5:])
            p = self.find(at, word)
            if not p or (p, value) in seen or word in leave or word in TABLES:
                continue
            seen.add((p, value))
            if len(seen) == 1 or not p.is_code or self.carries.search(p.head):
                todo += self.steps(p, revision, value)
        return rules


def of_kvm(s, path, kind, handler, revision):
    dispatch = "kvm/entry/dispatch.c"
    leave = {"refuse_unknown"}
    any_call = s.rules(s.path(dispatch), "dispatch", revision, leave)
    if kind in ("SYSTEM", "GMEM"):      # there is no VM; or struct kvm_file_ops.any_process
        any_call -= {"kvm_foreign_mm", "kvm_vm_dead"}
    return any_call | s.rules(path, handler, revision)


def calls(s):
    """Each call: layer, kind of file, name, {revision: rules}; None: the revision says nothing."""
    for path, raw in s.raw.items():
        for layer, pattern in ROWS:
            for kind, name, handler in pattern.findall(raw if path.endswith(".c") else ""):
                if layer == "KVM":
                    at = [r for r, (parts, _, _) in s.revisions.items() if parts[0].path == path]
                    yield layer, kind, name, {r: of_kvm(s, path, kind, handler, r)
                                              for r in at or s.order}
                    continue
                rules = s.rules(path, handler, None)
                if layer == "RMI":
                    rules.add("rmi_fault")
                rules = {rule for rule in rules if rule.startswith(layer.lower() + "_")}
                yield layer, "SYSTEM", name if layer == "PSCI" else f"{layer}_{name}", {None: rules}
    # Numbers that no row has.
    for r in s.order:
        path = s.revisions[r][0][0].path
        unknown = {w for p in s.all for f, w in p.sets if f == "unknown_call"}
        foreign = set(WORD.findall(s.local[path]["foreign"].body))
        yield "KVM", "VM", "ioctl", {r: {w[5:] for w in unknown | foreign if w.startswith("rule_")}}
    for path, name in (("rmm/smc.c", "rmm_smc"), ("rmm/rsi.c", "rsi_handle_smc")):
        for rule in s.rules(s.path(path), name, None) - {"rmi_fault"}:
            yield rule.split("_")[0].upper(), "SYSTEM", "SMC", {None: {rule}}


def all_rules(s):
    for path, raw in s.raw.items():
        if path.endswith(".def"):
            for name, code in re.findall(r"^RULE\((\w+),\s*([\w-]+)", raw, re.M):
                if code != "0":         # what is told to who was not refused
                    yield name


def order(row):
    layer, kind, name, rule = row[0]
    return layer, name, kind, rule


def main(output, depfile, *layers):
    paths = sorted(str(path) for layer in layers for path in pathlib.Path(layer).parent.rglob("*")
                   if path.suffix in (".c", ".h", ".def"))
    s = Sources(paths)
    s.path = lambda end: next(path for path in paths if path.endswith(end))
    table = collections.defaultdict(int)
    for layer, kind, name, by_revision in calls(s):
        for revision, rules in by_revision.items():
            for rule in rules:
                bits = 1 << s.order.index(revision) if revision else ~(-1 << len(s.order))
                table[layer, kind, name, rule] |= bits
    lost = sorted(set(all_rules(s)) - {rule for _, _, _, rule in table})
    if lost:
        print("answers.py: no call comes to", *lost, file=sys.stderr)
        return 1
    with open(output, "w", encoding="utf-8") as f:
        for (layer, kind, name, rule), bits in sorted(table.items(), key=order):
            f.write(f'ANSWER({layer}, {kind}, "{name}", {bits:#x}, {rule})\n')
    with open(depfile, "w", encoding="utf-8") as f:
        f.write(f"{output}: " + " ".join(path.replace(" ", "\\ ") for path in paths) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
