/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Five pictures. An entrant has the same colour in all of them, by its place in the line-up. What
 * is compared by name (policies, types, clusters) stands along y, so that names can be read; where
 * there are more clusters than fit, they stand along x by rank instead.
 */
#include "report/run_charts.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "report/run_digest.h"
#include "report/run_read.h"
#include "sim/comparison.h"

enum {
    CDF_POINTS = 400,
    NAMED_GROUPS = 16,
    BAND_SEEDS = 5, /* of fewer, intervals are so wide that bands hide everything */
};

static const double NAME_ROW = 20, GROUP_ROW = 9, AXES = 60;

struct drawer {
    struct arena *arena;
    const struct run_digest *digest;
    const struct run_record *run;
    const struct result *result;
    const char *unit; /* of times: "slots" */
};

static double *new_values(const struct drawer *d, int count)
{
    return arena_zalloc(d->arena, (size_t)count, sizeof(double));
}

static struct plot_series *new_series(const struct drawer *d, int count)
{
    return arena_zalloc(d->arena, (size_t)count, sizeof(struct plot_series));
}

static const char **entrant_names(const struct drawer *d)
{
    const char **name = arena_zalloc(d->arena, (size_t)d->result->entrants, sizeof *name);

    for (int e = 0; e < d->result->entrants; e++)
        name[e] = d->result->entrant[e].name;
    return name;
}

/* One dot with a whisker, lying at height y. */
static struct plot_series lying_dot(const struct drawer *d, const struct estimate *estimate,
                                    double y, int colour)
{
    double *value = new_values(d, 4);

    value[0] = estimate->mean;
    value[1] = y;
    value[2] = estimate->mean - estimate->half;
    value[3] = estimate->mean + estimate->half;
    return (struct plot_series){
        .mark = PLOT_DOTS,
        .x = &value[0],
        .y = &value[1],
        .low = isfinite(estimate->half) ? &value[2] : NULL,
        .high = isfinite(estimate->half) ? &value[3] : NULL,
        .count = 1,
        .colour = colour,
    };
}

/* Comparison */

static struct plot_panel means_panel(const struct drawer *d)
{
    struct plot_series *series = new_series(d, d->result->entrants);

    for (int e = 0; e < d->result->entrants; e++)
        series[e] = lying_dot(d, &d->result->summary[e].measure[MEASURE_COMPLETION], e, e);
    return (struct plot_panel){
        .title = "Mean completion time",
        .x = {.label = arena_printf(d->arena, "mean completion time (%s)", d->unit),
              .from_zero = true},
        .y = {.category = entrant_names(d), .categories = d->result->entrants},
        .series = series,
        .count = d->result->entrants,
    };
}

/* The differences of single seeds, a little apart so that they do not hide each other. */
static struct plot_series seed_dots(const struct drawer *d, int entrant, double y)
{
    int seeds = d->result->seeds, count = 0;
    double *x = new_values(d, seeds), *at = new_values(d, seeds);

    for (int s = 0; s < seeds; s++) {
        const struct outcome *first = result_outcome(d->result, 0, s);
        const struct outcome *own = result_outcome(d->result, entrant, s);

        if (!first->done || !own->done)
            continue;
        x[count] = own->metrics.mean_completion - first->metrics.mean_completion;
        at[count++] = y + 0.14 + 0.2 * ((double)(s * 7 % 11) / 10);
    }
    return (struct plot_series){
        .mark = PLOT_DOTS, .x = x, .y = at, .count = count, .colour = entrant, .faint = true};
}

static struct plot_panel differences_panel(const struct drawer *d)
{
    int count = d->result->entrants - 1;
    struct plot_series *series = new_series(d, 2 * count);

    for (int e = 1; e < d->result->entrants; e++) {
        series[e - 1] = seed_dots(d, e, e - 1);
        series[count + e - 1] = lying_dot(d, &d->result->summary[e].difference, e - 1, e);
    }
    return (struct plot_panel){
        .title = arena_printf(d->arena, "Difference to %s", d->result->entrant[0].name),
        .x = {.label = arena_printf(d->arena, "difference (%s); left is better", d->unit),
              .from_zero = true},
        .y = {.category = entrant_names(d) + 1, .categories = count},
        .series = series,
        .count = 2 * count,
    };
}

static struct plot comparison_plot(const struct drawer *d)
{
    int panels = d->result->entrants > 1 ? 2 : 1;
    struct plot_panel *panel = arena_zalloc(d->arena, 2, sizeof *panel);

    panel[0] = means_panel(d);
    if (panels > 1)
        panel[1] = differences_panel(d);
    return (struct plot){
        .title = "Means and paired differences",
        .panel = panel,
        .panels = panels,
        .columns = panels,
        .panel_width = 330,
        .panel_height = AXES + NAME_ROW * 1.3 * d->result->entrants,
    };
}

