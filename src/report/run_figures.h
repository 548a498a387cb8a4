/* SPDX-License-Identifier: Apache-2.0 */
/* What of a run's report goes into papers: its pictures, a schedule per policy, and the table for
 * LaTeX, as files in DIR/figures. */
#ifndef REPORT_RUN_FIGURES_H
#define REPORT_RUN_FIGURES_H

struct err;
struct run_charts;
struct run_digest;

/* Told of every file that was written. */
typedef void (*written_fn)(void *arg, const char *path);

/* ending: "svg" or "pdf" */
int run_figures_write(const struct run_digest *digest, const struct run_charts *charts,
                      int seed_index, const char *ending, written_fn written, void *arg,
                      struct err *err);
int run_table_write(const struct run_digest *digest, written_fn written, void *arg,
                    struct err *err);

#endif
