/* SPDX-License-Identifier: Apache-2.0 */
/*
 * million [--scenario FILE] [--policy NAME] [--repeats N]
 *
 * How the event-driven world grows: the same scenario with 10,000, 100,000 and 1,000,000 tasks.
 * Each size runs in a process of its own, so that its peak memory is its own; the best time counts.
 * Prints one JSON object per size; time_ratio is the time per task over that of the first size.
 */
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "core/scenario.h"
#include "sim/episode.h"

static const struct option_spec options[] = {
    {"scenario", OPTION_STRING, "scenarios/bench/million.yaml", .help = "scenario file"},
    {"policy", OPTION_STRING, "fifo-min", .help = "policy"},
    {"repeats", OPTION_INT, "3", .low = 1, .high = 1000, .help = "the best of so many counts"},
    {0},
};

struct figures {
    double load_s, run_s; /* reading the scenario; the episode with its metrics */
    double mean;
    int64_t decisions;
};

static struct figures run_once(const char *path, const struct policy_ops *ops, int tasks)
{
    char override[64];
    const char *const overrides[] = {override};
    struct params params;
    struct contender contender = {.ops = ops, .params = &params, .model = "true"};
    struct scenario *scenario;
    struct episode episode;
    struct metrics metrics;
    struct figures figures;
    struct err err;
    double begun_s = bench_now_s();

    snprintf(override, sizeof override, "arrivals.tasks=%d", tasks);
    if (scenario_load(&scenario, path, overrides, 1, &err))
        bench_fail(&err);
    params_init(&params, ops->options);
    figures.load_s = bench_now_s() - begun_s;
    begun_s = bench_now_s();
    episode_init(&episode, scenario);
    if (episode_run(&episode, &contender, 1, NULL, &metrics, &err))
        bench_fail(&err);
    figures.run_s = bench_now_s() - begun_s;
    figures.mean = metrics.mean_completion;
    figures.decisions = metrics.decisions;
    episode_release(&episode);
    params_release(&params);
    scenario_free(scenario);
    return figures;
}

/* In a child; returns its figures and its peak memory. */
static struct figures run_apart(const char *path, const struct policy_ops *ops, int tasks,
                                double *peak_mib)
{
    struct figures figures = {0};
    struct rusage usage;
    int pipe_end[2], status;
    pid_t child;

    if (pipe(pipe_end) != 0 || (child = fork()) < 0) {
        perror("million");
        exit(1);
    }
    if (child == 0) {
        figures = run_once(path, ops, tasks);
        _exit(write(pipe_end[1], &figures, sizeof figures) != sizeof figures);
    }
    close(pipe_end[1]);
    if (read(pipe_end[0], &figures, sizeof figures) != sizeof figures ||
        wait4(child, &status, 0, &usage) != child || status != 0)
        exit(1);
    close(pipe_end[0]);
    *peak_mib = (double)usage.ru_maxrss / 1024;
    return figures;
}

int main(int argc, char **argv)
{
    static const int sizes[] = {10000, 100000, 1000000};
    const struct policy_ops *ops;
    struct params params;
    double first_us = 0;

    bench_options(&params, options, argc, argv);
    ops = bench_policy(params_string(&params, "policy"));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct figures best = {.run_s = 1e99};
        struct bench_line line;
        double peak_mib = 0, task_us;

        for (int64_t k = 0; k < params_int(&params, "repeats"); k++) {
            struct figures now =
                run_apart(params_string(&params, "scenario"), ops, sizes[i], &peak_mib);

            best = now.run_s < best.run_s ? now : best;
        }
        task_us = best.run_s * 1e6 / sizes[i];
        first_us = i == 0 ? task_us : first_us;
        bench_begin(&line, "million");
        emit_key_string(&line.emit, "policy", ops->name);
        emit_key_int(&line.emit, "tasks", sizes[i]);
        emit_key_int(&line.emit, "decisions", best.decisions);
        bench_real(&line, "seconds", best.run_s);
        bench_real(&line, "peak_mib", peak_mib);
        bench_real(&line, "us_per_task", task_us);
        bench_real(&line, "time_ratio", task_us / first_us);
        bench_end(&line);
    }
    params_release(&params);
    return 0;
}
