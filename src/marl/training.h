/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training: iterations of playing episodes and learning from them. First the student imitates the
 * teacher, then it learns from its own trials. Every few iterations it is examined on seeds that
 * are never trained on, and the best model so far is kept.
 *
 * The same settings give the same weights, bit for bit, whatever the number of threads; so does a
 * training that was stopped and resumed.
 */
#ifndef MARL_TRAINING_H
#define MARL_TRAINING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct err;
struct policy_ops;
struct scenario;

/* Training episodes take seeds from here on, exams those from below it on; tests and tables use
 * small ones. */
static const uint64_t TRAINING_SEEDS = 1000000, EXAM_SEEDS = 900000;

/* What an iteration came to; see docs/learned.md. */
struct training_row {
    int64_t iteration;
    bool reinforce;
    double seconds;    /* of training so far */
    int64_t decisions; /* played so far */
    double loss, agreement, amount_agreement, entropy, gradient;
    double played; /* mean completion time in the iteration's episodes, relative (see score) */
    double exam;   /* score; NAN where there was no exam */
    bool best;
};

struct training {
    /* Scenarios to train on, in turn. */
    const struct scenario *const *scenario;
    int scenarios;
    /* If not NULL, episodes in between, and half of all exams, are in scenarios that it makes of a
     * seed; nothing is remembered of types then. */
    int (*draw)(struct scenario **out, uint64_t seed, struct err *err);

    const struct policy_ops *teacher;
    const struct policy_ops *surveyor; /* gives tasks all kinds of allocations */
    const char *speeds;                /* what the student learns speeds from */
    uint64_t seed;
    int jobs;
    int hidden, heads, layers;

    int64_t lessons, trials; /* iterations of either kind */
    int lesson_episodes;     /* per iteration */
    int groups, siblings;    /* of trials: episodes with the same arrivals are siblings */
    int32_t most_tasks;      /* per episode */
    int batch;               /* decisions per step */
    int lesson_epochs, trial_epochs;
    double lesson_rate, trial_rate, clip, entropy, horizon;
    int exam_every, exam_seeds;

    double time_s;      /* stop after this; 0: no limit */
    const char *out;    /* the best model goes here, the state beside it as OUT.state */
    const char *origin; /* how the model came to be: kept in its metadata */
    bool resume;        /* go on with the state that is there */
    atomic_int *stop;   /* may be NULL */
    void (*report)(void *arg, const struct training_row *row);
    void *report_arg;
};

/* The score of a model: the mean over scenarios of the logarithm of the mean completion time. */
int training_run(const struct training *training, struct err *err);

#endif
