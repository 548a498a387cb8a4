/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what a scenario says per resource: {cpu: 2, gpu: 1}. */
#ifndef CORE_AMOUNTS_H
#define CORE_AMOUNTS_H

#include "core/allocation.h"

struct catalog;
struct err;
struct yaml_node;

/* Whole quantities; resources that are not named keep what *out holds. */
int amounts_read(const struct yaml_node *map, const char *what, const struct catalog *catalog,
                 struct allocation *out, struct err *err);

/* Real numbers in low .. high; given[r] tells which resources were named. */
int amounts_read_real(const struct yaml_node *map, const char *what, const struct catalog *catalog,
                      double low, double high, double out[MAX_RESOURCES], bool given[MAX_RESOURCES],
                      struct err *err);

/* Index of a resource named in a file, or an error that lists the nearest. */
int amounts_find_resource(const struct yaml_node *at, const char *what, const char *name,
                          const struct catalog *catalog, int *out, struct err *err);

#endif
