/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/import_print.h"

#include <math.h>
#include <stdio.h>

#include "base/emit.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "report/table.h"
#include "trace/import.h"

const char *import_gives(unsigned gives)
{
    switch (gives) {
    case TRACE_ARRIVALS:
        return "arrivals";
    case TRACE_TYPES:
        return "types";
    case TRACE_ARRIVALS | TRACE_TYPES:
        return "arrivals, types";
    case TRACE_ARRIVALS | TRACE_SITES:
        return "arrivals, sites";
    case TRACE_ARRIVALS | TRACE_FACTORS:
        return "arrivals, CPU sensitivity";
    case TRACE_SITES:
        return "sites";
    case TRACE_FACTORS:
        return "CPU sensitivity";
    case TRACE_NOISE:
        return "noise";
    default:
        return "several";
    }
}

/* The sources in the order in which they were read. */
static int list_sources(const struct import_request *q, const struct import_source **out)
{
    int count = 0;

    for (int i = 0; i < q->type_sources; i++)
        out[count++] = &q->types[i];
    if (q->factors)
        out[count++] = q->factors;
    if (q->sites)
        out[count++] = q->sites;
    if (q->noise)
        out[count++] = q->noise;
    if (q->arrivals)
        out[count++] = q->arrivals;
    return count;
}

/* JSON */

static void emit_counts(struct emit *e, const char *key, const int64_t *count,
                        const struct trace_words *words, int kinds)
{
    emit_key(e, key);
    emit_open(e, '{');
    for (int i = 0; i < kinds; i++)
        if (count[i] > 0)
            emit_key_int(e, words[i].key, count[i]);
    emit_close(e);
}

static void emit_reading(struct emit *e, const struct import_source *source,
                         const struct trace_account *account, const char *role)
{
    emit_open(e, '{');
    emit_key_string(e, "format", source->format->name);
    emit_key_string(e, "for", role);
    emit_key_string(e, "part", source->part);
    emit_key_int(e, "files", account->files);
    emit_key_int(e, "files_passed_over", account->passed_over);
    emit_key_int(e, "rows", account->rows);
    emit_key_int(e, "kept", account->kept);
    emit_counts(e, "dropped", account->dropped, trace_drop_words, TRACE_DROPS);
    emit_counts(e, "noted", account->noted, trace_note_words, TRACE_NOTES);
    emit_close(e);
}

static void emit_source(struct emit *e, const struct import_source *source)
{
    if (source->gave_types)
        emit_reading(e, source, &source->types, "types");
    emit_reading(e, source, &source->account, source->role);
}

static void emit_result(struct emit *e, const struct import_request *q,
                        const struct import_result *result)
{
    const struct import_source *source[32];
    const struct load_summary *s = &result->summary;
    int sources = list_sources(q, source);

    emit_open(e, '{');
    emit_key_string(e, "schema", "tapfinger.import/1");
    emit_key_string(e, "scenario", q->output);
    emit_key_string(e, "arrivals", result->arrivals_path);
    emit_key(e, "sources");
    emit_open(e, '[');
    for (int i = 0; i < sources; i++)
        emit_source(e, source[i]);
    emit_close(e);
    emit_key_int(e, "types", (int64_t)result->trace.types.count);
    emit_key_int(e, "clusters", result->clusters);
    if (q->arrivals) {
        emit_key_int(e, "tasks", result->jobs);
        emit_key_int(e, "backwards", s->backwards);
        emit_key_real(e, "first_arrival_s", result->origin_s);
        emit_key_real(e, "stretch", result->stretch);
        emit_key_real(e, "span_s", s->span_s);
        emit_key_real(e, "gap_mean_s", s->gap_mean_s);
        emit_key_real(e, "gap_cv", s->gap_cv);
        emit_key_real(e, "peak_hour_start_s", s->peak_hour_start_s);
        emit_key_real(e, "peak_hour_tasks", s->peak_hour_jobs);
        emit_key_real(e, "mean_hour_tasks", s->mean_hour_jobs);
        emit_key_real(e, "duration_mean_s", s->mean_s);
        emit_key_real(e, "duration_p50_s", s->p50_s);
        emit_key_real(e, "duration_p99_s", s->p99_s);
        emit_key_real(e, "duration_least_s", s->least_s);
        emit_key_real(e, "duration_most_s", s->most_s);
        emit_key_real(e, "duration_cv2", s->cv2);
        emit_key_real(e, "longest_hundredth_holds", s->top_share);
        emit_key_real(e, "tail_index", s->tail_index);
    }
    emit_key(e, "resources");
    emit_open(e, '{');
    for (int r = 0; r < result->trace.resources; r++) {
        emit_key(e, result->trace.resource[r].name);
        emit_open(e, '{');
        emit_key_int(e, "capacity", result->capacity.amount[r]);
        emit_key_real(e, "demand_unit_s", result->demand_s[r]);
        emit_key_real(e, "load", result->load[r]);
        emit_close(e);
    }
    emit_close(e);
    emit_close(e);
}

/* Words */

