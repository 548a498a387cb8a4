/* SPDX-License-Identifier: Apache-2.0 */
/*
 * World ids are given in order of arrival and only grow, so from time to time (and whenever the
 * catalog changes, which policies may not see) the world is built anew from the tasks that are left
 * and the policy opened again: rebuild().
 *
 * A type has its limits from the site, else from the tasks seen of it: the catalog's are the widest
 * of them, each task's own are exact. Time is the machine's monotonic clock plus an offset that is
 * chosen at the start so that it goes on from the last recorded moment; a wall clock that jumps
 * changes nothing.
 */
#include "serve/live.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "policy/registry.h"
#include "serve/book.h"
#include "serve/live_apply.h"
#include "serve/quota.h"
#include "serve/sensitivity.h"
#include "serve/site.h"
#include "serve/watchdog.h"
#include "store/store.h"

enum { OVERRUNS_MAX = 3, REBUILD_AT = 20000 };

static const double FALLBACK_S = 60;
static const double HANG_S = 2, HANG_TIMEOUTS = 20; /* then it is not waited for any longer */
static const double BEGIN_S = 10;            /* nor for its beginning: models are read then */
static const double UNKNOWN_PROGRESS = 0.95; /* no task is believed to be further without a word */

double live_now(const struct live *live)
{
    return clock_s(CLOCK_BOOTTIME) + live->offset_s;
}

double live_moment(const struct live *live, double at_s)
{
    return at_s > 0 ? at_s + live->offset_s : live_now(live);
}

double live_seconds(const struct live *live, int32_t type, const struct allocation *amount,
                    double from)
{
    if (type < 0 || type >= live->catalog.types)
        return HUGE_VAL; /* one that came since the world was built */
    return estimator_seconds(&live->estimator, type, amount, from);
}

static double progress_of(const void *world, int32_t id)
{
    const struct live *live = world;
    const struct job_task *of = live->of[id];
    const struct task *task = &live->task[id];
    double expected;

    if (of && of->progress >= 0)
        return of->progress;
    if (task->state != TASK_RUNNING)
        return 0;
    expected = live_seconds(live, task->type, &task->allocation, 0);
    if (!(expected > 0) || expected == HUGE_VAL)
        return 0;
    return fmin(UNKNOWN_PROGRESS, task_ran_s(task, live->view.now_s) / expected);
}

static double work_of(const void *world, int32_t id)
{
    (void)world;
    (void)id;
    return 1;
}

static void fill_clusters(struct live *live)
{
    const struct site *site = live->site;

    live->resource[SITE_CPU] = (struct resource_info){"cpu", "cores"};
    live->resource[SITE_GPU] = (struct resource_info){"gpu", ""};
    live->resource[SITE_MEM] = (struct resource_info){"mem", "MiB"};
    live->cluster_info = xcalloc((size_t)site->clusters, sizeof *live->cluster_info);
    live->cluster = xcalloc((size_t)site->clusters, sizeof *live->cluster);
    live->catalog = (struct catalog){.resources = site->has_mem ? 3 : 2,
                                     .clusters = site->clusters,
                                     .resource = live->resource,
                                     .cluster = live->cluster_info,
                                     .rounds = ROUNDS_MANY,
                                     .time_unit = "s",
                                     .time_unit_s = 1};
    for (int c = 0; c < site->clusters; c++) {
        const struct allocation *capacity = &site->cluster[c].capacity;

        live->cluster_info[c] = (struct cluster_info){.name = site->cluster[c].name,
                                                      .capacity = *capacity,
                                                      .nodes = 1,
                                                      .node = *capacity,
                                                      .origin_weight = 1};
        allocation_add(&live->catalog.total, capacity);
        live->catalog.largest = allocation_most(&live->catalog.largest, capacity);
    }
}

static int32_t add_type(struct live *live, const char *name, const struct allocation *min,
                        const struct allocation *max)
{
    struct type_info info = {.min = *min, .max = *max, .switching = {.factor = 1}};

    vector_push(&live->type_names, xstrdup(name));
    vector_push(&live->types, info);
    live->types_changed = true;
    return (int32_t)live->types.count - 1;
}

