// SPDX-License-Identifier: Apache-2.0
#include "lang/format.h"

#include <string.h>

static size_t skip(const char *text, size_t len, size_t at, const char *set)
{
	while (at < len && text[at] && strchr(set, text[at]))
		at++;
	return at;
}

bool format_next(const char *text, size_t len, size_t *at, struct format_item *ret)
{
	size_t i = *at;

	while (i < len && text[i] != '%')
		i++;
	if (i >= len) {
		*at = len;
		return false;
	}
	*ret = (struct format_item){ .start = i++ };
	i = skip(text, len, i, "-+ #0");
	i = skip(text, len, i, "0123456789*");
	if (i < len && text[i] == '.')
		i = skip(text, len, i + 1, "0123456789*");
	i = skip(text, len, i, "hljztL");
	if (i < len && text[i] && strchr("diuxXocpsr%", text[i])) {
		ret->conv = text[i++];
		if (ret->conv == 'r' && i < len && (text[i] == 'x' || text[i] == 'h'))
			i++;
	} else if (i + 1 < len && text[i] == 'g' && text[i + 1] == 'r') {
		ret->conv = 'g';
		i += 2;
	} else if (i < len) {
		i++;
	}
	ret->end = i;
	*at = i;
	return true;
}
