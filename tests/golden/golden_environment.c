/* SPDX-License-Identifier: Apache-2.0 */
/*
 * golden_environment DIR: replays the recorded episodes of the authors' environment in our world
 * and compares every step, completion and final figure. DIR/README.md describes the files.
 *
 * *.steps.jsonl with a header of policy knees are driven by the deterministic policy of that page
 * (first in, first out, 90 % knee); *.tiresias.* by our paper-tiresias. Prints one line per file
 * and "N passed, N failed".
 */
#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "core/policy.h"
#include "core/scenario.h"
#include "policy/registry.h"
#include "sim/arrivals.h"
#include "sim/world.h"

/* Progress may differ in the last bits: the reference raises to powers with another library than
 * libm, and a task's slots add up what its results lack in rounding. Everything else must be equal.
 */
static const double PROGRESS_TOLERANCE = 4e-15;

enum { LINE_BYTES = 1 << 20, SLOTS = 10, PATH_BYTES = 1024 };

struct replay {
    char path[PATH_BYTES];
    FILE *stream;
    char *buffer;
    int line;
    json_t *header;
    json_t *step; /* the present line */
    struct scenario *scenario;
    struct arrivals arrivals;
    struct world *world;
    struct plan plan;
    struct policy policy; /* Tiresias; else unused */
    VECTOR(struct event) done;
    char why[512]; /* empty while all agrees */
};

