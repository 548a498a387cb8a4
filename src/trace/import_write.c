/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scenario as YAML. Its key `recipe` holds what it was made from and how, and what the import
 * found; the simulator does not read it.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/sha256.h"
#include "base/version.h"
#include "trace/import_state.h"

enum { HASH_MOST_BYTES = 16 << 20 };

static void print_amounts(const struct trace *trace, const struct allocation *amount, bool zeros,
                          struct text *out)
{
    bool first = true;

    text_add_char(out, '{');
    for (int r = 0; r < trace->resources; r++) {
        if (amount->amount[r] == 0 && !zeros)
            continue;
        text_printf(out, "%s%s: %d", first ? "" : ", ", trace->resource[r].name, amount->amount[r]);
        first = false;
    }
    text_add_char(out, '}');
}

/* A text that any YAML reader takes as one. */
static void print_quoted(struct text *out, const char *string)
{
    text_add_char(out, '"');
    for (; *string; string++) {
        unsigned char c = (unsigned char)*string;

        if (c == '"' || c == '\\')
            text_add_char(out, '\\');
        if (c >= 0x20 && c < 0x7f)
            text_add_char(out, (char)c);
        else
            text_printf(out, "\\x%02x", c);
    }
    text_add_char(out, '"');
}

static void print_resources(const struct trace *trace, struct text *out)
{
    text_add(out, "resources:\n");
    for (int r = 0; r < trace->resources; r++) {
        text_printf(out, "  - {name: %s", trace->resource[r].name);
        if (trace->resource[r].unit[0]) {
            text_add(out, ", unit: ");
            print_quoted(out, trace->resource[r].unit);
        }
        text_add(out, "}\n");
    }
}

static void print_cluster(const struct trace *trace, const char *name, int count,
                          const struct allocation *capacity, const struct trace_site *site,
                          struct text *out)
{
    text_printf(out, "  - {name: %s", name);
    if (count > 1)
        text_printf(out, ", count: %d", count);
    text_add(out, ", capacity: ");
    print_amounts(trace, capacity, true, out);
    if (site && (site->x_km != 0 || site->y_km != 0))
        text_printf(out, ", at: [%.3f, %.3f]", site->x_km, site->y_km);
    if (site && site->weight > 0)
        text_printf(out, ", origin_weight: %g", site->weight);
    text_add(out, "}\n");
}

static void print_clusters(const struct importer *im, struct text *out)
{
    const struct trace *trace = im->trace;

    text_add(out, "clusters:\n");
    for (size_t i = 0; i < trace->sites.count; i++) {
        const struct trace_site *site = &trace->sites.item[i];

        print_cluster(trace, site->name, site->count,
                      site->has_capacity ? &site->capacity : &im->cluster, site, out);
    }
    if (trace->sites.count == 0)
        print_cluster(trace, "site", im->request->clusters, &im->cluster, NULL, out);
}

/* One that holds whatever any type may get. */
static void print_draft_cluster(const struct importer *im, struct text *out)
{
    struct allocation most = {{0}};

    for (size_t i = 0; i < im->trace->types.count; i++)
        most = allocation_most(&most, &im->trace->types.item[i].max);
    text_add(out, "clusters:\n");
    print_cluster(im->trace, "draft", 1, &most, NULL, out);
}

static int print_speed(const struct importer *im, const struct trace_type *type, struct text *out,
                       struct err *err)
{
    struct speed_grid grid;
    int rc;

    if (type->speed) {
        text_add(out, type->speed);
        return 0;
    }
    if (type->points.count == 0) {
        text_add(out, "{model: constant, value: 1}");
        return 0;
    }
    rc = speed_grid_make(&grid, type, im->trace->resources, im->request->beyond, err);
    if (rc == 0) {
        if (im->request->between == GRID_CUBIC)
            speed_grid_refine(&grid);
        speed_grid_print(&grid, im->trace, im->request->between, out);
    }
    speed_grid_release(&grid);
    return rc;
}

/* Something must be asked for. */
static struct allocation least_amount(const struct trace_type *type)
{
    struct allocation min = type->min;

    for (int r = 0; r < MAX_RESOURCES && allocation_is_zero(&min); r++)
        if (type->max.amount[r] > 0)
            min.amount[r] = 1;
    return min;
}

static int print_type(const struct importer *im, const struct trace_type *type, bool final,
                      struct text *out, struct err *err)
{
    struct allocation min = least_amount(type);
    double jobs = im->request->arrivals ? type->odds : 0;

