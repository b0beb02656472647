// SPDX-License-Identifier: BSD-3-Clause
/* test_irq.c - interrupts from user space: lines, irqfds, routing, MSIs. */
#include "its_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kvm/core/eventfd.h"
#include "kvm/irq/irq.h"

#define IRQ(type, vcpu, num) ((uint32_t)(type) << 24 | (vcpu) << 16 | (num))

struct vm {
	struct fix f;
	struct irqs *q;
	struct vgic *given; /* what the owner says the VM has */
	struct {
		int vcpu;
		bool fiq, level;
	} line; /* the last one that user space drove */
};

static struct vgic *owner_vgic(void *arg)
{
	return ((struct vm *)arg)->given;
}

/* vCPU ids are 0, 300: indices 0 and 1. */
static int owner_vcpu_by_id(void *arg, unsigned int id)
{
	return id == 0 ? 0 : id == 300 ? 1 : -1;
}

static void owner_cpu_line(void *arg, int vcpu, bool fiq, bool level)
{
	struct vm *vm = arg;

	vm->line.vcpu = vcpu;
	vm->line.fiq = fiq;
	vm->line.level = level;
}

static void vm_create(struct vm *vm)
{
	struct irqs_owner owner = {owner_vgic, owner_vcpu_by_id, owner_cpu_line, vm};

	fix_boot_enabled(&vm->f, 2);
	vm->given = vm->f.v;
	vm->q = irqs_create(&owner);
	assert_non_null(vm->q);
}

static void vm_destroy(struct vm *vm)
{
	irqs_destroy(vm->q);
	fix_destroy(&vm->f);
}

static int errno_of(result r)
{
	return r ? r->code : 0;
}

static int line(struct vm *vm, uint32_t irq, uint32_t level)
{
	struct kvm_irq_level l = {.irq = irq, .level = level};

	return errno_of(irqs_line(vm->q, &l));
}

static int irqfd(struct vm *vm, int fd, uint32_t gsi, uint32_t flags, int resamplefd)
{
	struct kvm_irqfd a = {.fd = fd, .gsi = gsi, .flags = flags, .resamplefd = resamplefd};

	return errno_of(irqs_irqfd(vm->q, &fix_caller, &a));
}

static int route(struct vm *vm, uint32_t nr, const struct kvm_irq_routing_entry *e)
{
	struct kvm_irq_routing r = {.nr = nr};

	return errno_of(irqs_set_routing(vm->q, &fix_caller, &r, (uintptr_t)e));
}

static void kick_eventfd(int fd)
{
	uint64_t one = 1;

	assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

/* Run vCPU 0 until it takes something; an irqfd works in the background. */
static unsigned int wait_take(struct vm *vm)
{
	unsigned int intid;

	while ((intid = guest_take(&vm->f, 0)) == SPURIOUS)
		sched_yield();
	return intid;
}

static bool readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

/* ---- KVM_IRQ_LINE ---- */
static void lines_drive_spis_and_ppis(void **state)
{
	struct vm vm;

	vm_create(&vm);
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_SPI, 0, 40), 1), 0);
	assert_int_equal(guest_take(&vm.f, 0), 40);
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_SPI, 0, 40), 0), 0);
	assert_int_equal(guest_take(&vm.f, 0), SPURIOUS);
	/* vCPU 300 = 1 * 256 + 44 */
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_PPI, 44, 20) | 1u << 28, 7), 0);
	assert_int_equal(guest_take(&vm.f, 0), SPURIOUS);
	assert_int_equal(guest_take(&vm.f, 1), 20);
	vm_destroy(&vm);
}

static void lines_that_do_not_exist_are_refused(void **state)
{
	struct vm vm;

	vm_create(&vm);
	assert_int_equal(line(&vm, IRQ(3, 0, 40), 1), EINVAL);
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_CPU, 0, 0), 1), ENXIO);
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_SPI, 0, 31), 1), EINVAL);
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_SPI, 0, NR_IRQS), 1), EINVAL);
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_SPI, 0, 0xffff), 1), EINVAL);
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_SPI, 77, 40), 1), 0); /* vCPU unused */
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_PPI, 0, 15), 1), EINVAL);
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_PPI, 0, 32), 1), EINVAL);
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_PPI, 1, 20), 1), EINVAL);
	vm_destroy(&vm);
}

