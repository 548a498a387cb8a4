/* SPDX-License-Identifier: Apache-2.0 */
/* How much waiting there is under simple policies: whether a scenario gives a policy anything to
 * decide. */
#ifndef REPORT_TRIAL_H
#define REPORT_TRIAL_H

#include "report/survey.h"

/* Fills SURVEY_TRIALS trials: fifo-min, which takes as little as it can, and knee, which takes what
 * is worth it. */
int trial_run(struct trial *trial, const struct scenario *scenario, int seeds, int jobs,
              atomic_int *stop, struct err *err);

#endif
