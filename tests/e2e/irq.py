#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""irq.py - a realm's virtio interrupts by ITS or by pin: none is lost, they move between CPUs"""
import json
import re

from realm import case, check, main, realm, work

READS = 200  # guest/init/irq.c


def run_irq(*args):
    disk, summary = work() / "disk", work() / "summary.json"
    disk.write_bytes(bytes(1 << 20))
    run = realm("--disk", disk, "-c", 2, "--summary", summary, *args,
                append="softrealm.mode=irq").expect(0, "console irqs")
    found = {}
    for what in ("disk", "console"):
        chip, counts = re.search(rf"{what} irqs *(\S+)((?: \d+)+)", run.out).groups()
        found[what] = chip, [int(n) for n in counts.split()]
    return found, json.loads(summary.read_text())


@case
def messages_go_through_the_its_and_none_is_lost():
    found, summary = run_irq()
    chip, taken = found["disk"]
    check(chip.startswith("ITS"), chip)
    check(sum(taken) >= READS, taken)
    check(summary["messages"] == [sum(taken)], "sent", summary["messages"], "taken", taken)
    chip, taken = found["console"]
    check(chip.startswith("ITS"), chip)
    check(all(n > 0 for n in taken), "stayed where it was:", taken)


@case
def without_an_its_the_pins_are_used():
    found, summary = run_irq("--irqchip", "gicv3")
    for chip, taken in found.values():
        check(chip.startswith("GICv3"), chip)
        check(all(n > 0 for n in taken), "stayed where it was:", taken)
    check("messages" not in summary, summary)


main()
