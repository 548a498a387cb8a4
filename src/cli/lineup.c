/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lineup.h"

#include <stdlib.h>
#include <string.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/text.h"
#include "base/vector.h"
#include "cli/arguments.h"
#include "cli/progress_bar.h"
#include "cli/shipped.h"
#include "core/scenario.h"
#include "report/bound_gap.h"
#include "report/event_reader.h"
#include "sim/arrivals.h"

int lineup_add(struct lineup *lineup, const char *text, struct err *err)
{
    struct policy_spec spec;
    int rc = policy_spec_parse(&spec, text, err);

    for (int i = 0; rc == 0 && i < lineup->specs; i++)
        if (strcmp(lineup->spec[i].label, spec.label) == 0) {
            policy_spec_release(&spec);
            return err_set(err, ERR_INVALID, "policy %s is there twice", text);
        }
    if (rc)
        return rc;
    lineup->spec = xrealloc(lineup->spec, (size_t)lineup->specs + 1, sizeof *lineup->spec);
    lineup->spec[lineup->specs++] = spec;
    return 0;
}

/* "-p a,b" names two; after a colon, commas are between options. */
static int add_policies(struct lineup *lineup, const char *text, struct err *err)
{
    int rc = 0;

    if (strchr(text, ':'))
        return lineup_add(lineup, text, err);
    do {
        size_t length = strcspn(text, ",");
        char *name = xstrndup(text, length);

        rc = lineup_add(lineup, name, err);
        free(name);
        text += length;
    } while (rc == 0 && *text++ == ',');
    return rc;
}

int lineup_open(struct lineup *lineup, const struct arguments *args, struct err *err)
{
    const struct option_value *policies = params_value(&args->own, "policy");
    int rc = 0;

    *lineup =
        (struct lineup){.jobs = parallel_processors(), .bound = params_choice(&args->own, "bound")};
    if (params_given(&args->own, "jobs"))
        lineup->jobs = (int)params_int(&args->own, "jobs");
    for (int i = 0; rc == 0 && i < policies->repeats; i++)
        rc = add_policies(lineup, policies->repeat[i], err);
    if (rc == 0)
        rc = seed_list_parse(&lineup->seeds, arguments_string(args, "seeds"), err);
    return rc;
}

void lineup_close(struct lineup *lineup)
{
    for (int i = 0; i < lineup->specs; i++)
        policy_spec_release(&lineup->spec[i]);
    free(lineup->spec);
    seed_list_release(&lineup->seeds);
    *lineup = (struct lineup){0};
}

/* A path as an override of the arrivals: relative to the working directory, as it should be. */
static void add_arrivals(struct text *out, const char *path)
{
    struct emit e;

    text_add(out, "arrivals=");
    emit_init(&e, out);
    emit_open(&e, '{');
    emit_key_string(&e, "process", "file");
    emit_key_string(&e, "file", path);
    emit_close(&e);
}

int lineup_scenario(struct scenario **out, const struct arguments *args, const char *const *more,
                    int mores, bool *found, struct err *err)
{
    const struct option_value *set = params_value(&args->own, "set");
    const char *path = arguments_string(args, "arrivals");
    VECTOR(const char *) overrides = {0};
    struct text arrivals;
    char *file = NULL;
    int rc = shipped_find(&file, arguments_string(args, "scenario"), err);

    *out = NULL;
    *found = rc == 0;
    text_init(&arrivals, 0);
    if (path) {
        add_arrivals(&arrivals, path);
        vector_push(&overrides, arrivals.bytes);
    }
    for (int i = 0; i < set->repeats; i++)
        vector_push(&overrides, set->repeat[i]);
    for (int i = 0; i < mores; i++)
        vector_push(&overrides, more[i]);
    if (rc == 0)
        rc = scenario_load(out, file, overrides.item, (int)overrides.count, err);
    free(file);
    text_release(&arrivals);
    vector_release(&overrides);
    return rc;
}

/* realpath: the scenario is a text and stands in no folder. */
int lineup_log_scenario(struct scenario **out, const struct arguments *args,
                        const struct logged_run *run, const char *path, struct err *err)
{
    const struct option_value *set = params_value(&args->own, "set");
    char *whole = realpath(path, NULL);
    VECTOR(const char *) overrides = {0};
    struct text arrivals;
    int rc;

    text_init(&arrivals, 0);
    if (run->arrivals > 0) {
        add_arrivals(&arrivals, whole ? whole : path);
        vector_push(&overrides, arrivals.bytes);
    }
    for (int i = 0; i < set->repeats; i++)
        vector_push(&overrides, set->repeat[i]);
    rc = scenario_parse(out, run->scenario, "", run->config, overrides.item, (int)overrides.count,
                        err);
    if (rc == 0)
        (*out)->name = run->scenario;
    text_release(&arrivals);
    vector_release(&overrides);
    free(whole);
    return rc;
}