static void print_kinds(struct text *out, const struct trace_account *account)
{
    for (int i = 0; i < TRACE_DROPS; i++) {
        bool chosen = i == TRACE_DROP_CUT || i == TRACE_DROP_NOT_SAMPLED;

        if (account->dropped[i] == 0)
            continue;
        text_printf(out, "    %8lld dropped  %s", (long long)account->dropped[i],
                    trace_drop_words[i].words);
        if (!chosen && account->first_file[i])
            text_printf(out, "; first at %s:%lld", account->first_file[i],
                        (long long)account->first_line[i]);
        text_add_char(out, '\n');
    }
    for (int i = 0; i < TRACE_NOTES; i++)
        if (account->noted[i] > 0)
            text_printf(out, "    %8lld noted    %s\n", (long long)account->noted[i],
                        trace_note_words[i].words);
}

static void print_reading(struct text *out, const struct import_source *source,
                          const struct trace_account *account, const char *role)
{
    text_printf(out, "%s%s%s for %s: %lld rows in %lld files", source->format->name,
                source->part ? ":" : "", source->part ? source->part : "", role,
                (long long)account->rows, (long long)account->files);
    if (account->kept > 0)
        text_printf(out, ", %lld kept", (long long)account->kept);
    if (account->passed_over > 0)
        text_printf(out, "; %lld other files passed over", (long long)account->passed_over);
    text_add_char(out, '\n');
    print_kinds(out, account);
}

static void print_source(struct text *out, const struct import_source *source)
{
    if (source->gave_types)
        print_reading(out, source, &source->types, "types");
    print_reading(out, source, &source->account, source->role);
}

static void print_time(struct text *out, double seconds)
{
    if (seconds >= 2 * 86400)
        text_printf(out, "%.1f d", seconds / 86400);
    else if (seconds >= 2 * 3600)
        text_printf(out, "%.1f h", seconds / 3600);
    else if (seconds >= 0)
        text_printf(out, "%.4g s", seconds);
    else
        text_add(out, "-");
}

static void print_named(struct text *out, const char *name, double seconds)
{
    text_printf(out, "%s ", name);
    print_time(out, seconds);
}

static void print_arrivals(struct text *out, const struct import_result *result)
{
    const struct load_summary *s = &result->summary;

    text_printf(out, "\narrivals   %lld tasks over ", (long long)result->jobs);
    print_time(out, s->span_s);
    if (isfinite(s->gap_cv))
        text_printf(out, "; gaps vary by %.2f of their mean (Poisson: 1)%s", s->gap_cv,
                    s->gap_cv > 1.5 ? ": bursty" : "");
    if (s->backwards > 0)
        text_printf(out, "; %lld rows out of order, sorted when read", (long long)s->backwards);
    text_printf(out, "\n           peak hour %.0f tasks, mean hour %.3g", s->peak_hour_jobs,
                s->mean_hour_jobs);
    if (result->stretch != 1)
        text_printf(out, "; time stretched by %.4g", result->stretch);
    text_add_char(out, '\n');
    if (!isfinite(s->mean_s))
        return;
    print_named(out, "durations  mean", s->mean_s);
    print_named(out, ", median", s->p50_s);
    print_named(out, ", p99", s->p99_s);
    print_named(out, ", longest", s->most_s);
    text_printf(out, "\n           the longest hundredth holds %.0f %% of all", s->top_share * 100);
    if (isfinite(s->tail_index))
        text_printf(out, "; tail index %.2f%s", s->tail_index,
                    s->tail_index < 1   ? ": no finite mean"
                    : s->tail_index < 2 ? ": heavy, no finite variance"
                                        : "");
    text_add_char(out, '\n');
}

static void print_load(struct text *out, const struct import_result *result)
{
    text_printf(out, "capacity   %d %s:", result->clusters,
                result->clusters == 1 ? "cluster" : "clusters");
    for (int r = 0; r < result->trace.resources; r++) {
        text_printf(out, "%s %d %s", r > 0 ? "," : "", result->capacity.amount[r],
                    result->trace.resource[r].name);
        if (isfinite(result->load[r]))
            text_printf(out, " (load %.2f%s)", result->load[r],
                        result->load[r] > 1 ? ": more than there is" : "");
    }
    text_add_char(out, '\n');
}

void import_print(const struct arguments *args, const struct import_request *request,
                  const struct import_result *result)
{
    const struct import_source *source[32];
    int sources = list_sources(request, source);
    struct text out;
    struct emit e;

    text_init(&out, 0);
    if (arguments_want_json(args)) {
        emit_init(&e, &out);
        emit_result(&e, request, result);
        text_add_char(&out, '\n');
    } else {
        for (int i = 0; i < sources; i++)
            print_source(&out, source[i]);
        if (request->arrivals)
            print_arrivals(&out, result);
        print_load(&out, result);
        text_printf(&out, "\nwrote %s%s%s      next: tapfinger check %s\n", request->output,
                    result->arrivals_path ? " and " : "",
                    result->arrivals_path ? result->arrivals_path : "", request->output);
    }
    fputs(out.bytes, stdout);
    text_release(&out);
}