static void lines_need_an_initialised_irqchip(void **state)
{
	struct vm vm;
	struct fix bare;

	vm_create(&vm);
	fix_create(&bare, 1);
	vm.given = bare.v;
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_SPI, 0, 0), 1), EBUSY);
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_PPI, 1, 0), 1), EBUSY);
	vm.given = NULL;
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_SPI, 0, 0), 1), ENXIO);
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_PPI, 1, 0), 1), ENXIO);
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_CPU, 0, 1), 1), 0);
	assert_true(vm.line.vcpu == 0 && vm.line.fiq && vm.line.level);
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_CPU, 0, 2), 1), EINVAL);
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_CPU, 1, 0), 1), EINVAL);
	fix_destroy(&bare);
	vm_destroy(&vm);
}

static void a_ppi_that_a_device_drives_does_not_move(void **state)
{
	int timer;
	struct vm vm;

	vm_create(&vm);
	assert_true(vgic_set_owner(vm.f.v, 0, 27, &timer));
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_PPI, 0, 27), 1), 0);
	assert_int_equal(guest_take(&vm.f, 0), SPURIOUS);
	vm_destroy(&vm);
}

/* ---- KVM_IRQFD ---- */
static void irqfds_check_their_arguments(void **state)
{
	struct vm vm;
	int efd = eventfd(0, 0), file = open("/dev/null", O_RDONLY);

	vm_create(&vm);
	assert_int_equal(irqfd(&vm, -1, 8, 4, 0), EINVAL); /* flags first */
	vm.given = NULL;
	assert_int_equal(irqfd(&vm, -1, 8, 0, 0), EAGAIN); /* then the irqchip */
	vm.given = vm.f.v;
	assert_int_equal(irqfd(&vm, -1, 8, 0, 0), EBADF);
	assert_int_equal(irqfd(&vm, file, 8, 0, 0), EINVAL);
	assert_int_equal(irqfd(&vm, efd, 8, KVM_IRQFD_FLAG_RESAMPLE, -1), EBADF);
	assert_int_equal(irqfd(&vm, efd, 8, KVM_IRQFD_FLAG_RESAMPLE, file), EINVAL);
	assert_int_equal(irqfd(&vm, -1, 8, KVM_IRQFD_FLAG_DEASSIGN, 0), EBADF);
	assert_int_equal(irqfd(&vm, file, 8, KVM_IRQFD_FLAG_DEASSIGN, 0), EINVAL);
	assert_int_equal(irqfd(&vm, efd, 8, KVM_IRQFD_FLAG_DEASSIGN, 0), 0); /* nothing to do */
	assert_int_equal(irqfd(&vm, efd, 100000, 0, 0), 0);		     /* any GSI */
	vm_destroy(&vm);
	close(file);
	close(efd);
}

static void an_eventfd_drives_one_interrupt(void **state)
{
	struct vm vm;
	int efd = eventfd(0, 0), again = dup(efd);

	vm_create(&vm);
	assert_int_equal(irqfd(&vm, efd, 8, 0, 0), 0);
	assert_int_equal(irqfd(&vm, efd, 8, 0, 0), EBUSY);
	assert_int_equal(irqfd(&vm, again, 9, 0, 0), EBUSY);
	assert_int_equal(irqfd(&vm, again, 9, KVM_IRQFD_FLAG_DEASSIGN, 0), 0); /* another GSI */
	assert_int_equal(irqfd(&vm, efd, 8, 0, 0), EBUSY);
	assert_int_equal(irqfd(&vm, again, 8, KVM_IRQFD_FLAG_DEASSIGN, 0), 0);
	assert_int_equal(irqfd(&vm, efd, 9, 0, 0), 0);
	vm_destroy(&vm);
	close(again);
	close(efd);
}

/* How many threads this process has, and how many of them block the signal. */
static void count_threads(int sig, unsigned int *threads, unsigned int *blocking)
{
	DIR *dir = opendir("/proc/self/task");
	unsigned long long mask;
	struct dirent *d;
	char line[300];
	FILE *f;

	assert_non_null(dir);
	*threads = *blocking = 0;
	while ((d = readdir(dir))) {
		snprintf(line, sizeof(line), "/proc/self/task/%s/status", d->d_name);
		f = d->d_name[0] == '.' ? NULL : fopen(line, "r");
		while (f && fgets(line, sizeof(line), f))
			if (sscanf(line, "SigBlk: %llx", &mask) == 1) {
				*blocking += mask >> (sig - 1) & 1;
				++*threads;
			}
		if (f)
			fclose(f);
	}
	closedir(dir);
}

