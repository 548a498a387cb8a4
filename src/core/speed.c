/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time and progress along a curve. With y the progress and r(y) the speed, dy/dt = r(y), so the
 * time from y0 to y1 is the integral of 1/r. For flat and sqrt curves both directions are closed
 * forms: sqrt: t = 2/base * (sqrt(c - y0) - sqrt(c - y1)),  y(t) = c - (sqrt(c - y0) - base*t/2)^2.
 * For the level curve the integral is taken by adaptive Simpson quadrature, and y(t) by Newton
 * steps on it, kept inside a bracket.
 */
#include "core/speed.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/option.h"
#include "base/yaml.h"
#include "core/speed_model.h"

static const char curve_choices[] = "flat|sqrt|level";

const struct option_spec speed_options[] = {
    {"model", OPTION_CHOICE, .choices = SPEED_MODEL_CHOICES, .flags = OPTION_REQUIRED,
     .help = "how speed depends on the allocation"},
    {"curve", OPTION_CHOICE, "flat", .choices = curve_choices,
     .help = "how speed depends on progress"},
    {"ceiling", OPTION_REAL, "1.2", .low = 1, .high = 1000,
     .help = "for the sqrt curve: speed falls with sqrt(ceiling - progress)"},
    {0},
};

void speed_set_curve(struct speed_model *model, enum speed_curve curve, double ceiling)
{
    model->curve = curve;
    model->ceiling = curve == CURVE_SQRT ? ceiling : 1;
    model->slope = curve == CURVE_SQRT;
}

double speed_at_level(struct rate rate, double progress)
{
    return rate.base * pow(pow(progress / rate.base, 1 / rate.bend) + 1, rate.bend);
}

static double inverse_speed(const struct speed_model *model, struct rate rate, double y)
{
    return 1 / speed_at(model, rate, y);
}

struct panel {
    double low, high, at_low, at_middle, at_high, whole;
};

static double simpson(double width, double a, double b, double c)
{
    return width / 6 * (a + 4 * b + c);
}

static double refine(const struct speed_model *model, struct rate rate, struct panel p, int depth)
{
    double middle = (p.low + p.high) / 2;
    double left_middle = inverse_speed(model, rate, (p.low + middle) / 2);
    double right_middle = inverse_speed(model, rate, (middle + p.high) / 2);
    double left = simpson(middle - p.low, p.at_low, left_middle, p.at_middle);
    double right = simpson(p.high - middle, p.at_middle, right_middle, p.at_high);
    double gain = left + right - p.whole;

    if (depth == 0 || fabs(gain) <= 1e-13 * fabs(left + right))
        return left + right + gain / 15;
    return refine(model, rate,
                  (struct panel){p.low, middle, p.at_low, left_middle, p.at_middle, left},
                  depth - 1) +
           refine(model, rate,
                  (struct panel){middle, p.high, p.at_middle, right_middle, p.at_high, right},
                  depth - 1);
}

static double integrate(const struct speed_model *model, struct rate rate, double from, double to)
{
    double low = inverse_speed(model, rate, from), high = inverse_speed(model, rate, to);
    double middle = inverse_speed(model, rate, (from + to) / 2);
    double whole = simpson(to - from, low, middle, high);

    return refine(model, rate, (struct panel){from, to, low, middle, high, whole}, 20);
}

double speed_seconds_along(const struct speed_model *model, struct rate rate, double from,
                           double to)
{
    if (from >= to)
        return 0;
    if (rate.base <= 0)
        return HUGE_VAL;
    switch (model->curve) {
    case CURVE_FLAT:
        return (to - from) / rate.base;
    case CURVE_SQRT:
        if (to > model->ceiling)
            return HUGE_VAL;
        return 2 / rate.base * (sqrt(model->ceiling - from) - sqrt(model->ceiling - to));
    case CURVE_LEVEL:
        return integrate(model, rate, from, to);
    }
    return HUGE_VAL;
}

static double advance_level(const struct speed_model *model, struct rate rate, double from,
                            double seconds)
{
    double low = from, high = 1, y;

    if (speed_seconds(model, rate, from, 1) <= seconds)
        return 1;
    y = from + seconds * speed_at(model, rate, from);
    for (int step = 0; step < 60 && high - low > 1e-15; step++) {
        double over;

        if (!(y > low && y < high))
            y = (low + high) / 2;
        over = speed_seconds(model, rate, from, y) - seconds;
        *(over > 0 ? &high : &low) = y;
        if (fabs(over) <= 1e-14 * seconds)
            break;
        y -= over * speed_at(model, rate, y);
    }
    return y;
}

double speed_advance_along(const struct speed_model *model, struct rate rate, double from,
                           double seconds)
{
    double y = from, root;

    if (rate.base <= 0 || seconds <= 0)
        return from;
    switch (model->curve) {
    case CURVE_FLAT:
        y = from + rate.base * seconds;
        break;
    case CURVE_SQRT:
        root = sqrt(model->ceiling - from) - rate.base * seconds / 2;
        y = root > 0 ? model->ceiling - root * root : model->ceiling;
        break;
    case CURVE_LEVEL:
        y = advance_level(model, rate, from, seconds);
        break;
    }
    return y < 1 ? y : 1;
}

/* The rows of the model and the common ones, as one table: a speed map has both. */
static struct option_spec *joined_options(const struct option_spec *own, struct arena *arena)
{
    size_t commons = 0, owns = 0;
    struct option_spec *joined;

    while (speed_options[commons].name)
        commons++;
    while (own[owns].name)
        owns++;
    joined = arena_zalloc(arena, commons + owns + 1, sizeof *joined);
    memcpy(joined, speed_options, commons * sizeof *joined);
    memcpy(joined + commons, own, owns * sizeof *joined);
    return joined;
}

static const struct speed_ops *find_model(const struct yaml_node *map)
{
    const struct yaml_node *name = yaml_find(map, "model");

    for (int i = 0; name && name->kind == YAML_SCALAR && speed_models[i]; i++)
        if (strcmp(speed_models[i]->name, name->text) == 0)
            return speed_models[i];
    return NULL;
}

/* Without its model nothing can be said of the other keys. */
static int refuse_model(const struct yaml_node *map, struct err *err)
{
    const struct yaml_node *name = yaml_find(map, "model");
    struct params params;
    int rc;

    if (!name)
        return yaml_error(map, err, "speed: missing model: %s",
                          speed_options[option_find(speed_options, "model")].help);
    rc = yaml_need_kind(name, YAML_SCALAR, "speed: model", err);
    if (rc)
        return rc;
    params_init(&params, speed_options);
    BUG_ON(params_set(&params, "model", name->text, err) == 0);
    params_release(&params);
    err_prefix(err, "speed");
    return err_place(err, name->file, name->line);
}

int speed_read(struct speed_model *model, const struct yaml_node *map,
               const struct catalog *catalog, struct arena *arena, struct err *err)
{
    const struct speed_ops *ops = find_model(map);
    struct params params;
    int rc;

    if (!ops)
        return refuse_model(map, err);
    params_init(&params, joined_options(ops->options, arena));
    rc = yaml_read_map(map, "speed", &params, err);
    if (rc == 0) {
        model->ops = ops;
        speed_set_curve(model, (enum speed_curve)params_choice(&params, "curve"),
                        params_real(&params, "ceiling"));
        rc = ops->read(map, catalog, arena, &model->params, err);
    }
    if (rc == 0 && model->curve == CURVE_LEVEL && strcmp(ops->name, "table") != 0)
        rc = yaml_error(map, err, "speed: the level curve needs a table with bends");
    params_release(&params);
    return rc;
}
