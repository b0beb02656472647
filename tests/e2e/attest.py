#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""attest.py - a realm's own kernel makes a token that tells the truth about this run"""
import json
import re
import secrets
import subprocess

from realm import SOFTREALM, UP, case, check, main, realm, work


def token_command(*args):
    return subprocess.run([SOFTREALM, "token", *map(str, args)], capture_output=True, text=True,
                          timeout=60)


def rim_of(summary):
    return re.search(r'"rim": *"([0-9a-f]{64})', summary.read_text()).group(1)


def attested(name, *args):
    """A run that hands out a token over a fresh nonce: (token file, nonce, RIM)."""
    token, summary, nonce = work() / name, work() / f"{name}.json", secrets.token_hex(64)
    run = realm("--attest", token, "--attest-nonce", nonce, "--summary", summary, *args)
    run.expect(0, "softrealm-init: attest: token of")
    return token, nonce, rim_of(summary)


@case
def a_token_verifies_with_its_nonce_and_its_rim():
    token, nonce, rim = attested("token", "-c", 2)
    good = token_command("verify", token, "--test-platform", "--nonce", nonce, "--rim", rim)
    check(good.returncode == 0, good.stdout, good.stderr)
    for option, value in (("--nonce", secrets.token_hex(64)), ("--rim", secrets.token_hex(32))):
        bad = token_command("verify", token, "--test-platform", option, value)
        check(bad.returncode == 1, "accepted another", option, bad.stdout)


@case
def the_ledger_explains_the_rim():
    ledger, summary = work() / "ledger", work() / "ledger.json"
    realm("--measurement-log", ledger, "--summary", summary, "--until", UP).expect(0)
    again = subprocess.run([SOFTREALM, "measure", "--ledger", ledger], capture_output=True,
                           text=True, timeout=60)
    check(again.returncode == 0 and rim_of(summary) in again.stdout, again.stdout, again.stderr)


@case
def deterministic_runs_give_the_same_token():
    nonce = secrets.token_hex(64)
    tokens = []
    for name in ("first", "second"):
        path = work() / name
        realm("--deterministic", "--attest", path, "--attest-nonce", nonce).expect(0)
        tokens.append(path.read_bytes())
    check(tokens[0] == tokens[1], "two tokens")


@case
def a_token_tells_its_lifecycle_and_that_it_is_simulated():
    token, _, _ = attested("lifecycle", "--lifecycle", "0x3000")
    shown = token_command("show", token, "--json")
    check(shown.returncode == 0, shown.stderr)
    text = json.dumps(json.loads(shown.stdout))
    check(re.search(r'"[^"]*lifecycle[^"]*": "?(12288|0x3000)', text), text)
    check("softrealm" in text or "simulat" in text, "looks genuine:", text)


main()
