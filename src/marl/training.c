/* SPDX-License-Identifier: Apache-2.0 */
#include "marl/training.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/actor_model.h"
#include "agent/experience.h"
#include "base/clock.h"
#include "base/emit.h"
#include "base/err.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "base/text.h"
#include "core/policy.h"
#include "core/scenario.h"
#include "marl/lesson.h"
#include "marl/practice.h"
#include "nn/checkpoint.h"
#include "nn/loss.h"
#include "nn/schedule.h"

enum { SHARDS = 4, SURVEY_TASKS = 400, SURVEYS = 40 };

/* What must survive a stop, beside weights and moments. */
struct progress {
    int64_t iteration; /* next */
    int64_t decisions;
    int64_t steps; /* of Adam */
    double seconds, best;
};

struct episode_slot {
    struct record_book book;
    struct practice practice;
    struct practice_outcome outcome;
    struct scenario *drawn; /* owned */
    struct err err;
    int rc;
};

struct trainer {
    const struct training *training;
    struct actor actor;
    struct shards shards;
    struct adam adam;
    struct progress progress;
    struct episode_slot *slot;
    int slots, used, surveys;
    struct experience experience;
    VECTOR(struct record_place) places;
    double begun_s; /* by the clock, less what earlier runs took */
    char *state_path;
};

static bool is_stopped(const struct trainer *t)
{
    return t->training->stop && atomic_load_explicit(t->training->stop, memory_order_relaxed);
}

/* Playing */

static void play(void *arg, int index, int worker)
{
    struct trainer *t = arg;
    struct episode_slot *slot = &t->slot[index];

    (void)worker;
    slot->rc = practice_play(&slot->practice, &slot->outcome, &slot->err);
}

static void clear_slots(struct trainer *t)
{
    for (int i = 0; i < t->slots; i++) {
        practice_release(&t->slot[i].outcome);
        scenario_free(t->slot[i].drawn);
        t->slot[i].drawn = NULL;
    }
}

static int play_all(struct trainer *t, int count, struct err *err)
{
    struct parallel work = {.jobs = t->training->jobs, .count = count, .run = play, .arg = t};

    t->used = count;
    parallel_run(&work);
    for (int i = 0; i < count; i++) {
        if (t->slot[i].rc) {
            *err = t->slot[i].err;
            return t->slot[i].rc;
        }
        t->progress.decisions += t->slot[i].outcome.decisions;
    }
    return 0;
}

/* The scenario of the index-th episode of an iteration, or of a group of them. */
static int pick_scenario(struct trainer *t, struct episode_slot *slot, int64_t number,
                         uint64_t seed, struct err *err)
{
    const struct training *training = t->training;
    int rc = 0;

    if (training->draw && (training->scenarios == 0 || number % 2 == 1)) {
        rc = training->draw(&slot->drawn, seed, err);
        slot->practice.scenario = slot->drawn;
    } else {
        number = training->draw ? number / 2 : number;
        slot->practice.scenario = training->scenario[number % training->scenarios];
    }
    return rc;
}

static uint64_t episode_seed(const struct trainer *t, int64_t number)
{
    return TRAINING_SEEDS + (rng_hash(t->training->seed, 1, (uint64_t)number) >> 24);
}

/* What the student leaves to the teacher: less and less over the first half of the lessons. */
static double teacher_share(const struct trainer *t)
{
    double part = (double)t->progress.iteration / (double)t->training->lessons;

    return fmax(0, 1 - 2 * part);
}

static struct practice plan_practice(const struct trainer *t, enum practice_kind kind)
{
    const struct training *training = t->training;

    return (struct practice){
        .kind = kind,
        .actor = &t->actor,
        .speeds = training->speeds,
        .teacher = kind == PRACTICE_LESSON ? training->teacher : NULL,
        .teacher_share = teacher_share(t),
        .most_tasks = training->most_tasks,
        .horizon = training->horizon,
        .experience = &t->experience,
    };
}

