#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""sudden.py - whichever process dies, at whatever moment: the others end, and nothing is left

Each round starts a session, on pipes or on a terminal, lets a random time of boot, run or
teardown pass, and kills one process; or stops one and kills another. The seed is printed and can
be given as SOFTREALM_SEED; SOFTREALM_ROUNDS is the number of rounds of each kind.
"""
import itertools
import os
import random
import signal
import time

from session import ALL, IDLE, NAMES, OnTerminal, Session, grace
from realm import case, check, main

SEED = int(os.environ.get("SOFTREALM_SEED", random.randrange(1 << 32)))
ROUNDS = int(os.environ.get("SOFTREALM_ROUNDS", 3))
ENGINE_LOST = 8
SPAN = 0.5  # seconds of boot and run in which a death may come
dice = random.Random(SEED)
print(f"# seed {SEED}", flush=True)

# What those are told who wait for the launcher, by whose death it was.
WORDS = {"backend": ["backend"], "engine": ["engine", "what runs the vCPUs"],
         "vmm": ["softrealm-vmm was ended by signal"]}

# (stopped, killed): nobody else can know of the death, or act on it, before the stopped one goes
# on.
WAITS = {("backend", "engine"), ("vmm", "engine"), ("vmm", "launcher"), ("launcher", "backend"),
         ("launcher", "engine"), ("launcher", "vmm")}


class Round:
    """One session and the death in it."""

    def __init__(self, who, number, stopped=None):
        self.who, self.number, self.stopped = who, number, stopped
        self.victim = self.frozen = None
        self.commands = dice.choice((ALL, IDLE))
        self.kind = dice.choice((Session, OnTerminal))
        self.moment = dice.uniform(0, SPAN)
        self.teardown = dice.random() < 0.25
        self.pause = dice.uniform(0, 0.05)
        self.story = (f"{who} {number.name} stopped={stopped} {self.kind.__name__} "
                      f"commands={self.commands:#x} at {self.moment:.3f}"
                      + (f" teardown+{self.pause:.3f}" if self.teardown else ""))

    def go(self):
        """Plays it; False: there was nobody to kill at that moment."""
        session = self.kind(self.commands)
        try:
            killed = self.strike(session)
            if not killed or (self.stopped, self.who) in WAITS:
                time.sleep(self.pause)
                self.signal(self.frozen, signal.SIGCONT)
            if not killed:
                self.signal(session.find("launcher"), signal.SIGTERM)
            self.see_the_end(session)
            if killed and self.who != "launcher" and "launcher" != self.stopped:
                self.judge(session)
            return killed
        except AssertionError as error:
            for pid in session.alive():
                os.kill(pid, signal.SIGKILL)
            raise AssertionError(f"{self.story}: {error}\n{session.told()}") from None

    # ---- the death ----

    def strike(self, session):
        """Whether the victim was there to be killed."""
        time.sleep(self.moment)
        if self.teardown and self.signal(session.find("launcher"), signal.SIGTERM):
            time.sleep(self.pause)
        if self.stopped:
            self.frozen = self.wait_for(session, self.stopped)
        self.victim = self.wait_for(session, self.who)
        session.look()
        return (not self.stopped or self.signal(self.frozen, signal.SIGSTOP)) and self.kill()

    @staticmethod
    def wait_for(session, who):
        """It may be about to be born."""
        while session.ended() is None and session.find(who) is None:
            time.sleep(0.002)
        return session.find(who)

    def kill(self):
        if self.number == signal.SIGSTOP:
            self.signal(self.victim, signal.SIGSTOP)
            time.sleep(dice.uniform(0, 0.2))
            return self.signal(self.victim, signal.SIGKILL)
        return self.signal(self.victim, self.number)

    @staticmethod
    def signal(pid, number):
        try:
            os.kill(pid, number)
            return True
        except (ProcessLookupError, TypeError):  # None: it was not there
            return False

    # ---- the others ----

    def see_the_end(self, session):
        deadline = time.monotonic() + grace()
        while session.alive() and time.monotonic() < deadline:
            session.look()
            if self.survived(session) and self.signal(session.find("launcher"), signal.SIGTERM):
                deadline = time.monotonic() + grace()
                self.who = "launcher"
            time.sleep(0.01)
        check(not session.alive(), "these live on:", session.alive())
        left = session.traces()
        check(not left, "left behind:", left)

    def survived(self, session):
        """An engine that dies before its realm is there is replaced."""
        return self.who == "engine" and session.find("engine") not in (None, self.victim)

    def judge(self, session):
        """The launcher lived on: its status and its words."""
        status = session.ended()
        done = "payload: done" in session.shown() or self.teardown
        if done and status in (0, 128 + signal.SIGTERM):
            return
        check(status not in (0, None), "a death was taken for a success")
        if self.who == "vmm":
            number = signal.SIGTERM if self.number == signal.SIGTERM else signal.SIGKILL
            check(status == 128 + number, "status", status)
        elif "cannot open /dev/kvm" not in session.told():
            check(status == ENGINE_LOST or "did not start" in session.told(),
                  "status", status, session.told())
        check(any(word in session.told() for word in WORDS[self.who]), "no clear message")


def rounds(*args):
    struck = 0
    for _ in range(5 * ROUNDS):
        struck += Round(*args).go()
        if struck == ROUNDS:
            return
    check(struck, "nobody was there to be killed")


def add_cases():
    for who in NAMES:
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP):
            def dies(who=who, number=number):
                rounds(who, number)

            dies.__name__ = f"the_{who}_dies_by_{number.name}"
            case(dies)
    for stopped, who in itertools.permutations(NAMES, 2):
        def dies_beside(stopped=stopped, who=who):
            rounds(who, signal.SIGKILL, stopped)

        dies_beside.__name__ = f"the_{who}_dies_while_the_{stopped}_is_stopped"
        case(dies_beside)


add_cases()
main()
