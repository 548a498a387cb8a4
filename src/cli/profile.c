/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tapfinger profile: how fast a command is with each allocation, measured by real runs.
 *
 * Every run is a job of the type that asks for exactly one allocation of the grid; the daemon
 * places it as any other, and learns from it as from any other. Runs follow each other, so that
 * they do not disturb one another, and repetitions come in rounds over the whole grid, so that what
 * changes on the machine meanwhile falls on all allocations alike. A run counts from its program's
 * start to its end; with --for it is stopped after so long and the speed is that between its first
 * and its last report of progress.
 *
 * Samples are written as they come, one line per run that was measured: type, cpu, gpu (where the
 * grid has one), rep, seconds of a whole run. "tapfinger fit" reads that.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/job_env.h"
#include "cli/listing.h"
#include "cli/profile_grid.h"
#include "cli/progress_bar.h"
#include "report/table.h"
#include "serve/quantity.h"

static const double POLL_S = 1;

/* One allocation of the grid, and what its runs came to. */
struct point {
    int cpu, gpu;
    int runs, good;
    double seconds, rate, rate_squares; /* sums over the good runs */
    char *trouble;                      /* of the last run that was none; NULL: all were good */
};

struct profiling {
    const struct arguments *args;
    struct client client;
    struct profile_grid grid;
    VECTOR(struct point) points;
    json_t *job; /* what all runs have in common */
    double for_s;
    int reps;
    FILE *samples;
    const char *path;
    struct progress_bar *bar;
    bool never; /* some allocation is larger than anything here */
};

/* What was asked for */

static int read_grid(struct profiling *p, struct err *err)
{
    const struct option_value *grid = params_value(&p->args->own, "grid");
    const struct option_value *words = params_value(&p->args->own, "command");
    json_t *command = json_array();
    int first = 0, rc = 0;

    for (int i = 0; i < grid->repeats && rc == 0; i++)
        rc = profile_grid_add(&p->grid, grid->repeat[i], err);
    while (rc == 0 && first < words->repeats && profile_grid_is_part(words->repeat[first]))
        rc = profile_grid_add(&p->grid, words->repeat[first++], err);
    profile_grid_finish(&p->grid);
    for (int i = first; i < words->repeats; i++)
        json_array_append_new(command, json_string(words->repeat[i]));
    if (rc == 0 && first == words->repeats)
        rc = err_set(err, ERR_INVALID, "missing COMMAND: what to measure");
    p->job = json_pack("{s:o, s:o, s:s, s:s}", "command", command, "env", job_env_of_shell(),
                       "type", arguments_string(p->args, "type"), "name", "profile");
    return rc;
}

static int read_rest(struct profiling *p, struct err *err)
{
    const char *cluster = arguments_string(p->args, "cluster"),
               *most = arguments_string(p->args, "for");
    char *cwd = getcwd(NULL, 0);

    if (cwd)
        json_object_set_new(p->job, "cwd", json_string(cwd));
    free(cwd);
    if (cluster)
        json_object_set_new(p->job, "reach", json_pack("[s]", cluster));
    p->reps = (int)params_int(&p->args->own, "reps");
    if (most && quantity_duration(most, &p->for_s, err))
        return err_prefix(err, "--for");
    for (int c = 0; c < p->grid.cpu.count; c++)
        for (int g = 0; g < p->grid.gpu.count; g++)
            vector_push(&p->points, ((struct point){.cpu = p->grid.cpu.amount[c],
                                                    .gpu = p->grid.gpu.amount[g]}));
    return 0;
}

static bool has_gpus(const struct profiling *p)
{
    return p->grid.gpu.amount[p->grid.gpu.count - 1] > 0;
}

static int open_samples(struct profiling *p, struct err *err)
{
    bool force = arguments_flag(p->args, "force");

    p->path = arguments_string(p->args, "output");
    p->samples = fopen(p->path, force ? "we" : "wxe");
    if (!p->samples && errno == EEXIST)
        return err_set(err, ERR_INVALID, "%s: is there already; another --output, or --force",
                       p->path);
    if (!p->samples)
        return err_set(err, ERR_IO, "%s: cannot write: %s", p->path, strerror(errno));
    fprintf(p->samples, "type,cpu,%srep,seconds\n", has_gpus(p) ? "gpu," : "");
    return 0;
}

/* One run */

static double moment_s(const json_t *task, const char *key)
{
    const char *words = json_string_value(json_object_get(task, key));
    int64_t at_us;

    return words && quantity_time(words, &at_us, NULL) == 0 ? (double)at_us / 1e6 : -1;
}