int32_t live_find_type(struct live *live, const char *name)
{
    struct allocation one = {{[SITE_CPU] = 1}};

    for (size_t i = 0; i < live->type_names.count; i++)
        if (strcmp(live->type_names.item[i], name) == 0)
            return (int32_t)i;
    if (live->types.count >= MAX_TYPES)
        return -1;
    return add_type(live, name, &one, &live->catalog.largest);
}

void live_set_limits(struct live *live, struct job_task *task, struct allocation *min,
                     struct allocation *max)
{
    const struct job *job = task->job;
    int32_t type = live_find_type(live, job->type);
    const struct type_info *info = &live->types.item[type < 0 ? 0 : type];

    *min = job->has_request || job->has_min ? job->min : info->min;
    *max = job->has_request || job->has_max ? job->max : info->max;
    if (!job->has_request && !job->has_max)
        max->amount[SITE_MEM] = min->amount[SITE_MEM]; /* memory beyond the need gains nothing */
    if (!job->has_request)
        quota_cut(live, job, max);
    if (!job->has_request && !job->has_min)
        *min = allocation_least(min, max);
    *max = allocation_most(min, max);
}

bool live_can_ever_run(struct live *live, struct job_task *task)
{
    const struct job *job = task->job;
    struct allocation min, max;

    live_set_limits(live, task, &min, &max);
    for (int32_t i = 0; i < job->reach.count; i++)
        if (allocation_fits(&min, &live->site->cluster[job->reach.cluster[i]].capacity))
            return true;
    return false;
}

/* The catalog must hold every task's limits. */
static void widen_type(struct live *live, int32_t type, const struct allocation *min,
                       const struct allocation *max)
{
    struct type_info *info = &live->types.item[type];
    struct allocation least = allocation_least(&info->min, min);
    struct allocation most = allocation_most(&info->max, max);

    if (allocation_equal(&least, &info->min) && allocation_equal(&most, &info->max))
        return;
    info->min = least;
    info->max = most;
    live->types_changed = true;
}

static void touch(struct live *live, int32_t cluster)
{
    live->wants = true;
    if (live->is_touched[cluster])
        return;
    live->is_touched[cluster] = true;
    vector_push(&live->touched, cluster);
}

static void update_view(struct live *live)
{
    live->view.task = live->task;
    live->view.tasks = live->tasks;
    live->view.waiting = live->lists.count;
    live->view.first_waiting = live->lists.first;
    live->view.now_s = live_now(live);
}

void live_tell_policy(struct live *live, enum event_kind kind, int32_t id, int32_t cluster)
{
    struct event event = {.time_s = live->view.now_s,
                          .kind = kind,
                          .task = id,
                          .cluster = cluster,
                          .other = -1,
                          .with = -1,
                          .allocation = live->task[id].allocation};

    if (live->policy.ops && live->policy.ops->observe)
        live->policy.ops->observe(live->policy.state, &event);
}

void live_enter_waiting(struct live *live, int32_t id)
{
    live->task[id].state = TASK_WAITING;
    live->task[id].since_s = live->view.now_s;
    waiting_enter(&live->lists, id);
    vector_push(&live->arrived, id);
    live->wants = true;
    live->priorities |= live->of[id]->job->priority != 0;
}

void live_leave_waiting(struct live *live, int32_t id)
{
    waiting_leave(&live->lists, id);
}

void live_hold(struct live *live, int32_t id, int32_t cluster)
{
    struct task *task = &live->task[id];

    task->state = TASK_RUNNING;
    task->cluster = cluster;
    task->since_s = live->view.now_s;
    if (task->first_start_s < 0)
        task->first_start_s = live->view.now_s;
    allocation_subtract(&live->cluster_view[cluster].free, &task->allocation);
    vector_push(&live->cluster[cluster].running, id);
    live->cluster_view[cluster].running = live->cluster[cluster].running.item;
    live->cluster_view[cluster].runnings = (int32_t)live->cluster[cluster].running.count;
    live->view.running++;
}

