/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both keep observations per type and fit a speed model to them (core/speed_fit.h) when somebody
 * asks and there is news.
 *
 * fitted:K measures the speed for one slot (or second) at K points: at the corners first, then at
 * points of a Halton sequence between them on a logarithmic scale, each at another progress. What
 * that costs a real site is K slots of one task per type; no queue waits for it here. Told to keep
 * watching, it takes what tasks of the run did as observations, too, and corrects the fit where
 * whole runs with one allocation keep disagreeing with it (empirical Bayes: as far as the scatter
 * of equal runs does not explain it). Speed models that suit the samples but not the runs, as on
 * tables that no family resembles, are mended that way.
 *
 * online takes every stretch of a task's life with one allocation as an observation: so much
 * progress in so many seconds, without what starting and fetching data took. Equal stretches are
 * averaged. What ran in company, even for a part of the stretch, says nothing. A type of which
 * nothing was seen yet is thought as fast as the others are on average. A fit is renewed when a
 * quarter more has been seen.
 *
 * In slotted worlds a task ends with a slot: a run that lasted n slots is taken as n - 1/2, and the
 * expected number of slots is the mean of the next whole number above a normal time to go.
 */
#include "core/learned_speeds.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/vector.h"
#include "core/catalog.h"
#include "core/event.h"
#include "core/speed_fit.h"
#include "core/task.h"

enum { MOST_CELLS = 256, SLOTS_WALKED = 64 };

/* The speed of a type of which nothing is known, where no other type was seen either. */
static const double UNKNOWN_SLOTS = 5, UNKNOWN_S = 60;
static const double UNKNOWN_SPAN = 3, LIKE_OTHERS_SPAN = 1;

/* What is thought, before there is much to judge by, of the squares of relative differences:
 * between equal runs, and between their mean and the fit; and how many runs or cells that weighs.
 */
static const double USUAL_SCATTER = 0.03, USUAL_RUNS = 4;
static const double USUAL_MISFIT = 0.0025, USUAL_CELLS = 2;
static const double RELATIVE_SCATTER = 0.01; /* between the stretches of one task */
static const double FEW_RUNS = 8;            /* a cell of fewer says less about the fit */

static const double MOST_LEVEL_RUNS = 20; /* that the fit's level weighs at most */

static const double LEAST_NOISE = 0.02; /* relative, of a time to go */

/* All that was seen of one allocation against the fit, and what it makes of the fit's durations. */
struct evidence {
    struct allocation allocation;
    double took_s, expected_s, count, scatter;
    double correction;
};

struct profile {
    struct speed_observation *cell;
    double *seconds;   /* by cell: mean duration of its runs */
    bool *is_relative; /* by cell: of a task that was resized, its own length taken out */
    int cells, oldest;
    double seen, seen_at_fit; /* runs */
    double squares, repeats;  /* of equal runs about their mean, relative; how many runs */
    double lengths, runs;     /* of resized tasks since the fit: sum of how much longer; number */
    int types_at_fit;         /* for a type that was never seen: others that had been */
    int32_t version;          /* 0: not fitted yet */
    struct speed_fit fit;
    VECTOR(struct evidence) evidence; /* by allocation, as of the fit */
};

/* A stretch of a task's life with one allocation: the open one, and those before. */
struct span {
    struct allocation allocation;
    double from, to, seconds;
};

struct stretch {
    struct allocation allocation;
    double since_s, progress, overhead_s;
    bool open;
    VECTOR(struct span) past; /* of a task that was resized */
};

struct learned {
    const struct catalog *catalog;
    struct estimator truth; /* of fitted; online has none */
    int samples;
    bool watching;           /* of fitted: runs count, too */
    struct profile *profile; /* by type */
    int types_seen;
    struct stretch *stretch; /* by task */
    size_t stretches;
};

static const struct estimator_ops fitted_ops, online_ops;

static struct fit_frame frame_of(const struct learned *s, int32_t type)
{
    const struct type_info *info = &s->catalog->type[type];
    struct fit_frame frame = {.min = info->min, .resources = s->catalog->resources};
    double sum = 0;

