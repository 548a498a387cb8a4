/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job as JSON, all keys but "command" optional:
 *
 *     {"name":"hp", "type":"resnet50", "command":["./train.sh"], "cwd":"/home/ann",
 *      "env":{"A":"b"}, "request":{"cpu":2,"gpu":1,"mem_bytes":4294967296}, "min":{..}, "max":{..},
 *      "array":"1-8%2" or "each":["a","b"], "after":"ok:12,any:13,corr:14", "priority":0,
 * "reach":["edge-a"], "labels":{"team":"vision"}, "hold":false,
 * "not_before":"2026-11-22T05:00:00Z", "deadline":"..", "timeout_s":3600, "grace_s":10,
 * "retries":2, "backoff_s":5}
 *
 * A request is what the task gets, no more and no less; min and max leave the amount to the policy.
 * The store keeps the same with "id", "uid", "gid", "user", "ulid", "submitted_us" and "held".
 */
#include "serve/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/option.h"
#include "base/order.h"
#include "base/text.h"
#include "base/vector.h"
#include "serve/quantity.h"
#include "serve/site.h"

enum { MAX_WORDS = 4096, MAX_AFTERS = 1000, MAX_NAME = 200, MAX_ENTRIES = 10000 };

const char *job_state_word(enum job_state state)
{
    static const char *const word[] = {
#define X(name, word, meaning, final) word,
        JOB_STATE_LIST(X)
#undef X
    };

    return word[state];
}

bool job_state_is_final(enum job_state state)
{
    static const bool is_final[] = {
#define X(name, word, meaning, final) final,
        JOB_STATE_LIST(X)
#undef X
    };

    return is_final[state];
}

int job_state_find(const char *word, size_t length)
{
    for (int state = 0; state < JOB_STATES; state++)
        if (strlen(job_state_word((enum job_state)state)) == length &&
            strncasecmp(job_state_word((enum job_state)state), word, length) == 0)
            return state;
    return -1;
}

enum job_state job_state(const struct job *job)
{
    static const enum job_state order[] = {JOB_RUNNING, JOB_STARTING, JOB_PENDING, JOB_HELD,
                                           JOB_FAILED,  JOB_LOST,     JOB_CANCELED};

    for (size_t i = 0; i < COUNT_OF(order); i++)
        if (job->count[order[i]])
            return order[i];
    return JOB_SUCCEEDED;
}

void job_free(struct job *job)
{
    if (!job)
        return;
    for (int32_t i = 0; i < job->tasks; i++) {
        free(job->task[i].metrics);
        free(job->task[i].message);
        vector_release(&job->task[i].history.list);
    }
    free(job->task);
    free(job->after);
    free(job->cluster);
    free(job->name);
    free(job->user);
    free(job->type);
    free(job->labels);
    free(job->members);
    free(job);
}

int64_t job_task_key(const struct job_task *task)
{
    return task->job->id << JOB_TASK_BITS | (task - task->job->task);
}

void job_print_id(const struct job_task *task, struct text *out)
{
    text_add_int(out, task->job->id);
    if (task->job->is_array)
        text_printf(out, ".%d", task->index);
}

bool job_read_id(const char *text, int64_t *job, int32_t *index)
{
    char *end;
    long member;

    *index = -1;
    if (*text < '1' || *text > '9' || strlen(text) > 30)
        return false;
    *job = strtoll(text, &end, 10);
    if (*end == 0)
        return true;
    if (*end != '.' || end[1] < '0' || end[1] > '9')
        return false;
    member = strtol(end + 1, &end, 10);
    *index = (int32_t)member;
    return *end == 0 && member <= INT32_MAX;
}

int job_by_order(const void *a, const void *b)
{
    const struct job_task *const *x = a, *const *y = b;

    return ((*x)->order > (*y)->order) - ((*x)->order < (*y)->order);
}

struct job_task *job_find_task(struct job *job, int32_t index)
{
    int32_t low = 0, high = job->tasks;

