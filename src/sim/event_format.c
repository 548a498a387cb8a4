/* SPDX-License-Identifier: Apache-2.0 */
/* Written by hand and not by base/emit.h where it is hot: a run of a million tasks has three
 * million lines. Names are quoted once. */
#include "sim/event_format.h"

#include <stdlib.h>

#include "base/emit.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/version.h"
#include "core/event.h"
#include "core/plan.h"
#include "core/scenario.h"
#include "core/view.h"
#include "sim/arrivals.h"
#include "sim/metrics.h"

static char *quote(const char *name, const char *after)
{
    struct text text;
    struct emit e;

    text_init(&text, 0);
    emit_init(&e, &text);
    emit_string(&e, name);
    text_add(&text, after);
    return text.bytes;
}

void event_format_init(struct event_format *format, const struct scenario *scenario)
{
    const struct catalog *catalog = &scenario->catalog;

    *format = (struct event_format){
        .scenario = scenario,
        .cluster = xcalloc((size_t)catalog->clusters, sizeof *format->cluster),
        .type = xcalloc((size_t)catalog->types, sizeof *format->type),
        .resource = xcalloc((size_t)catalog->resources, sizeof *format->resource),
    };
    for (int i = 0; i < catalog->clusters; i++)
        format->cluster[i] = quote(catalog->cluster[i].name, "");
    for (int i = 0; i < catalog->types; i++)
        format->type[i] = quote(catalog->type[i].name, "");
    for (int i = 0; i < catalog->resources; i++)
        format->resource[i] = quote(catalog->resource[i].name, ":");
}

static void free_all(char **item, int count)
{
    for (int i = 0; item && i < count; i++)
        free(item[i]);
    free(item);
}

void event_format_release(struct event_format *format)
{
    if (!format->scenario)
        return;
    free_all(format->cluster, format->scenario->catalog.clusters);
    free_all(format->type, format->scenario->catalog.types);
    free_all(format->resource, format->scenario->catalog.resources);
    *format = (struct event_format){0};
}

void event_format_run(const struct event_format *format, const char *policy, uint64_t seed,
                      int32_t arrivals, struct text *out)
{
    struct emit e;

    emit_init(&e, out);
    emit_open(&e, '{');
    emit_key_string(&e, "event", "run");
    emit_key_string(&e, "schema", EVENT_LOG_SCHEMA);
    emit_key_string(&e, "version", version_number());
    emit_key_string(&e, "scenario", format->scenario->name);
    emit_key_string(&e, "policy", policy);
    emit_key_int(&e, "seed", (int64_t)seed);
    emit_key_int(&e, "arrivals", arrivals);
    emit_key_string(&e, "config", format->scenario->effective);
    emit_close(&e);
    text_add_char(out, '\n');
}

static void add_allocation(const struct event_format *format, const char *key,
                           const struct allocation *a, struct text *out)
{
    text_add(out, key);
    text_add_char(out, '{');
    for (int r = 0; r < format->scenario->catalog.resources; r++) {
        if (r > 0)
            text_add_char(out, ',');
        text_add(out, format->resource[r]);
        text_add_int(out, a->amount[r]);
    }
    text_add_char(out, '}');
}

void event_format_arrival(const struct event_format *format, const struct arrival *arrival,
                          struct text *out)
{
    text_add(out, "{\"at\":");
    text_add_double(out, arrival->time_s);
    text_add(out, ",\"type\":");
    text_add(out, format->type[arrival->type]);
    text_add(out, ",\"clusters\":[");
    for (int32_t i = 0; i < arrival->reach.count; i++) {
        if (i > 0)
            text_add_char(out, ',');
        text_add(out, format->cluster[arrival->reach.cluster[i]]);
    }
    text_add(out, "],\"work\":");
    text_add_double(out, arrival->work);
    text_add(out, ",\"home\":");
    text_add(out, format->cluster[arrival->home]);
    if (arrival->limits) {
        add_allocation(format, ",\"min\":", &arrival->limits[0], out);
        add_allocation(format, ",\"max\":", &arrival->limits[1], out);
    }
    if (arrival->request)
        add_allocation(format, ",\"request\":", arrival->request, out);
    text_add(out, "}\n");
}

static void add_cluster(const struct event_format *format, const char *key, int32_t cluster,
                        struct text *out)
{
    if (cluster < 0 || cluster >= format->scenario->catalog.clusters)
        return;
    text_add(out, key);
    text_add(out, format->cluster[cluster]);
}

static void add_task(const struct event_format *format, const struct view *view,
                     const struct event *event, struct text *out)
{
    const struct task *task = &view->task[event->task];

    text_add(out, ",\"task\":");
    text_add_int(out, event->task);
    if (event->kind != EVENT_ARRIVAL)
        return;
    text_add(out, ",\"type\":");
    text_add(out, format->type[task->type]);
    text_add(out, ",\"reach\":");
    text_add_int(out, task->reach.count);
}

static void add_details(const struct event_format *format, const struct event *event,
                        struct text *out)
{
    switch (event->kind) {
    case EVENT_MIGRATE:
        add_cluster(format, ",\"from\":", event->other, out);
        /* fall through */
    case EVENT_START:
    case EVENT_RESIZE:
        add_allocation(format, ",\"allocation\":", &event->allocation, out);
        if (event->with >= 0) {
            text_add(out, ",\"with\":");
            text_add_int(out, event->with);
        }
        break;
    case EVENT_LINK_DOWN:
    case EVENT_LINK_UP:
        add_cluster(format, ",\"other\":", event->other, out);
        break;
    case EVENT_REFUSED:
        text_printf(out, ",\"reason\":\"%s\"", refusal_word((enum refusal)event->other));
        break;
    default:
        break;
    }
    if (event->progress > 0 && event->kind != EVENT_FINISH) {
        text_add(out, ",\"progress\":");
        text_add_double(out, event->progress);
    }
}

void event_format_event(const struct event_format *format, const struct view *view,
                        const struct event *event, struct text *out)
{
    text_add(out, "{\"at\":");
    text_add_double(out, event->time_s);
    text_add(out, ",\"event\":\"");
    text_add(out, event_word(event->kind));
    text_add_char(out, '"');
    if (event->task >= 0)
        add_task(format, view, event, out);
    add_cluster(format, ",\"cluster\":", event->cluster, out);
    add_details(format, event, out);
    text_add(out, "}\n");
}

void event_format_end(double at_s, const struct metrics *metrics, struct text *out)
{
    struct emit e;

    emit_init(&e, out);
    emit_open(&e, '{');
    emit_key_real(&e, "at", at_s);
    emit_key_string(&e, "event", "end");
    emit_key_int(&e, "finished", metrics->finished);
    emit_key_int(&e, "lost", metrics->lost);
    emit_key_int(&e, "unfinished", metrics->unfinished);
    emit_key_int(&e, "decisions", metrics->decisions);
    emit_key_bool(&e, "stuck", metrics->stuck);
    emit_close(&e);
    text_add_char(out, '\n');
}
