/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an importer brings: jobs one by one, types with their measured speeds, sites, and factors
 * that turn one sensitivity into another; and an account of all that was read.
 *
 * A job has an arrival and either a duration under its demand or an amount of work in its type's
 * unit (iterations, whole runs). A type has points: under these amounts, so many seconds for one
 * unit of work. What becomes of them - cuts, scaling, interpolation - is import.c's.
 */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/vector.h"
#include "core/allocation.h"
#include "core/catalog.h"

struct err;

/* Why a row does not become a task: name in JSON, words for people. */
#define TRACE_DROP_LIST(X)                                                   \
    X(DAMAGED, "damaged", "damaged: fields missing, or no numbers")          \
    X(NO_TIME, "no_time", "no submit time")                                  \
    X(BAD_TIME, "bad_time", "submit time below 0 or above 1e12 s")           \
    X(NO_DURATION, "no_duration", "no duration and no work")                 \
    X(ZERO_DURATION, "zero_duration", "duration or work of zero")            \
    X(NEGATIVE_DURATION, "negative_duration", "duration or work below zero") \
    X(LONG_DURATION, "long_duration", "duration or work above 1e12")         \
    X(NO_DEMAND, "no_demand", "asks for none of the resources")              \
    X(NEVER_RAN, "never_ran", "never ran")                                   \
    X(UNKNOWN_TYPE, "unknown_type", "a type that no source measures")        \
    X(UNMEASURED, "unmeasured", "demand outside what was measured")          \
    X(TOO_LARGE, "too_large", "demand larger than any cluster")              \
    X(CUT, "cut", "outside the time that was asked for")                     \
    X(NOT_SAMPLED, "not_sampled", "not drawn into the sample")

enum trace_drop {
#define X(name, key, words) TRACE_DROP_##name,
    TRACE_DROP_LIST(X)
#undef X
        TRACE_DROPS
};

/* What is odd about rows that are kept. */
#define TRACE_NOTE_LIST(X)                                                             \
    X(BACKWARDS, "backwards", "earlier than the row before: the input is unsorted")    \
    X(CENSORED, "censored", "still running at the end: lifetime cut off there")        \
    X(DRAWN, "drawn", "its own type is not measured; one of those that are was drawn") \
    X(CLAMPED, "clamped", "demand outside what was measured, set to its edge")         \
    X(ROUNDED, "rounded", "demand rounded up to whole units")                          \
    X(FAILED, "failed", "failed or was killed; its time until then is used")           \
    X(DOUBLE, "double", "a measurement repeated (the mean is taken)")                  \
    X(OUTVOTED, "outvoted", "a measurement unlike most others of the same, left out")  \
    X(INFEASIBLE, "infeasible", "a measurement marked as impossible, left out")

enum trace_note {
#define X(name, key, words) TRACE_NOTE_##name,
    TRACE_NOTE_LIST(X)
#undef X
        TRACE_NOTES
};

struct trace_words {
    const char *key, *words;
};
extern const struct trace_words trace_drop_words[TRACE_DROPS];
extern const struct trace_words trace_note_words[TRACE_NOTES];

struct trace_account {
    int64_t files, rows, kept;
    int64_t dropped[TRACE_DROPS], noted[TRACE_NOTES];
    int64_t first_line[TRACE_DROPS]; /* an example of each */
    const char *first_file[TRACE_DROPS];
    int64_t passed_over; /* files that hold nothing of the format */
    const char *lacking_file,
        *lacks; /* the first of them that lacks a column, and which; or NULL */
};

struct trace_resource {
    const char *name, *unit;
};

struct trace_point {
    int32_t amount[MAX_RESOURCES];
    double seconds;           /* mean of the runs, for one unit of work */
    double logs, log_squares; /* sums over the runs */
    int32_t runs;
};