    while (low < high) {
        int32_t middle = low + (high - low) / 2;

        if (job->task[middle].index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low < job->tasks && job->task[low].index == index ? &job->task[low] : NULL;
}

json_t *job_allocation_json(const struct allocation *allocation, const struct site *site)
{
    json_t *map = json_object();

    json_object_set_new(map, "cpu", json_integer(allocation->amount[SITE_CPU]));
    json_object_set_new(map, "gpu", json_integer(allocation->amount[SITE_GPU]));
    if (site->has_mem)
        json_object_set_new(map, "mem_bytes",
                            json_integer(allocation->amount[SITE_MEM] * SITE_MEM_UNIT_BYTES));
    return map;
}

void job_emit_allocation(struct emit *e, const struct allocation *allocation,
                         const struct site *site)
{
    emit_open(e, '{');
    emit_key_int(e, "cpu", allocation->amount[SITE_CPU]);
    emit_key_int(e, "gpu", allocation->amount[SITE_GPU]);
    if (site->has_mem)
        emit_key_int(e, "mem_bytes", allocation->amount[SITE_MEM] * SITE_MEM_UNIT_BYTES);
    emit_close(e);
}

int job_read_allocation(const json_t *map, const char *what, struct allocation *out,
                        struct err *err)
{
    const char *name;
    json_t *value;

    if (!json_is_object(map))
        return err_set(err, ERR_INVALID, "%s: expected an object like {\"cpu\":2}", what);
    json_object_foreach ((json_t *)(uintptr_t)map, name, value) {
        json_int_t amount = json_integer_value(value);
        int resource = strcmp(name, "cpu") == 0         ? SITE_CPU
                       : strcmp(name, "gpu") == 0       ? SITE_GPU
                       : strcmp(name, "mem_bytes") == 0 ? SITE_MEM
                                                        : -1;

        if (resource < 0)
            return err_set(err, ERR_INVALID,
                           "%s: unknown resource \"%.40s\"; expected cpu, gpu "
                           "or mem_bytes",
                           what, name);
        if (resource == SITE_MEM)
            amount = amount / SITE_MEM_UNIT_BYTES + (amount % SITE_MEM_UNIT_BYTES > 0);
        if (!json_is_integer(value) || amount < 0 || amount > MAX_QUANTITY)
            return err_set(err, ERR_INVALID, "%s.%s: expected a whole number from 0", what, name);
        out->amount[resource] = (int32_t)amount;
    }
    return 0;
}

static int read_text(const json_t *doc, const char *key, const char *initial, char **out,
                     struct err *err)
{
    const json_t *value = json_object_get(doc, key);

    if (value && (!json_is_string(value) || json_string_length(value) > MAX_NAME))
        return err_set(err, ERR_INVALID, "%s: expected a text of up to %d bytes", key, MAX_NAME);
    *out = value ? xstrdup(json_string_value(value)) : initial ? xstrdup(initial) : NULL;
    for (const unsigned char *c = (const unsigned char *)*out; c && *c; c++)
        if (*c < 0x20 || *c == 0x7F)
            return err_set(err, ERR_INVALID, "%s: holds a control character", key);
    return 0;
}

static int read_number(const json_t *doc, const char *key, double low, double high, double *out,
                       struct err *err)
{
    const json_t *value = json_object_get(doc, key);

    if (!value)
        return 0;
    if (!json_is_number(value) || !(json_number_value(value) >= low) ||
        json_number_value(value) > high)
        return err_set(err, ERR_INVALID, "%s: expected a number from %g to %g", key, low, high);
    *out = json_number_value(value);
    return 0;
}

static int read_count(const json_t *doc, const char *key, double low, double high, int32_t *out,
                      struct err *err)
{
    double value = *out;
    int rc = read_number(doc, key, low, high, &value, err);

    if (rc == 0 && value != (double)(int32_t)value)
        return err_set(err, ERR_INVALID, "%s: expected a whole number", key);
    *out = (int32_t)value;
    return rc;
}

static int read_time(const json_t *doc, const char *key, int64_t *out, struct err *err)
{
    const json_t *value = json_object_get(doc, key);

    if (!value)
        return 0;
    if (!json_is_string(value))
        return err_set(err, ERR_INVALID, "%s: expected a time", key);
    if (quantity_time(json_string_value(value), out, err))
        return err_prefix(err, "%s", key);
    return 0;
}

static int check_command(const json_t *doc, struct err *err)
{
    const json_t *command = json_object_get(doc, "command"), *env = json_object_get(doc, "env");
    const json_t *cwd = json_object_get(doc, "cwd");
    const char *name;
    json_t *value;

    if (!json_is_array(command) || json_array_size(command) < 1 ||
        json_array_size(command) > MAX_WORDS)
        return err_set(err, ERR_INVALID, "command: expected a list of 1 to %d texts", MAX_WORDS);
    for (size_t i = 0; i < json_array_size(command); i++)
        if (!json_is_string(json_array_get(command, i)) ||
            strlen(json_string_value(json_array_get(command, i))) !=
                json_string_length(json_array_get(command, i)))
            return err_set(err, ERR_INVALID, "command[%zu]: expected a text", i);
    if (!*json_string_value(json_array_get(command, 0)))
        return err_set(err, ERR_INVALID, "command[0]: empty");
    if (cwd && (!json_is_string(cwd) || *json_string_value(cwd) != '/'))
        return err_set(err, ERR_INVALID, "cwd: expected an absolute path");
    if (env && !json_is_object(env))
        return err_set(err, ERR_INVALID, "env: expected an object");
    json_object_foreach ((json_t *)(uintptr_t)env, name, value)
        if (!json_is_string(value) || strchr(name, '=') || !*name)
            return err_set(err, ERR_INVALID, "env.%.40s: expected a text", name);
    return 0;
}

static int check_keys(const json_t *doc, struct err *err)
{
    static const char *const known[] = {"name",        "type",      "command",  "cwd",
                                        "env",         "request",   "min",      "max",
                                        "array",       "after",     "priority", "reach",
                                        "labels",      "hold",      "deadline", "grace_s",
                                        "not_before",  "timeout_s", "retries",  "backoff_s",
                                        "force_queue", "each"};
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)doc, name, value) {
        const char *near;
        size_t i = 0;

        while (i < COUNT_OF(known) && strcmp(known[i], name) != 0)
            i++;
        if (i < COUNT_OF(known))
            continue;
        near = nearest_name(known, (int)COUNT_OF(known), name);
        return err_set(err, ERR_INVALID, "unknown key \"%.40s\"%s%s%s", name,
                       near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
    return 0;
}

typedef VECTOR(int32_t) members; /* NOLINT(readability-identifier-naming) */

/* A number that is not negative; *at moves behind it. */
static bool read_member(const char **at, long *out)
{
    char *end;

    if (**at < '0' || **at > '9')
        return false;
    *out = strtol(*at, &end, 10);
    *at = end;
    return *out <= INT32_MAX;
}

/* "4", "6-9" or "0-10:2"; *at moves behind it and a comma. */
static bool read_range(const char **at, members *out)
{
    long from, to, step = 1;

    if (!read_member(at, &from))
        return false;
    to = from;
    if (**at == '-' && (++*at, !read_member(at, &to)))
        return false;
    if (**at == ':' && (++*at, !read_member(at, &step)))
        return false;
    if (to < from || step < 1 || (**at && **at != ',' && **at != '%'))
        return false;
    for (; from <= to && out->count <= JOB_TASKS_MAX; from += step)
        vector_push(out, (int32_t)from);
    *at += **at == ',';
    return true;
}

/* "%8" at the end */
static bool read_running_limit(struct job *job, const char *at)
{
    long limit;

    if (!*at)
        return true;
    at++;
    if (!read_member(&at, &limit) || *at || limit < 1)
        return false;
    job->running_limit = (int32_t)limit;
    return true;
}

/* Sorted and each once, they become the job's tasks. */
static bool keep_members(struct job *job, const members *list)
{
    vector_sort(list, order_int32);
    job->tasks = (int32_t)list->count;
    job->task = xcalloc(list->count, sizeof *job->task);
    job->is_array = true;
    for (size_t i = 0; i < list->count; i++) {
        job->task[i].index = list->item[i];
        if (i > 0 && list->item[i] == list->item[i - 1])
            return false;
    }
    return true;
}

/* "1-100%8", "0,4,6-9", "0-10:2" */
static int read_array(struct job *job, const char *text, struct err *err)
{
    const char *at = text;
    members list = {0};
    bool good = true;
    int rc = 0;

    while (good && *at && *at != '%')
        good = read_range(&at, &list);
    if (list.count > JOB_TASKS_MAX)
        rc = err_set(err, ERR_LIMIT, "array: more than %d members", JOB_TASKS_MAX);
    else if (good && list.count && read_running_limit(job, at) && keep_members(job, &list))
        job->members = xstrdup(text);
    else
        rc = err_set(err, ERR_INVALID,
                     "array: \"%.40s\": expected members like 1-8, 0,4,6-9, 0-10:2 or 1-100%%8",
                     text);
    vector_release(&list);
    return rc;
}

/* One member for each entry, counted from 1. */
static int read_each(struct job *job, const json_t *list, struct err *err)
{
    size_t count = json_array_size(list);
    struct text range;

    if (!json_is_array(list) || count < 1 || count > MAX_ENTRIES)
        return err_set(err, ERR_INVALID, "each: expected a list of 1 to %d texts", MAX_ENTRIES);
    for (size_t i = 0; i < count; i++)
        if (!json_is_string(json_array_get(list, i)) ||
            strlen(json_string_value(json_array_get(list, i))) !=
                json_string_length(json_array_get(list, i)))
            return err_set(err, ERR_INVALID, "each[%zu]: expected a text", i);
    job->tasks = (int32_t)count;
    job->task = xcalloc(count, sizeof *job->task);
    job->is_array = true;
    for (int32_t i = 0; i < job->tasks; i++)
        job->task[i].index = i + 1;
    text_init(&range, 0);
    text_printf(&range, "1-%d", job->tasks);
    job->members = text_take(&range);
    return 0;
}

static void make_tasks(struct job *job)
{
    if (!job->tasks) {
        job->tasks = 1;
        job->task = xcalloc(1, sizeof *job->task);
    }
    for (int32_t i = 0; i < job->tasks; i++) {
        struct job_task *task = &job->task[i];

        task->job = job;
        task->world = task->cluster = task->move_to = -1;
        task->progress = task->grace_s = -1;
        task->state = JOB_PENDING;
    }
    job->count[JOB_PENDING] = job->tasks;
}

static int add_dependency(struct job *job, const char *word, size_t length, struct err *err)
{
    static const struct {
        const char *word;
        enum dependency_kind kind;
    } kinds[] = {{"ok:", AFTER_OK},
                 {"any:", AFTER_ANY},
                 {"notok:", AFTER_NOT_OK},
                 {"corr:", AFTER_CORRESPONDING}};
    struct dependency after = {.kind = AFTER_OK};
    char *end;

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strncmp(word, kinds[i].word, strlen(kinds[i].word)) == 0) {
            after.kind = kinds[i].kind;
            length -= strlen(kinds[i].word);
            word += strlen(kinds[i].word);
            break;
        }
    after.job = strtoll(word, &end, 10);
    if (end != word + length || after.job < 1 || job->afters >= MAX_AFTERS)
        return err_set(err, ERR_INVALID,
                       "after: \"%.40s\": expected ID, ok:ID, any:ID, notok:ID or corr:ID", word);
    job->after = xrealloc(job->after, (size_t)job->afters + 1, sizeof *job->after);
    job->after[job->afters++] = after;
    return 0;
}

static int read_after(struct job *job, const json_t *value, struct err *err)
{
    const char *at = json_string_value(value);
    int rc = 0;

    if (value && !at)
        return err_set(err, ERR_INVALID, "after: expected a text like \"ok:12,any:13\"");
    while (at && *at && rc == 0) {
        size_t length = strcspn(at, ",");

        rc = add_dependency(job, at, length, err);
        at += length + (at[length] == ',');
    }
    return rc;
}

static int read_reach(struct job *job, const json_t *list, const struct site *site, bool strict,
                      struct err *err)
{
    job->cluster = xcalloc((size_t)site->clusters, sizeof *job->cluster);
    if (list && !json_is_array(list))
        return err_set(err, ERR_INVALID, "reach: expected a list of clusters");
    for (int c = 0; c < site->clusters; c++) {
        bool wanted = !list;

        for (size_t i = 0; i < json_array_size(list); i++) {
            const char *name = json_string_value(json_array_get(list, i));

            wanted |= name && strcmp(name, site->cluster[c].name) == 0;
        }
        if (wanted) {
            job->cluster[job->reach.count++] = c;
            job->reach.bits |= 1ull << (c & 63);
        }
    }
    job->reach.cluster = job->cluster;
    for (size_t i = 0; strict && i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));

