/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/explain.h"

#include <math.h>

#include "base/clock.h"
#include "serve/daemon.h"
#include "serve/quantity.h"
#include "serve/quota.h"

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

const char *reason_meaning(enum reason reason)
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
    int64_t now_us = clock_us(CLOCK_REALTIME);
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
        return quota_has_room(&daemon->live, task) ? REASON_BEHIND : REASON_QUOTA;
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
    enum forecast_by by = FORECAST_BY_NOTHING;
    double in_s[FORECAST_CASES];

    if (!task->promised_us)
        by = forecast_begins_in(&daemon->forecast, task, in_s);
    if (by == FORECAST_BY_POLICY ||
        (by == FORECAST_BY_QUEUE && prospect_due_in(&daemon->prospect) == HUGE_VAL))
        task->promised_us = now_us + (int64_t)(1e6 * in_s[1]);
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
    int64_t now_us = clock_us(CLOCK_REALTIME);
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

/* All that stands in the way on a cluster, with what is needed and what there is. */
static json_t *list_reasons(struct daemon *daemon, struct job_task *task, int c,
                            const struct allocation *min)
{
    static const enum reason lack[] = {REASON_NO_CPU, REASON_NO_GPU, REASON_NO_MEM};
    const struct live *live = &daemon->live;
    const struct allocation *capacity = &daemon->site.cluster[c].capacity;
    const struct allocation *free = &live->cluster_view[c].free;
    bool never = !allocation_fits(min, capacity);
    json_t *list = json_array();

    if (!reach_has(&task->job->reach, c))
        json_array_append_new(list, json_pack("{s:s}", "code", "out-of-reach"));
    if (never)
        json_array_append_new(list, json_pack("{s:s}", "code", reason_word(REASON_NEVER_FITS)));
    if (live->cluster[c].draining)
        json_array_append_new(
            list, json_pack("{s:s, s:s*, s:s*}", "code", reason_word(REASON_DRAINING), "by",
                            live->cluster[c].by, "detail", live->cluster[c].reason));
    for (int r = 0; r < SITE_RESOURCES; r++) {
        const struct allocation *have = never ? capacity : free;
        int64_t unit = r == SITE_MEM ? SITE_MEM_UNIT_BYTES : 1;

        if (min->amount[r] > have->amount[r])
            json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "code", reason_word(lack[r]),
                                                  "need", (json_int_t)(min->amount[r] * unit),
                                                  "free", (json_int_t)(have->amount[r] * unit)));
    }
    if (!json_array_size(list))
        json_array_append_new(list, json_pack("{s:s}", "code", reason_word(REASON_POLICY)));
    return list;
}

static json_t *seconds_json(double seconds)
{
    return seconds < 1e12 ? json_real(seconds) : json_null();
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
    json_object_set_new(doc, "reasons", list_reasons(daemon, task, c, &min));
    json_object_set_new(doc, "missing", json_integer(missing));
    json_object_set_new(
        doc, "frees_in_s",
        seconds_json(reason == REASON_NEVER_FITS ? HUGE_VAL : forecast_room_in(live, &min, c)));
    seconds = task->world >= 0 && allocation_fits(&min, &given)
                  ? live_seconds(live, live->task[task->world].type, &given, 0)
                  : HUGE_VAL;
    json_object_set_new(doc, "estimated_run_s", seconds_json(seconds));
    return doc;
}

/* When the first of what runs is expected to end. */
static void add_estimate(json_t *doc, const struct daemon *daemon)
{
    double first = HUGE_VAL;

    for (int32_t id = 0; id < daemon->live.tasks; id++) {
        const struct task *task = &daemon->live.task[id];
        double left;

        if (task->state != TASK_RUNNING)
            continue;
        left = live_seconds(&daemon->live, task->type, &task->allocation,
                            daemon->live.view.progress(&daemon->live, id));
        first = fmin(first, left);
    }
    json_object_set_new(doc, "next_end_in_s", seconds_json(first));
}

static void add_forecast(json_t *doc, struct daemon *daemon, const struct job_task *task)
{
    double in_s[FORECAST_CASES];
    enum forecast_by by = forecast_begins_in(&daemon->forecast, task, in_s);
    bool begins = by != FORECAST_BY_NOTHING;
    bool ends = !begins && forecast_ends_in(&daemon->live, task, in_s);

    json_object_set_new(doc, "eta_s",
                        begins ? json_pack("[f,f,f]", in_s[0], in_s[1], in_s[2]) : json_null());
    json_object_set_new(doc, "eta_by", begins ? json_string(forecast_by_word(by)) : json_null());
    json_object_set_new(doc, "left_s",
                        ends ? json_pack("[f,f,f]", in_s[0], in_s[1], in_s[2]) : json_null());
}

static void block(json_t *list, enum reason reason, json_t *detail)
{
    json_array_append_new(list, json_pack("{s:s, s:s, s:o*}", "code", reason_word(reason),
                                          "meaning", reason_meaning(reason), "detail", detail));
}