/* Seconds of a whole run by its first and last report; 0: there were not two. */
static double seconds_by_reports(const json_t *events)
{
    double first = -1, first_s = 0, last = -1, last_s = 0;
    size_t at;
    json_t *event;

    json_array_foreach (json_object_get(events, "items"), at, event) {
        double progress = json_number_value(json_object_get(event, "progress"));

        if (strcmp(client_text(event, "event"), "job.progress") != 0)
            continue;
        if (first < 0) {
            first = progress;
            first_s = moment_s(event, "at");
        }
        last = progress;
        last_s = moment_s(event, "at");
    }
    return last > first && last_s > first_s ? (last_s - first_s) / (last - first) : 0;
}

static void note_trouble(struct point *point, const char *what)
{
    free(point->trouble);
    point->trouble = xstrdup(what);
}

static void note_end(struct point *point, const char *state, const json_t *job)
{
    const char *message = json_string_value(json_object_get(job, "message"));
    json_int_t code = json_integer_value(json_object_get(job, "exit_code"));
    char words[200];

    if (message)
        snprintf(words, sizeof words, "%s: %.150s", state, message);
    else if (code)
        snprintf(words, sizeof words, "%s: exit code %lld", state, (long long)code);
    else
        snprintf(words, sizeof words, "%s", state);
    note_trouble(point, words);
}

static void note_sample(struct profiling *p, struct point *point, int rep, double seconds)
{
    point->good++;
    point->seconds += seconds;
    point->rate += 1 / seconds;
    point->rate_squares += 1 / seconds / seconds;
    fprintf(p->samples, "%s,%d,", arguments_string(p->args, "type"), point->cpu);
    if (has_gpus(p))
        fprintf(p->samples, "%d,", point->gpu);
    fprintf(p->samples, "%d,%.6g\n", rep, seconds);
    fflush(p->samples);
}

static int call(struct profiling *p, const char *method, const char *id, const char *rest,
                json_t *body, struct answer *answer, struct err *err)
{
    char path[120];

    snprintf(path, sizeof path, "/v1/jobs/%.40s%s", id, rest);
    return client_call(&p->client, method, path, body, NULL, answer, err);
}

static void cancel(struct profiling *p, const char *id)
{
    struct answer answer;

    call(p, "POST", id, "/cancel", NULL, &answer, NULL);
    answer_release(&answer);
}

static bool is_over(const json_t *job)
{
    return json_is_string(json_object_get(job, "ended_at"));
}

static bool ran_long_enough(const struct profiling *p, const json_t *job)
{
    return p->for_s > 0 && client_age(json_object_get(job, "started_at")) >= p->for_s;
}

/* Waits for its end, or ends it when it ran long enough or the user wants no more. */
static int follow_run(struct profiling *p, const char *id, struct answer *answer, struct err *err)
{
    double poll_s = client_poll_s(&p->client, p->for_s > 0 ? fmin(POLL_S, p->for_s / 4) : POLL_S);
    bool ending = false;
    char rest[60];

    snprintf(rest, sizeof rest, "?until=finished&wait=%.3f", poll_s);
    for (;;) {
        int code = call(p, "GET", id, rest, NULL, answer, err);

        if (code != EXIT_DONE || is_over(answer->doc))
            return code;
        if (!ending && (*bar_stop(p->bar) || ran_long_enough(p, answer->doc))) {
            cancel(p, id);
            ending = true;
        }
        answer_release(answer);
    }
}

/* What a run that is over is worth: seconds of a whole one, or 0 and the point says why not. */
static double judge_run(struct profiling *p, struct point *point, const char *id, const json_t *job)
{
    const char *state = client_text(job, "state");
    double seconds = moment_s(job, "ended_at") - moment_s(job, "started_at");
    struct answer answer;

    if (strcmp(state, "SUCCEEDED") == 0)
        return fmax(seconds, 1e-3);
    if (*bar_stop(p->bar)) {
        note_trouble(point, "stopped");
        return 0;
    }
    if (strcmp(state, "CANCELED") != 0 || p->for_s <= 0) {
        note_end(point, state, job);
        return 0;
    }
    seconds = 0;
    if (call(p, "GET", id, "/events?limit=1000", NULL, &answer, NULL) == EXIT_DONE)
        seconds = seconds_by_reports(answer.doc);
    answer_release(&answer);
    if (!(seconds > 0))
        note_trouble(point, "no two reports of progress");
    return seconds;
}

