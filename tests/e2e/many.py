#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""many.py - as many vCPUs as a VM may have, on however few CPUs the machine has"""
from realm import UP, case, main, realm

PATIENCE = 1500  # seconds; it takes some 100 on two CPUs


@case
def sixty_four_vcpus_reach_user_space_and_power_off():
    realm("--cpus", 64, "--memory", "1G").wait(PATIENCE).expect(
        0, UP, "processors   64 of 64 online")


main()
