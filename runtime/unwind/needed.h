// SPDX-License-Identifier: Apache-2.0
// needed.h - the files a program will map when it is started: itself, its interpreter and the libraries it names, in the folders that it
// names or as the dynamic linker's cache has them. A guess made in good time: what LD_LIBRARY_PATH or dlopen bring is met later.
#pragma once

// Calls `each` with every path once, the program's own first. A script's interpreter stands for the script.
void needed_each(const char *program, void (*each)(void *arg, const char *path), void *arg);
