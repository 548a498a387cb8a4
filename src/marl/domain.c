/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scenario is written as YAML and read like any other. The load is set last: the rate of arrivals
 * is what makes the types' areas at their minimum (share of a mean cluster times duration) fill the
 * part of the system that was drawn, so that slow and fast types, large and small clusters are
 * loaded alike.
 */
#include "marl/domain.h"

#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/text.h"
#include "core/scenario.h"

enum { RESOURCES = 4 };

struct domain {
    struct rng rng;
    struct text yaml;
    int clusters, resources, types;
    bool slotted;
    double unit_s;           /* what durations are about */
    int capacity[RESOURCES]; /* of a middling cluster */
};

static int whole(struct domain *d, int low, int high)
{
    return low + (int)rng_below(&d->rng, (uint32_t)(high - low + 1));
}

static bool chance(struct domain *d, double p)
{
    return rng_unit(&d->rng) < p;
}

static double between(struct domain *d, double low, double high)
{
    return low + (high - low) * rng_unit(&d->rng);
}

static double log_between(struct domain *d, double low, double high)
{
    return low * pow(high / low, rng_unit(&d->rng));
}

static void write_resources(struct domain *d)
{
    text_add(&d->yaml, "resources: [");
    for (int r = 0; r < d->resources; r++) {
        d->capacity[r] = (int)log_between(d, r == 1 ? 4 : 8, r == 1 ? 20 : 64);
        text_printf(&d->yaml, "%sr%d", r ? ", " : "", r);
    }
    text_add(&d->yaml, "]\n");
}

static void write_clusters(struct domain *d)
{
    bool alike = chance(d, 0.4);
    double spread = alike ? 1 : between(d, 1.5, 4);

    text_add(&d->yaml, "clusters:\n");
    for (int c = 0; c < d->clusters; c++) {
        double size = log_between(d, 1 / spread, spread);

        text_printf(&d->yaml, "  - {name: c%d, at: [%d, %d], capacity: {", c, whole(d, 0, 20),
                    whole(d, 0, 20));
        for (int r = 0; r < d->resources; r++) {
            int amount = (int)round(d->capacity[r] * size * (alike ? 1 : between(d, 0.8, 1.25)));

            text_printf(&d->yaml, "%sr%d: %d", r ? ", " : "", r, amount < 4 ? 4 : amount);
        }
        text_add(&d->yaml, "}}\n");
    }
}

/* Exponents, scales and parts for the first two resources; a third hardly ever makes faster. */
static void write_speed(struct domain *d)
{
    double mean_s = d->unit_s * log_between(d, 0.3, 3);
    int driver = chance(d, 0.7) ? 1 : 0, scale = d->capacity[driver];

    switch (rng_below(&d->rng, 5)) {
    case 0:
        text_printf(&d->yaml, "{model: constant, value: %g}", 1 / mean_s);
        break;
    case 1:
        text_printf(&d->yaml, "{model: amdahl, serial: %g, parallel: {r%d: %g, r%d: %g}}",
                    mean_s * between(d, 0.1, 0.5), driver, mean_s * between(d, 1, 4), 1 - driver,
                    mean_s * between(d, 0, 2));
        break;
    case 2:
        text_printf(&d->yaml, "{model: power, scale: %g, exponents: {r%d: %g, r%d: %g}}",
                    0.6 / mean_s, driver, between(d, 0.3, 0.95), 1 - driver, between(d, 0, 0.3));
        break;
    case 3:
        text_printf(&d->yaml,
                    "{model: saturating, form: tanh, peak: %g, scales: {r%d: %g}, curve: sqrt, "
                    "ceiling: 1.2}",
                    2 / mean_s, driver, scale * between(d, 0.3, 1.2));
        break;
    default:
        text_printf(&d->yaml, "{model: saturating, form: hyperbolic, peak: %g, scales: {r%d: %g}}",
                    2 / mean_s, driver, scale * between(d, 0.1, 0.8));
    }
}

static void write_limits(struct domain *d)
{
    int low[RESOURCES] = {0}, high[RESOURCES] = {0};

    for (int r = 0; r < d->resources; r++) {
        low[r] = whole(d, r == 1 ? 0 : 1, 2);
        high[r] = r >= 2 ? low[r] : (int)(d->capacity[r] * between(d, 0.25, 1.2));
        high[r] = r < 2 && high[r] < low[r] + 1 ? low[r] + 1 : high[r];
    }
    low[1] = low[1] < 1 ? 1 : low[1];
    for (int k = 0; k < 2; k++) {
        text_add(&d->yaml, k ? "    max: {" : "    min: {");
        for (int r = 0; r < d->resources; r++)
            text_printf(&d->yaml, "%sr%d: %d", r ? ", " : "", r, k ? high[r] : low[r]);
        text_add(&d->yaml, "}\n");
    }
}