static void let_go(struct live *live, int32_t id)
{
    struct task *task = &live->task[id];
    struct live_cluster *cluster = &live->cluster[task->cluster];
    size_t at = 0;

    for (int r = 0; r < MAX_RESOURCES; r++)
        task->service_s[r] += (live->view.now_s - task->since_s) * task->allocation.amount[r];
    task->ran_s += live->view.now_s - task->since_s;
    allocation_add(&live->cluster_view[task->cluster].free, &task->allocation);
    task->allocation = (struct allocation){{0}};
    while (cluster->running.item[at] != id)
        at++;
    memmove(cluster->running.item + at, cluster->running.item + at + 1,
            (--cluster->running.count - at) * sizeof *cluster->running.item);
    live->cluster_view[task->cluster].runnings = (int32_t)cluster->running.count;
    live->view.running--;
    touch(live, task->cluster);
}

static int32_t add_task(struct live *live, struct job_task *of)
{
    const struct job *job = of->job;
    int32_t id = live->tasks++;
    struct task *task;

    if (live->tasks > live->capacity) {
        live->capacity = live->capacity ? live->capacity * 2 : 256;
        live->task = xrealloc(live->task, (size_t)live->capacity, sizeof *live->task);
        live->of = xrealloc(live->of, (size_t)live->capacity, sizeof *live->of);
        live->lists.task = live->task;
    }
    task = &live->task[id];
    *task = (struct task){.id = id,
                          .arrival_s = live->view.now_s,
                          .reach = job->reach,
                          .home = job->reach.cluster[0],
                          .request = job->has_request ? &job->request : NULL,
                          .cluster = -1,
                          .first_start_s = -1,
                          .finish_s = -1,
                          .companion = -1,
                          .pace = 1,
                          .next_waiting = -1,
                          .prev_waiting = -1,
                          .first_node = -1};
    task->type = live_find_type(live, job->type);
    live_set_limits(live, of, &task->min, &task->max);
    widen_type(live, task->type, &task->min, &task->max);
    live->of[id] = of;
    of->world = id;
    update_view(live);
    return id;
}

void live_admit(struct live *live, struct job_task *of)
{
    bool runs = of->state == JOB_RUNNING || of->state == JOB_STARTING;
    int32_t id;

    if (!of->order)
        of->order = ++live->book->last_order;
    update_view(live);
    id = add_task(live, of);
    if (runs) {
        live->task[id].allocation = of->allocation;
        live_hold(live, id, of->cluster);
        live->fresh = true;
    } else {
        live_enter_waiting(live, id);
    }
    update_view(live);
    live_tell_policy(live, EVENT_ARRIVAL, id, -1);
}

static void forget(struct live *live, struct job_task *of, enum task_state state)
{
    struct task *task = &live->task[of->world];

    task->state = state;
    task->finish_s = live->view.now_s;
    live->of[of->world] = NULL;
    of->world = -1;
    live->over++;
}

void live_withdraw(struct live *live, struct job_task *of)
{
    if (of->world < 0)
        return;
    update_view(live);
    waiting_leave(&live->lists, of->world);
    live_tell_policy(live, EVENT_LOST, of->world, -1);
    forget(live, of, TASK_FAILED);
    live->fresh = true;
    live->wants = true;
    update_view(live);
}

/*
 * What is learnt. A stretch is a part of a task's life with one allocation, between two moments at
 * which its progress is known: its start, a report, its end. The moments are the keeper's, not
 * those at which this process heard of them. A resize ends the stretch at the last report; the next
 * begins with the first report after it. Without any report only whole runs with one allocation say
 * something.
 */
static void learn_stretch(struct live *live, struct job_task *of, double progress, double until_s)
{
    const struct task *task = &live->task[of->world];
    double seconds = until_s - of->stretch_s;

    if (of->stretch_s > 0 && of->stretch_progress >= 0 && seconds > 0 &&
        progress > of->stretch_progress)
        sensitivity_learn(live, task->type, &task->allocation, of->stretch_progress, progress,
                          seconds);
    of->stretch_s = until_s;
    of->stretch_progress = progress;
}

void live_began(struct live *live, struct job_task *of, double began_s)
{
    (void)live;
    if (of->stretch_s > began_s) /* resized before we heard of it */
        return;
    of->stretch_s = began_s;
    of->stretch_progress = 0;
    of->report_s = 0;
}

void live_new_stretch(struct live *live, struct job_task *of)
{
    if (of->progress >= 0 && of->report_s > of->stretch_s)
        learn_stretch(live, of, of->progress, of->report_s);
    of->stretch_s = live->view.now_s;
    of->stretch_progress = -1;
}