/* Distributions */

/* At most CDF_POINTS of the places where the distribution function rises. */
static struct plot_series cdf_series(const struct drawer *d, const struct samples *samples,
                                     int entrant)
{
    size_t n = samples->value.count;
    const double *value = samples->value.item;
    double *x = new_values(d, CDF_POINTS + 2), *y = new_values(d, CDF_POINTS + 2);
    double last_y = -1;
    int count = 0;

    for (size_t i = 0; i < n; i++) {
        double share = (double)(i + 1) / (double)n;
        bool is_last = i + 1 == n;

        if (!is_last && value[i] == value[i + 1])
            continue; /* the step is at the last of its kind */
        if (!is_last && share - last_y < 1.0 / (CDF_POINTS - 1))
            continue;
        if (count == 0) {
            x[count] = value[i];
            y[count++] = 0;
        }
        x[count] = value[i];
        y[count++] = last_y = share;
    }
    return (struct plot_series){
        .name = d->result->entrant[entrant].name,
        .mark = PLOT_STEPS,
        .x = x,
        .y = y,
        .count = count,
        .colour = entrant,
    };
}

/* Long tails need a logarithmic axis. */
static bool is_long(const struct samples *samples)
{
    size_t n = samples->value.count;
    const double *value = samples->value.item;

    return n > 0 && value[0] > 0 && value[n - 1] > 20 * value[n / 2];
}

static struct plot_panel cdf_panel(const struct drawer *d, bool slowdown)
{
    struct plot_series *series = new_series(d, d->result->entrants);
    bool logarithmic = false, positive = true;

    for (int e = 0; e < d->result->entrants; e++) {
        const struct entrant_digest *own = &d->digest->entrant[e];
        const struct samples *samples = slowdown ? &own->slowdown : &own->completion;

        series[e] = cdf_series(d, samples, e);
        logarithmic |= is_long(samples);
        positive &= samples->value.count == 0 || samples->value.item[0] > 0;
    }
    return (struct plot_panel){
        .title = slowdown ? "Slowdown" : "Completion time",
        .x = {.label = slowdown ? "slowdown: completion time over the time alone"
                                : arena_printf(d->arena, "completion time (%s)", d->unit),
              .logarithmic = logarithmic && positive,
              .from_zero = true},
        .y = {.label = "share of tasks", .from_zero = true, .high = 1},
        .series = series,
        .count = d->result->entrants,
    };
}

static struct plot distribution_plot(const struct drawer *d)
{
    struct plot_panel *panel = arena_zalloc(d->arena, 2, sizeof *panel);

    panel[0] = cdf_panel(d, false);
    panel[1] = cdf_panel(d, true);
    return (struct plot){
        .title = "Distributions over all tasks", .panel = panel, .panels = 2, .columns = 2};
}

/* Over time */

/* Intervals end where the quantity does: at 0, and at `most`. */
static struct plot_series curve_series(const struct drawer *d, const struct curve *curve,
                                       const double *x, int entrant, double most)
{
    double *low = new_values(d, DIGEST_BINS), *high = new_values(d, DIGEST_BINS);
    bool has_interval = d->result->seeds >= BAND_SEEDS;

    for (int b = 0; b < DIGEST_BINS; b++) {
        low[b] = fmax(curve->mean[b] - curve->half[b], 0);
        high[b] = fmin(curve->mean[b] + curve->half[b], most);
        has_interval &= isfinite(curve->half[b]);
    }
    return (struct plot_series){
        .name = d->result->entrant[entrant].name,
        .mark = PLOT_LINE,
        .x = x,
        .y = curve->mean,
        .low = has_interval ? low : NULL,
        .high = has_interval ? high : NULL,
        .count = DIGEST_BINS,
        .colour = entrant,
    };
}

/* Curves: a resource each, then the waiting and the running tasks. */
static const struct curve *curve_of(const struct entrant_digest *own, int curve, int resources)
{
    if (curve < resources)
        return &own->used[curve];
    return curve == resources ? &own->waiting : &own->running;
}

static struct plot_panel time_panel(const struct drawer *d, int curve, const double *x)
{
    int resources = d->run->catalog.resources;
    struct plot_series *series = new_series(d, d->result->entrants);
    const char *label = curve == resources ? "tasks waiting" : "tasks running";

