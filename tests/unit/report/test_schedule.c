/* SPDX-License-Identifier: Apache-2.0 */
/* The laws of a schedule, on whole episodes of policies that start, resize and lose tasks. */
#include "harness.h"

#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/memory.h"
#include "core/scenario.h"
#include "policy/spec.h"
#include "report/schedule.h"
#include "sim/episode.h"

struct kept {
    struct stretch stretch; /* units are in unit .. */
    size_t from, to;        /* parts */
};

struct recorder {
    const struct catalog *catalog;
    struct schedule *schedule;
    VECTOR(struct kept) kept;
    VECTOR(struct interval) parts;
    double used_s[MAX_RESOURCES]; /* held units times seconds */
    double last_s;
    struct allocation used;
};

static void keep_stretch(void *arg, const struct stretch *stretch)
{
    struct recorder *r = arg;
    struct kept kept = {*stretch, r->parts.count, 0};

    assert_true(stretch->end_s > stretch->begin_s);
    assert_int_equal(interval_set_size(&stretch->units),
                     stretch->allocation.amount[schedule_main_resource(r->catalog)]);
    for (size_t i = 0; i < stretch->units.part.count; i++)
        vector_push(&r->parts, stretch->units.part.item[i]);
    kept.to = r->parts.count;
    vector_push(&r->kept, kept);
    for (int k = 0; k < r->catalog->resources; k++)
        r->used_s[k] += stretch->allocation.amount[k] * (stretch->end_s - stretch->begin_s);
}

static void check_snapshot(void *arg, const struct snapshot *snapshot)
{
    struct recorder *r = arg;
    struct allocation up = r->catalog->total;

    assert_true(snapshot->at_s >= r->last_s);
    r->last_s = snapshot->at_s;
    allocation_subtract(&up, &snapshot->down);
    assert_true(allocation_fits(&snapshot->used, &up));
    assert_true(snapshot->waiting >= 0 && snapshot->running >= 0);
}

static const struct schedule_ops ops = {.stretch = keep_stretch, .snapshot = check_snapshot};

static int compare_begins(const void *a, const void *b)
{
    const struct kept *left = a, *right = b;

    if (left->stretch.begin_s != right->stretch.begin_s)
        return left->stretch.begin_s < right->stretch.begin_s ? -1 : 1;
    return 0;
}

/* No unit is held twice at a time, and each belongs to the stretch's cluster. */
static void check_units(struct recorder *r)
{
    int main_resource = schedule_main_resource(r->catalog);
    size_t units = (size_t)r->catalog->total.amount[main_resource];
    double *busy_until = xcalloc(units, sizeof *busy_until);

    for (size_t i = 0; i < r->kept.count; i++) {
        const struct kept *kept = &r->kept.item[i];
        int32_t first = schedule_first_unit(r->schedule, kept->stretch.cluster);
        int32_t own = r->catalog->cluster[kept->stretch.cluster].capacity.amount[main_resource];

        for (size_t p = kept->from; p < kept->to; p++)
            for (int32_t u = r->parts.item[p].low; u <= r->parts.item[p].high; u++) {
                assert_in_range(u, first, first + own - 1);
                assert_true(busy_until[u] <= kept->stretch.begin_s);
                busy_until[u] = kept->stretch.end_s;
            }
    }
    free(busy_until);
}

static void check_lanes(const struct recorder *r)
{
    enum { LANES = 4096 };
    double *busy_until = xcalloc((size_t)r->catalog->clusters * LANES, sizeof *busy_until);

    for (size_t i = 0; i < r->kept.count; i++) {
        const struct stretch *s = &r->kept.item[i].stretch;

        assert_in_range(s->lane, 0, LANES - 1);
        assert_true(busy_until[s->cluster * LANES + s->lane] <= s->begin_s);
        busy_until[s->cluster * LANES + s->lane] = s->end_s;
    }
    free(busy_until);
}

