#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Signed tokens that are wrong in one place each, named after the clause that they break.

usage: bad_tokens.py COMMAND PLATFORM_DIR       the test: each gets its verdict
       bad_tokens.py --write DIR PLATFORM_DIR   the tokens as files, and verdicts.json

COMMAND takes token, endorse... as softrealm does. Both halves of each token are signed, with the
published key of the test platform and a RAK of our own, and bound to each other, except where that
is what is wrong. No code is shared with attest/.
"""
import hashlib
import json
import os
import subprocess
import sys

try:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
except ImportError:
    print("skipped: no python3-cryptography")
    sys.exit(77)

# ---- CBOR, as freely as a forger writes it ----


class Raw(bytes):
    """Encoded already."""


class Pairs(list):
    """A map whose keys may be anything, in this order, as often as one likes."""


def head(major, value, size=None):
    if size is None:
        size = 0 if value < 24 else 1 if value < 256 else 2 if value < 65536 else 4
    if size == 0:
        return bytes([major << 5 | value])
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[size]]) + value.to_bytes(size, "big")


def tag(number, content):
    return Raw(head(6, number) + enc(content))


def enc(x):
    if isinstance(x, Raw):
        return bytes(x)
    if isinstance(x, bool):
        return b"\xf5" if x else b"\xf4"
    if x is None:
        return b"\xf6"
    if isinstance(x, int):
        return head(0, x) if x >= 0 else head(1, -1 - x)
    if isinstance(x, bytes):
        return head(2, len(x)) + x
    if isinstance(x, str):
        return head(3, len(x.encode())) + x.encode()
    if isinstance(x, Pairs):
        return head(5, len(x)) + b"".join(enc(k) + enc(v) for k, v in x)
    if isinstance(x, dict):
        return enc(Pairs(x.items()))
    return head(4, len(x)) + b"".join(map(enc, x))


# ---- keys ----

SIZES = {"P-256": 32, "P-384": 48, "P-521": 66}
ALGS = {"P-256": -7, "P-384": -35, "P-521": -36}
CURVES = {"P-256": (ec.SECP256R1, 1), "P-384": (ec.SECP384R1, 2), "P-521": (ec.SECP521R1, 3)}
HASHES = {"P-256": hashes.SHA256, "P-384": hashes.SHA384, "P-521": hashes.SHA512}


class Key:
    def __init__(self, key, curve="P-384"):
        self.key, self.curve, self.size = key, curve, SIZES[curve]
        n = key.public_key().public_numbers()
        self.x, self.y = (v.to_bytes(self.size, "big") for v in (n.x, n.y))
        self.point = b"\x04" + self.x + self.y

    @staticmethod
    def make(curve):
        return Key(ec.derive_private_key(0x5eed, CURVES[curve][0]()), curve)

    def cose(self):
        return {1: 2, -1: CURVES[self.curve][1], -2: self.x, -3: self.y}

    def sign(self, message):
        r, s = decode_dss_signature(self.key.sign(message, ec.ECDSA(HASHES[self.curve]())))
        return r.to_bytes(self.size, "big") + s.to_bytes(self.size, "big")


def load_cpak(folder):
    with open(os.path.join(folder, "cpak.pem"), "rb") as f:
        return Key(serialization.load_pem_private_key(f.read(), None))


RAK = {curve: Key.make(curve) for curve in SIZES}

# ---- tokens ----

LEGACY = "http://arm.com/CCA-SSD/1.0.0"
P2023, R2023 = "tag:arm.com,2023:cca_platform#1.0.0", "tag:arm.com,2023:realm#1.0.0"
P2024, R2024 = "tag:arm.com,2024:cca_platform#2.0.0", "tag:arm.com,2024:realm#2.0.0"
P2026, R2026 = "tag:arm.com,2026:cca_platform#2.0.0", "tag:arm.com,2026:realm#2.0.0"
ID = b"softrealm simulator - TEST ONLY\0"
DROP = object()
COMPONENT = {1: "RMM", 2: b"\x01" * 32, 4: "1", 5: b"\x02" * 32}


class Token:
    """What a good token of this profile says; the cases below change it before it is built."""
    cpak = None

    def __init__(self, profile=2023):
        self.rak = RAK["P-384"]
        self.tag, self.outer_tag = 18, 399 if profile in (2023, "legacy") else 907
        self.platform, self.realm = {}, {}
        self.extra = {"platform": [], "realm": []}  # more pairs
        self.protected = {"platform": {1: -35}, "realm": {1: -35}}
        self.unprotected = {"platform": {}, "realm": {}}
        self.key, self.bind = None, "sha256"
        self.binding = 2408 if profile == 2026 else 10
        self.parts = self.payload = None
        self.keys = (44234, 44241)
        self.more = Pairs()
        self.after = b""
        p, r = {2023: (P2023, R2023), 2024: (P2024, R2024), 2026: (P2026, R2026),
                "legacy": (LEGACY, None)}[profile]
        instance = b"\x01" + hashlib.sha256(self.cpak.point).digest()
        self.platform = {265: p, 2396: ID, 256: instance, 2401: b"TEST", 2395: 0x4000,
                         2402: "sha-256", 2399: [COMPONENT]}
        self.realm = {10: b"\x11" * 64, 44235: b"\x22" * 64, 44236: "sha-256", 44240: "sha-256",
                      44238: b"\x33" * 32, 44239: [b"\x44" * 32] * 4}
        if r:
            self.realm[265] = r
        if profile == "legacy":
            self.key = self.rak.point
        if profile in (2024, 2026):
            self.platform[2394] = 1
            self.realm.update({256: b"\x01" + b"\x55" * 32, 44243: 0})

    def claims(self, part):
        pairs = Pairs((k, v) for k, v in getattr(self, part).items() if v is not DROP)
        return enc(Pairs(pairs + self.extra[part]))

    def sign1(self, part, key, payload):
        protected = self.protected[part]
        protected = bytes(protected) if isinstance(protected, bytes) else enc(protected)
        signed = enc(["Signature1", protected, b"", payload])
        return enc(tag(self.tag, [protected, self.unprotected[part], payload, key.sign(signed)]))

    def build(self):
        claim = enc(self.rak.cose()) if self.key is None else \
            self.key if isinstance(self.key, bytes) else enc(self.key)
        self.realm.setdefault(44237, claim)
        self.platform.setdefault(self.binding, hashlib.new(self.bind, claim).digest())
        parts = [self.sign1("platform", self.cpak, self.claims("platform")),
                 self.sign1("realm", self.rak, self.claims("realm"))]
        if self.parts:
            parts = self.parts(*parts)
        if self.outer_tag == 907 and not self.parts:
            parts = [[263, p] for p in parts]
        pairs = Pairs(zip(self.keys, parts)) + self.more
        return enc(tag(self.outer_tag, Pairs(pairs))) + self.after


CASES = {}


def case(name, rule, lenient=None, profile=2023):
    """The function changes the token. rule: why it is refused, None: it is not; lenient: with
    --lenient, the same if not given."""
    def add(change):
        assert name not in CASES, name
        CASES[name] = (change, profile, rule, rule if lenient is None else lenient or None)
        return change
    return add


def simple(name, rule, change, **kw):
    case(name, rule, **kw)(change)


def setter(part, key, value):
    def change(t):
        getattr(t, part)[key] = value
    return change


GOOD = False  # verified with --lenient

# ---- what is right ----

for each in (2023, 2024, 2026, "legacy"):
    simple("good-%s" % each, None, lambda t: None, profile=each)


@case("rfc9711-4-unknown-claims-are-ignored", None)
def _(t):
    for part in ("platform", "realm"):
        t.extra[part] = [(1234567, "x"), ("text", [1, {2: 3}]), (-70000, None)]


@case("rfc9052-3-unknown-headers-are-ignored", None)
def _(t):
    t.protected["realm"] = {1: -35, 4: b"kid", 3: 263, "text": [1]}
    t.unprotected["platform"] = {33: b"certificate", 3: "application/eat+cwt"}


@case("den0137-a7.2.3-mec-policy-is-unknown-to-profile-1.0", None)
def _(t):
    t.realm.update({44243: "shared", 44244: b"", 44257: 7, 256: "x"})


@case("den0137-a7.2.3-key-with-alg-and-key-ops", None)
def _(t):
    t.key = {**t.rak.cose(), 2: b"kid", 3: -35, 4: [2], -70001: "x", "text": 1}


simple("msg-wrap-cmw-collection-type", None,
       lambda t: t.more.append(("__cmwc_t", "tag:example.org,2026:x")), profile=2024)
simple("draft-04-delegated-semicolon", None,
       setter("platform", 265, P2026 + ";delegated"), profile=2026)
simple("rmm-2.0-bet3-delegated-hash", None,
       setter("platform", 265, P2026 + "#delegated"), profile=2026)
simple("den0137-2.0-lfa-policy", None, setter("realm", 44244, 1), profile=2026)
simple("den0137-2.0-devices-hash", None, setter("realm", 44257, b"\7" * 48), profile=2026)
simple("den0137-2.0-mec-policy-private", None, setter("realm", 44243, 1), profile=2024)
simple("rfc8949-4.1-preferred-serialization-is-not-required", None,
       setter("platform", 2395, Raw(b"\x1a\x00\x00\x40\x00")))


@case("den0137-a7.2.3-sha-512-realm", None)
def _(t):
    t.realm.update({44236: "sha-512", 44238: b"\3" * 64, 44239: [b"\4" * 64] * 4,
                    44240: "sha-512"})
    t.bind = "sha512"


@case("den0137-a7.2.4-own-hash-of-a-component", None)
def _(t):
    t.platform[2399] = [COMPONENT, {**COMPONENT, 2: b"\1" * 48, 6: "sha-384"}]


# ---- RFC 9052 3, 3.1: headers ----

for half in ("platform", "realm"):
    P, U = (lambda h: (lambda v: lambda t: t.protected.update({h: v}),
                       lambda v: lambda t: t.unprotected.update({h: v})))(half)
    for name, rule, change in (
        ("3.1-crit-unknown", "cose_crit", P(Pairs([(1, -35), (2, [99]), (99, 1)]))),
        ("3.1-crit-unknown-text", "cose_crit", P({1: -35, 2: ["x"], "x": 1})),
        ("3.1-crit-empty", "cose_crit", P({1: -35, 2: []})),
        ("3.1-crit-no-array", "cose_crit", P({1: -35, 2: 1})),
        ("3.1-crit-bad-label", "cose_crit", P({1: -35, 2: [b"x"]})),
        ("3.1-crit-lists-what-is-absent", "cose_crit", P({1: -35, 2: [4]})),
        ("3.1-crit-unprotected", "cose_crit", U({2: [4], 4: b"kid"})),
        ("3.1-crit-private-label", "cose_crit", P({1: -35, 2: [-70000], -70000: 1})),
        ("3-no-alg", "cose_alg", P({})),
        ("3-protected-empty-string", "cose_alg", P(b"")),
        ("3.1-alg-unprotected-only", "cose_alg",
         (lambda p, u: lambda t: (p(t), u(t)))(P({}), U({1: -35}))),
        ("3.1-alg-unknown", "cose_alg", P({1: -99})),
        ("3.1-alg-text", "cose_alg", P({1: "ES384"})),
        ("3.1-alg-bytes", "cose_alg", P({1: b"\x38\x22"})),
        ("3.1-alg-hmac", "cose_alg", P({1: 5})),
        ("3-duplicate-alg", "cose_duplicate", P(Pairs([(1, -35), (1, -35)]))),
        ("3-second-alg", "cose_duplicate", P(Pairs([(1, -35), (1, -7)]))),
        ("3-second-alg-other-encoding", "cose_duplicate",
         P(Raw(b"\xa2\x01\x38\x22\x18\x01\x38\x22"))),
        ("3-alg-in-both", "cose_duplicate", U({1: -7})),
        ("3-same-alg-in-both", "cose_duplicate", U({1: -35})),
        ("3-kid-in-both", "cose_duplicate",
         (lambda p, u: lambda t: (p(t), u(t)))(P({1: -35, 4: b"a"}), U({4: b"a"}))),
        ("3-duplicate-unprotected", "cose_duplicate", U(Pairs([(4, b"a"), (4, b"b")]))),
        ("3-duplicate-text-label", "cose_duplicate", P(Pairs([(1, -35), ("x", 1), ("x", 2)]))),
        ("3-duplicate-inside-a-parameter", "cose_duplicate",
         P({1: -35, 99: Pairs([(1, 2), (1, 2)])})),
        ("1.5-label-bytes", "cose_header", P({1: -35, b"x": 1})),
        ("1.5-label-array", "cose_header", P(Pairs([(1, -35), ([1], 1)]))),
        ("1.5-label-bool", "cose_header", U({True: 1})),
        ("1.5-label-null", "cose_header", U({None: 1})),
        ("3-protected-array", "cose_header", P(Raw(b"\x82\x01\x38\x22"))),
        ("3-protected-number", "cose_header", P(Raw(b"\x01"))),
        ("3-protected-garbage", "cose_header", P(b"\xff\xff")),
        ("3-protected-trailing-byte", "cose_header", P(Raw(b"\xa1\x01\x38\x22\x00"))),
        ("3-protected-indefinite", "cose_header", P(Raw(b"\xbf\x01\x38\x22\xff"))),
        ("3.1-kid-text", "cose_header", U({4: "kid"})),
        ("3.1-kid-number", "cose_header", P({1: -35, 4: 4})),
        ("3.1-iv-text", "cose_header", U({5: "iv"})),
        ("3.1-iv-and-partial-iv", "cose_header", U({5: b"iv", 6: b"iv"})),
        ("3.1-content-type-bytes", "cose_header", P({1: -35, 3: b"x"})),
        ("3.1-content-type-negative", "cose_header", P({1: -35, 3: -1})),
        ("3-header-invalid-utf8", "cbor_text", P(Raw(b"\xa2\x01\x38\x22\x61\xff\x01"))),
    ):
        simple("rfc9052-%s-%s" % (name, half), rule, change)
    simple("rfc9052-3.1-crit-alg-should-be-omitted-" + half, "cose_crit_known",
           P({1: -35, 2: [1]}), lenient=GOOD)


# ---- RFC 9052 4.2: the structure ----


def part(which, change):
    def parts(p, r):
        return [change(p), r] if which == 0 else [p, change(r)]
    return lambda t: setattr(t, "parts", parts)


for i, half in enumerate(("platform", "realm")):
    for name, rule, f in (
        ("2-untagged", "cose", lambda b: b[1:]),
        ("2-tag-sign", "cose", lambda b: b"\xd8\x62" + b[1:]),
        ("2-tag-mac0", "cose", lambda b: b"\xd1" + b[1:]),
        ("2-tag-twice", "cose", lambda b: b"\xd2" + b),
        ("2-cwt-tag", "cose", lambda b: b"\xd8\x3d" + b),
        ("4.2-trailing-byte", "cose", lambda b: b + b"\0"),
        ("4.2-three-items", "cose", lambda b: b"\xd2\x83\x40\xa0\x40"),
        ("4.2-five-items", "cose", lambda b: b"\xd2\x85" + b[2:] + b"\0"),
        ("4.2-indefinite-array", "cose", lambda b: b"\xd2\x9f" + b[2:] + b"\xff"),
        ("4.2-empty", "cose", lambda b: b""),
        ("4.1-detached-payload", "cose", lambda b: b"\xd2\x84\x44\xa1\x01\x38\x22\xa0\xf6"
         + b[-98:]),
    ):
        simple("rfc9052-%s-%s" % (name, half), rule, part(i, f))
    wrong = "%s_signature" % half
    simple("rfc9052-4.4-short-signature-" + half, wrong,
           part(i, lambda b: b[:-98] + b"\x58\x5f" + b[-96:-1]))
    simple("rfc9052-4.4-long-signature-" + half, wrong,
           part(i, lambda b: b[:-98] + b"\x58\x61" + b[-96:] + b"\0"))
    simple("rfc9052-4.4-zero-signature-" + half, wrong, part(i, lambda b: b[:-96] + bytes(96)))
    simple("rfc9053-2.1-alg-of-another-curve-" + half, "%s_key_type" % half,
           (lambda h: lambda t: t.protected.update({h: {1: -7}}))(half))


# ---- RFC 9052 7.1, RFC 9053 7.1.1, DEN0137 A7.2.3: the RAK ----


def rak(**change):
    """Names: kty, crv, x, y by number with p (positive) and n (negative) before it."""
    def apply(t):
        t.key = t.rak.cose()
        for k, v in change.items():
            k = int(k[1:]) * (-1 if k[0] == "n" else 1)
            t.key.pop(k, None) if v is DROP else t.key.update({k: v})
    return apply


def rak_pairs(*more):
    def apply(t):
        t.key = Pairs([*t.rak.cose().items(), *more])
    return apply


for name, change in (
    ("rfc9052-7-duplicate-x", lambda t: rak_pairs((-2, t.rak.x))(t)),
    ("rfc9052-7-duplicate-kty", rak_pairs((1, 2))),
    ("rfc9052-7-duplicate-unknown", rak_pairs((-99, 1), (-99, 1))),
    ("rfc9052-7-label-bytes", rak_pairs((b"x", 1))),
    ("rfc9052-7.1-alg-other", rak(p3=-7)),
    ("rfc9052-7.1-alg-text", rak(p3="ES384")),
    ("rfc9052-7.1-alg-ecdh", rak(p3=-25)),
    ("rfc9052-7.1-key-ops-sign", rak(p4=[1])),
    ("rfc9052-7.1-key-ops-encrypt", rak(p4=[3, 4])),
    ("rfc9052-7.1-key-ops-empty", rak(p4=[])),
    ("rfc9052-7.1-key-ops-number", rak(p4=2)),
    ("rfc9052-7.1-key-ops-bytes", rak(p4=[2, b"verify"])),
    ("rfc9052-7.1-kty-missing", rak(p1=DROP)),
    ("rfc9052-7.1-kty-okp", rak(p1=1)),
    ("rfc9052-7.1-kty-symmetric", rak(p1=4)),
    ("rfc9052-7.1-kty-text", rak(p1="EC2")),
    ("rfc9052-7.1-kid-text", rak(p2="kid")),
    ("rfc9052-7.1-base-iv-text", rak(p5="iv")),
    ("rfc9053-7.1.1-crv-missing", rak(n1=DROP)),
    ("rfc9053-7.1.1-crv-other", rak(n1=1)),
    ("rfc9053-7.1.1-crv-secp256k1", rak(n1=8)),
    ("rfc9053-7.1.1-x-missing", rak(n2=DROP)),
    ("rfc9053-7.1.1-y-missing", rak(n3=DROP)),
    ("rfc9053-7.1.1-x-text", rak(n2="x" * 48)),
    ("rfc9053-7.1.1-x-short", lambda t: rak(n2=t.rak.x[1:])(t)),
    ("rfc9053-7.1.1-x-padded", lambda t: rak(n2=b"\0" + t.rak.x)(t)),
    ("rfc9053-7.1.1-not-on-the-curve", lambda t: rak(n2=t.rak.y)(t)),
    ("rfc9053-7.1.1-private-part", rak(n4=b"\1" * 48)),
    ("rfc8949-3-key-trailing-byte", lambda t: setattr(t, "key", enc(t.rak.cose()) + b"\0")),
    ("rfc8949-3-key-indefinite",
     lambda t: setattr(t, "key", b"\xbf" + enc(t.rak.cose())[1:] + b"\xff")),
    ("den0137-a7.2.3-key-is-no-map", lambda t: setattr(t, "key", enc([1, 2]))),
    ("den0137-a7.2.3-raw-key-under-a-profile", lambda t: setattr(t, "key", t.rak.point)),
    ("den0137-a7.2.3-key-text", lambda t: t.realm.update({44237: "key"})),
    ("den0137-a7.2.3-key-missing", lambda t: t.realm.update({44237: DROP})),
    ("den0137-a7.2.3-key-empty", lambda t: setattr(t, "key", b"")),
    ("den0137-a7.2.3-key-inline-map", lambda t: t.realm.update({44237: t.rak.cose()})),
):
    simple(name, "realm_public_key", change)

simple("den0137-a7.2.3-key-compressed", "realm_public_key",
       lambda t: rak(n3=bool(t.rak.y[-1] & 1))(t))


@case("den0137-a7.2.3-cose-key-in-the-legacy-form", "realm_public_key", profile="legacy")
def _(t):
    t.key = t.rak.cose()


@case("den0137-a7.2.3-legacy-key-of-p256", "realm_public_key", profile="legacy")
def _(t):
    t.rak = RAK["P-256"]
    t.key = t.rak.point
    t.protected["realm"] = {1: -7}


@case("den0137-a7.2.3-legacy-key-of-p521", "realm_public_key", profile="legacy")
def _(t):
    t.rak = RAK["P-521"]
    t.key = t.rak.point
    t.protected["realm"] = {1: -36}


@case("den0137-a7.2.3-legacy-key-compressed", "realm_public_key", profile="legacy")
def _(t):
    t.key = bytes([2 + (t.rak.y[-1] & 1)]) + t.rak.x


# ---- DEN0137 A7.2.2: the binding ----

simple("den0137-a7.2.2-challenge-of-another-key", "binding",
       setter("platform", 10, hashlib.sha256(b"another").digest()))
simple("den0137-a7.2.2-challenge-with-another-hash", "binding",
       lambda t: setattr(t, "bind", "sha512"))
simple("den0137-a7.2.2-hash-names-another", "binding", setter("realm", 44240, "sha-512"))
simple("draft-04-binding-of-another-key", "binding",
       setter("platform", 2408, hashlib.sha256(b"another").digest()), profile=2026)


@case("draft-04-challenge-does-not-bind", "platform_workload_binding", profile=2026)
def _(t):
    t.binding = 10


@case("den0137-2.0-workload-binding-does-not-bind", "platform_challenge", profile=2024)
def _(t):
    t.binding = 2408


# ---- the platform that the trust anchor names ----

simple("endorsements-another-instance", "no_trust_anchor",
       setter("platform", 256, b"\x01" + b"\x77" * 32))
simple("endorsements-another-implementation", "no_trust_anchor",
       setter("platform", 2396, b"\x77" * 32))

# ---- RFC 8949 3, 5: well-formed and valid ----

SHARED = (
    ("rfc8949-5.6-duplicate-known-claim", "claim_duplicate", {"platform": (2401, b"TEST"),
                                                              "realm": (10, b"\x11" * 64)}),
    ("rfc8949-5.6-duplicate-unknown-claim", "claim_duplicate", [(1000, 1), (1000, 2)]),
    ("rfc8949-5.6-duplicate-text-claim", "claim_duplicate", [("a", 1), ("a", 1)]),
    ("rfc8949-5.6-duplicate-other-encoding", "claim_duplicate",
     [(5, 1), (Raw(b"\x18\x05"), 1)]),
    ("rfc8949-5.6-duplicate-in-an-unknown-claim", "claim_duplicate",
     [(1000, Pairs([(1, 1), (1, 1)]))]),
    ("rfc8949-5.3.1-invalid-utf8-value", "cbor_text", [(1000, Raw(b"\x62\xc3\x28"))]),
    ("rfc8949-5.3.1-invalid-utf8-key", "cbor_text", [(Raw(b"\x61\x80"), 1)]),
    ("rfc8949-5.3.1-overlong-utf8", "cbor_text", [(1000, Raw(b"\x62\xc0\xaf"))]),
    ("rfc8949-5.3.1-surrogate", "cbor_text", [(1000, Raw(b"\x63\xed\xa0\x80"))]),
    ("rfc8949-5.3.1-above-unicode", "cbor_text", [(1000, Raw(b"\x64\xf4\x90\x80\x80"))]),
    ("rfc8949-5.3.1-cut-utf8", "cbor_text", [(1000, Raw(b"\x62\x41\xe2"))]),
    ("rfc8392-1.1-key-bytes", "claim_key", [(b"x", 1)]),
    ("rfc8392-1.1-key-bool", "claim_key", [(False, 1)]),
    ("rfc8392-1.1-key-null", "claim_key", [(None, 1)]),
    ("rfc8392-1.1-key-float", "claim_key", [(Raw(b"\xf9\x3c\x00"), 1)]),
    ("rfc8392-1.1-key-array", "claim_key", [([1], 1)]),
    ("rfc8392-1.1-key-map", "claim_key", [({1: 1}, 1)]),
    ("rfc8392-1.1-key-tagged", "claim_key", [(tag(1, 1), 1)]),
    ("rfc8949-3.2-indefinite-array", "claims_map", [(1000, Raw(b"\x9f\x01\xff"))]),
    ("rfc8949-3.2-indefinite-text", "claims_map", [(1000, Raw(b"\x7f\x61a\xff"))]),
    ("rfc8949-3.3-simple-value-in-two-bytes", "claims_map", [(1000, Raw(b"\xf8\x18"))]),
    ("rfc8949-3-reserved-information", "claims_map", [(1000, Raw(b"\x1c"))]),
    ("rfc8949-3.2.1-break", "claims_map", [(1000, Raw(b"\xff"))]),
    ("rfc8949-3-too-deep", "claims_map", [(1000, Raw(b"\x81" * 40 + b"\0"))]),
)


def adder(half, pairs):
    def change(t):
        t.extra[half] = list(pairs)
    return change


for name, rule, pairs in SHARED:
    for half in ("platform", "realm"):
        these = [pairs[half]] if isinstance(pairs, dict) else pairs
        simple("%s-%s" % (name, half), rule, adder(half, these))


def payload(half, make):
    def change(t):
        t.claims = lambda which, claims=t.claims: make(claims(which)) if which == half \
            else claims(which)
    return change


for half in ("platform", "realm"):
    # Without a RAK or the ids there is nothing to check a signature with: the same rule.
    for name, f in (("trailing-byte", lambda b: b + b"\0"),
                    ("indefinite-map", lambda b: b"\xbf" + b[1:] + b"\xff"),
                    ("array", lambda b: b"\x80"), ("text", lambda b: b"\x61a"),
                    ("empty", lambda b: b"")):
        simple("den0137-a7.2.3-payload-%s-%s" % (name, half), "claims_map", payload(half, f))

simple("rfc8949-3-token-trailing-byte", "cbor", lambda t: setattr(t, "after", b"\0"))
simple("den0137-a7.2.1-outer-tag", "not_a_token", lambda t: setattr(t, "outer_tag", 400))
simple("den0137-a7.2.1-parts-swapped", "platform_profile",
       lambda t: setattr(t, "keys", (44241, 44234)))
simple("den0137-a7.2.1-third-part", "collection", lambda t: t.more.append((1, b"")))
simple("den0137-a7.2.1-part-twice", "collection", lambda t: setattr(t, "keys", (44234, 44234)))
simple("den0137-a7.2.1-text-key", "collection", lambda t: setattr(t, "keys", ("44234", 44241)))
simple("den0137-a7.2.1-one-part", "collection", lambda t: setattr(t, "keys", (44234,)))
simple("den0137-a7.2.1-parts-not-wrapped", "collection",
       lambda t: setattr(t, "parts", lambda p, r: [Raw(p), Raw(r)]))
simple("den0137-a7.2.1-records-under-399", "collection",
       lambda t: setattr(t, "parts", lambda p, r: [[263, p], [263, r]]))
simple("den0137-a7.2.1-bytes-under-907", "collection",
       lambda t: setattr(t, "parts", lambda p, r: [p, r]), profile=2024)
simple("draft-02-record-of-another-type", "collection",
       lambda t: setattr(t, "parts", lambda p, r: [[262, p], [263, r]]), profile=2024)
simple("draft-02-record-of-one", "collection",
       lambda t: setattr(t, "parts", lambda p, r: [[263], [263, r]]), profile=2024)
simple("msg-wrap-collection-type-number", "collection",
       lambda t: t.more.append(("__cmwc_t", 1)), profile=2024)
simple("msg-wrap-collection-type-twice", "collection",
       lambda t: t.more.extend([("__cmwc_t", "a"), ("__cmwc_t", "a")]), profile=2024)
simple("den0137-a7.2.1-collection-type-under-399", "collection",
       lambda t: t.more.append(("__cmwc_t", "a")))

# ---- DEN0137 A7.2.3, A7.2.4: the claims ----

HASHES_OF = [("number", 1), ("empty", b""), ("31", b"\1" * 31), ("33", b"\1" * 33),
             ("text", "x" * 32)]
PLATFORM = {
    "profile": (265, [("unknown", "tag:arm.com,2030:cca_platform#9.0.0"), ("bytes", b"x"),
                      ("realm", R2023), ("missing", DROP)]),
    "implementation_id": (2396, [*HASHES_OF, ("missing", DROP)]),
    "instance_id": (256, [("32", b"\1" * 32), ("34", b"\1" * 34), ("first-byte", b"\2" * 33),
                          ("text", "\1" * 33), ("missing", DROP)]),
    "config": (2401, [("text", "x"), ("number", 1), ("missing", DROP)]),
    "lifecycle": (2395, [("0x7000", 0x7000), ("0x3100", 0x3100), ("0x10000", 0x10000),
                         ("negative", -1), ("text", "secured"), ("bytes", b"\x30\x00"),
                         ("missing", DROP)]),
    "sw_components": (2399, [("empty", []), ("number", 1), ("map", COMPONENT),
                             ("of-numbers", [1]), ("missing", DROP),
                             ("no-measurement", [{1: "a", 5: b"\1" * 32}]),
                             ("no-signer", [{1: "a", 2: b"\1" * 32}]),
                             ("short-signer", [{2: b"\1" * 32, 5: b"\1" * 20}]),
                             ("short-measurement", [{2: b"\1" * 20, 5: b"\1" * 32}]),
                             ("type-bytes", [{**COMPONENT, 1: b"RMM"}]),
                             ("version-number", [{**COMPONENT, 4: 1}]),
                             ("hash-number", [{**COMPONENT, 6: 1}]),
                             ("second-is-bad", [COMPONENT, {}])]),
    "verification_service": (2400, [("bytes", b"x"), ("number", 1)]),
    "hash_algo": (2402, [("bytes", b"sha-256"), ("number", 1), ("missing", DROP)]),
}
REALM = {
    "profile": (265, [("unknown", "tag:arm.com,2030:realm#9.0.0"), ("bytes", b"x"),
                      ("platform", P2023)]),
    "challenge": (10, [("63", b"\1" * 63), ("65", b"\1" * 65), ("32", b"\1" * 32),
                       ("text", "\1" * 64), ("list", [b"\1" * 64]), ("missing", DROP)]),
    "rpv": (44235, [("63", b"\1" * 63), ("text", "\1" * 64), ("missing", DROP)]),
    "hash_algo": (44236, [("md5", "md5"), ("empty", ""), ("upper-case", "SHA-256"),
                          ("number", -16), ("missing", DROP)]),
    "rak_hash_algo": (44240, [("md5", "md5"), ("empty", ""), ("sha3", "sha3-256"),
                              ("number", -16), ("missing", DROP)]),
    "rim": (44238, [*HASHES_OF, ("missing", DROP)]),
    "rems": (44239, [("three", [b"\1" * 32] * 3), ("five", [b"\1" * 32] * 5), ("none", []),
                     ("bytes", b"\1" * 128), ("one-short", [b"\1" * 32] * 3 + [b"\1" * 31]),
                     ("of-text", ["\1" * 32] * 4), ("missing", DROP)]),
}
for half, table in (("platform", PLATFORM), ("realm", REALM)):
    for claim, (key, values) in table.items():
        for name, value in values:
            simple("den0137-a7.2-%s-%s-%s" % (half, claim.replace("_", "-"), name),
                   "%s_%s" % (half, claim), setter(half, key, value))

simple("den0137-a7.2.4-challenge-missing", "platform_challenge", setter("platform", 10, DROP))
simple("den0137-a7.2.4-challenge-text", "platform_challenge", setter("platform", 10, "x" * 32))
simple("rfc8949-5.6-duplicate-key-of-a-component", "claim_duplicate",
       setter("platform", 2399, [Pairs([*COMPONENT.items(), (1, "again")])]))

# What the profile of 2024 makes mandatory.
for name, rule, half, key, value in (
    ("instance-id-missing", "realm_instance_id", "realm", 256, DROP),
    ("instance-id-32", "realm_instance_id", "realm", 256, b"\1" * 32),
    ("instance-id-first-byte", "realm_instance_id", "realm", 256, b"\2" * 33),
    ("mec-policy-missing", "realm_mec_policy", "realm", 44243, DROP),
    ("mec-policy-2", "realm_mec_policy", "realm", 44243, 2),
    ("mec-policy-text", "realm_mec_policy", "realm", 44243, "shared"),
    ("mec-policy-bool", "realm_mec_policy", "realm", 44243, True),
    ("mec-policy-negative", "realm_mec_policy", "realm", 44243, -1),
    ("lfa-policy-2", "realm_lfa_policy", "realm", 44244, 2),
    ("devices-hash-31", "realm_devices_hash", "realm", 44257, b"\1" * 31),
    ("client-id-missing", "platform_client_id", "platform", 2394, DROP),
    ("client-id-2", "platform_client_id", "platform", 2394, 2),
):
    simple("den0137-2.0-" + name, rule, setter(half, key, value), profile=2024)
for name, rule, half, key, value in (
    ("workload-binding-text", "platform_workload_binding", "platform", 2408, "x" * 32),
    ("mec-policy-missing", "realm_mec_policy", "realm", 44243, DROP),
    ("instance-id-missing", "realm_instance_id", "realm", 256, DROP),
):
    simple("draft-04-" + name, rule, setter(half, key, value), profile=2026)

# ---- what only should not be ----

for name, value in (("md5", "md5"), ("empty", ""), ("upper-case", "SHA-256")):
    simple("den0137-a7.2.4-hash-name-" + name, "platform_hash_name",
           setter("platform", 2402, value), lenient=GOOD)
    simple("den0137-a7.2.4-component-hash-name-" + name, "platform_hash_name",
           setter("platform", 2399, [{**COMPONENT, 6: value}]), lenient=GOOD)
simple("den0137-a7.2.4-measurement-length", "platform_measurement_length",
       setter("platform", 2399, [{**COMPONENT, 2: b"\1" * 64}]), lenient=GOOD)
simple("den0137-a7.2.4-measurement-length-own-hash", "platform_measurement_length",
       setter("platform", 2399, [{**COMPONENT, 6: "sha-512"}]), lenient=GOOD)
simple("den0137-a7.2.4-measurement-length-default-hash", "platform_measurement_length",
       setter("platform", 2402, "sha-512"), lenient=GOOD)
simple("den0137-a7.2.3-rim-length", "realm_measurement_length",
       setter("realm", 44238, b"\1" * 64), lenient=GOOD)
simple("den0137-a7.2.3-rem-length", "realm_measurement_length",
       setter("realm", 44239, [b"\1" * 32] * 3 + [b"\1" * 64]), lenient=GOOD)
simple("den0137-a7.2.3-hash-name-of-another-length", "realm_measurement_length",
       setter("realm", 44236, "sha-512"), lenient=GOOD)
simple("den0137-a7.2.4.1-platform-2023-realm-2024", "profile_pair",
       setter("platform", 265, P2023), lenient=GOOD, profile=2024)
simple("den0137-a7.2.4.1-platform-legacy-realm-2023", "profile_pair",
       setter("platform", 265, LEGACY), lenient=GOOD)
simple("den0137-a7.2.4.1-platform-2023-realm-legacy", "profile_pair",
       setter("platform", 265, P2023), lenient=GOOD, profile="legacy")
simple("den0137-a7.2.4.1-platform-2024-realm-2026", "profile_pair",
       setter("realm", 265, R2026), lenient=GOOD, profile=2024)


# ---- the test ----

def build(name):
    change, profile, _, _ = CASES[name]
    t = Token(profile)
    change(t)
    return t.build()


def verdict(command, token, *options):
    r = subprocess.run([command, "token", "verify", "-", "--test-platform", "--json", *options],
                       input=token, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    if r.returncode not in (0, 1):
        return "exit status %d: %s" % (r.returncode, r.stderr.decode())
    out = json.loads(r.stdout)
    rule = out["refusal"]["rule"].replace("attest_", "", 1) if out["verdict"] == "refused" else None
    return rule if bool(rule) == bool(r.returncode) else "the exit status contradicts the verdict"


def test(command):
    failed = 0
    for name, (_, _, strict, lenient) in CASES.items():
        token = build(name)
        for options, expected in (((), strict), (("--lenient",), lenient)):
            got = verdict(command, token, *options)
            if got != expected:
                failed += 1
                print("%s%s: %s, not %s" % (name, "".join(" " + o for o in options),
                                            got or "verified", expected or "verified"))
    refused = sum(1 for c in CASES.values() if c[2])
    print("%d tokens, %d of them to be refused, %d wrong verdicts" % (len(CASES), refused, failed))
    assert refused >= 120
    return 1 if failed else 0


def write(folder):
    os.makedirs(folder, exist_ok=True)
    verdicts = {}
    for name, (_, _, strict, lenient) in CASES.items():
        with open(os.path.join(folder, name + ".cbor"), "wb") as f:
            f.write(build(name))
        verdicts[name] = {"strict": strict or "verified", "lenient": lenient or "verified"}
    with open(os.path.join(folder, "verdicts.json"), "w") as f:
        json.dump(verdicts, f, indent=2)
    return 0


if __name__ == "__main__":
    Token.cpak = load_cpak(sys.argv[-1])
    sys.exit(write(sys.argv[2]) if sys.argv[1] == "--write" else test(sys.argv[1]))