static int play_lessons(struct trainer *t, struct err *err)
{
    int count = t->training->lesson_episodes, rc = 0;

    for (int i = 0; i < count && rc == 0; i++) {
        int64_t number = t->progress.iteration * count + i;
        struct episode_slot *slot = &t->slot[i];

        slot->practice = plan_practice(t, PRACTICE_LESSON);
        slot->practice.book = &slot->book;
        slot->practice.seed = episode_seed(t, number);
        slot->practice.draw = rng_hash(t->training->seed, 2, (uint64_t)number);
        rc = pick_scenario(t, slot, number, slot->practice.seed, err);
    }
    return rc ? rc : play_all(t, count, err);
}

/* What was seen of types that will be met again. */
static void remember(struct trainer *t)
{
    for (int i = 0; i < t->used && !t->training->draw; i++)
        for (size_t k = 0; k < t->slot[i].outcome.runs.count; k++) {
            const struct practice_run *run = &t->slot[i].outcome.runs.item[k];

            experience_note(&t->experience, &t->slot[i].practice.scenario->catalog, run->type,
                            &run->amount, run->seconds);
        }
}

/* Before anything else: tasks with all kinds of allocations, so that it is known what types gain
 * from resources which nobody would give them. */
static int play_surveys(struct trainer *t, struct err *err)
{
    int rc = 0;

    for (int i = 0; i < t->surveys && rc == 0; i++) {
        struct episode_slot *slot = &t->slot[i];

        slot->practice = plan_practice(t, PRACTICE_SURVEY);
        slot->practice.teacher = t->training->surveyor;
        slot->practice.most_tasks = SURVEY_TASKS;
        slot->practice.seed = episode_seed(t, -1 - i);
        rc = pick_scenario(t, slot, i, slot->practice.seed, err);
    }
    rc = rc ? rc : play_all(t, t->surveys, err);
    if (rc == 0)
        remember(t);
    return rc;
}

static int play_trials(struct trainer *t, struct err *err)
{
    const struct training *training = t->training;
    int rc = 0, count = 0;

    for (int g = 0; g < training->groups && rc == 0; g++) {
        int64_t number = t->progress.iteration * training->groups + g;

        for (int k = 0; k < training->siblings && rc == 0; k++) {
            struct episode_slot *slot = &t->slot[count++];

            slot->practice = plan_practice(t, PRACTICE_TRIAL);
            slot->practice.book = &slot->book;
            slot->practice.seed = episode_seed(t, number);
            slot->practice.draw = rng_hash(training->seed, 3 + (uint64_t)k, (uint64_t)number);
            rc = pick_scenario(t, slot, number, slot->practice.seed, err);
        }
    }
    return rc ? rc : play_all(t, count, err);
}

/* Exams: every scenario with every seed, and with `draw` another scenario for every seed. */
static int exam_kinds(const struct training *training)
{
    return training->scenarios + (training->draw ? 1 : 0);
}

static int sit_exams(struct trainer *t, struct err *err)
{
    const struct training *training = t->training;
    int count = 0, rc = 0;

    clear_slots(t);
    for (int s = 0; s < training->exam_seeds && rc == 0; s++)
        for (int k = 0; k < exam_kinds(training) && rc == 0; k++) {
            struct episode_slot *slot = &t->slot[count++];

            slot->practice = plan_practice(t, PRACTICE_EXAM);
            slot->practice.seed = EXAM_SEEDS + (uint64_t)s;
            if (k < training->scenarios)
                slot->practice.scenario = training->scenario[k];
            else
                rc = training->draw(&slot->drawn, slot->practice.seed, err);
            if (k == training->scenarios)
                slot->practice.scenario = slot->drawn;
        }
    return rc ? rc : play_all(t, count, err);
}

/* The score of the student on exam seeds. */
static int hold_exam(struct trainer *t, double *score, struct err *err)
{
    const struct training *training = t->training;
    int kinds = exam_kinds(training), seeds = training->exam_seeds, rc = sit_exams(t, err);
    double drawn = 0, listed = 0;

    for (int k = 0; k < training->scenarios && rc == 0; k++) {
        double sum = 0;

        for (int s = 0; s < seeds; s++)
            sum += t->slot[s * kinds + k].outcome.mean_completion;
        listed += log(sum / seeds) / training->scenarios;
    }
    for (int s = 0; s < seeds && rc == 0 && training->draw; s++)
        drawn += log(t->slot[s * kinds + kinds - 1].outcome.mean_completion) / seeds;
    *score = !training->draw ? listed : training->scenarios == 0 ? drawn : (listed + drawn) / 2;
    return rc;
}

