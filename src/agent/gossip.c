/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sender keeps its last messages; a receiver keeps, for each sender, which was the last that
 * reached it. A message is on its way for staleness_s. Whether it is lost is a hash of receiver,
 * sender and number, so that it does not depend on the order in which things are asked. The first
 * message of a sender is known to everybody: how a system begins is no news.
 *
 * Senders keep quiet for a while after a message, so that the ones kept reach back far enough.
 */
#include "agent/gossip.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"

enum { CLAIMS = 3 };                /* how often one is sent when no answer comes */
enum { KEPT = 32, PER_DELAY = 16 }; /* messages; and how many at most are on their way */

struct said_offer {
    int32_t task;
    struct offer offer;
};

struct said {
    double at_s;
    int32_t offers, runnings;
    real row[CLUSTER_FEATURES]; /* the hub's: HUB_FEATURES of it */
    real running[MOST_RUNNING * RUNNING_FEATURES];
    struct said_offer offer[MOST_SHOWN];
};

_Static_assert((int)HUB_FEATURES <= (int)CLUSTER_FEATURES, "the hub's row has no room");

struct heard {
    int64_t arrived; /* messages that arrived or were lost */
    int64_t last;    /* the last that arrived */
};

void gossip_init(struct gossip *gossip, int32_t clusters, double staleness_s, double loss,
                 uint64_t seed)
{
    size_t senders = (size_t)clusters + 1;

    *gossip = (struct gossip){.staleness_s = staleness_s,
                              .loss = loss,
                              .seed = rng_hash_seed(seed, "gossip"),
                              .clusters = clusters};
    gossip->said = xcalloc(senders * KEPT, sizeof *gossip->said);
    gossip->told = xcalloc(senders, sizeof *gossip->told);
    gossip->heard = xcalloc((size_t)clusters * senders, sizeof *gossip->heard);
}

void gossip_release(struct gossip *gossip)
{
    free(gossip->said);
    free(gossip->told);
    free(gossip->heard);
}

static struct said *message(const struct gossip *gossip, int32_t sender, int64_t number)
{
    return &gossip->said[(size_t)sender * KEPT + (size_t)(number % KEPT)];
}

/* The sender's next message, or NULL if it told something just now. */
static struct said *speak(struct gossip *gossip, int32_t sender, double now_s)
{
    int64_t number = gossip->told[sender];
    struct said *said;

    if (number > 0 &&
        now_s < message(gossip, sender, number - 1)->at_s + gossip->staleness_s / PER_DELAY)
        return NULL;
    gossip->told[sender]++;
    said = message(gossip, sender, number);
    said->at_s = now_s;
    said->offers = said->runnings = 0;
    return said;
}

static void tell_of_cluster(struct said *said, const struct observation *seen, int32_t a)
{
    int32_t first = seen->first_running[a];

    memcpy(said->row, seen->cluster_x + a * CLUSTER_FEATURES, CLUSTER_FEATURES * sizeof(real));
    said->runnings = seen->first_running[a + 1] - first;
    memcpy(said->running, seen->running_x + (size_t)first * RUNNING_FEATURES,
           (size_t)said->runnings * RUNNING_FEATURES * sizeof(real));
    for (int32_t i = seen->first_pair[a]; i < seen->first_pair[a + 1]; i++)
        said->offer[said->offers++] =
            (struct said_offer){seen->task[seen->pair[i].task], seen->pair[i].offer};
}

void gossip_tell(struct gossip *gossip, const struct observation *seen)
{
    double now_s = seen->view->now_s;
    struct said *hub = speak(gossip, gossip->clusters, now_s);

    if (hub)
        memcpy(hub->row, seen->hub_x, HUB_FEATURES * sizeof(real));
    for (int32_t a = 0; a < seen->agents; a++) {
        struct said *said = speak(gossip, seen->cluster[a], now_s);

        if (said)
            tell_of_cluster(said, seen, a);
    }
}

static bool is_lost(const struct gossip *gossip, int32_t receiver, int32_t sender, int64_t number)
{
    uint64_t way = (uint64_t)receiver << 32 | (uint64_t)sender;

    return number > 0 &&
           rng_bits_unit(rng_hash(gossip->seed, way, (uint64_t)number)) < gossip->loss;
}

/* The last message that reached the receiver by now. */
static const struct said *listen(struct gossip *gossip, int32_t receiver, int32_t sender,
                                 double now_s)
{
    struct heard *heard =
        &gossip->heard[(size_t)receiver * ((size_t)gossip->clusters + 1) + (size_t)sender];
    int64_t told = gossip->told[sender], oldest = told > KEPT ? told - KEPT : 0;

    if (heard->arrived < oldest)
        heard->arrived = oldest;
    for (; heard->arrived < told; heard->arrived++) {
        if (message(gossip, sender, heard->arrived)->at_s > now_s - gossip->staleness_s)
            break;
        if (!is_lost(gossip, receiver, sender, heard->arrived))
            heard->last = heard->arrived;
    }
    return message(gossip, sender, heard->last > oldest ? heard->last : oldest);
}

/* What a task is offered elsewhere; nothing, if that agent has not spoken of it yet. */
static void blur_offers(struct observation *seen, int32_t a, const struct said *said)
{
    for (int32_t i = seen->first_pair[a]; i < seen->first_pair[a + 1]; i++) {
        struct offer *offer = &seen->pair[i].offer;

        *offer = (struct offer){.cost_s = HUGE_VAL, .later_cost_s = HUGE_VAL};
        for (int32_t k = 0; k < said->offers; k++)
            if (said->offer[k].task == seen->task[seen->pair[i].task])
                *offer = said->offer[k].offer;
    }
}

static void add_running(struct observation *seen, real *rows, int32_t a, const real *from,
                        int32_t count)
{
    memcpy(rows + (size_t)seen->runnings * RUNNING_FEATURES, from,
           (size_t)count * RUNNING_FEATURES * sizeof(real));
    seen->runnings += count;
    seen->first_running[a + 1] = seen->runnings;
}

void gossip_blur(struct gossip *gossip, struct observation *seen, int32_t agent)
{
    int32_t receiver = seen->cluster[agent];
    double now_s = seen->view->now_s;
    real *running = arena_alloc(seen->memory, ((size_t)seen->agents * MOST_RUNNING + 1) *
                                                  RUNNING_FEATURES * sizeof(real));
    int32_t own_first = seen->first_running[agent];
    int32_t own_count = seen->first_running[agent + 1] - own_first;

    seen->runnings = 0;
    for (int32_t a = 0; a < seen->agents; a++) {
        const struct said *said;

        if (a == agent) {
            add_running(seen, running, a, seen->running_x + (size_t)own_first * RUNNING_FEATURES,
                        own_count);
            continue;
        }
        said = listen(gossip, receiver, seen->cluster[a], now_s);
        memcpy(seen->cluster_x + a * CLUSTER_FEATURES, said->row, sizeof said->row);
        add_running(seen, running, a, said->running, said->runnings);
        blur_offers(seen, a, said);
    }
    seen->running_x = running;
    memcpy(seen->hub_x, listen(gossip, receiver, gossip->clusters, now_s)->row,
           HUB_FEATURES * sizeof(real));
    observation_renew_waiting(seen);
}

bool gossip_loses_claim(struct gossip *gossip)
{
    for (int i = 0; i < CLAIMS; i++) {
        uint64_t bits = rng_hash(gossip->seed, UINT64_MAX, (uint64_t)gossip->claims++);

        if (rng_bits_unit(bits) >= gossip->loss)
            return false;
    }
    return true;
}
