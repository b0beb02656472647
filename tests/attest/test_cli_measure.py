#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""softrealm measure as a user meets it.

usage: test_cli_measure.py COMMAND MKTOKEN PLATFORM_DIR
"""
import base64
import hashlib
import json
import struct
import sys
import unittest

from cli_case import Case, run


class Measure(Case):
    """The ledger's lines are computed here once more, from the tables of the specification."""

    def ledger(self, contents):
        params = bytearray(4096)
        params[8], params[0x18], params[0x20] = 40, 5, 3
        rim = hashlib.sha256(params).digest()
        common = {"realm": 1, "register": "RIM", "hash": "sha-256"}
        lines = [dict(common, cause="REALM_CREATE", s2sz=40, num_bps=5, num_wps=3, flags=0,
                      after=rim.hex())]
        ipa = 0x80000000
        for page in contents:
            digest = hashlib.sha256(page).digest()
            desc = struct.pack("<QQ64sQQ64s", 0, 0x100, rim, ipa, 1, digest).ljust(256, b"\0")
            rim = hashlib.sha256(desc).digest()
            lines.append(dict(common, cause="DATA_CREATE", address=hex(ipa), flags=1,
                              digest=digest.hex(), after=rim.hex()))
            ipa += 4096
        return "".join(json.dumps(line) + "\n" for line in lines).encode(), rim.hex()

    def test_a_ledger_is_computed_again(self):
        text, rim = self.ledger([b"\1" * 4096, b"\2" * 4096])
        f = self.write("l", text)
        self.assertEqual(self.run_ok(0, "measure", "--ledger", f),
                         "realm 1 RIM  sha-256 %s\n" % rim)
        explained = self.run_ok(0, "measure", "--ledger", f, "--explain")
        self.assertEqual(len(explained.splitlines()), 3)
        again = self.write("again", explained.encode())
        self.run_ok(0, "measure", "diff", f, again)

    def test_realm_numbers_of_any_size_stay_apart(self):
        text, rim = self.ledger([b"\1" * 4096])
        other, other_rim = self.ledger([b"\2" * 4096])
        both = [a for pair in zip(text.splitlines(), other.splitlines()) for a in pair]
        for i in range(1, len(both), 2):
            both[i] = both[i].replace(b'"realm": 1,', b'"realm": 65537,')
        f = self.write("l", b"\n".join(both) + b"\n")
        self.assertEqual(self.run_ok(0, "measure", "--ledger", f),
                         "realm 1 RIM  sha-256 %s\nrealm 65537 RIM  sha-256 %s\n"
                         % (rim, other_rim))

    def test_a_ledger_that_contradicts_itself_is_refused(self):
        text, _ = self.ledger([b"\1" * 4096])
        f = self.write("l", text.replace(b"0x80000000", b"0x80001000"))
        r = run("measure", "--ledger", f)
        self.assertEqual(r.returncode, 1)
        self.assertIn(b"l:2:", r.stderr)

    def kernel(self):
        image = bytearray(3 * 1024 * 1024 + 100)
        struct.pack_into("<IIQQQQQQI", image, 0, 0, 0, 0, len(image), 0, 0, 0, 0, 0x644D5241)
        return self.write("Image", bytes(image))

    def test_a_prediction_is_what_its_ledger_adds_up_to(self):
        initrd = self.write("initrd", b"initrd" * 5000)
        rims = set()
        for args in (["--memory", "256M"], ["--memory", "256M", "--cpus", "4"], ["--no-measure"],
                     ["--ipa-bits", "40"], ["--initrd", initrd], ["--append", "quiet"], []):
            args = ["--kernel", self.kernel(), *args]
            rim = self.run_ok(0, "measure", *args).strip()
            ledger = self.write("l", self.run_ok(0, "measure", "--explain", *args).encode())
            self.assertEqual(self.run_ok(0, "measure", "--ledger", ledger),
                             "realm 1 RIM  sha-256 %s\n" % rim)
            # Devices, and what the launcher or the end of the run is about, have no influence.
            self.assertEqual(rim, self.run_ok(0, "measure", *args, "--kvm", "soft", "--timeout",
                                              "9", "--deterministic", "--trace=x", "--lifecycle",
                                              "0", "--disk", initrd, "--vsock", "unix:v",
                                              "--share", "/").strip())
            rims.add(rim)
        self.assertEqual(len(rims), 7)

    def test_calls_of_another_vmm_give_what_the_tables_say(self):
        first, second = bytes([1]) * 5000, bytes([2]) * 4096
        a, b = self.write("a", first), self.write("b", bytes(4096) + second)
        calls = [{"call": "create_vm", "ipa_bits": 40, "breakpoints": 6, "watchpoints": 4},
                 {"call": "slot", "slot": 0, "base": "0x80000000", "size": "0x200000"},
                 {"call": "slot", "slot": 1, "base": "0x90000000", "size": "0x1000",
                  "guest_memfd": False},
                 {"call": "populate", "base": "0x80000000", "file": a},
                 {"call": "populate", "base": "0x80003000", "file": b, "offset": 4096, "size": 4096,
                  "flags": 0},
                 {"call": "vcpu", "pc": "0x80000000", "x0": 1, "x7": "0xff"},
                 {"call": "vcpu", "power_off": True}]
        f = self.write("calls", json.dumps(calls).encode())

        def extend(rim, kind, fields):
            desc = struct.pack("<QQ64s", kind, 0x100, rim) + fields
            return hashlib.sha256(desc.ljust(256, b"\0")).digest()

        params = bytearray(4096)
        params[8], params[0x18], params[0x20] = 40, 5, 3
        rim = hashlib.sha256(params).digest()
        pages = first.ljust(8192, b"\0")
        for i in range(2):
            digest = hashlib.sha256(pages[4096 * i:4096 * (i + 1)]).digest()
            rim = extend(rim, 0, struct.pack("<QQ64s", 0x80000000 + 4096 * i, 1, digest))
        rim = extend(rim, 0, struct.pack("<QQ64s", 0x80003000, 0, b""))
        rec = bytearray(4096)
        struct.pack_into("<Q", rec, 0, 1)
        struct.pack_into("<Q", rec, 0x200, 0x80000000)
        struct.pack_into("<Q", rec, 0x300, 1)
        struct.pack_into("<Q", rec, 0x300 + 56, 0xff)
        rim = extend(rim, 1, struct.pack("<64s", hashlib.sha256(rec).digest()))
        # The 2 MiB have a table of pages, because of those populated: these are RAM already.
        for i in set(range(512)) - {0, 1, 3}:
            base = 0x80000000 + 4096 * i
            rim = extend(rim, 2, struct.pack("<QQ", base, base + 4096))
        self.assertEqual(self.run_ok(0, "measure", "--calls", f).strip(), rim.hex())
        self.assertEqual(self.run_ok(0, "measure", "--calls", f, "--base64").strip(),
                         base64.b64encode(rim).decode())
        ledger = self.write("l", self.run_ok(0, "measure", "--calls", f, "--explain").encode())
        self.assertEqual(self.run_ok(0, "measure", "--ledger", ledger),
                         "realm 1 RIM  sha-256 %s\n" % rim.hex())
        self.assertIn(base64.b64encode(rim).decode(),
                      self.run_ok(0, "measure", "--ledger", ledger, "--base64"))

    def test_the_flag_of_lpa2_is_measured(self):
        rims = []
        for bits, lpa2 in ((40, False), (40, True), (52, True)):
            params = bytearray(4096)
            params[0], params[8], params[0x18], params[0x20] = lpa2, bits, 5, 3
            calls = [{"call": "create_vm", "ipa_bits": bits, "lpa2": lpa2},
                     {"call": "vcpu", "power_off": True}]
            f = self.write("calls", json.dumps(calls).encode())
            rims.append(self.run_ok(0, "measure", "--calls", f).strip())
            self.assertEqual(rims[-1], hashlib.sha256(params).hexdigest())
        self.assertEqual(len(set(rims)), 3)

    def test_calls_that_no_vmm_can_make_are_named(self):
        good = {"call": "create_vm"}
        a = self.write("a", bytes(4096))
        for calls, said in (
                (b"[", b"calls:1:"), (b"[]", b"no list of calls"), (b"{}", b"no list of calls"),
                ([{"call": "run"}], b"call 1: "), ([{"call": "vcpu"}], b"create_vm comes first"),
                ([good, good], b"call 2: a second realm"),
                ([{"call": "create_vm", "ipa_bits": 60}], b"no realm can have"),
                ([{"call": "create_vm", "ipa": 40}], b"it has no 'ipa'"),
                ([{"call": "create_vm", "ipa_bits": 52}], b"cannot create such a realm"),
                ([{"call": "create_vm", "lpa2": 1}], b"no realm can have"),
                ([good, {"call": "slot", "base": 0}], b"call 2: a slot has"),
                ([good, {"call": "populate", "base": 1, "file": a}], b"whole pages"),
                ([good, {"call": "populate", "base": 0, "file": self.path("missing")}],
                 b"No such file"),
                ([good, {"call": "populate", "base": 0, "file": a},
                  {"call": "populate", "base": 0, "file": a}], b"populated already"),
                ([good, {"call": "vcpu", "pc": "entry"}], b"a vCPU has"),
                ([good, {"call": "slot", "base": 1, "size": 1}], b"cannot activate")):
            text = calls if isinstance(calls, bytes) else json.dumps(calls).encode()
            r = run("measure", "--calls", self.write("calls", text))
            self.assertEqual(r.returncode, 2, calls)
            self.assertIn(said, r.stderr, calls)
            self.assertFalse(r.stdout, calls)
        self.run_ok(2, "measure", "--calls", a, "--ledger", a)

    def test_diff_names_what_the_contents_belong_to(self):
        initrds = self.write("i1", b"1" * 5000), self.write("i2", b"2" * 5000)
        for name, options in (("initrd", (["--initrd", initrds[0]], ["--initrd", initrds[1]])),
                              ("device tree", (["--append", "a"], ["--append", "b"]))):
            ledgers = [self.write("l%d" % i, self.run_ok(
                0, "measure", "--explain", "--kernel", self.kernel(), *args).encode())
                for i, args in enumerate(options)]
            self.assertIn("differs in the contents of the %s:" % name,
                          self.run_ok(1, "measure", "diff", *ledgers))

    def test_what_cannot_run_cannot_be_predicted(self):
        for args in (["--kernel", self.path("missing")], ["--initrd", self.kernel()],
                     ["--kernel", self.write("junk", b"junk")],
                     ["--kernel", self.kernel(), "--ipa-bits", "52"],
                     ["--kernel", self.kernel(), "--lifecycle", "0x7000"],
                     ["--kernel", self.kernel(), "--lifecycle", "-1"],
                     ["--kernel", self.kernel(), "--nonsense"]):
            r = run("measure", *args)
            self.assertEqual(r.returncode, 2, args)
            self.assertTrue(r.stderr, args)
            self.assertFalse(r.stdout, args)

    def test_diff_names_the_first_operation_that_differs(self):
        pages = [b"\1" * 4096, b"\2" * 4096, b"\3" * 4096]
        a = self.write("a", self.ledger(pages)[0])
        pages[1] = b"\4" * 4096
        b = self.write("b", self.ledger(pages)[0])
        out = self.run_ok(1, "measure", "diff", a, b)
        self.assertIn("operation 3 differs in the contents", out)
        c = self.write("c", self.ledger(pages[:2])[0])
        out = self.run_ok(1, "measure", "diff", b, c)
        self.assertIn("operation 4 differs in the number of operations", out)
        self.assertIn("the ledger ends", out)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
