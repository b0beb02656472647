#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The attestation subcommands as a user meets them.

usage: test_cli.py COMMAND MKTOKEN PLATFORM_DIR

COMMAND takes token, endorse... as softrealm does.
"""
import base64
import json
import os
import stat
import sys
import unittest

import cbor2

from cli_case import NONCE, PLATFORM, Case, run


class Token(Case):
    def test_a_good_token_is_verified_with_each_kind_of_key(self):
        self.run_ok(0, "endorse", self.path("e"))
        keys = [os.path.join(PLATFORM, n) for n in ("cpak.pem", "cpak.pub.pem", "cpak.jwk")]
        for form in ("eat", "cmw", "legacy"):
            t = self.write("t", self.token(form))
            for key in keys + [self.path("e/ta.json")]:
                out = self.run_ok(0, "token", "verify", t, "--cpak", key, "--nonce", NONCE.hex())
                self.assertIn("\nverified\n", out)

    def test_standard_input_and_values_that_hold(self):
        args = ["token", "verify", "-", "--test-platform", "--nonce", NONCE.hex(), "--rim",
                "aa" * 32, "--rpv", "55" * 64]
        for i in (1, 2, 3, 4):
            args += ["--rem", "%d=%s" % (i, "%02x" % i * 32)]
        out = self.run_ok(0, *args, stdin=self.token())
        self.assertNotIn("may be an old one", out)

    def test_each_refusal_names_its_rule(self):
        t = self.write("t", self.token())
        bad = bytearray(self.token())
        bad[-1] ^= 1
        self.run_ok(0, "platform", "create", self.path("other"))
        for rule, args in {
            "attest_expected_nonce": [t, "--nonce", "00"],
            "attest_expected_rim": [t, "--rim", "bb" * 32],
            "attest_expected_rem": [t, "--rem", "1=" + "02" * 32],
            "attest_expected_rpv": [t, "--rpv", "55"],
            "attest_realm_signature": [self.write("bad", bytes(bad))],
            "attest_cbor": [self.write("cut", self.token()[:-1])],
            "attest_not_a_token": [self.write("zero", b"\0")],
            "attest_unsigned": [self.write("empty", b"\xa0")],
            "attest_too_large": [self.write("large", b"\0" * 32769)],
            "attest_too_large ": [self.write("larger", b"\0" * 32770)],
            "attest_too_large  ": [self.write("largest", b"\0" * 1000000)],
        }.items():
            rule = rule.strip()
            out = self.run_ok(1, "token", "verify", "--test-platform", *args)
            self.assertIn("refused: %s\n" % rule, out)
            out = json.loads(self.run_ok(1, "token", "verify", "--json", "--test-platform", *args))
            self.assertEqual((out["verdict"], out["refusal"]["rule"]), ("refused", rule))
        for key, rule in (("cpak.jwk", "attest_platform_signature"),):
            out = self.run_ok(1, "token", "verify", t, "--cpak", self.path("other/" + key))
            self.assertIn(rule, out)

    def test_platform_only_takes_no_values_of_a_realm_and_says_what_it_leaves_out(self):
        t = self.write("t", self.token())
        for args in (["--rim", "00"], ["--nonce", "00"], ["--rem", "1=00"], ["--rpv", "00"]):
            r = run("token", "verify", t, "--test-platform", "--platform-only", *args)
            self.assertEqual(r.returncode, 2, args)
            self.assertIn(b"--platform-only", r.stderr)
        out = self.run_ok(0, "token", "verify", t, "--test-platform", "--platform-only")
        self.assertIn("note: the realm token was not looked at", out)
        self.assertIn("realm-signature      not asked for", out)
        out = json.loads(self.run_ok(0, "token", "verify", t, "--test-platform", "--json",
                                     "--platform-only"))
        self.assertIn("the realm token was not looked at", out["notes"])
        self.assertEqual(out["passed"], ["platform-signature", "claims"])

    def test_what_was_not_asked_for_has_not_passed(self):
        t = self.write("t", self.token())
        out = json.loads(self.run_ok(0, "token", "verify", t, "--test-platform", "--json"))
        self.assertEqual(out["passed"], ["platform-signature", "realm-signature", "binding",
                                         "claims"])
        self.assertEqual(out["checks"]["expected-values"], "not asked for")
        self.assertIn("without --nonce the token may be an old one", out["notes"])
        self.assertIn("without --rim the realm may hold anything", out["notes"])
        out = json.loads(self.run_ok(0, "token", "verify", t, "--test-platform", "--json",
                                     "--nonce", NONCE.hex(), "--rim", "aa" * 32))
        self.assertEqual(out["passed"][-1], "expected-values")
        self.assertFalse([n for n in out["notes"] if n.startswith("without")])

    def test_a_mismatch_shows_what_was_expected_and_what_is_there(self):
        t = self.write("t", self.token())
        for args, what, expected, actual in (
                (["--rem", "3=" + "0f" * 32], "REM3", "0f" * 32, "03" * 32),
                (["--rim", "bb" * 32], "RIM", "bb" * 32, "aa" * 32),
                (["--nonce", "00"], "nonce", "00", NONCE.hex())):
            out = self.run_ok(1, "token", "verify", t, "--test-platform", *args)
            for text in ("what: %s\n" % what, "expected: %s\n" % expected,
                         "actual:   %s\n" % actual):
                self.assertIn(text, out)
            out = json.loads(self.run_ok(1, "token", "verify", t, "--test-platform", "--json",
                                         *args))
            self.assertEqual(out["mismatch"],
                             {"what": what, "expected": expected, "actual": actual})

    def test_a_simulators_token_says_so(self):
        t = self.write("t", self.token())
        for args in (["show", t], ["verify", t, "--test-platform"]):
            self.assertIn("simulator's token", self.run_ok(0, "token", *args))

    def test_text_of_a_hostile_token_does_not_reach_the_terminal(self):
        def text(s):
            s = s.encode()
            return bytes([0x78, len(s)]) + s

        evil = "a\x1b[2J\x9b31m\x7f\u202e\u2028b\\"
        # {2400: evil, evil: evil}
        t = self.write("t", b"\xa2\x19\x09\x60" + text(evil) + text(evil) + text(evil))
        for args in ([], ["--json"], ["--eat"]):
            out = run("token", "show", t, *args).stdout.decode()
            self.assertIn("1b", out.lower())
            bad = [c for c in out if c != "\n" and (ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0 or
                                                    c in "\u202e\u2028")]
            self.assertEqual(bad, [], args)
        self.assertIn("a\\u{1b}[2J\\u{9b}31m\\u{7f}\\u{202e}\\u{2028}b\\\\",
                      run("token", "show", t).stdout.decode())

    def test_an_unreadable_file_says_why(self):
        r = run("token", "show", self.path("missing"))
        self.assertIn(b"No such file", r.stderr)
        r = run("token", "show", self.dir.name)
        self.assertIn(b"Is a directory", r.stderr)

    def test_show_has_headers_unknown_claims_and_the_rak(self):
        t = self.write("t", self.token())
        obj = json.loads(self.run_ok(0, "token", "show", "--json", t))
        self.assertEqual(obj["realm"]["headers"], {"protected": {"1": "-35"}, "unprotected": {}})
        self.assertEqual(obj["realm"]["public-key-jwk"]["crv"], "P-384")
        t = self.write("t", b"\xa2\x19\x03\xe8\x82\x01\x41\xff\x61x\xf5")
        obj = json.loads(self.run_ok(0, "token", "show", "--json", t))
        self.assertEqual(obj["platform"]["unknown"], {"1000": "[1, h'ff']", '"x"': "true"})

    def test_show_eat_has_the_names_of_other_tools(self):
        t = self.write("t", self.token())
        obj = json.loads(self.run_ok(0, "token", "show", "--eat", t))
        self.assertEqual(set(obj), {"cca-platform-token", "cca-realm-delegated-token"})
        realm = obj["cca-realm-delegated-token"]
        self.assertEqual(base64.b64decode(realm["cca-realm-challenge"]), NONCE)
        self.assertEqual(base64.b64decode(realm["cca-realm-extensible-measurements"][3]),
                         b"\4" * 32)
        self.assertEqual(set(obj["cca-platform-token"]["cca-platform-sw-components"][0]),
                         {"measurement-type", "measurement-value", "version", "signer-id"})

    def test_wrong_usage_and_unreadable_files_are_status_2(self):
        t = self.write("t", self.token())
        junk = self.write("junk", b"no key")
        for args in (["token"], ["token", "verify", t], ["token", "steal", t], ["token", "show"],
                     ["token", "show", self.path("missing")],
                     ["token", "show", t, t],
                     ["token", "verify", t, "--cpak", junk],
                     ["token", "verify", t, "--test-platform", "--cpak", junk],
                     ["token", "verify", t, "--test-platform", "--nonce", "xyz"],
                     ["token", "verify", t, "--test-platform", "--nonce", "00" * 65],
                     ["token", "verify", t, "--test-platform", "--rem", "0=00"],
                     ["token", "verify", t, "--test-platform", "--rem", "5=00"],
                     ["platform"], ["platform", "create"], ["endorse"],
                     ["endorse", self.path("e"), "--rem", "1=00"],
                     ["endorse", self.path("e"), "--rim", "00"],
                     ["endorse", self.path("e"), "--rem", "1=00", "--rim", "00" * 32],
                     ["endorse", self.path("e"), "--token", self.path("missing")],
                     ["measure"], ["measure", "--ledger", junk], ["measure", "diff", t]):
            r = run(*args)
            self.assertEqual(r.returncode, 2, args)
            self.assertTrue(r.stderr, args)

    def test_show_says_what_is_in_it_and_that_nothing_is_proven(self):
        t = self.write("t", self.token("cmw", "sha-512"))
        out = self.run_ok(0, "token", "show", t)
        for text in ("tag 907", NONCE.hex(), "non-CCA platform debug", "REM4", "04" * 64,
                     "Nothing has been verified"):
            self.assertIn(text, out)
        obj = json.loads(self.run_ok(0, "token", "show", "--json", t))
        self.assertEqual(obj["realm"]["challenge"], NONCE.hex())
        self.assertEqual(obj["platform"]["lifecycle"], 0x4000)
        self.assertEqual(obj["malformed"], [])


class Create(Case):
    def create(self, what, *args):
        r = run("token", "create", self.write("what", json.dumps(what).encode()), *args)
        self.assertEqual(r.returncode, 0, r.stderr)
        return self.write("t", r.stdout)

    def verdict(self, what, *args):
        out = run("token", "verify", self.create(what), "--test-platform", "--json", *args)
        return json.loads(out.stdout).get("refusal", {}).get("rule")

    def test_each_profile_is_good_and_always_the_same(self):
        for profile, form in (("legacy", "tag 399"), ("2023", "tag 399"), ("2024", "tag 907"),
                              ("2026", "tag 907")):
            self.assertIsNone(self.verdict({"profile": profile}))
            self.assertIn(form, self.run_ok(0, "token", "show", self.path("t")))
            with open(self.path("t"), "rb") as f:
                first = f.read()
            with open(self.create({"profile": profile}), "rb") as f:
                self.assertEqual(f.read(), first)
        self.assertIsNone(self.verdict({"profile": "2024", "form": "eat"}))
        self.assertIn("tag 399", self.run_ok(0, "token", "show", self.path("t")))

    def test_what_is_said_is_in_it(self):
        t = self.create({"realm": {"challenge": NONCE.hex(), "initial-measurement": "ab" * 32,
                                   "extensible-measurements": ["01" * 32] * 4, "70000": "text",
                                   "70001": {"hex": "00ff"}, "70002": {"1": [True, None]}},
                         "platform": {"lifecycle": 0x3000, "sw-components": [
                             {"component-type": "X", "measurement-value": "cd" * 48,
                              "signer-id": "ef" * 32, "hash-algorithm": "sha-384"}]},
                         "platform-headers": {"unprotected": {"4": {"hex": "6b6964"}}}})
        self.run_ok(0, "token", "verify", t, "--test-platform", "--nonce", NONCE.hex(), "--rim",
                    "ab" * 32, "--rem", "4=" + "01" * 32)
        shown = json.loads(self.run_ok(0, "token", "show", t, "--json"))
        self.assertEqual(shown["platform"]["lifecycle"], 0x3000)
        self.assertEqual(shown["platform"]["sw-components"][0]["measurement-value"], "cd" * 48)
        self.assertEqual(shown["platform"]["headers"]["unprotected"], {"4": "h'6b6964'"})
        self.assertEqual(shown["realm"]["unknown"], {"70000": '"text"', "70001": "h'00ff'",
                                                     "70002": "{1: [true, null]}"})

    def test_any_claim_can_be_missing_or_wrong(self):
        for what, rule in (
                ({"realm": {"challenge": None}}, "realm_challenge"),
                ({"realm": {"rim": None}}, None),
                ({"realm": {"initial-measurement": "00"}}, "realm_rim"),
                ({"realm": {"10": {"text": "x"}}}, "realm_challenge"),
                ({"platform": {"config": None}}, None),
                ({"platform": {"challenge": "00" * 32}}, "binding"),
                ({"platform": {"lifecycle": 0x7000}}, "platform_lifecycle"),
                ({"platform": {"sw-components": [{}]}}, "platform_sw_components"),
                ({"profile": "2024", "realm": {"mec-policy": None}}, "realm_mec_policy"),
                ({"profile": "2026", "platform": {"2408": None}}, "platform_workload_binding"),
                ({"realm-extra": [[10, 1]]}, "claim_duplicate"),
                ({"realm-extra": [[{"cbor": "f6"}, 1]]}, "claim_key"),
                ({"realm-extra": [[1, {"cbor": "61ff"}]]}, "cbor_text"),
                ({"platform-headers": {"protected": {"1": -35, "2": [99]}}}, "cose_crit"),
                ({"realm-headers": {"protected": {}}}, "cose_alg"),
                ({"realm-headers": {"unprotected": {"1": -35}}}, "cose_duplicate")):
            if rule:
                self.assertEqual(self.verdict(what), "attest_" + rule, what)
            else:  # there is no claim of this name
                self.run_ok(2, "token", "create",
                            self.write("what", json.dumps(what).encode()))

    def test_another_platform_signs(self):
        self.run_ok(0, "platform", "create", self.path("p"))
        t = self.create({}, "--platform", self.path("p"))
        self.run_ok(0, "token", "verify", t, "--cpak", self.path("p/cpak.jwk"))
        self.run_ok(1, "token", "verify", t, "--test-platform")

    def test_what_cannot_be_understood_is_named(self):
        deep = {"x": 1}
        for _ in range(40):
            deep = [deep]
        for what, said in ((b"{", b"what:1:"), (b"[]", b"no JSON object"),
                           (b'{"relam": {}}', b"relam"), (b'{"profile": "2020"}', b"profile"),
                           (b'{"form": "jwt"}', b"form"),
                           (b'{"realm": {"challenge": "xyz"}}', b"hexadecimal"),
                           (b'{"realm": {"1": 1.5}}', b"fractions"),
                           (b'{"realm-extra": [1]}', b"[key, value]"),
                           (b'{"realm-headers": {"protected": 1}}', b"header"),
                           (json.dumps({"realm": {"1": deep}}).encode(), b"too deep"),
                           (json.dumps({"realm": {"1": "x" * 20000}}).encode(), b"too long")):
            r = run("token", "create", self.write("what", what))
            self.assertEqual(r.returncode, 2, what[:60])
            self.assertIn(said, r.stderr)


class Endorsements(Case):
    """token verify --endorsements, with what endorse wrote and with what it did not."""

    def endorse(self, *args):
        self.run_ok(0, "endorse", self.path("e"), *args)
        with open(self.path("e/endorsements.json")) as f:
            return json.load(f)

    def change(self, doc):
        with open(self.path("e/endorsements.json"), "w") as f:
            json.dump(doc, f)

    def verify(self, status, token, *args):
        return json.loads(self.run_ok(status, "token", "verify", token, "--json",
                                      "--endorsements", self.path("e"), *args))

    def vectors(self, out):
        return {name: (m["ear.status"], m["ear.trustworthiness-vector"])
                for name, m in out["ear"]["submods"].items()}

    def test_what_is_endorsed_is_affirmed(self):
        t = self.write("t", self.token())
        self.endorse("--rim", "bb" * 32, "--token", t)
        out = self.verify(0, t, "--nonce", NONCE.hex())
        self.assertEqual(out["passed"][-1], "expected-values")
        self.assertEqual(out["ear"]["eat_profile"], "tag:github.com,2023:veraison/ear")
        self.assertEqual(self.vectors(out), {
            "CCA_SSD_PLATFORM": ("affirming", {"instance-identity": 2, "configuration": 2,
                                               "executables": 2, "hardware": 2}),
            "CCA_REALM": ("affirming", {"instance-identity": 2, "configuration": 0,
                                        "executables": 2, "hardware": 0})})
        text = self.run_ok(0, "token", "verify", t, "--endorsements", self.path("e"))
        self.assertIn("CCA_REALM: affirming (", text)
        self.assertNotIn("the realm may hold anything", text)

    def test_each_deviation_is_refused_with_both_values(self):
        t = self.write("t", self.token())
        good = self.endorse("--token", t)

        def realm(**change):
            return {"realms": [{**good["realms"][0],
                                **{k.replace("_", "-"): v for k, v in change.items()}}]}

        def component(**change):
            first = {**good["platform"]["sw-components"][0],
                     **{k.replace("_", "-"): v for k, v in change.items()}}
            return {"platform": {**good["platform"], "sw-components":
                                 [first, good["platform"]["sw-components"][1]]}}

        rems = good["realms"][0]["extensible-measurements"]
        for change, rule, expected, realm_executables in (
                ({"lifecycle": 0x3000}, "lifecycle", None, 2),
                ({"platform": {**good["platform"], "platform-configuration": "00"}}, "config",
                 "00", 2),
                (component(measurement_value="00" * 32), "component", "00" * 32, 2),
                (component(signer_id="11" * 32), "component", "11" * 32, 2),
                (component(version="2"), "component", None, 2),
                (component(component_type="other"), "component", None, 2),
                (realm(initial_measurement="00" * 32), "rim", "00" * 32, 33),
                ({"realms": []}, "rim", None, 33),
                (realm(personalization_value="00" * 64), "rpv", "00" * 64, 96),
                (realm(extensible_measurements=rems[:3] + ["00" * 32]), "rem", "00" * 32, 3)):
            self.change({**good, **change})
            out = self.verify(1, t)
            self.assertEqual(out["refusal"]["rule"], "attest_expected_" + rule)
            self.assertTrue(out["mismatch"]["what"])
            if expected:
                self.assertEqual(out["mismatch"]["expected"], expected)
                self.assertNotEqual(out["mismatch"]["actual"], expected)
            self.assertEqual(self.vectors(out)["CCA_REALM"][1]["executables"], realm_executables)
        self.change(good)
        self.verify(1, t, "--nonce", "00")

    def test_a_forged_token_and_another_platform_get_no_trust(self):
        t = self.write("t", self.token())
        self.endorse("--token", t)
        bad = bytearray(self.token())
        bad[-1] ^= 1
        out = self.verify(1, self.write("bad", bytes(bad)))
        self.assertEqual(self.vectors(out)["CCA_REALM"][1]["executables"], 99)
        self.run_ok(0, "platform", "create", self.path("p"))
        out = self.verify(1, self.write("o", self.token("eat", "sha-256", self.path("p"))))
        self.assertEqual(self.vectors(out)["CCA_SSD_PLATFORM"],
                         ("contraindicated", {"instance-identity": 97, "configuration": 0,
                                              "executables": 0, "hardware": 0}))

    def test_the_platform_half_can_be_appraised_alone(self):
        t = self.write("t", self.token())
        good = self.endorse()
        out = self.verify(0, t, "--platform-only")
        self.assertEqual(list(self.vectors(out)), ["CCA_SSD_PLATFORM"])
        self.change({**good, "lifecycle": 0})
        self.verify(1, t, "--platform-only")

    def test_a_damaged_file_is_named(self):
        t = self.write("t", self.token())
        good = self.endorse("--token", t)
        for member in ("trust-anchor", "lifecycle", "platform", "realms"):
            self.change({k: v for k, v in good.items() if k != member})
            r = run("token", "verify", t, "--endorsements", self.path("e"))
            self.assertEqual(r.returncode, 2)
            self.assertIn(b"endorsements.json: ", r.stderr)
        self.run_ok(2, "token", "verify", t, "--endorsements", self.path("missing"))
        self.run_ok(2, "token", "verify", t, "--endorsements", self.path("e"), "--test-platform")


class Keys(Case):
    """A CPAK in every form in which people keep one; the right and a wrong one of each."""

    def check(self, name, data, other):
        t = self.write("t", self.token())
        self.run_ok(0, "token", "verify", t, "--cpak", self.write(name, data))
        self.run_ok(1, "token", "verify", t, "--cpak", self.write(name + ".other", other))

    def keys(self):
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        with open(os.path.join(PLATFORM, "cpak.pem"), "rb") as f:
            own = serialization.load_pem_private_key(f.read(), None)
        return own, ec.generate_private_key(ec.SECP384R1())

    def test_points_and_der(self):
        from cryptography.hazmat.primitives.serialization import (
            Encoding, NoEncryption, PrivateFormat, PublicFormat)
        own, other = self.keys()
        for encoding in (Encoding.PEM, Encoding.DER):
            self.check("spki", *(k.public_key().public_bytes(
                encoding, PublicFormat.SubjectPublicKeyInfo) for k in (own, other)))
            for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
                self.check("private", *(k.private_bytes(encoding, form, NoEncryption())
                                        for k in (own, other)))
        # SubjectPublicKeyInfo with a compressed point, which cryptography reads and never writes.
        head = bytes.fromhex("3046301006072a8648ce3d020106052b81040022033200")
        compressed = [head + k.public_key().public_bytes(Encoding.X962,
                                                         PublicFormat.CompressedPoint)
                      for k in (own, other)]
        self.check("compressed.der", *compressed)
        self.check("compressed.pem", *(
            b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(c)
            + b"\n-----END PUBLIC KEY-----\n" for c in compressed))

    def test_a_certificate(self):
        import datetime
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.serialization import Encoding

        def certificate(key, encoding):
            name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CPAK")])
            return x509.CertificateBuilder(name, name, key.public_key(), 1,
                                           datetime.datetime(2020, 1, 1),
                                           datetime.datetime(2021, 1, 1)).sign(
                key, hashes.SHA384()).public_bytes(encoding)
        own, other = self.keys()
        for encoding in (Encoding.PEM, Encoding.DER):
            self.check("certificate", certificate(own, encoding), certificate(other, encoding))

    def test_a_jwk_set(self):
        with open(os.path.join(PLATFORM, "cpak.jwk")) as f:
            own = json.load(f)
        self.run_ok(0, "platform", "create", self.path("p"))
        with open(self.path("p/cpak.jwk")) as f:
            other = json.load(f)
        rsa = {"kty": "RSA", "n": "AQAB", "e": "AQAB"}
        self.check("jwks", *(json.dumps({"keys": [rsa, other, k]}).encode() for k in (own, other)))
        self.check("jwks1", *(json.dumps({"keys": [k, rsa]}).encode() for k in (own, other)))
        t = self.write("t", self.token())
        for use in ({"alg": "ES256"}, {"alg": "ECDH-ES"}):
            self.run_ok(2, "token", "verify", t, "--cpak",
                        self.write("k", json.dumps({**own, **use}).encode()))

    def test_what_is_no_key_is_named(self):
        t = self.write("t", self.token())
        for data, said in (
                (b"no key", b"neither PEM nor DER nor JSON"),
                (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                 b"none of a NIST curve"),
                (b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n", b"encrypted"),
                (b"-----BEGIN OPENSSH PRIVATE KEY-----\n", b"no EC key"),
                (b"\x30\x03\x02\x01\x00", b"DER"),
                (b"{}", b"no JWK"), (b"[]", b"JSON array"), (b'{"keys": []}', b"JWK set")):
            r = run("token", "verify", t, "--cpak", self.write("k", data))
            self.assertEqual(r.returncode, 2, data)
            self.assertIn(said, r.stderr, data)


class Platform(Case):
    def test_a_description_that_would_be_half_read_is_refused(self):
        p = self.path("p")
        self.run_ok(0, "platform", "create", p)
        with open(p + "/platform.json") as f:
            good = json.load(f)
        bad = json.loads(json.dumps(good))
        bad["sw-components"][0]["version"] = 3
        for change, said in (({"sw-components": bad["sw-components"]}, b"version"),
                             ({"verification-service": 3}, b"verification-service"),
                             ({"lifecycle": 0x7000}, b"lifecycle")):
            with open(p + "/platform.json", "w") as f:
                json.dump({**good, **change}, f)
            r = run("endorse", self.path("e"), "--platform", p)
            self.assertEqual(r.returncode, 2)
            self.assertIn(said, r.stderr)

    def test_components_may_have_hashes_of_each_length(self):
        p = self.path("p")
        self.run_ok(0, "platform", "create", p)
        with open(p + "/platform.json") as f:
            desc = json.load(f)
        for n, c in zip((48, 64), desc["sw-components"]):
            c["measurement-value"] = "ab" * n
        with open(p + "/platform.json", "w") as f:
            json.dump(desc, f)
        t = self.write("t", self.token("eat", "sha-256", p))
        self.run_ok(0, "token", "verify", t, "--cpak", p + "/cpak.jwk")

    def test_a_platform_of_ones_own_signs_tokens(self):
        p = self.path("p")
        old = os.umask(0)
        try:
            self.run_ok(0, "platform", "create", p)
        finally:
            os.umask(old)
        self.assertEqual(stat.S_IMODE(os.stat(p + "/cpak.pem").st_mode), 0o600)
        t = self.write("t", self.token("eat", "sha-256", p))
        self.run_ok(0, "token", "verify", t, "--cpak", p + "/cpak.jwk")
        self.run_ok(0, "token", "verify", t, "--cpak", p + "/cpak.pub.pem")
        self.run_ok(1, "token", "verify", t, "--test-platform")

    def test_nothing_is_overwritten(self):
        p = self.path("p")
        os.mkdir(p)
        self.run_ok(2, "platform", "create", p)
        self.assertEqual(os.listdir(p), [])

    def test_the_published_files_belong_together(self):
        self.run_ok(0, "endorse", self.path("e"))
        with open(self.path("e/ta.json")) as f:
            anchor, = json.load(f)
        with open(os.path.join(PLATFORM, "cpak.jwk")) as f:
            jwk = json.load(f)
        self.assertEqual(anchor["pkey"], {k: jwk[k] for k in ("kty", "crv", "x", "y")})
        for name in os.listdir(PLATFORM):
            with open(os.path.join(PLATFORM, name)) as f:
                self.assertIn("TEST ONLY", f.read(), name)


class Endorse(Case):
    def load(self, name):
        with open(self.path("e/" + name)) as f:
            return json.load(f)

    def test_a_token_gives_the_values_of_its_realm(self):
        t = self.write("t", self.token())
        self.run_ok(0, "endorse", self.path("e"), "--token", t)
        rv = self.load("rv.json")
        realm, = rv["realm"]
        self.assertEqual(realm["initial-measurement"], "aa" * 32)
        self.assertEqual(realm["extensible-measurements"], ["%02x" % i * 32 for i in (1, 2, 3, 4)])
        self.assertEqual(realm["personalization-value"], "55" * 64)
        shown = json.loads(self.run_ok(0, "token", "show", "--json", t))["platform"]
        platform, = rv["platform"]
        for key in ("implementation-id", "platform-configuration", "sw-components"):
            self.assertEqual(platform[key], shown[key])
        anchor, = self.load("ta.json")
        self.assertEqual(anchor["instance-id"], shown["instance-id"])

    def test_only_a_good_token_of_the_platform_is_endorsed(self):
        bad = bytearray(self.token())
        bad[-1] ^= 1
        self.run_ok(0, "platform", "create", self.path("p"))
        other = self.token("eat", "sha-256", self.path("p"))
        for args in ([self.write("bad", bytes(bad))], [self.write("other", other)],
                     [self.write("junk", b"junk")],
                     [self.write("own", self.token()), "--platform", self.path("p")]):
            r = run("endorse", self.path("e"), "--token", *args)
            self.assertEqual(r.returncode, 1, args)
            self.assertIn(b"refused", r.stderr)
            self.assertFalse(os.path.exists(self.path("e")))
        self.run_ok(0, "endorse", self.path("e"), "--token", self.path("other"), "--platform",
                    self.path("p"))

    def test_several_realms_in_one_store(self):
        self.run_ok(0, "endorse", self.path("e"), "--token", self.write("t", self.token()),
                    "--rim", "bb" * 48, "--rem", "1=" + "cc" * 48, "--rim", "dd" * 64,
                    "--rpv", "ee" * 64)
        realms = self.load("rv.json")["realm"]
        self.assertEqual({r["initial-measurement"] for r in realms},
                         {"aa" * 32, "bb" * 48, "dd" * 64})
        self.assertEqual([r["hash-algorithm"] for r in self.load("endorsements.json")["realms"]],
                         ["sha-384", "sha-512", "sha-256"])
        self.assertEqual(len(self.load("comid-realm-refval.json")["triples"]["reference-values"]),
                         3)

    def test_nothing_of_an_earlier_realm_stays(self):
        self.run_ok(0, "endorse", self.path("e"), "--rim", "bb" * 32)
        self.run_ok(0, "endorse", self.path("e"))
        self.assertEqual(sorted(os.listdir(self.path("e"))),
                         ["comid-platform-refval.json", "comid-platform-ta.json",
                          "corim-platform.cbor", "endorsements.json", "rv.json", "ta.json"])

    def test_corims_say_what_the_comids_say(self):
        out = self.run_ok(0, "endorse", self.path("e"), "--rim", "bb" * 48, "--rim", "dd" * 32)
        self.assertIn("cocli corim submit --corim-file=%s" % self.path("e/corim-realm.cbor"), out)

        def corim(name, profile):
            with open(self.path("e/" + name), "rb") as f:
                tag = cbor2.loads(f.read())
            self.assertEqual(tag.tag, 501)
            self.assertEqual(tag.value[3].value, profile)
            self.assertTrue(all(t.tag == 506 for t in tag.value[1]))
            return [cbor2.loads(t.value) for t in tag.value[1]]

        def plain(value):  # the CoMID's JSON as CBOR has it
            kind, v = value["type"], value["value"]
            return v if kind == "string" else base64.b64decode(v)

        realms, = corim("corim-realm.cbor", "tag:arm.com,2025:cca_realm#1.0.0")
        wanted = self.load("comid-realm-refval.json")["triples"]["reference-values"]
        self.assertEqual(len(realms[4][0]), 2)
        for (env, measurements), want in zip(realms[4][0], wanted):
            self.assertEqual(env[0][0].value, plain(want["environment"]["class"]["id"]))
            for m, w in zip(measurements, want["measurements"]):
                self.assertEqual(m[0], w["key"]["value"])
                if "digests" in w["value"]:
                    (alg, digest), = w["value"]["digests"]
                    self.assertEqual(m[1][2], [[alg, base64.urlsafe_b64decode(digest + "==")]])
                else:
                    self.assertEqual(m[1][4].value, plain(w["value"]["raw-value"]))
        refs, keys = corim("corim-platform.cbor", "tag:arm.com,2025:cca_platform#1.0.0")
        want, = self.load("comid-platform-refval.json")["triples"]["reference-values"]
        (env, measurements), = refs[4][0]
        self.assertEqual([m[1].get(11) for m in measurements],
                         [m["value"].get("name") for m in want["measurements"]])
        want, = self.load("comid-platform-ta.json")["triples"]["attester-verification-keys"]
        (env, (key,)), = keys[4][3]
        self.assertEqual((env[1].tag, env[1].value),
                         (550, plain(want["environment"]["instance"])))
        self.assertEqual((key.tag, key.value), (554, want["verification-keys"][0]["value"]))

    def test_comids_have_the_shape_of_veraisons(self):
        self.run_ok(0, "endorse", self.path("e"), "--rim", "cc" * 64, "--rem", "2=" + "dd" * 64)
        triple, = self.load("comid-platform-ta.json")["triples"]["attester-verification-keys"]
        self.assertEqual(triple["environment"]["instance"]["type"], "ueid")
        key, = triple["verification-keys"]
        self.assertEqual(key["type"], "pkix-base64-key")
        self.assertTrue(key["value"].startswith("-----BEGIN PUBLIC KEY-----\n"))
        ref, = self.load("comid-platform-refval.json")["triples"]["reference-values"]
        names = [m["key"]["value"] for m in ref["measurements"]]
        self.assertEqual(names, ["cca.software-component"] * 2 + ["cca.platform-config"])
        ref, = self.load("comid-realm-refval.json")["triples"]["reference-values"]
        values = {m["key"]["value"]: m["value"] for m in ref["measurements"]}
        self.assertEqual(set(values), {"cca.rim", "cca.rpv"} | {"cca.rem%d" % i for i in range(4)})
        (algo, digest), = values["cca.rem1"]["digests"]
        self.assertEqual((algo, digest), (8, "3d3d" * 21 + "3Q"))

    def test_without_a_realm_there_is_none(self):
        self.run_ok(0, "endorse", self.path("e"))
        self.assertEqual(self.load("rv.json")["realm"], [])
        self.assertFalse(os.path.exists(self.path("e/comid-realm-refval.json")))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