static void differ(struct replay *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void differ(struct replay *r, const char *format, ...)
{
    va_list args;
    int used;

    if (r->why[0])
        return;
    used = snprintf(r->why, sizeof r->why, "line %d: ", r->line);
    va_start(args, format);
    vsnprintf(r->why + used, sizeof r->why - (size_t)used, format, args);
    va_end(args);
}

static json_t *next_line(struct replay *r)
{
    json_error_t error;

    json_decref(r->step);
    r->step = NULL;
    if (!fgets(r->buffer, LINE_BYTES, r->stream))
        return NULL;
    r->line++;
    r->step = json_loads(r->buffer, 0, &error);
    if (!r->step)
        differ(r, "not JSON: %s", error.text);
    return r->step;
}

static int64_t integer(const json_t *list, size_t index)
{
    return json_integer_value(json_array_get(list, index));
}

static double real(const json_t *list, size_t index)
{
    return json_number_value(json_array_get(list, index));
}

/* The scenario that a header describes, as YAML. */

static void add_table(struct text *yaml, const json_t *table, int32_t cpus, int32_t gpus,
                      int column)
{
    text_add(yaml, "[");
    for (int32_t c = 1; c <= cpus; c++) {
        text_add(yaml, c > 1 ? ", [" : "[");
        for (int32_t g = 1; g <= gpus; g++) {
            const json_t *cell = json_array_get(json_array_get(table, (size_t)c), (size_t)g);

            text_add(yaml, g > 1 ? ", " : "");
            text_add_double(yaml, json_is_array(cell) ? real(cell, (size_t)column)
                                                      : json_number_value(cell));
        }
        text_add(yaml, "]");
    }
    text_add(yaml, "]");
}

static void add_levels(struct text *yaml, int32_t count)
{
    text_add(yaml, "[");
    for (int32_t i = 1; i <= count; i++)
        text_printf(yaml, "%s%d", i > 1 ? ", " : "", i);
    text_add(yaml, "]");
}

static void add_table_speed(struct text *yaml, const json_t *table, const json_t *header,
                            bool level)
{
    int32_t cpus = (int32_t)integer(json_object_get(header, "max_alloc"), 0);
    int32_t gpus = (int32_t)integer(json_object_get(header, "max_alloc"), 1);

    text_printf(yaml, "    speed:\n      model: table\n      curve: %s\n      grid: {cpu: ",
                level ? "level" : "flat");
    add_levels(yaml, cpus);
    text_add(yaml, ", gpu: ");
    add_levels(yaml, gpus);
    text_add(yaml, "}\n      speeds: ");
    add_table(yaml, table, cpus, gpus, 0);
    if (level) {
        text_add(yaml, "\n      bends: ");
        add_table(yaml, table, cpus, gpus, 1);
    }
    text_add(yaml, "\n");
}

static void add_type(struct text *yaml, const json_t *header, const json_t *tables,
                     const char *name)
{
    const json_t *min = json_object_get(json_object_get(header, "min_req"), name);
    const json_t *max = json_object_get(header, "max_alloc");
    const json_t *table = json_object_get(json_object_get(tables, "table"), name);
    double noise = json_number_value(json_object_get(header, "progress_noise_width"));
    bool head = strcmp(json_string_value(json_object_get(header, "variant")), "head") == 0;
    bool audio = strcmp(name, "AUD") == 0;

    text_printf(yaml, "  %s:\n    min: {cpu: %lld, gpu: %lld}\n", name, (long long)integer(min, 0),
                (long long)integer(min, 1));
    text_printf(yaml, "    max: {cpu: %lld, gpu: %lld}\n", (long long)integer(max, 0),
                (long long)integer(max, 1));
    text_add(yaml, "    switching: {factor: ");
    text_add_double(
        yaml, json_number_value(json_object_get(json_object_get(header, "switch_weight"), name)));
    text_add(yaml, "}\n");
    if (noise > 0 && !audio)
        text_printf(yaml, "    noise: {kind: additive, width: %.17g}\n", noise);
    if (table)
        add_table_speed(yaml, table, header, !head && !audio);
    else if (strcmp(name, "IMG") == 0)
        text_add(yaml, "    speed: {model: constant, value: 0.25}\n");
    else
        text_add(yaml, "    speed: {model: saturating, scales: {gpu: 16}, curve: sqrt}\n");
}

static char *scenario_yaml(const json_t *header, const json_t *tables)
{
    struct text yaml;
    const json_t *item;
    size_t i;

    text_init(&yaml, 0);
    text_printf(&yaml, "slot: 1\nwindow: %lld\nrounds: %s\nresources: [cpu, gpu]\nclusters:\n",
                (long long)json_integer_value(json_object_get(header, "pending_num")),
                json_is_true(json_object_get(header, "one_placement_per_agent_per_step")) ? "one"
                                                                                          : "many");
    json_array_foreach (json_object_get(header, "capacity"), i, item)
        text_printf(&yaml, "  - {name: c%zu, capacity: {cpu: %lld, gpu: %lld}}\n", i,
                    (long long)integer(item, 0), (long long)integer(item, 1));
    text_printf(&yaml, "arrivals: {process: poisson-slot, rate: 1, tasks: %lld}\ntypes:\n",
                (long long)json_integer_value(json_object_get(header, "tasks")));
    json_array_foreach (json_object_get(header, "types"), i, item)
        add_type(&yaml, header, tables, json_string_value(item));
    return text_take(&yaml);
}

/* The state after a call. */

static void check_list(struct replay *r, const char *what, size_t agent, const json_t *wanted,
                       const int32_t *got, size_t count)
{
    if (json_array_size(wanted) != count) {
        differ(r, "%s of agent %zu: %zu entries, not %zu", what, agent, count,
               json_array_size(wanted));
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (integer(wanted, i) != got[i])
            differ(r, "%s of agent %zu, entry %zu: %d, not %lld", what, agent, i, got[i],
                   (long long)integer(wanted, i));
}

static void check_running(struct replay *r, size_t agent, const json_t *wanted)
{
    const struct view *view = world_view(r->world);
    const struct cluster_view *at = &view->cluster[agent];

    if (json_array_size(wanted) != (size_t)at->runnings) {
        differ(r, "agent %zu runs %d tasks, not %zu", agent, at->runnings, json_array_size(wanted));
        return;
    }
    for (int32_t i = 0; i < at->runnings; i++) {
        const json_t *entry = json_array_get(wanted, (size_t)i);
        const struct task *task = &view->task[at->running[i]];

        if (integer(entry, 0) != task->id || integer(entry, 1) != task->allocation.amount[0] ||
            integer(entry, 2) != task->allocation.amount[1])
            differ(r, "agent %zu, running %d: task %d with (%d, %d)", agent, i, task->id,
                   task->allocation.amount[0], task->allocation.amount[1]);
    }
}

static void check_state(struct replay *r)
{
    const struct view *view = world_view(r->world);
    const json_t *queued = json_object_get(r->step, "queue_len");

    for (size_t a = 0; a < (size_t)view->catalog->clusters; a++) {
        const struct cluster_view *at = &view->cluster[a];
        int32_t queue[SLOTS];
        int heads = world_queue(r->world, (int32_t)a, queue, SLOTS);

        check_list(r, "free", a, json_array_get(json_object_get(r->step, "free"), a),
                   at->free.amount, 2);
        check_running(r, a, json_array_get(json_object_get(r->step, "running"), a));
        check_list(r, "pending", a, json_array_get(json_object_get(r->step, "pending"), a),
                   at->slot, (size_t)view->catalog->window);
        if (integer(queued, a) != at->queued)
            differ(r, "agent %zu queues %d tasks, not %lld", a, at->queued,
                   (long long)integer(queued, a));
        check_list(r, "queue", a, json_array_get(json_object_get(r->step, "queue_head"), a), queue,
                   (size_t)heads);
    }
}

static void check_reward(struct replay *r, bool advanced)
{
    const json_t *wanted = json_object_get(r->step, "reward");

    for (size_t a = 0; a < json_array_size(wanted); a++) {
        double reward = advanced ? -world_load(r->world, (int32_t)a) : 0;

        if (real(wanted, a) != reward)
            differ(r, "reward of agent %zu: %g, not %g", a, reward, real(wanted, a));
    }
}

static void check_done(struct replay *r)
{
    const struct view *view = world_view(r->world);
    const json_t *wanted = json_object_get(r->step, "done");

    if (json_array_size(wanted) != r->done.count)
        differ(r, "%zu tasks completed, not %zu", r->done.count, json_array_size(wanted));
    for (size_t i = 0; i < r->done.count && !r->why[0]; i++) {
        const json_t *entry = json_array_get(wanted, i);
        const struct task *task = &view->task[r->done.item[i].task];

        if (integer(entry, 0) != task->id || integer(entry, 2) != task->cluster ||
            real(entry, 1) != task->finish_s - task->arrival_s)
            differ(r, "completion %zu: task %d after %g at %d", i, task->id,
                   task->finish_s - task->arrival_s, task->cluster);
    }
}

static void check_progress(struct replay *r, const double *before)
{
    const json_t *entry;
    size_t i;

    json_array_foreach (json_object_get(r->step, "progress"), i, entry) {
        int32_t id = (int32_t)integer(entry, 0);
        double after = world_progress(r->world, id);

        if (fabs(before[i] - real(entry, 1)) > PROGRESS_TOLERANCE ||
            fabs(after - real(entry, 2)) > PROGRESS_TOLERANCE)
            differ(r, "progress of task %d: %.17g to %.17g, not %.17g to %.17g", id, before[i],
                   after, real(entry, 1), real(entry, 2));
    }
}

static double *progress_before(struct replay *r)
{
    const json_t *list = json_object_get(r->step, "progress");
    double *before = xcalloc(json_array_size(list), sizeof *before);

    for (size_t i = 0; i < json_array_size(list); i++)
        before[i] = world_progress(r->world, (int32_t)integer(json_array_get(list, i), 0));
    return before;
}

static void note_done(void *arg, const struct event *event)
{
    struct replay *r = arg;

    if (event->kind == EVENT_FINISH)
        vector_push(&r->done, *event);
}

static double recorded_noise(void *arg, int32_t task, int32_t nth)
{
    struct replay *r = arg;
    const json_t *entry;
    size_t i;

    (void)nth;
    json_array_foreach (json_object_get(r->step, "noise"), i, entry)
        if (integer(entry, 0) == task)
            return real(entry, 1);
    differ(r, "no noise recorded for task %d", task);
    return 0;
}

/* The deterministic policy: first in, first out, with the knee of the type clipped to what is free.
 */
static void fifo_decide(struct replay *r, const struct view *view)
{
    const json_t *knees = json_object_get(r->header, "policy_knee");

    for (int32_t c = 0; c < view->catalog->clusters; c++) {
        int32_t id;

        view_each_waiting (view, c, id) {
            const struct task *task = &view->task[id];
            const json_t *knee = json_object_get(knees, view->catalog->type[task->type].name);
            struct allocation amount = {{(int32_t)integer(knee, 0), (int32_t)integer(knee, 1)}};

            if (plan_has(&r->plan, id))
                continue;
            amount = allocation_least(&amount, plan_free(&r->plan, c));
            if (allocation_fits(&task->min, &amount))
                plan_start(&r->plan, id, c, &amount);
            break;
        }
    }
}

static void check_action(struct replay *r, size_t agent, const json_t *wanted)
{
    const struct view *view = world_view(r->world);
    const struct action *action = NULL;

    for (int32_t i = 0; i < r->plan.actions; i++)
        if ((size_t)r->plan.action[i].cluster == agent)
            action = &r->plan.action[i];
    if (json_is_null(wanted) != !action) {
        differ(r, "agent %zu %s", agent, action ? "acts" : "does not act");
        return;
    }
    if (action &&
        (integer(wanted, 0) != view_find_slot(view, action->cluster, action->task) ||
         integer(wanted, 1) != action->task || integer(wanted, 2) != action->allocation.amount[0] ||
         integer(wanted, 3) != action->allocation.amount[1]))
        differ(r, "agent %zu starts task %d with (%d, %d)", agent, action->task,
               action->allocation.amount[0], action->allocation.amount[1]);
}

static void replay_step(struct replay *r)
{
    const struct view *view = world_view(r->world);
    double *before = progress_before(r), now_s = view->now_s;
    bool advanced;

    if (json_number_value(json_object_get(r->step, "t")) != now_s)
        differ(r, "time %g", now_s);
    plan_reset(&r->plan, view);
    fifo_decide(r, view);
    for (size_t a = 0; a < (size_t)view->catalog->clusters; a++)
        check_action(r, a, json_array_get(json_object_get(r->step, "act"), a));
    vector_clear(&r->done);
    world_apply(r->world, &r->plan);
    advanced = view->now_s > now_s;
    if (json_is_true(json_object_get(r->step, "advanced")) != advanced)
        differ(r, "time %s", advanced ? "moved" : "did not move");
    check_reward(r, advanced);
    if (advanced) {
        check_done(r);
        check_progress(r, before);
    }
    check_state(r);
    free(before);
}

static void check_summary(struct replay *r)
{
    const json_t *summary = json_object_get(r->step, "summary");
    const struct view *view = world_view(r->world);
    double sum = 0, longest = 0;

    for (int32_t i = 0; i < view->tasks; i++) {
        double taken = view->task[i].finish_s - view->task[i].arrival_s;

        sum += taken;
        longest = taken > longest ? taken : longest;
    }
    if (!world_is_over(r->world))
        differ(r, "the episode is not over");
    if (sum / view->tasks != json_number_value(json_object_get(summary, "mean_jct")))
        differ(r, "mean completion time %.17g", sum / view->tasks);
    if (json_object_get(summary, "max_jct") &&
        longest != json_number_value(json_object_get(summary, "max_jct")))
        differ(r, "longest completion time %g", longest);
    if (view->now_s != json_number_value(json_object_get(summary, "time_steps")))
        differ(r, "%g time steps", view->now_s);
    if (json_object_get(summary, "env_steps") &&
        world_totals(r->world)->decisions !=
            json_integer_value(json_object_get(summary, "env_steps")))
        differ(r, "%lld decisions", (long long)world_totals(r->world)->decisions);
}

/* Tiresias: one line per time step, with the starts of each round and the allocations at the walk.
 */

/* The allocations in force at the walk: those before the last round, with its resizes. */
static void check_allocations(struct replay *r)
{
    const struct view *view = world_view(r->world);

    for (size_t a = 0; a < (size_t)view->catalog->clusters; a++) {
        const json_t *wanted = json_array_get(json_object_get(r->step, "alloc"), a), *entry;
        size_t i;

        if (json_array_size(wanted) != (size_t)view->cluster[a].runnings) {
            differ(r, "agent %zu runs %d tasks", a, view->cluster[a].runnings);
            return;
        }
        json_array_foreach (wanted, i, entry) {
            const struct task *task = &view->task[view->cluster[a].running[i]];
            struct allocation amount = task->allocation;

            for (int32_t k = 0; k < r->plan.actions; k++)
                if (r->plan.action[k].task == task->id)
                    amount = r->plan.action[k].allocation;
            if (integer(entry, 0) != task->id || integer(entry, 1) != amount.amount[0] ||
                integer(entry, 2) != amount.amount[1])
                differ(r, "agent %zu, running %zu: task %d with (%d, %d)", a, i, task->id,
                       amount.amount[0], amount.amount[1]);
        }
    }
}

/* Starts of the plan against a round of the record, where a start with nothing is no start. Returns
 * how many there were. */
static int check_round(struct replay *r, const json_t *round)
{
    const struct plan *plan = &r->plan;
    int32_t next = 0, starts = 0;
    const json_t *entry;
    size_t i;

    for (int32_t k = 0; k < plan->actions; k++)
        starts += plan->action[k].kind == ACTION_START;
    json_array_foreach (round, i, entry) {
        if (integer(entry, 3) == 0 && integer(entry, 4) == 0)
            continue;
        while (next < plan->actions && plan->action[next].kind != ACTION_START)
            next++;
        if (next == plan->actions || plan->action[next].task != integer(entry, 2) ||
            plan->action[next].cluster != integer(entry, 0) ||
            plan->action[next].allocation.amount[0] != integer(entry, 3) ||
            plan->action[next].allocation.amount[1] != integer(entry, 4)) {
            differ(r, "start of task %d expected", (int)integer(entry, 2));
            return starts;
        }
        next++;
    }
    for (; next < plan->actions; next++)
        if (plan->action[next].kind == ACTION_START)
            differ(r, "task %d started", plan->action[next].task);
    return starts;
}

static void replay_slot(struct replay *r)
{
    const struct view *view = world_view(r->world);
    const json_t *rounds = json_object_get(r->step, "sub_steps");
    double *before = NULL, now_s = view->now_s;

    if (json_number_value(json_object_get(r->step, "t")) != now_s)
        differ(r, "time %g", now_s);
    vector_clear(&r->done);
    for (size_t round = 0; view->now_s == now_s && !r->why[0]; round++) {
        plan_reset(&r->plan, view);
        r->policy.ops->decide(r->policy.state, view, &r->plan);
        if (check_round(r, json_array_get(rounds, round)) == 0) {
            check_allocations(r);
            before = progress_before(r);
        }
        world_apply(r->world, &r->plan);
    }
    if (!r->why[0]) {
        check_reward(r, true);
        check_done(r);
        check_progress(r, before);
    }
    free(before);
}

/* Files */

static bool load_json(const char *path, json_t **out)
{
    json_error_t error;

    *out = json_load_file(path, 0, &error);
    return *out != NULL;
}

/* The header of the given file; its first line. */
static json_t *read_header(const char *path)
{
    char *line = xmalloc(LINE_BYTES);
    FILE *stream = fopen(path, "rb");
    json_t *object = NULL, *header = NULL;

    if (stream && fgets(line, LINE_BYTES, stream))
        object = json_loads(line, 0, NULL);
    if (object)
        header = json_incref(json_object_get(object, "header"));
    json_decref(object);
    if (stream)
        fclose(stream);
    free(line);
    return header;
}

static bool open_scenario(struct replay *r, const char *folder, struct err *err)
{
    const char *table = json_string_value(json_object_get(r->header, "progress_table"));
    json_t *tables = NULL;
    char path[PATH_BYTES];
    char *yaml;
    int rc;

    if (table && strncmp(table, "see ", 4) == 0) {
        snprintf(path, sizeof path, "%s/%s", folder, table + 4);
        if (!load_json(path, &tables)) {
            differ(r, "cannot read %s", path);
            return false;
        }
    }
    yaml = scenario_yaml(r->header, tables);
    rc = scenario_parse(&r->scenario, r->path, "", yaml, NULL, 0, err);
    if (rc)
        differ(r, "%s", err->message);
    free(yaml);
    json_decref(tables);
    return rc == 0;
}

static bool open_world(struct replay *r, const char *arrivals, struct err *err)
{
    arrivals_init(&r->arrivals);
    if (arrivals_read(&r->arrivals, r->scenario, arrivals, 0, err)) {
        differ(r, "%s", err->message);
        return false;
    }
    r->world = world_new(r->scenario);
    world_show(r->world, INFO_ORACLE, NULL);
    world_watch(r->world, note_done, r);
    world_be_strict(r->world, true);
    if (json_number_value(json_object_get(r->header, "progress_noise_width")) > 0)
        world_set_noise(r->world, recorded_noise, r);
    world_reset(r->world, 0, &r->arrivals, err);
    plan_init(&r->plan, r->scenario->catalog.clusters);
    return true;
}

static bool open_tiresias(struct replay *r, struct err *err)
{
    const struct policy_ops *ops = policy_find("paper-tiresias");
    struct params params;
    struct policy_setup setup = {.catalog = &r->scenario->catalog, .params = &params};
    int rc;

    params_init(&params, ops->options);
    rc = policy_open(&r->policy, ops, &setup, err);
    params_release(&params);
    world_allow_below_minimum(r->world, true);
    if (rc)
        differ(r, "%s", err->message);
    return rc == 0;
}

static void replay_lines(struct replay *r, bool tiresias)
{
    next_line(r); /* the header */
    next_line(r); /* the state after reset */
    if (!tiresias)
        check_state(r);
    while (!r->why[0] && next_line(r)) {
        if (json_object_get(r->step, "summary"))
            check_summary(r);
        else if (tiresias)
            replay_slot(r);
        else
            replay_step(r);
    }
    if (!r->why[0] && r->line < 3)
        differ(r, "no steps");
}

static void close_replay(struct replay *r)
{
    policy_close(&r->policy);
    plan_release(&r->plan);
    world_free(r->world);
    arrivals_release(&r->arrivals);
    scenario_free(r->scenario);
    json_decref(r->header);
    json_decref(r->step);
    vector_release(&r->done);
    free(r->buffer);
    if (r->stream)
        fclose(r->stream);
}

/* name is "<scenario>.<variant>.seed<k>" or "<scenario>.<variant>.tiresias.seed<k>". */
static bool replay_file(const char *folder, const char *name)
{
    static const char mark[] = ".tiresias";
    struct replay r = {.buffer = xmalloc(LINE_BYTES)};
    const char *found = strstr(name, mark);
    char plain[256], path[PATH_BYTES];
    struct err err = {0};

    snprintf(plain, sizeof plain, "%s", name);
    if (found)
        snprintf(plain + (found - name), sizeof plain - (size_t)(found - name), "%s",
                 found + strlen(mark));
    snprintf(r.path, sizeof r.path, "%s/%s.steps.jsonl", folder, name);
    snprintf(path, sizeof path, "%s/%s.steps.jsonl", folder, plain);
    r.header = read_header(path);
    r.stream = fopen(r.path, "rb");
    if (!r.header || !r.stream)
        differ(&r, "no header of episode %s", plain);
    snprintf(path, sizeof path, "%s/%s.arrivals.jsonl", folder, plain);
    if (!r.why[0] && open_scenario(&r, folder, &err) && open_world(&r, path, &err) &&
        (!found || open_tiresias(&r, &err)))
        replay_lines(&r, found != NULL);
    printf("%-4s %s%s%s\n", r.why[0] ? "FAIL" : "ok", name, r.why[0] ? ": " : "", r.why);
    close_replay(&r);
    return !r.why[0];
}

static int is_steps_file(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 12 && strcmp(entry->d_name + length - 12, ".steps.jsonl") == 0;
}

int main(int argc, char **argv)
{
    struct dirent **entry = NULL;
    int passed = 0, failed = 0, count;

    if (argc != 2) {
        fprintf(stderr, "usage: golden_environment DIR\n");
        return 2;
    }
    count = scandir(argv[1], &entry, is_steps_file, alphasort);
    for (int i = 0; i < count; i++) {
        entry[i]->d_name[strlen(entry[i]->d_name) - 12] = '\0';
        if (replay_file(argv[1], entry[i]->d_name))
            passed++;
        else
            failed++;
        free(entry[i]);
    }
    free(entry);
    if (count <= 0) {
        fprintf(stderr, "%s: no *.steps.jsonl\n", argv[1]);
        failed++;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
