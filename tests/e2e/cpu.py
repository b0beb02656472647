#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""cpu.py - realms with vectors (SVE) and performance counters, by --platform-cpu"""
import re
import signal
import subprocess

from realm import BOOT_TIMEOUT, SOFTREALM, Run, case, check, compiled, kernel_dir, main, work

# Counts cycles while it spins, then samples every 5 ms of them, by interrupts.
COUNTER = r"""
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int open_event(uint64_t config, uint64_t period)
{
	struct perf_event_attr a = {.type = PERF_TYPE_HARDWARE, .size = sizeof(a), .disabled = 1,
				    .config = config, .sample_period = period,
				    .sample_type = period ? PERF_SAMPLE_IP : 0};

	return syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
}

static uint64_t spin(int fd)
{
	struct timespec t;
	uint64_t begin, end;

	ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
	clock_gettime(CLOCK_MONOTONIC, &t);
	begin = t.tv_sec * 1000000000ull + t.tv_nsec;
	do {
		clock_gettime(CLOCK_MONOTONIC, &t);
		end = t.tv_sec * 1000000000ull + t.tv_nsec;
	} while (end - begin < 200000000);
	ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
	return end - begin;
}

int main(void)
{
	int fd = open_event(PERF_COUNT_HW_CPU_CYCLES, 0);
	struct perf_event_mmap_page *page;
	uint64_t cycles = 0, took;

	if (fd < 0) {
		puts("no PMU");
		return 3;
	}
	took = spin(fd);
	if (read(fd, &cycles, sizeof(cycles)) != sizeof(cycles))
		return 1;
	fd = open_event(PERF_COUNT_HW_CPU_CYCLES, 5000000);
	page = mmap(0, 9 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	spin(fd);
	printf("%s %s %s\n", cycles > took / 20 && cycles < 2 * took ? "cycles" : "no cycles",
	       page->data_head ? "samples" : "no samples",
	       open_event(PERF_COUNT_HW_INSTRUCTIONS, 0) < 0 ? "no instructions" : "instructions");
	return 0;
}
"""

# Processes that share CPUs, each with its own vectors: the kernel switches them, the VMM's exits
# come in between. Says how long they are.
PROGRAM = r"""
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX 256
struct vectors {
	uint8_t z[32 * MAX], p[17 * MAX / 8]; /* at the length there is, without gaps; FFR last */
};

/* Load all, be busy for so many rounds, store all. */
void keep(const struct vectors *in, struct vectors *out, long rounds);
__asm__(".arch_extension sve\n"
	".altmacro\n"
	".macro z op, n, base\n\\op z\\n, [\\base, #\\n, mul vl]\n.endm\n"
	".macro p op, n, base\n\\op p\\n, [\\base, #\\n, mul vl]\n.endm\n"
	"keep:	stp d8, d9, [sp, #-64]!\n"
	"	stp d10, d11, [sp, #16]\n"
	"	stp d12, d13, [sp, #32]\n"
	"	stp d14, d15, [sp, #48]\n"
	"	mov x3, #8192\n	add x4, x0, x3\n	add x5, x1, x3\n"
	"	ldr p0, [x4, #16, mul vl]\n	wrffr p0.b\n"
	".set i, 0\n.rept 32\n	z ldr, %i, x0\n.set i, i + 1\n.endr\n"
	".set i, 0\n.rept 16\n	p ldr, %i, x4\n.set i, i + 1\n.endr\n"
	"1:	subs x2, x2, #1\n	b.ne 1b\n"
	".set i, 0\n.rept 32\n	z str, %i, x1\n.set i, i + 1\n.endr\n"
	".set i, 0\n.rept 16\n	p str, %i, x5\n.set i, i + 1\n.endr\n"
	"	rdffr p0.b\n	str p0, [x5, #16, mul vl]\n"
	"	ldp d10, d11, [sp, #16]\n"
	"	ldp d12, d13, [sp, #32]\n"
	"	ldp d14, d15, [sp, #48]\n"
	"	ldp d8, d9, [sp], #64\n"
	"	ret\n"
	".noaltmacro\n");

static int child(unsigned int seed, int vl)
{
	static struct vectors in, out;

	srandom(seed);
	for (int round = 0; round < 40; round++) {
		for (int i = 0; i < 32 * vl; i++)
			in.z[i] = (uint8_t)random();
		for (int i = 0; i < 17 * vl / 8; i++)
			in.p[i] = (uint8_t)random();
		memset(in.p + 16 * vl / 8, 0, vl / 8);
		memset(in.p + 16 * vl / 8, 0xff, vl / 16);
		keep(&in, &out, 1 << 20);
		if (memcmp(&in, &out, sizeof(in)))
			return 1;
	}
	return 0;
}

static int count_cpus(void)
{
	char line[1000];
	FILE *f = fopen("/proc/cpuinfo", "r");
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, " sve ") != NULL;
	return n;
}

int main(int argc, char **argv)
{
	int status, bad = 0, vl = prctl(PR_SVE_GET_VL) & 0xffff;

	if (!(getauxval(AT_HWCAP) & 1 << 22)) {
		puts("no SVE");
		return 3;
	}
	prctl(PR_SVE_SET_VL, 256);
	vl = prctl(PR_SVE_GET_VL) & 0xffff;
	for (unsigned int i = 1; i <= 6; i++)
		if (!fork())
			_exit(child(i, vl));
	while (wait(&status) > 0)
		bad += status != 0;
	printf("%d of 6 are wrong at %d bytes, %d CPUs\n", bad, vl, count_cpus());
	return bad != 0;
}
"""


