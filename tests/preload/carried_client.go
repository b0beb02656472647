// SPDX-License-Identifier: BSD-3-Clause

// carried_client makes the calls of tests/preload/carried_client.c from a static Go program: by
// goroutines, whose stacks are short, and with a runtime that has signal handlers of its own.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	page = 4096
	size = 1024 * page

	createVM     = 0xae01
	extension    = 0xae03
	createVCPU   = 0xae41
	kvmRun       = 0xae80
	createGmem   = 3<<30 | 64<<16 | 0xaed4
	setMemory    = 1<<30 | 32<<16 | 0xae46
	fakePeek     = 3<<30 | 16<<16 | 0xaef1
	fakeKind     = 0xaef5
	vcpuMmapSize = 0x2000
	exitMMIO     = 6
	rw           = syscall.PROT_READ | syscall.PROT_WRITE
)

func check(ok bool, what ...any) {
	if !ok {
		_, _, line, _ := runtime.Caller(1)
		fmt.Fprintln(os.Stderr, append([]any{"line", line, ":"}, what...)...)
		os.Exit(1)
	}
}

func call(fd int, nr, arg uintptr) int {
	r, _, err := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), nr, arg)
	if err != 0 {
		return -int(err)
	}
	return int(r)
}

func peek(vm int, p *uint64) (int, uint64) {
	w := [2]uint64{uint64(uintptr(unsafe.Pointer(p))), 0}
	r := call(vm, fakePeek, uintptr(unsafe.Pointer(&w)))
	return r, w[1]
}

func mmap(fd, length, flags int) []byte {
	p, err := syscall.Mmap(fd, 0, length, rw, flags)
	check(err == nil, "mmap:", err)
	return p
}

func paths() {
	var st syscall.Stat_t
	check(syscall.Stat("/dev/kvm", &st) == nil && st.Mode&syscall.S_IFMT == syscall.S_IFCHR)
	_, err := os.Stat("/no/such/file")
	check(os.IsNotExist(err), err)
}

// Several vCPUs run, each on a thread of its own; a signal ends each run, and none is lost.
func signals(vm int) {
	const vcpus, kicks = 8, 100
	var handled atomic.Int64
	got := make(chan os.Signal, 64)
	signal.Notify(got, syscall.SIGUSR1)
	go func() {
		for range got {
			handled.Add(1)
		}
	}()
	var all sync.WaitGroup
	for i := 0; i < vcpus; i++ {
		vcpu := call(vm, createVCPU, uintptr(i))
		check(vcpu >= 0, vcpu)
		run := mmap(vcpu, vcpuMmapSize, syscall.MAP_SHARED)
		if i == 0 {
			run[0] = 1
			check(call(vcpu, kvmRun, 0) == 0 && run[8] == exitMMIO)
			run[0] = 0
		}
		all.Add(1)
		go kicked(vcpu, kicks, &all)
	}
	all.Wait()
	check(handled.Load() > 0)
	signal.Stop(got)
}

func kicked(vcpu, kicks int, all *sync.WaitGroup) {
	defer all.Done()
	runtime.LockOSThread()
	thread := syscall.Gettid()
	for i := 0; i < kicks; i++ {
		var over atomic.Bool
		go func() {
			for !over.Load() {
				syscall.Tgkill(os.Getpid(), thread, syscall.SIGUSR1)
				time.Sleep(time.Millisecond)
			}
		}()
		check(call(vcpu, kvmRun, 0) == -int(syscall.EINTR))
		over.Store(true)
	}
}

// Stores of another thread while the memory is moved are there afterwards.
func memory(vm int) {
	p := mmap(-1, size, syscall.MAP_PRIVATE|syscall.MAP_ANONYMOUS)
	words := unsafe.Slice((*uint64)(unsafe.Pointer(&p[0])), size/8)
	var stop atomic.Bool
	done := make(chan uint64)
	go func() {
		var n uint64
		for !stop.Load() {
			n++
			for i := 0; i < len(words); i += 512 {
				words[i]++
			}
		}
		done <- n
	}()
	time.Sleep(20 * time.Millisecond)
	region := [4]uint64{0, 0, size, uint64(uintptr(unsafe.Pointer(&p[0])))}
	check(call(vm, setMemory, uintptr(unsafe.Pointer(&region))) == 0)
	stop.Store(true)
	n := <-done
	for i := 0; i < len(words); i += 512 {
		check(words[i] == n, i, words[i], n)
	}
	r, v := peek(vm, &words[0])
	check(r == 0 && v == n, r, v)

	// The runtime makes a panic of a fault: its handler stands behind ours.
	check(syscall.Mprotect(p[:page], syscall.PROT_READ) == nil)
	check(faults(func() { words[0] = 6 }))
	check(syscall.Mprotect(p[:page], rw) == nil)
	words[0] = 7
	_, v = peek(vm, &words[0])
	check(v == 7, v)
	address := &words[0]
	check(syscall.Munmap(p) == nil)
	r, _ = peek(vm, address)
	check(r == -int(syscall.EFAULT), r)
}

func faults(store func()) (did bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { did = recover() != nil }()
	store()
	return
}

func guestMemfd(vm int) {
	g := [8]uint64{16 * page, 3}
	fd := call(vm, createGmem, uintptr(unsafe.Pointer(&g)))
	var st syscall.Stat_t
	check(fd >= 0 && syscall.Fstat(fd, &st) == nil && st.Size == 16*page)
	p := mmap(fd, 16*page, syscall.MAP_SHARED)
	p[page] = 9
	check(syscall.Fallocate(fd, 3, page, page) == nil && p[page] == 0)
	syscall.Munmap(p)
	syscall.Close(fd)
}

func children(vm int) {
	err := exec.Command("/bin/sh", "-c", "exit 3").Run()
	status, ok := err.(*exec.ExitError)
	check(ok && status.ExitCode() == 3, err)
	check(call(vm, fakeKind, uintptr(vm)) == 1)
}

func main() {
	kvm, err := syscall.Open("/dev/kvm", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	check(err == nil, err)
	check(call(kvm, extension, 3) == 3)
	vm := call(kvm, createVM, 0)
	check(vm >= 0, vm)
	paths()
	signals(vm)
	memory(vm)
	guestMemfd(vm)
	children(vm)
}
