// SPDX-License-Identifier: Apache-2.0
// container_names.h - what a container is called by those who started it. The kernel knows containers by their id alone (cgroup paths);
// their runtimes keep the names in state files, which are read without asking any daemon:
//
//   docker        /var/lib/docker/containers/ID/config.v2.json                       .Name, with a slash in front
//   podman, CRI-O /var/lib/containers/storage/overlay-containers/containers.json     [].names of the one with that .id
//   containerd    /run/containerd/io.containerd.runtime.v2.task/NAMESPACE/ID/config.json  .annotations
//
// Kubernetes' name of a container is among the annotations (io.kubernetes.cri.container-name), and the second part of CRI-O's names
// (k8s_NAME_POD_NAMESPACE_UID_ATTEMPT).
#pragma once

#include <stdbool.h>

// Is the container called so? Asks `matches` for each of its names, until it says yes. `id`: all of it.
bool container_is_named(const char *id, bool (*matches)(void *arg, const char *name), void *arg);
