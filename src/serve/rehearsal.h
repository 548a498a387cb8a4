/* SPDX-License-Identifier: Apache-2.0 */
/* Rehearsal: what another policy would do now, tried on a fork of the daemon by an errand. */
#ifndef SERVE_REHEARSAL_H
#define SERVE_REHEARSAL_H

#include "serve/errand.h"

struct err;
struct live;

struct rehearsal {
    struct live *live;
    int epoll;
    struct errand errand;
    char *policy; /* of the errand that ran last */
};

/* Its end wakes the epoll. */
void rehearsal_open(struct rehearsal *rehearsal, struct live *live, int epoll);
void rehearsal_close(struct rehearsal *rehearsal);
/* Takes in what came; true if an errand has ended. */
bool rehearsal_poll(struct rehearsal *rehearsal);

/* What the policy would do, as JSON, if that was begun less than waited_s ago: 1, and the text
 * stays until the next call; 0 while it is under way; or an error. */
int rehearsal_show(struct rehearsal *rehearsal, const char *policy, double waited_s,
                   const struct text **out, struct err *err);

#endif