        if (!name || site_find_cluster(site, name) < 0)
            return err_set(err, ERR_INVALID, "reach: no cluster \"%.40s\"", name ? name : "");
    }
    if (strict && job->reach.count == 0)
        return err_set(err, ERR_INVALID, "reach: empty");
    return 0;
}

/* Nothing runs without a processor. */
static int check_processors(const json_t *map, const char *what, struct err *err)
{
    const json_t *cpu = json_object_get(map, "cpu");

    return json_is_integer(cpu) && json_integer_value(cpu) < 1
               ? err_set(err, ERR_INVALID, "%s.cpu: expected a whole number from 1", what)
               : 0;
}

static int read_limits(struct job *job, const json_t *doc, struct err *err)
{
    const json_t *request = json_object_get(doc, "request");
    const json_t *min = json_object_get(doc, "min"), *max = json_object_get(doc, "max");
    int rc = check_processors(request, "request", err);

    if (rc == 0)
        rc = check_processors(min, "min", err);
    if (rc == 0)
        rc = check_processors(max, "max", err);
    job->has_request = request != NULL;
    job->has_min = min != NULL;
    job->has_max = max != NULL;
    job->request.amount[SITE_CPU] = job->min.amount[SITE_CPU] = 1;
    if (request && (min || max))
        return err_set(err, ERR_INVALID, "request: leaves no room for min or max");
    if (rc == 0 && request)
        rc = job_read_allocation(request, "request", &job->request, err);
    if (rc == 0 && min)
        rc = job_read_allocation(min, "min", &job->min, err);
    if (rc == 0 && max) {
        job->max = job->min;
        rc = job_read_allocation(max, "max", &job->max, err);
    }
    if (request)
        job->min = job->max = job->request;
    if (rc == 0 && max && !allocation_fits(&job->min, &job->max))
        return err_set(err, ERR_INVALID, "min: above max");
    return rc;
}

