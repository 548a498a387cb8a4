/* SPDX-License-Identifier: Apache-2.0 */
#include "report/measure.h"

#include <string.h>

#include "base/err.h"
#include "base/option.h"
#include "core/catalog.h"
#include "sim/metrics.h"

const struct measure_info measure_info[MEASURES] = {
#define X(id, field, name, heading, unit, help) {name, heading, help, UNIT_##unit},
    MEASURE_LIST(X)
#undef X
};

double measure_of(const struct metrics *metrics, enum measure measure)
{
    switch (measure) {
#define X(id, field, name, heading, unit, help) \
    case MEASURE_##id:                          \
        return (double)metrics->field;
        MEASURE_LIST(X)
#undef X
    case MEASURES:
        break;
    }
    return 0;
}

void measure_set(struct metrics *metrics, enum measure measure, double value)
{
    switch (measure) {
#define X(id, field, name, heading, unit, help)             \
    case MEASURE_##id:                                      \
        metrics->field = (__typeof__(metrics->field))value; \
        return;
        MEASURE_LIST(X)
#undef X
    case MEASURES:
        break;
    }
}

int measure_find(const char *name, enum measure *out, struct err *err)
{
    const char *names[MEASURES], *near;

    for (int i = 0; i < MEASURES; i++) {
        names[i] = measure_info[i].name;
        if (strcmp(names[i], name) == 0) {
            *out = (enum measure)i;
            return 0;
        }
    }
    near = nearest_name(names, MEASURES, name);
    return err_set(err, ERR_NOT_FOUND, "unknown figure \"%.60s\"%s%s%s", name,
                   near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

const char *measure_unit_word(enum measure measure, const struct catalog *catalog)
{
    switch (measure_info[measure].unit) {
    case UNIT_TIME:
        return strcmp(catalog->time_unit, "slot") == 0 ? "slots" : catalog->time_unit;
    case UNIT_US:
        return "us";
    case UNIT_PERCENT:
        return "%";
    case UNIT_NONE:
    case UNIT_COUNT:
        break;
    }
    return "";
}
