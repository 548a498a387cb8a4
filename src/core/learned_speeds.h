/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Estimators that were never told the speeds: `fitted:K` profiles each type K times before the
 * first task of it, `online` watches the tasks run. For core/estimator.c.
 */
#ifndef CORE_LEARNED_SPEEDS_H
#define CORE_LEARNED_SPEEDS_H

#include "core/estimator.h"

enum { MOST_SAMPLES = 256 };

/* Profiles with `truth` (taken over, also where this is closed early), `samples` per type. The
 * catalog must outlive it. */
void fitted_open(struct estimator *estimator, const struct catalog *catalog,
                 struct estimator *truth, int samples);

/* One that never learns anything: what speeds are worth knowing can be told by it. */
void guess_open(struct estimator *estimator, const struct catalog *catalog);

#endif