static int run_once(struct profiling *p, struct point *point, int rep, struct err *err)
{
    json_t *job = json_copy(p->job);
    struct answer answer;
    double seconds;
    char id[40];
    int code;

    json_object_set_new(job, "request",
                        json_pack("{s:i, s:i}", "cpu", point->cpu, "gpu", point->gpu));
    code = client_call(&p->client, "POST", "/v1/jobs", job, NULL, &answer, err);
    snprintf(id, sizeof id, "%s", client_text(answer.doc, "id"));
    answer_release(&answer);
    if (code == EXIT_NEVER) {
        note_trouble(point, "never-fits");
        p->never = true;
        err->message[0] = 0;
        return EXIT_DONE;
    }
    if (code != EXIT_DONE)
        return code;
    code = follow_run(p, id, &answer, err);
    if (code == EXIT_DONE) {
        point->runs++;
        seconds = judge_run(p, point, id, answer.doc);
        if (seconds > 0)
            note_sample(p, point, rep, seconds);
    }
    answer_release(&answer);
    return code;
}

static int run_all(struct profiling *p, struct err *err)
{
    int code = EXIT_DONE;

    for (int rep = 1; rep <= p->reps; rep++)
        for (size_t i = 0; i < p->points.count && code == EXIT_DONE && !*bar_stop(p->bar); i++) {
            code = run_once(p, &p->points.item[i], rep, err);
            bar_piece_done(p->bar);
        }
    return code;
}

/* Reports */

/* Between runs of one allocation; -1: there were not two. */
static double deviation(const struct point *point)
{
    double mean = point->rate / point->good;

    if (point->good < 2)
        return -1;
    return sqrt(fmax(0, point->rate_squares - mean * point->rate) / (point->good - 1));
}

static void print_table(const struct profiling *p)
{
    static const char *const heading[] = {"CPU", "GPU", "REP", "RATE/s", "SD", "STATUS"};
    struct table table;

    table_init(&table);
    for (size_t i = 0; i < COUNT_OF(heading); i++)
        table_column(&table, heading[i], i == 5 ? TABLE_LEFT : TABLE_RIGHT, 0);
    for (size_t i = 0; i < p->points.count; i++) {
        const struct point *point = &p->points.item[i];

        table_cell(&table, MOOD_STRONG, "%d", point->cpu);
        table_cell(&table, MOOD_STRONG, "%d", point->gpu);
        table_cell(&table, MOOD_PLAIN, "%d/%d", point->good, p->reps);
        if (point->good)
            table_cell(&table, MOOD_PLAIN, "%.4g", point->rate / point->good);
        else
            table_cell(&table, MOOD_FAINT, "-");
        if (point->good > 1)
            table_cell(&table, MOOD_PLAIN, "%.2g", deviation(point));
        else
            table_cell(&table, MOOD_FAINT, "-");
        if (point->trouble)
            table_cell(&table, MOOD_BAD, "%s", point->trouble);
        else
            table_cell(&table, MOOD_GOOD, point->good ? "ok" : "not run");
    }
    listing_show(p->args, &table);
    table_release(&table);
}

static void emit_point(const struct profiling *p, struct emit *e, const struct point *point)
{
    emit_open(e, '{');
    emit_key_int(e, "cpu", point->cpu);
    emit_key_int(e, "gpu", point->gpu);
    emit_key_int(e, "reps", p->reps);
    emit_key_int(e, "measured", point->good);
    emit_key_real(e, "rate_per_s", point->good ? point->rate / point->good : (double)NAN);
    emit_key_real(e, "sd_per_s", point->good > 1 ? deviation(point) : (double)NAN);
    emit_key_real(e, "seconds", point->good ? point->seconds / point->good : (double)NAN);
    emit_key_string(e, "status", point->trouble ? point->trouble : point->good ? "ok" : "not run");
    emit_close(e);
}

static void print_json(const struct profiling *p)
{
    struct text out;
    struct emit e;

    text_init(&out, 0);
    emit_init(&e, &out);
    emit_open(&e, '{');
    emit_key_string(&e, "schema", "tapfinger.profile/1");
    emit_key_string(&e, "type", arguments_string(p->args, "type"));
    emit_key_string(&e, "samples", p->path);
    emit_key(&e, "items");
    emit_open(&e, '[');
    for (size_t i = 0; i < p->points.count; i++)
        emit_point(p, &e, &p->points.item[i]);
    emit_close(&e);
    emit_close(&e);
    text_add_char(&out, '\n');
    fputs(out.bytes, stdout);
    text_release(&out);
}

