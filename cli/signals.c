// SPDX-License-Identifier: Apache-2.0
#include "cli/signals.h"

#include <stddef.h>

static volatile sig_atomic_t stop, usr1;

static void on_signal(int number)
{
	if (number == SIGUSR1)
		usr1++;
	else
		stop++;
}

void signals_catch(void)
{
	struct sigaction catch = { .sa_handler = on_signal }, ignore = { .sa_handler = SIG_IGN }; // no SA_RESTART: waits must wake

	sigemptyset(&catch.sa_mask);
	sigaction(SIGINT, &catch, NULL);
	sigaction(SIGTERM, &catch, NULL);
	sigaction(SIGUSR1, &catch, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

const volatile sig_atomic_t *signals_stop(void)
{
	return &stop;
}

const volatile sig_atomic_t *signals_usr1(void)
{
	return &usr1;
}
