// SPDX-License-Identifier: Apache-2.0
// signals.h - what the run is told by signals: SIGINT and SIGTERM ask it to stop, SIGUSR1 fires self:signal:SIGUSR1.
// The one place with state of its own, since a handler has no argument.
#pragma once

#include <signal.h>

void signals_catch(void);                        // SIGPIPE is ignored: a reader that goes away is an error of write()
const volatile sig_atomic_t *signals_stop(void); // how often asked to stop
const volatile sig_atomic_t *signals_usr1(void); // how many SIGUSR1 so far