const char **lineup_words(const struct arguments *args, int *count)
{
    static const struct {
        const char *name, *flag;
    } row[] = {{"scenario", NULL},   {"from-log", "--from-log"}, {"policy", "--policy"},
               {"seeds", "--seeds"}, {"arrivals", "--arrivals"}, {"set", "--set"},
               {"bound", "--bound"}};
    VECTOR(const char *) words = {0};

    for (size_t i = 0; i < COUNT_OF(row); i++) {
        const struct option_value *value;
        const char *const *text;
        int texts;

        if (option_find(args->own.spec, row[i].name) < 0)
            continue;
        value = params_value(&args->own, row[i].name);
        text = value->repeats ? value->repeat : &value->string;
        texts = value->repeats ? value->repeats : value->string != NULL;

        for (int k = 0; k < texts; k++) {
            if (row[i].flag)
                vector_push(&words, row[i].flag);
            vector_push(&words, text[k]);
        }
    }
    *count = (int)words.count;
    return words.item;
}

int64_t experiment_tasks(const struct scenario *scenario, const struct lineup *lineup)
{
    return arrivals_fixed_count(scenario) * lineup->specs * lineup->seeds.count;
}

int experiment_open(struct experiment *x, const struct scenario *scenario,
                    const struct lineup *lineup, struct err *err)
{
    size_t count = (size_t)lineup->specs, pieces = count * (size_t)lineup->seeds.count;
    int rc = 0;

    *x = (struct experiment){.scenario = scenario, .lineup = lineup};
    x->contender = xcalloc(count, sizeof *x->contender);
    x->entrant = xcalloc(count, sizeof *x->entrant);
    x->outcome = xcalloc(pieces, sizeof *x->outcome);
    for (int i = 0; rc == 0 && i < lineup->specs; i++) {
        const struct policy_spec *spec = &lineup->spec[i];

        x->contender[i] = (struct contender){spec->ops, &spec->params, spec->model};
        x->entrant[i] = (struct entrant){.name = spec->label, .policy = spec->ops->name};
        rc = contender_info(&x->contender[i], scenario, &x->entrant[i].info, err);
        if (rc)
            err_prefix(err, "policy %s", spec->label);
    }
    x->result = (struct result){
        .catalog = &scenario->catalog,
        .scenario = scenario->name,
        .entrant = x->entrant,
        .entrants = lineup->specs,
        .seed = lineup->seeds.seed,
        .seeds = lineup->seeds.count,
        .outcome = x->outcome,
    };
    return rc;
}

void experiment_close(struct experiment *x)
{
    result_release(&x->result);
    free(x->contender);
    free(x->entrant);
    free(x->outcome);
    *x = (struct experiment){0};
}

static int fill_gaps(struct experiment *x, atomic_int *stop, struct err *err)
{
    struct bound_rules rules = {.starts = BOUND_STARTS, .jobs = x->lineup->jobs, .stop = stop};

    if (x->lineup->bound == 0)
        return 0;
    rules.strongest = (enum bound_kind)(x->lineup->bound - 1);
    return bound_gap_fill(x->scenario, &x->result, &rules, x->outcome, err);
}

int experiment_run(struct experiment *x, const struct observer *observers, int count,
                   struct progress_bar *bar, struct err *err)
{
    struct comparison comparison = {
        .scenario = x->scenario,
        .contender = x->contender,
        .contenders = x->lineup->specs,
        .seed = x->lineup->seeds.seed,
        .seeds = x->lineup->seeds.count,
        .jobs = x->lineup->jobs,
        .stop = bar ? bar_stop(bar) : NULL,
    };
    int rc;

    for (int i = 0; i < count; i++)
        comparison.observer[comparison.observers++] = observers[i];
    if (bar && bar_observer(bar, &comparison.observer[comparison.observers]))
        comparison.observers++;
    rc = comparison_run(&comparison, x->outcome, err);
    if (rc == 0)
        rc = fill_gaps(x, comparison.stop, err);
    result_sum_up(&x->result);
    return rc;
}