/* Learning */

static void collect_places(struct trainer *t)
{
    vector_clear(&t->places);
    for (int i = 0; i < t->used; i++)
        for (size_t k = 0; k < t->slot[i].book.decisions.count; k++)
            vector_push(&t->places, ((struct record_place){&t->slot[i].book, (int32_t)k}));
}

static void shuffle(struct trainer *t, int epoch)
{
    struct rng rng;

    rng_stream(&rng, rng_hash(t->training->seed, (uint64_t)t->progress.iteration, (uint64_t)epoch),
               "shuffle");
    for (size_t i = t->places.count; i > 1; i--) {
        size_t k = rng_below(&rng, (uint32_t)i);
        struct record_place held = t->places.item[i - 1];

        t->places.item[i - 1] = t->places.item[k];
        t->places.item[k] = held;
    }
}

static void add_report(struct training_row *row, const struct lesson_report *report, double part)
{
    row->loss += report->loss * part;
    row->agreement += report->agreement * part;
    row->amount_agreement += report->amount_agreement * part;
    row->entropy += report->entropy * part;
    row->gradient += report->gradient * part;
}

/* A step may have been too long for numbers, though its gradient was one. */
static int check_weights(const struct trainer *t, struct err *err)
{
    const struct weights *weights = &t->actor.weights;
    const struct tensor *tensor = weights_find_nonfinite(weights, weights->value);

    return tensor ? err_set(err, ERR_CORRUPT, "training broke down: %s is not finite after a step",
                            tensor->name)
                  : 0;
}

static int learn(struct trainer *t, struct training_row *row, double rate, int epochs,
                 struct err *err)
{
    const struct training *training = t->training;
    int batches = (int)(t->places.count / (size_t)training->batch), rc = 0;

    if (batches == 0)
        batches = 1;
    for (int epoch = 0; epoch < epochs && rc == 0; epoch++) {
        shuffle(t, epoch);
        for (int b = 0; b < batches && rc == 0; b++) {
            int32_t first = (int32_t)(t->places.count * (size_t)b / (size_t)batches);
            int32_t end = (int32_t)(t->places.count * ((size_t)b + 1) / (size_t)batches);
            struct lesson lesson = {
                .actor = &t->actor,
                .place = t->places.item + first,
                .count = end - first,
                .reinforce = row->reinforce,
                .clip = training->clip,
                .entropy = training->entropy,
            };
            struct lesson_report report;

            rc = lesson_step(&lesson, &t->shards, &t->adam, rate, &report, err);
            if (rc == 0)
                add_report(row, &report, 1.0 / (batches * epochs));
        }
    }
    if (rc == 0)
        rc = check_weights(t, err);
    weights_pack(&t->actor.weights, PACKED_LONG);
    return rc;
}

/* The cost of what a sibling did from some moment on, against the mean of the others. Returns the
 * sum of their squares. */
static double compare_with_siblings(struct trainer *t, int i, int64_t *count)
{
    int siblings = t->training->siblings, first = i / siblings * siblings;
    struct record_book *book = &t->slot[i].book;
    double squares = 0;

    for (size_t k = 0; k < book->decisions.count; k++) {
        struct record *record = &book->decisions.item[k];
        double others = 0;

        for (int s = first; s < first + siblings; s++)
            if (s != i)
                others += practice_cost_at(&t->slot[s].outcome, record->at_s) / (siblings - 1);
        record->advantage = (real)(others - practice_cost_at(&t->slot[i].outcome, record->at_s));
        squares += (double)(record->advantage * record->advantage);
        ++*count;
    }
    return squares;
}

/* Advantages, divided by their standard deviation over all episodes or, where those are of several
 * scenarios, over siblings. */
