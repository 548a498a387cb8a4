/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lanes: waiting tasks in order of priority, so that a decision looks at as many of them as it
 * starts and one more per lane, however many there are. Those that ask for the same and reach the
 * same stand in one lane: if one of them finds no room, neither does any other.
 */
#ifndef POLICY_LANES_H
#define POLICY_LANES_H

#include "base/vector.h"
#include "core/view.h"

/* Lower ones come first; ties go by order, then by id, which is the order of arrival. */
struct lane_key {
    double rank;
    int64_t order;
};

struct lane_entry {
    struct lane_key key;
    int32_t task;
    int32_t lane;   /* -1: it stands in none */
    uint32_t stamp; /* tells entries that were replaced */
};

typedef VECTOR(struct lane_entry) lane_entries;
typedef VECTOR(int32_t) lane_ids;

struct lane {
    struct allocation request;
    struct reach reach;
    lane_entries heap; /* the first on top */
    int32_t next;      /* in its bucket, or among those to be used again; -1 */
    int32_t listings;  /* lists of clusters that it stands in */
    int64_t opened;    /* number of the walk that opened it last */
};

struct lanes {
    VECTOR(struct lane) lane;
    int32_t spare_lane;
    lane_ids bucket;        /* first lane by hash */
    lane_ids *list;         /* by cluster: lanes that reach it; behind the last: wide ones */
    int32_t clusters;       /* number of lists but for the last */
    VECTOR(uint32_t) stamp; /* by task: its entry in force; 0: none */
    lane_entries first;     /* heap: of every open lane the first */
    uint32_t stamps;
    int64_t walks;
};

void lanes_init(struct lanes *lanes, int32_t clusters);
void lanes_release(struct lanes *lanes);

bool lane_entry_before(const struct lane_entry *a, const struct lane_entry *b);

/* Enters a waiting task, in place of an entry that it may have. The reach is kept, not copied. */
void lanes_enter(struct lanes *lanes, int32_t task, const struct allocation *request,
                 const struct reach *reach, struct lane_key key);
/* Strikes the task's entry out, if there is one. */
void lanes_forget(struct lanes *lanes, int32_t task);

/* A walk: closes all lanes; then the caller opens those that it cares for. */
void lanes_close(struct lanes *lanes);
/* Lanes that reach the cluster and at most WIDE_REACH in all. */
void lanes_open(struct lanes *lanes, const struct view *view, int32_t cluster);
/* Lanes that reach more, and among them the cluster (-1: any). */
void lanes_open_wide(struct lanes *lanes, const struct view *view, int32_t cluster);
/* Offers an entry that stands in no lane. */
void lanes_offer(struct lanes *lanes, const struct lane_entry *entry);

/* The first of all open lanes, or NULL; borrowed. Taking it closes its lane, which opens again with
 * whom it has next; the entry itself stays in force until it is forgotten. */
const struct lane_entry *lanes_first(const struct lanes *lanes);
struct lane_entry lanes_take(struct lanes *lanes);
void lanes_reopen(struct lanes *lanes, const struct view *view, int32_t lane);

#endif