    frame.sparse = s->samples > 0;
    frame.slot_s = s->watching ? s->catalog->slot_s : 0;
    frame.max = allocation_least(&info->max, &s->catalog->largest);
    frame.max = allocation_most(&frame.max, &info->min);
    for (int i = 0; s->samples == 0 && s->types_seen > 0 && i < s->catalog->types; i++)
        if (s->profile[i].seen > 0 && s->profile[i].version > 0)
            sum += s->profile[i].fit.parameter[0];
    frame.speed = s->catalog->slot_s > 0 ? 1 / (UNKNOWN_SLOTS * s->catalog->slot_s) : 1 / UNKNOWN_S;
    frame.speed_span = UNKNOWN_SPAN;
    if (s->samples == 0 && s->profile[type].seen == 0 && s->types_seen > 0) {
        frame.speed = exp(sum / s->types_seen);
        frame.speed_span = LIKE_OTHERS_SPAN;
    }
    return frame;
}

static double radical_inverse(int index, int base)
{
    double value = 0, digit = 1;

    for (; index > 0; index /= base) {
        digit /= base;
        value += digit * (index % base);
    }
    return value;
}

/* The minimum, the maximum, the maximum with each resource in turn at its minimum; then points
 * between. */
static double sample_place(int index, int resource, int resources)
{
    static const int prime[MAX_RESOURCES] = {2, 3, 5, 7, 11, 13, 17, 19};
    int corners = 2 + resources;

    if (index < corners)
        return index == 0 || index - 2 == resource ? 0 : 1;
    return radical_inverse(index - corners + 1, prime[resource]);
}

static struct allocation sample_point(const struct fit_frame *frame, int index)
{
    struct allocation a = frame->min;

    for (int r = 0; r < frame->resources; r++) {
        double at = sample_place(index, r, frame->resources);
        double low = fmax(frame->min.amount[r], 0.5), high = fmax(frame->max.amount[r], low);
        double amount = round(low * pow(high / low, at));

        if (frame->max.amount[r] > frame->min.amount[r])
            a.amount[r] = (int32_t)fmin(fmax(amount, frame->min.amount[r]), frame->max.amount[r]);
    }
    return a;
}

static void make_room(const struct learned *s, struct profile *profile)
{
    size_t most = (size_t)s->samples + MOST_CELLS;

    profile->cell = xcalloc(most, sizeof *profile->cell);
    profile->seconds = xcalloc(most, sizeof *profile->seconds);
    profile->is_relative = xcalloc(most, sizeof *profile->is_relative);
}

static void take_samples(const struct learned *s, int32_t type, const struct fit_frame *frame)
{
    struct profile *profile = &s->profile[type];

    make_room(s, profile);
    profile->cells = s->samples;
    for (int i = 0; i < s->samples; i++) {
        struct speed_observation *o = &profile->cell[i];

        *o = (struct speed_observation){.allocation = sample_point(frame, i), .count = 1};
        o->from = o->to = 0.9 * fmod(i * 0.618, 1);
        o->speed = estimator_sample(&s->truth, type, &o->allocation, o->from, (uint64_t)i);
    }
    profile->seen = profile->seen_at_fit = s->samples;
}

static bool is_current(const struct learned *s, const struct profile *profile)
{
    if (profile->version == 0)
        return false;
    if (s->samples > 0 && !s->watching)
        return true;
    if (s->samples == 0 && profile->seen == 0)
        return profile->types_at_fit == s->types_seen;
    return profile->seen < profile->seen_at_fit * 1.25 + (profile->seen_at_fit < 1);
}

/* Of single runs, relative: variance. */
static double scatter_of(const struct profile *profile)
{
    return (profile->squares + USUAL_SCATTER * USUAL_RUNS) / (profile->repeats + USUAL_RUNS);
}

/* What a run may be off: its noise, and in slotted worlds that it ended somewhere in its last slot,
 * which evens out over runs as far as noise makes them end in different ones. */
static void weigh_runs(const struct learned *s, struct profile *profile)
{
    double of_runs = scatter_of(profile);

    for (int i = s->samples; i < profile->cells; i++) {
        struct speed_observation *o = &profile->cell[i];
        double scatter = profile->is_relative[i] ? RELATIVE_SCATTER : of_runs;
        double slot = s->catalog->slot_s / profile->seconds[i];

        o->noise = o->speed * sqrt(scatter);
        o->blur = o->speed * sqrt(fmax(0, slot * slot / 12 - scatter));
    }
}

/* Slots to go as a real number, walking as the world does: the speed of a slot is the one at its
 * begin. */
