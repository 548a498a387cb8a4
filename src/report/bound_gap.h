/* SPDX-License-Identifier: Apache-2.0 */
/* How far every outcome of a comparison is from the best that was possible at its seed. */
#ifndef REPORT_BOUND_GAP_H
#define REPORT_BOUND_GAP_H

struct bound_rules;
struct err;
struct outcome;
struct result;
struct scenario;

/* Fills bound and bound_gap of all outcomes (of the result, seed by seed) that are done; no figure
 * where a bound says nothing: a task did not finish, or was started more often than reckoned with.
 */
int bound_gap_fill(const struct scenario *scenario, const struct result *result,
                   const struct bound_rules *rules, struct outcome *outcome, struct err *err);

#endif
