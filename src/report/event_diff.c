/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both logs are read in step, run by run. Until the first difference their lines are compared as
 * text; all along, what each says of its tasks is booked, two numbers per task.
 */
#include "report/event_diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/vector.h"
#include "report/event_reader.h"

/* One log. */
struct side {
    struct event_reader *reader;
    VECTOR(double) arrival_s, finish_s; /* by task; NAN: not finished */
    bool in_run;                        /* the run has not ended yet */
    int64_t *events;
};

struct pair {
    struct event_diff *diff;
    struct side side[2];
};

static void note_difference(struct pair *pair, const char *a, const char *b)
{
    struct event_diff *diff = pair->diff;
    const char *text[] = {a, b};

    diff->differs = true;
    if (diff->line[0] || diff->line[1])
        return;
    for (int i = 0; i < 2; i++) {
        diff->line[i] = pair->side[i].reader->lines.number;
        diff->text[i] = xstrdup(text[i]);
    }
}

static void book(struct side *side, const struct logged_event *event)
{
    if (event->kind == EVENT_KINDS) {
        side->in_run = false;
        return;
    }
    side->events[event->kind]++;
    if (event->kind == EVENT_ARRIVAL) {
        vector_push(&side->arrival_s, event->at_s);
        vector_push(&side->finish_s, (double)NAN);
    } else if (event->kind == EVENT_FINISH && event->task >= 0) {
        side->finish_s.item[event->task] = event->at_s;
    }
}

/* The next event of a run that has not ended; its text, or what stands for it. */
static int step(struct side *side, const char **text, struct err *err)
{
    struct logged_event event;
    int rc;

    *text = "(the run has ended)";
    if (!side->in_run)
        return 0;
    rc = event_reader_next(side->reader, &event, err);
    if (rc == 0) {
        *text = side->reader->lines.line;
        book(side, &event);
    }
    return rc;
}

/* Lines with arrivals; whether both logs have the same. */
static int skip_arrivals(struct pair *pair, bool *same, struct err *err)
{
    struct event_reader *a = pair->side[0].reader, *b = pair->side[1].reader;
    int rc = 0;

    *same = a->arrivals == b->arrivals;
    while (rc == 0 && (a->arrivals > 0 || b->arrivals > 0)) {
        const char *text[] = {"(no more arrivals)", "(no more arrivals)"};

        for (int i = 0; rc == 0 && i < 2; i++) {
            struct event_reader *reader = pair->side[i].reader;

            if (reader->arrivals == 0)
                continue;
            rc = event_reader_skip_arrival(reader, err);
            text[i] = reader->lines.line;
        }
        if (rc == 0 && strcmp(text[0], text[1]) != 0) {
            *same = false;
            note_difference(pair, text[0], text[1]);
        }
    }
    return rc;
}

static void sum_tasks(const struct pair *pair, struct run_diff *run)
{
    const struct side *a = &pair->side[0], *b = &pair->side[1];
    double sum[2] = {0, 0};

    run->largest_task = -1;
    for (int i = 0; i < 2; i++) {
        run->tasks[i] = (int32_t)pair->side[i].finish_s.count;
        run->finished[i] = (int32_t)run->events[i][EVENT_FINISH];
    }
    for (int32_t t = 0; t < run->tasks[0] && t < run->tasks[1]; t++) {
        double time_a = a->finish_s.item[t] - a->arrival_s.item[t];
        double time_b = b->finish_s.item[t] - b->arrival_s.item[t];

        if (isnan(time_a) || isnan(time_b))
            continue;
        run->both++;
        sum[0] += time_a;
        sum[1] += time_b;
        run->alike += time_a == time_b;
        run->earlier += time_b < time_a;
        run->later += time_b > time_a;
        if (fabs(time_b - time_a) > fabs(run->largest_s)) {
            run->largest_s = time_b - time_a;
            run->largest_task = t;
        }
    }
    for (int i = 0; i < 2 && run->both > 0; i++)
        run->mean_s[i] = sum[i] / run->both;
}

static struct run_diff *add_run(struct pair *pair)
{
    struct event_diff *diff = pair->diff;
    const struct logged_run *a = &pair->side[0].reader->run, *b = &pair->side[1].reader->run;
    struct run_diff *run;

