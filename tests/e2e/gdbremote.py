# SPDX-License-Identifier: BSD-3-Clause
"""gdbremote.py - a small debugger: as much of GDB's remote protocol as the tests speak"""
import socket
import struct
import time

from realm import check

PC, CPSR = 32, 33


class Debugger:
    """Attached to the socket at this path. acks: the other side goes on sending them."""

    def __init__(self, path, timeout=60, acks=False):
        end = time.monotonic() + timeout
        while True:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                check(time.monotonic() < end, "nobody listens at", path)
                time.sleep(0.02)
        self.data = b""
        check(acks or self.ask("QStartNoAckMode") == "OK", "no QStartNoAckMode")

    def send(self, text):
        data = text.encode()
        self.socket.sendall(b"$" + data + b"#%02x" % (sum(data) & 0xff))

    def receive(self):
        while True:
            begin = self.data.find(b"$")
            end = self.data.find(b"#", begin)
            if begin >= 0 and 0 <= end <= len(self.data) - 3:
                packet, self.data = self.data[begin + 1:end], self.data[end + 3:]
                return packet.decode("latin-1")
            more = self.socket.recv(65536)
            check(more, "hung up")
            self.data += more

    def ask(self, text):
        self.send(text)
        return self.receive()

    def do(self, text):
        answer = self.ask(text)
        check(answer == "OK", text, "is answered", repr(answer))

    def go(self, how="vCont;c"):
        """To the next stop, past what is to be printed."""
        self.send(how)
        return self.stopped()

    def stopped(self):
        self.said = ""
        while True:
            answer = self.receive()
            if answer[0] != "O":
                return answer
            self.said += bytes.fromhex(answer[1:]).decode()

    def register(self, number):
        text = self.ask(f"p{number:x}") or self.ask("g")[16 * number:16 * number + 16]
        return struct.unpack("<Q", bytes.fromhex(text).ljust(8, b"\0"))[0]

    def memory(self, address, size):
        return bytes.fromhex(self.ask(f"m{address:x},{size:x}"))

    def interrupt(self):
        self.socket.sendall(b"\3")
        return self.stopped()

    def hang_up(self):
        self.socket.close()
