/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Continuous time against queueing theory, where theory is exact. First without chance: for one and
 * for several servers in order of arrival, every single completion time must be what the recursions
 * of Lindley and of Kiefer and Wolfowitz give for the same arrivals. Then in the mean: M/M/1,
 * M/M/c, M/G/1 and M/M/1-PS against their formulas, within what chance allows (four standard
 * errors, taken from independent runs). With TAP_LONG=1 in the environment there are as many tasks
 * as it takes for all means to lie within 1 % (some minutes on two cores).
 */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "core/scenario.h"
#include "policy/registry.h"
#include "sim/arrivals.h"
#include "sim/episode.h"

enum { MAX_SEEDS = 160, TASKS = 20000 / HARNESS_SLOWDOWN };

static bool is_long(void)
{
    return getenv("TAP_LONG") != NULL;
}

static int seeds(void)
{
    return is_long() ? MAX_SEEDS : 20;
}

/* Queues near saturation take long to forget. */
static int tasks(double load)
{
    if (is_long())
        return load > 0.9 ? 1000000 : 200000;
    return load > 0.9 ? 3 * TASKS : TASKS;
}

static struct scenario *queue(double load, int servers, const char *work)
{
    struct scenario *scenario;
    struct err err;
    char yaml[1024];

    snprintf(yaml, sizeof yaml,
             "resources: [cpu]\n"
             "clusters: [{name: c, capacity: {cpu: %d}}]\n"
             "arrivals: {process: poisson, rate: %.17g, tasks: %d}\n"
             "types: {job: {min: {cpu: 1}, max: {cpu: %d}, work: %s, "
             "speed: {model: power, exponents: {cpu: 1}}}}\n",
             servers, load * servers, tasks(load), servers, work);
    if (scenario_parse(&scenario, "queue", "", yaml, NULL, 0, &err))
        fail_msg("%s", err.message);
    return scenario;
}

/* Processor sharing: one server cut into very many units. */
static struct scenario *shared_server(double load)
{
    struct scenario *scenario;
    struct err err;
    char yaml[1024];

    snprintf(yaml, sizeof yaml,
             "resources: [cpu]\n"
             "clusters: [{name: c, capacity: {cpu: 100000000}}]\n"
             "arrivals: {process: poisson, rate: %.17g, tasks: %d}\n"
             "types: {job: {min: {cpu: 1}, work: {draw: exponential}, "
             "speed: {model: power, scale: 1.0e-8, exponents: {cpu: 1}}}}\n",
             load, tasks(load));
    if (scenario_parse(&scenario, "queue", "", yaml, NULL, 0, &err))
        fail_msg("%s", err.message);
    return scenario;
}

struct runs {
    const struct scenario *scenario;
    struct contender contender;
    struct metrics metrics[MAX_SEEDS];
};

static void run_seed(void *arg, int index, int worker)
{
    struct runs *runs = arg;
    struct episode episode;
    struct err err;

    (void)worker;
    episode_init(&episode, runs->scenario);
    world_be_strict(episode.world, true);
    if (episode_run(&episode, &runs->contender, (uint64_t)index, NULL, &runs->metrics[index], &err))
        fail_msg("%s", err.message);
    episode_release(&episode);
}

/* Little's law: what each task spent in the system adds up to the integral of their number. */
static void check_little(const struct metrics *m)
{
    double integral = m->in_system * m->makespan;

    assert_int_equal(m->finished, m->tasks);
    assert_true(fabs(integral - m->mean_completion * (double)m->tasks) < 1e-9 * integral);
}

/* The mean over independent runs. Starting empty biases a run by little; it is allowed for. */
static void check(struct scenario *scenario, const char *policy, double theory)
{
    struct params params;
    struct runs *runs = xcalloc(1, sizeof *runs);
    struct parallel work = {parallel_processors(), seeds(), run_seed, runs, NULL};
    double mean = 0, squares = 0, error;

    runs->scenario = scenario;
    runs->contender = (struct contender){policy_find(policy), &params, "true"};
    params_init(&params, runs->contender.ops->options);
    assert_int_equal(parallel_run(&work), seeds());
    for (int i = 0; i < seeds(); i++) {
        check_little(&runs->metrics[i]);
        mean += runs->metrics[i].mean_completion / seeds();
        squares += runs->metrics[i].mean_completion * runs->metrics[i].mean_completion / seeds();
    }
    error = sqrt((squares - mean * mean) / (seeds() - 1));
    printf("%-9s theory %8.4f, simulated %8.4f +- %.4f (%+.2f %%)\n", policy, theory, mean, error,
           100 * (mean / theory - 1));
    if (fabs(mean - theory) > (is_long() ? 0.01 * theory : 4 * error + 0.005 * theory))
        fail_msg("mean %g +- %g, theory says %g", mean, error, theory);
    free(runs);
    params_release(&params);
    scenario_free(scenario);
}

