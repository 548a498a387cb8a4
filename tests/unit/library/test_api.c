/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public C API as a program outside sees it: nothing but tapfinger.h. A policy written against
 * it must give just what the built-in one of the same rule gives, and whatever a caller asks for,
 * nothing but a refusal may happen.
 */
#include "harness.h"

#include <math.h>
#include <string.h>

#include "tapfinger.h"

static const char one_site[] =
    "name: one\n"
    "resources: [cpu, mem]\n"
    "clusters: [{name: shed, capacity: {cpu: 8, mem: 1000000000}}]\n"
    "arrivals: {process: poisson, rate: 1, tasks: 200}\n"
    "types: {train: {min: {cpu: 2}, work: {draw: exponential},\n"
    "                speed: {model: power, scale: 0.25, exponents: {cpu: 0.8}}}}\n";

static struct tap_scenario *load(const char *name, const char *const *overrides, int count)
{
    struct tap_scenario *scenario;
    char error[TAP_ERROR_BYTES], path[1024];

    snprintf(path, sizeof path, "%s/scenarios/paper/%s.yaml", TEST_SOURCE_DIR, name);
    if (tap_scenario_load(&scenario, path, overrides, count, error))
        fail_msg("%s", error);
    return scenario;
}

static struct tap_scenario *parse(const char *yaml)
{
    struct tap_scenario *scenario;
    char error[TAP_ERROR_BYTES];

    if (tap_scenario_parse(&scenario, "test", yaml, error))
        fail_msg("%s", error);
    return scenario;
}

static struct tap_world *new_world(const struct tap_scenario *scenario, uint64_t seed)
{
    struct tap_world *world;
    char error[TAP_ERROR_BYTES];

    tap_world_new(&world, scenario);
    if (tap_world_reset(world, seed, error))
        fail_msg("%s", error);
    return world;
}

static bool fits(const int32_t *amount, const int32_t *free)
{
    for (int r = 0; r < TAP_RESOURCES; r++)
        if (amount[r] > free[r])
            return false;
    return true;
}

/* fifo-min, seen from outside: each cluster starts what waits there in order of arrival, with its
 * minimum. */
static void serve(struct tap_world *world, int32_t cluster, bool *taken, int starts)
{
    int32_t waiting[1024], count = tap_world_waiting(world, cluster, waiting, 1024);
    struct tap_cluster at;

    assert_true(count <= 1024);
    assert_true(tap_world_cluster(world, cluster, &at));
    for (int32_t i = 0; i < count && starts > 0; i++) {
        struct tap_task task;

        assert_true(tap_world_task(world, waiting[i], &task));
        assert_int_equal(task.state, TAP_WAITING);
        if (taken[waiting[i]] || !fits(task.min, at.free))
            continue;
        tap_world_start(world, waiting[i], cluster, task.min);
        taken[waiting[i]] = true;
        starts--;
        for (int r = 0; r < TAP_RESOURCES; r++)
            at.free[r] -= task.min[r];
    }
}

static void play(struct tap_world *world, int clusters, int starts)
{
    while (!tap_world_done(world)) {
        bool taken[4096] = {false};
        int64_t refused;

        for (int32_t c = 0; c < clusters; c++)
            serve(world, c, taken, starts);
        tap_world_apply(world);
        for (int i = 0; tap_world_refusal(world, i, &refused); i++)
            assert_int_equal(refused, 0);
    }
}

static void check_equal(double a, double b)
{
    if (!(a == b || (isnan(a) && isnan(b))))
        fail_msg("%.17g is not %.17g", a, b);
}

static void check_same_rule(struct tap_scenario *scenario, int starts)
{
    struct tap_world *world = new_world(scenario, 7);
    struct tap_metrics ours, theirs;
    char error[TAP_ERROR_BYTES];

    play(world, tap_scenario_clusters(scenario), starts);
    tap_world_metrics(world, &ours);
    if (tap_run(scenario, "fifo-min", 7, &theirs, error))
        fail_msg("%s", error);
    assert_true(ours.finished == ours.tasks && ours.tasks > 100);
    assert_int_equal(ours.finished, theirs.finished);
    check_equal(ours.mean_completion, theirs.mean_completion);
    check_equal(ours.p99, theirs.p99);
    check_equal(ours.mean_wait, theirs.mean_wait);
    check_equal(ours.mean_slowdown, theirs.mean_slowdown);
    check_equal(ours.makespan, theirs.makespan);
    check_equal(ours.utilisation[0], theirs.utilisation[0]);
    assert_int_equal(ours.starts, theirs.starts);
    tap_world_free(world);
    tap_scenario_free(scenario);
}

