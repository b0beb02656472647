#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""door.py - softrealm host, those who use it, and those who look in"""
import json
import os
import pathlib
import pty
import re
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from realm import BUILD, SOFTREALM, Run, case, check, main, work  # noqa: E402

VMM = BUILD / "tests/backend/many_realms"
CLIENT = os.environ["SOFTREALM_TEST_CLIENT"]
CLEAR = b"\033[H\033[J"


class Used(Run):
    """A command whose host lives on."""

    def expect(self, status, text=""):
        self.wait()
        check(self.status == status and text in self.out, self.status, self.story())
        return self


class Host:
    """softrealm host at a path, until the with block ends."""

    def __init__(self, *options, path=None):
        self.path = path or work() / "door"
        self.run = Run("host", "--socket", self.path, *options)

    def __enter__(self):
        self.run.until("ready at", stream="err")
        return self

    def __exit__(self, kind, *rest):
        os.kill(self.run.pid, signal.SIGTERM)
        self.run.wait()
        if kind is None:
            check(self.run.status == 0, self.run.status, self.run.story())

    def use(self, *command):
        return Used("exec", "--host", self.path, "--", *command)

    def visit(self):
        return Visit(self.path)


class Visit:
    """A conversation by hand."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(20)
        self.socket.connect(str(path))
        self.text = b""

    def say(self, text):
        self.socket.send(text if isinstance(text, bytes) else text.encode())

    def hear(self):
        while b"\n" not in self.text:
            more = self.socket.recv(1 << 18)
            check(more, "hung up")
            self.text += more
        line, self.text = self.text.split(b"\n", 1)
        return json.loads(line)

    def ask(self, call, **more):
        self.say(json.dumps({"call": call, **more}) + "\n")
        return self.hear()

    def closed(self):
        return self.socket.recv(1 << 18) == b""


@case
def several_vmms_share_a_host():
    with Host() as host:
        host.use(VMM, "third").expect(0, "done")
        waiting = host.use(CLIENT, "wait")
        waiting.until("ready")
        host.use(CLIENT, "once").expect(0, "ok")
        realms = host.visit().ask("realms")["result"]
        check([r["serial"] for r in realms] == [1] and realms[0]["rim"], realms)
        measured = host.visit().ask("measurements", vm=1)["result"]
        check(measured["rim"] == realms[0]["rim"] and measured["hash"] == "sha-256", measured)
        check(measured["extensions"]["REALM_CREATE"] == 1 and
              measured["extensions"]["DATA_CREATE"] == 1, measured)
        check("error" in host.visit().ask("measurements", vm=2), "no such realm")
        check(host.visit().ask("info")["result"]["clients"] > 0, "no clients")
        os.kill(waiting.pid, signal.SIGTERM)
        waiting.wait()
    check(not host.path.exists(), "the socket is still there")
    check(not host.run.left(), "left behind", host.run.left())


@case
def the_protocol_is_lines_of_json():
    with Host() as host:
        visit = host.visit()
        check(visit.ask("version", id=[1, "x"])["id"] == [1, "x"], "id")
        check(visit.ask("version")["result"]["protocol"] == 1, "version")
        info = visit.ask("info")["result"]
        check(info["abi"] == "v12" and info["pages_allocated"] >= 0, info)
        check("error" in visit.ask("nonsense"), "nonsense")
        visit.say('{"call": "version"}\n{"call"')    # two lines in three packets
        check("result" in visit.hear(), "first line")
        visit.say(':"version"')
        visit.say("}\n")
        check("result" in visit.hear(), "second line")
        for bad in ('{"x": 1}', "{", "[]", '{"call": 5}', '{"call": "events", "kinds": 5}',
                    '{"call": "events", "kinds": ["x"]}', "\0\0", "\xff"):
            visit.say(bad + "\n")
            check("error" in visit.hear(), bad)
        check("result" in visit.ask("version"), "still served")
        visit.say("x" * 40000)
        visit.say("x" * 40000)
        check("error" in visit.hear() and visit.closed(), "a line without end")
        host.use(CLIENT, "once").expect(0, "ok")


@case
def events_are_told_to_those_who_asked():
    with Host() as host:
        visit, deaf = host.visit(), host.visit()
        check(visit.ask("events")["result"] is True, "events")
        check(deaf.ask("events", kinds=["log"])["result"] is True, "events")
        host.use(CLIENT, "refused").expect(5)
        refused = host.visit().ask("refusals")["result"]
        check(any(r["call"] == "KVM_CREATE_VM" and r["errno"] == "EINVAL" and r["count"] == 1 and
                  r["rule"].startswith("kvm_create_vm") for r in refused), refused)
        refusal = visit.hear()
        while refusal["event"] != "refusal":
            refusal = visit.hear()
        check(refusal["call"] == "KVM_CREATE_VM" and refusal["errno"] == "EINVAL", refusal)
        host.use(VMM, "third").expect(0, "done")
        seen = []
        while not any(e.get("state") == "realm gone" for e in seen):
            seen.append(visit.hear())
        check(any(e["event"] == "measurement" and e["cause"] == "REALM_CREATE" for e in seen), seen)
        check("result" in deaf.ask("version"), "told what it did not ask for")


@case
def a_visitor_that_does_not_read_stops_nothing():
    with Host() as host:
        visit = host.visit()
        visit.say('{"call": "events"}\n')
        started = time.monotonic()
        host.use(VMM, "many", "60").expect(0, "done")
        check(time.monotonic() - started < 60, "slow")
        for _ in range(200):
            visit.say('{"call": "info"}\n')


@case
def too_many_visitors_are_told():
    with Host() as host:
        visits = [host.visit() for _ in range(70)]
        answers = [v.ask("version") for v in visits]
        check(sum("result" in a for a in answers) == 64, answers[-1])
        check(answers[-1] == {"error": "too many visitors"}, answers[-1])
        host.use(CLIENT, "once").expect(0, "ok")


@case
def softrealm_inspect_asks_for_people_and_programs():
    with Host() as host:
        def inspect(*args):
            return subprocess.run([SOFTREALM, "inspect", "--host", host.path, *args],
                                  capture_output=True, text=True, timeout=30)
        host.use(VMM, "third").expect(0, "done")
        end = time.monotonic() + 20
        while json.loads(inspect("--json", "realms").stdout)[0]["state"] != "DEAD":
            check(time.monotonic() < end, "the realm lives on", inspect("realms").stdout)
        lines = inspect("realms").stdout.splitlines()
        check(lines[0].split()[:3] == ["serial", "state", "rim"] and len(lines) == 2, lines)
        check("abi: v12" in inspect("info").stdout, inspect("info"))
        check(inspect("nonsense").returncode == 1, "nonsense")
        check(inspect("realms", "x").returncode == 2, "usage")


@case
def the_memory_of_a_realm_is_shown_side_by_side():
    path = work() / "look"
    run = Run("exec", "--inspect", path, "--", VMM, "run")
    run.until("running")
    visit = Visit(path)
    end = time.monotonic() + 60
    while visit.ask("realm", vm=1)["result"]["state"] != "ACTIVE":
        check(time.monotonic() < end, "not active")
        time.sleep(0.05)
    check([v["vm"] for v in visit.ask("vms")["result"]] == [1], "vms")
    realm = visit.ask("realm", vm=1)["result"]
    memory = realm["memory"]
    check(memory and all(r["memslot"] is not None for r in memory), memory)
    code = [r for r in memory if r["hipas"] == "ASSIGNED"]
    check(code and all(r["ripas"] == "RAM" and r["attribute"] == "private" and not r["disagree"]
                       for r in code), memory)
    for one, next_ in zip(memory, memory[1:]):
        check(int(one["end"], 16) <= int(next_["ipa"], 16), one, next_)
    walk = visit.ask("rtt", vm=1, arg=int(code[0]["ipa"], 16))["result"]
    check(walk[-1]["state"] == "ASSIGNED" and all(s["state"] == "TABLE" for s in walk[:-1]), walk)
    for step, next_ in zip(walk, walk[1:]):
        check(int(step["entry"], 16) & 0xfffffffff000 == int(next_["table"], 16), walk)
    vcpu = visit.ask("vcpu", vm=1, arg=0)["result"]
    check(vcpu["mp_state"] == "RUNNABLE" and vcpu["running"] is True, vcpu)
    granules = visit.ask("granules")["result"]
    check(sum(n for state, n in granules.items() if state != "all") == granules["all"], granules)
    check(granules["RD"] == 1 and granules["REC"] == 1 and granules["DATA"] >= 1, granules)
    for bad in ({"vm": 9}, {"vm": -1}, {"vm": "x"}, {}):
        check("error" in visit.ask("realm", **bad), bad)
    check("error" in visit.ask("vcpu", vm=1, arg=5), "vcpu")
    check("error" in visit.ask("rtt", vm=1, arg=-1), "rtt")
    os.kill(run.pid, signal.SIGTERM)
    run.wait()


@case
def looking_in_goes_on_while_realms_come_and_go():
    path = work() / "look"
    run = Run("exec", "--inspect", path, "--", VMM, "many", "40")
    visit, seen = None, 0
    while not visit:
        try:
            visit = Visit(path)
        except OSError:
            time.sleep(0.01)  # it does not listen yet
    try:
        while True:
            for vm in visit.ask("vms")["result"][-3:]:
                seen += "result" in visit.ask("realm", vm=vm["vm"])
                visit.ask("vcpu", vm=vm["vm"], arg=0)
                visit.ask("rtt", vm=vm["vm"], arg=0x80000000)
    except (AssertionError, OSError):
        pass  # it has ended
    run.expect(0, "done")
    check(seen > 0, "saw no realm")


@case
def watching_shows_it_again():
    with Host() as host:
        watch = subprocess.Popen([SOFTREALM, "inspect", "--host", host.path, "--watch"],
                                 stdout=subprocess.PIPE, text=True)
        host.use(VMM, "third").expect(0, "done")
        lines = []  # how many a view has depends on the VMs that there are just then
        while sum("in the last second" in line for line in lines) < 2 and len(lines) < 30:
            lines.append(watch.stdout.readline())
        watch.terminate()
        watch.wait()
        watch.stdout.close()
        check(len(lines) < 30, lines)


@case
def a_terminal_is_drawn_anew_each_second():
    with Host() as host:
        run = host.use(CLIENT, "wait")
        run.until("ready")
        master, slave = pty.openpty()
        watch = subprocess.Popen([SOFTREALM, "inspect", "--host", host.path, "--watch"],
                                 stdout=slave)
        os.close(slave)
        text, end = b"", time.monotonic() + 20
        while text.count(CLEAR) < 3 and time.monotonic() < end:
            text += os.read(master, 65536)
        watch.terminate()
        watch.wait()
        os.close(master)
        screen = text.split(CLEAR)[2].decode().replace("\r", "")
        check(re.search(r"^cpu:  engines \d+ %  backend \d+ %  VMMs \d+ %$", screen, re.M), screen)
        check(screen.startswith("v12: ") and "in the last second" in screen, screen)
        run.kill()


@case
def a_run_can_be_looked_into():
    path = work() / "look"
    run = Run("exec", "--inspect", path, "--", CLIENT, "wait")
    run.until("ready")
    check(Visit(path).ask("info")["result"]["clients"] >= 3, "info")
    os.kill(run.pid, signal.SIGTERM)
    run.wait()
    check(not path.exists() and not run.left(), "left behind")


@case
def a_socket_can_be_passed_or_abstract():
    name = f"softrealm-test-door-{os.getpid()}"
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    bound.bind("\0" + name)
    host = subprocess.Popen([SOFTREALM, "host", "--socket", f"fd:{bound.fileno()}"],
                            pass_fds=[bound.fileno()], stderr=subprocess.PIPE, text=True)
    bound.close()
    check("ready" in host.stderr.readline(), "not ready")
    Used("exec", "--host", "@" + name, "--", CLIENT, "once").expect(0, "ok")
    host.terminate()
    check(host.wait(20) == 0, host.returncode)
    with Host(path="@" + name) as again:
        again.use(CLIENT, "once").expect(0, "ok")
    other = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    for fd in (other.fileno(), 0, 77):
        host = subprocess.run([SOFTREALM, "host", "--socket", f"fd:{fd}"], timeout=30,
                              pass_fds=[other.fileno()], stderr=subprocess.PIPE, text=True)
        check(host.returncode == 1 and host.stderr, fd, host)


@case
def the_socket_is_the_users_own():
    with Host() as host:
        check(host.path.stat().st_mode & 0o777 == 0o600, oct(host.path.stat().st_mode))
        if os.getuid() == 0:
            host.path.chmod(0o666)
            work().chmod(0o755)
            script = ("import os, socket, sys\nos.setuid(65534)\n"
                      "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
                      "s.connect(sys.argv[1])\ns.send(b'{\"call\":\"version\"}\\n')\n"
                      "print(s.recv(100))")
            other = subprocess.run([sys.executable, "-c", script, host.path], capture_output=True,
                                   text=True, timeout=30)
            check("result" not in other.stdout, other)


@case
def a_second_host_and_a_missing_one_are_told():
    with Host() as host:
        Used("host", "--socket", host.path).expect(1)
        host.use(CLIENT, "once").expect(0, "ok")
    Run("exec", "--host", host.path, "--", CLIENT, "once").expect(1)
    for options in (("--explain",), ("--trace", "x"), ("--ram", "8G"), ("--abi", "v12")):
        Run("exec", "--host", host.path, *options, "--", "true").expect(2)
    Run("host").expect(2)
    Run("host", "--socket", "x" * 200).expect(2)


@case
def a_path_left_by_a_killed_host_is_taken_over():
    with Host() as host:
        child = host.run.pid
        os.kill(child, signal.SIGKILL)
        host.run.process.wait(20)
        time.sleep(0.3)
        check(host.path.exists(), "no path is left")
        host.run = Run("host", "--socket", host.path)
        host.run.until("ready at", stream="err")
        host.use(CLIENT, "once").expect(0, "ok")


@case
def a_host_ends_with_clients_connected():
    with Host() as host:
        waiting = host.use(CLIENT, "wait")
        waiting.until("ready")
    waiting.wait()
    check(waiting.status == 5, waiting.status, waiting.story())  # the client: EIO


main()
