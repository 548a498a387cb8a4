/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/trace.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"

enum { MOST_POINTS = 4096, STOP_EVERY = 4096 };

const struct trace_words trace_drop_words[TRACE_DROPS] = {
#define X(name, key, words) {key, words},
    TRACE_DROP_LIST(X)
#undef X
};

const struct trace_words trace_note_words[TRACE_NOTES] = {
#define X(name, key, words) {key, words},
    TRACE_NOTE_LIST(X)
#undef X
};

void trace_init(struct trace *trace)
{
    *trace = (struct trace){.last_type = -1};
    arena_init(&trace->arena);
}

void trace_release(struct trace *trace)
{
    for (size_t i = 0; i < trace->types.count; i++)
        vector_release(&trace->types.item[i].points);
    vector_release(&trace->types);
    vector_release(&trace->type_table);
    vector_release(&trace->sites);
    vector_release(&trace->factors);
    arena_release(&trace->arena);
}

int trace_find_resource(const struct trace *trace, const char *name)
{
    for (int r = 0; r < trace->resources; r++)
        if (strcmp(trace->resource[r].name, name) == 0)
            return r;
    return -1;
}

int trace_resource(struct trace *trace, const char *name, const char *unit)
{
    int found = trace_find_resource(trace, name);

    if (found >= 0)
        return found;
    if (trace->resources == MAX_RESOURCES)
        return -1;
    trace->resource[trace->resources] = (struct trace_resource){arena_strdup(&trace->arena, name),
                                                                arena_strdup(&trace->arena, unit)};
    return trace->resources++;
}

struct trace_name trace_clean_name(const char *name)
{
    struct trace_name out = {"task"};
    char *clean = out.text;
    size_t length = 0;

    for (const char *at = name; *at && length < TRACE_NAME_BYTES; at++) {
        char c = (char)tolower((unsigned char)*at);

        if (!isalnum((unsigned char)c) && c != '_' && c != '.')
            c = '-';
        if (c == '-' && (length == 0 || clean[length - 1] == '-'))
            continue;
        clean[length++] = c;
        clean[length] = '\0';
    }
    while (length > 0 && clean[length - 1] == '-')
        clean[--length] = '\0';
    return out;
}

/* Types by name, open addressing. */

static uint64_t hash_name(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    return hash ^ hash >> 29;
}

/* The slot that holds the type, or the free one where it would be. */
static size_t find_slot(const struct trace *trace, const char *name)
{
    size_t mask = trace->type_table.count - 1, at = (size_t)hash_name(name) & mask;

    while (trace->type_table.item[at] &&
           strcmp(trace->types.item[trace->type_table.item[at] - 1].name, name) != 0)
        at = (at + 1) & mask;
    return at;
}

int trace_find_type(const struct trace *trace, const char *name)
{
    if (trace->type_table.count == 0)
        return -1;
    return trace->type_table.item[find_slot(trace, name)] - 1;
}

int trace_type(struct trace *trace, const char *name, const char *source)
{
    int found;

    if (trace->last_type >= 0 && strcmp(trace->types.item[trace->last_type].name, name) == 0)
        return trace->last_type;
    found = trace_find_type(trace, name);
    if (found < 0) {
        if (trace->types.count >= MAX_TYPES)
            return -1;
        if (trace->type_table.count == 0)
            for (int i = 0; i < 4 * MAX_TYPES; i++)
                vector_push(&trace->type_table, 0);
        found = (int)trace->types.count;
        vector_push(&trace->types,
                    ((struct trace_type){.name = arena_strdup(&trace->arena, name),
                                         .source = arena_strdup(&trace->arena, source)}));
        trace->type_table.item[find_slot(trace, name)] = found + 1;
    }
    trace->last_type = found;
    return found;
}

int trace_rigid_type(struct trace *trace, const char *name)
{
    int type = trace_type(trace, name, "");

    if (type >= 0 && trace->types.item[type].points.count == 0 && !trace->types.item[type].speed)
        trace->types.item[type].rigid = true;
    return type;
}

void trace_point(struct trace *trace, int type, const struct allocation *amount, double seconds)
{
    struct trace_type *t = &trace->types.item[type];
    struct trace_point *point = NULL;

    if (!(seconds > 0) || !isfinite(seconds)) {
        trace_note(trace, TRACE_NOTE_INFEASIBLE);
        return;
    }
    for (size_t i = 0; i < t->points.count && !point; i++)
        if (memcmp(t->points.item[i].amount, amount->amount, sizeof amount->amount) == 0)
            point = &t->points.item[i];
    if (point) {
        trace_note(trace, TRACE_NOTE_DOUBLE);
    } else {
        if (t->points.count >= MOST_POINTS) {
            trace_note(trace, TRACE_NOTE_INFEASIBLE);
            return;
        }
        vector_push(&t->points, (struct trace_point){.runs = 0});
        point = &t->points.item[t->points.count - 1];
        memcpy(point->amount, amount->amount, sizeof point->amount);
    }
    point->runs++;
    point->seconds += (seconds - point->seconds) / point->runs;
    point->logs += log(seconds);
    point->log_squares += log(seconds) * log(seconds);
}

static void finish_type(struct trace_type *type, int resources)
{
    double squares = 0, degrees = 0;
    const struct trace_point *first = type->points.item;

    for (size_t i = 0; i < type->points.count; i++) {
        const struct trace_point *p = &type->points.item[i];

        for (int r = 0; r < resources; r++) {
            if (i == 0 || p->amount[r] < type->min.amount[r])
                type->min.amount[r] = p->amount[r];
            if (i == 0 || p->amount[r] > type->max.amount[r])
                type->max.amount[r] = p->amount[r];
            type->axis[r] |= p->amount[r] != first->amount[r];
        }
        if (p->runs > 1) {
            squares += fmax(0, p->log_squares - p->logs * p->logs / p->runs);
            degrees += p->runs - 1;
        }
    }
    if (degrees > 0)
        type->noise = sqrt(squares / degrees);
}

void trace_finish_types(struct trace *trace)
{
    for (size_t i = 0; i < trace->types.count; i++)
        if (trace->types.item[i].points.count > 0)
            finish_type(&trace->types.item[i], trace->resources);
}

int trace_row(struct trace *trace, const char *file, int64_t line, struct err *err)
{
    trace->file = file;
    trace->line = line;
    trace->account.rows++;
    if (trace->account.rows % STOP_EVERY)
        return 0;
    if (trace->rows_done)
        atomic_fetch_add_explicit(trace->rows_done, STOP_EVERY, memory_order_relaxed);
    if (trace->stop && atomic_load_explicit(trace->stop, memory_order_relaxed))
        return err_set(err, ERR_INTERRUPTED, "interrupted");
    return 0;
}

void trace_drop(struct trace *trace, enum trace_drop why)
{
    if (trace->account.dropped[why]++ == 0) {
        trace->account.first_line[why] = trace->line;
        trace->account.first_file[why] =
            trace->file ? arena_strdup(&trace->arena, trace->file) : NULL;
    }
}

void trace_note(struct trace *trace, enum trace_note what)
{
    trace->account.noted[what]++;
}

struct trace_job trace_no_job(void)
{
    return (struct trace_job){
        .at_s = (double)NAN, .duration_s = (double)NAN, .work = (double)NAN, .type = -1};
}

int trace_job(struct trace *trace, const struct trace_job *job, struct err *err)
{
    return trace->take ? trace->take(trace->take_arg, job, err) : 0;
}
