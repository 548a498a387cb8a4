/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ticks stand at multiples of 1, 2 or 5 times a power of ten (Heckbert, "Nice Numbers for Graph
 * Labels", Graphics Gems, 1990), on logarithmic scales at 1, 2 and 5 in every decade or, when there
 * are many, at the decades alone.
 */
#include "report/plot_axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double nice_step(double rough)
{
    double power = pow(10, floor(log10(rough))), part = rough / power;

    return power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
}

static void linear_ticks(struct scale *s, int wanted)
{
    double step = nice_step((s->high - s->low) / wanted);
    double first = floor(s->low / step + 1e-9), last = ceil(s->high / step - 1e-9);

    s->low = first * step;
    s->high = last * step;
    s->decimals = step < 1 ? (int)ceil(-log10(step) - 1e-9) : 0;
    for (double k = first; k <= last && s->ticks < PLOT_TICKS; k++)
        s->tick[s->ticks++] = k * step;
}

static void log_ticks(struct scale *s, int wanted)
{
    static const double digit[] = {1, 2, 5};
    int first = (int)floor(log10(s->low)), last = (int)ceil(log10(s->high));
    int every = (last - first) > 2 * wanted ? (last - first) / wanted : 1;
    int digits = (last - first) * 3 > 2 * wanted ? 1 : 3;

    s->decimals = -1;
    for (int e = first; e <= last; e += every)
        for (int d = 0; d < digits; d++) {
            double tick = digit[d] * pow(10, e);

            if (tick >= s->low * (1 - 1e-9) && tick <= s->high * (1 + 1e-9) &&
                s->ticks < PLOT_TICKS)
                s->tick[s->ticks++] = tick;
        }
}

void scale_init(struct scale *s, double low, double high, bool logarithmic, int wanted)
{
    *s = (struct scale){.logarithmic = logarithmic, .low = low, .high = high};
    if (!(low < high)) {
        double room = low != 0 ? fabs(low) / 10 : 1;

        s->low = logarithmic ? low / 1.5 : low - room;
        s->high = logarithmic ? high * 1.5 : high + room;
    }
    if (logarithmic)
        log_ticks(s, wanted);
    else
        linear_ticks(s, wanted);
}

double scale_at(const struct scale *s, double value)
{
    double part = s->logarithmic ? log(value / s->low) / log(s->high / s->low)
                                 : (value - s->low) / (s->high - s->low);

    return s->from + part * (s->to - s->from);
}

/* "12,345" */
static void group_thousands(char *text, size_t bytes)
{
    size_t digits = strspn(text[0] == '-' ? text + 1 : text, "0123456789");
    char *end = text + (text[0] == '-') + digits;

    for (char *at = end - 3; digits > 4 && at > text + (text[0] == '-'); at -= 3) {
        if (strlen(text) + 2 > bytes)
            return;
        memmove(at + 1, at, strlen(at) + 1);
        *at = ',';
    }
}

void scale_label(const struct scale *s, double tick, char out[32])
{
    if (s->decimals >= 0 && fabs(tick) < 1e9)
        snprintf(out, 32, "%.*f", s->decimals, fabs(tick) < 1e-12 ? 0 : tick);
    else
        snprintf(out, 32, "%.6g", tick);
    if (!strchr(out, 'e'))
        group_thousands(out, 32);
}