static int read_labels(struct job *job, const json_t *map, struct err *err)
{
    const char *name;
    json_t *value;

    if (!map)
        return 0;
    if (!json_is_object(map) || json_object_size(map) > 64)
        return err_set(err, ERR_INVALID, "labels: expected an object of up to 64 texts");
    json_object_foreach ((json_t *)(uintptr_t)map, name, value)
        if (!json_is_string(value) || json_string_length(value) > MAX_NAME)
            return err_set(err, ERR_INVALID, "labels.%.40s: expected a text of up to %d bytes",
                           name, MAX_NAME);
    job->labels = json_dumps(map, JSON_COMPACT | JSON_SORT_KEYS);
    return 0;
}

static int check_type_name(const char *name, struct err *err)
{
    if (!*name || strlen(name) > 40 || strpbrk(name, " \t\r\n,;:/\\\"'{}[]=|"))
        return err_set(err, ERR_INVALID,
                       "type: \"%.60s\": expected 1 to 40 characters, none of them a space or one "
                       "of ,;:/\\\"'{}[]=|",
                       name);
    return 0;
}

static int read_words(struct job *job, const json_t *doc, struct err *err)
{
    const char *program = json_string_value(json_array_get(json_object_get(doc, "command"), 0));
    const char *slash = program ? strrchr(program, '/') : NULL;
    char initial[MAX_NAME + 1];
    int rc;

    snprintf(initial, sizeof initial, "%.100s", slash && slash[1] ? slash + 1 : program);
    for (char *c = initial; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = '?';
    rc = read_text(doc, "name", initial, &job->name, err);
    if (rc == 0)
        rc = read_text(doc, "type", "default", &job->type, err);
    if (rc == 0)
        rc = check_type_name(job->type, err);
    return rc ? rc : read_labels(job, json_object_get(doc, "labels"), err);
}

static int read_numbers(struct job *job, const json_t *doc, struct err *err)
{
    int rc;

    job->grace_s = 10;
    job->backoff_s = 5;
    rc = read_count(doc, "priority", -1000, 1000, &job->priority, err);
    if (rc == 0)
        rc = read_count(doc, "retries", 0, 1000, &job->retries, err);
    if (rc == 0)
        rc = read_number(doc, "timeout_s", 0, 1e9, &job->timeout_s, err);
    if (rc == 0)
        rc = read_number(doc, "grace_s", 0, 86400, &job->grace_s, err);
    if (rc == 0)
        rc = read_number(doc, "backoff_s", 0, 86400, &job->backoff_s, err);
    if (rc == 0)
        rc = read_time(doc, "not_before", &job->not_before_us, err);
    if (rc == 0)
        rc = read_time(doc, "deadline", &job->deadline_us, err);
    return rc;
}

/* What only the store says. */
static void read_kept(struct job *job, const json_t *doc)
{
    const char *user = json_string_value(json_object_get(doc, "user"));
    const char *ulid = json_string_value(json_object_get(doc, "ulid"));

    if (ulid)
        snprintf(job->ulid, sizeof job->ulid, "%s", ulid);
    job->id = json_integer_value(json_object_get(doc, "id"));
    job->uid = (uid_t)json_integer_value(json_object_get(doc, "uid"));
    job->gid = (gid_t)json_integer_value(json_object_get(doc, "gid"));
    job->submitted_us = json_integer_value(json_object_get(doc, "submitted_us"));
    if (user)
        job->user = xstrdup(user);
}

int job_parse(struct job **out, const json_t *doc, const struct site *site, bool strict,
              struct err *err)
{
    struct job *job = xcalloc(1, sizeof *job);
    const json_t *array = json_object_get(doc, "array"), *each = json_object_get(doc, "each");
    int rc = json_is_object(doc) ? 0 : err_set(err, ERR_INVALID, "expected a JSON object");

    if (rc == 0 && strict)
        rc = check_keys(doc, err);
    if (rc == 0)
        rc = check_command(doc, err);
    if (rc == 0)
        rc = read_words(job, doc, err);
    if (rc == 0)
        rc = read_numbers(job, doc, err);
    if (rc == 0)
        rc = read_limits(job, doc, err);
    if (rc == 0)
        rc = read_reach(job, json_object_get(doc, "reach"), site, strict, err);
    if (rc == 0 && array)
        rc = json_is_string(array)
                 ? read_array(job, json_string_value(array), err)
                 : err_set(err, ERR_INVALID, "array: expected a text like \"1-8\"");
    if (rc == 0 && each)
        rc = array ? err_set(err, ERR_INVALID, "each: leaves no room for array")
                   : read_each(job, each, err);
    if (rc == 0)
        rc = read_after(job, json_object_get(doc, "after"), err);
    job->held = json_is_true(json_object_get(doc, "hold"));
    job->told_reason = -1;
    if (!strict)
        read_kept(job, doc);
    make_tasks(job);
    if (rc)
        job_free(job);
    *out = rc ? NULL : job;
    return rc;
}