void live_progress(struct live *live, struct job_task *of, double reported_s)
{
    of->report_s = reported_s;
    if (of->world < 0 || of->stretch_s <= 0 || reported_s <= of->stretch_s)
        return;
    update_view(live);
    if (of->stretch_progress < 0 || of->progress >= of->stretch_progress + 0.1)
        learn_stretch(live, of, of->progress, reported_s);
}

static void end_run(struct live *live, struct job_task *of)
{
    of->stretch_s = 0;
    let_go(live, of->world);
}

void live_ended(struct live *live, struct job_task *of, bool again)
{
    int32_t id = of->world, cluster;

    if (id < 0)
        return;
    update_view(live);
    cluster = live->task[id].cluster;
    end_run(live, of);
    if (again) {
        live_set_limits(live, of, &live->task[id].min, &live->task[id].max);
        live_enter_waiting(live, id);
        live_tell_policy(live, EVENT_PREEMPT, id, cluster);
    } else {
        live_tell_policy(live, EVENT_LOST, id, cluster);
        forget(live, of, TASK_FAILED);
    }
    update_view(live);
}

void live_finished(struct live *live, struct job_task *of, double finished_s)
{
    int32_t id = of->world, cluster;

    if (id < 0)
        return;
    update_view(live);
    cluster = live->task[id].cluster;
    learn_stretch(live, of, 1, finished_s);
    end_run(live, of);
    live_tell_policy(live, EVENT_FINISH, id, cluster);
    forget(live, of, TASK_DONE);
    update_view(live);
}

void live_take_back(struct live *live, struct job_task *of)
{
    int32_t cluster = live->task[of->world].cluster;

    live->counts.failed_opens++;
    live_ended(live, of, true);
    live->wants = false; /* not at once, lest it spins */
    live->fresh = true;
    live->wake_s = fmin(live->wake_s, live->view.now_s + 1);
    touch(live, cluster);
    live->wants = false;
}

bool live_place(struct live *live, struct job_task *of, int32_t cluster)
{
    int32_t id = of->world;
    struct task *task = &live->task[id];
    struct allocation given;

    update_view(live);
    given = allocation_most(&task->min, &of->allocation);
    given = allocation_least(&task->max, &given);
    if (!allocation_fits(&given, &live->cluster_view[cluster].free))
        given = task->min;
    if (live->cluster[cluster].draining || !reach_has(&task->reach, cluster) ||
        !allocation_fits(&given, &live->cluster_view[cluster].free))
        return false;
    live_start(live, id, cluster, &given);
    return true;
}

void live_drain(struct live *live, int32_t cluster, bool draining, const char *by,
                const char *reason)
{
    struct live_cluster *at = &live->cluster[cluster];

    free(at->by);
    free(at->reason);
    at->draining = draining;
    at->by = draining && by ? xstrdup(by) : NULL;
    at->reason = draining && reason ? xstrdup(reason) : NULL;
    live->cluster_view[cluster].may_start = !draining;
    live->fresh = true;
    touch(live, cluster);
}

bool live_is_used(const struct live *live, int32_t cluster)
{
    return live->cluster[cluster].running.count > 0;
}

/* The policy. */

static int open_policy(struct live *live, const struct policy_spec *spec, struct policy *out,
                       struct err *err)
{
    struct policy_setup setup = {.catalog = &live->catalog,
                                 .params = &spec->params,
                                 .estimator =
                                     spec->ops->traits & POLICY_MODEL ? &live->estimator : NULL,
                                 .seed = 1};
    int rc;

    if (spec->ops->info == INFO_ORACLE && !(spec->ops->traits & POLICY_MODEL))
        return err_set(err, ERR_UNSUPPORTED,
                       "policy %s wants the true speeds, which nobody knows of real tasks",
                       spec->label);
    if (live->watchdog)
        watchdog_arm(live->watchdog, spec->label, "to begin", BEGIN_S);
    rc = policy_open(out, spec->ops, &setup, err);
    if (live->watchdog)
        watchdog_disarm(live->watchdog);
    return rc;
}

void live_keep_trouble(struct live *live, const char *why)
{
    free(live->trouble);
    live->trouble = xstrdup(why);
    live->trouble_us = clock_us(CLOCK_REALTIME);
}