static void a_policy_from_outside_equals_the_built_in_one(void **state)
{
    (void)state;
    check_same_rule(load("hetero-6", NULL, 0), 1000);
    check_same_rule(load("synthetic", NULL, 0), 1); /* one start per cluster and slot */
    check_same_rule(parse(one_site), 1000);
}

static void a_reset_world_forgets(void **state)
{
    struct tap_scenario *scenario = parse(one_site);
    struct tap_world *world = new_world(scenario, 1);
    struct tap_metrics first, second;
    char error[TAP_ERROR_BYTES];
    (void)state;

    play(world, 1, 1000);
    tap_world_metrics(world, &first);
    assert_int_equal(tap_world_reset(world, 2, error), TAP_OK);
    play(world, 1, 1);
    assert_int_equal(tap_world_reset(world, 1, error), TAP_OK);
    play(world, 1, 1000);
    tap_world_metrics(world, &second);
    assert_memory_equal(&first, &second, sizeof first);
    tap_world_free(world);
    tap_scenario_free(scenario);
}

static void actions_happen_and_are_seen(void **state)
{
    static const char *const rate[] = {"arrivals.tasks=1"};
    struct tap_scenario *scenario = load("synthetic", rate, 1);
    struct tap_world *world = new_world(scenario, 3);
    int32_t low[TAP_RESOURCES] = {2, 1}, high[TAP_RESOURCES] = {4, 8};
    struct tap_cluster at;
    struct tap_task task;
    struct tap_view view;
    (void)state;

    while (tap_world_view(world, &view), view.tasks == 0)
        tap_world_apply(world);
    assert_true(tap_world_task(world, 0, &task));
    assert_true(task.reach_count >= 1);
    assert_true(task.cluster == -1 && task.first_start_s < 0 && task.finish_s < 0);
    tap_world_start(world, 0, task.reach[0], low);
    assert_int_equal(tap_world_apply(world), 1);
    assert_true(tap_world_task(world, 0, &task));
    assert_true(task.state == TAP_RUNNING && task.allocation[1] == 1 && task.progress > 0);
    assert_true(tap_world_cluster(world, task.cluster, &at));
    assert_true(at.running_count == 1 && at.running[0] == 0 && at.free[0] == at.capacity[0] - 2);
    tap_world_resize(world, 0, high);
    assert_int_equal(tap_world_apply(world), 1);
    tap_world_preempt(world, 0);
    tap_world_apply(world);
    assert_true(tap_world_task(world, 0, &task));
    assert_true(task.state == TAP_WAITING || task.state == TAP_DONE);
    tap_world_free(world);
    tap_scenario_free(scenario);
}

static int64_t refusals(const struct tap_world *world)
{
    struct tap_metrics metrics;
    int64_t sum = 0, count;

    for (int i = 0; tap_world_refusal(world, i, &count); i++)
        sum += count;
    tap_world_metrics(world, &metrics);
    assert_int_equal(metrics.refusals, sum);
    return sum;
}

static void nonsense_is_refused(void **state)
{
    static const int32_t number[] = {INT32_MIN, -1, 0, 1, 5, 100000, INT32_MAX};
    static const int32_t amount[][TAP_RESOURCES] = {
        {INT32_MIN, INT32_MIN}, {-1, 2}, {0}, {INT32_MAX, INT32_MAX}, {2, 0, 0, 7, 7, 7, 7, 7}};
    struct tap_scenario *scenario = parse(one_site);
    struct tap_world *world = new_world(scenario, 1);
    int asked = 0, applied = 0;
    (void)state;

    for (int round = 0; round < 3; round++) {
        for (int t = 0; t < 7; t++)
            for (int c = 0; c < 7; c++)
                for (int a = 0; a < 5; a++) {
                    tap_world_start(world, number[t], number[c], amount[a]);
                    tap_world_migrate(world, number[t], number[c], amount[a]);
                    tap_world_resize(world, number[t], amount[a]);
                    asked += 3;
                }
        tap_world_preempt(world, INT32_MAX);
        tap_world_wake(world, (double)NAN);
        tap_world_wake(world, -1);
        asked++;
        applied += tap_world_apply(world);
    }
    /* One start was in order: task 0 on cluster 0 with {2, 0}, what the scenario lacks ignored. */
    assert_int_equal(refusals(world), asked - applied);
    assert_true(applied >= 1 && applied <= 3);
    assert_null(tap_world_refusal(world, -1, NULL));
    tap_world_free(world);
    tap_scenario_free(scenario);
}