/* What it reads of the guest's memory may be a file that was cut short (base/sigbus.h). */
static void no_thread_of_irqfds_blocks_sigbus(void **state)
{
	unsigned int threads, blocking, others, foreign; /* an emulator's, under qemu-user */
	int efd = eventfd(0, 0);
	struct vm vm;

	count_threads(SIGBUS, &others, &foreign);
	vm_create(&vm);
	assert_int_equal(irqfd(&vm, efd, 8, 0, 0), 0);
	/* Until it runs a new thread blocks them all. */
	blocking = foreign + 1;
	for (unsigned int i = 0; i < 2000 && blocking > foreign; i++) {
		usleep(1000);
		count_threads(SIGBUS, &threads, &blocking);
	}
	assert_true(threads > others);
	assert_int_equal(blocking, foreign);
	vm_destroy(&vm);
	close(efd);
}

static void an_eventfd_drives_one_vm(void **state)
{
	struct vm one, two;
	int efd = eventfd(0, 0), again = dup(efd);

	vm_create(&one);
	vm_create(&two);
	assert_int_equal(irqfd(&one, efd, 8, 0, 0), 0);
	assert_int_equal(irqfd(&two, efd, 8, 0, 0), EBUSY);
	assert_int_equal(irqfd(&two, again, 9, 0, 0), EBUSY);
	assert_int_equal(irqfd(&two, efd, 8, KVM_IRQFD_FLAG_DEASSIGN, 0), 0); /* not that one */
	assert_int_equal(irqfd(&two, efd, 8, 0, 0), EBUSY);
	vm_destroy(&one);
	assert_int_equal(irqfd(&two, efd, 8, 0, 0), 0);
	vm_destroy(&two);
	close(again);
	close(efd);
}

/* MSI routes: what the guest's ITS makes of them. */
static void an_irqfd_sends_its_msi(void **state)
{
	struct kvm_irq_routing_entry e = {
		.gsi = 9, .type = KVM_IRQ_ROUTING_MSI, .flags = KVM_MSI_VALID_DEVID};
	int efd = eventfd(0, 0);
	struct guest_its g;
	struct vm vm;

	its_fix_boot(&g, 2);
	its_send(&g, MAPD(5, itt(5), 5));
	its_send(&g, MAPTI(5, 3, 9000, 0));
	vm.f = g.f;
	vm.given = g.f.v;
	vm.q = irqs_create(&(struct irqs_owner){owner_vgic, owner_vcpu_by_id, owner_cpu_line, &vm});
	e.u.msi.address_lo = (uint32_t)DOORBELL;
	e.u.msi.data = 3;
	e.u.msi.devid = 5;
	assert_int_equal(irqfd(&vm, efd, 9, 0, 0), 0);
	assert_int_equal(route(&vm, 1, &e), 0);
	for (unsigned int i = 0; i < 3; i++) {
		kick_eventfd(efd);
		assert_int_equal(wait_take(&vm), 9000);
		assert_int_equal(guest_take(&vm.f, 0), SPURIOUS);
	}
	/* Nowhere to go: it is lost, and nothing else. */
	e.u.msi.data = 4;
	assert_int_equal(route(&vm, 1, &e), 0);
	kick_eventfd(efd);
	while (readable(efd))
		sched_yield();
	assert_int_equal(guest_take(&vm.f, 0), SPURIOUS);
	irqs_destroy(vm.q);
	its_fix_destroy(&g);
	close(efd);
}

static void a_signal_is_an_edge_on_the_spi_of_its_gsi(void **state)
{
	struct vm vm;
	int efd = eventfd(0, 0);

	vm_create(&vm);
	spi_edge(&vm.f, 40);
	assert_int_equal(irqfd(&vm, efd, 8, 0, 0), 0);
	for (unsigned int i = 0; i < 100; i++) {
		kick_eventfd(efd);
		assert_int_equal(wait_take(&vm), 40);
		assert_false(readable(efd)); /* consumed */
	}
	assert_int_equal(guest_take(&vm.f, 0), SPURIOUS);
	vm_destroy(&vm);
	close(efd);
}