/* Returns how many stretches held nothing: of tasks that shared what another one held, or that a
 * policy kept below their minimum. */
static int check_episode_with(const char *path, const char *const *overrides, int override_count,
                              const char *policy, uint64_t seed)
{
    struct recorder recorder = {.last_s = 0};
    struct scenario *scenario;
    struct policy_spec spec;
    struct episode episode;
    struct contender contender;
    struct metrics metrics;
    const struct world_totals *totals;
    struct err err;
    int shared = 0;

    if (scenario_load(&scenario, path, overrides, override_count, &err) ||
        policy_spec_parse(&spec, policy, &err))
        fail_msg("%s", err.message);
    contender = (struct contender){spec.ops, &spec.params, spec.model};
    recorder.catalog = &scenario->catalog;
    recorder.schedule = schedule_new(&scenario->catalog, &ops, &recorder);
    episode_init(&episode, scenario);
    world_watch(episode.world, schedule_watch, recorder.schedule);
    assert_int_equal(episode_run(&episode, &contender, seed, NULL, &metrics, &err), 0);
    totals = world_totals(episode.world);
    schedule_end(recorder.schedule, totals->end_s);
    assert_true(recorder.kept.count > 0);
    qsort(recorder.kept.item, recorder.kept.count, sizeof *recorder.kept.item, compare_begins);
    check_units(&recorder);
    check_lanes(&recorder);
    for (size_t i = 0; i < recorder.kept.count; i++)
        shared += allocation_is_zero(&recorder.kept.item[i].stretch.allocation);
    for (int r = 0; r < scenario->catalog.resources; r++)
        assert_true(fabs(recorder.used_s[r] - totals->used_s[r]) <=
                    1e-9 * totals->used_s[r] + 1e-6);
    schedule_free(recorder.schedule);
    vector_release(&recorder.kept);
    vector_release(&recorder.parts);
    episode_release(&episode);
    policy_spec_release(&spec);
    scenario_free(scenario);
    return shared;
}

static void check_episode(const char *path, const char *policy, uint64_t seed)
{
    (void)check_episode_with(path, NULL, 0, policy, seed);
}

static void units_and_lanes_are_held_once(void **state)
{
    static const char *const policy[] = {"fifo-min", "fair",           "knee",
                                         "random",   "paper-tiresias", "paper-optimus"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(policy); i++) {
        check_episode(TEST_SOURCE_DIR "/scenarios/paper/hetero-6.yaml", policy[i], 3);
        check_episode(TEST_SOURCE_DIR "/scenarios/paper/synthetic.yaml", policy[i], 3);
    }
}

static void also_when_a_site_is_down_and_tasks_fail(void **state)
{
    static const char *const policy[] = {"fifo-min", "fair", "knee", "random"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(policy); i++) {
        check_episode(TEST_SOURCE_DIR "/scenarios/edge/site-down.yaml", policy[i], 1);
        check_episode(TEST_SOURCE_DIR "/tests/fuzz/corpus/scenario/events.yaml", policy[i], 1);
    }
}

static void also_when_tasks_share(void **state)
{
    static const char *const policy[] = {"muri-s:req=min", "muri-l:req=min", "gandiva:req=min"};
    static const char *const overrides[] = {"types.vision.stages={cpu: 3, gpu: 1}",
                                            "types.lm.stages={cpu: 1, gpu: 3}",
                                            "types.detect.stages={cpu: 2, gpu: 2}",
                                            "types.audio.stages={cpu: 1, network: 1}",
                                            "arrivals={process: poisson, rate: 0.05, tasks: 300}"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(policy); i++)
        assert_true(check_episode_with(TEST_SOURCE_DIR "/scenarios/edge/site-down.yaml", overrides,
                                       COUNT_OF(overrides), policy[i], 1) > 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(also_when_tasks_share),
    cmocka_unit_test(units_and_lanes_are_held_once),
    cmocka_unit_test(also_when_a_site_is_down_and_tasks_fail),
};

RUN_TESTS(tests)