static void find_advantages(struct trainer *t)
{
    bool alike = !t->training->draw && t->training->scenarios == 1;
    int step = alike ? t->used : t->training->siblings;

    for (int first = 0; first < t->used; first += step) {
        double squares = 0;
        int64_t count = 0;

        for (int i = first; i < first + step; i++)
            squares += compare_with_siblings(t, i, &count);
        for (int i = first; i < first + step && squares > 0; i++)
            for (size_t k = 0; k < t->slot[i].book.decisions.count; k++)
                t->slot[i].book.decisions.item[k].advantage /= (real)sqrt(squares / (double)count);
    }
}

static double mean_log_played(const struct trainer *t)
{
    double sum = 0;

    for (int i = 0; i < t->used; i++)
        sum += log(fmax(1e-9, t->slot[i].outcome.mean_completion)) / t->used;
    return sum;
}

/* Files */

static void describe(const struct trainer *t, struct text *text)
{
    const struct training *training = t->training;
    struct emit json;

    emit_init(&json, text);
    emit_open(&json, '{');
    actor_model_describe(&json, &t->actor.config);
    emit_key(&json, "training");
    emit_open(&json, '{');
    emit_key_string(&json, "origin", training->origin ? training->origin : "");
    emit_key_string(&json, "speeds", training->speeds);
    emit_key_string(&json, "teacher", training->teacher->name);
    emit_key_int(&json, "seed", (int64_t)training->seed);
    emit_key_int(&json, "iteration", t->progress.iteration);
    emit_key_int(&json, "decisions", t->progress.decisions);
    emit_key_real(&json, "score", t->progress.best);
    emit_close(&json);
    emit_key(&json, "experience");
    experience_emit(&t->experience, &json);
    emit_close(&json);
}

static int write_model(const struct trainer *t, struct err *err)
{
    struct text text;
    int rc;

    text_init(&text, 0);
    describe(t, &text);
    rc = checkpoint_write(t->training->out, text.bytes, &t->actor.weights, false, NULL, 0, err);
    text_release(&text);
    return rc;
}

static int write_state(const struct trainer *t, struct err *err)
{
    struct checkpoint_blob blob = {"progress", &t->progress, sizeof t->progress};
    struct text text;
    int rc;

    text_init(&text, 0);
    describe(t, &text);
    rc = checkpoint_write(t->state_path, text.bytes, &t->actor.weights, true, &blob, 1, err);
    text_release(&text);
    return rc;
}

static int read_progress(struct trainer *t, const struct checkpoint *checkpoint, struct err *err)
{
    const struct checkpoint_entry *entry =
        checkpoint_find(checkpoint, CHECKPOINT_STATE, "progress");

    if (!entry || entry->bytes != sizeof t->progress)
        return err_set(err, ERR_CORRUPT, "%s: no state of a training", t->state_path);
    memcpy(&t->progress, entry->data, sizeof t->progress);
    return 0;
}

static int read_state(struct trainer *t, struct err *err)
{
    struct checkpoint *checkpoint;
    int rc = checkpoint_open(&checkpoint, t->state_path, err);

    if (rc)
        return rc;
    rc = checkpoint_read_weights(checkpoint, &t->actor.weights, err);
    if (rc == 0)
        rc = checkpoint_read_moments(checkpoint, &t->actor.weights, err);
    if (rc == 0)
        rc = experience_read(&t->experience, yaml_find(checkpoint->metadata.root, "experience"),
                             err);
    if (rc == 0)
        rc = read_progress(t, checkpoint, err);
    checkpoint_close(checkpoint);
    t->adam.steps = t->progress.steps;
    return rc;
}

/* The loop */

static char *state_path(const char *out)
{
    struct text text;

    text_init(&text, 0);
    text_printf(&text, "%s.state", out);
    return text_take(&text);
}

