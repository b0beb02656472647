# SPDX-License-Identifier: BSD-3-Clause
"""cli_case.py - what the tests of the attestation subcommands share

The command line is that of test_cli.py.
"""
import os
import subprocess
import sys
import tempfile
import unittest

COMMAND, MKTOKEN, PLATFORM = sys.argv[1:4]
NONCE = os.urandom(64)


def run(*args, stdin=None):
    return subprocess.run([COMMAND, *args], input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60)


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as f:
            f.write(data)
        return self.path(name)

    def token(self, form="eat", algo="sha-256", *platform):
        return subprocess.run([MKTOKEN, form, algo, NONCE.hex(), *platform], check=True,
                              stdout=subprocess.PIPE).stdout

    def run_ok(self, status, *args, **kw):
        r = run(*args, **kw)
        self.assertEqual(r.returncode, status, (args, r.stdout, r.stderr))
        return r.stdout.decode()
