// SPDX-License-Identifier: BSD-3-Clause
/*
 * net.c - gives the first network device an address, a way out and a name server
 */
#include "init.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct net_config {
	struct in_addr address, gateway, nameserver;
	unsigned int width;
};

static bool parse(const char *text, struct net_config *c)
{
	char address[32], gateway[32], nameserver[32];

	return sscanf(text, "%31[0-9.]/%u,%31[0-9.],%31[0-9.]", address, &c->width, gateway,
		      nameserver) == 4 &&
	       c->width >= 1 && c->width <= 32 && inet_aton(address, &c->address) &&
	       inet_aton(gateway, &c->gateway) && inet_aton(nameserver, &c->nameserver);
}

/* The first one but the loopback; false: there is none. */
static bool find_device(char name[IFNAMSIZ])
{
	DIR *dir = opendir("/sys/class/net");
	struct dirent *ent;
	bool found = false;

	while (dir && !found && (ent = readdir(dir))) {
		found = ent->d_name[0] != '.' && strcmp(ent->d_name, "lo");
		if (found)
			snprintf(name, IFNAMSIZ, "%.*s", IFNAMSIZ - 1, ent->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

static struct sockaddr_in *internet(struct sockaddr *at, struct in_addr addr)
{
	struct sockaddr_in *in = (struct sockaddr_in *)at;

	*in = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = addr};
	return in;
}

static int bring_up(int fd, const char name[IFNAMSIZ])
{
	struct ifreq req = {0};

	memcpy(req.ifr_name, name, IFNAMSIZ);
	if (ioctl(fd, SIOCGIFFLAGS, &req))
		return -errno;
	req.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &req) ? -errno : 0;
}

static int set_address(int fd, const char name[IFNAMSIZ], const struct net_config *c)
{
	struct in_addr mask = {htonl(~0u << (32 - c->width))};
	struct ifreq req = {0};

	memcpy(req.ifr_name, name, IFNAMSIZ);
	internet(&req.ifr_addr, c->address);
	if (ioctl(fd, SIOCSIFADDR, &req))
		return -errno;
	internet(&req.ifr_netmask, mask);
	return ioctl(fd, SIOCSIFNETMASK, &req) ? -errno : 0;
}

static int set_route(int fd, const struct net_config *c)
{
	struct rtentry rt = {.rt_flags = RTF_UP | RTF_GATEWAY};

	internet(&rt.rt_dst, (struct in_addr){0});
	internet(&rt.rt_genmask, (struct in_addr){0});
	internet(&rt.rt_gateway, c->gateway);
	return ioctl(fd, SIOCADDRT, &rt) ? -errno : 0;
}

static int set_nameserver(const struct net_config *c)
{
	int fd, ret;

	mkdir("/etc", 0755);
	fd = open("/etc/resolv.conf", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	ret = dprintf(fd, "nameserver %s\n", inet_ntoa(c->nameserver)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static int configure(const char name[IFNAMSIZ], const struct net_config *c)
{
	static const char loopback[IFNAMSIZ] = "lo";
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret = fd < 0 ? -errno : bring_up(fd, loopback);

	if (!ret)
		ret = set_address(fd, name, c);
	if (!ret)
		ret = bring_up(fd, name);
	if (!ret)
		ret = set_route(fd, c);
	if (!ret)
		ret = set_nameserver(c);
	if (fd >= 0)
		close(fd);
	return ret;
}

void net_up(const struct options *opt)
{
	char name[IFNAMSIZ] = "";
	struct net_config c;
	int err;

	if (!opt->net[0])
		return;
	if (!parse(opt->net, &c)) {
		say("ignored: softrealm.net=%s", opt->net);
		return;
	}
	if (!find_device(name)) {
		say("network      no device, or no driver for it");
		return;
	}
	err = configure(name, &c);
	if (err)
		say("network      %s: %s", name, strerror(-err));
	else
		say("network      %s, %s", name, opt->net);
}