    text_printf(out, "  %s:", type->name);
    if (type->source[0])
        text_printf(out, " # %s", type->source);
    text_add_char(out, '\n');
    if (final && jobs > 0)
        text_printf(out, "    odds: %.10g\n", jobs);
    text_add(out, "    min: ");
    print_amounts(im->trace, &min, true, out);
    text_add(out, "\n    max: ");
    print_amounts(im->trace, &type->max, true, out);
    text_add_char(out, '\n');
    if (type->unit_work > 0 && type->unit_work != 1)
        text_printf(out, "    work: %.10g\n", type->unit_work);
    else if (type->unit_work == 0 && type->points.count > 0)
        text_printf(out, "    work: %.10g\n", im->request->work_s / type->points.item[0].seconds);
    if (type->noise > 0 && !type->rigid && !type->speed)
        text_printf(out, "    noise: {kind: lognormal, width: %.4g}\n", fmin(type->noise, 100));
    if (type->extra)
        text_add(out, type->extra);
    text_add(out, "    speed: ");
    if (print_speed(im, type, out, err))
        return err->code;
    text_add_char(out, '\n');
    return 0;
}

int import_print_body(const struct importer *im, bool final, struct text *out, struct err *err)
{
    const struct trace *trace = im->trace;
    int rc = 0, printed = 0;

    print_resources(trace, out);
    if (final) {
        print_clusters(im, out);
    } else {
        print_draft_cluster(im, out);
        text_add(out, "slot: 1\narrivals: {process: at-once, tasks: 1}\n");
    }
    text_add(out, "types:\n");
    for (size_t i = 0; rc == 0 && i < trace->types.count; i++) {
        const struct trace_type *type = &trace->types.item[i];
        bool measured = type->points.count > 0 || type->speed;

        if (measured ? !import_takes_type(im->request, type->name) : !final || type->odds == 0)
            continue;
        rc = print_type(im, type, final, out, err);
        printed++;
    }
    if (rc == 0 && printed == 0)
        rc =
            err_set(err, ERR_INVALID, "no types are left%s", im->request->only ? " by --only" : "");
    return rc;
}

/* The recipe */

static void print_account(struct text *out, const struct trace_account *account, const char *indent)
{
    text_printf(out, "%sfiles: %lld\n%srows: %lld\n", indent, (long long)account->files, indent,
                (long long)account->rows);
    for (int kind = 0; kind < 2; kind++) {
        const struct trace_words *words = kind ? trace_note_words : trace_drop_words;
        const int64_t *count = kind ? account->noted : account->dropped;
        int kinds = kind ? (int)TRACE_NOTES : (int)TRACE_DROPS;
        struct text list;

        text_init(&list, 0);
        for (int i = 0; i < kinds; i++)
            if (count[i] > 0)
                text_printf(&list, "%s%s: %lld", list.length ? ", " : "", words[i].key,
                            (long long)count[i]);
        if (list.length)
            text_printf(out, "%s%s: {%s}\n", indent, kind ? "noted" : "dropped", list.bytes);
        text_release(&list);
    }
}

static void print_path(struct text *out, const char *path)
{
    char hash[SHA256_HEX_BYTES];
    struct stat status;

    text_add(out, "        - {path: ");
    print_quoted(out, path);
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode)) {
        text_printf(out, ", bytes: %lld", (long long)status.st_size);
        if (status.st_size <= HASH_MOST_BYTES && sha256_file_hex(path, hash, NULL) == 0)
            text_printf(out, ", sha256: %s", hash);
    }
    text_add(out, "}\n");
}

static void print_source(struct text *out, const struct import_source *source)
{
    text_printf(out, "    - format: %s\n      for: %s\n", source->format->name, source->role);
    if (source->part) {
        text_add(out, "      part: ");
        print_quoted(out, source->part);
        text_add_char(out, '\n');
    }
    for (int i = 0; i < source->params.count; i++)
        if (source->params.value[i].given) {
            text_printf(out, "      %s: ", source->params.spec[i].name);
            print_quoted(out, source->params.value[i].string);
            text_add_char(out, '\n');
        }
    text_add(out, "      paths:\n");
    for (size_t i = 0; i < source->paths.count; i++)
        print_path(out, source->paths.item[i]);
    print_account(out, &source->account, "      ");
    if (source->gave_types) {
        text_add(out, "      for_types:\n");
        print_account(out, &source->types, "        ");
    }
}

static void print_figure(struct text *out, const char *key, double value)
{
    if (isfinite(value))
        text_printf(out, "    %s: %.6g\n", key, value);
}

