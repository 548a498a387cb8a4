/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the store a type is {"name":..., "stretches":[[cpu,gpu,mem,from,to,seconds], ...]}, its number
 * a hash of its name. The stretches live there only; the estimator holds what it made of them.
 */
#include "serve/sensitivity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "base/text.h"
#include "serve/book.h"
#include "serve/live.h"
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

static void tell(struct live *live, int32_t type, const json_t *stretch)
{
    struct allocation amount = read_amount(stretch);

    estimator_learn(&live->estimator, type, &amount, number(stretch, 3), number(stretch, 4),
                    number(stretch, 5));
}

void sensitivity_open(struct live *live)
{
    estimator_open_online(&live->estimator, &live->catalog);
    for (int32_t type = 0; type < live->catalog.types; type++) {
        json_t *doc = read_type(live, live->type_names.item[type]);
        const json_t *list = json_object_get(doc, "stretches");

        for (size_t i = 0; i < json_array_size(list); i++)
            tell(live, type, json_array_get(list, i));
        json_decref(doc);
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
    tell(live, type, stretch);
    json_array_append_new(list, stretch);
    while (json_array_size(list) > SENSITIVITY_STRETCHES)
        json_array_remove(list, 0);
    words = json_dumps(doc, JSON_COMPACT);
    store_put(live->book->store, STORE_TYPE, type_key(name), words ? words : "{}");
    free(words);
    json_decref(doc);
}

enum { POINTS = 64 };

struct point {
    struct allocation amount;
    double progress, seconds, squares; /* sums over stretches; squares of seconds per whole run */
    int samples;
};

static struct point *find_point(struct point *point, int *points, int most,
                                const struct allocation *amount)
{
    for (int i = 0; i < *points; i++)
        if (allocation_equal(&point[i].amount, amount))
            return &point[i];
    if (*points == most)
        return NULL;
    point[*points] = (struct point){.amount = *amount};
    return &point[(*points)++];
}

static int collect(const json_t *list, struct point *point, int most)
{
    int points = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *stretch = json_array_get(list, i);
        struct allocation amount = read_amount(stretch);
        struct point *at = find_point(point, &points, most, &amount);
        double part = number(stretch, 4) - number(stretch, 3), whole = number(stretch, 5) / part;

        if (!at || !(part > 0))
            continue;
        at->progress += part;
        at->seconds += number(stretch, 5);
        at->squares += whole * whole;
        at->samples++;
    }
    return points;
}

static double believed_seconds(const struct live *live, int32_t type,
                               const struct allocation *amount)
{
    double seconds = type < live->catalog.types
                         ? estimator_seconds(&live->estimator, type, amount, 0)
                         : HUGE_VAL;

    return seconds > 0 && seconds < 1e12 ? seconds : HUGE_VAL;
}

void sensitivity_seconds(struct live *live, int32_t type, const struct allocation *amount,
                         int amounts, double *seconds)
{
    struct point point[POINTS];
    json_t *doc = read_type(live, live->type_names.item[type]);
    int points = collect(json_object_get(doc, "stretches"), point, POINTS);

    for (int i = 0; i < amounts; i++) {
        double measured_s = 0, progress = 0;

        for (int k = 0; k < points; k++)
            if (point[k].amount.amount[SITE_CPU] == amount[i].amount[SITE_CPU] &&
                point[k].amount.amount[SITE_GPU] == amount[i].amount[SITE_GPU]) {
                measured_s += point[k].seconds;
                progress += point[k].progress;
            }
        seconds[i] =
            progress > 0 ? measured_s / progress : believed_seconds(live, type, &amount[i]);
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
    struct point point[POINTS];
    int points = collect(json_object_get(doc, "stretches"), point, POINTS);

    for (int i = 0; i < points; i++) {
        double mean = point[i].seconds / point[i].progress;
        double spread =
            sqrt(fmax(0, point[i].squares / point[i].samples - mean * mean) / point[i].samples);
        double believed = believed_seconds(live, type, &point[i].amount);
        json_t *one = json_object();

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
    json_object_set_new(out, "min", job_allocation_json(&info->min, live->site));
    json_object_set_new(out, "max", job_allocation_json(&info->max, live->site));
    json_object_set_new(out, "points", list);
    json_decref(doc);
    return out;
}
