/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The live world: what a policy sees of real tasks, and what becomes of its plans. It books what
 * was decided at once and lists what has to be done about it; the daemon does that once it is
 * recorded.
 */
#ifndef SERVE_LIVE_H
#define SERVE_LIVE_H

#include <stdbool.h>

#include "base/vector.h"
#include "core/catalog.h"
#include "core/estimator.h"
#include "core/plan.h"
#include "core/policy.h"
#include "core/view.h"
#include "core/waiting.h"
#include "policy/spec.h"

struct book;
struct err;
struct job_task;
struct site;
struct text;
struct watchdog;

enum act_kind { ACT_SHRINK, ACT_START, ACT_GROW, ACT_STOP };

/* What is to be done. Growth comes after what gives back. */
struct act {
    enum act_kind kind;
    struct job_task *task;
    int64_t attempt; /* for which it was meant */
};

struct live_cluster {
    bool draining;
    char *by, *reason; /* who drained it, and why */
    int64_t until_us;  /* when the drain ends by itself; 0: it does not */
    VECTOR(int32_t) running;
};

struct live_counts {
    int64_t decisions, overruns, hangs, refused, failed_opens;
};

struct live {
    const struct site *site;
    struct book *book;
    struct catalog catalog;
    struct resource_info resource[MAX_RESOURCES];
    struct cluster_info *cluster_info;
    struct live_cluster *cluster;
    VECTOR(struct type_info) types;
    VECTOR(char *) type_names;
    bool types_changed;

    struct policy_spec spec, fallback_spec;
    struct policy policy, fallback;
    struct estimator estimator;
    struct watchdog *watchdog; /* NULL: a policy may take as long as it likes */
    char *trouble;             /* why the fallback decides, or did last; NULL: never */
    int64_t trouble_us;
    int overruns;            /* in a row */
    double fallback_until_s; /* after too many of them */

    struct task *task;
    struct job_task **of; /* by world id; NULL once it is over */
    int32_t tasks, capacity, over;
    struct cluster_view *cluster_view;
    struct waiting_lists lists;
    struct view view;
    struct plan plan;
    VECTOR(int32_t) arrived, touched;
    bool *is_touched;
    bool fresh; /* the policy must look at everything */
    double wake_s;

    VECTOR(struct act) acts;
    struct live_counts counts;
    double offset_s; /* of the world's clock to the machine's */
    bool wants;      /* something happened since the last decision */
    bool priorities; /* some waiting task may have one */
};

/* Knows nothing yet: clusters and policy come from the site; tasks by live_admit(). */
int live_open(struct live *live, struct book *book, const struct site *site, const char *policy,
              struct watchdog *watchdog, struct err *err);
void live_close(struct live *live);

/* Another policy from now on; running tasks stay. On failure the old one goes on. */
int live_set_policy(struct live *live, const char *policy, struct err *err);

/* The site names another fallback; the policy and what it remembers stay. */
void live_take_fallback(struct live *live);

/* Why another than the policy that was wanted decides, for those who ask. */
void live_keep_trouble(struct live *live, const char *why);

/* Seconds on the world's clock, which never goes back. */
double live_now(const struct live *live);

/* Index of a type, made when it is not known. Negative: there are too many. */
int32_t live_find_type(struct live *live, const char *name);
/* The limits of a job's tasks by its own words and its type's. */
void live_set_limits(struct live *live, struct job_task *task, struct allocation *min,
                     struct allocation *max);
/* Whether some cluster of its reach could ever hold the least that it takes. */
bool live_can_ever_run(struct live *live, struct job_task *task);

/* Seconds that a task of a type is believed to take from a progress on; HUGE_VAL: nobody knows. */
double live_seconds(const struct live *live, int32_t type, const struct allocation *amount,
                    double from);

/* A moment of the machine's clock (backend_event.at_s) on the world's; 0: now. */
double live_moment(const struct live *live, double at_s);

/* The task waits, or (after a restart) runs already. */
void live_admit(struct live *live, struct job_task *task);
/* It waits no more: held, canceled. */
void live_withdraw(struct live *live, struct job_task *task);
/* Its program began at a moment of the world's clock. */
void live_began(struct live *live, struct job_task *task, double began_s);
/* It runs no more; again: it waits at once. */
void live_ended(struct live *live, struct job_task *task, bool again);
/* It is done, at a moment of the world's clock. */
void live_finished(struct live *live, struct job_task *task, double finished_s);
/* Its progress was reported, at a moment of the world's clock: for the estimator. */
void live_progress(struct live *live, struct job_task *task, double reported_s);

void live_drain(struct live *live, int32_t cluster, bool draining, const char *by,
                const char *reason);
bool live_is_used(const struct live *live, int32_t cluster);

/* Asks the policy if there is reason to; what it decided is booked, and listed in acts. */
void live_decide(struct live *live);
/* Seconds until it should be asked again; HUGE_VAL: not before something happens. */
double live_wake_in(const struct live *live);

/* Books a start by hand, with what the cluster has free: for a task that moves. False: no room. */
bool live_place(struct live *live, struct job_task *task, int32_t cluster);

/* A start failed before it began: books it back and keeps the cluster out of it for a while. */
void live_take_back(struct live *live, struct job_task *task);

#endif
