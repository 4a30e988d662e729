// SPDX-License-Identifier: Apache-2.0
// iter: each object of a kernel table, once.
#include "runtime/attach/iter.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/near.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/providers.h"
#include "runtime/run.h"

#define BPF_FOLDER "/sys/fs/bpf"
#define PIN_MOST 1024 // bytes of a path

// Tables that kernels have had; a name that is not here is asked of BTF all the same.
static const char *const tables[] = { "bpf_link", "bpf_map", "bpf_prog", "cgroup", "dmabuf", "ipv6_route", "kmem_cache", "ksym", "netlink",
				      "task", "task_file", "task_vma", "tcp", "udp", "unix" };

// A kernel that has table T has a function bpf_iter_T, whose argument is the program's context.
static bool has_table(struct world *w, struct arena *a, const char *name)
{
	const struct event_field *f;
	const struct type *ret;
	const char *in;
	size_t n;

	return w->ops->function_args(w, "vmlinux", arena_printf(a, "bpf_iter_%s", name), &f, &n, &ret, &in) == 0 &&
	       w->ops->type_named(w, TYPE_STRUCT, arena_printf(a, "bpf_iter__%s", name));
}

static void add_site(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, const char *table, const char *pin, struct site_list *out)
{
	const char *name = arena_printf(q->arena, "%s:%s%s%s", t->name, table, pin ? ":" : "", pin ? ap->part[1] : "");

	site_add(out, &(struct site){
		.plan = { .name = attach_name(ap, name), .provider = t->name, .target = "vmlinux", .func = table, .mechanism = MECH_ITER, .pin = pin },
		.kind = PROG_ITER,
		.attach_to = table,
		.variant = pin ? arena_printf(q->arena, "%s:pinned", table) : table,
		.detail = arena_printf(q->arena, "bpf_iter__%s", table),
	});
}

static bool unknown(const struct expand *q, const struct attach_point *ap)
{
	struct near near = near_to(ap->part[0]);
	_str_ struct str have = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		if (has_table(q->world, q->arena, tables[i])) {
			near_offer(&near, tables[i]);
			str_printf(&have, "%s%s", have.n ? ", " : "", tables[i]);
		}
	if (!have.n)
		diag_error(q->diag, ap->span, E_FEATURE, "this kernel's type information (BTF) has no iterators; they came with Linux 5.8");
	else if (near.best)
		diag_error(q->diag, ap->span, E_NO_MATCH, "there is no iterator '%s'; did you mean '%s'?", ap->part[0], near.best);
	else
		diag_error(q->diag, ap->span, E_NO_MATCH, "there is no iterator '%s' here; there are: %s", ap->part[0], str_z(&have));
	return false;
}

static bool needs_parameter(const char *table)
{
	return strcmp(table, "bpf_map_elem") == 0 || strcmp(table, "sockmap") == 0 || strcmp(table, "bpf_sk_storage_map") == 0;
}

// The kernel keeps names with dots in that file system for itself (bpf_lookup() in kernel/bpf/inode.c).
static const char *pin_path(const struct expand *q, const struct attach_point *ap)
{
	const char *pin = ap->part[1], *slash = strrchr(pin, '/'), *name = slash ? slash + 1 : pin;

	if (*name && !strchr(name, '.') && strlen(pin) < PIN_MOST)
		return *pin == '/' ? pin : arena_printf(q->arena, BPF_FOLDER "/%s", pin);
	diag_error(q->diag, ap->span, E_ATTACH_POINT, "'%s': '%s' is no name to pin an iterator under; it is a path below " BPF_FOLDER " whose last part has no dots, as in "
		   "iter:%s:my_%s", ap->text, pin, ap->part[0], ap->part[0]);
	return NULL;
}

static bool expand(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	const char *pin = NULL;

	if (q->list_only && ap->n == 1) {
		for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
			if (glob_match(ap->part[0], tables[i]) && has_table(q->world, q->arena, tables[i]))
				add_site(t, q, ap, tables[i], NULL, out);
		return true;
	}
	if (ap->n != 1 && ap->n != 2)
		return attach_wrong_parts(t, q, ap);
	if (ap->n == 2 && !(pin = pin_path(q, ap)))
		return false;
	if (needs_parameter(ap->part[0])) {
		diag_error(q->diag, ap->span, E_ATTACH_POINT, "'%s' goes through one map of another program, which a script has no name for; 'spile -l \"iter:*\"' lists those that go through "
			   "a table of the kernel", ap->text);
		return false;
	}
	if (!has_table(q->world, q->arena, ap->part[0]))
		return unknown(q, ap);
	add_site(t, q, ap, ap->part[0], pin, out);
	return true;
}

