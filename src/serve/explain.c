/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/explain.h"

#include <math.h>

#include "serve/daemon.h"

/* A queue's reasons change with every start: what is told of them is bounded. */
enum { NOTE_LOOK = 2000, NOTE_TELL = 20, NOTE_EVERY_US = 2000000 };

const char *reason_word(enum reason reason)
{
    static const char *const word[] = {
#define X(name, word, meaning) word,
        REASON_LIST(X)
#undef X
    };

    return word[reason];
}

static const char *reason_meaning(enum reason reason)
{
    static const char *const meaning[] = {
#define X(name, word, meaning) meaning,
        REASON_LIST(X)
#undef X
    };

    return meaning[reason];
}

/* What stands in the way before any cluster is looked at. */
static enum reason job_wide(struct daemon *daemon, struct job_task *task)
{
    const struct job *job = task->job;
    int64_t now_us = book_now_us();
    bool failed;

    if (task->state == JOB_HELD)
        return REASON_HELD;
    if (job->unmet || (job->afters && book_count_unmet_of(&daemon->book, task, &failed)))
        return REASON_DEPENDENCY;
    if (job->not_before_us > now_us)
        return REASON_NOT_BEFORE;
    if (task->not_before_us > now_us)
        return REASON_BACKOFF;
    if (!live_can_ever_run(&daemon->live, task))
        return REASON_NEVER_FITS;
    if (task->world < 0)
        return REASON_BEHIND;
    return REASONS;
}

/* What stands in the way on one cluster; *missing is how much of it is lacking. */
static enum reason on_cluster(struct daemon *daemon, struct job_task *task, int c, int32_t *missing)
{
    static const enum reason lack[] = {REASON_NO_CPU, REASON_NO_GPU, REASON_NO_MEM};
    const struct allocation *free = &daemon->live.cluster_view[c].free;
    struct allocation min, max;

    *missing = 0;
    live_set_limits(&daemon->live, task, &min, &max);
    if (!allocation_fits(&min, &daemon->site.cluster[c].capacity))
        return REASON_NEVER_FITS;
    if (daemon->live.cluster[c].draining)
        return REASON_DRAINING;
    for (int r = SITE_RESOURCES - 1; r >= 0; r--)
        if (min.amount[r] > free->amount[r]) {
            *missing = min.amount[r] - free->amount[r];
            return lack[r];
        }
    return REASON_POLICY;
}

enum reason explain_reason(struct daemon *daemon, struct job_task *task)
{
    enum reason wide, best = REASON_NEVER_FITS;
    int32_t missing;

    if (task->state == JOB_STARTING)
        return REASON_BACKEND;
    if (task->state != JOB_PENDING && task->state != JOB_HELD)
        return REASONS;
    wide = job_wide(daemon, task);
    if (wide != REASONS)
        return wide;
    for (int32_t i = 0; i < task->job->reach.count; i++) {
        enum reason own = on_cluster(daemon, task, task->job->reach.cluster[i], &missing);

        if (own > best || best == REASON_NEVER_FITS)
            best = own;
    }
    return best;
}

struct job_task *explain_main_task(struct job *job)
{
    for (int32_t i = 0; i < job->tasks; i++)
        if (job->task[i].state == JOB_RUNNING)
            return &job->task[i];
    for (int32_t i = 0; i < job->tasks; i++)
        if (!job_state_is_final(job->task[i].state))
            return &job->task[i];
    return &job->task[0];
}

/* Whether that was said. */
static bool note_reason(struct daemon *daemon, struct job *job, int64_t now_us)
{
    struct job_task *task = explain_main_task(job);
    enum reason reason = explain_reason(daemon, task);

    if ((reason == REASONS ? -1 : (int32_t)reason) == job->told_reason ||
        now_us - job->told_us < NOTE_EVERY_US)
        return false;
    job->told_reason = reason == REASONS ? -1 : (int32_t)reason;
    job->told_us = now_us;
    if (reason == REASONS)
        return false; /* its start says so itself */
    book_tell(&daemon->book, BOOK_WAITS, job, task,
              json_pack("{s:s, s:s, s:i}", "reason", reason_word(reason), "meaning",
                        reason_meaning(reason), "queue_position", explain_position(daemon, task)));
    return true;
}

