/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One episode of training: the student decides, and what it does or should have done is recorded.
 * In a lesson the teacher, a policy that may know the true speeds, is asked at every decision what
 * it would do in the student's place, and every so often has its way (DAgger: Ross, Gordon and
 * Bagnell, "A Reduction of Imitation Learning and Structured Prediction to No-Regret Online
 * Learning", 2011). In a trial the student draws what it does from its probabilities.
 * In a survey the teacher plays alone, to see how fast tasks run; in an exam the student does.
 */
#ifndef MARL_PRACTICE_H
#define MARL_PRACTICE_H

#include <stdatomic.h>
#include <stdint.h>

#include "agent/record.h"

struct actor;
struct err;
struct experience;
struct policy_ops;
struct scenario;

enum practice_kind { PRACTICE_SURVEY, PRACTICE_LESSON, PRACTICE_TRIAL, PRACTICE_EXAM };

struct practice {
    enum practice_kind kind;
    const struct scenario *scenario;
    const struct actor *actor;           /* with packed weights */
    const char *speeds;                  /* the student's estimator, see estimator_open() */
    const struct policy_ops *teacher;    /* of a lesson */
    double teacher_share;                /* of the decisions in which it has its way */
    uint64_t seed;                       /* of arrivals and noise */
    uint64_t draw;                       /* of the student's choices */
    int32_t most_tasks;                  /* the later ones do not come; 0: all */
    double horizon;                      /* of a trial: over which costs fade, typical durations */
    const struct experience *experience; /* told to the student's estimator; may be NULL */
    struct record_book *book;            /* lesson and trial; what is there is cleared */
};

/* A task that ran from begin to end with one allocation. */
struct practice_run {
    int32_t type;
    struct allocation amount;
    double seconds;
};

/* A decision point of a trial. */
struct moment {
    double at_s;
    double in_system_s; /* integral so far of the number of tasks in the system */
    double cost_s;      /* of it from then on, fading over the horizon */
};

struct practice_outcome {
    double mean_completion; /* in the scenario's time unit */
    int64_t decisions, tasks;
    VECTOR(struct moment) moments;
    VECTOR(struct practice_run) runs; /* of a lesson */
};

void practice_release(struct practice_outcome *outcome);

/* Plays the episode. Release the outcome. */
int practice_play(const struct practice *practice, struct practice_outcome *outcome,
                  struct err *err);

/* cost_s at a time, between moments by interpolation; 0 after the last. */
double practice_cost_at(const struct practice_outcome *outcome, double at_s);

#endif