static double slots_to_go(const struct speed_fit *fit, const struct allocation *a, double from,
                          double slot_s)
{
    int slots = 0;

    for (; slots < SLOTS_WALKED; slots++) {
        double step = speed_fit_at(fit, a, from) * slot_s;

        if (from + step >= 1)
            return slots + (1 - from) / step;
        from += step;
    }
    return slots + speed_fit_seconds(fit, a, from) / slot_s;
}

static double normal_above(double x)
{
    return erfc(x * M_SQRT1_2) / 2;
}

static double expected_slots(const struct speed_fit *fit, const struct allocation *a, double from,
                             double slot_s)
{
    double to_go = slots_to_go(fit, a, from, slot_s), per_slot = (1 - from) / to_go;
    double span = to_go * LEAST_NOISE + fit->noise * slot_s / per_slot * sqrt(to_go);
    double first = fmax(1, floor(to_go - 4 * span)), sum = first;

    if (to_go > SLOTS_WALKED)
        return to_go + 0.5;
    for (double k = first; k < to_go + 4 * span; k++)
        sum += normal_above((k - to_go) / span);
    return sum;
}

static double fit_seconds(const struct speed_fit *fit, const struct allocation *a, double from,
                          double slot_s)
{
    return slot_s > 0 ? slot_s * expected_slots(fit, a, from, slot_s)
                      : speed_fit_seconds(fit, a, from);
}

static bool is_whole(const struct speed_observation *o)
{
    return o->from == 0 && o->to == 1;
}

static bool tells(const struct profile *profile, int cell)
{
    return profile->is_relative[cell] || is_whole(&profile->cell[cell]);
}

static struct evidence *find_evidence(const struct profile *profile, const struct allocation *a)
{
    for (size_t i = 0; i < profile->evidence.count; i++)
        if (allocation_equal(&profile->evidence.item[i].allocation, a))
            return &profile->evidence.item[i];
    return NULL;
}

static void gather_evidence(const struct learned *s, struct profile *profile)
{
    double slot_s = s->catalog->slot_s, of_runs = scatter_of(profile);

    vector_clear(&profile->evidence);
    for (int i = s->samples; i < profile->cells; i++) {
        const struct speed_observation *o = &profile->cell[i];
        struct evidence *sum = find_evidence(profile, &o->allocation);
        double count = o->count, expected_s;

        if (!tells(profile, i))
            continue;
        if (!sum) {
            vector_push(&profile->evidence,
                        ((struct evidence){.allocation = o->allocation, .correction = 1}));
            sum = vector_last(&profile->evidence);
        }
        expected_s = is_whole(o) ? fit_seconds(&profile->fit, &o->allocation, 0, slot_s)
                                 : speed_fit_seconds(&profile->fit, &o->allocation, o->from) -
                                       speed_fit_seconds(&profile->fit, &o->allocation, o->to);
        sum->took_s += count * (profile->seconds[i] + (is_whole(o) ? slot_s / 2 : 0));
        sum->expected_s += count * expected_s;
        sum->count += profile->is_relative[i] ? o->to - o->from : count;
        sum->scatter = profile->is_relative[i] ? RELATIVE_SCATTER : of_runs;
    }
}

/* Discrepancies become corrections as far as scatter does not explain them. */
static void correct_fit(const struct learned *s, struct profile *profile)
{
    double sum = USUAL_MISFIT * USUAL_CELLS, weights = USUAL_CELLS, misfit;

    gather_evidence(s, profile);
    for (int i = s->samples; i < profile->cells; i++) {
        const struct evidence *seen = find_evidence(profile, &profile->cell[i].allocation);
        double weight, off;

        if (!tells(profile, i) || !(seen->expected_s > 0))
            continue;
        weight = fmin(1, seen->count / FEW_RUNS);
        off = seen->took_s / seen->expected_s - 1;
        sum += weight * fmax(0, off * off - seen->scatter / seen->count);
        weights += weight;
    }
    misfit = sum / weights;
    for (size_t i = 0; i < profile->evidence.count; i++) {
        struct evidence *seen = &profile->evidence.item[i];

        if (seen->expected_s > 0)
            seen->correction = 1 + (seen->took_s / seen->expected_s - 1) * misfit /
                                       (misfit + seen->scatter / seen->count);
    }
}

static double correction_of(const struct learned *s, const struct profile *profile,
                            const struct allocation *a)
{
    const struct evidence *seen = s->watching ? find_evidence(profile, a) : NULL;

    return seen ? seen->correction : 1;
}