static void a_signal_from_before_is_not_lost(void **state)
{
	struct vm vm;
	int efd = eventfd(3, EFD_NONBLOCK);

	vm_create(&vm);
	spi_edge(&vm.f, 40);
	assert_int_equal(irqfd(&vm, efd, 8, 0, 0), 0);
	assert_int_equal(wait_take(&vm), 40);
	vm_destroy(&vm);
	close(efd);
}

/* Nobody has looked in between; and it comes again until user space lowers the line. */
static void a_plain_irqfd_raises_a_level_line_and_never_lowers_it(void **state)
{
	struct vm vm;
	int efd = eventfd(0, 0);

	vm_create(&vm);
	assert_int_equal(irqfd(&vm, efd, 8, 0, 0), 0);
	kick_eventfd(efd);
	while (!vm.f.kicks[0])
		sched_yield();
	assert_int_equal(irqfd(&vm, efd, 8, KVM_IRQFD_FLAG_DEASSIGN, 0), 0);
	assert_int_equal(R32(&vm.f, DIST + 0x204), 1u << 8);
	assert_int_equal(guest_take(&vm.f, 0), 40);
	assert_int_equal(guest_take(&vm.f, 0), 40);
	assert_int_equal(line(&vm, IRQ(KVM_ARM_IRQ_TYPE_SPI, 0, 40), 0), 0);
	assert_int_equal(guest_take(&vm.f, 0), SPURIOUS);
	vm_destroy(&vm);
	close(efd);
}

static void a_signal_from_before_is_a_pulse_on_a_level_line(void **state)
{
	struct vm vm;
	int efd = eventfd(1, 0);

	vm_create(&vm);
	assert_int_equal(irqfd(&vm, efd, 8, 0, 0), 0);
	assert_false(readable(efd));
	assert_int_equal(R32(&vm.f, DIST + 0x204), 0);
	vm_destroy(&vm);
	close(efd);
}

static void nothing_comes_after_deassign(void **state)
{
	struct vm vm;
	int efd = eventfd(0, 0), other = eventfd(0, 0);

	vm_create(&vm);
	spi_edge(&vm.f, 40);
	spi_edge(&vm.f, 41);
	assert_int_equal(irqfd(&vm, efd, 8, 0, 0), 0);
	assert_int_equal(irqfd(&vm, other, 9, 0, 0), 0);
	assert_int_equal(irqfd(&vm, efd, 8, KVM_IRQFD_FLAG_DEASSIGN, 0), 0);
	kick_eventfd(efd);
	kick_eventfd(other);
	assert_int_equal(wait_take(&vm), 41); /* the thread has been through */
	assert_int_equal(guest_take(&vm.f, 0), SPURIOUS);
	assert_true(readable(efd));
	vm_destroy(&vm);
	close(other);
	close(efd);
}

static void a_resampling_irqfd_holds_its_line_until_the_eoi(void **state)
{
	struct guest g;
	struct vm vm;
	int efd = eventfd(0, 0), resample = eventfd(0, EFD_NONBLOCK);

	vm_create(&vm);
	assert_int_equal(irqfd(&vm, efd, 8, KVM_IRQFD_FLAG_RESAMPLE, resample), 0);
	for (unsigned int i = 0; i < 20; i++) {
		uint64_t count;

		kick_eventfd(efd);
		while (!vgic_pending(vm.f.v, 0)) {
			guest_enter(&g, &vm.f, 0); /* tells the priority mask */
			guest_exit(&g);
		}
		guest_enter(&g, &vm.f, 0);
		assert_int_equal(guest_ack(&g), 40);
		assert_false(readable(resample));
		guest_eoi(&g, 40);
		guest_exit(&g);
		assert_int_equal(read(resample, &count, sizeof(count)), sizeof(count));
		assert_int_equal(count, 1);
		assert_int_equal(guest_take(&vm.f, 0), SPURIOUS);
	}
	vm_destroy(&vm);
	close(resample);
	close(efd);
}

