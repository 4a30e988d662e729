// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0
// paths.bpf.c - the full name of a struct path, without the kernel's d_path(), which few kinds of programs may call. As the
// mounts of the whole machine have it; a name that changes meanwhile may come out mixed.
#include "stdlib/bpf.h"

#define DEPTH 64 // names kept: of a deeper path the last ones

struct path_walk {
	struct { // of fields, in bytes
		u64 path_mnt, path_dentry, d_parent, d_name, qstr_name, mnt_root, mount_mnt, mnt_parent, mnt_mountpoint;
	} at;
	u64 dentry, mnt;
	u64 names, writing, used;
	u64 name[DEPTH];
};
_Static_assert(sizeof(struct path_walk) <= 640, "PATH_STATE of codegen/call_bytes.c");

static __attribute__((always_inline)) u64 word(u64 address)
{
	u64 v = 0;

	bpf_probe_read_kernel(&v, sizeof v, (void *)address);
	return v;
}

void path_begin(struct path_walk *w, u64 path)
{
	w->mnt = word(path + w->at.path_mnt);
	w->dentry = word(path + w->at.path_dentry);
	w->names = w->used = 0;
	w->writing = 0;
}

static __attribute__((always_inline)) void climb(struct path_walk *w)
{
	u64 dentry = w->dentry, up, mount;

	if (dentry && dentry == word(w->mnt + w->at.mnt_root)) {
		mount = w->mnt - w->at.mount_mnt;
		up = word(mount + w->at.mnt_parent);
		w->dentry = word(mount + w->at.mnt_mountpoint);
		w->mnt = up + w->at.mount_mnt;
		w->writing = up == mount || !up;
		return;
	}
	up = word(dentry + w->at.d_parent);
	u64 n = w->names;
	opaque(n);
	if (!dentry || up == dentry || !up || n >= DEPTH) {
		w->writing = 1;
		return;
	}
	w->name[n] = word(dentry + w->at.d_name + w->at.qstr_name);
	w->names = n + 1;
	w->dentry = up;
}

// 1 when all is written.
u64 path_step(struct path_walk *w, u8 *full, u64 cap)
{
	u64 n, at, len;

	if (!w->writing) {
		climb(w);
		return 0;
	}
	n = w->names - 1;
	at = w->used;
	opaque(n);
	opaque(at);
	if (n >= DEPTH || at >= cap)
		return 1;
	full[at] = '/';
	len = (u64)bpf_probe_read_kernel_str(full + at + 1, 256, (void *)w->name[n]);
	if (len > 256)
		return 1;
	w->used = at + len;
	w->names = n;
	return 0;
}

// The end of it that fits into `cap` bytes.
void path_end(struct path_walk *w, u8 *full, u64 most, u8 *dst, u64 cap)
{
	u64 used = w->used, from;

	opaque(used);
	if (used == 0) {
		dst[0] = '/';
		return;
	}
	from = used > cap - 1 ? used - (cap - 1) : 0;
	opaque(from);
	if (from >= most)
		from = 0;
	bpf_probe_read_kernel_str(dst, (u32)cap, full + from);
}
