// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/demangle.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "runtime/symbols/rust.h"

#define MAX_NAME 8192 // longer ones are left alone: demangling can multiply a name's length

bool demangle_is_mangled(const char *name)
{
	return name[0] == '_' && (name[1] == 'Z' || name[1] == 'R');
}

static char *demangle_cxx(struct demangler *d, const char *name)
{
	int status = -1;
	char *s;

	if (!d->looked_for) {
		d->looked_for = true;
		d->library = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_LOCAL);
		if (d->library)
			*(void **)&d->cxx = dlsym(d->library, "__cxa_demangle");
	}
	s = d->cxx ? d->cxx(name, NULL, NULL, &status) : NULL;
	if (status == 0)
		return s;
	free(s);
	return NULL;
}

char *demangle(struct demangler *d, const char *name)
{
	_str_ struct str out = { 0 };

	if (!demangle_is_mangled(name) || strnlen(name, MAX_NAME) == MAX_NAME)
		return NULL;
	if (rust_demangle(name, &out))
		return xstrndup(str_z(&out), out.n);
	return name[1] == 'Z' ? demangle_cxx(d, name) : NULL;
}

void demangler_close(struct demangler *d)
{
	if (d->library)
		dlclose(d->library);
	*d = (struct demangler){ 0 };
}