struct trace_type {
    const char *name, *source;
    VECTOR(struct trace_point) points;
    bool axis[MAX_RESOURCES];   /* the points vary along these */
    const char *speed;          /* the speed as a YAML map, in place of points; or NULL */
    const char *extra;          /* more lines for the scenario, or NULL */
    double noise;               /* sigma of a lognormal factor on the speed; 0: none measured */
    double unit_work;           /* what a typical task has to do, in units; 0: not known */
    double odds;                /* rows that were seen of it */
    struct allocation min, max; /* as measured or asked for; 0: not said */
    bool rigid;                 /* runs at speed 1 under exactly what each job asks for */
};

struct trace_site {
    const char *name;
    double x_km, y_km, weight;
    struct allocation capacity;
    bool has_capacity;
    int32_t count;
};

/* The speed under some CPUs per GPU over that under the source's fair share. */
struct trace_factor {
    const char *model;
    int32_t gpus;
    double cpus, factor;
};

enum trace_limits {
    TRACE_RIGID,   /* exactly its demand */
    TRACE_AT_MOST, /* from its type's minimum to its demand */
    TRACE_FREE,    /* as its type */
};

struct trace_job {
    double at_s;       /* NAN: not said */
    double duration_s; /* under its demand; NAN: not said */
    double work;       /* in units of its type; NAN: not said */
    double demand[MAX_RESOURCES];
    double ran_with[MAX_RESOURCES]; /* what it held of resources that it did not ask for; 0: not
                                       said */
    int32_t type;                   /* -1: not said */
    enum trace_limits limits;
};

struct trace {
    struct arena arena;
    struct trace_resource resource[MAX_RESOURCES];
    int resources;
    VECTOR(struct trace_type) types;
    VECTOR(int32_t) type_table; /* by hash of the name: index + 1 */
    VECTOR(struct trace_site) sites;
    VECTOR(struct trace_factor) factors;
    double noise; /* sigma for every measured type, from a source of noise; 0: none read */
    struct trace_account account;
    const char *file; /* the row at hand */
    int64_t line;
    int32_t last_type;
    /* Takes each job; NULL: jobs are not wanted. */
    int (*take)(void *arg, const struct trace_job *job, struct err *err);
    void *take_arg;
    _Atomic int64_t *rows_done; /* for a progress bar; may be NULL */
    atomic_int *stop;           /* may be NULL */
};

void trace_init(struct trace *trace);
void trace_release(struct trace *trace);

/* Index of a resource, added when it is new; -1 when there are too many. */
int trace_resource(struct trace *trace, const char *name, const char *unit);
/* The same, not added: -1 when it is not there. */
int trace_find_resource(const struct trace *trace, const char *name);

enum { TRACE_NAME_BYTES = 40 };

struct trace_name {
    char text[TRACE_NAME_BYTES + 1];
};

/* A name as scenarios allow it: lower case, other characters become '-', at most 40 of them. */
struct trace_name trace_clean_name(const char *name);

/* Index of the type, added when it is new; -1 when there are too many. Pointers to types move. */
int trace_type(struct trace *trace, const char *name, const char *source);
int trace_find_type(const struct trace *trace, const char *name);
/* The type called so, at speed 1 under whatever each job asks for. */
int trace_rigid_type(struct trace *trace, const char *name);

/* A measurement: seconds for one unit of work; the same amounts again are another run of it. */
void trace_point(struct trace *trace, int type, const struct allocation *amount, double seconds);
/* The limits from the points, and the noise between runs of the same, once all are there. */
void trace_finish_types(struct trace *trace);

/* A row was read; ERR_INTERRUPTED when asked to stop. line is for the account. */
int trace_row(struct trace *trace, const char *file, int64_t line, struct err *err);
void trace_drop(struct trace *trace, enum trace_drop why);
void trace_note(struct trace *trace, enum trace_note what);

/* All of it unknown. */
struct trace_job trace_no_job(void);
int trace_job(struct trace *trace, const struct trace_job *job, struct err *err);

#endif