static void write_types(struct domain *d)
{
    bool noisy = chance(d, 0.5), varied = !d->slotted && chance(d, 0.7);

    text_add(&d->yaml, "types:\n");
    for (int i = 0; i < d->types; i++) {
        text_printf(&d->yaml, "  t%d:\n    odds: %d\n", i, whole(d, 1, 5));
        write_limits(d);
        if (noisy && d->slotted)
            text_printf(&d->yaml, "    noise: {kind: additive, width: %g}\n",
                        between(d, 0.05, 0.2));
        else if (noisy)
            text_printf(&d->yaml, "    noise: {kind: lognormal, width: %g}\n",
                        between(d, 0.05, 0.3));
        if (varied)
            text_printf(&d->yaml, "    work: {draw: lognormal, mean: 1, spread: %g}\n",
                        between(d, 0.2, 0.8));
        if (!d->slotted)
            text_printf(&d->yaml, "    startup: %g\n", d->unit_s * between(d, 0, 0.05));
        text_add(&d->yaml, "    speed: ");
        write_speed(d);
        text_add(&d->yaml, "\n");
    }
}

static void write_rules(struct domain *d)
{
    text_printf(&d->yaml, "name: drawn\n");
    if (d->slotted) {
        text_printf(&d->yaml, "slot: 1\nrounds: %s\n", chance(d, 0.4) ? "one" : "many");
        if (chance(d, 0.7))
            text_printf(&d->yaml, "window: %d\n", whole(d, 6, 20));
    }
    if (d->slotted)
        text_add(&d->yaml, "arrivals: {process: poisson-slot, rate: 1, tasks: 400}\n");
    else
        text_add(&d->yaml, "arrivals: {process: poisson, rate: 1, tasks: 400}\n");
    if (chance(d, 0.5))
        text_add(&d->yaml, "reach: {kind: random}\n");
    else if (chance(d, 0.5))
        text_printf(&d->yaml, "reach: {kind: fixed, size: %d}\n", whole(d, 1, d->clusters));
    else
        text_printf(&d->yaml, "reach: {kind: distance, within: %d}\n", whole(d, 6, 20));
}

/* Rate of arrivals for a load, by areas at the minimum. */
static double rate_for(const struct scenario *scenario, double load)
{
    const struct catalog *catalog = &scenario->catalog;
    double area_s = 0, odds = 0;

    for (int i = 0; i < catalog->types; i++) {
        const struct allocation *min = &catalog->type[i].min;
        double share = 0;

        for (int r = 0; r < catalog->resources; r++)
            share =
                fmax(share, (double)min->amount[r] * catalog->clusters / catalog->total.amount[r]);
        area_s += scenario->truth[i].odds * share * scenario_mean_seconds(scenario, i, min);
        odds += scenario->truth[i].odds;
    }
    return load * catalog->clusters * odds / area_s;
}

int domain_draw(struct scenario **out, uint64_t seed, struct err *err)
{
    struct domain d = {.slotted = false};
    struct scenario *unloaded;
    const char *override;
    struct text rate;
    double load;
    int rc;

    *out = NULL;
    rng_stream(&d.rng, seed, "domain");
    text_init(&d.yaml, 0);
    text_init(&rate, 0);
    d.slotted = chance(&d, 0.6);
    d.unit_s = d.slotted ? log_between(&d, 3, 12) : 300;
    d.clusters = chance(&d, 0.8) ? whole(&d, 2, 8) : whole(&d, 9, 16);
    d.resources = chance(&d, 0.5) ? 2 : whole(&d, 2, RESOURCES);
    d.types = whole(&d, 1, 6);
    load = between(&d, 0.25, 0.85);
    write_rules(&d);
    write_resources(&d);
    write_clusters(&d);
    write_types(&d);
    rc = scenario_parse(&unloaded, "drawn", "", d.yaml.bytes, NULL, 0, err);
    if (rc == 0) {
        text_printf(&rate, "arrivals.rate=%g", rate_for(unloaded, load));
        override = rate.bytes;
        scenario_free(unloaded);
        rc = scenario_parse(out, "drawn", "", d.yaml.bytes, &override, 1, err);
    }
    text_release(&rate);
    text_release(&d.yaml);
    return rc;
}
