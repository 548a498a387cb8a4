/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole schedules for cases worked out by hand: a scenario, arrivals as JSON lines and a policy go
 * in, and what happened comes out, one line per event: time, word, task, then cluster and
 * allocation where they matter ("0 start 0 a 2" or "5 finish 0"). Times are rounded to a
 * thousandth.
 */
#ifndef TESTS_POLICY_RUN_H
#define TESTS_POLICY_RUN_H

#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "core/scenario.h"
#include "policy/spec.h"
#include "sim/arrivals.h"
#include "sim/episode.h"
#include "sim/metrics.h"
#include "sim/world.h"

struct policy_run {
    struct scenario *scenario;
    struct arrivals arrivals;
    struct text told;
};

static void tell_event(void *arg, const struct event *event)
{
    static const char *const word[] = {
        [EVENT_START] = "start",     [EVENT_RESIZE] = "resize", [EVENT_PREEMPT] = "preempt",
        [EVENT_MIGRATE] = "migrate", [EVENT_FINISH] = "finish",
    };
    struct policy_run *run = arg;
    const struct catalog *catalog = &run->scenario->catalog;

    if ((size_t)event->kind >= COUNT_OF(word) || !word[event->kind])
        return;
    text_printf(&run->told, "%.10g %s %d", round(event->time_s * 1000) / 1000, word[event->kind],
                event->task);
    if (event->kind != EVENT_FINISH && event->kind != EVENT_PREEMPT) {
        text_printf(&run->told, " %s", catalog->cluster[event->cluster].name);
        for (int r = 0; r < catalog->resources; r++)
            text_printf(&run->told, " %d", event->allocation.amount[r]);
    }
    text_printf(&run->told, "\n");
}

static void read_arrivals(struct policy_run *run, const char *lines)
{
    char path[] = "/tmp/tap-arrivals-XXXXXX.jsonl";
    int fd = mkstemps(path, 6);
    struct err err;
    int rc;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, lines, strlen(lines)), (ssize_t)strlen(lines));
    close(fd);
    arrivals_init(&run->arrivals);
    rc = arrivals_read(&run->arrivals, run->scenario, path, 1, &err);
    unlink(path);
    if (rc)
        fail_msg("%s", err.message);
}

static void play_policy(struct policy_run *run, const char *text)
{
    struct policy_spec spec;
    struct episode episode;
    struct metrics metrics = {0};
    struct err err;

    if (policy_spec_parse(&spec, text, &err))
        fail_msg("%s", err.message);
    episode_init(&episode, run->scenario);
    world_be_strict(episode.world, true);
    world_watch(episode.world, tell_event, run);
    if (episode_run(&episode, &(struct contender){spec.ops, &spec.params, spec.model}, 1,
                    &run->arrivals, &metrics, &err))
        fail_msg("%s", err.message);
    episode_release(&episode);
    policy_spec_release(&spec);
}

/* Compares the whole schedule of a policy, which is written as on a command line. */
static inline void check_policy_run(const char *policy, const char *yaml, const char *lines,
                                    const char *wanted)
{
    struct policy_run run = {0};
    struct err err;

    text_init(&run.told, 0);
    if (scenario_parse(&run.scenario, "test", "", yaml, NULL, 0, &err))
        fail_msg("%s", err.message);
    read_arrivals(&run, lines);
    play_policy(&run, policy);
    if (strcmp(run.told.bytes ? run.told.bytes : "", wanted) != 0)
        fail_msg("%s:\n%swanted:\n%s", policy, run.told.bytes, wanted);
    arrivals_release(&run.arrivals);
    scenario_free(run.scenario);
    text_release(&run.told);
}

#endif
