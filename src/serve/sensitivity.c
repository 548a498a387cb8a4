/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the store a type is {"name":..., "at_us":..., "stretches":[[cpu,gpu,mem,from,to,seconds],
 * ...]}, its number a hash of its name. The stretches live there only; the estimator holds what it
 * made of them.
 */
#include "serve/sensitivity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/text.h"
#include "serve/book.h"
#include "serve/live.h"
#include "serve/quantity.h"
#include "serve/site.h"
#include "store/store.h"

static int64_t type_key(const char *name)
{
    return (int64_t)(rng_hash_seed(0, name) >> 1);
}

static json_t *read_type(const struct live *live, const char *name)
{
    struct text text;
    json_t *doc = NULL;

    text_init(&text, 0);
    if (store_get(live->book->store, STORE_TYPE, type_key(name), &text, NULL) == 1)
        doc = json_loads(text.bytes, 0, NULL);
    text_release(&text);
    if (!json_is_object(doc) || !json_is_array(json_object_get(doc, "stretches"))) {
        json_decref(doc);
        doc = json_pack("{s:s, s:[]}", "name", name, "stretches");
    }
    return doc;
}

static bool make_type(void *arg, int64_t id, const char *words)
{
    json_t *doc = json_loads(words, 0, NULL);
    const char *name = json_string_value(json_object_get(doc, "name"));

    (void)id;
    if (name)
        live_find_type(arg, name);
    json_decref(doc);
    return true;
}

json_t *sensitivity_stretches(const struct live *live, int32_t type)
{
    json_t *doc = read_type(live, live->type_names.item[type]);
    json_t *list = json_incref(json_object_get(doc, "stretches"));

    json_decref(doc);
    return list;
}

void sensitivity_load(struct live *live)
{
    store_each(live->book->store, STORE_TYPE, make_type, live, NULL);
}

static double number(const json_t *list, size_t at)
{
    return json_number_value(json_array_get(list, at));
}

static struct allocation read_amount(const json_t *stretch)
{
    struct allocation amount = {{0}};

    for (int r = 0; r < SITE_RESOURCES; r++)
        amount.amount[r] = (int32_t)number(stretch, (size_t)r);
    return amount;
}

static void tell(struct estimator *estimator, int32_t type, const json_t *stretch)
{
    struct allocation amount = read_amount(stretch);

    estimator_learn(estimator, type, &amount, number(stretch, 3), number(stretch, 4),
                    number(stretch, 5));
}

static bool same_place(const struct allocation *a, const struct allocation *b)
{
    return a->amount[SITE_CPU] == b->amount[SITE_CPU] && a->amount[SITE_GPU] == b->amount[SITE_GPU];
}

void sensitivity_tell(struct estimator *estimator, int32_t type, const json_t *stretches,
                      const struct allocation *but)
{
    for (size_t i = 0; i < json_array_size(stretches); i++) {
        struct allocation amount = read_amount(json_array_get(stretches, i));

        if (!but || !same_place(&amount, but))
            tell(estimator, type, json_array_get(stretches, i));
    }
}

void sensitivity_open(struct live *live)
{
    estimator_open_online(&live->estimator, &live->catalog);
    for (int32_t type = 0; type < live->catalog.types; type++) {
        json_t *list = sensitivity_stretches(live, type);

        sensitivity_tell(&live->estimator, type, list, NULL);
        json_decref(list);
    }
}

void sensitivity_learn(struct live *live, int32_t type, const struct allocation *allocation,
                       double from, double to, double seconds)
{
    const char *name = live->type_names.item[type];
    json_t *doc = read_type(live, name), *list = json_object_get(doc, "stretches");
    json_t *stretch = json_array();
    char *words;

    for (int r = 0; r < SITE_RESOURCES; r++)
        json_array_append_new(stretch, json_integer(allocation->amount[r]));
    json_array_append_new(stretch, json_real(from));
    json_array_append_new(stretch, json_real(to));
    json_array_append_new(stretch, json_real(seconds));
    tell(&live->estimator, type, stretch);
    json_array_append_new(list, stretch);
    while (json_array_size(list) > SENSITIVITY_STRETCHES)
        json_array_remove(list, 0);
    json_object_set_new(doc, "at_us", json_integer(clock_us(CLOCK_REALTIME)));
    words = json_dumps(doc, JSON_COMPACT);
    store_put(live->book->store, STORE_TYPE, type_key(name), words ? words : "{}");
    free(words);
    json_decref(doc);
}

enum { POINTS = 64 };