/* The jobs that it waits for, and that are not over. */
static json_t *list_awaited(const struct daemon *daemon, const struct job *job)
{
    json_t *list = json_array();

    for (int32_t i = 0; i < job->afters; i++) {
        const struct job *other = book_find(&daemon->book, job->after[i].job);

        if (other && !job_state_is_final(job_state(other)))
            json_array_append_new(list, json_sprintf("%lld", (long long)other->id));
    }
    return list;
}

/* All that stands in the way wherever it could run. */
static json_t *list_blocks(struct daemon *daemon, struct job_task *task)
{
    const struct job *job = task->job;
    json_t *list = json_array();
    int64_t now_us = clock_us(CLOCK_REALTIME);
    bool failed;

    if (task->state != JOB_PENDING && task->state != JOB_HELD)
        return list;
    if (task->state == JOB_HELD)
        block(list, REASON_HELD, NULL);
    if (job->unmet || (job->afters && book_count_unmet_of(&daemon->book, task, &failed)))
        block(list, REASON_DEPENDENCY, list_awaited(daemon, job));
    if (job->not_before_us > now_us)
        block(list, REASON_NOT_BEFORE, quantity_time_json(job->not_before_us));
    if (task->not_before_us > now_us)
        block(list, REASON_BACKOFF, quantity_time_json(task->not_before_us));
    if (!live_can_ever_run(&daemon->live, task))
        block(list, REASON_NEVER_FITS, NULL);
    if (task->world < 0 && !json_array_size(list))
        block(list, quota_has_room(&daemon->live, task) ? REASON_BEHIND : REASON_QUOTA, NULL);
    return list;
}

/* What would start it at once on a cluster: less of something, or leave to go there. */
static void add_remedy(json_t *list, struct daemon *daemon, struct job_task *task, int c)
{
    struct live *live = &daemon->live;
    struct allocation min, max, less;
    bool reached = reach_has(&task->job->reach, c);
    int32_t type = live_find_type(live, task->job->type);
    json_t *change = json_object(), *one;
    double now_s, then_s;

    live_set_limits(live, task, &min, &max);
    less = allocation_least(&min, &live->cluster_view[c].free);
    if (type < 0 || live->cluster[c].draining || less.amount[SITE_CPU] < 1 ||
        (reached && allocation_equal(&less, &min)) ||
        less.amount[SITE_MEM] < min.amount[SITE_MEM]) { /* less of that would only kill it */
        json_decref(change);
        return;
    }
    if (less.amount[SITE_CPU] < min.amount[SITE_CPU])
        json_object_set_new(change, "cpu", json_integer(less.amount[SITE_CPU]));
    if (less.amount[SITE_GPU] < min.amount[SITE_GPU])
        json_object_set_new(change, "gpu", json_integer(less.amount[SITE_GPU]));
    if (!reached)
        json_object_set_new(change, "reach", json_string(daemon->site.cluster[c].name));
    one = json_pack("{s:o, s:s}", "change", change, "cluster", daemon->site.cluster[c].name);
    now_s = live_seconds(live, type, &min, 0);
    then_s = live_seconds(live, type, &less, 0);
    json_object_set_new(one, "run_ratio",
                        now_s > 0 && now_s < 1e12 && then_s < 1e12 ? json_real(then_s / now_s)
                                                                   : json_null());
    json_array_append_new(list, one);
}

static json_t *list_remedies(struct daemon *daemon, struct job_task *task, size_t blocks)
{
    enum { REMEDIES = 5 };
    json_t *list = json_array();

    for (int c = 0; c < daemon->site.clusters && json_array_size(list) < REMEDIES; c++)
        if (task->state == JOB_PENDING && (blocks == 0 || !live_can_ever_run(&daemon->live, task)))
            add_remedy(list, daemon, task, c);
    return list;
}

static const char *verdict_of(struct daemon *daemon, struct job_task *task)
{
    if (job_state_is_final(task->state))
        return "over";
    if (task->state == JOB_RUNNING || task->state == JOB_STARTING)
        return "runs";
    if (!live_can_ever_run(&daemon->live, task))
        return "never";
    return task->state == JOB_HELD ? "held" : "wait";
}

json_t *explain_task(struct daemon *daemon, struct job_task *task)
{
    enum reason reason = explain_reason(daemon, task);
    json_t *doc = book_task_json(&daemon->book, task), *clusters = json_array();
    json_t *blocks = list_blocks(daemon, task);
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
    add_forecast(doc, daemon, task);
    for (int c = 0; c < daemon->site.clusters && c < 200; c++)
        json_array_append_new(clusters, explain_cluster(daemon, task, c));
    json_object_set_new(doc, "clusters", clusters);
    json_object_set_new(doc, "verdict", json_string(verdict_of(daemon, task)));
    json_object_set(doc, "blocks", blocks);
    json_object_set_new(doc, "remedies", list_remedies(daemon, task, json_array_size(blocks)));
    json_object_set_new(doc, "as_of",
                        json_pack("{s:I, s:o}", "tick", (json_int_t)daemon->live.view.decision,
                                  "at", quantity_time_json(clock_us(CLOCK_REALTIME))));
    json_decref(blocks);
    json_object_set_new(doc, "policy", json_string(daemon->live.spec.label));
    json_object_set_new(doc, "tick", json_integer(daemon->live.view.decision));
    return doc;
}
