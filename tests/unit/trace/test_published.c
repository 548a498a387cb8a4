/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The imported measurements of TapFinger's authors, under the rules of their simulator, give the
 * means that were published for their baselines: within three combined standard errors, over 30
 * seeds each (the published figures are means and standard deviations over 30 seeds).
 */
#include "import_case.h"

#include "policy/registry.h"
#include "sim/episode.h"

enum { SEEDS = 30 };

static const struct published {
    const char *policy;
    double mean, deviation;
} baselines[][4] = {
    {{"paper-min", 4.86, 0.10},
     {"paper-random", 4.98, 0.16},
     {"paper-tiresias", 5.60, 0.10},
     {"paper-optimus", 5.35, 0.33}}, /* trace_500 */
    {{"paper-min", 4.86, 0.07},
     {"paper-random", 5.00, 0.11},
     {"paper-tiresias", 5.62, 0.06},
     {"paper-optimus", 5.36, 0.31}}, /* trace_1000 */
};

static const int64_t tasks[] = {500, 1000};

static void run_baseline(const struct scenario *scenario, const struct published *published)
{
    struct contender contender = {.ops = policy_find(published->policy), .model = "true"};
    double sum = 0, squares = 0, mean, deviation, error;
    struct params params;
    struct episode episode;
    struct err err;

    params_init(&params, contender.ops->options);
    contender.params = &params;
    episode_init(&episode, scenario);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct metrics metrics;

        assert_int_equal(episode_run(&episode, &contender, seed, NULL, &metrics, &err), 0);
        sum += metrics.mean_completion;
        squares += metrics.mean_completion * metrics.mean_completion;
    }
    episode_release(&episode);
    params_release(&params);
    mean = sum / SEEDS;
    deviation = sqrt((squares - sum * mean) / (SEEDS - 1));
    error = sqrt((deviation * deviation + published->deviation * published->deviation) / SEEDS);
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
    for (size_t i = 0; i < COUNT_OF(tasks); i++) {
        struct import_case c;
        struct case_world w;

        case_begin(&c);
        case_types(&c, "tapfinger", path, "tapfinger.rules=published");
        c.request.slot_s = 1;
        c.request.one_round = true;
        c.request.window = 10;
        c.request.clusters = 3;
        c.request.capacity = "cpu=32,gpu=16";
        c.request.within_km = -1;
        c.request.rate = 1.5;
        c.request.tasks = tasks[i];
        case_run(&c);
        case_load(&c, &w);
        for (size_t k = 0; k < 4; k++)
            run_baseline(w.scenario, &baselines[i][k]);
        case_unload(&w);
        case_end(&c);
    }
}

static const struct CMUnitTest all[] = {
    cmocka_unit_test(imported_speeds_give_the_published_means),
};

RUN_TESTS(all)
