/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What agents know of each other when nobody sees the whole system: each tells the others, at every
 * decision, about its cluster (its row of features, its running tasks, what it could offer to the
 * tasks that it sees), the hub tells its summary, and all that arrives late or, now and then, not
 * at all. Then the last that was heard stands in for what is.
 */
#ifndef AGENT_GOSSIP_H
#define AGENT_GOSSIP_H

#include "agent/observation.h"

struct said;

struct gossip {
    double staleness_s, loss; /* age of the news; part of the messages that never arrive */
    uint64_t seed;            /* of what is lost */
    int32_t clusters;
    struct said *said;   /* by sender, the hub last: its last messages */
    int64_t *told;       /* by sender: messages so far */
    struct heard *heard; /* by receiver and sender */
    int64_t claims;      /* made so far */
};

void gossip_init(struct gossip *gossip, int32_t clusters, double staleness_s, double loss,
                 uint64_t seed);
void gossip_release(struct gossip *gossip);

/* All agents of a decision, and the hub, tell how things are. */
void gossip_tell(struct gossip *gossip, const struct observation *seen);

/* Turns a copy of what all agents see together into what one of them knows: of itself everything,
 * of the others what it heard. */
void gossip_blur(struct gossip *gossip, struct observation *seen, int32_t agent);

/* Whether the next claim to a task does not arrive, though it is sent again when no answer comes.
 */
bool gossip_loses_claim(struct gossip *gossip);

#endif