/* Whatever model a policy would take in a simulation, here its speeds are those learned. */
static void set_info(struct live *live)
{
    const struct policy_ops *ops = live->policy.ops;
    bool model = ops && ops->traits & POLICY_MODEL;
    enum info_class own = ops ? ops->info : INFO_BLIND;

    if (model && (own == INFO_ORACLE || own < live->estimator.ops->info))
        own = live->estimator.ops->info;
    live->view.info = own;
    live->view.estimator = model ? &live->estimator : NULL;
}

static void close_world(struct live *live)
{
    policy_close(&live->policy);
    policy_close(&live->fallback);
    estimator_close(&live->estimator);
    waiting_release(&live->lists);
    plan_release(&live->plan);
    free(live->cluster_view);
    free(live->is_touched);
    vector_clear(&live->arrived);
    vector_clear(&live->touched);
}

/* The site's, or where it does not open, with the reason kept, fifo-min. */
static void open_fallback(struct live *live)
{
    struct err err;
    int rc;

    policy_spec_release(&live->fallback_spec);
    rc = policy_spec_parse(&live->fallback_spec, live->site->fallback, &err);
    if (rc == 0)
        rc = open_policy(live, &live->fallback_spec, &live->fallback, &err);
    if (rc == 0)
        return;
    live_keep_trouble(live, err.message);
    policy_close(&live->fallback);
    policy_spec_release(&live->fallback_spec);
    BUG_ON(policy_spec_parse(&live->fallback_spec, "fifo-min", &err));
    BUG_ON(open_policy(live, &live->fallback_spec, &live->fallback, &err));
}

static void open_world(struct live *live)
{
    struct err err;

    for (size_t i = 0; i < live->types.count; i++)
        live->types.item[i].name = live->type_names.item[i];
    live->catalog.types = (int)live->types.count;
    live->catalog.type = live->types.item;
    live->types_changed = false;
    live->cluster_view = xcalloc((size_t)live->catalog.clusters, sizeof *live->cluster_view);
    live->is_touched = xcalloc((size_t)live->catalog.clusters, sizeof *live->is_touched);
    for (int c = 0; c < live->catalog.clusters; c++) {
        vector_clear(&live->cluster[c].running);
        live->cluster_view[c] = (struct cluster_view){.free = live->cluster_info[c].capacity,
                                                      .up = true,
                                                      .may_start = !live->cluster[c].draining};
    }
    waiting_init(&live->lists, live->catalog.clusters, live->catalog.types, true);
    plan_init(&live->plan, live->catalog.clusters);
    sensitivity_open(live);
    live->view = (struct view){.catalog = &live->catalog,
                               .cluster = live->cluster_view,
                               .lists = &live->lists,
                               .progress = progress_of,
                               .work = work_of,
                               .world = live};
    waiting_reset(&live->lists, live->task);
    waiting_list_clusters(&live->lists);
    update_view(live);
    open_fallback(live);
    if (open_policy(live, &live->spec, &live->policy, &err))
        live_keep_trouble(live, err.message);
    set_info(live);
    live->fresh = live->wants = true;
}

/* Carries over what a task has lived through. */
static void carry(const struct task *from, struct task *to)
{
    to->arrival_s = from->arrival_s;
    to->since_s = from->since_s;
    to->first_start_s = from->first_start_s;
    to->ran_s = from->ran_s;
    memcpy(to->service_s, from->service_s, sizeof to->service_s);
    to->resizes = from->resizes;
    to->preemptions = from->preemptions;
    to->migrations = from->migrations;
    to->failures = from->failures;
}

static void rebuild(struct live *live)
{
    VECTOR(struct job_task *) left = {0};
    struct task *before = live->task;
    int32_t tasks = live->tasks;

    for (int32_t id = 0; id < tasks; id++)
        if (live->of[id])
            vector_push(&left, live->of[id]);
    if (left.count)
        vector_sort(&left, job_by_order);
    close_world(live);
    live->task = NULL;
    free(live->of);
    live->of = NULL;
    live->tasks = live->capacity = live->over = 0;
    open_world(live);
    for (size_t i = 0; i < left.count; i++) {
        int32_t old = left.item[i]->world;
        struct task *now;

        live_admit(live, left.item[i]);
        now = &live->task[left.item[i]->world];
        carry(&before[old], now);
        if (left.item[i]->stopping)
            now->min = now->max = now->allocation;
    }
    vector_release(&left);
    free(before);
}

