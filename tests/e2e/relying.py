#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""relying.py - demo/relying-party gives its secret to a realm that it trusts, and to no other"""
import contextlib
import json
import subprocess
import urllib.error
import urllib.request

from realm import SOFTREALM, SOURCE, Skip, case, check, images, main, realm, work

SECRET = b"the secret\n"
PYTHON = "/usr/bin/python3"


def softrealm(*args, **how):
    return subprocess.run([SOFTREALM, *map(str, args)], check=True, stdout=subprocess.PIPE,
                          timeout=60, **how).stdout


@contextlib.contextmanager
def service(*endorse):
    """Its address; it knows the test platform and the realms of these options."""
    if subprocess.run([PYTHON, "-c", "import cbor2, cryptography"], stderr=subprocess.DEVNULL,
                      check=False).returncode:
        raise Skip("no python3-cbor2 and python3-cryptography")
    softrealm("endorse", work() / "endorsements", *endorse)
    (work() / "secret").write_bytes(SECRET)
    with subprocess.Popen([PYTHON, SOURCE / "demo/relying-party", work() / "endorsements",
                           work() / "secret"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def nonce(url):
    return urllib.request.urlopen(url + "/nonce", timeout=10).read().decode()


def ask(url, token):
    """(status, body)"""
    try:
        answer = urllib.request.urlopen(url + "/secret", data=token, timeout=10)
        return answer.status, answer.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()


def create(what, *args):
    return softrealm("token", "create", "-", *args, input=json.dumps(what).encode())


RIM = "33" * 32


def good(url, **more):
    return {"realm": {"challenge": nonce(url), "initial-measurement": RIM, **more},
            "platform": {"sw-components": components()}}


def components():
    known = json.loads((work() / "endorsements/endorsements.json").read_text())
    return known["platform"]["sw-components"]


@case
def a_realm_boots_and_gets_the_secret_once():
    predicted = softrealm("measure", *images(), "--append", "loglevel=4").decode().strip()
    with service("--rim", predicted) as url:
        token = work() / "token"
        run = realm("--attest", token, "--nonce", nonce(url)).wait()  # the service stays
        check(run.status == 0, run.story())
        check(ask(url, token.read_bytes()) == (200, SECRET), "no secret")
        status, why = ask(url, token.read_bytes())
        check(status == 403 and b"nonce" in why, "a second time", status, why)


@case
def what_is_not_trusted_gets_nothing():
    softrealm("platform", "create", work() / "other")
    with service("--rim", RIM) as url:
        check(ask(url, create(good(url))) == (200, SECRET), "a good one is refused")
        wrong = good(url)
        wrong["platform"]["lifecycle"] = 0x3000
        firmware = good(url)
        firmware["platform"]["sw-components"][0]["measurement-value"] = "00" * 32
        flipped = bytearray(create(good(url)))
        flipped[-1] ^= 1
        for token, said in (
                (create(good(url, **{"initial-measurement": "44" * 32})), b"unknown RIM"),
                (create(good(url, challenge="00" * 64)), b"nonce"),
                (create(good(url), "--platform", work() / "other"), b"signature"),
                (create(wrong), b"life cycle"), (create(firmware), b"firmware"),
                (bytes(flipped), b"signature"), (b"\0", b"malformed"), (b"", b"malformed"),
                (b"\xa0", b"malformed"),
                (create({**good(url), "profile": "legacy"}), b"")):
            status, why = ask(url, token)
            check(status == 403 and said in why and SECRET not in why, said, status, why)


main()
