/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Importing: arrivals, types, CPU sensitivity and sites from one source or from several become a
 * scenario, and a file of arrivals beside it.
 */
#ifndef TRACE_IMPORT_H
#define TRACE_IMPORT_H

#include "trace/format.h"
#include "trace/load_statistics.h"
#include "trace/speed_grid.h"

/* "FORMAT[:PART][@PATH]", or a format and its paths. */
struct import_source {
    const struct trace_format *format;
    char *part; /* or NULL */
    VECTOR(char *) paths;
    struct params params;         /* over the format's options */
    const char *role;             /* "arrivals", "types", ... */
    struct trace_account account; /* of its last reading */
    struct trace_account types;   /* of the reading for its types, where it gives arrivals too */
    bool gave_types;
};

struct import_request {
    struct import_source *arrivals; /* NULL: a Poisson process */
    struct import_source *types;    /* 0: what the arrivals give, else rigid jobs */
    int type_sources;
    struct import_source *factors, *sites, *noise; /* or NULL */

    const char *output;  /* the scenario's path */
    const char *command; /* for the recipe */
    const char *only;    /* names of the types to take, between commas; NULL: all */

    double from_s, until_s; /* of the source's time since its first arrival; INFINITY */
    double sample;          /* part of the jobs that is kept, drawn one by one */
    double load;            /* wanted; 0: as it is */
    double stretch;         /* factor on times between arrivals */
    double work_s; /* length of made-up tasks whose source does not say what they have to do */
    double rate;   /* Poisson arrivals per slot or second; 0: by the load */
    int64_t tasks; /* of them; or at most so many jobs; 0: all */
    uint64_t seed;
    int limits;          /* enum trace_limits, or -1: as the source says */
    double cpus_per_gpu; /* behind durations of jobs that name no CPUs */
    enum grid_between between;
    enum grid_beyond beyond;

    int clusters;         /* without a source of sites */
    const char *capacity; /* "cpu=32,gpu=8" of each; NULL: made to fit */
    double within_km;     /* reach; 0: all clusters, below 0: a random subset */
    double slot_s;
    bool one_round;
    int window;
    const char *minimum; /* overrides of the types: "cpu=2,gpu=1" */

    _Atomic int64_t *bytes_done, *rows_done;
    atomic_int *stop;
};

struct import_result {
    struct trace trace;
    struct load_summary summary;
    struct allocation capacity; /* of all clusters */
    int clusters;
    double demand_s[MAX_RESOURCES];
    double load[MAX_RESOURCES]; /* offered; NAN: not known */
    double stretch, origin_s, rate;
    int64_t jobs;
    char *arrivals_path; /* NULL: none */
};

/* Fills source from "FORMAT[:PART][@PATH]"; data is the folder of public sets for a source without
 * a path, option lists "FORMAT.KEY=VALUE". */
int import_source_parse(struct import_source *source, const char *text, const char *data,
                        const char *const *option, int options, struct err *err);
/* The same for a named format and paths. */
int import_source_open(struct import_source *source, const char *format, const char *const *path,
                       int paths, const char *data, const char *const *option, int options,
                       struct err *err);
void import_source_release(struct import_source *source);

/* Reads everything, writes the scenario and its arrivals. Release the result in any case. */
int import_run(struct import_request *request, struct import_result *result, struct err *err);
void import_result_release(struct import_result *result);

#endif
