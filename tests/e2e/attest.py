#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""attest.py - a realm's own kernel makes a token that tells the truth about this run"""
import json
import re
import secrets
import subprocess

from realm import SOFTREALM, UP, case, check, images, main, realm, work


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
    tokens = []
    for name in ("first", "second"):
        path = work() / name
        realm("--deterministic", "--attest", path).expect(0)
        tokens.append(path.read_bytes())
    check(tokens[0] == tokens[1], "two tokens")


def says(run, text):
    check(text in run.err, "no", repr(text), run.story())


@case
def the_nonce_rpv_and_hash_that_were_asked_for_are_in_the_token():
    token, nonce = work() / "asked", work() / "nonce"
    nonce.write_bytes(b"\x5a" * 20)
    args = ["--rpv", "ab" * 16, "--hash", "sha-512"]
    realm("--attest", token, "--nonce", f"@{nonce}", *args).expect(0)
    predicted = subprocess.run([SOFTREALM, "measure", *images(), "--append", "loglevel=4", *args],
                               capture_output=True, text=True, timeout=60).stdout.strip()
    check(len(predicted) == 128, predicted)
    good = token_command("verify", token, "--test-platform", "--nonce", "5a" * 20, "--rim",
                         predicted, "--rpv", "ab" * 16)
    check(good.returncode == 0, good.stdout, good.stderr)


@case
def a_token_that_does_not_come_ends_the_run_with_11():
    says(realm("--attest", work() / "none", "--until", UP).expect(11), "no token")
    check(not (work() / "none").exists(), "there is a file")


@case
def a_token_that_cannot_be_written_ends_the_run_with_1():
    says(realm("--attest", work() / "no/such/folder").expect(1), "No such file or directory")


@case
def a_token_that_is_refused_ends_the_run_with_12_and_says_so_even_when_quiet():
    run = realm("--attest", work() / "other", "-q", append="softrealm.nonce=" + "11" * 64)
    says(run.expect(12), "token refused: attest_expected_nonce")


@case
def a_nonce_is_looked_at_before_anything_starts():
    for args in (["--nonce", "00" * 65], ["--nonce", "xyz"], ["--nonce", ""],
                 ["--nonce", "@/nonexistent"], ["--nonce", "@/dev/null"],
                 ["--nonce", "@/dev/zero"]):
        realm("--attest", work() / "unused", *args).expect(2)
    says(realm("--nonce", "00").expect(2), "--attest")


@case
def a_token_tells_its_lifecycle_and_that_it_is_simulated():
    token, _, _ = attested("lifecycle", "--lifecycle", "0x3000")
    shown = token_command("show", token, "--json")
    check(shown.returncode == 0, shown.stderr)
    text = json.dumps(json.loads(shown.stdout))
    check(re.search(r'"[^"]*lifecycle[^"]*": "?(12288|0x3000)', text), text)
    check("softrealm" in text or "simulat" in text, "looks genuine:", text)


main()