static void all_resamplers_of_a_gsi_are_signalled(void **state)
{
	struct vm vm;
	int efd[2] = {eventfd(0, 0), eventfd(0, 0)};
	int resample[3] = {eventfd(0, 0), eventfd(0, 0), eventfd(0, 0)};
	int third = eventfd(0, 0);

	vm_create(&vm);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(irqfd(&vm, efd[i], 8, KVM_IRQFD_FLAG_RESAMPLE, resample[i]), 0);
	assert_int_equal(irqfd(&vm, third, 9, KVM_IRQFD_FLAG_RESAMPLE, resample[2]), 0);
	kick_eventfd(efd[0]);
	assert_int_equal(wait_take(&vm), 40);
	assert_true(readable(resample[0]));
	assert_true(readable(resample[1]));
	assert_false(readable(resample[2]));
	/* The line is held by the first; it falls with the last resampler only. */
	kick_eventfd(efd[0]);
	while (!(R32(&vm.f, DIST + 0x204) & 0x100))
		sched_yield();
	assert_int_equal(irqfd(&vm, efd[0], 8, KVM_IRQFD_FLAG_DEASSIGN, 0), 0);
	assert_true(R32(&vm.f, DIST + 0x204) & 0x100);
	assert_int_equal(irqfd(&vm, efd[1], 8, KVM_IRQFD_FLAG_DEASSIGN, 0), 0);
	assert_false(R32(&vm.f, DIST + 0x204) & 0x100);
	vm_destroy(&vm);
	close(third);
	for (unsigned int i = 0; i < 3; i++)
		close(resample[i]);
	close(efd[0]);
	close(efd[1]);
}

static void a_full_resamplefd_stops_nobody(void **state)
{
	struct vm vm;
	int efd = eventfd(0, 0), resample = eventfd(0, 0);
	uint64_t full = UINT64_MAX - 1;

	vm_create(&vm);
	assert_int_equal(write(resample, &full, sizeof(full)), sizeof(full));
	assert_int_equal(irqfd(&vm, efd, 8, KVM_IRQFD_FLAG_RESAMPLE, resample), 0);
	kick_eventfd(efd);
	assert_int_equal(wait_take(&vm), 40);
	vm_destroy(&vm);
	close(resample);
	close(efd);
}

