/* SPDX-License-Identifier: Apache-2.0 */
/*
 * golden_episodes [--write] FILE: runs the episodes that FILE lists and compares what came out.
 *
 * A line is "scenario policy seed events hash mean": the scenario's path below scenarios/, the
 * number of events, a hash over every bit of every event and of the metrics, and the mean
 * completion time for human eyes. Whoever changes the rules of the world, a policy or a scenario
 * on purpose refreshes the file with --write and says so in the commit; nobody else may change a
 * bit, whichever compiler they use.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/text.h"
#include "core/scenario.h"
#include "policy/registry.h"
#include "sim/episode.h"

enum { WORD_BYTES = 128 };

struct line {
    char scenario[WORD_BYTES], policy[WORD_BYTES];
    unsigned long long seed, events, hash;
    double mean;
};

struct digest {
    uint64_t hash, events;
};

static void mix(struct digest *digest, uint64_t bits)
{
    digest->hash = rng_hash(digest->hash, bits, 0);
}

static void mix_real(struct digest *digest, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    mix(digest, bits);
}

static void note(void *arg, const struct event *event)
{
    struct digest *digest = arg;

    digest->events++;
    mix_real(digest, event->time_s);
    mix(digest, (uint64_t)event->kind);
    mix(digest, (uint64_t)event->task);
    mix(digest, (uint64_t)event->cluster);
    mix(digest, (uint64_t)event->other);
    for (int r = 0; r < MAX_RESOURCES; r++)
        mix(digest, (uint64_t)event->allocation.amount[r]);
    mix_real(digest, event->progress);
}

static void mix_metrics(struct digest *digest, const struct metrics *m)
{
    const double real[] = {m->mean_completion, m->p50,       m->p95,           m->p99,
                           m->longest,         m->mean_wait, m->mean_slowdown, m->fairness,
                           m->makespan,        m->in_system};
    const int64_t whole[] = {m->tasks,    m->finished,  m->lost,        m->unfinished,
                             m->starts,   m->resizes,   m->preemptions, m->failures,
                             m->refusals, m->decisions, m->migrations};

    for (size_t i = 0; i < COUNT_OF(real); i++)
        mix_real(digest, real[i]);
    for (size_t i = 0; i < COUNT_OF(whole); i++)
        mix(digest, (uint64_t)whole[i]);
    for (int r = 0; r < MAX_RESOURCES; r++)
        mix_real(digest, m->utilisation[r]);
}

static int run_episode(const struct line *line, const struct policy_ops *ops,
                       const struct scenario *scenario, struct line *out, struct err *err)
{
    struct params params;
    struct contender contender = {.ops = ops, .params = &params, .model = "true"};
    struct digest digest = {0};
    struct episode episode;
    struct metrics metrics;
    int rc;

    params_init(&params, ops->options);
    episode_init(&episode, scenario);
    world_watch(episode.world, note, &digest);
    rc = episode_run(&episode, &contender, line->seed, NULL, &metrics, err);
    if (rc == 0) {
        mix_metrics(&digest, &metrics);
        *out = *line;
        out->events = digest.events;
        out->hash = digest.hash;
        out->mean = metrics.mean_completion;
    }
    episode_release(&episode);
    params_release(&params);
    return rc;
}

static int run_line(const struct line *line, struct line *out, struct err *err)
{
    const struct policy_ops *ops = policy_find(line->policy);
    struct scenario *scenario;
    char path[sizeof TEST_SOURCE_DIR + WORD_BYTES + 32];
    int rc;

    if (!ops)
        return err_set(err, ERR_NOT_FOUND, "there is no policy %s", line->policy);
    snprintf(path, sizeof path, "%s/scenarios/%s.yaml", TEST_SOURCE_DIR, line->scenario);
    rc = scenario_load(&scenario, path, NULL, 0, err);
    if (rc)
        return rc;
    rc = run_episode(line, ops, scenario, out, err);
    scenario_free(scenario);
    return rc;
}

static void print_line(struct text *out, const struct line *line)
{
    text_printf(out, "%-24s %-16s %3llu %7llu %016llx %.6f\n", line->scenario, line->policy,
                line->seed, line->events, line->hash, line->mean);
}

/* One line of the file, which goes to out as it is now: comments are kept, episodes run. False when
 * it is not as it was. */
static bool handle_line(const char *text, struct text *out)
{
    struct line line = {{0}, {0}, 0, 0, 0, 0}, now;
    struct err err;

    if (text[0] == '#' || text[0] == '\n') {
        text_add(out, text);
        return true;
    }
    if (sscanf(text, "%127s %127s %llu %llu %llx", line.scenario, line.policy, &line.seed,
               &line.events, &line.hash) < 3) {
        printf("FAIL not a line: %s", text);
        return false;
    }
    if (run_line(&line, &now, &err)) {
        printf("FAIL %s %s: %s\n", line.scenario, line.policy, err.message);
        return false;
    }
    print_line(out, &now);
    if (now.events == line.events && now.hash == line.hash)
        return true;
    printf(
        "FAIL %s %s seed %llu: %llu events, hash %016llx, mean %.6f; the file says %llu, %016llx\n",
        line.scenario, line.policy, line.seed, now.events, now.hash, now.mean, line.events,
        line.hash);
    return false;
}

static int handle_file(const char *path, bool write)
{
    FILE *stream = fopen(path, "r");
    int passed = 0, failed = 0;
    struct text out;
    struct err err;
    char text[512];

    if (!stream) {
        fprintf(stderr, "%s: cannot open: %s\n", path, strerror(errno));
        return 1;
    }
    text_init(&out, 0);
    while (fgets(text, sizeof text, stream)) {
        bool episode = text[0] != '#' && text[0] != '\n', same = handle_line(text, &out);

        passed += episode && same;
        failed += episode && !same;
    }
    fclose(stream);
    if (write) {
        printf("%d episodes, %d of them as before\n", passed + failed, passed);
        failed = text_write_file(&out, path, &err) ? printf("%s\n", err.message) : 0;
        text_release(&out);
        return failed != 0;
    }
    text_release(&out);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}

int main(int argc, char **argv)
{
    bool write = argc > 1 && strcmp(argv[1], "--write") == 0;

    if (argc != 2 + write) {
        fprintf(stderr, "usage: golden_episodes [--write] FILE\n");
        return 2;
    }
    return handle_file(argv[1 + write], write);
}
