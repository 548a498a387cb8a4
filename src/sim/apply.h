/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_APPLY_H
#define SIM_APPLY_H

struct plan;
struct world;

/* Judges and carries out every action of a plan; returns how many were applied. */
int plan_apply(struct world *world, const struct plan *plan);

#endif
