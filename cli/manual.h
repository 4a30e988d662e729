// SPDX-License-Identifier: Apache-2.0
// manual.h - the man page and the shells' completions, made of the tables that the program itself is made of.
#pragma once

struct str;

void manual_page(struct str *out); // man(7) macros, section 1
void manual_bash(struct str *out);
void manual_zsh(struct str *out);
