/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `profile:FILE`: the speeds that were measured elsewhere, on other machines or by other means. For
 * core/estimator.c.
 */
#ifndef CORE_PROFILE_H
#define CORE_PROFILE_H

#include "core/estimator.h"

/* The true speeds that the scenario in the file gives to types of the same names. Every type of
 * `scenario` has to be there, with the same resources and the same slot. */
int profile_open(struct estimator *estimator, const struct scenario *scenario, uint64_t seed,
                 const char *path, struct err *err);

#endif
