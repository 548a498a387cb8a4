/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fitting speed models to measured seconds: which formula describes this type, and how well does it
 * foretell what it was not shown?
 */
#ifndef TRACE_PROFILE_FIT_H
#define TRACE_PROFILE_FIT_H

#include "core/least_squares.h"
#include "trace/trace.h"

struct text;

/* name in reports; the formula of the seconds of one unit of work. */
#define PROFILE_MODEL_LIST(X)                                                               \
    X(AMDAHL, "amdahl", "serial + sum of parallel_r / a_r, all at least 0")                 \
    X(POWER, "power", "1 / (scale * product of a_r ^ exponent_r)")                          \
    X(TANH, "saturating-tanh", "1 / (peak * product of tanh(a_r / scale_r))")               \
    X(EXP, "saturating-exp", "1 / (peak * product of 1 - exp(-a_r / scale_r))")             \
    X(HYPERBOLIC, "saturating-hyperbolic", "1 / (peak * product of a_r / (a_r + scale_r))") \
    X(OPTIMUS, "optimus", "a/w + b + c*w/p + d*w + e*p, all at least 0; w gpu, p cpu")      \
    X(GOODPUT, "goodput", "((a + b/g)^n + (c + d*max(g-2, 0))^n)^(1/n), g gpu; a..d at least 0")

enum fit_model {
#define X(name, word, formula) FIT_##name,
    PROFILE_MODEL_LIST(X)
#undef X
        FIT_MODELS
};

struct fit_words {
    const char *name, *formula;
};
extern const struct fit_words fit_words[FIT_MODELS];

enum fit_verdict { FIT_GOOD, FIT_FAIR, FIT_BAD, FIT_NOT_POSSIBLE };
extern const char *const fit_verdicts[];

/* One model on one type. */
struct profile_fit {
    enum fit_model model;
    int parameters;
    double parameter[MAX_PARAMETERS];
    double error;       /* mean |fitted - measured| / measured, over the points it was fitted to */
    double cross_error; /* the same over points that were held out, ten ways */
    double worst;       /* the largest of those */
    struct allocation worst_at;
    enum fit_verdict verdict;
    const char *why; /* FIT_NOT_POSSIBLE */
};

/* Below the first a fit is good, below the second fair. */
extern const double fit_good_error, fit_fair_error;

/* Fits one model to a type's points; points with a zero amount along an axis are left out. */
void profile_fit_model(struct profile_fit *fit, enum fit_model model, const struct trace *trace,
                       const struct trace_type *type);
/* All models, best cross-validated error first. */
void profile_fit_all(struct profile_fit fits[FIT_MODELS], const struct trace *trace,
                     const struct trace_type *type);

/* Seconds by the fit. */
double profile_fit_seconds(const struct profile_fit *fit, const struct trace *trace,
                           const struct trace_type *type, const struct allocation *amount);

/* The parameters in words: "serial 12.3, cpu 41, gpu 8.2". */
void profile_fit_describe(const struct profile_fit *fit, const struct trace *trace,
                          const struct trace_type *type, struct text *out);
/* The map behind "speed:" of a scenario. Goodput has no model there: its values as a table. */
void profile_fit_print(const struct profile_fit *fit, const struct trace *trace,
                       const struct trace_type *type, struct text *out);

#endif