int live_set_policy(struct live *live, const char *policy, struct err *err)
{
    struct policy_spec spec;
    struct policy probe = {0};
    int rc = policy_spec_parse(&spec, policy, err);

    if (rc)
        return rc;
    rc = open_policy(live, &spec, &probe, err);
    policy_close(&probe);
    if (rc) {
        policy_spec_release(&spec);
        return rc;
    }
    if (live->spec.ops) {
        policy_close(&live->policy);
        policy_spec_release(&live->spec);
    }
    live->spec = spec;
    live->overruns = 0;
    live->fallback_until_s = 0;
    free(live->trouble);
    live->trouble = NULL;
    rebuild(live);
    return 0;
}

void live_take_fallback(struct live *live)
{
    policy_close(&live->fallback);
    open_fallback(live);
}

int live_open(struct live *live, struct book *book, const struct site *site, const char *policy,
              struct watchdog *watchdog, struct err *err)
{
    struct allocation one = {{[SITE_CPU] = 1}};
    struct text text;
    int rc;

    *live = (struct live){.site = site, .book = book, .watchdog = watchdog, .wake_s = HUGE_VAL};
    fill_clusters(live);
    for (int i = 0; i < site->types; i++)
        add_type(live, site->type[i].name, &site->type[i].min, &site->type[i].max);
    if (live_find_type(live, "default") < 0)
        add_type(live, "default", &one, &live->catalog.largest);
    sensitivity_load(live);
    text_init(&text, 0);
    store_get(book->store, STORE_SETTING, SETTING_CLOCK, &text, NULL);
    live->offset_s = strtod(text.bytes, NULL) - clock_s(CLOCK_BOOTTIME);
    text_release(&text);
    rc = policy_spec_parse(&live->spec, policy, err);
    if (rc == 0)
        open_world(live);
    if (rc == 0 && !live->policy.ops)
        rc = err_set(err, ERR_UNSUPPORTED, "%s", live->trouble);
    return rc;
}

void live_close(struct live *live)
{
    if (!live->cluster)
        return;
    close_world(live);
    if (live->spec.ops)
        policy_spec_release(&live->spec);
    policy_spec_release(&live->fallback_spec);
    for (int c = 0; c < live->site->clusters; c++) {
        vector_release(&live->cluster[c].running);
        free(live->cluster[c].by);
        free(live->cluster[c].reason);
    }
    for (size_t i = 0; i < live->type_names.count; i++)
        free(live->type_names.item[i]);
    vector_release(&live->type_names);
    vector_release(&live->types);
    vector_release(&live->arrived);
    vector_release(&live->touched);
    vector_release(&live->acts);
    free(live->cluster);
    free(live->cluster_info);
    free(live->task);
    free(live->of);
    free(live->trouble);
}

/* Decisions. */

static void look_at_everything(struct live *live)
{
    vector_clear(&live->arrived);
    for (int32_t id = live->lists.first; id >= 0; id = live->task[id].next_waiting)
        vector_push(&live->arrived, id);
    for (int32_t c = 0; c < live->catalog.clusters; c++)
        touch(live, c);
}

static void ask(struct live *live, const struct policy *policy)
{
    live->view.arrived = live->arrived.item;
    live->view.arrivals = (int32_t)live->arrived.count;
    live->view.touched = live->touched.item;
    live->view.toucheds = (int32_t)live->touched.count;
    plan_reset(&live->plan, &live->view);
    if (live->watchdog && policy == &live->policy)
        watchdog_arm(live->watchdog, live->spec.label, "for a decision",
                     fmax(HANG_S, HANG_TIMEOUTS * live->site->decide_timeout_s));
    policy->ops->decide(policy->state, &live->view, &live->plan);
    if (live->watchdog)
        watchdog_disarm(live->watchdog);
}