    if (curve < resources)
        label = arena_printf(d->arena, "%s in use", d->run->catalog.resource[curve].name);
    for (int e = 0; e < d->result->entrants; e++)
        series[e] = curve_series(d, curve_of(&d->digest->entrant[e], curve, resources), x, e,
                                 curve < resources ? 1 : HUGE_VAL);
    return (struct plot_panel){
        .title = label,
        .x = {.label = arena_printf(d->arena, "time (%s)", d->unit), .from_zero = true},
        .y = {.label = curve < resources ? "share of capacity" : "tasks",
              .from_zero = true,
              .high = curve < resources ? 1 : 0},
        .series = series,
        .count = d->result->entrants,
    };
}

static struct plot time_plot(const struct drawer *d)
{
    int panels = d->run->catalog.resources + 2;
    struct plot_panel *panel = arena_zalloc(d->arena, (size_t)panels, sizeof *panel);
    double *x = new_values(d, DIGEST_BINS);

    for (int b = 0; b < DIGEST_BINS; b++)
        x[b] = (b + 0.5) * d->digest->bin;
    for (int i = 0; i < panels; i++)
        panel[i] = time_panel(d, i, x);
    return (struct plot){
        .title = "Load and utilisation", .panel = panel, .panels = panels, .columns = 2};
}

/* Groups: types and clusters */

typedef const struct estimate *(*group_figure_fn)(const struct drawer *d, int entrant, int group,
                                                  int resource);

static const struct estimate *type_completion(const struct drawer *d, int entrant, int group,
                                              int resource)
{
    (void)resource;
    return &d->digest->entrant[entrant].type[group].completion;
}

static const struct estimate *type_slowdown(const struct drawer *d, int entrant, int group,
                                            int resource)
{
    (void)resource;
    return &d->digest->entrant[entrant].type[group].slowdown;
}

static const struct estimate *cluster_share(const struct drawer *d, int entrant, int group,
                                            int resource)
{
    return &d->digest->entrant[entrant].cluster[group].utilisation[resource];
}

/* Where an entrant stands within the row of a group. */
static double row_place(const struct drawer *d, int entrant)
{
    return d->result->entrants < 2 ? 0 : 0.7 * ((double)entrant / (d->result->entrants - 1) - 0.5);
}

/* A series per entrant with a dot per group. */
static struct plot_series group_series(const struct drawer *d, int entrant, int groups,
                                       group_figure_fn figure, int resource)
{
    double *x = new_values(d, groups), *y = new_values(d, groups);
    double *low = new_values(d, groups), *high = new_values(d, groups);

    for (int g = 0; g < groups; g++) {
        const struct estimate *e = figure(d, entrant, g, resource);

        x[g] = e->count > 0 ? e->mean : (double)NAN;
        low[g] = x[g] - e->half;
        high[g] = x[g] + e->half;
        y[g] = g + row_place(d, entrant);
    }
    return (struct plot_series){
        .name = d->result->entrant[entrant].name,
        .mark = PLOT_DOTS,
        .x = x,
        .y = y,
        .low = low,
        .high = high,
        .count = groups,
        .colour = entrant,
    };
}

static struct plot_panel group_panel(const struct drawer *d, const char *const *name, int groups,
                                     group_figure_fn figure, int resource)
{
    struct plot_series *series = new_series(d, d->result->entrants);

    for (int e = 0; e < d->result->entrants; e++)
        series[e] = group_series(d, e, groups, figure, resource);
    return (struct plot_panel){
        .x = {.from_zero = true},
        .y = {.category = name, .categories = groups},
        .series = series,
        .count = d->result->entrants,
    };
}

static double group_height(const struct drawer *d, int groups)
{
    double row = GROUP_ROW * d->result->entrants;

    return AXES + groups * (row > NAME_ROW ? row : NAME_ROW);
}

static struct plot types_plot(const struct drawer *d)
{
    int groups = d->digest->types < NAMED_GROUPS ? d->digest->types : NAMED_GROUPS;
    const char *const *name = (const char *const *)d->digest->type;
    struct plot_panel *panel = arena_zalloc(d->arena, 2, sizeof *panel);

    panel[0] = group_panel(d, name, groups, type_completion, 0);
    panel[0].title = "Completion time";
    panel[0].x.label = arena_printf(d->arena, "mean completion time (%s)", d->unit);
    panel[1] = group_panel(d, name, groups, type_slowdown, 0);
    panel[1].title = "Slowdown";
    panel[1].x.label = "mean slowdown";
    return (struct plot){
        .title = "By type",
        .panel = panel,
        .panels = 2,
        .columns = 2,
        .panel_height = group_height(d, groups),
    };
}

static int compare_down(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left < right) - (left > right);
}

/* Many clusters: their shares from the highest to the lowest. */
static struct plot_series ranked_series(const struct drawer *d, int entrant, int resource)
{
    int clusters = d->run->catalog.clusters;
    double *x = new_values(d, clusters), *y = new_values(d, clusters);

