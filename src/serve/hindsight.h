/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hindsight: the site's log, and what other policies would have made of it, each worked out by an
 * errand so that the loop goes on.
 */
#ifndef SERVE_HINDSIGHT_H
#define SERVE_HINDSIGHT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "serve/errand.h"

struct err;
struct live;

struct hindsight {
    struct live *live;
    int epoll;
    struct errand record, comparison;
    int64_t since_us; /* of the record */
    int64_t version;  /* of the book when the comparison began */
    int64_t began_us; /* when that was; 0: never */
    struct text last; /* the comparison before, while another is under way */
    int64_t last_us;
};

/* Ends of errands wake the epoll. */
void hindsight_open(struct hindsight *hindsight, struct live *live, int epoll);
void hindsight_close(struct hindsight *hindsight);
/* Takes in what came; true if an errand has ended. */
bool hindsight_poll(struct hindsight *hindsight);

/* The log of what arrived since then, if it was begun less than waited_s ago: 1 and its text, which
 * stays until the next call; 0 while it is under way; or an error. */
int hindsight_record(struct hindsight *hindsight, int64_t since_us, double waited_s,
                     const struct text **out, struct err *err);

/* What is known of other policies, as JSON; it is worked out anew when it is old and things have
 * happened since. */
json_t *hindsight_comparison(struct hindsight *hindsight);

#endif
