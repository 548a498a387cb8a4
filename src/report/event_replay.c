/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every run is made again from its header: the scenario from the configuration, the policy from its
 * spec, the arrivals from the seed or from the lines behind the header. Each event of the new run
 * is written as the log would write it and must be the next line; nothing is kept in memory.
 */
#include "report/event_replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/version.h"
#include "core/scenario.h"
#include "policy/spec.h"
#include "sim/event_format.h"
#include "report/event_reader.h"
#include "sim/arrivals.h"
#include "sim/episode.h"

struct rerun {
    struct replay *replay;
    struct event_reader reader;
    struct scenario *scenario;
    struct policy_spec spec;
    struct arrivals arrivals;
    struct event_format format;
    struct episode episode;
    struct text line;
    atomic_int stop; /* the episode's: our own end or the caller's */
    atomic_int *caller_stop;
    int rc; /* of reading the log */
    struct err *err;
};

static void differ(struct rerun *run, const char *logged)
{
    struct replay *replay = run->replay;

    replay->differs = true;
    replay->line = run->reader.lines.number;
    replay->logged = xstrdup(logged);
    replay->now = xstrdup(run->line.bytes);
    atomic_store(&run->stop, 1);
}

/* Holds the line just made against the next one of the log. */
static void compare_line(struct rerun *run)
{
    struct lines *lines = &run->reader.lines;
    int rc;

    if (run->line.length > 0)
        run->line.bytes[--run->line.length] = '\0';
    rc = lines_next(lines, run->err);
    if (rc < 0) {
        run->rc = rc;
        atomic_store(&run->stop, 1);
    } else if (rc == 0) {
        differ(run, "(the log ends)");
    } else if (strcmp(lines->line, run->line.bytes) != 0) {
        differ(run, lines->line);
    } else {
        run->replay->lines++;
    }
}

static void check_event(void *arg, const struct event *event)
{
    struct rerun *run = arg;

    if (run->replay->differs || run->rc)
        return;
    if (atomic_load_explicit(run->caller_stop, memory_order_relaxed))
        atomic_store(&run->stop, 1);
    text_reset(&run->line);
    event_format_event(&run->format, world_view(run->episode.world), event, &run->line);
    compare_line(run);
}

static int prepare(struct rerun *run, struct err *err)
{
    struct event_reader *reader = &run->reader;
    const struct logged_run *logged = &reader->run;
    int64_t line = reader->lines.number;
    int rc = scenario_parse(&run->scenario, logged->scenario, "", logged->config, NULL, 0, err);

    if (rc == 0)
        rc = policy_spec_parse(&run->spec, logged->policy, err);
    if (rc)
        return err_prefix(err, "%s:%lld", reader->lines.path, (long long)line);
    if (strcmp(logged->version, version_number()) != 0)
        snprintf(run->replay->version, sizeof run->replay->version, "%s", logged->version);
    run->scenario->name = logged->scenario;
    arrivals_init(&run->arrivals);
    if (logged->arrivals > 0)
        rc = arrivals_read_lines(&run->arrivals, run->scenario, &reader->lines, logged->arrivals,
                                 logged->seed, err);
    event_format_init(&run->format, run->scenario);
    episode_init(&run->episode, run->scenario);
    run->episode.stop = &run->stop;
    return rc;
}

static void clean_up(struct rerun *run)
{
    if (run->format.scenario) {
        event_format_release(&run->format);
        episode_release(&run->episode);
        arrivals_release(&run->arrivals);
    }
    policy_spec_release(&run->spec);
    scenario_free(run->scenario);
    run->scenario = NULL;
}

static int run_again(struct rerun *run, struct err *err)
{
    struct contender contender = {run->spec.ops, &run->spec.params, run->spec.model};
    struct metrics metrics;
    struct err own; /* being stopped at a difference is no error */
    int rc;

    run->replay->lines += 1 + run->reader.run.arrivals;
    world_watch(run->episode.world, check_event, run);
    rc = episode_run(&run->episode, &contender, run->reader.run.seed,
                     run->reader.run.arrivals > 0 ? &run->arrivals : NULL, &metrics, &own);
    if (run->rc)
        return run->rc;
    if (run->replay->differs)
        return 0;
    if (rc)
        return err_set(err, own.code, "%s", own.message);
    text_reset(&run->line);
    event_format_end(world_totals(run->episode.world)->end_s, &metrics, &run->line);
    compare_line(run);
    run->replay->runs += run->rc == 0 && !run->replay->differs;
    return run->rc;
}

int replay_log(struct replay *replay, const char *path, atomic_int *stop, struct err *err)
{
    struct rerun run = {.replay = replay, .caller_stop = stop, .err = err};
    int rc;

    *replay = (struct replay){.runs = 0};
    rc = event_reader_open(&run.reader, path, err);
    if (rc)
        return rc;
    text_init(&run.line, 0);
    while (!replay->differs && (rc = event_reader_next_run(&run.reader, err)) > 0) {
        rc = prepare(&run, err);
        if (rc == 0)
            rc = run_again(&run, err);
        clean_up(&run);
        if (rc)
            break;
    }
    if (rc == 0 && !replay->differs && replay->runs == 0)
        rc = err_set(err, ERR_INVALID, "%s: an empty log", path);
    text_release(&run.line);
    event_reader_close(&run.reader);
    return replay->differs ? 0 : rc;
}

void replay_release(struct replay *replay)
{
    free(replay->logged);
    free(replay->now);
    *replay = (struct replay){.runs = 0};
}
