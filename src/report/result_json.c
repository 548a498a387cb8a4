/* SPDX-License-Identifier: Apache-2.0 */
#include "report/result_json.h"

#include "base/emit.h"
#include "core/catalog.h"
#include "core/policy.h"
#include "report/result.h"
#include "sim/comparison.h"

static void emit_utilisation(struct emit *e, const struct catalog *catalog, const double *share)
{
    emit_key(e, "utilisation");
    emit_open(e, '{');
    for (int r = 0; r < catalog->resources; r++)
        emit_key_real(e, catalog->resource[r].name, share[r]);
    emit_close(e);
}

static void emit_outcome(struct emit *e, const struct result *result, int entrant, int seed_index,
                         unsigned details)
{
    const struct metrics *m = &result_outcome(result, entrant, seed_index)->metrics;

    emit_open(e, '{');
    emit_key_int(e, "seed", (int64_t)result->seed[seed_index]);
    for (int i = 0; i < MEASURES; i++)
        if (details & RESULT_CLOCK || measure_is_reproducible((enum measure)i))
            emit_key_real(e, measure_info[i].name, measure_of(m, (enum measure)i));
    emit_utilisation(e, result->catalog, m->utilisation);
    emit_key(e, "refused");
    emit_open(e, '{');
    for (int i = 0; i < REFUSALS; i++)
        if (m->refused[i] > 0)
            emit_key_int(e, refusal_word((enum refusal)i), m->refused[i]);
    emit_close(e);
    emit_close(e);
}

static void emit_difference(struct emit *e, const struct estimate *difference)
{
    emit_key(e, "difference");
    if (difference->count == 0) {
        emit_null(e);
        return;
    }
    emit_open(e, '{');
    emit_key_real(e, "mean", difference->mean);
    emit_key_real(e, "ci95", difference->half);
    emit_key_int(e, "seeds", difference->count);
    emit_close(e);
}

static void emit_entrant(struct emit *e, const struct result *result, int entrant, unsigned details)
{
    const struct summary *summary = &result->summary[entrant];
    const struct estimate *measure = summary->measure;

    emit_open(e, '{');
    emit_key_string(e, "name", result->entrant[entrant].name);
    emit_key_string(e, "policy", result->entrant[entrant].policy);
    emit_key_string(e, "info", info_class_name(result->entrant[entrant].info));
    emit_key_int(e, "seeds", summary->seeds);
    for (int i = 0; i < MEASURES; i++) {
        if (details & RESULT_CLOCK || measure_is_reproducible((enum measure)i))
            emit_key_real(e, measure_info[i].name, measure[i].mean);
        if (i == MEASURE_COMPLETION)
            emit_key_real(e, "ci95", measure[i].half);
    }
    emit_key_real(e, "resizes_per_task",
                  measure[MEASURE_RESIZES].mean / measure[MEASURE_TASKS].mean);
    emit_difference(e, &summary->difference);
    emit_utilisation(e, result->catalog, summary->utilisation);
    emit_key(e, "refused");
    emit_open(e, '{');
    for (int i = 0; i < REFUSALS; i++)
        if (summary->refused[i] > 0)
            emit_key_real(e, refusal_word((enum refusal)i), summary->refused[i]);
    emit_close(e);
    emit_key(e, "per_seed");
    emit_open(e, '[');
    for (int s = 0; details & RESULT_PER_SEED && s < result->seeds; s++)
        if (result_outcome(result, entrant, s)->done)
            emit_outcome(e, result, entrant, s, details);
    emit_close(e);
    emit_close(e);
}

void result_emit_keys(const struct result *result, unsigned details, struct emit *e)
{
    const char *why = NULL;

    emit_key_string(e, "schema", "tapfinger.simulation/1");
    emit_key_string(e, "scenario", result->scenario);
    emit_key(e, "seeds");
    emit_open(e, '[');
    for (int s = 0; s < result->seeds; s++)
        emit_int(e, (int64_t)result->seed[s]);
    emit_close(e);
    emit_key_string(e, "time_unit", result->catalog->time_unit);
    emit_key_real(e, "time_unit_s", result->catalog->time_unit_s);
    emit_key(e, "warning");
    emit_string(e, result_is_empty(result, &why) ? why : NULL);
    emit_key(e, "policies");
    emit_open(e, '[');
    for (int i = 0; i < result->entrants; i++)
        emit_entrant(e, result, i, details);
    emit_close(e);
}

void result_emit(const struct result *result, unsigned details, struct emit *e)
{
    emit_open(e, '{');
    result_emit_keys(result, details, e);
    emit_close(e);
}
