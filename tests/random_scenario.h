/* SPDX-License-Identifier: Apache-2.0 */
/* Random small scenarios from a seed, for tests of laws that must hold in all of them. */
#ifndef TESTS_RANDOM_SCENARIO_H
#define TESTS_RANDOM_SCENARIO_H

#include <stdint.h>

#include "base/rng.h"
#include "base/text.h"

static int random_scenario_pick(struct rng *rng, int low, int high)
{
    return low + (int)rng_below(rng, (uint32_t)(high - low + 1));
}

static void random_scenario_clusters(struct rng *rng, struct text *yaml, int clusters,
                                     int resources)
{
    static const char *const name[] = {"cpu", "gpu", "mem"};

    text_add(yaml, "resources: [cpu, gpu, mem]\nclusters:\n");
    for (int c = 0; c < clusters; c++) {
        int nodes = rng_below(rng, 3) ? 1 : random_scenario_pick(rng, 2, 6);

        text_printf(yaml, "  - {name: c%d, at: [%d, %d], nodes: %d, placement: %s, capacity: {", c,
                    random_scenario_pick(rng, 0, 9), random_scenario_pick(rng, 0, 9), nodes,
                    rng_below(rng, 4) ? "consolidated" : "any");
        for (int r = 0; r < resources; r++)
            text_printf(yaml, "%s%s: %d", r ? ", " : "", name[r],
                        nodes * random_scenario_pick(rng, 3 / nodes + 1, 20 / nodes));
        text_add(yaml, "}}\n");
    }
}

static void random_scenario_speed(struct rng *rng, struct text *yaml)
{
    static const char *const speed[] = {
        "{model: constant, value: 0.2}",
        "{model: power, scale: 0.05, exponents: {cpu: 0.7}}",
        "{model: amdahl, serial: 2, parallel: {cpu: 20}}",
        "{model: saturating, scales: {cpu: 8}, curve: sqrt}",
        "{model: saturating, form: hyperbolic, peak: 0.5, scales: {cpu: 4}}",
        "{model: table, grid: {cpu: [1, 2, 4, 8]}, speeds: [.05, .1, .15, .1], between: linear}",
        "{model: table, grid: {cpu: [1, 4]}, speeds: [0.1, 0.2], bends: [1.1, 1.2], curve: level}",
    };

    text_add(yaml, speed[rng_below(rng, (uint32_t)(sizeof speed / sizeof *speed))]);
}

static void random_scenario_type(struct rng *rng, struct text *yaml, int index, int slotted)
{
    int min = random_scenario_pick(rng, 1, 3), max = random_scenario_pick(rng, min, 12);

    text_printf(yaml, "  t%d:\n    odds: %d\n    min: {cpu: %d, gpu: %d}\n", index,
                random_scenario_pick(rng, 1, 3), min, random_scenario_pick(rng, 0, 1));
    text_printf(yaml, "    max: {cpu: %d, gpu: %d, mem: %d}\n    speed: ", max,
                random_scenario_pick(rng, 1, 4), random_scenario_pick(rng, 0, 3));
    random_scenario_speed(rng, yaml);
    text_add(yaml, "\n");
    if (rng_below(rng, 2))
        text_add(yaml, "    work: {draw: lognormal, mean: 1.5, spread: 0.7}\n");
    if (rng_below(rng, 3) == 0)
        text_add(yaml, slotted ? "    noise: {kind: additive, width: 0.1}\n"
                               : "    noise: {kind: lognormal, width: 0.3}\n");
    if (rng_below(rng, 2))
        text_printf(yaml, "    switching: {factor: 0.5, seconds: %d}\n",
                    random_scenario_pick(rng, 1, 5));
    if (rng_below(rng, 3) == 0)
        text_add(yaml, "    startup: 2\n    data: 50\n    state: 10\n");
    if (rng_below(rng, 3) == 0)
        text_add(yaml, "    suffers: 0.1\n");
    if (rng_below(rng, 4) == 0)
        text_add(yaml, "    preemption: lose\n");
    if (rng_below(rng, 3) == 0)
        text_printf(yaml, "    failures: {mtbf: 40, retries: %d, progress: %s}\n",
                    random_scenario_pick(rng, -1, 3), rng_below(rng, 2) ? "keep" : "lose");
    if (rng_below(rng, 2))
        text_printf(yaml, "    stages: {%scpu: %d, gpu: %d, network: %d}\n",
                    rng_below(rng, 2) ? "storage: 3, " : "", random_scenario_pick(rng, 1, 9),
                    random_scenario_pick(rng, 0, 9), random_scenario_pick(rng, 0, 3));
}

static void random_scenario_rules(struct rng *rng, struct text *yaml, int clusters, int slotted)
{
    int tasks = random_scenario_pick(rng, 5, 60);

    if (slotted) {
        text_printf(yaml, "slot: 1\nrounds: %s\n", rng_below(rng, 2) ? "one" : "many");
        if (rng_below(rng, 3) > 0)
            text_printf(yaml, "window: %d\n", random_scenario_pick(rng, 1, 8));
    }
    text_printf(yaml, "arrivals: {process: %s, rate: %g, tasks: %d}\n",
                slotted             ? "poisson-slot"
                : rng_below(rng, 4) ? "poisson"
                                    : "at-once",
                0.1 * random_scenario_pick(rng, 1, 20), tasks);
    switch (rng_below(rng, 3)) {
    case 0:
        text_add(yaml, "reach: {kind: random}\n");
        break;
    case 1:
        text_printf(yaml, "reach: {kind: fixed, size: %d}\n",
                    random_scenario_pick(rng, 1, clusters));
        break;
    default:
        text_add(yaml, "reach: {kind: distance, within: 6}\n");
    }
    if (rng_below(rng, 3) == 0)
        text_printf(yaml, "sharing: {most: %d, stretch: [1.2, 1.3, 1.4]}\n",
                    random_scenario_pick(rng, 1, 4));
    if (rng_below(rng, 3) == 0)
        text_add(yaml, "links: {mbit: 100, rtt: 10}\n");
    if (rng_below(rng, 3) == 0)
        text_add(yaml,
                 "outages: [{cluster: c0, at: 10, for: 5}, {cluster: all, mtbf: 60, mttr: 4}]\n");
}

/* YAML of a scenario; the caller owns it and frees it. All its tasks can run somewhere. */
static char *random_scenario(uint64_t seed)
{
    struct text yaml;
    struct rng rng;
    int clusters, slotted, types;

    text_init(&yaml, 0);
    rng_stream(&rng, seed, "random scenario");
    clusters = random_scenario_pick(&rng, 1, 5);
    slotted = (int)rng_below(&rng, 2);
    types = random_scenario_pick(&rng, 1, 4);
    random_scenario_rules(&rng, &yaml, clusters, slotted);
    random_scenario_clusters(&rng, &yaml, clusters, 3);
    text_add(&yaml, "types:\n");
    for (int i = 0; i < types; i++)
        random_scenario_type(&rng, &yaml, i, slotted);
    return text_take(&yaml);
}

#endif