static unsigned int open_fds(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* ---- an eventfd that its owner fills at the worst moment ---- */

#define FULL	    UINT64_C(0xfffffffffffffffe)
#define FILL_ROUNDS 3000

struct filler {
	int fd;
	atomic_uint round; /* that may be filled */
};

static void *fill_each_round(void *arg)
{
	struct filler *f = arg;
	const uint64_t full = FULL;

	for (unsigned int n = 1; n <= FILL_ROUNDS; n++) {
		while (atomic_load(&f->round) < n)
			sched_yield();
		for (volatile unsigned int i = 0; i < n % 64 * 8; i++)
			;
		assert_true(write(f->fd, &full, sizeof(full)) > 0 || errno == EAGAIN);
	}
	return NULL;
}

static bool has_async_io(void)
{
	aio_context_t ctx = 0;

	return !syscall(SYS_io_setup, 1, &ctx) && !syscall(SYS_io_destroy, ctx);
}

/* The owner's flag is his: the descriptor blocks, and no write of ours may wait for a reader. Both
 * threads write at once; the filler's own write does not fit after ours and waits for the drain. */
static void a_blocking_eventfd_that_is_filled_stops_nobody(void **state)
{
	struct filler f = {.fd = eventfd(0, EFD_CLOEXEC)};
	pthread_t t;

	if (!has_async_io()) { /* qemu-user: a signal may wait for a reader, kvm/core/eventfd.c */
		close(f.fd);
		skip();
	}
	alarm(60); /* ends a test that waits for ever */
	assert_int_equal(pthread_create(&t, NULL, fill_each_round, &f), 0);
	for (unsigned int n = 1; n <= FILL_ROUNDS; n++) {
		uint64_t count = 0, sum = 0;

		atomic_store(&f.round, n);
		eventfd_add_one(f.fd);
		while (sum < FULL) {
			assert_true(read(f.fd, &count, sizeof(count)) > 0);
			sum += count;
		}
	}
	pthread_join(t, NULL);
	alarm(0);
	close(f.fd);
}

static void the_end_of_a_vm_leaves_no_descriptor(void **state)
{
	unsigned int before = open_fds();
	struct vm vm;
	int efd[10];

	for (unsigned int i = 0; i < 10; i++)
		efd[i] = eventfd(0, 0);
	vm_create(&vm);
	for (unsigned int i = 0; i < 10; i++) {
		irqfd(&vm, efd[i], i, i % 2, efd[9 - i]);
		kick_eventfd(efd[i]);
	}
	vm_destroy(&vm);
	for (unsigned int i = 0; i < 10; i++)
		close(efd[i]);
	assert_int_equal(open_fds(), before);
}

/* ---- KVM_SET_GSI_ROUTING ---- */
static void routing_tables_are_checked(void **state)
{
	struct kvm_irq_routing r = {.nr = 4097, .flags = 1};
	struct kvm_irq_routing_entry e[2] = {
		{.gsi = 3, .type = KVM_IRQ_ROUTING_IRQCHIP, .u.irqchip = {0, 8}},
		{.gsi = 4, .type = KVM_IRQ_ROUTING_MSI, .flags = KVM_MSI_VALID_DEVID},
	};
	struct vm vm;

	vm_create(&vm);
	assert_string_equal(irqs_set_routing(vm.q, &fix_caller, &r, 0)->name, "kvm_routing_nr");
	r.nr = 1;
	assert_string_equal(irqs_set_routing(vm.q, &fix_caller, &r, 0)->name, "kvm_routing_flags");
	assert_int_equal(route(&vm, 1, NULL), EFAULT);
	assert_int_equal(route(&vm, 0, NULL), 0);
	assert_int_equal(route(&vm, 2, e), 0);
	e[1].gsi = 4096;
	assert_int_equal(route(&vm, 2, e), EINVAL);
	e[1].gsi = 3; /* twice */
	assert_int_equal(route(&vm, 2, e), EINVAL);
	e[1].gsi = 4;
	e[1].flags = 2;
	assert_int_equal(route(&vm, 2, e), EINVAL);
	e[1].flags = 0;
	e[1].type = 3;
	assert_int_equal(route(&vm, 2, e), EINVAL);
	e[0].flags = 1;
	assert_int_equal(route(&vm, 1, e), EINVAL);
	e[0].flags = 0;
	e[0].u.irqchip.irqchip = 1;
	assert_int_equal(route(&vm, 1, e), EINVAL);
	e[0].u.irqchip.irqchip = 0;
	e[0].u.irqchip.pin = 988;
	assert_int_equal(route(&vm, 1, e), EINVAL);
	e[0].u.irqchip.pin = 987; /* beyond this vGIC's SPIs, but a pin */
	assert_int_equal(route(&vm, 1, e), 0);
	vm_destroy(&vm);
}

static void irqfds_follow_the_routing_table(void **state)
{
	struct kvm_irq_routing_entry e[3] = {
		{.gsi = 8, .type = KVM_IRQ_ROUTING_IRQCHIP, .u.irqchip = {0, 20}},
		{.gsi = 9, .type = KVM_IRQ_ROUTING_MSI},
		{.gsi = 4095, .type = KVM_IRQ_ROUTING_IRQCHIP, .u.irqchip = {0, 9}},
	};
	struct vm vm;
	int to_spi = eventfd(0, 0), to_msi = eventfd(0, 0), nowhere = eventfd(0, 0);
	int last = eventfd(0, 0), resample = eventfd(0, 0);

	vm_create(&vm);
	for (unsigned int i = 32; i < NR_IRQS; i++)
		spi_edge(&vm.f, i);
	assert_int_equal(irqfd(&vm, to_spi, 8, 0, 0), 0);
	assert_int_equal(irqfd(&vm, to_msi, 9, 0, 0), 0);
	assert_int_equal(irqfd(&vm, nowhere, 50, 0, 0), 0);
	assert_int_equal(route(&vm, 3, e), 0);
	kick_eventfd(to_msi);
	kick_eventfd(nowhere);
	while (readable(to_msi) || readable(nowhere))
		sched_yield();
	kick_eventfd(to_spi);
	assert_int_equal(wait_take(&vm), 52);
	assert_int_equal(guest_take(&vm.f, 0), SPURIOUS);
	/* The way back, from the EOI of INTID 41 to GSI 4095. */
	W32(&vm.f, DIST + 0xc08, 0);
	assert_int_equal(irqfd(&vm, last, 4095, KVM_IRQFD_FLAG_RESAMPLE, resample), 0);
	kick_eventfd(last);
	assert_int_equal(wait_take(&vm), 41);
	assert_true(readable(resample));
	vm_destroy(&vm);
	close(to_spi);
	close(to_msi);
	close(nowhere);
	close(last);
	close(resample);
}

static void a_refused_table_changes_nothing(void **state)
{
	struct kvm_irq_routing_entry e[2] = {
		{.gsi = 8, .type = KVM_IRQ_ROUTING_IRQCHIP, .u.irqchip = {0, 20}},
		{.gsi = 9, .type = 77},
	};
	struct vm vm;
	int efd = eventfd(0, 0);

	vm_create(&vm);
	assert_int_equal(irqfd(&vm, efd, 8, KVM_IRQFD_FLAG_RESAMPLE, efd), 0);
	assert_int_equal(route(&vm, 2, e), EINVAL);
	kick_eventfd(efd);
	assert_int_equal(wait_take(&vm), 40);
	vm_destroy(&vm);
	close(efd);
}

static void init_replaces_an_earlier_table(void **state)
{
	struct kvm_irq_routing_entry e = {
		.gsi = 8, .type = KVM_IRQ_ROUTING_IRQCHIP, .u.irqchip = {0, 20}};
	struct vm vm;
	int efd = eventfd(0, 0);

	vm_create(&vm);
	vm.given = NULL;
	assert_int_equal(route(&vm, 1, &e), 0);
	vm.given = vm.f.v;
	spi_edge(&vm.f, 40);
	assert_int_equal(irqfd(&vm, efd, 8, 0, 0), 0);
	kick_eventfd(efd);
	assert_int_equal(wait_take(&vm), 40);
	vm_destroy(&vm);
	close(efd);
}

/* ---- KVM_SIGNAL_MSI ---- */
static void an_msi_has_no_its_to_go_to(void **state)
{
	struct kvm_msi m = {.address_lo = 0x8090040, .flags = KVM_MSI_VALID_DEVID};
	bool delivered;
	struct vm vm;

	vm_create(&vm);
	assert_int_equal(errno_of(irqs_signal_msi(vm.q, &m, &delivered)), ENODEV);
	m.flags = 2;
	assert_int_equal(errno_of(irqs_signal_msi(vm.q, &m, &delivered)), EINVAL);
	m.flags = 0;
	vm.given = NULL;
	assert_int_equal(errno_of(irqs_signal_msi(vm.q, &m, &delivered)), EINVAL);
	vm_destroy(&vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_drive_spis_and_ppis),
		cmocka_unit_test(lines_that_do_not_exist_are_refused),
		cmocka_unit_test(lines_need_an_initialised_irqchip),
		cmocka_unit_test(a_ppi_that_a_device_drives_does_not_move),
		cmocka_unit_test(irqfds_check_their_arguments),
		cmocka_unit_test(an_eventfd_drives_one_interrupt),
		cmocka_unit_test(no_thread_of_irqfds_blocks_sigbus),
		cmocka_unit_test(an_eventfd_drives_one_vm),
		cmocka_unit_test(an_irqfd_sends_its_msi),
		cmocka_unit_test(a_signal_is_an_edge_on_the_spi_of_its_gsi),
		cmocka_unit_test(a_signal_from_before_is_not_lost),
		cmocka_unit_test(a_plain_irqfd_raises_a_level_line_and_never_lowers_it),
		cmocka_unit_test(a_signal_from_before_is_a_pulse_on_a_level_line),
		cmocka_unit_test(nothing_comes_after_deassign),
		cmocka_unit_test(a_resampling_irqfd_holds_its_line_until_the_eoi),
		cmocka_unit_test(all_resamplers_of_a_gsi_are_signalled),
		cmocka_unit_test(a_full_resamplefd_stops_nobody),
		cmocka_unit_test(a_blocking_eventfd_that_is_filled_stops_nobody),
		cmocka_unit_test(the_end_of_a_vm_leaves_no_descriptor),
		cmocka_unit_test(routing_tables_are_checked),
		cmocka_unit_test(irqfds_follow_the_routing_table),
		cmocka_unit_test(a_refused_table_changes_nothing),
		cmocka_unit_test(init_replaces_an_earlier_table),
		cmocka_unit_test(an_msi_has_no_its_to_go_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
