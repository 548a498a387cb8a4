/* SPDX-License-Identifier: Apache-2.0 */
#include "report/survey_print.h"

#include <stdlib.h>
#include <string.h>

#include "base/emit.h"
#include "base/memory.h"
#include "base/text.h"
#include "core/scenario.h"
#include "report/survey.h"

static void emit_load(struct emit *e, const struct catalog *catalog, const struct load *load)
{
    for (int k = 0; k < 2; k++) {
        const double *value = k ? load->thrifty : load->minimum;

        emit_key(e, k ? "load_thrifty" : "load_minimum");
        emit_open(e, '{');
        for (int r = 0; r < catalog->resources; r++)
            emit_key_real(e, catalog->resource[r].name, value[r]);
        emit_close(e);
    }
}

static void emit_amounts(struct emit *e, const char *key, const struct catalog *catalog,
                         const struct allocation *a)
{
    emit_key(e, key);
    emit_open(e, '{');
    for (int r = 0; r < catalog->resources; r++)
        emit_key_int(e, catalog->resource[r].name, a->amount[r]);
    emit_close(e);
}

static void emit_types(struct emit *e, const struct survey *survey, const struct scenario *scenario)
{
    const struct catalog *catalog = &scenario->catalog;

    emit_key(e, "types");
    emit_open(e, '[');
    for (int t = 0; t < catalog->types; t++) {
        const struct type_survey *type = &survey->type[t];

        emit_open(e, '{');
        emit_key_string(e, "name", catalog->type[t].name);
        emit_key_int(e, "tasks", type->tasks);
        emit_key_int(e, "nowhere", type->nowhere);
        emit_amounts(e, "min", catalog, &catalog->type[t].min);
        emit_key_real(e, "min_s", type->seconds_min);
        emit_amounts(e, "thrifty", catalog, &type->thrifty);
        emit_key_real(e, "thrifty_s", type->seconds_thrifty);
        emit_amounts(e, "fastest", catalog, &type->best);
        emit_key_real(e, "fastest_s", type->seconds_best);
        emit_close(e);
    }
    emit_close(e);
}

static void emit_clusters(struct emit *e, const struct survey *survey,
                          const struct scenario *scenario)
{
    const struct catalog *catalog = &scenario->catalog;

    emit_key(e, "clusters");
    emit_open(e, '[');
    for (int i = 0; i < catalog->clusters; i++) {
        emit_open(e, '{');
        emit_key_string(e, "name", catalog->cluster[i].name);
        emit_amounts(e, "capacity", catalog, &catalog->cluster[i].capacity);
        emit_key_real(e, "tasks", survey->cluster[i].tasks);
        emit_load(e, &scenario->catalog, &survey->cluster[i].load);
        emit_close(e);
    }
    emit_close(e);
}

static void emit_trials(struct emit *e, const struct survey *survey)
{
    emit_key(e, "trials");
    emit_open(e, '[');
    for (int i = 0; i < SURVEY_TRIALS; i++) {
        const struct trial *trial = &survey->trial[i];

        emit_open(e, '{');
        emit_key_string(e, "policy", trial->policy);
        emit_key_real(e, "time_share_with_waiting", trial->busy_share);
        emit_key_real(e, "tasks_share_waiting", trial->waited_share);
        emit_key_real(e, "mean_wait", trial->mean_wait);
        emit_close(e);
    }
    emit_close(e);
}

static void emit_warnings(struct emit *e, const char *lines)
{
    emit_key(e, "warnings");
    emit_open(e, '[');
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        char *line = xstrndup(lines, length);

        emit_string(e, line);
        free(line);
        lines += length + 1;
    }
    emit_close(e);
}

void survey_emit(const struct survey *survey, const struct scenario *scenario, struct emit *e)
{
    struct text warnings;

    text_init(&warnings, 0);
    survey_warnings(survey, scenario, &warnings);
    emit_open(e, '{');
    emit_key_string(e, "schema", "tapfinger.check/1");
    emit_key_string(e, "scenario", scenario->name);
    emit_key_bool(e, "valid", true);
    emit_warnings(e, warnings.bytes);
    emit_key_int(e, "seeds", survey->seeds);
    emit_key_string(e, "time_unit", scenario->catalog.time_unit);
    emit_key_real(e, "time_unit_s", scenario->catalog.time_unit_s);
    emit_key_real(e, "tasks", survey->tasks);
    emit_key_real(e, "arrival_s", survey->arrival_s);
    emit_key_int(e, "nowhere", survey->nowhere);
    emit_load(e, &scenario->catalog, &survey->load);
    emit_types(e, survey, scenario);
    emit_clusters(e, survey, scenario);
    emit_trials(e, survey);
    emit_close(e);
    text_release(&warnings);
}