    for (int c = 0; c < clusters; c++) {
        const struct estimate *e = cluster_share(d, entrant, c, resource);

        x[c] = c + 1;
        y[c] = e->count > 0 ? e->mean : 0;
    }
    qsort(y, (size_t)clusters, sizeof *y, compare_down);
    return (struct plot_series){
        .name = d->result->entrant[entrant].name,
        .mark = PLOT_STEPS,
        .x = x,
        .y = y,
        .count = clusters,
        .colour = entrant,
    };
}

static struct plot_panel ranked_panel(const struct drawer *d, int resource)
{
    struct plot_series *series = new_series(d, d->result->entrants);

    for (int e = 0; e < d->result->entrants; e++)
        series[e] = ranked_series(d, e, resource);
    return (struct plot_panel){
        .x = {.label = "clusters, the busiest first"},
        .y = {.label = "share of capacity", .from_zero = true, .high = 1},
        .series = series,
        .count = d->result->entrants,
    };
}

static struct plot clusters_plot(const struct drawer *d)
{
    const struct catalog *catalog = &d->run->catalog;
    bool named = catalog->clusters <= NAMED_GROUPS;
    struct plot_panel *panel = arena_zalloc(d->arena, (size_t)catalog->resources, sizeof *panel);
    const char **name = arena_zalloc(d->arena, (size_t)catalog->clusters, sizeof *name);

    for (int c = 0; c < catalog->clusters; c++)
        name[c] = catalog->cluster[c].name;
    for (int r = 0; r < catalog->resources; r++) {
        panel[r] =
            named ? group_panel(d, name, catalog->clusters, cluster_share, r) : ranked_panel(d, r);
        panel[r].title = arena_printf(d->arena, "%s in use", catalog->resource[r].name);
        if (named)
            panel[r].x =
                (struct plot_axis){.label = "share of capacity", .from_zero = true, .high = 1};
    }
    return (struct plot){
        .title = "By cluster",
        .panel = panel,
        .panels = catalog->resources,
        .columns = 2,
        .panel_height = named ? group_height(d, catalog->clusters) : 0,
    };
}

static void add_captions(struct run_charts *charts, const struct drawer *d)
{
    const char *seeds =
        arena_printf(d->arena, "%d seed%s", d->result->seeds, d->result->seeds == 1 ? "" : "s");
    bool named = d->run->catalog.clusters <= NAMED_GROUPS;

    charts->caption[CHART_COMPARISON] =
        arena_printf(d->arena,
                     "Means over %s with 95 %% intervals (Student's t). A small dot is "
                     "the difference at one seed: at one seed all policies see the same "
                     "arrivals.",
                     seeds);
    charts->caption[CHART_DISTRIBUTION] =
        arena_printf(d->arena,
                     "Share of the finished tasks of %s that took no longer, or were "
                     "slowed down no more. Further left is better.",
                     seeds);
    charts->caption[CHART_TIME] =
        arena_printf(d->arena,
                     "Means over %s%s; an episode that has ended counts as empty. "
                     "Shares are of the capacity that is up.",
                     seeds, d->result->seeds < BAND_SEEDS ? "" : " with 95 % intervals");
    charts->caption[CHART_TYPES] =
        arena_printf(d->arena, "Means over %s with 95 %% intervals%s.", seeds,
                     d->digest->types > NAMED_GROUPS ? "; the first types of more, all are in the "
                                                       "table"
                                                     : "");
    charts->caption[CHART_CLUSTERS] =
        arena_printf(d->arena, "What was held, over capacity times makespan: means over %s%s.",
                     seeds, named ? " with 95 % intervals" : "; every policy has its own order");
}

void run_charts_make(struct run_charts *charts, const struct run_digest *digest)
{
    struct drawer d = {
        .arena = &charts->arena,
        .digest = digest,
        .run = digest->run,
        .result = &digest->run->result,
        .unit = measure_unit_word(MEASURE_COMPLETION, &digest->run->catalog),
    };

    arena_init(&charts->arena);
    charts->plot[CHART_COMPARISON] = comparison_plot(&d);
    charts->plot[CHART_DISTRIBUTION] = distribution_plot(&d);
    charts->plot[CHART_TIME] = time_plot(&d);
    charts->plot[CHART_TYPES] = types_plot(&d);
    charts->plot[CHART_CLUSTERS] = clusters_plot(&d);
    add_captions(charts, &d);
}

void run_charts_release(struct run_charts *charts)
{
    arena_release(&charts->arena);
}

const char *run_chart_name(enum run_chart chart)
{
    static const char *const name[RUN_CHARTS] = {"comparison", "distribution", "over-time", "types",
                                                 "clusters"};

    return name[chart];
}
