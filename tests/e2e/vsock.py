#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""vsock.py - streams between this machine and a realm, in both directions"""
import os
import random
import socket
import threading
import time

from realm import Run, case, check, compiled, kernel_dir, main, work

# In the realm: an echo server at 1000, connections to 2000 and on; it ends when it has been told.
REALM = r"""
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/vm_sockets.h> /* wants the one above */
#include <sys/wait.h>
#include <unistd.h>
static char buf[65536];
static struct sockaddr_vm at(unsigned int cid, unsigned int port)
{
	return (struct sockaddr_vm){.svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port};
}
static int listen_at(unsigned int port)
{
	struct sockaddr_vm a = at(VMADDR_CID_ANY, port);
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0);
	if (bind(fd, (void *)&a, sizeof(a)) || listen(fd, 128))
		exit((perror("listen"), 9));
	return fd;
}
static int call(unsigned int port)
{
	struct sockaddr_vm a = at(VMADDR_CID_HOST, port);
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0);
	return connect(fd, (void *)&a, sizeof(a)) ? -errno : fd;
}
static void echo(int fd)
{
	ssize_t n, done, m;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (done = 0; done < n; done += m)
			if ((m = write(fd, buf + done, n - done)) <= 0)
				exit(1);
	exit(n != 0);
}
static void serve(int fd)
{
	for (;;) {
		int one = accept(fd, NULL, NULL);
		if (one >= 0 && !fork())
			echo(one);
		close(one);
	}
}
/* All bytes of this file to the host, then what it makes of them. */
static void exchange(unsigned int port)
{
	int fd = call(port), file = open("/data", O_RDONLY);
	ssize_t n;
	if (fd < 0)
		exit((printf("call %u: %s\n", port, strerror(-fd)), 9));
	while ((n = read(file, buf, sizeof(buf))) > 0)
		if (write(fd, buf, n) != n)
			exit((perror("write"), 9));
	shutdown(fd, SHUT_WR);
	n = read(fd, buf, sizeof(buf));
	printf("host: %.*s\n", (int)n, buf);
	printf("then %zd\n", read(fd, buf, sizeof(buf)));
	close(fd);
}
static void stuff(int fd)
{
	struct pollfd p = {fd, POLLOUT};
	size_t all = 0;
	ssize_t n;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	memset(buf, 'x', sizeof(buf));
	while (poll(&p, 1, 2000) > 0 && (n = write(fd, buf, 5000)) > 0)
		all += n;
	printf("stuffed %zu\n", all);
}
static void expect_reset(unsigned int port)
{
	int fd = call(port);
	ssize_t n = write(fd, "unread", 6);
	n = read(fd, buf, 100); /* "go" */
	n = read(fd, buf, 100);
	printf("reset: %zd", n);
	n = write(fd, "more", 4); /* a Linux guest sees the end of both directions, no error */
	printf(" %s\n", n < 0 ? strerror(errno) : "");
	close(fd);
}
int main(void)
{
	int server = listen_at(1000), end = listen_at(1001), slow;
	pid_t child;
	signal(SIGPIPE, SIG_IGN);
	setbuf(stdout, NULL);
	printf("nobody: %s\n", strerror(-call(1999)));
	if (!(child = fork())) {
		setpgid(0, 0);
		serve(server);
	}
	exchange(2000);
	slow = call(2001);
	stuff(slow);
	exchange(2000);
	expect_reset(2002);
	if (!fork())
		echo(accept(end, NULL, NULL));
	wait(NULL); /* and the slow one gets the rest */
	kill(-child, SIGKILL);
	return 0;
}
"""
WINDOW = 131072


def listen(port):
    server = socket.socket(socket.AF_UNIX)
    server.bind(f"{work()}/v_{port}")
    server.listen(8)
    server.settimeout(100)
    return server


def call(port):
    """A stream to the realm's port, or None: nobody listens there."""
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(60)
    s.connect(f"{work()}/v")
    s.sendall(b"CONNECT %d\n" % port)
    answer = b""
    while not answer.endswith(b"\n"):
        got = s.recv(1)
        if not got:
            return s.close()
        answer += got
    check(answer.startswith(b"OK "), answer)
    return s


def until_there(port):
    while not os.path.exists(f"{work()}/v"):
        time.sleep(0.1)
    for _ in range(300):
        s = call(port)
        if s:
            return s
        time.sleep(0.2)
    raise AssertionError("nobody listens in the realm")


def everything(s):
    got = []
    while part := s.recv(65536):
        got.append(part)
    return b"".join(got)


def echoed(s, data):
    threading.Thread(target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR))).start()
    return everything(s)


@case
def streams_in_both_directions():
    data = random.Random(2).randbytes(700000)
    (work() / "data").write_bytes(data)
    servers = {port: listen(port) for port in (2000, 2001, 2002)}
    seen, slow = [], []

    def host():
        for _ in range(2):
            one, _ = servers[2000].accept()
            seen.append(everything(one) == data)
            one.sendall(b"whole" if seen[-1] else b"broken")
            one.close()
            if len(seen) == 1:
                slow.append(servers[2001].accept()[0])
        one, _ = servers[2002].accept()
        one.sendall(b"go")
        time.sleep(1)
        one.close()  # "unread" is in it

    thread = threading.Thread(target=host, daemon=True)
    thread.start()
    run = Run("run", "-k", kernel_dir() / "vmlinuz", "--modules", kernel_dir(), "--vsock",
              f"unix:{work()}/v", "-t", 170, "--console", work() / "log", "--add",
              f"{compiled('realm', REALM)}=p", "--add", f"{work()}/data=data", "-q", "-x", "/p")
    first = until_there(1000)
    check(call(999) is None, "a port where nobody listens answers")
    check(echoed(first, data) == data, "the echo is another one")
    many = [call(1000) for _ in range(60)]
    for i, s in enumerate(many):
        s.sendall(b"%d" % i * 4000)
    for i, s in reversed(list(enumerate(many))):
        s.shutdown(socket.SHUT_WR)
        check(everything(s) == b"%d" % i * 4000, "stream", i)
    gone = call(1000)
    gone.sendall(b"not read by the end")
    gone.close()
    thread.join(120)
    check(seen == [True, True], seen, run.story())
    got = []
    reader = threading.Thread(target=lambda: got.append(everything(slow[0])))
    last = until_there(1001)
    reader.start()
    last.sendall(b"end")
    last.shutdown(socket.SHUT_WR)
    check(everything(last) == b"end", "the last echo")
    run.expect(0)
    lines = run.out.splitlines()
    check(lines[0] == "nobody: Connection reset by peer", run.story())
    check(lines.count("host: whole") == 2 and lines.count("then 0") == 2, run.story())
    check("reset: 0 Broken pipe" in lines, run.story())
    stuffed = int([l for l in lines if l.startswith("stuffed ")][0].split()[1])
    check(WINDOW <= stuffed < 8 * WINDOW, "kept for the one who does not read:", stuffed)
    reader.join(10)
    check(got == [b"x" * stuffed], "the slow one got", len(got[0]), "of", stuffed)
    check(not os.path.exists(f"{work()}/v"), "the socket stays")


@case
def a_socket_that_is_in_use_is_refused():
    with listen(1):
        run = Run("run", "-k", kernel_dir() / "vmlinuz", "--vsock", f"unix:{work()}/v_1").wait(60)
    check(run.status == 1 and "--vsock unix:" in run.err, run.story())
    run = Run("run", "-k", kernel_dir() / "vmlinuz", "--vsock", "x").wait(60)
    check(run.status == 2 and "unix:PATH" in run.err, run.story())


main()