/* What noise in every slot would make equal runs differ so much: progress per second. */
static double noise_in_runs(const struct learned *s, const struct profile *profile)
{
    double runs = 0, slots = 0;

    for (int i = s->samples; i < profile->cells; i++)
        if (is_whole(&profile->cell[i])) {
            runs += profile->cell[i].count;
            slots += profile->cell[i].count * profile->seconds[i] / s->catalog->slot_s;
        }
    return runs > 0 ? sqrt(profile->squares / (profile->repeats + USUAL_RUNS) * runs / slots) /
                          s->catalog->slot_s
                    : 0;
}

static const struct profile *current(const struct learned *s, int32_t type)
{
    struct profile *profile = &s->profile[type];
    struct fit_frame frame;

    if (is_current(s, profile))
        return profile;
    frame = frame_of(s, type);
    if (s->samples > 0 && profile->version == 0)
        take_samples(s, type, &frame);
    profile->version++;
    if (s->samples > 0)
        weigh_runs(s, profile);
    if (s->watching && s->catalog->slot_s > 0)
        frame.least_noise = noise_in_runs(s, profile);
    if (s->watching)
        frame.noise = fmax(profile->fit.noise, frame.least_noise);
    speed_fit_make(&profile->fit, &frame, profile->cell, profile->cells);
    if (s->watching)
        correct_fit(s, profile);
    profile->lengths = profile->runs = 0;
    profile->seen_at_fit = profile->seen;
    profile->types_at_fit = s->types_seen;
    return profile;
}

static bool can_run(const struct learned *s, int32_t type, const struct allocation *a)
{
    return allocation_fits(&s->catalog->type[type].min, a);
}

static double learned_speed(const void *state, int32_t type, const struct allocation *a,
                            double progress)
{
    const struct learned *s = state;

    return can_run(s, type, a) ? speed_fit_at(&current(s, type)->fit, a, progress) : 0;
}

static double learned_seconds(const void *state, int32_t type, const struct allocation *a,
                              double from)
{
    const struct learned *s = state;
    double slot_s = s->catalog->slot_s;
    const struct profile *profile;

    if (!can_run(s, type, a))
        return HUGE_VAL;
    if (from >= 1)
        return 0;
    profile = current(s, type);
    return fit_seconds(&profile->fit, a, from, slot_s) * correction_of(s, profile, a);
}

static double fitted_sample(const void *state, int32_t type, const struct allocation *a,
                            double progress, uint64_t draw)
{
    const struct learned *s = state;

    return estimator_sample(&s->truth, type, a, progress, draw);
}

/* Whoever learns from running tasks has no profiling runs; what it believes must do. */
static double online_sample(const void *state, int32_t type, const struct allocation *a,
                            double progress, uint64_t draw)
{
    (void)draw;
    return learned_speed(state, type, a, progress);
}

static int32_t learned_version(const void *state, int32_t type)
{
    return current(state, type)->version;
}

static const char *learned_family(const void *state, int32_t type)
{
    static const char *const word[FAMILIES] = {
        [FAMILY_AMDAHL] = "amdahl", [FAMILY_POWER] = "power", [FAMILY_SATURATING] = "saturating"};

    return word[current(state, type)->fit.family];
}

static struct speed_observation *find_cell(struct profile *profile, const struct allocation *a,
                                           double from, double to)
{
    for (int i = 0; i < profile->cells; i++) {
        struct speed_observation *o = &profile->cell[i];

        if (o->from == from && o->to == to && allocation_equal(&o->allocation, a))
            return o;
    }
    return NULL;
}

/* Another cell; when there are enough, the oldest one's. */
static struct speed_observation *add_cell(const struct learned *s, struct profile *profile,
                                          const struct allocation *a, double from, double to)
{
    int at = profile->cells < s->samples + MOST_CELLS ? profile->cells++
                                                      : s->samples + profile->oldest++ % MOST_CELLS;

    if (!profile->cell)
        make_room(s, profile);
    profile->seconds[at] = 0;
    profile->is_relative[at] = false;
    profile->cell[at] = (struct speed_observation){.allocation = *a, .from = from, .to = to};
    return &profile->cell[at];
}

static bool listens(const struct learned *s)
{
    return s->samples == 0 || s->watching;
}

