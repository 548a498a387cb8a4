/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The imported measurements of TapFinger's authors, under the rules of their simulator, give the
 * means that were published for their baselines: within three combined standard errors, over as
 * many seeds as the published means and standard deviations (30; 10 and 5 for the longest).
 */
#include "import_case.h"

#include "policy/registry.h"
#include "sim/episode.h"

enum { BASELINES = 4 };

struct published {
    const char *policy;
    double mean, deviation;
};

static const struct published_world {
    int tasks, clusters, seeds;
    double rate;
    struct published baseline[BASELINES];
} worlds[] = {
    /* trace_500, trace_1000, trace_2000, trace_4000 */
    {500,
     3,
     30,
     1.5,
     {{"paper-min", 4.86, 0.10},
      {"paper-random", 4.98, 0.16},
      {"paper-tiresias", 5.60, 0.10},
      {"paper-optimus", 5.35, 0.33}}},
    {1000,
     3,
     30,
     1.5,
     {{"paper-min", 4.86, 0.07},
      {"paper-random", 5.00, 0.11},
      {"paper-tiresias", 5.62, 0.06},
      {"paper-optimus", 5.36, 0.31}}},
    {2000,
     3,
     30,
     1.5,
     {{"paper-min", 4.85, 0.06},
      {"paper-random", 5.00, 0.06},
      {"paper-tiresias", 5.60, 0.05},
      {"paper-optimus", 5.36, 0.30}}},
    {4000,
     3,
     10,
     1.5,
     {{"paper-min", 4.83, 0.03},
      {"paper-random", 4.99, 0.06},
      {"paper-tiresias", 5.62, 0.04},
      {"paper-optimus", 5.21, 0.33}}},
    /* trace_6_agent_2000, _4000, _8000 */
    {2000,
     6,
     30,
     3,
     {{"paper-min", 4.88, 0.05},
      {"paper-random", 5.03, 0.08},
      {"paper-tiresias", 5.56, 0.06},
      {"paper-optimus", 5.26, 0.26}}},
    {4000,
     6,
     10,
     3,
     {{"paper-min", 4.89, 0.03},
      {"paper-random", 5.04, 0.07},
      {"paper-tiresias", 5.58, 0.06},
      {"paper-optimus", 5.16, 0.29}}},
    {8000,
     6,
     5,
     3,
     {{"paper-min", 4.90, 0.02},
      {"paper-random", 5.03, 0.06},
      {"paper-tiresias", 5.60, 0.05},
      {"paper-optimus", 5.01, 0.25}}},
};

static void run_baseline(const struct scenario *scenario, const struct published *published,
                         int seeds)
{
    struct contender contender = {.ops = policy_find(published->policy), .model = "true"};
    double sum = 0, squares = 0, mean, deviation, error;
    struct params params;
    struct episode episode;
    struct err err;

    params_init(&params, contender.ops->options);
    contender.params = &params;
    episode_init(&episode, scenario);
    for (uint64_t seed = 1; seed <= (uint64_t)seeds; seed++) {
        struct metrics metrics;

        assert_int_equal(episode_run(&episode, &contender, seed, NULL, &metrics, &err), 0);
        sum += metrics.mean_completion;
        squares += metrics.mean_completion * metrics.mean_completion;
    }
    episode_release(&episode);
    params_release(&params);
    mean = sum / seeds;
    deviation = sqrt((squares - sum * mean) / (seeds - 1));
    error = sqrt((deviation * deviation + published->deviation * published->deviation) / seeds);
    printf("%-16s %.3f, published %.2f, off by %.1f standard errors\n", published->policy, mean,
           published->mean, fabs(mean - published->mean) / error);
    assert_true(fabs(mean - published->mean) <= 3 * error);
}

static void imported_speeds_give_the_published_means(void **state)
{
    char path[4200];

    (void)state;
    if (!case_data())
        SKIP_TEST("the public sets are not here");
    snprintf(path, sizeof path, "%s/tapfinger/trace_util/trace.csv", case_data());
    for (size_t i = 0; i < COUNT_OF(worlds); i++) {
        const struct published_world *of = &worlds[i];
        struct import_case c;
        struct case_world w;

        case_begin(&c);
        case_types(&c, "tapfinger", path, "tapfinger.rules=published");
        c.request.slot_s = 1;
        c.request.one_round = true;
        c.request.window = 10;
        c.request.clusters = of->clusters;
        c.request.capacity = "cpu=32,gpu=16";
        c.request.within_km = -1;
        c.request.rate = of->rate;
        c.request.tasks = of->tasks;
        case_run(&c);
        case_load(&c, &w);
        printf("%d tasks, %d clusters\n", of->tasks, of->clusters);
        for (size_t k = 0; k < BASELINES; k++)
            run_baseline(w.scenario, &of->baseline[k], of->seeds);
        case_unload(&w);
        case_end(&c);
    }
}

static const struct CMUnitTest all[] = {
    cmocka_unit_test(imported_speeds_give_the_published_means),
};

RUN_TESTS(all)