void explain_note(struct daemon *daemon)
{
    const struct book *book = &daemon->book;
    int64_t now_us = book_now_us();
    int told = 0;

    for (size_t i = 0; i < book->jobs.count && i < NOTE_LOOK && told < NOTE_TELL; i++) {
        struct job *job;

        daemon->noted = daemon->noted + 1 < book->jobs.count ? daemon->noted + 1 : 0;
        job = book->jobs.item[daemon->noted];
        if (job->count[JOB_PENDING] || job->count[JOB_HELD])
            told += note_reason(daemon, job, now_us);
    }
}

int explain_position(const struct daemon *daemon, const struct job_task *task)
{
    int position = 0;

    if (task->world < 0 || task->state != JOB_PENDING)
        return -1;
    for (int32_t id = daemon->live.lists.first; id >= 0 && id < task->world;
         id = daemon->live.task[id].next_waiting)
        position++;
    return position;
}

static json_t *explain_cluster(struct daemon *daemon, struct job_task *task, int c)
{
    const struct live *live = &daemon->live;
    bool reached = reach_has(&task->job->reach, c);
    struct allocation min, max, given;
    json_t *doc = json_object();
    int32_t missing = 0;
    enum reason reason = on_cluster(daemon, task, c, &missing);
    double seconds;

    live_set_limits(&daemon->live, task, &min, &max);
    given = allocation_least(&max, &live->cluster_view[c].free);
    json_object_set_new(doc, "name", json_string(daemon->site.cluster[c].name));
    json_object_set_new(doc, "in_reach", json_boolean(reached));
    json_object_set_new(doc, "fits_empty", json_boolean(reason != REASON_NEVER_FITS));
    json_object_set_new(doc, "fits_now", json_boolean(allocation_fits(&min, &given)));
    json_object_set_new(doc, "free",
                        job_allocation_json(&live->cluster_view[c].free, &daemon->site));
    json_object_set_new(doc, "reason", json_string(reached ? reason_word(reason) : "out-of-reach"));
    json_object_set_new(doc, "missing", json_integer(missing));
    seconds = task->world >= 0 && allocation_fits(&min, &given)
                  ? estimator_seconds(&live->estimator, live->task[task->world].type, &given, 0)
                  : HUGE_VAL;
    json_object_set_new(doc, "estimated_run_s", seconds < 1e12 ? json_real(seconds) : json_null());
    return doc;
}

/* The longest that anything that runs there is expected to take is when room comes at the latest.
 */
static void add_estimate(json_t *doc, const struct daemon *daemon)
{
    double first = HUGE_VAL;

    for (int32_t id = 0; id < daemon->live.tasks; id++) {
        const struct task *task = &daemon->live.task[id];
        double left;

        if (task->state != TASK_RUNNING)
            continue;
        left = estimator_seconds(&daemon->live.estimator, task->type, &task->allocation,
                                 daemon->live.view.progress(&daemon->live, id));
        first = fmin(first, left);
    }
    json_object_set_new(doc, "next_end_in_s", first < 1e12 ? json_real(first) : json_null());
}

json_t *explain_task(struct daemon *daemon, struct job_task *task)
{
    enum reason reason = explain_reason(daemon, task);
    json_t *doc = book_task_json(&daemon->book, task), *clusters = json_array();
    struct allocation min, max;

    live_set_limits(&daemon->live, task, &min, &max);
    json_object_set_new(doc, "reason",
                        reason == REASONS ? json_null() : json_string(reason_word(reason)));
    json_object_set_new(doc, "meaning",
                        reason == REASONS ? json_null() : json_string(reason_meaning(reason)));
    json_object_set_new(doc, "min", job_allocation_json(&min, &daemon->site));
    json_object_set_new(doc, "max", job_allocation_json(&max, &daemon->site));
    json_object_set_new(doc, "queue_position", json_integer(explain_position(daemon, task)));
    json_object_set_new(doc, "waiting", json_integer(daemon->live.lists.count));
    add_estimate(doc, daemon);
    for (int c = 0; c < daemon->site.clusters && c < 200; c++)
        json_array_append_new(clusters, explain_cluster(daemon, task, c));
    json_object_set_new(doc, "clusters", clusters);
    json_object_set_new(doc, "policy", json_string(daemon->live.spec.label));
    json_object_set_new(doc, "tick", json_integer(daemon->live.view.decision));
    return doc;
}
