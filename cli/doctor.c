// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/str.h"
#include "base/world.h"
#include "cli/compile.h"
#include "cli/key.h"
#include "cli/options.h"
#include "cli/rights.h"
#include "runtime/abilities.h"

static void row(const char *name, const char *doc, bool yes, const struct str *why)
{
	printf("%s  %-14s %s%s%s\n", yes ? "yes" : "no ", name, doc, yes || !why->n ? "" : " -- ", yes || !why->n ? "" : why->p);
}

static bool rights_row(void)
{
	_str_ struct str why = { 0 };
	bool ok = rights_to_trace(&why);

	row("rights", "of this user to trace", ok, &why);
	return ok;
}

static void compiler_row(void)
{
	_str_ struct str path = { 0 }, why = { 0 };

	str_adds(&why, "there is no spile-compiler beside spile; what was compiled before (spile build) runs");
	row("compiler", "scripts that were not compiled before", key_compiler_path(&path), &why);
}

#define NOT_KNOWN "not known without the rights above"

// What was refused to this user says nothing of the machine.
static bool is_forbidden(const struct str *why)
{
	return why->n && strstr(why->p, strerror(EPERM));
}

static bool ability_rows(struct world *w, bool rights)
{
	bool ok = true;

	for (const struct ability *a = abilities(); a->name; a++) {
		_str_ struct str why = { 0 };
		bool there = a->is_there(w, &why);

		if (!there && !rights && is_forbidden(&why)) {
			why.n = 0;
			str_adds(&why, NOT_KNOWN);
		}
		row(a->name, a->doc, there, &why);
		ok &= there || !a->needed;
	}
	return ok;
}

static void feature_rows(struct world *w, unsigned without, bool rights)
{
	static const struct {
		const char *name, *doc, *without;
	} rows[] = {
#define FEATURE(NAME, name, doc, without) { name, doc, without },
#include "base/feature.def"
#undef FEATURE
	};

	for (unsigned f = 0; f < FEATURES; f++) {
		_str_ struct str why = { 0 };

		bool off = without >> f & 1;
		const char *otherwise = strchr(rows[f].without, ';');

		if (!rights && !off)
			str_adds(&why, NOT_KNOWN);
		else
			str_printf(&why, "%s%s", off ? "it is switched off (SPILE_WITHOUT, --no-feature)" : "it takes ",
			   off ? otherwise ? otherwise : "" : rows[f].without);
		row(rows[f].name, rows[f].doc, w->ops->feature(w, (enum feature)f), &why);
	}
}

int cmd_doctor(const struct options *o)
{
	struct utsname u;
	struct machine m;

	if (!uname(&u))
		printf("spile v" SPILE_VERSION " on %s %s %s\n", u.sysname, u.release, u.machine);
	machine_init(&m, o, NULL);
	bool rights = rights_row(), ok;
	compiler_row();
	ok = ability_rows(m.world, rights) && rights;
	feature_rows(m.world, o->without, rights);
	machine_free(&m);
	return fflush(stdout) || !ok ? 1 : 0;
}
