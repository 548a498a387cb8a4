/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A speed model fitted to what was observed of one type, however little that is: a prior says what
 * is likely before anything was seen, and what was seen outweighs it.
 */
#ifndef CORE_SPEED_FIT_H
#define CORE_SPEED_FIT_H

#include <stdbool.h>

#include "core/allocation.h"

enum fit_family { FAMILY_AMDAHL, FAMILY_POWER, FAMILY_SATURATING, FAMILIES };

enum { FIT_PARAMETERS = MAX_RESOURCES + 2 };

/* The mean speed of a task on its way from one progress to a later one; a single measurement at a
 * point where both are the same. */
struct speed_observation {
    struct allocation allocation;
    double from, to; /* progress, 0 .. 1 */
    double speed;    /* progress per second */
    double count;    /* how many runs stand behind it */
    /* Standard deviations, if known: of what all runs have in common, and of a single run. If the
     * latter is 0, the fit finds out. */
    double blur, noise;
};

/* What is known of the type before it was observed. */
struct fit_frame {
    struct allocation min, max;
    int resources;
    double speed;      /* a likely one, at the geometric middle of minimum and maximum */
    double speed_span; /* standard deviation of its logarithm */
    double slot_s;     /* > 0: runs went slot by slot */
    /* Standard deviation of one observation: at least, and as an earlier fit found it (0: the fit
     * finds out first). */
    double least_noise, noise;
    /* Resources may be found not to matter. For observations at allocations that were chosen to
     * tell; a policy that acts on such a finding would see nothing that speaks against it. */
    bool sparse;
};

/* Parameters as the formulas want them: exponentials are taken once for all questions. */
struct fit_shape {
    double speed, slope;
    double scale[MAX_RESOURCES], unit[MAX_RESOURCES]; /* of an axis */
};

struct speed_fit {
    enum fit_family family;
    int axes;                    /* resources that matter */
    int resource[MAX_RESOURCES]; /* by axis */
    double middle[MAX_RESOURCES];
    double parameter[FIT_PARAMETERS]; /* log speed at the middle, slope, one per axis */
    struct fit_shape shape;           /* made of the parameters */
    double noise;                     /* of one observation: standard deviation, progress per s */
};

/* The most likely model; with no observation that is the prior's. Never fails. */
void speed_fit_make(struct speed_fit *fit, const struct fit_frame *frame,
                    const struct speed_observation *observation, int count);

/* Progress per second at a progress. */
double speed_fit_at(const struct speed_fit *fit, const struct allocation *a, double progress);

/* Seconds from a progress to the end, time being continuous. */
double speed_fit_seconds(const struct speed_fit *fit, const struct allocation *a, double from);

#endif
