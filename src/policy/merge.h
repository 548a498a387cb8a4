/* SPDX-License-Identifier: Apache-2.0 */
/* Merging: which tasks come together on one allocation, by how well their stages interleave. */
#ifndef POLICY_MERGE_H
#define POLICY_MERGE_H

#include "base/vector.h"
#include "core/catalog.h"

struct merge_group {
    int32_t member[MAX_COMPANY], type[MAX_COMPANY];
    int members;
    int32_t mate; /* the best partner in its bucket, or -1 */
    bool gone;    /* became part of another one */
};

/* Groups that may be merged: of one cluster, all with the same request. */
struct merge_bucket {
    int32_t cluster;
    int32_t next; /* bucket of the same cluster, or -1 */
    struct allocation request;
    VECTOR(struct merge_group) group;
};

struct merge_pair {
    struct merge_bucket *bucket;
    int32_t into, from;
    double waste;
};

/* A matching that was found before: it depends on the types alone. */
struct merge_memo {
    VECTOR(int32_t) key; /* by group: its members, and their types */
    VECTOR(int32_t) mate;
};

enum { MERGE_MEMOS = 1024, MERGE_PERIODS = 4096 };

/* The period of a company that was worked out before. */
struct merge_period {
    uint64_t types; /* of up to four members, packed; 0: none */
    double period;
};

struct merger {
    const struct catalog *catalog;
    int most;      /* members of a group */
    bool by_waste; /* the order in which pairs are merged: see merge_all() */
    VECTOR(struct merge_bucket) bucket;
    size_t buckets;                      /* in use; the others keep their memory */
    int32_t *first_bucket, *last_bucket; /* by cluster, -1: none; NULL at first */
    VECTOR(struct merge_pair) pair;
    VECTOR(int32_t) kind;  /* by group of the bucket at hand: groups of equal types are of a kind */
    VECTOR(int32_t) first; /* by kind: a group of it */
    VECTOR(int64_t) kind_weight, weight;
    VECTOR(int32_t) key;         /* of the groups at hand */
    struct merge_memo *memo;     /* MERGE_MEMOS, by the key's hash; NULL at first */
    struct merge_period *period; /* MERGE_PERIODS, by the hash of the types; NULL at first */
};

void merger_release(struct merger *merger);
void merger_clear(struct merger *merger);

/* Whether tasks of a type come into groups: they tell their stages, and survive being moved. */
bool merge_may(const struct merger *merger, int32_t type);

/* A task alone. Those of one bucket are added in the order of their priority. */
void merger_add(struct merger *merger, int32_t cluster, const struct allocation *request,
                int32_t member, int32_t type);

/*
 * Merges groups, two at a time, as long as those of a cluster ask for more than it has: up to
 * `most` rounds, in each of which the groups of every bucket are matched. Of the matched pairs
 * those that waste least (idle time of the stages times the size) are merged first, or all as they
 * come.
 */
void merge_all(struct merger *merger);

/* The time of one iteration of all of the group, and of each by itself one after the other. */
double merge_period(struct merger *merger, const struct merge_group *group);
double merge_periods_apart(const struct merger *merger, const struct merge_group *group);

#endif
