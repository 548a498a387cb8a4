/* SPDX-License-Identifier: Apache-2.0 */
/* What is drawn for each arriving task; shared by the processes and the file reader. */
#ifndef SIM_ARRIVAL_DRAW_H
#define SIM_ARRIVAL_DRAW_H

#include "base/rng.h"
#include "sim/arrivals.h"

struct arrival_draw {
    const struct scenario *scenario;
    struct arena *arena;
    struct rng type, reach, work, home;
    double odds;        /* sum over types */
    double *origin_sum; /* running sums of the clusters' origin weights */
    int32_t *shuffle;   /* a permutation of the clusters, for subsets */
    struct reach everywhere;
    struct reach *near; /* DISTANCE: by home, made when first needed */
};

void arrival_draw_init(struct arrival_draw *draw, const struct scenario *scenario, uint64_t seed,
                       struct arena *arena);

/* Each draws one part of an arrival, always from its own stream. */
void arrival_draw_type(struct arrival_draw *draw, struct arrival *arrival);
void arrival_draw_work(struct arrival_draw *draw, struct arrival *arrival);  /* after the type */
void arrival_draw_reach(struct arrival_draw *draw, struct arrival *arrival); /* and the home */
/* All three. */
void arrival_draw_task(struct arrival_draw *draw, struct arrival *arrival);

/* A reach in the arena over the given clusters, which must ascend. */
struct reach arrival_reach(struct arena *arena, const int32_t *cluster, int32_t count);

#endif