void estimator_learn(struct estimator *estimator, int32_t type, const struct allocation *a,
                     double from, double to, double seconds)
{
    struct learned *s = estimator->state;
    struct speed_observation *o;
    struct profile *profile;
    double *mean_s, off_s;

    BUG_ON(!listens(s) || type < 0 || type >= s->catalog->types);
    if (s->catalog->slot_s > 0)
        seconds = fmax(seconds, s->catalog->slot_s) - s->catalog->slot_s / 2;
    if (!(to > from) || !(seconds > 0))
        return;
    profile = &s->profile[type];
    if (s->samples > 0)
        current(s, type); /* the samples come first */
    o = find_cell(profile, a, from, to);
    if (!o)
        o = add_cell(s, profile, a, from, to);
    mean_s = &profile->seconds[o - profile->cell];
    o->count++;
    off_s = seconds - *mean_s;
    *mean_s += off_s / o->count;
    if (o->count > 1) {
        profile->squares += off_s * (seconds - *mean_s) / (*mean_s * *mean_s);
        profile->repeats++;
    }
    o->speed = (to - from) / *mean_s;
    s->types_seen += profile->seen == 0;
    profile->seen++;
}

static struct stretch *stretch_of(struct learned *s, int32_t task)
{
    while (s->stretches <= (size_t)task) {
        size_t more = s->stretches ? s->stretches : 64;

        s->stretch = xrealloc(s->stretch, s->stretches + more, sizeof *s->stretch);
        for (size_t i = 0; i < more; i++)
            s->stretch[s->stretches + i] = (struct stretch){.open = false};
        s->stretches += more;
    }
    return &s->stretch[task];
}

/* How much longer than the fit says the type's tasks are, as far as they were resized; what the fit
 * says weighs as much as what it was made of. */
static double level_of(const struct profile *profile)
{
    double weight = fmin(profile->seen_at_fit, MOST_LEVEL_RUNS);

    return (profile->lengths + weight) / (profile->runs + weight);
}

static double expected_s(const struct learned *s, int32_t type, const struct span *span)
{
    const struct profile *profile = current(s, type);
    double seconds = speed_fit_seconds(&profile->fit, &span->allocation, span->from) -
                     speed_fit_seconds(&profile->fit, &span->allocation, span->to);

    return seconds * correction_of(s, profile, &span->allocation);
}

/* A task that was resized tells how its allocations compare, whatever its own length was: that is
 * taken out of each of its stretches, for long tasks have more of them. */
static void learn_resized(struct learned *s, int32_t type, const struct span *span, size_t spans)
{
    struct profile *profile = &s->profile[type];
    double took_s = 0, due_s = 0, length;

    for (size_t i = 0; i < spans; i++) {
        took_s += span[i].seconds;
        due_s += expected_s(s, type, &span[i]);
    }
    if (!(took_s > 0) || !(due_s > 0))
        return;
    length = took_s / due_s;
    profile->lengths += length;
    profile->runs++;
    for (size_t i = 0; i < spans; i++) {
        struct speed_observation *o;
        double seconds = span[i].seconds * level_of(profile) / length;

        if (!(span[i].to > span[i].from) || !(seconds > 0))
            continue;
        o = add_cell(s, profile, &span[i].allocation, span[i].from, span[i].to);
        o->count = 1;
        o->speed = (span[i].to - span[i].from) / seconds;
        profile->seconds[o - profile->cell] = seconds;
        profile->is_relative[o - profile->cell] = true;
    }
    s->types_seen += profile->seen == 0;
    profile->seen++;
}

/* What passes before the first progress, at the start of a task or after a move; after a change
 * in the middle of that, what is left of it. */
static double overhead_s(const struct learned *s, const struct event *event,
                         const struct task *task, const struct stretch *before)
{
    const struct type_info *type = &s->catalog->type[task->type];

    if (event->kind == EVENT_START)
        return type->startup_s +
               catalog_transfer_s(s->catalog, task->home, event->cluster, type->data_mb);
    if (event->kind == EVENT_MIGRATE)
        return catalog_transfer_s(s->catalog, event->other, event->cluster, type->state_mb);
    if (event->kind == EVENT_RESIZE && before->open)
        return fmax(0, before->since_s + before->overhead_s - event->time_s);
    return 0;
}

