/* SPDX-License-Identifier: Apache-2.0 */
/* A sweep keeps its finished cells as the JSON of their comparisons; this reads them back. */
#include "report/result_json.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "core/catalog.h"
#include "report/result.h"
#include "sim/comparison.h"

static double number_of(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

/* Counts are whole; a figure that is not there stays 0 where it cannot be NAN. */
static void read_metrics(const struct result *result, json_t *object, struct metrics *metrics)
{
    json_t *shares = json_object_get(object, "utilisation");
    json_t *refused = json_object_get(object, "refused");

    *metrics = (struct metrics){.tasks = 0};
    for (int i = 0; i < MEASURES; i++) {
        double value = number_of(object, measure_info[i].name);

        if (isfinite(value) || measure_info[i].unit != UNIT_COUNT)
            measure_set(metrics, (enum measure)i, value);
    }
    for (int r = 0; r < result->catalog->resources; r++) {
        double share = number_of(shares, result->catalog->resource[r].name);

        metrics->utilisation[r] = isfinite(share) ? share : 0;
    }
    for (int i = 0; i < REFUSALS; i++)
        metrics->refused[i] =
            json_integer_value(json_object_get(refused, refusal_word((enum refusal)i)));
}

static int read_entrant(const struct result *result, int entrant, json_t *object, const char *path,
                        struct outcome *outcome, struct err *err)
{
    const char *name = json_string_value(json_object_get(object, "name"));
    json_t *list = json_object_get(object, "per_seed");

    if (!name || strcmp(name, result->entrant[entrant].name) != 0)
        return err_set(err, ERR_CORRUPT, "%s: policy %d: expected %s", path, entrant,
                       result->entrant[entrant].name);
    for (int s = 0; s < result->seeds; s++) {
        json_t *seed = json_array_get(list, (size_t)s);
        struct outcome *own = &outcome[s * result->entrants + entrant];

        if (!json_is_object(seed) ||
            (uint64_t)json_integer_value(json_object_get(seed, "seed")) != result->seed[s])
            return err_set(err, ERR_CORRUPT, "%s: policy %s: expected seed %llu", path, name,
                           (unsigned long long)result->seed[s]);
        read_metrics(result, seed, &own->metrics);
        own->done = true;
    }
    return 0;
}

int result_read(const struct result *result, const char *path, struct outcome *outcome,
                struct err *err)
{
    json_error_t error;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    json_t *list = json_object_get(root, "policies");
    int rc = 0;

    if (!root)
        return err_set(err, ERR_CORRUPT, "%s:%d: %s", path, error.line, error.text);
    if (json_array_size(list) != (size_t)result->entrants)
        rc = err_set(err, ERR_CORRUPT, "%s: expected %d policies", path, result->entrants);
    for (int i = 0; rc == 0 && i < result->entrants; i++)
        rc = read_entrant(result, i, json_array_get(list, (size_t)i), path, outcome, err);
    json_decref(root);
    return rc;
}