static struct speed_point *find_point(struct speed_point *point, int *points, int most,
                                      const struct allocation *amount)
{
    for (int i = 0; i < *points; i++)
        if (allocation_equal(&point[i].amount, amount))
            return &point[i];
    if (*points == most)
        return NULL;
    point[*points] = (struct speed_point){.amount = *amount};
    return &point[(*points)++];
}

/* Fewer GPUs first, then fewer processors. */
static int by_amount(const void *a, const void *b)
{
    static const int order[] = {SITE_GPU, SITE_CPU, SITE_MEM};
    const struct speed_point *x = a, *y = b;

    for (size_t i = 0; i < COUNT_OF(order); i++) {
        int32_t p = x->amount.amount[order[i]], q = y->amount.amount[order[i]];

        if (p != q)
            return p < q ? -1 : 1;
    }
    return 0;
}

int sensitivity_points(const json_t *list, struct speed_point *point, int most)
{
    int points = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *stretch = json_array_get(list, i);
        struct allocation amount = read_amount(stretch);
        struct speed_point *at = find_point(point, &points, most, &amount);
        double part = number(stretch, 4) - number(stretch, 3), whole = number(stretch, 5) / part;

        if (!at || !(part > 0))
            continue;
        at->progress += part;
        at->seconds += number(stretch, 5);
        at->squares += whole * whole;
        at->samples++;
    }
    qsort(point, (size_t)points, sizeof *point, by_amount);
    return points;
}

double sensitivity_believed(const struct live *live, int32_t type, const struct allocation *amount)
{
    double seconds = type < live->catalog.types
                         ? estimator_seconds(&live->estimator, type, amount, 0)
                         : HUGE_VAL;

    return seconds > 0 && seconds < 1e12 ? seconds : HUGE_VAL;
}

void sensitivity_seconds(struct live *live, int32_t type, const struct allocation *amount,
                         int amounts, double *seconds)
{
    struct speed_point point[POINTS];
    json_t *doc = read_type(live, live->type_names.item[type]);
    int points = sensitivity_points(json_object_get(doc, "stretches"), point, POINTS);

    for (int i = 0; i < amounts; i++) {
        double measured_s = 0, progress = 0;

        for (int k = 0; k < points; k++)
            if (same_place(&point[k].amount, &amount[i])) {
                measured_s += point[k].seconds;
                progress += point[k].progress;
            }
        seconds[i] =
            progress > 0 ? measured_s / progress : sensitivity_believed(live, type, &amount[i]);
        if (seconds[i] == HUGE_VAL)
            seconds[i] = 1; /* nobody knows anything of it */
    }
    json_decref(doc);
}

json_t *sensitivity_json(struct live *live, int32_t type)
{
    const char *name = live->type_names.item[type];
    json_t *doc = read_type(live, name), *out = json_object(), *list = json_array();
    const struct type_info *info = &live->types.item[type];
    struct speed_point point[POINTS];
    int points = sensitivity_points(json_object_get(doc, "stretches"), point, POINTS);
    const char *model = NULL;
    double error = 0;
    int compared = 0;

    if (points && type < live->catalog.types)
        model = estimator_family(&live->estimator, type);
    for (int i = 0; i < points; i++) {
        double mean = point[i].seconds / point[i].progress;
        double spread =
            sqrt(fmax(0, point[i].squares / point[i].samples - mean * mean) / point[i].samples);
        double believed = sensitivity_believed(live, type, &point[i].amount);
        json_t *one = json_object();

        if (believed < HUGE_VAL) {
            error += fabs(believed / mean - 1);
            compared++;
        }
        json_object_set_new(one, "allocation", job_allocation_json(&point[i].amount, live->site));
        json_object_set_new(one, "measured_s", json_real(mean));
        json_object_set_new(one, "error_s", json_real(spread));
        json_object_set_new(one, "believed_s",
                            believed < HUGE_VAL ? json_real(believed) : json_null());
        json_object_set_new(one, "samples", json_integer(point[i].samples));
        json_array_append_new(list, one);
    }
    json_object_set_new(out, "type", json_string(name));
    json_object_set_new(
        out, "samples",
        json_integer((json_int_t)json_array_size(json_object_get(doc, "stretches"))));
    json_object_set_new(out, "updated_at",
                        quantity_time_json(json_integer_value(json_object_get(doc, "at_us"))));
    json_object_set_new(out, "min", job_allocation_json(&info->min, live->site));
    json_object_set_new(out, "max", job_allocation_json(&info->max, live->site));
    json_object_set_new(out, "points", list);
    json_object_set_new(out, "model", model ? json_string(model) : json_null());
    json_object_set_new(out, "mape", compared ? json_real(error / compared) : json_null());
    json_decref(doc);
    return out;
}