static void online_observe(void *state, const struct event *event, const struct task *task)
{
    struct learned *s = state;
    struct estimator self = {.ops = &online_ops, .state = state};
    struct stretch *stretch;
    double left_s;

    if (!listens(s))
        return;
    if (!task || event->kind == EVENT_ARRIVAL || event->kind == EVENT_REFUSED)
        return;
    stretch = stretch_of(state, event->task);
    if (event->kind == EVENT_FAILURE || event->kind == EVENT_LOST) {
        vector_clear(&stretch->past);
    } else if (stretch->open) {
        struct span span = {stretch->allocation, stretch->progress,
                            event->kind == EVENT_FINISH ? 1 : event->progress,
                            fmax(0, event->time_s - stretch->since_s - stretch->overhead_s)};

        if (event->kind != EVENT_FINISH || stretch->past.count > 0)
            vector_push(&stretch->past, span);
        else
            estimator_learn(&self, task->type, &span.allocation, span.from, span.to, span.seconds);
    }
    if (event->kind == EVENT_FINISH && stretch->past.count > 0)
        learn_resized(s, task->type, stretch->past.item, stretch->past.count);
    if (event->kind == EVENT_FINISH || event->kind == EVENT_LOST)
        vector_release(&stretch->past);
    left_s = overhead_s(state, event, task, stretch);
    stretch->open = event->with < 0 && (event->kind == EVENT_START || event->kind == EVENT_RESIZE ||
                                        event->kind == EVENT_MIGRATE);
    stretch->allocation = event->allocation;
    stretch->since_s = event->time_s;
    stretch->progress = event->progress;
    stretch->overhead_s = left_s;
    if (event->with >= 0)
        stretch_of(state, event->with)->open = false;
}

static void learned_release(void *state)
{
    struct learned *s = state;

    for (int i = 0; i < s->catalog->types; i++) {
        free(s->profile[i].cell);
        free(s->profile[i].seconds);
        vector_release(&s->profile[i].evidence);
        free(s->profile[i].is_relative);
    }
    estimator_close(&s->truth);
    for (size_t i = 0; i < s->stretches; i++)
        vector_release(&s->stretch[i].past);
    free(s->profile);
    free(s->stretch);
    free(s);
}

static const struct estimator_ops fitted_ops = {
    .name = "fitted",
    .summary = "speed models fitted to K noisy measurements of each type",
    .info = INFO_MODEL,
    .speed = learned_speed,
    .seconds = learned_seconds,
    .sample = fitted_sample,
    .version = learned_version,
    .family = learned_family,
    .observe = online_observe,
    .release = learned_release,
};

static const struct estimator_ops online_ops = {
    .name = "online",
    .summary = "speed models fitted to the progress of the tasks that ran before",
    .info = INFO_PROGRESS,
    .speed = learned_speed,
    .seconds = learned_seconds,
    .sample = online_sample,
    .version = learned_version,
    .family = learned_family,
    .observe = online_observe,
    .release = learned_release,
};

static const struct estimator_ops guess_ops = {
    .name = "guess",
    .summary = "the same guess for every type, whatever happens",
    .info = INFO_PROGRESS,
    .speed = learned_speed,
    .seconds = learned_seconds,
    .sample = online_sample,
    .release = learned_release,
};

static struct learned *learned_new(const struct catalog *catalog)
{
    struct learned *s = xcalloc(1, sizeof *s);

    s->catalog = catalog;
    s->profile = xcalloc((size_t)catalog->types, sizeof *s->profile);
    return s;
}

void fitted_open(struct estimator *estimator, const struct catalog *catalog,
                 struct estimator *truth, int samples)
{
    struct learned *s = learned_new(catalog);

    BUG_ON(samples < 1 || samples > MOST_SAMPLES);
    s->truth = *truth;
    s->samples = samples;
    *truth = (struct estimator){0};
    *estimator = (struct estimator){.ops = &fitted_ops, .state = s};
}

void estimator_keep_watching(const struct estimator *estimator)
{
    struct learned *s = estimator->state;

    if (estimator->ops == &fitted_ops)
        s->watching = true;
}

void estimator_open_online(struct estimator *estimator, const struct catalog *catalog)
{
    *estimator = (struct estimator){.ops = &online_ops, .state = learned_new(catalog)};
}

void guess_open(struct estimator *estimator, const struct catalog *catalog)
{
    *estimator = (struct estimator){.ops = &guess_ops, .state = learned_new(catalog)};
}