static const char *context(const struct probe_type *t, const struct site *s)
{
	return s->detail;
}

// Running ----------------------------------------------------------------------------------------------------------------

// union bpf_iter_link_info's cgroup, which headers may lack: which order, and from where (the root when nothing is said).
struct cgroup_info {
	uint32_t order, cgroup_fd;
	uint64_t cgroup_id;
};

static int make_link(const struct plan_site *s, int prog_fd)
{
	struct cgroup_info cgroup = { .order = 2 }; // parents before children
	LIBBPF_OPTS(bpf_link_create_opts, o);

	if (s->func && strcmp(s->func, "cgroup") == 0) {
		o.iter_info = (union bpf_iter_link_info *)&cgroup;
		o.iter_info_len = sizeof cgroup;
	}
	return bpf_link_create(prog_fd, 0, BPF_TRACE_ITER, &o);
}

static int attach(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links)
{
	int fd = make_link(prog->sites, prog_fd);

	if (fd < 0)
		return attach_failed(run, prog->sites, fd);
	link_set_add(links, fd, false, 1);
	return 0;
}

struct reader {
	int fd, error;
	atomic_bool done;
};

// Nothing is written into the file; the kernel gives up a read after a million objects and says that it may be repeated.
static void *read_through(void *arg)
{
	struct reader *r = arg;
	char buf[4096];
	ssize_t n;

	do {
		n = read(r->fd, buf, sizeof buf);
	} while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)));
	r->error = n < 0 ? -errno : 0;
	atomic_store(&r->done, true);
	return NULL;
}

// Why bpf_obj_pin() failed.
static void explain_pin(const char *path, int error, struct str *out)
{
	const char *slash = strrchr(path, '/');
	_free_ char *folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	struct statfs fs;

	if (error == -EEXIST)
		str_printf(out, "It is there already; 'rm %s' removes it", path);
	else if (statfs(folder, &fs))
		str_printf(out, "The folder %s: %s", folder, strerror(errno));
	else if (fs.f_type != BPF_FS_MAGIC)
		str_printf(out, "%s is no BPF file system, which alone can hold it; 'mount -t bpf bpf " BPF_FOLDER "' makes one of " BPF_FOLDER, folder);
	else
		str_printf(out, "%s", strerror(-error));
}

int iter_pin(struct run *run, const struct plan_site *site, int prog_fd)
{
	_close_ int link = make_link(site, prog_fd);
	_str_ struct str why = { 0 };

	if (link < 0)
		return attach_failed(run, site, link);
	int err = bpf_obj_pin(link, site->pin) ? -errno : 0;
	if (!err)
		return 0;
	explain_pin(site->pin, err, &why);
	diag_error(run_diag(run), (struct span){ 0 }, E_ATTACH, "%s can not be pinned to %s. %s.", site->name, site->pin, str_z(&why));
	return err;
}

int iter_run(struct run *run, const struct plan_prog *prog, int prog_fd, void (*meanwhile)(void *arg), void *arg)
{
	_close_ int link = make_link(prog->sites, prog_fd);
	_close_ int fd = link < 0 ? -1 : bpf_iter_create(link);
	struct reader reader = { .fd = fd };
	pthread_t thread;

	if (fd < 0)
		return attach_failed(run, prog->sites, link < 0 ? link : fd);
	int rc = pthread_create(&thread, NULL, read_through, &reader);
	if (rc)
		return attach_failed(run, prog->sites, -rc);
	while (!atomic_load(&reader.done)) {
		meanwhile(arg);
		nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
	}
	pthread_join(thread, NULL);
	meanwhile(arg);
	return reader.error ? attach_failed(run, prog->sites, reader.error) : 0;
}

const struct probe_type probe_iter = {
	.name = "iter",
	.aliases = { "it" },
	.forms = "'iter:TABLE' or 'iter:TABLE:PIN'; 'spile -l \"iter:*\"' lists the tables",
	.probetype = "iter",
	.doc = "each object of a kernel table, once",
	.offers = PT_CTX,
	.special = true,
	.arg_space = SPACE_KERNEL,
	.expand = expand,
	.list = attach_list_sites,
	.attach = attach,
	.context = context,
};
