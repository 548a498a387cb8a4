/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of an import share; only import*.c include this. */
#ifndef TRACE_IMPORT_STATE_H
#define TRACE_IMPORT_STATE_H

#include "base/sink.h"
#include "core/scenario.h"
#include "trace/import.h"

/* The arrivals are read once for each of these that is needed. */
enum import_pass {
    PASS_MEASURE, /* finds the load */
    PASS_WRITE,
};

struct importer {
    const struct import_request *request;
    struct import_result *result;
    struct trace *trace;
    enum import_pass pass;

    struct scenario *draft; /* the types without the rest; NULL: no measured ones */
    int32_t *draft_type;    /* by trace type: index in the draft, or -1 */
    int draft_types;        /* how many trace types it covers */
    VECTOR(int32_t) pool;   /* measured types, to draw from */
    uint64_t draw_seed, sample_seed;

    struct load_statistics statistics;
    struct sink sink;
    bool header_due;     /* its first line is not written yet */
    int columns;         /* resources in it */
    int64_t seen, taken; /* jobs of this pass: valid, written or counted */
    double origin_s, stretch;
    bool origin_known, origin_missed; /* missed: a row came before what was taken for the first */
    bool own_limits;                  /* some job has limits of its own */

    bool has_capacity;
    struct allocation largest_min; /* what a cluster must hold for every job to run somewhere */
    struct allocation cluster;     /* capacity of each, without a source of sites */
};

/* Whether a measured type was asked for: --only. */
bool import_takes_type(const struct import_request *request, const char *name);

/* resources, clusters and types; final: as the scenario will have them, else as a draft that only
 * holds the measured types. */
int import_print_body(const struct importer *im, bool final, struct text *out, struct err *err);

/* Writes the scenario to request->output and reads it again. */
int import_write_scenario(struct importer *im, struct err *err);

#endif
