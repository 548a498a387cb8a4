/* SPDX-License-Identifier: Apache-2.0 */
/* Who is compared, on what, on which seeds: the part of the command line that simulate and sweep
 * share. */
#ifndef CLI_LINEUP_H
#define CLI_LINEUP_H

#include "bound/bounds.h"
#include "policy/spec.h"
#include "report/result.h"
#include "sim/comparison.h"
#include "sim/seed_list.h"

struct arguments;
struct err;
struct logged_run;
struct progress_bar;
struct scenario;

/* Rows of the option table: on what (need: OPTION_REQUIRED or 0), ... */
#define LINEUP_SCENARIO_ROW_NEED(need)                                                         \
    {                                                                                          \
        "scenario", OPTION_STRING, .choices = "SCENARIO", .flags = OPTION_POSITIONAL | (need), \
                                   .help = "a file, or the name of a scenario that ships"      \
    }
#define LINEUP_SCENARIO_ROW LINEUP_SCENARIO_ROW_NEED(OPTION_REQUIRED)

/* ... who, ... */
#define LINEUP_POLICY_ROW_NEED(need)                                                              \
    {                                                                                             \
        "policy", OPTION_STRING,                                                                  \
            .choices = "POLICY", .letter = 'p', .flags = OPTION_REPEATS | (need),                 \
            .help = "NAME, or NAME:key=value,... (\"tapfinger policies\" lists them); the first " \
                    "is what the others are compared to"                                          \
    }
#define LINEUP_POLICY_ROW LINEUP_POLICY_ROW_NEED(OPTION_REQUIRED)

/* ... and what every seed gets. */
#define LINEUP_SEED_ROWS                                                                 \
    {"seeds",       OPTION_STRING,                                                       \
     "30",          .choices = "SEEDS",                                                  \
     .letter = 's', .help = "N for 1 to N, a:b for a range, or a list"},                 \
        {"jobs",                                                                         \
         OPTION_INT,                                                                     \
         .choices = "N",                                                                 \
         .letter = 'j',                                                                  \
         .low = 1,                                                                       \
         .high = 1024,                                                                   \
         .help = "threads; default: one per processor; results do not depend on it"},    \
        {"arrivals", OPTION_STRING, .choices = "FILE",                                   \
         .help = "arrivals from a file (JSON lines or CSV) in place of the scenario's"}, \
    {                                                                                    \
        "set", OPTION_STRING, .choices = "KEY=VALUE", .flags = OPTION_REPEATS,           \
                              .help = "change the scenario: path.to.key=value"           \
    }

/* ... and what the outcome is held against. */
#define LINEUP_BOUND_ROW                                                                         \
    {                                                                                            \
        "bound", OPTION_CHOICE, "pooled",                                                        \
            .choices = "none|" BOUND_CHOICES,                                                    \
            .help =                                                                              \
                "the strongest lower bound to work out for the column gap (see tapfinger bound)" \
    }

#define LINEUP_OPTION_ROWS \
    LINEUP_SCENARIO_ROW, LINEUP_POLICY_ROW, LINEUP_SEED_ROWS, LINEUP_BOUND_ROW

/* The same where a log may stand for the scenario and its policy. */
#define LINEUP_OPTION_ROWS_OR_LOG \
    LINEUP_SCENARIO_ROW_NEED(0), LINEUP_POLICY_ROW_NEED(0), LINEUP_SEED_ROWS, LINEUP_BOUND_ROW

struct lineup {
    struct policy_spec *spec;
    int specs;
    struct seed_list seeds;
    int jobs;
    int bound; /* 0: none; else the strongest bound to hold the results against, and 1 */
};

int lineup_open(struct lineup *lineup, const struct arguments *args, struct err *err);
void lineup_close(struct lineup *lineup);

/* One more policy, as users write it. */
int lineup_add(struct lineup *lineup, const char *spec, struct err *err);

/* The scenario of the command line with --arrivals and --set, and more overrides on top of these.
 * *found is false when there is no such scenario, which is misuse and not failure. */
int lineup_scenario(struct scenario **out, const struct arguments *args, const char *const *more,
                    int mores, bool *found, struct err *err);

/* The scenario that a log's first run was made in, its arrivals those of the log. */
int lineup_log_scenario(struct scenario **out, const struct arguments *args,
                        const struct logged_run *run, const char *path, struct err *err);

/* What of the command line decides the outcome, in a fixed order: for run records. Texts belong to
 * the arguments; free the array. */
const char **lineup_words(const struct arguments *args, int *count);

/* A comparison of the line-up on one scenario; both are borrowed. */
struct experiment {
    const struct scenario *scenario;
    const struct lineup *lineup;
    struct contender *contender;
    struct entrant *entrant;
    struct outcome *outcome;
    struct result result;
};

/* Fails if a policy cannot have what it asks for (a model, say). */
int experiment_open(struct experiment *experiment, const struct scenario *scenario,
                    const struct lineup *lineup, struct err *err);
void experiment_close(struct experiment *experiment);

/* Runs it and sums up; see comparison_run(). The bar may be NULL. */
int experiment_run(struct experiment *experiment, const struct observer *observers, int count,
                   struct progress_bar *bar, struct err *err);

/* How many tasks all episodes together have; 0 if that is not known before. */
int64_t experiment_tasks(const struct scenario *scenario, const struct lineup *lineup);

#endif
