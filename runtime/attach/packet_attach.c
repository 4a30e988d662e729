// SPDX-License-Identifier: Apache-2.0
// The run side of xdp, tc and cgroup_skb: links, which end with the descriptor that holds them; of tc filters on kernels without.
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <mntent.h>
#include <net/if.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/packet.h"
#include "runtime/run.h"

enum { TCX_INGRESS = 46, TCX_EGRESS = 47, BEFORE_OTHERS = 1 << 3 }; // BPF_TCX_INGRESS, BPF_F_BEFORE: younger than Debian 12's headers

struct link_create_tcx { // link_create of union bpf_attr
	uint32_t prog_fd, target_ifindex, attach_type, flags, relative, pad;
	uint64_t expected_revision;
};

struct attaching {
	struct run *run;
	const struct plan_site *site;
	int prog_fd;
	struct link_set *links;
};

static bool is_egress(const struct plan_site *s)
{
	return s->func && strcmp(s->func, "egress") == 0;
}

static int failed(const struct attaching *a, int error, const char *why)
{
	if (!why)
		return attach_failed(a->run, a->site, error);
	diag_error(run_diag(a->run), (struct span){ 0 }, E_ATTACH, "Unable to attach probe: %s. %s", a->site->name, why);
	return error;
}

// Interfaces: those of the site's name or pattern ---------------------------------------------------------------------------

static int on_interfaces(struct attaching *a, int (*attach)(const struct attaching *a, const char *name, unsigned index))
{
	struct if_nameindex *all = if_nameindex();
	bool any = false;
	int err = all ? 0 : -errno;

	for (struct if_nameindex *i = all; i && i->if_index && !err; i++)
		if (glob_match(a->site->target, i->if_name)) {
			any = true;
			err = attach(a, i->if_name, i->if_index);
		}
	if (all)
		if_freenameindex(all);
	if (!all)
		return failed(a, err, NULL);
	return any || err ? err : failed(a, -ENODEV, "there is no such network interface any more");
}

static int on_each_site(struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links,
			int (*attach)(const struct attaching *a, const char *name, unsigned index))
{
	int err = 0;

	for (uint32_t i = 0; i < prog->n_sites && !err; i++) {
		struct attaching a = { run, &prog->sites[i], prog_fd, links };

		err = on_interfaces(&a, attach);
	}
	return err;
}

// xdp ------------------------------------------------------------------------------------------------------------------------

static int xdp_link(int prog_fd, unsigned index, uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, o, .flags = flags);
	int fd = bpf_link_create(prog_fd, (int)index, BPF_XDP, &o);

	return fd < 0 ? -errno : fd;
}

// Without a mode: by the driver where it can, else from the buffer that the kernel made.
static int attach_xdp(const struct attaching *a, const char *name, unsigned index)
{
	const char *mode = a->site->func ? a->site->func : "";
	bool generic = strcmp(mode, "generic") == 0, native = strcmp(mode, "native") == 0;
	_str_ struct str why = { 0 };
	int fd = xdp_link(a->prog_fd, index, generic ? XDP_FLAGS_SKB_MODE : native ? XDP_FLAGS_DRV_MODE : 0);

	if (fd < 0 && fd != -EBUSY && fd != -EEXIST && fd != -EPERM && !generic && !native)
		fd = xdp_link(a->prog_fd, index, XDP_FLAGS_SKB_MODE);
	if (fd >= 0) {
		link_set_add(a->links, fd, true, 1);
		return 0;
	}
	if (fd == -EBUSY || fd == -EEXIST)
		str_printf(&why, "%s has an XDP program, of this script or another ('ip link' shows it), and takes one; tc:%s:ingress has room for many.", name, name);
	else if (native)
		str_printf(&why, "The driver of %s does not run XDP programs now (%s); xdp:%s:generic works on any.", name, strerror(-fd), name);
	return failed(a, fd, why.n ? str_z(&why) : NULL);
}

int packet_attach_xdp(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links)
{
	return on_each_site(run, prog, prog_fd, links, attach_xdp);
}

// tc -------------------------------------------------------------------------------------------------------------------------

// In front of what is there: it may end a packet's way.
static int tcx_link(int prog_fd, unsigned index, bool egress)
{
	struct link_create_tcx attr = { .prog_fd = (uint32_t)prog_fd, .target_ifindex = index, .attach_type = egress ? TCX_EGRESS : TCX_INGRESS,
					.flags = BEFORE_OTHERS };
	int fd = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof attr);

	return fd < 0 ? -errno : fd;
}

static int attach_tc(const struct attaching *a, const char *name, unsigned index)
{
	struct world *w = run_world(a->run);
	bool has_links = w->ops->feature(w, FEATURE_TCX);
	int fd = has_links ? tcx_link(a->prog_fd, index, is_egress(a->site)) : tc_filter_attach(a->prog_fd, index, is_egress(a->site));

	if (fd < 0)
		return failed(a, fd, fd == -EOPNOTSUPP || fd == -ENOENT ? "This kernel is built without the queue discipline 'clsact' (CONFIG_NET_SCH_INGRESS) or "
									  "its filter (CONFIG_NET_CLS_BPF)." : NULL);
	link_set_add(a->links, fd, has_links, 1);
	return 0;
}

int packet_attach_tc(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links)
{
	return on_each_site(run, prog, prog_fd, links, attach_tc);
}

// cgroup_skb -----------------------------------------------------------------------------------------------------------------

char *packet_cgroup_root(void)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	char *ret = NULL;

	for (struct mntent *m; f && !ret && (m = getmntent(f));)
		if (strcmp(m->mnt_type, "cgroup2") == 0)
			ret = xstrdup(m->mnt_dir);
	if (f)
		endmntent(f);
	return ret;
}

static int attach_cgroup(const struct attaching *a)
{
	_free_ char *root = a->site->target && *a->site->target ? NULL : packet_cgroup_root();
	const char *path = root ? root : a->site->target;

	if (!path || !*path)
		return failed(a, -ENOENT, "No control groups of version 2 are mounted: mount -t cgroup2 none /sys/fs/cgroup.");
	_close_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = dir < 0 ? -1 : bpf_link_create(a->prog_fd, dir, is_egress(a->site) ? BPF_CGROUP_INET_EGRESS : BPF_CGROUP_INET_INGRESS, NULL);
	int error = -errno;

	if (fd >= 0) {
		link_set_add(a->links, fd, false, 1);
		return 0;
	}
	return failed(a, error, dir < 0 && error == -ENOENT ? "There is no such control group any more." :
				error == -EBADF || error == -EINVAL ? "This is no folder of a cgroup2 file system, or the kernel is built without "
								      "CONFIG_CGROUP_BPF." : NULL);
}

int packet_attach_cgroup(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links)
{
	int err = 0;

	for (uint32_t i = 0; i < prog->n_sites && !err; i++)
		err = attach_cgroup(&(struct attaching){ run, &prog->sites[i], prog_fd, links });
	return err;
}
