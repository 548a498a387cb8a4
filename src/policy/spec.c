/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "policy/registry.h"

enum { LONGEST_LABEL = 120 };

#define MODEL_ROW(initial)                                                                         \
    {                                                                                              \
        "model", OPTION_STRING, initial,                                                           \
            .choices = "true, noisy:S, profile:FILE, fitted:K, online",                            \
            .help =                                                                                \
                "where it learns speeds from: the true ones; each type and allocation times a "    \
                "lognormal factor of sigma S; those of another scenario's types of the same "      \
                "names; K noisy measurements of each type; or the progress of the tasks that ran " \
                "before"                                                                           \
    }

static const struct option_spec oracle_options[] = {MODEL_ROW("true"), {0}};
static const struct option_spec model_options[] = {MODEL_ROW("fitted:8"), {0}};
static const struct option_spec progress_options[] = {MODEL_ROW("online"), {0}};

/* A learned policy has a model of its own by that name. */
static const struct option_spec speeds_options[] = {
    {"speeds", OPTION_STRING, "online",
     .choices = "true, noisy:S, profile:FILE, fitted:K, online, guess",
     .help = "where it learns speeds from, as model= of other policies"},
    {0},
};

const struct option_spec *policy_common_options(const struct policy_ops *ops)
{
    if (!(ops->traits & POLICY_MODEL))
        return NULL;
    if (ops->traits & POLICY_LEARNED)
        return speeds_options;
    return ops->info == INFO_ORACLE  ? oracle_options
           : ops->info == INFO_MODEL ? model_options
                                     : progress_options;
}

static const char *model_option(const struct policy_ops *ops)
{
    return ops->traits & POLICY_LEARNED ? "speeds" : "model";
}

static int count_rows(const struct option_spec *rows)
{
    int count = 0;

    while (rows && rows[count].name)
        count++;
    return count;
}

/* The policy's own rows, then the common ones. */
static struct option_spec *join_options(const struct policy_ops *ops)
{
    const struct option_spec *common = policy_common_options(ops);
    int own = count_rows(ops->options), more = count_rows(common);
    struct option_spec *all = xcalloc((size_t)(own + more) + 1, sizeof *all);

    if (own)
        memcpy(all, ops->options, (size_t)own * sizeof *all);
    if (more)
        memcpy(all + own, common, (size_t)more * sizeof *all);
    return all;
}

static int refuse_name(const char *name, struct err *err)
{
    const char *near = policy_nearest(name);

    if (near)
        return err_set(err, ERR_NOT_FOUND, "unknown policy \"%.60s\"; did you mean \"%s\"?", name,
                       near);
    return err_set(err, ERR_NOT_FOUND, "unknown policy \"%.60s\"; \"tapfinger policies\" lists all",
                   name);
}

static int check_label(const char *text, struct err *err)
{
    if (strlen(text) > LONGEST_LABEL)
        return err_set(err, ERR_LIMIT, "policy \"%.40s...\": longer than %d characters", text,
                       LONGEST_LABEL);
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == '"')
            return err_set(err, ERR_INVALID,
                           "policy \"%.60s\": expected NAME:key=value,key=value without spaces",
                           text);
    return 0;
}

int policy_spec_parse(struct policy_spec *spec, const char *text, struct err *err)
{
    size_t length = strcspn(text, ":");
    char *name;
    int rc = check_label(text, err);

    *spec = (struct policy_spec){0};
    if (rc)
        return rc;
    name = xstrndup(text, length);
    spec->ops = policy_find(name);
    if (!spec->ops) {
        rc = refuse_name(name, err);
        goto out;
    }
    spec->label = xstrdup(text);
    spec->options = join_options(spec->ops);
    params_init(&spec->params, spec->options);
    rc = params_parse(&spec->params, text[length] ? text + length + 1 : NULL, err);
    if (rc == 0)
        rc = params_check_required(&spec->params, err);
    if (rc)
        err_prefix(err, "policy %s", name);
    else
        spec->model = option_find(spec->options, model_option(spec->ops)) >= 0
                          ? params_string(&spec->params, model_option(spec->ops))
                          : "true";
out:
    free(name);
    if (rc)
        policy_spec_release(spec);
    return rc;
}

void policy_spec_release(struct policy_spec *spec)
{
    if (spec->options)
        params_release(&spec->params);
    free(spec->options);
    free(spec->label);
    *spec = (struct policy_spec){0};
}
