#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Verify tokens of every form with python3-cbor2 and python3-cryptography.

usage: second_opinion.py MKTOKEN CPAK_PUB_PEM
"""
import hashlib
import os
import subprocess
import sys

try:
    import cbor2
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, utils
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

MKTOKEN, CPAK = sys.argv[1:]


def raw_point(rak):
    if len(rak) == 97:
        return rak
    key = cbor2.loads(rak)
    assert key[1] == 2 and key[-1] == 2 and set(key) == {1, -1, -2, -3}, key
    return b"\x04" + key[-2] + key[-3]


def open_sign1(part, pub):
    """The claims of a COSE_Sign1 whose signature holds."""
    tag = cbor2.loads(part)
    assert tag.tag == 18
    protected, unprotected, payload, sig = tag.value
    assert cbor2.loads(protected) == {1: -35} and unprotected == {}
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    r, s = (int.from_bytes(sig[i:i + 48], "big") for i in (0, 48))
    pub.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA384()))
    return cbor2.loads(payload)


def verify(token, form, algo, nonce, cpak):
    outer = cbor2.loads(token)
    assert outer.tag == (907 if form in ("cmw", "2.0") else 399)
    parts = outer.value
    assert set(parts) == {44234, 44241}
    if outer.tag == 907:
        assert all(p[0] == 263 and len(p) == 2 for p in parts.values())
        parts = {k: p[1] for k, p in parts.items()}
    platform = open_sign1(parts[44234], cpak)
    unchecked = cbor2.loads(cbor2.loads(parts[44241]).value[2])
    point = raw_point(unchecked[44237])
    rak = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), point)
    realm = open_sign1(parts[44241], rak)
    assert platform[10] == hashlib.new(realm[44240].replace("-", ""), realm[44237]).digest()

    kind = form[:3] if form[:3] in ("leg", "2.0") else "1.0"
    assert (platform[265], realm.get(265)) == {
        "leg": ("http://arm.com/CCA-SSD/1.0.0", None),
        "1.0": ("tag:arm.com,2023:cca_platform#1.0.0", "tag:arm.com,2023:realm#1.0.0"),
        "2.0": ("tag:arm.com,2024:cca_platform#2.0.0", "tag:arm.com,2024:realm#2.0.0"),
    }[kind]
    if kind == "2.0":   # in the order in which TF-RMM writes them
        assert list(realm) == [10, 256, 44235, 44237, 44236, 44240, 44243, 265, 44238, 44239]
        assert realm[256] == b"\x01" + b"\x77" * 32 and realm[44243] == 1
        assert platform[2394] == 1
    else:
        assert not {256, 44243} & set(realm) and 2394 not in platform
    size = {"sha-256": 32, "sha-512": 64}[algo]
    assert realm[10] == nonce and realm[44236] == algo and realm[44235] == b"\x55" * 64
    assert realm[44238] == b"\xaa" * size
    assert realm[44239] == [bytes([i]) * size for i in (1, 2, 3, 4)]
    assert b"simulator" in platform[2396] and platform[2395] == 0x4000
    point = cpak.public_bytes(serialization.Encoding.X962,
                              serialization.PublicFormat.UncompressedPoint)
    assert platform[256] == b"\x01" + hashlib.sha256(point).digest()
    assert all("simulator" in c[1] or "simulator" in c[4] for c in platform[2399])


with open(CPAK, "rb") as f:
    text = f.read()
cpak = serialization.load_pem_public_key(text[text.index(b"-----BEGIN"):])
for form in ("eat", "cmw", "legacy", "2.0", "2.0-eat"):
    for algo in ("sha-256", "sha-512"):
        nonce = os.urandom(64)
        token = subprocess.run([MKTOKEN, form, algo, nonce.hex()], check=True,
                               stdout=subprocess.PIPE).stdout
        verify(token, form, algo, nonce, cpak)
        bad = bytearray(token)
        bad[-1] ^= 1
        try:
            verify(bytes(bad), form, algo, nonce, cpak)
            sys.exit("a changed token was accepted")
        except InvalidSignature:
            pass
        print(form, algo, len(token), "bytes: verified")
