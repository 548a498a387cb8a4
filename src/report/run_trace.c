/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Viewers hold a whole trace in memory, so a file that would grow beyond MOST_BYTES ends early and
 * says so in "otherData" and by a mark on the time axis.
 */
#include "report/run_trace.h"

#include <stdlib.h>

#include "base/memory.h"
#include "core/catalog.h"
#include "core/task.h"
#include "report/schedule.h"

static const uint64_t MOST_BYTES = UINT64_C(64) << 20;
static const double US_PER_S = 1e6;

int run_trace_open(struct run_trace *trace, const char *path, const struct catalog *catalog,
                   struct err *err)
{
    int rc;

    *trace = (struct run_trace){.catalog = catalog, .cut_s = -1};
    trace->lanes = xcalloc((size_t)catalog->clusters, sizeof *trace->lanes);
    rc = sink_open(&trace->sink, path, err);
    if (rc)
        return rc;
    text_add(sink_text(&trace->sink), "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n"
                                      "{\"ph\":\"M\",\"pid\":0,\"name\":\"process_name\","
                                      "\"args\":{\"name\":\"all clusters\"}}");
    return 0;
}

static bool is_full(struct run_trace *trace, double at_s)
{
    if (trace->cut_s < 0 && trace->bytes + trace->sink.text.length > MOST_BYTES)
        trace->cut_s = at_s;
    return trace->cut_s >= 0;
}

static void end_event(struct run_trace *trace)
{
    if (sink_text(&trace->sink)->length < SINK_BLOCK_BYTES)
        return;
    trace->bytes += sink_text(&trace->sink)->length;
    sink_flush(&trace->sink);
}

static void add_amounts(struct text *out, const struct catalog *catalog,
                        const struct allocation *amount)
{
    text_add(out, "\"args\":{");
    for (int r = 0; r < catalog->resources; r++)
        text_printf(out, "%s\"%s\":%d", r > 0 ? "," : "", catalog->resource[r].name,
                    amount->amount[r]);
    text_add(out, "}}");
}

void run_trace_stretch(struct run_trace *trace, const struct stretch *stretch,
                       const struct task *task)
{
    struct text *out = sink_text(&trace->sink);

    if (is_full(trace, stretch->begin_s))
        return;
    if (stretch->lane >= trace->lanes[stretch->cluster])
        trace->lanes[stretch->cluster] = stretch->lane + 1;
    text_printf(out, ",\n{\"ph\":\"X\",\"pid\":%d,\"tid\":%d,\"ts\":", stretch->cluster + 1,
                stretch->lane + 1);
    text_add_double(out, stretch->begin_s * US_PER_S);
    text_add(out, ",\"dur\":");
    text_add_double(out, (stretch->end_s - stretch->begin_s) * US_PER_S);
    text_printf(out, ",\"name\":\"%s %d\",\"cat\":\"%s\",", trace->catalog->type[task->type].name,
                stretch->task, trace->catalog->type[task->type].name);
    add_amounts(out, trace->catalog, &stretch->allocation);
    end_event(trace);
}

void run_trace_snapshot(struct run_trace *trace, const struct snapshot *snapshot,
                        const struct schedule *schedule)
{
    struct text *out = sink_text(&trace->sink);

    if (is_full(trace, snapshot->at_s))
        return;
    text_add(out, ",\n{\"ph\":\"C\",\"pid\":0,\"name\":\"tasks\",\"ts\":");
    text_add_double(out, snapshot->at_s * US_PER_S);
    text_printf(out, ",\"args\":{\"waiting\":%d,\"running\":%d}}", snapshot->waiting,
                snapshot->running);
    for (int32_t i = 0; i < snapshot->toucheds; i++) {
        int32_t cluster = snapshot->touched[i];

        text_printf(out, ",\n{\"ph\":\"C\",\"pid\":%d,\"name\":\"held\",\"ts\":", cluster + 1);
        text_add_double(out, snapshot->at_s * US_PER_S);
        text_add_char(out, ',');
        add_amounts(out, trace->catalog, schedule_used(schedule, cluster));
    }
    end_event(trace);
}

/* Names come last, when it is known how many lanes there are. */
static void add_names(struct run_trace *trace, int cluster)
{
    struct text *out = sink_text(&trace->sink);

    text_printf(out,
                ",\n{\"ph\":\"M\",\"pid\":%d,\"name\":\"process_name\",\"args\":{\"name\":\"%s\"}}",
                cluster + 1, trace->catalog->cluster[cluster].name);
    text_printf(out,
                ",\n{\"ph\":\"M\",\"pid\":%d,\"name\":\"process_sort_index\","
                "\"args\":{\"sort_index\":%d}}",
                cluster + 1, cluster + 1);
    for (int32_t lane = 1; lane <= trace->lanes[cluster]; lane++)
        text_printf(out,
                    ",\n{\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"name\":\"thread_name\","
                    "\"args\":{\"name\":\"lane %d\"}}",
                    cluster + 1, lane, lane);
    sink_flush_full(&trace->sink);
}

int run_trace_close(struct run_trace *trace, struct err *err)
{
    struct text *out = sink_text(&trace->sink);

    if (trace->sink.path) {
        for (int c = 0; c < trace->catalog->clusters; c++)
            add_names(trace, c);
        if (trace->cut_s >= 0) {
            text_add(out, ",\n{\"ph\":\"i\",\"s\":\"g\",\"pid\":0,\"name\":\"cut here\",\"ts\":");
            text_add_double(out, trace->cut_s * US_PER_S);
            text_add_char(out, '}');
        }
        text_add(out, "\n],\"otherData\":{\"unit\":\"us of simulated time\",\"cut_s\":");
        if (trace->cut_s >= 0)
            text_add_double(out, trace->cut_s);
        else
            text_add(out, "null");
        text_add(out, "}}\n");
    }
    free(trace->lanes);
    trace->lanes = NULL;
    return sink_close(&trace->sink, err);
}