static void mm1(void **state)
{
    (void)state;
    check(queue(0.5, 1, "{draw: exponential}"), "fifo-min", 1 / (1 - 0.5));
    check(queue(0.8, 1, "{draw: exponential}"), "fifo-min", 1 / (1 - 0.8));
    check(queue(0.95, 1, "{draw: exponential}"), "fifo-min", 1 / (1 - 0.95));
}

/* Erlang C: the chance to wait with c servers at load a in all. */
static double erlang_c(int c, double a)
{
    double inverse = 1; /* of Erlang B, by its recursion */

    for (int i = 1; i <= c; i++)
        inverse = 1 + i / a * inverse;
    return 1 / (1 + (inverse - 1) * (1 - a / c));
}

static double mmc_mean(int c, double load)
{
    return 1 + erlang_c(c, load * c) / (c * (1 - load));
}

static void mmc(void **state)
{
    (void)state;
    check(queue(0.5, 8, "{draw: exponential}"), "fifo-min", mmc_mean(8, 0.5));
    check(queue(0.8, 8, "{draw: exponential}"), "fifo-min", mmc_mean(8, 0.8));
    check(queue(0.95, 8, "{draw: exponential}"), "fifo-min", mmc_mean(8, 0.95));
}

/* Pollaczek and Khinchine, with the squared coefficient of variation of the work. */
static double mg1_mean(double load, double cv2)
{
    return 1 + load / (1 - load) * (1 + cv2) / 2;
}

static void mg1(void **state)
{
    (void)state;
    check(queue(0.5, 1, "{draw: fixed}"), "fifo-min", mg1_mean(0.5, 0));
    check(queue(0.8, 1, "{draw: fixed}"), "fifo-min", mg1_mean(0.8, 0));
    check(queue(0.95, 1, "{draw: fixed}"), "fifo-min", mg1_mean(0.95, 0));
    check(queue(0.5, 1, "{draw: hyperexponential, spread: 4}"), "fifo-min", mg1_mean(0.5, 4));
    check(queue(0.95, 1, "{draw: uniform, spread: 0.9}"), "fifo-min",
          mg1_mean(0.95, 0.9 * 0.9 / 3));
    check(queue(0.8, 1, "{draw: uniform, spread: 0.9}"), "fifo-min", mg1_mean(0.8, 0.9 * 0.9 / 3));
    check(queue(0.8, 1, "{draw: hyperexponential, spread: 4}"), "fifo-min", mg1_mean(0.8, 4));
    check(queue(0.8, 1, "{draw: lognormal, spread: 0.8}"), "fifo-min",
          mg1_mean(0.8, exp(0.8 * 0.8) - 1));
}

static void mm1_processor_sharing(void **state)
{
    (void)state;
    check(shared_server(0.5), "fair", 1 / (1 - 0.5));
    check(shared_server(0.8), "fair", 1 / (1 - 0.8));
    check(shared_server(0.95), "fair", 1 / (1 - 0.95));
}

/* The server that comes free first takes the next task. */
static void check_every_task(double load, int servers)
{
    struct scenario *scenario = queue(load, servers, "{draw: exponential}");
    const struct policy_ops *ops = policy_find("fifo-min");
    struct params params;
    struct contender contender = {ops, &params, "true"};
    struct episode episode;
    struct metrics metrics;
    double free_at[16] = {0};
    const struct view *view;
    struct err err;

    params_init(&params, ops->options);
    episode_init(&episode, scenario);
    assert_int_equal(episode_run(&episode, &contender, 7, NULL, &metrics, &err), 0);
    view = world_view(episode.world);
    for (int32_t i = 0; i < view->tasks; i++) {
        const struct task *task = &view->task[i];
        double finish;
        int first = 0;

        for (int s = 1; s < servers; s++)
            if (free_at[s] < free_at[first])
                first = s;
        finish = fmax(task->arrival_s, free_at[first]) + world_work(episode.world, i);
        free_at[first] = finish;
        if (fabs(task->finish_s - finish) > 1e-7)
            fail_msg("task %d finished at %.12g, not %.12g", i, task->finish_s, finish);
    }
    episode_release(&episode);
    params_release(&params);
    scenario_free(scenario);
}

static void every_task_finishes_when_the_recursion_says(void **state)
{
    (void)state;
    check_every_task(0.8, 1);
    check_every_task(0.95, 1);
    check_every_task(0.9, 5);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_task_finishes_when_the_recursion_says),
    cmocka_unit_test(mm1),
    cmocka_unit_test(mmc),
    cmocka_unit_test(mg1),
    cmocka_unit_test(mm1_processor_sharing),
};

RUN_TESTS(tests)