/* Everything was measured, or what the exit code should be. */
static int sum_up(const struct profiling *p)
{
    int good = 0, runs = 0, code = EXIT_DONE;

    for (size_t i = 0; i < p->points.count; i++) {
        good += p->points.item[i].good;
        runs += p->points.item[i].runs;
        if (p->points.item[i].good < p->reps)
            code = EXIT_FAILED;
    }
    if (good) {
        fprintf(stderr, "%d run%s in %s      next: tapfinger fit %s", good, good == 1 ? "" : "s",
                p->path, p->path);
        if (!(p->for_s > 0))
            fprintf(stderr, " | types %s --curve", arguments_string(p->args, "type"));
        fputc('\n', stderr);
    } else {
        fprintf(stderr, "nothing was measured\n");
    }
    return runs == 0 && p->never ? EXIT_NEVER : code;
}

static bool has_samples(const struct profiling *p)
{
    for (size_t i = 0; i < p->points.count; i++)
        if (p->points.item[i].good)
            return true;
    return false;
}

static int measure(struct profiling *p, struct err *err)
{
    bool stopped;
    int code;

    p->bar = bar_begin((int64_t)p->points.count * p->reps, 0, "runs");
    code = run_all(p, err);
    stopped = bar_end(p->bar);
    if (fclose(p->samples) != 0 && code == EXIT_DONE) {
        err_set(err, ERR_IO, "%s: cannot write: %s", p->path, strerror(errno));
        code = EXIT_FAILED;
    }
    if (!has_samples(p))
        unlink(p->path);
    if (arguments_want_json(p->args))
        print_json(p);
    else
        print_table(p);
    fflush(stdout);
    if (code != EXIT_DONE)
        return code;
    code = sum_up(p);
    return stopped ? EXIT_FAILED : code;
}

static void release(struct profiling *p)
{
    for (size_t i = 0; i < p->points.count; i++)
        free(p->points.item[i].trouble);
    vector_release(&p->points);
    json_decref(p->job);
    client_close(&p->client);
}

static int run(const struct arguments *args, struct err *err)
{
    struct profiling p = {.args = args};
    int code = EXIT_MISUSED;

    if (read_grid(&p, err) == 0 && read_rest(&p, err) == 0 &&
        client_open(&p.client, args, err) == 0) {
        int rc;

        p.client.tells_problems = false; /* they become the status of a row */
        rc = open_samples(&p, err);

        code = rc == ERR_IO ? EXIT_FAILED : rc ? EXIT_MISUSED : measure(&p, err);
    }
    release(&p);
    return code;
}

static const struct example examples[] = {
    {"tapfinger profile image --grid cpu=1,2,4 gpu=0,1 --reps 3 -- ./train.sh --epochs 1",
     "18 short trainings, one after another"},
    {"tapfinger profile image --grid cpu=1,2,4 --for 60s -- ./train.sh",
     "a long one, a minute each; it must report its progress"},
    {"tapfinger fit samples.csv", "then: which formula describes it"},
    {0},
};

static const struct option_spec options[] = {
    {"type", OPTION_STRING, .choices = "TYPE", .flags = OPTION_POSITIONAL | OPTION_REQUIRED,
     .help = "what tasks that gain alike from resources are called"},
    {"command", OPTION_STRING, .choices = "COMMAND",
     .flags = OPTION_POSITIONAL | OPTION_REPEATS | OPTION_REQUIRED, .help = "what to measure"},
    {"grid", OPTION_STRING, .choices = "AMOUNTS", .letter = 'g', .flags = OPTION_REPEATS,
     .help = "cpu=1,2,4 and gpu=0,1: each of those with each of these; default: cpu=1 gpu=0"},
    {"reps", OPTION_INT, "3", .choices = "N", .low = 1, .high = 1000,
     .help = "so many runs with each allocation"},
    {"for", OPTION_STRING, .choices = "DURATION",
     .help = "stop each run after so long and go by the progress that it reported"},
    {"cluster", OPTION_STRING, .choices = "CLUSTER", .help = "where; default: anywhere"},
    {"output", OPTION_STRING, "samples.csv", .choices = "FILE", .letter = 'o',
     .help = "where the measurements go"},
    {"force", OPTION_FLAG, .letter = 'f', .help = "write over a file that is there"},
    LIST_OPTION_ROWS,
    CLIENT_OPTION_ROWS,
    {0},
};

const struct command command_profile = {
    .name = "profile",
    .summary = "measure how fast a command is with each allocation",
    .description =
        "Submits the command once per allocation and repetition, each run alone, and prints the "
        "mean speed in runs per second, its standard deviation between repetitions, and what went "
        "wrong. What else runs on the clusters disturbs it: profile on quiet ones. The runs are "
        "ordinary jobs: from those that end by themselves the daemon learns the type's speeds.\n\n"
        "Exit codes: 0 all runs were measured, 1 some were not, 3 no cluster could ever hold any "
        "allocation of the grid. Ctrl-C cancels the run under way and keeps what was measured.",
    .examples = examples,
    .options = options,
    .run = run,
};
