/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/book.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/emit.h"
#include "base/err.h"
#include "base/text.h"
#include "serve/quantity.h"
#include "serve/site.h"
#include "store/store.h"

const char *book_event_word(enum book_event event)
{
    static const char *const word[] = {
#define X(name, word, meaning) word,
        BOOK_EVENT_LIST(X)
#undef X
    };

    return word[event];
}

const char *book_event_meaning(enum book_event event)
{
    static const char *const meaning[] = {
#define X(name, word, meaning) meaning,
        BOOK_EVENT_LIST(X)
#undef X
    };

    return meaning[event];
}

static size_t find_place(const struct book *book, int64_t id)
{
    size_t low = 0, high = book->jobs.count;

    if (high && book->jobs.item[high - 1]->id < id)
        return high;
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (book->jobs.item[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct job *book_find(const struct book *book, int64_t id)
{
    size_t at = find_place(book, id);

    return at < book->jobs.count && book->jobs.item[at]->id == id ? book->jobs.item[at] : NULL;
}

bool book_find_text(const struct book *book, const char *text, struct job **job,
                    struct job_task **task)
{
    int64_t id;
    int32_t index;

    *job = NULL;
    *task = NULL;
    if (!job_read_id(text, &id, &index) || !(*job = book_find(book, id)))
        return false;
    if (index < 0)
        return true;
    *task = (*job)->is_array ? job_find_task(*job, index) : NULL;
    return *task != NULL;
}

void book_save_setting(struct book *book, enum book_setting setting, const char *doc)
{
    store_put(book->store, STORE_SETTING, setting, doc);
}

static void save_number(struct book *book, enum book_setting setting, int64_t value)
{
    char words[32];

    snprintf(words, sizeof words, "%lld", (long long)value);
    book_save_setting(book, setting, words);
}

static json_t *id_json(const struct job *job, const struct job_task *task)
{
    struct text id;
    json_t *value;

    text_init(&id, 0);
    if (task)
        job_print_id(task, &id);
    else
        text_add_int(&id, job->id);
    value = json_string(id.bytes);
    text_release(&id);
    return value;
}

void book_tell(struct book *book, enum book_event event, const struct job *job,
               const struct job_task *task, json_t *extra)
{
    int64_t now_us = clock_us(CLOCK_REALTIME), seq;
    json_t *doc = extra ? extra : json_object();
    char *words;

    if (job)
        json_object_set_new(doc, "id", id_json(job, task));
    if (task)
        json_object_set_new(doc, "state", json_string(job_state_word(task->state)));
    if (task && task->cluster >= 0) {
        json_object_set_new(doc, "cluster", json_string(book->site->cluster[task->cluster].name));
        json_object_set_new(doc, "allocation", job_allocation_json(&task->allocation, book->site));
    }
    words = json_dumps(doc, JSON_COMPACT);
    json_decref(doc);
    seq = store_append(book->store, now_us, book_event_word(event), job ? job->id : 0,
                       words ? words : "{}");
    if (book->listener)
        book->listener(book->listener_arg, seq, event, now_us, job, words ? words : "{}");
    free(words);
}

void book_spell(struct job_task *task, bool holds, bool failed)
{
    struct spell spell = {.at_us = clock_us(CLOCK_REALTIME), .cluster = -1, .failed = failed};

    if (holds) {
        spell.cluster = task->cluster;
        spell.allocation = task->allocation;
    }
    history_add(&task->history, &spell);
}

void book_save(struct book *book, struct job_task *task)
{
    json_t *doc = json_object();
    char *words;

    json_object_set_new(doc, "state", json_string(job_state_word(task->state)));
    json_object_set_new(doc, "order", json_integer(task->order));
    json_object_set_new(doc, "attempt", json_integer(task->attempt));
    json_object_set_new(doc, "attempts", json_integer(task->attempts));
    json_object_set_new(doc, "failures", json_integer(task->failures));
    if (task->cluster >= 0)
        json_object_set_new(doc, "cluster", json_string(book->site->cluster[task->cluster].name));
    json_object_set_new(doc, "allocation", job_allocation_json(&task->allocation, book->site));
    json_object_set_new(doc, "progress", json_real(task->progress));
    if (task->metrics)
        json_object_set_new(doc, "metrics", json_string(task->metrics));
    if (task->message)
        json_object_set_new(doc, "message", json_string(task->message));
    json_object_set_new(doc, "exit_code", json_integer(task->exit_code));
    json_object_set_new(doc, "exit_signal", json_integer(task->exit_signal));
    json_object_set_new(doc, "oom", json_boolean(task->oom));
    json_object_set_new(doc, "timed_out", json_boolean(task->timed_out));
    json_object_set_new(doc, "stopping", json_integer(task->stopping));
    json_object_set_new(doc, "queued_us", json_integer(task->queued_us));
    json_object_set_new(doc, "started_us", json_integer(task->started_us));
    json_object_set_new(doc, "ended_us", json_integer(task->ended_us));
    json_object_set_new(doc, "not_before_us", json_integer(task->not_before_us));
    json_object_set_new(doc, "used_s", json_real(task->used_s));
    json_object_set_new(doc, "most_bytes", json_integer((json_int_t)task->most_bytes));
    json_object_set_new(doc, "history", history_json(&task->history, book->site));
    words = json_dumps(doc, JSON_COMPACT);
    json_decref(doc);
    store_put(book->store, STORE_TASK, job_task_key(task), words ? words : "{}");
    free(words);
    book->version++;
}

static bool is_over(const struct job *job)
{
    for (int state = 0; state < JOB_STATES; state++)
        if (job->count[state] && !job_state_is_final((enum job_state)state))
            return false;
    return true;
}

/* Of a job that is over. */
static void count_end(struct book *book, const struct job *job)
{
    struct type_tally *tally = tally_type(&book->tally, job->type);

    tally->finished[job_state(job)]++;
    histogram_add(&tally->completion, histogram_long_s,
                  (double)(clock_us(CLOCK_REALTIME) - job->submitted_us) / 1e6);
}

void book_move(struct book *book, struct job_task *task, enum job_state state,
               enum book_event event)
{
    struct job *job = task->job;
    bool was_over = is_over(job);

    job->count[task->state]--;
    job->count[state]++;
    if (job_state_is_final(state) && !job_state_is_final(task->state)) {
        task->ended_us = clock_us(CLOCK_REALTIME);
        book->counts.finished[state]++;
    }
    task->state = state;
    book_save(book, task);
    job->version = book->version;
    if (job_state_is_final(state) && job->is_awaited)
        vector_push(&book->ended, ((struct ended){job->id, task->index}));
    if (job_state_is_final(state) && is_over(job))
        vector_push(&book->ended, ((struct ended){job->id, -1}));
    if (!was_over && is_over(job))
        count_end(book, job);
    if (event < BOOK_EVENTS)
        book_tell(book, event, job, task, NULL);
}

void book_note_awaited(struct book *book, const struct job *job)
{
    for (int32_t i = 0; i < job->afters; i++) {
        struct job *other = book_find(book, job->after[i].job);

        if (other && job->after[i].kind == AFTER_CORRESPONDING)
            other->is_awaited = true;
    }
}

void book_add(struct book *book, struct job *job, json_t *doc)
{
    char *words;

    job->id = ++book->last_job;
    job->submitted_us = clock_us(CLOCK_REALTIME);
    ulid_print(job->submitted_us, job->ulid);
    job->version = ++book->version;
    if (job->held)
        for (int32_t i = 0; i < job->tasks; i++)
            job->task[i].state = JOB_HELD;
    if (job->held) {
        job->count[JOB_HELD] = job->tasks;
        job->count[JOB_PENDING] = 0;
    }
    json_object_set_new(doc, "id", json_integer(job->id));
    json_object_set_new(doc, "uid", json_integer(job->uid));
    json_object_set_new(doc, "gid", json_integer(job->gid));
    if (job->user)
        json_object_set_new(doc, "user", json_string(job->user));
    json_object_set_new(doc, "submitted_us", json_integer(job->submitted_us));
    json_object_set_new(doc, "ulid", json_string(job->ulid));
    words = json_dumps(doc, JSON_COMPACT);
    BUG_ON(!words);
    store_put(book->store, STORE_JOB, job->id, words);
    free(words);
    save_number(book, SETTING_JOBS, book->last_job);
    vector_push(&book->jobs, job);
    book_note_awaited(book, job);
    book->counts.submitted += job->tasks;
    tally_type(&book->tally, job->type)->submitted++;
    book_tell(book, BOOK_SUBMITTED, job, NULL,
              json_pack("{s:s, s:s, s:i}", "name", job->name, "type", job->type, "tasks",
                        job->tasks));
}

json_t *book_read_doc(struct book *book, const struct job *job)
{
    struct text text;
    json_t *doc = NULL;

    text_init(&text, 0);
    if (store_get(book->store, STORE_JOB, job->id, &text, NULL) == 1)
        doc = json_loads(text.bytes, 0, NULL);
    text_release(&text);
    return doc;
}

/* 0: there is no such key. */
static void set_time(json_t *doc, const char *key, int64_t at_us)
{
    if (at_us)
        json_object_set_new(doc, key, quantity_time_json(at_us));
    else
        json_object_del(doc, key);
}

void book_save_job(struct book *book, struct job *job)
{
    json_t *doc = book_read_doc(book, job);
    char *words;

    BUG_ON(!doc);
    json_object_set_new(doc, "hold", json_boolean(job->held));
    json_object_set_new(doc, "priority", json_integer(job->priority));
    set_time(doc, "deadline", job->deadline_us);
    words = json_dumps(doc, JSON_COMPACT);
    json_decref(doc);
    store_put(book->store, STORE_JOB, job->id, words);
    free(words);
    job->version = ++book->version;
    doc = json_pack("{s:b, s:i}", "held", job->held, "priority", job->priority);
    set_time(doc, "deadline", job->deadline_us);
    book_tell(book, BOOK_CHANGED, job, NULL, doc);
}

void book_forget(struct book *book, struct job *job)
{
    size_t at = find_place(book, job->id);

    store_erase(book->store, STORE_JOB, job->id);
    for (int32_t i = 0; i < job->tasks; i++)
        store_erase(book->store, STORE_TASK, job_task_key(&job->task[i]));
    memmove(book->jobs.item + at, book->jobs.item + at + 1,
            (--book->jobs.count - at) * sizeof *book->jobs.item);
    job_free(job);
}

int32_t book_count_unmet(const struct book *book, const struct job *job, bool *failed)
{
    int32_t unmet = 0;

    *failed = false;
    for (int32_t i = 0; i < job->afters; i++) {
        const struct job *other = book_find(book, job->after[i].job);
        bool went_well;

        if (!other || job->after[i].kind == AFTER_CORRESPONDING)
            continue; /* forgotten long ago, or never there: submission refuses that */
        if (!is_over(other)) {
            unmet++;
            continue;
        }
        went_well = job_state(other) == JOB_SUCCEEDED;
        *failed |= (job->after[i].kind == AFTER_OK && !went_well) ||
                   (job->after[i].kind == AFTER_NOT_OK && went_well);
    }
    return unmet;
}

int32_t book_count_unmet_of(const struct book *book, const struct job_task *task, bool *failed)
{
    const struct job *job = task->job;
    int32_t unmet = 0;

    *failed = false;
    for (int32_t i = 0; i < job->afters; i++) {
        struct job *other =
            job->after[i].kind == AFTER_CORRESPONDING ? book_find(book, job->after[i].job) : NULL;
        const struct job_task *same = other ? job_find_task(other, task->index) : NULL;

        if (!same)
            continue;
        unmet += !job_state_is_final(same->state);
        *failed |= job_state_is_final(same->state) && same->state != JOB_SUCCEEDED;
    }
    return unmet;
}

static void emit_time(struct emit *e, const char *key, int64_t at_us)
{
    emit_key(e, key);
    quantity_emit_time(e, at_us);
}

static void emit_end(struct emit *e, const struct job_task *task)
{
    emit_key(e, "exit_code");
    if (task->exit_signal || task->exit_code < 0)
        emit_null(e);
    else
        emit_int(e, task->exit_code);
    emit_key(e, "exit_signal");
    if (task->exit_signal)
        emit_int(e, task->exit_signal);
    else
        emit_null(e);
    emit_key_bool(e, "oom", task->oom);
    emit_key_bool(e, "timed_out", task->timed_out);
    emit_key_real(e, "cpu_s", task->used_s);
    emit_key_int(e, "most_bytes", (int64_t)task->most_bytes);
}

void book_emit_task(const struct book *book, const struct job_task *task, struct emit *e)
{
    bool placed = task->state == JOB_RUNNING || task->state == JOB_STARTING;

    emit_key_bool(e, "stopping", task->stopping != STOP_NONE);
    emit_key_string(e, "cluster",
                    task->cluster >= 0 ? book->site->cluster[task->cluster].name : NULL);
    emit_key(e, "allocation");
    if (placed || task->attempts)
        job_emit_allocation(e, &task->allocation, book->site);
    else
        emit_null(e);
    emit_key(e, "progress");
    if (task->progress >= 0)
        emit_real(e, task->progress);
    else
        emit_null(e);
    emit_key(e, "metrics");
    emit_raw(e, task->metrics ? task->metrics : "{}");
    emit_key_int(e, "attempts", task->attempts);
    emit_key_int(e, "failures", task->failures);
    emit_key_string(e, "message", task->message);
    if (job_state_is_final(task->state) && task->attempts)
        emit_end(e, task);
    emit_time(e, "submitted_at", task->job->submitted_us);
    emit_time(e, "started_at", task->started_us);
    emit_time(e, "ended_at", job_state_is_final(task->state) ? task->ended_us : 0);
}

void book_emit_task_head(const struct job_task *task, struct emit *e)
{
    struct text id;

    text_init(&id, 0);
    job_print_id(task, &id);
    emit_key_string(e, "id", id.bytes);
    emit_key_string(e, "state", job_state_word(task->state));
    text_release(&id);
}

json_t *book_task_json(const struct book *book, const struct job_task *task)
{
    struct text words;
    struct emit e;
    json_t *doc;

    text_init(&words, 0);
    emit_init(&e, &words);
    emit_open(&e, '{');
    book_emit_task_head(task, &e);
    book_emit_task(book, task, &e);
    emit_close(&e);
    doc = json_loads(words.bytes, 0, NULL);
    BUG_ON(!doc);
    text_release(&words);
    return doc;
}

/* Loading. */

struct loading {
    struct book *book;
    struct err *err;
    int rc;
};

static bool load_job(void *arg, int64_t id, const char *words)
{
    struct loading *loading = arg;
    json_t *doc = json_loads(words, 0, NULL);
    struct job *job = NULL;

    if (!doc)
        loading->rc =
            err_set(loading->err, ERR_CORRUPT, "job %lld in the store is no JSON", (long long)id);
    else
        loading->rc = job_parse(&job, doc, loading->book->site, false, loading->err);
    json_decref(doc);
    if (!job)
        return false;
    job->id = id;
    job->version = ++loading->book->version;
    if (job->held) {
        for (int32_t i = 0; i < job->tasks; i++)
            job->task[i].state = JOB_HELD;
        job->count[JOB_HELD] = job->tasks;
        job->count[JOB_PENDING] = 0;
    }
    vector_push(&loading->book->jobs, job);
    return true;
}

static int64_t int_of(const json_t *doc, const char *key)
{
    return json_integer_value(json_object_get(doc, key));
}

static char *text_of(const json_t *doc, const char *key)
{
    const char *value = json_string_value(json_object_get(doc, key));

    return value ? xstrdup(value) : NULL;
}

/* A text that is JSON itself, or NULL. */
static char *json_of(const json_t *doc, const char *key)
{
    char *words = text_of(doc, key);
    json_t *value = words ? json_loads(words, JSON_DECODE_ANY, NULL) : NULL;

    if (!value) {
        free(words);
        words = NULL;
    }
    json_decref(value);
    return words;
}

static void fill_task(const struct book *book, struct job_task *task, const json_t *doc)
{
    const char *state = json_string_value(json_object_get(doc, "state"));
    const char *cluster = json_string_value(json_object_get(doc, "cluster"));
    int found = state ? job_state_find(state, strlen(state)) : -1;

    task->job->count[task->state]--;
    task->state = found >= 0 ? (enum job_state)found : JOB_PENDING;
    task->job->count[task->state]++;
    task->order = int_of(doc, "order");
    task->attempt = int_of(doc, "attempt");
    task->attempts = (int)int_of(doc, "attempts");
    task->failures = (int)int_of(doc, "failures");
    task->cluster = cluster ? site_find_cluster(book->site, cluster) : -1;
    job_read_allocation(json_object_get(doc, "allocation"), "allocation", &task->allocation, NULL);
    task->progress = json_number_value(json_object_get(doc, "progress"));
    task->metrics = json_of(doc, "metrics");
    task->message = text_of(doc, "message");
    task->exit_code = (int)int_of(doc, "exit_code");
    task->exit_signal = (int)int_of(doc, "exit_signal");
    task->oom = json_is_true(json_object_get(doc, "oom"));
    task->timed_out = json_is_true(json_object_get(doc, "timed_out"));
    task->stopping = (enum stop_reason)int_of(doc, "stopping");
    task->queued_us = int_of(doc, "queued_us");
    task->started_us = int_of(doc, "started_us");
    task->ended_us = int_of(doc, "ended_us");
    task->not_before_us = int_of(doc, "not_before_us");
    task->used_s = json_number_value(json_object_get(doc, "used_s"));
    task->most_bytes = json_number_value(json_object_get(doc, "most_bytes"));
    history_read(&task->history, json_object_get(doc, "history"), book->site);
}

static bool load_task(void *arg, int64_t key, const char *words)
{
    struct loading *loading = arg;
    struct job *job = book_find(loading->book, key >> JOB_TASK_BITS);
    int64_t at = key & ((1 << JOB_TASK_BITS) - 1);
    json_t *doc = json_loads(words, 0, NULL);

    if (!doc)
        loading->rc =
            err_set(loading->err, ERR_CORRUPT, "task %lld in the store is no JSON", (long long)key);
    else if (job && at < job->tasks)
        fill_task(loading->book, &job->task[at], doc);
    json_decref(doc);
    return loading->rc == 0;
}

static int read_number(struct book *book, enum book_setting setting, int64_t *out, struct err *err)
{
    struct text text;
    int rc;

    text_init(&text, 0);
    rc = store_get(book->store, STORE_SETTING, setting, &text, err);
    *out = rc == 1 ? strtoll(text.bytes, NULL, 10) : 0;
    text_release(&text);
    return rc < 0 ? rc : 0;
}

int book_open(struct book *book, const struct site *site, struct store *store, struct err *err)
{
    struct loading loading = {.book = book, .err = err};
    int rc;

    *book = (struct book){.site = site, .store = store};
    tally_open(&book->tally, site->clusters);
    rc = read_number(book, SETTING_JOBS, &book->last_job, err);
    if (rc == 0)
        rc = read_number(book, SETTING_ATTEMPTS, &book->last_attempt, err);
    if (rc == 0)
        rc = store_each(store, STORE_JOB, load_job, &loading, err);
    if (rc == 0 && loading.rc == 0)
        rc = store_each(store, STORE_TASK, load_task, &loading, err);
    if (rc == 0)
        rc = loading.rc;
    for (size_t i = 0; i < book->jobs.count; i++)
        for (int32_t t = 0; t < book->jobs.item[i]->tasks; t++)
            if (book->jobs.item[i]->task[t].order > book->last_order)
                book->last_order = book->jobs.item[i]->task[t].order;
    for (size_t i = 0; i < book->jobs.count; i++)
        book_note_awaited(book, book->jobs.item[i]);
    return rc;
}

void book_close(struct book *book)
{
    for (size_t i = 0; i < book->jobs.count; i++)
        job_free(book->jobs.item[i]);
    vector_release(&book->jobs);
    vector_release(&book->ended);
    tally_close(&book->tally);
}