/* The plan in force after this; its seconds. An overrun is answered by the fallback. */
static double ask_in_time(struct live *live, const char **by)
{
    double began = clock_s(CLOCK_BOOTTIME), took;
    bool fallback = !live->policy.ops || live->view.now_s < live->fallback_until_s;
    char why[160];

    if (fallback)
        look_at_everything(live);
    ask(live, fallback ? &live->fallback : &live->policy);
    *by = fallback ? live->fallback_spec.label : live->spec.label;
    took = clock_s(CLOCK_BOOTTIME) - began;
    if (fallback || took <= live->site->decide_timeout_s) {
        if (!fallback)
            live->overruns = 0;
        return took;
    }
    live->counts.overruns++;
    snprintf(why, sizeof why, "%.60s took %.3f s to decide, %.3f s were allowed", live->spec.label,
             took, live->site->decide_timeout_s);
    live_keep_trouble(live, why);
    if (++live->overruns >= OVERRUNS_MAX)
        live->fallback_until_s = live->view.now_s + FALLBACK_S;
    look_at_everything(live);
    ask(live, &live->fallback);
    live->fresh = true;
    *by = live->fallback_spec.label;
    return took;
}

static bool decide_once(struct live *live)
{
    const char *by;
    double took;
    int applied;
    bool again;

    update_view(live);
    took = ask_in_time(live, &by);
    live->counts.decisions++;
    tally_duration(&live->book->tally, by, took);
    for (size_t i = 0; i < live->touched.count; i++)
        live->is_touched[live->touched.item[i]] = false;
    vector_clear(&live->arrived);
    vector_clear(&live->touched);
    live->view.decision++;
    live->wake_s = fmin(live->wake_s, live->plan.wake_s);
    again = live->plan.again;
    applied = live_apply(live, by, took);
    update_view(live);
    return again && applied > 0;
}

/* Priorities, highest first, of all that wait. */
static int list_levels(const struct live *live, int32_t *level, int most)
{
    int levels = 0;

    for (int32_t id = live->lists.first; id >= 0; id = live->task[id].next_waiting) {
        int32_t own = live->of[id]->job->priority;
        int at = 0;

        while (at < levels && level[at] > own)
            at++;
        if (at < levels && level[at] == own)
            continue;
        if (levels == most)
            return most;
        memmove(level + at + 1, level + at, (size_t)(levels - at) * sizeof *level);
        level[at] = own;
        levels++;
    }
    return levels;
}

/* Policies know no priorities: who has a higher one is shown, and served, before the others. */
static void decide_by_level(struct live *live, const int32_t *level, int levels)
{
    VECTOR(int32_t) waiting = {0};

    for (int32_t id = live->lists.first; id >= 0; id = live->task[id].next_waiting)
        vector_push(&waiting, id);
    for (size_t i = 0; i < waiting.count; i++)
        waiting_leave(&live->lists, waiting.item[i]);
    vector_clear(&live->arrived);
    for (int l = 0; l < levels; l++) {
        bool last = l == levels - 1;

        for (size_t i = 0; i < waiting.count; i++) {
            int32_t own = live->of[waiting.item[i]]->job->priority;

            if (own == level[l] || (last && own < level[l])) {
                waiting_enter(&live->lists, waiting.item[i]);
                vector_push(&live->arrived, waiting.item[i]);
            }
        }
        for (int32_t c = 0; c < live->catalog.clusters; c++)
            touch(live, c);
        update_view(live);
        for (int round = 0; round < 100 && decide_once(live); round++)
            continue;
    }
    vector_release(&waiting);
    live->fresh = true;
}

void live_decide(struct live *live)
{
    enum { LEVELS = 16 };
    int32_t level[LEVELS];
    int levels;

    update_view(live);
    if (live->types_changed || (live->over > REBUILD_AT && live->over > live->tasks / 2))
        rebuild(live);
    if (!live->wants && live->wake_s > live->view.now_s)
        return;
    live->wants = false;
    live->wake_s = HUGE_VAL;
    if (live->fresh)
        look_at_everything(live);
    live->wants = live->fresh = false;
    levels = live->priorities ? list_levels(live, level, LEVELS) : 0;
    live->priorities = levels > 1 || (levels == 1 && level[0] != 0);
    if (levels > 1) {
        decide_by_level(live, level, levels);
        live->wants = false;
        return;
    }
    for (int round = 0; round < 100 && decide_once(live); round++)
        continue;
    live->wants = false;
}

double live_wake_in(const struct live *live)
{
    if (live->wants)
        return 0;
    if (live->wake_s == HUGE_VAL)
        return HUGE_VAL;
    return fmax(0, live->wake_s - live_now(live));
}
