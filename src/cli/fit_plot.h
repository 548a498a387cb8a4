/* SPDX-License-Identifier: Apache-2.0 */
/* Measured against fitted, a panel per type, a series per model. */
#ifndef CLI_FIT_PLOT_H
#define CLI_FIT_PLOT_H

#include "trace/profile_fit.h"

struct err;

/* type: indices into the trace's types; fits: of each. */
int fit_plot(const struct trace *trace, const int *type, int types,
             struct profile_fit (*fits)[FIT_MODELS], const char *path, struct err *err);

#endif