    diff->run = xrealloc(diff->run, (size_t)diff->run_diffs + 1, sizeof *diff->run);
    run = &diff->run[diff->run_diffs++];
    *run = (struct run_diff){
        .policy = {xstrdup(a->policy), xstrdup(b->policy)},
        .seed = {a->seed, b->seed},
        .same_config = strcmp(a->config, b->config) == 0,
    };
    for (int i = 0; i < 2; i++) {
        struct side *side = &pair->side[i];

        side->in_run = true;
        side->events = run->events[i];
        vector_clear(&side->arrival_s);
        vector_clear(&side->finish_s);
    }
    return run;
}

static int compare_run(struct pair *pair, struct err *err)
{
    struct run_diff *run;
    int rc;

    if (strcmp(pair->side[0].reader->lines.line, pair->side[1].reader->lines.line) != 0)
        pair->diff->differs = true;
    run = add_run(pair);
    rc = skip_arrivals(pair, &run->same_arrivals, err);
    while (rc == 0 && (pair->side[0].in_run || pair->side[1].in_run)) {
        const char *text[2];

        rc = step(&pair->side[0], &text[0], err);
        if (rc == 0)
            rc = step(&pair->side[1], &text[1], err);
        if (rc == 0 && strcmp(text[0], text[1]) != 0)
            note_difference(pair, text[0], text[1]);
    }
    if (rc == 0)
        sum_tasks(pair, run);
    return rc;
}

/* Reads on to see how many runs a log has that the other lacks. */
static int count_rest(struct side *side, int *runs, struct err *err)
{
    int64_t events[EVENT_KINDS];
    int rc;

    side->events = events;
    do {
        const char *text;

        (*runs)++;
        side->in_run = true;
        vector_clear(&side->arrival_s);
        vector_clear(&side->finish_s);
        for (rc = 0; rc == 0 && side->in_run;)
            rc = step(side, &text, err);
    } while (rc == 0 && (rc = event_reader_next_run(side->reader, err)) > 0);
    side->events = NULL;
    return rc;
}

static int compare_logs(struct pair *pair, struct err *err)
{
    struct event_diff *diff = pair->diff;
    int found[2] = {0, 0};

    for (;;) {
        for (int i = 0; i < 2; i++) {
            found[i] = event_reader_next_run(pair->side[i].reader, err);
            if (found[i] < 0)
                return found[i];
        }
        if (!found[0] || !found[1])
            break;
        diff->runs[0]++;
        diff->runs[1]++;
        if (compare_run(pair, err))
            return err->code;
    }
    for (int i = 0; i < 2; i++) {
        if (!found[i])
            continue;
        note_difference(pair, i == 0 ? pair->side[0].reader->lines.line : "(the log ends)",
                        i == 1 ? pair->side[1].reader->lines.line : "(the log ends)");
        return count_rest(&pair->side[i], &diff->runs[i], err);
    }
    return 0;
}

int event_diff_readers(struct event_diff *diff, struct event_reader *a, struct event_reader *b,
                       struct err *err)
{
    struct pair pair = {.diff = diff, .side = {{.reader = a}, {.reader = b}}};
    int rc;

    *diff = (struct event_diff){.differs = false};
    rc = compare_logs(&pair, err);
    for (int i = 0; i < 2; i++) {
        vector_release(&pair.side[i].arrival_s);
        vector_release(&pair.side[i].finish_s);
    }
    return rc;
}

int event_diff_make(struct event_diff *diff, const char *path_a, const char *path_b,
                    struct err *err)
{
    struct event_reader a = {.tasks = 0}, b = {.tasks = 0};
    int rc;

    *diff = (struct event_diff){.differs = false};
    rc = event_reader_open(&a, path_a, err);
    if (rc == 0)
        rc = event_reader_open(&b, path_b, err);
    if (rc == 0)
        rc = event_diff_readers(diff, &a, &b, err);
    event_reader_close(&a);
    event_reader_close(&b);
    return rc;
}

void event_diff_release(struct event_diff *diff)
{
    for (int i = 0; i < diff->run_diffs; i++) {
        free(diff->run[i].policy[0]);
        free(diff->run[i].policy[1]);
    }
    free(diff->run);
    free(diff->text[0]);
    free(diff->text[1]);
    *diff = (struct event_diff){.differs = false};
}
