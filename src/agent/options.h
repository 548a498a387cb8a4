/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent may do next, as rows of features for the pointer. */
#ifndef AGENT_OPTIONS_H
#define AGENT_OPTIONS_H

#include "agent/observation.h"

/*
 * A row per option of an agent: to start a task that it sees, or to wait. The first part is zero
 * for waiting, the second for a task.
 */
enum option_feature {
    OPTION_FITS,
    OPTION_COST,           /* log of cost now to the cost at the price */
    OPTION_SECONDS,        /* log of the duration to the best */
    OPTION_WORTH,          /* of what would be held */
    OPTION_TAKES,          /* dominant share of what is free */
    OPTION_LEAVES,         /* least fraction of capacity that stays free */
    OPTION_PATIENCE,       /* cost now less that of waiting here, typical durations */
    OPTION_PATIENCE_UNTIL, /* when that would be */
    OPTION_OTHER_NOW,      /* cost now less the best of other clusters now */
    OPTION_OTHER_LATER,    /* and later */
    OPTION_OTHERS,         /* log(1 + others where it fits now) */
    OPTION_BETTER,         /* log(1 + others that would cost less now) */
    OPTION_TRANSFER,       /* typical durations */
    OPTION_AGE_RANK,       /* among the tasks shown, 0 .. 1 */
    OPTION_COST_RANK,      /* among those that fit */
    OPTION_AREA,           /* log of duration times worth, typical durations */
    OPTION_SHORT,          /* log of the duration in typical ones */
    OPTION_AGE,            /* log(1 + typical durations waited) */
    OPTION_CROWD,          /* what the other tasks shown want to the free capacity */
    OPTION_EARLIER,        /* starts planned here in this decision, log(1 + n) */
    OPTION_ONE_START,      /* a start ends its turn */
    OPTION_HOPE,           /* what would be saved by waiting for the best of later offers */
    OPTION_WAIT,           /* 1: this is the option to wait */
    OPTION_WAIT_EARLIER,
    OPTION_WAIT_FREE, /* least free fraction */
    OPTION_WAIT_FITS, /* log(1 + tasks that fit) */
    OPTION_WAIT_ONE_START,
    OPTION_WAIT_CROWD,    /* what all tasks shown want */
    OPTION_WAIT_PATIENCE, /* the least of its tasks that fit: of OPTION_PATIENCE, ... */
    OPTION_WAIT_OTHER,    /* ... OPTION_OTHER_NOW, */
    OPTION_WAIT_HOPE,     /* ... OPTION_HOPE */
    OPTION_WAIT_COST,     /* ... and OPTION_COST */
    OPTION_FEATURES
};

/*
 * Fills the rows of an agent's options as things stand: its pairs in order, then waiting; and says
 * which of them there are. row (pairs + 1, OPTION_FEATURES), allowed (pairs + 1). The rows of tasks
 * that are taken are zero.
 */
void options_fill(struct observation *seen, int32_t agent, real *row, uint8_t *allowed);

/* Only those that there are, one after the other, and their pairs, -1 for waiting; returns how
 * many. Room is for all of them. */
int32_t options_list(struct observation *seen, int32_t agent, real *row, int32_t *pair);

/* How many there are, waiting included. */
static inline int32_t options_count(const struct observation *seen, int32_t agent)
{
    return seen->first_pair[agent + 1] - seen->first_pair[agent] + 1;
}

#endif
