/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile is a scenario of which only the speeds of the types count. What a policy believes is
 * then as right or wrong as whoever wrote the profile: times of iterations where work is counted in
 * something else, last year's machines, a model with an error that one wants to study.
 *
 * Where a type has epochs here and as many there, progress at the end of an epoch here is progress
 * at the end of that epoch there, and linear in between: the shares of work that epochs have differ
 * with what work is counted in.
 */
#include "core/profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "core/scenario.h"

struct profile {
    struct scenario *scenario; /* that of the file */
    struct estimator truth;    /* its speeds */
    const struct catalog *here;
    int32_t *type; /* there, by type here */
};

/* Where a task stands there, and by how much it comes on there with what it comes on here. */
struct stand {
    double progress, pace;
};

static struct stand stand_there(const struct profile *p, int32_t type, double progress)
{
    const struct type_info *here = &p->here->type[type];
    const struct type_info *there = &p->scenario->catalog.type[p->type[type]];
    double from_here = 0, from_there = 0, pace;

    if (here->epochs == 0 || here->epochs != there->epochs)
        return (struct stand){progress, 1};
    for (int32_t e = 0;; e++) {
        if (progress <= here->epoch[e] || e == here->epochs - 1) {
            pace = (there->epoch[e] - from_there) / (here->epoch[e] - from_here);
            return (struct stand){from_there + (progress - from_here) * pace, pace};
        }
        from_here = here->epoch[e];
        from_there = there->epoch[e];
    }
}

static double profile_speed(const void *state, int32_t type, const struct allocation *a,
                            double progress)
{
    const struct profile *p = state;
    struct stand there = stand_there(p, type, progress);

    return estimator_speed(&p->truth, p->type[type], a, there.progress) / there.pace;
}

static double profile_seconds(const void *state, int32_t type, const struct allocation *a,
                              double from)
{
    const struct profile *p = state;

    return estimator_seconds(&p->truth, p->type[type], a, stand_there(p, type, from).progress);
}

static double profile_sample(const void *state, int32_t type, const struct allocation *a,
                             double progress, uint64_t draw)
{
    const struct profile *p = state;
    struct stand there = stand_there(p, type, progress);

    return estimator_sample(&p->truth, p->type[type], a, there.progress, draw) / there.pace;
}

static void profile_release(void *state)
{
    struct profile *p = state;

    estimator_close(&p->truth);
    scenario_free(p->scenario);
    free(p->type);
    free(p);
}

static const struct estimator_ops profile_ops = {
    .name = "profile",
    .summary = "the speeds that another scenario gives to types of the same names",
    .info = INFO_MODEL,
    .speed = profile_speed,
    .seconds = profile_seconds,
    .sample = profile_sample,
    .release = profile_release,
};

static int check_resources(const struct catalog *here, const struct catalog *there,
                           const char *path, struct err *err)
{
    if (there->slot_s != here->slot_s)
        return err_set(err, ERR_INVALID, "%s: as a profile its slot must be %g s, not %g", path,
                       here->slot_s, there->slot_s);
    for (int r = 0; r < here->resources; r++)
        if (r >= there->resources || strcmp(here->resource[r].name, there->resource[r].name) != 0)
            return err_set(err, ERR_INVALID,
                           "%s: as a profile its resource %d must be \"%s\", not \"%s\"", path,
                           r + 1, here->resource[r].name,
                           r < there->resources ? there->resource[r].name : "");
    return 0;
}

static int find_types(struct profile *p, const struct catalog *here, const char *path,
                      struct err *err)
{
    p->type = xcalloc((size_t)here->types, sizeof *p->type);
    for (int t = 0; t < here->types; t++) {
        p->type[t] = scenario_find_type(p->scenario, here->type[t].name);
        if (p->type[t] < 0)
            return err_set(err, ERR_INVALID, "%s: as a profile it must have a type \"%s\"", path,
                           here->type[t].name);
    }
    return 0;
}

int profile_open(struct estimator *estimator, const struct scenario *scenario, uint64_t seed,
                 const char *path, struct err *err)
{
    struct profile *p = xcalloc(1, sizeof *p);
    int rc = scenario_load(&p->scenario, path, NULL, 0, err);

    p->here = &scenario->catalog;
    if (rc == 0)
        rc = check_resources(&scenario->catalog, &p->scenario->catalog, path, err);
    if (rc == 0)
        rc = find_types(p, &scenario->catalog, path, err);
    if (rc == 0)
        rc = estimator_open(&p->truth, p->scenario, seed, "true", err);
    if (rc < 0) {
        profile_release(p);
        return rc;
    }
    *estimator = (struct estimator){.ops = &profile_ops, .state = p};
    return 0;
}
