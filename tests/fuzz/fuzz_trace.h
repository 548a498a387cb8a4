/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as files of one format: read for its types, its sites and its arrivals; what it takes
 * for types must make speed tables, what it takes for jobs must not be beyond its resources.
 * A target defines FUZZ_FORMAT and includes this.
 */
#ifndef TESTS_FUZZ_TRACE_H
#define TESTS_FUZZ_TRACE_H

#include "fuzz.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "trace/format.h"
#include "trace/speed_grid.h"

enum { MOST_BYTES = 1 << 16 };

static int take(void *arg, const struct trace_job *job, struct err *err)
{
    const struct trace *trace = arg;

    (void)err;
    for (int r = trace->resources; r < MAX_RESOURCES; r++)
        BUG_ON(job->demand[r] != 0);
    BUG_ON(job->type >= (int32_t)trace->types.count);
    return 0;
}

static void use_types(const struct trace *trace)
{
    for (size_t i = 0; i < trace->types.count; i++) {
        struct speed_grid grid;
        struct err err;
        struct text out;

        if (trace->types.item[i].points.count == 0)
            continue;
        text_init(&out, 0);
        if (speed_grid_make(&grid, &trace->types.item[i], trace->resources, GRID_CLAMP, &err) ==
            0) {
            speed_grid_refine(&grid);
            speed_grid_print(&grid, trace, GRID_CUBIC, &out);
            for (int k = 0; k < grid.cells; k++)
                BUG_ON(!(grid.speed[k] >= 0));
        }
        speed_grid_release(&grid);
        text_release(&out);
    }
}

static void read_as(unsigned want, struct trace *trace, const uint8_t *bytes, size_t count)
{
    struct trace_reader reader = {.trace = trace, .want = want};
    struct err err = {0};
    int rc;

    reader.format = trace_format_find(FUZZ_FORMAT);
    params_init(&reader.params, reader.format->options);
    members_open_memory(&reader.members, "input", bytes, count);
    rc = reader.format->read(&reader, &err);
    BUG_ON(rc < 0 && !err.message[0]);
    if (reader.has_csv)
        csv_close(&reader.csv);
    members_close(&reader.members);
    params_release(&reader.params);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static const unsigned wants[] = {TRACE_TYPES, TRACE_SITES, TRACE_FACTORS, TRACE_NOISE,
                                     TRACE_ARRIVALS};
    unsigned gives = trace_format_find(FUZZ_FORMAT)->gives;
    struct trace trace;

    if (count > MOST_BYTES)
        return 0;
    trace_init(&trace);
    trace.take = take;
    trace.take_arg = &trace;
    for (size_t i = 0; i < COUNT_OF(wants); i++) {
        if (!(gives & wants[i]))
            continue;
        read_as(wants[i], &trace, count ? bytes : (const uint8_t *)"", count);
        if (wants[i] == TRACE_TYPES) {
            trace_finish_types(&trace);
            use_types(&trace);
        }
    }
    trace_release(&trace);
    return 0;
}

#endif