static void open_trainer(struct trainer *t, const struct training *training)
{
    struct actor_config config =
        actor_config_of(training->hidden, training->heads, training->layers);
    int trials = training->groups * training->siblings;
    int exams = training->exam_seeds * exam_kinds(training);

    *t = (struct trainer){.training = training, .adam = ADAM_USUAL};
    actor_register(&t->actor, &config);
    weights_commit(&t->actor.weights, WEIGHTS_GRAD | WEIGHTS_MOMENTS);
    weights_draw(&t->actor.weights, training->seed);
    shards_init(&t->shards, &t->actor.weights, ops_best(), SHARDS, training->jobs);
    t->slots = training->lesson_episodes > trials ? training->lesson_episodes : trials;
    t->slots = t->slots > exams ? t->slots : exams;
    t->surveys = training->draw ? 0 : SURVEYS;
    t->slots = t->slots > t->surveys ? t->slots : t->surveys;
    t->slot = xcalloc((size_t)t->slots, sizeof *t->slot);
    t->progress.best = HUGE_VAL;
    t->state_path = state_path(training->out);
}

static void close_trainer(struct trainer *t)
{
    clear_slots(t);
    for (int i = 0; i < t->slots; i++)
        record_release(&t->slot[i].book);
    free(t->slot);
    vector_release(&t->places);
    shards_release(&t->shards);
    actor_release(&t->actor);
    experience_release(&t->experience);
    free(t->state_path);
}

/* A cosine over all lessons; constant over trials. */
static double rate_now(const struct trainer *t, bool reinforce)
{
    const struct training *training = t->training;
    struct schedule lessons = {.kind = SCHEDULE_COSINE,
                               .from = training->lesson_rate,
                               .to = training->lesson_rate / 20,
                               .steps = training->lessons};

    return reinforce ? training->trial_rate : schedule_at(&lessons, t->progress.iteration);
}

static bool exam_is_due(const struct trainer *t)
{
    int64_t done = t->progress.iteration + 1, all = t->training->lessons + t->training->trials;

    return done % t->training->exam_every == 0 || done == t->training->lessons || done == all;
}

static int iterate(struct trainer *t, struct err *err)
{
    const struct training *training = t->training;
    struct training_row row = {.iteration = t->progress.iteration,
                               .reinforce = t->progress.iteration >= training->lessons,
                               .exam = NAN};
    int rc;

    clear_slots(t);
    rc = row.reinforce ? play_trials(t, err) : play_lessons(t, err);
    if (rc)
        return rc;
    remember(t);
    row.played = mean_log_played(t);
    if (row.reinforce)
        find_advantages(t);
    collect_places(t);
    rc = learn(t, &row, rate_now(t, row.reinforce),
               row.reinforce ? training->trial_epochs : training->lesson_epochs, err);
    if (rc == 0 && exam_is_due(t))
        rc = hold_exam(t, &row.exam, err);
    if (rc)
        return rc;
    t->progress.iteration++;
    t->progress.steps = t->adam.steps;
    t->progress.seconds = clock_s(CLOCK_MONOTONIC) - t->begun_s;
    if (row.exam < t->progress.best) {
        t->progress.best = row.exam;
        row.best = true;
        rc = write_model(t, err);
    }
    row.seconds = t->progress.seconds;
    row.decisions = t->progress.decisions;
    if (rc == 0 && !isnan(row.exam))
        rc = write_state(t, err);
    if (training->report)
        training->report(training->report_arg, &row);
    return rc;
}

int training_run(const struct training *training, struct err *err)
{
    struct trainer t;
    int rc = 0;

    open_trainer(&t, training);
    if (training->resume)
        rc = read_state(&t, err);
    weights_pack(&t.actor.weights, PACKED_LONG);
    if (rc == 0 && !training->resume)
        rc = play_surveys(&t, err);
    t.begun_s = clock_s(CLOCK_MONOTONIC) - t.progress.seconds;
    while (rc == 0 && t.progress.iteration < training->lessons + training->trials &&
           !is_stopped(&t) &&
           (training->time_s <= 0 || clock_s(CLOCK_MONOTONIC) - t.begun_s < training->time_s))
        rc = iterate(&t, err);
    if (rc == 0)
        rc = write_state(&t, err);
    close_trainer(&t);
    return rc;
}
