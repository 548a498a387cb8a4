/* SPDX-License-Identifier: Apache-2.0 */
/* Merging: which tasks come together on one allocation, by how well their stages interleave. */
#ifndef POLICY_MERGE_H
#define POLICY_MERGE_H

#include "base/vector.h"
#include "core/periods.h"

struct merge_group {
    int32_t member[MAX_COMPANY], type[MAX_COMPANY];
    int members;
    uint64_t kind; /* its types in ascending order, packed into one word */
    int32_t mate;  /* the best partner in its bucket, or -1 */
    bool gone;     /* became part of another one */
};

/* Groups that may be merged: of one cluster, all with the same request. */
struct merge_bucket {
    int32_t cluster;
    int32_t next; /* bucket of the same cluster, or -1 */
    struct allocation request;
    bool matched; /* mates are those of the groups that are there */
    VECTOR(struct merge_group) group;
};

/* What a group of a kind is worth: see merge.c. */
struct merge_worth {
    uint64_t kind;
    double worth;
};

struct merge_pair {
    struct merge_bucket *bucket;
    int32_t into, from;
    double waste;
};

/* The groups of one kind in the bucket at hand. */
struct merge_kind {
    uint64_t kind;
    int32_t count, rank;
    int32_t first, last; /* of them: see merger.next */
};

/* A matching that was found before: it depends on the kinds and their numbers alone. */
struct merge_memo {
    VECTOR(uint64_t) key;  /* kinds, ascending, each followed by how many of it there are */
    VECTOR(int32_t) pairs; /* kinds x kinds: see policy/kind_matching.h */
};

enum { MERGE_MEMOS = 4096, MERGE_WORTHS = 1 << 14 };

struct merger {
    const struct catalog *catalog;
    int most;      /* members of a group */
    bool by_waste; /* the order in which pairs are merged: see merge_all() */
    VECTOR(struct merge_bucket) bucket;
    size_t buckets;                      /* in use; the others keep their memory */
    int32_t *first_bucket, *last_bucket; /* by cluster, -1: none; NULL at first */
    int64_t need[MAX_RESOURCES];         /* of the groups of the cluster at hand */
    VECTOR(struct merge_pair) pair;
    VECTOR(struct merge_kind) kind;
    VECTOR(int32_t) ranked;    /* by rank, which is ascending by kind: index into kind */
    VECTOR(int32_t) kind_of;   /* by group of the bucket at hand: index into kind */
    VECTOR(int32_t) next;      /* the next one of its kind, or -1 */
    VECTOR(int32_t) count;     /* by rank */
    VECTOR(int32_t) pairs;     /* kinds x kinds: still to be made */
    VECTOR(int64_t) weight;    /* likewise */
    VECTOR(uint64_t) key;      /* of the groups at hand */
    struct merge_memo *memo;   /* MERGE_MEMOS, by the key's hash; NULL at first */
    struct merge_worth *worth; /* MERGE_WORTHS, by the kind's hash; NULL at first */
    struct periods periods;
};

/* Two at a time, of up to `most` tasks; by_waste: see merge_all(). */
void merger_init(struct merger *merger, const struct catalog *catalog, int most, bool by_waste);
void merger_release(struct merger *merger);
void merger_clear(struct merger *merger);

/* Whether tasks of a type come into groups: they tell their stages, and survive being moved. */
bool merge_may(const struct merger *merger, int32_t type);

/* The bucket of a cluster and a request; borrowed until the next call. */
struct merge_bucket *merger_bucket(struct merger *merger, int32_t cluster,
                                   const struct allocation *request);
/* A task alone. Those of one bucket are added in the order of their priority. */
void merger_add(struct merge_bucket *bucket, int32_t member, int32_t type);

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
