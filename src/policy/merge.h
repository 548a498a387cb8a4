/* SPDX-License-Identifier: Apache-2.0 */
/* Merging: which tasks come together on one allocation, by how well their stages interleave. */
#ifndef POLICY_MERGE_H
#define POLICY_MERGE_H

#include <string.h>

#include "base/vector.h"
#include "core/periods.h"

struct merge_group {
    int32_t member[MAX_COMPANY];
    uint16_t type[MAX_COMPANY]; /* of the members; 0 past them */
    uint64_t kind;              /* its types in ascending order, packed into one word */
    int32_t mate;               /* the best partner in its bucket, or -1 */
    uint8_t members;
    bool gone; /* became part of another one */
};

typedef VECTOR(struct merge_group) merge_groups;

/* Groups that may be merged: of one cluster, all with the same request. */
struct merge_bucket {
    int32_t cluster;
    int32_t next; /* bucket of the same cluster, or -1 */
    struct allocation request;
    int32_t pairs; /* of groups and their mates */
    bool matched;  /* mates are those of the groups that are there */
    merge_groups group;
};

/* What comes of groups of two kinds, the lesser first. */
struct merge_union {
    uint64_t part[2];
    uint64_t kind;
    double worth; /* see merge.c; 0: they may not come together */
};

/* Whether a group is no gain, by the types of its members. */
struct merge_loss {
    uint64_t types;
    bool is_loss;
};

struct merge_pair {
    struct merge_bucket *bucket;
    int32_t into, from;
    double waste;
};

/* The groups of one kind in the piece at hand. */
struct merge_kind {
    uint64_t kind;
    int32_t count, rank;
    int32_t first, last; /* of them: see merger.next */
};

/* Where a kind is found: in a table of twice as many places as a piece may have kinds. */
struct merge_place {
    uint64_t kind;
    uint32_t piece; /* the number of that which it is of */
    int32_t index;  /* into merger.kind */
};

/* That so many pairs are to be made of groups of two kinds (or one). */
struct merge_tie {
    int32_t kind[2]; /* ranks */
    int32_t next[2]; /* the next tie of that kind, or -1 */
    int32_t pairs;
};

/* A matching that was found before: it depends on the kinds and their numbers alone. */
struct merge_memo {
    VECTOR(uint64_t) key; /* kinds, ascending, each followed by how many of it there are */
    VECTOR(struct merge_tie) tie;
};

enum {
    MERGE_MEMOS = 4096,
    MERGE_UNION_BITS = 13,
    MERGE_LOSS_BITS = 10,
    MERGE_PIECE = 256, /* groups that are matched together at most */
    MERGE_PLACE_BITS = 9,
};

struct merger {
    const struct catalog *catalog;
    int most;      /* members of a group */
    bool by_waste; /* the order in which pairs are merged: see merge_all() */
    VECTOR(struct merge_bucket) bucket;
    size_t buckets;                      /* in use; the others keep their memory */
    int32_t *first_bucket, *last_bucket; /* by cluster, -1: none; NULL at first */
    int64_t need[MAX_RESOURCES];         /* of the groups of the cluster at hand */
    VECTOR(struct merge_pair) pair;
    merge_groups spare; /* to merge those of a bucket into */
    struct periods periods;

    /* Of the piece at hand: */
    uint32_t piece; /* its number */
    int32_t kinds;
    struct merge_kind kind[MERGE_PIECE];
    struct merge_place place[1 << MERGE_PLACE_BITS];
    int32_t ranked[MERGE_PIECE];   /* by rank, which is ascending by kind: index into kind */
    int32_t kind_of[MERGE_PIECE];  /* by group: index into kind, then rank */
    int32_t next[MERGE_PIECE];     /* the next one of its kind, or MERGE_PIECE */
    int32_t first[MERGE_PIECE];    /* by rank: the first one of those that are not matched yet */
    int32_t count[MERGE_PIECE];    /* by rank */
    uint64_t key[2 * MERGE_PIECE]; /* of its matching, see struct merge_memo */
    int32_t tied[MERGE_PIECE];     /* by rank: its first tie, or -1 */
    VECTOR(struct merge_tie) tie;  /* pairs that are still to be made */
    VECTOR(int32_t) pairs;         /* kinds x kinds */
    VECTOR(int64_t) weight;        /* likewise */

    /* By hash; NULL until buckets are cleared first: */
    struct merge_memo *memo;
    struct merge_union *known_union;
    struct merge_loss *known_loss;
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
static inline void merger_add(struct merge_bucket *bucket, int32_t member, int32_t type)
{
    struct merge_group *group;

    bucket->matched = false;
    vector_reserve(&bucket->group, bucket->group.count + 1);
    group = &bucket->group.item[bucket->group.count++];
    memset(group, 0, sizeof *group);
    group->member[0] = member;
    group->type[0] = (uint16_t)type;
    group->kind = (uint64_t)type + 1;
    group->mate = -1;
    group->members = 1;
}

/*
 * Merges groups, two at a time, as long as those of a cluster ask for more than it has: up to
 * `most` rounds, in each of which the groups of every bucket are matched. Of the matched pairs
 * those that waste least (idle time of the stages times the size) are merged first, or all as they
 * come.
 */
void merge_all(struct merger *merger);

/* Whether one iteration of all of the group, two at least, takes longer than each by itself one
 * after the other. */
bool merge_is_loss(struct merger *merger, const struct merge_group *group);

#endif
