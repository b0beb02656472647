#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""network.py - a realm reaches this machine's loopback through passt, and is reached itself"""
import hashlib
import random
import shutil
import socket
import subprocess
import threading
import time

from realm import Run, Skip, case, check, compiled, kernel_dir, main, work

HOST_ERROR = 1
PEER = r"""
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
static struct sockaddr_in at(const char *addr, int port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	inet_aton(addr, &in.sin_addr);
	return in;
}
static int fetch(const char *addr, int port)
{
	struct sockaddr_in in = at(addr, port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char buf[65536];
	ssize_t n;
	if (connect(fd, (struct sockaddr *)&in, sizeof(in)))
		return perror("connect"), 1;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, n, stdout);
	return n != 0;
}
static int serve(int port)
{
	struct sockaddr_in in = at("0.0.0.0", port);
	int fd = socket(AF_INET, SOCK_STREAM, 0), one;
	char buf[100];
	ssize_t n;
	if (bind(fd, (struct sockaddr *)&in, sizeof(in)) || listen(fd, 5))
		return perror("bind"), 1;
	one = accept(fd, NULL, NULL);
	n = read(one, buf, sizeof(buf));
	printf("served: ");
	fwrite(buf, 1, n > 0 ? n : 0, stdout);
	return write(one, "from the realm\n", 15) != 15;
}
int main(int argc, char **argv)
{
	return argc == 3 ? fetch(argv[1], atoi(argv[2])) : serve(atoi(argv[1]));
}
"""


def needs_passt():
    """passt must be there and able to run: it wants a user namespace, and a way out of here."""
    if not shutil.which("passt"):
        raise Skip("passt is not installed")
    path = work() / "passt.socket"
    try:
        probe = subprocess.run(["passt", "-f", "-q", "-s", path], capture_output=True, timeout=1)
        raise Skip("passt does not run here: " + probe.stderr.decode(errors="replace")[-200:])
    except subprocess.TimeoutExpired:
        path.unlink(missing_ok=True)


def realm(net, command):
    kernel = kernel_dir()
    return Run("run", "-k", kernel / "vmlinuz", "--modules", kernel, "--net", net, "-t", 110,
               "--console", work() / "log", "--add", f"{compiled('peer', PEER)}=p", "-q", "-x",
               command)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@case
def a_realm_fetches_from_the_loopback():
    needs_passt()
    data = random.Random(1).randbytes(2000000).hex().encode()
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        one, _ = server.accept()
        with one:
            one.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    run = realm("passt", f"/p 10.0.2.2 {server.getsockname()[1]}").expect(0)
    server.close()
    check(hashlib.sha256(run.out.encode()).digest() == hashlib.sha256(data).digest(),
          len(run.out), "bytes", run.err)
    check("network      eth0, 10.0.2.15/24" in (work() / "log").read_text(), "not told")


@case
def a_port_leads_into_the_realm():
    needs_passt()
    port, got = free_port(), []

    def knock():
        """Until somebody answers: the port is there before the realm listens."""
        for _ in range(600):
            try:
                with socket.create_connection(("127.0.0.1", port), 5) as s:
                    s.sendall(b"from the host\n")
                    got.append(s.recv(100))
            except OSError:
                got.append(b"")
            if got[-1]:
                return
            time.sleep(0.2)

    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    run = realm(f"passt,{port}:22", "/p 22").expect(0)
    thread.join(5)
    check(run.out == "served: from the host\n", run.story())
    check(got[-1] == b"from the realm\n", got)


@case
def a_port_that_is_taken_ends_the_run_and_says_why():
    needs_passt()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        run = realm(f"passt,{taken.getsockname()[1]}:22", "/p 22").wait()
    check(run.status == HOST_ERROR, run.story())
    check("the network (--net) does not work: passt: " in run.err, run.story())


@case
def without_passt_nothing_starts():
    folder = work() / "path"
    folder.mkdir()
    (folder / "qemu-system-aarch64").symlink_to(shutil.which("qemu-system-aarch64"))
    run = Run("run", "-k", kernel_dir() / "vmlinuz", "--net", "passt",
              env={"PATH": str(folder)}).wait(60)
    check(run.status == HOST_ERROR and "there is no passt here" in run.err, run.story())


main()