def executes(*args, name="vectors", text=PROGRAM, status=0):
    program = compiled(name, text)
    run = Run("run", "--kernel", kernel_dir() / "vmlinuz", "--cpus", 2, *args,
              "--add", f"{program}=/bin/program", "--exec", "/bin/program")
    run.wait(4 * BOOT_TIMEOUT)
    check(run.status == status, run.story())
    return run.out


@case
def programs_keep_their_vectors_in_a_realm():
    out = executes("--platform-cpu", "sve", "--sve", 2048)
    check(out == "0 of 6 are wrong at 256 bytes, 2 CPUs\n", out)


@case
def realms_with_vectors_of_other_lengths_run_beside_each_other():
    program = compiled("vectors", PROGRAM)
    kernel = kernel_dir() / "vmlinuz"
    door = work() / "door"
    host = Run("host", "--socket", door, "--platform-cpu", "sve")
    host.until("ready", stream="err")
    runs = {bits: Run("run", "--host", door, "--kernel", kernel, "--sve", bits,
                      "--add", f"{program}=/bin/vectors", "--exec", "/bin/vectors")
            for bits in (128, 512)}
    for bits, run in runs.items():
        run.wait(4 * BOOT_TIMEOUT)
        check(run.status == 0 and run.out == f"0 of 6 are wrong at {bits // 8} bytes, 1 CPUs\n",
              run.story())
    host.process.send_signal(signal.SIGTERM)
    host.wait()


@case
def a_realm_counts_cycles_and_samples_by_them():
    out = executes("--platform-cpu", "pmu", "--pmu", name="counter", text=COUNTER)
    check(out == "cycles samples no instructions\n", out)
    out = executes("--platform-cpu", "pmu", name="counter", text=COUNTER, status=3)
    check(out == "no PMU\n", out)


@case
def without_the_option_nobody_finds_them():
    for word, *option in (("sve", "--sve", 512), ("pmu", "--pmu")):
        run = Run("run", "--kernel", kernel_dir() / "vmlinuz", *option, "--exec", "true")
        run.expect(4)
        check(f"--platform-cpu {word}" in run.err, run.story())
    check("no SVE\n" == executes("--platform-cpu", "sve", status=3))


@case
def length_and_counters_are_in_the_rim():
    rims = set()
    for more in ([], ["--sve", "128"], ["--sve", "2048"], ["--pmu"]):
        told = subprocess.run([SOFTREALM, "measure", "--kernel", kernel_dir() / "vmlinuz", *more],
                              capture_output=True, text=True, timeout=120)
        check(re.fullmatch(r"[0-9a-f]{64}\n", told.stdout), told)
        rims.add(told.stdout)
    check(len(rims) == 4, rims)


@case
def other_words_are_refused():
    for words in ("sme", "", "sve,", "SVE", "sve,pmu,x"):
        run = Run("run", "--kernel", "x", f"--platform-cpu={words}")
        run.expect(2)
        check("--platform-cpu" in run.err, run.story())


main()