static void print_found(const struct importer *im, struct text *out)
{
    const struct import_result *result = im->result;
    const struct load_summary *s = &result->summary;

    text_printf(out, "  found:\n    tasks: %lld\n", (long long)result->jobs);
    print_figure(out, "span_s", s->span_s);
    print_figure(out, "gap_mean_s", s->gap_mean_s);
    print_figure(out, "gap_cv", s->gap_cv);
    print_figure(out, "peak_hour_tasks", s->peak_hour_jobs);
    print_figure(out, "mean_hour_tasks", s->mean_hour_jobs);
    print_figure(out, "duration_mean_s", s->mean_s);
    print_figure(out, "duration_p50_s", s->p50_s);
    print_figure(out, "duration_p99_s", s->p99_s);
    print_figure(out, "duration_most_s", s->most_s);
    print_figure(out, "duration_cv2", s->cv2);
    print_figure(out, "longest_hundredth_holds", s->top_share);
    print_figure(out, "tail_index", s->tail_index);
    for (int r = 0; r < im->trace->resources; r++) {
        char key[96];

        snprintf(key, sizeof key, "load_%.60s", im->trace->resource[r].name);
        print_figure(out, key, result->load[r]);
    }
}

static void print_recipe(const struct importer *im, struct text *out)
{
    const struct import_request *q = im->request;

    text_printf(out, "recipe:\n  made_by: tapfinger %s\n  command: ", version_number());
    print_quoted(out, q->command ? q->command : "");
    text_printf(out, "\n  seed: %llu\n", (unsigned long long)q->seed);
    if (q->arrivals) {
        text_printf(out, "  first_arrival_s: %.10g\n  stretch: %.10g\n", im->origin_s, im->stretch);
        if (q->sample < 1)
            text_printf(out, "  sample: %.10g\n", q->sample);
    }
    text_add(out, "  sources:\n");
    for (int i = 0; i < q->type_sources; i++)
        print_source(out, &q->types[i]);
    if (q->factors)
        print_source(out, q->factors);
    if (q->sites)
        print_source(out, q->sites);
    if (q->noise)
        print_source(out, q->noise);
    if (q->arrivals)
        print_source(out, q->arrivals);
    if (q->arrivals)
        print_found(im, out);
}

static void print_arrivals(const struct importer *im, struct text *out)
{
    const struct import_request *q = im->request;
    const char *path = im->result->arrivals_path;

    if (q->arrivals) {
        const char *slash = strrchr(path, '/');

        text_add(out, "arrivals: {process: file, file: ");
        print_quoted(out, slash ? slash + 1 : path);
        text_add(out, "}\n");
    } else {
        text_printf(out, "arrivals: {process: %s, rate: %.10g, tasks: %lld}\n",
                    q->slot_s > 0 ? "poisson-slot" : "poisson", im->result->rate,
                    (long long)(q->tasks > 0 ? q->tasks : 1000));
    }
    if (q->within_km > 0)
        text_printf(out, "reach: {kind: distance, within: %g}\n", q->within_km);
    else if (q->within_km < 0)
        text_add(out, "reach: {kind: random}\n");
}

static void print_head(const struct importer *im, struct text *out)
{
    const struct import_request *q = im->request;
    const char *slash = strrchr(q->output, '/'), *name = slash ? slash + 1 : q->output;
    const char *dot = strrchr(name, '.');

    text_printf(out,
                "# Made by \"tapfinger import\"; what from and how is under recipe, at the end.\n"
                "name: %.*s\nsummary: %s%s%s%s\n",
                dot ? (int)(dot - name) : (int)strlen(name), name,
                q->arrivals ? q->arrivals->format->summary : q->types[0].format->summary,
                q->arrivals && q->arrivals->part ? ", " : "",
                q->arrivals && q->arrivals->part ? q->arrivals->part : "",
                q->arrivals && q->type_sources ? ", types from elsewhere" : "");
    if (q->slot_s > 0)
        text_printf(out, "slot: %g\nrounds: %s\nwindow: %d\n", q->slot_s,
                    q->one_round ? "one" : "many", q->window);
}

int import_write_scenario(struct importer *im, struct err *err)
{
    struct scenario *scenario = NULL;
    struct text out;
    int rc;

    text_init(&out, 0);
    print_head(im, &out);
    rc = import_print_body(im, true, &out, err);
    if (rc == 0) {
        print_arrivals(im, &out);
        print_recipe(im, &out);
        rc = text_write_file(&out, im->request->output, err);
    }
    if (rc == 0)
        rc = scenario_load(&scenario, im->request->output, NULL, 0, err);
    scenario_free(scenario);
    text_release(&out);
    return rc;
}
