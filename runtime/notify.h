// SPDX-License-Identifier: Apache-2.0
// notify.h - systemd is told when everything is attached and when the run ends (a service of Type=notify), without its library:
// one datagram to the socket that $NOTIFY_SOCKET names.
#pragma once

void notify_systemd(const char *state); // "READY=1"; nothing happens where nobody listens
