/* SPDX-License-Identifier: Apache-2.0 */
#include "report/plot_json.h"

#include <math.h>
#include <stdio.h>

#include "base/emit.h"
#include "report/plot.h"

static void emit_axis(struct emit *e, const char *key, const struct plot_axis *axis)
{
    bool bounded = axis->low != 0 || axis->high != 0;

    emit_key(e, key);
    emit_open(e, '{');
    emit_key_string(e, "label", axis->label);
    emit_key_bool(e, "log", axis->logarithmic);
    emit_key_bool(e, "zero", axis->from_zero);
    emit_key_real(e, "low", bounded ? axis->low : (double)NAN);
    emit_key_real(e, "high", bounded ? axis->high : (double)NAN);
    emit_key(e, "category");
    if (axis->categories == 0) {
        emit_null(e);
    } else {
        emit_open(e, '[');
        for (int i = 0; i < axis->categories; i++)
            emit_string(e, axis->category[i]);
        emit_close(e);
    }
    emit_close(e);
}

/* Seven digits are more than any screen can show. */
static void emit_rounded(struct emit *e, double value)
{
    char digits[32];

    if (!isfinite(value)) {
        emit_null(e);
        return;
    }
    snprintf(digits, sizeof digits, "%.7g", value);
    emit_raw(e, digits);
}

static void emit_values(struct emit *e, const char *key, const double *value, int count)
{
    emit_key(e, key);
    if (!value) {
        emit_null(e);
        return;
    }
    emit_open(e, '[');
    for (int i = 0; i < count; i++)
        emit_rounded(e, value[i]);
    emit_close(e);
}

static void emit_series(struct emit *e, const struct plot_series *series)
{
    static const char *const mark[] = {
        [PLOT_LINE] = "line", [PLOT_STEPS] = "steps", [PLOT_BARS] = "bars", [PLOT_DOTS] = "dots"};

    emit_open(e, '{');
    emit_key_string(e, "name", series->name);
    emit_key_string(e, "mark", mark[series->mark]);
    emit_key_int(e, "colour", series->colour);
    emit_key_bool(e, "faint", series->faint);
    emit_values(e, "x", series->x, series->count);
    emit_values(e, "y", series->y, series->count);
    emit_values(e, "low", series->low, series->count);
    emit_values(e, "high", series->high, series->count);
    emit_close(e);
}

void plot_emit(const struct plot *plot, struct emit *e)
{
    emit_open(e, '{');
    emit_key_int(e, "columns", plot->columns);
    emit_key_real(e, "height", plot->panel_height > 0 ? plot->panel_height : (double)NAN);
    emit_key(e, "panels");
    emit_open(e, '[');
    for (int i = 0; i < plot->panels; i++) {
        const struct plot_panel *panel = &plot->panel[i];

        emit_open(e, '{');
        emit_key_string(e, "title", panel->title);
        emit_axis(e, "x", &panel->x);
        emit_axis(e, "y", &panel->y);
        emit_key(e, "series");
        emit_open(e, '[');
        for (int k = 0; k < panel->count; k++)
            emit_series(e, &panel->series[k]);
        emit_close(e);
        emit_close(e);
    }
    emit_close(e);
    emit_close(e);
}
