/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs [--scenario FILE] [--policy NAME] [--seeds N] [--repeats N] [--jobs N]
 *
 * What a second thread brings: the same episodes with one thread and with several, turn about.
 * Prints one JSON object: the best rate of each, and of the ratios of neighbours the median,
 * because the speed of a processor changes from one second to the next.
 *
 * A virtual processor may be half of a core that another one shares. So there is a control: the
 * same crews run a loop that keeps a core's adders busy and touches no memory at all. Where that
 * does not get the full ratio either ("registers"), the machine has not that much to give.
 */
#include "base/memory.h"
#include "base/order.h"
#include "base/parallel.h"
#include "bench.h"
#include "core/scenario.h"
#include "sim/episode.h"

static const struct option_spec options[] = {
    {"scenario", OPTION_STRING, "scenarios/paper/hetero-6.yaml", .help = "scenario file"},
    {"policy", OPTION_STRING, "paper-min", .help = "policy"},
    {"seeds", OPTION_INT, "400", .low = 1, .high = 100000, .help = "episodes per repeat"},
    {"repeats", OPTION_INT, "31", .low = 1, .high = 1000, .help = "how often each is timed"},
    {"jobs", OPTION_INT, "2", .low = 2, .high = 256, .help = "threads of the larger crew"},
    {0},
};

enum {
    CHAINS = 8,
    CHURN_TURNS = 20 * 1000 * 1000 / CHAINS, /* a tenth of a second or so */
};

struct bench {
    struct contender contender;
    struct episode *episode; /* by worker */
    int64_t *rounds;         /* by seed */
    uint64_t *churned;       /* by piece */
};

static void run_seed(void *arg, int index, int worker)
{
    struct bench *bench = arg;
    struct metrics metrics;
    struct err err;

    if (episode_run(&bench->episode[worker], &bench->contender, (uint64_t)index + 1, NULL, &metrics,
                    &err))
        bench_fail(&err);
    bench->rounds[index] = metrics.decisions;
}

/* Eight chains of xorshift at once: bound by how much a core can do, not by how long it waits. */
static void churn(void *arg, int index, int worker)
{
    struct bench *bench = arg;
    uint64_t x[CHAINS];

    (void)worker;
    for (int c = 0; c < CHAINS; c++)
        x[c] = (uint64_t)(index + c + 1);
    for (int turn = 0; turn < CHURN_TURNS; turn++) {
        for (int c = 0; c < CHAINS; c++) {
            x[c] ^= x[c] << 13;
            x[c] ^= x[c] >> 7;
            x[c] ^= x[c] << 17;
        }
    }
    for (int c = 0; c < CHAINS; c++)
        bench->churned[index] ^= x[c];
}

static double time_crew(struct bench *bench, int jobs, int pieces,
                        void (*run)(void *arg, int index, int worker))
{
    struct parallel work = {.jobs = jobs, .count = pieces, .run = run, .arg = bench};
    double begun_s = bench_now_s();

    parallel_run(&work);
    return bench_now_s() - begun_s;
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    struct params params, policy_params;
    struct scenario *scenario;
    struct bench_line line;
    double one_s = 1e99, many_s = 1e99;
    int64_t rounds = 0;
    struct err err;
    int jobs, seeds, repeats;
    double *ratio, *ceiling;

    bench_options(&params, options, argc, argv);
    jobs = (int)params_int(&params, "jobs");
    seeds = (int)params_int(&params, "seeds");
    if (scenario_load(&scenario, params_string(&params, "scenario"), NULL, 0, &err))
        bench_fail(&err);
    bench.contender.ops = bench_policy(params_string(&params, "policy"));
    bench.contender.params = &policy_params;
    bench.contender.model = "true";
    params_init(&policy_params, bench.contender.ops->options);
    bench.episode = xcalloc((size_t)jobs, sizeof *bench.episode);
    bench.rounds = xcalloc((size_t)seeds, sizeof *bench.rounds);
    bench.churned = xcalloc((size_t)jobs, sizeof *bench.churned);
    for (int i = 0; i < jobs; i++)
        episode_init(&bench.episode[i], scenario);
    repeats = (int)params_int(&params, "repeats");
    ratio = xcalloc((size_t)repeats, sizeof *ratio);
    ceiling = xcalloc((size_t)repeats, sizeof *ceiling);
    for (int i = 0; i < repeats; i++) {
        double alone_s = time_crew(&bench, 1, seeds, run_seed);
        double together_s = time_crew(&bench, jobs, seeds, run_seed);

        one_s = bench_least(one_s, alone_s);
        many_s = bench_least(many_s, together_s);
        ratio[i] = alone_s / together_s;
        ceiling[i] = time_crew(&bench, 1, jobs, churn) / time_crew(&bench, jobs, jobs, churn);
    }
    qsort(ratio, (size_t)repeats, sizeof *ratio, order_double);
    qsort(ceiling, (size_t)repeats, sizeof *ceiling, order_double);
    for (int i = 0; i < seeds; i++)
        rounds += bench.rounds[i];
    bench_begin(&line, "jobs");
    emit_key_int(&line.emit, "jobs", jobs);
    emit_key_int(&line.emit, "processors", parallel_processors());
    bench_real(&line, "rounds_per_s_1", (double)rounds / one_s);
    bench_real(&line, "rounds_per_s", (double)rounds / many_s);
    bench_real(&line, "speedup", ratio[repeats / 2]);
    bench_real(&line, "registers", ceiling[repeats / 2]);
    bench_end(&line);
    for (int i = 0; i < jobs; i++)
        episode_release(&bench.episode[i]);
    free(bench.episode);
    free(bench.rounds);
    free(bench.churned);
    free(ratio);
    free(ceiling);
    params_release(&policy_params);
    params_release(&params);
    scenario_free(scenario);
    return 0;
}