static void what_is_not_there_is_not_shown(void **state)
{
    struct tap_scenario *scenario = parse(one_site);
    struct tap_world *world;
    struct tap_cluster at;
    struct tap_task task;
    struct tap_metrics metrics;
    int32_t id;
    (void)state;

    assert_string_equal(tap_scenario_name(scenario), "one");
    assert_string_equal(tap_scenario_resource_name(scenario, 1), "mem");
    assert_string_equal(tap_scenario_cluster_name(scenario, 0), "shed");
    assert_string_equal(tap_scenario_type_name(scenario, 0), "train");
    assert_null(tap_scenario_resource_name(scenario, 2));
    assert_null(tap_scenario_cluster_name(scenario, -1));
    assert_null(tap_scenario_type_name(scenario, 1));
    check_equal(tap_scenario_slot_s(scenario), 0);
    check_equal(tap_scenario_time_unit_s(scenario), 1);
    assert_null(tap_policy_name(-1));
    assert_null(tap_policy_name(1 << 20));
    assert_non_null(tap_policy_name(0));

    tap_world_new(&world, scenario); /* and not yet reset */
    assert_true(tap_world_done(world));
    assert_int_equal(tap_world_apply(world), 0);
    assert_int_equal(tap_world_waiting(world, -1, &id, 1), 0);
    tap_world_metrics(world, &metrics);
    assert_int_equal(metrics.tasks, 0);
    assert_int_equal(tap_world_reset(world, 1, NULL), TAP_OK);
    assert_false(tap_world_task(world, -1, &task));
    assert_false(tap_world_task(world, 1 << 20, &task));
    assert_false(tap_world_cluster(world, -1, &at));
    assert_false(tap_world_cluster(world, 1, &at));
    assert_int_equal(tap_world_waiting(world, 9, &id, 1), 0);
    tap_world_free(world);
    tap_world_free(NULL);
    tap_scenario_free(scenario);
    tap_scenario_free(NULL);
}

static void errors_say_what_and_where(void **state)
{
    static const char *const bad[] = {"clusters.0.capacity.cpu=many"};
    struct tap_scenario *scenario = parse(one_site), *none;
    char error[TAP_ERROR_BYTES], path[1024];
    struct tap_metrics metrics;
    (void)state;

    assert_int_equal(tap_run(scenario, "fifo-mim", 1, &metrics, error), TAP_NOT_FOUND);
    assert_non_null(strstr(error, "did you mean \"fifo-min\""));
    assert_int_equal(tap_run(scenario, "knee:within=9", 1, &metrics, error), TAP_INVALID);
    assert_non_null(strstr(error, "within"));
    assert_int_equal(tap_run(scenario, "nobody", 1, &metrics, NULL), TAP_NOT_FOUND);
    assert_int_equal(tap_scenario_load(&none, "/nowhere.yaml", NULL, 0, error), TAP_IO);
    assert_null(none);
    assert_non_null(strstr(error, "/nowhere.yaml"));
    assert_int_equal(tap_scenario_parse(&none, "mine", "resources: [cpu]\nrate: 3\n", error),
                     TAP_INVALID);
    assert_null(none);
    assert_non_null(strstr(error, "mine:2"));
    snprintf(path, sizeof path, "%s/scenarios/paper/multi.yaml", TEST_SOURCE_DIR);
    assert_int_equal(tap_scenario_load(&none, path, bad, 1, error), TAP_INVALID);
    assert_null(none);
    assert_non_null(strstr(error, "cpu"));
    tap_scenario_free(scenario);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_policy_from_outside_equals_the_built_in_one),
    cmocka_unit_test(a_reset_world_forgets),
    cmocka_unit_test(actions_happen_and_are_seen),
    cmocka_unit_test(nonsense_is_refused),
    cmocka_unit_test(what_is_not_there_is_not_shown),
    cmocka_unit_test(errors_say_what_and_where),
};

RUN_TESTS(tests)
