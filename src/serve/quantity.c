/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/quantity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/emit.h"
#include "base/err.h"
#include "base/memory.h"

struct unit {
    const char *name;
    double factor;
};

static int parse(const char *text, const struct unit *units, size_t count, double *out)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || !(value >= 0 && value < 1e15))
        return -1;
    for (size_t i = 0; i < count; i++)
        if (strcmp(end, units[i].name) == 0) {
            *out = value * units[i].factor;
            return 0;
        }
    return -1;
}

int quantity_duration(const char *text, double *out_s, struct err *err)
{
    static const struct unit units[] = {{"", 1},     {"s", 1},    {"ms", 1e-3}, {"m", 60},
                                        {"min", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}};

    if (parse(text, units, COUNT_OF(units), out_s))
        return err_set(err, ERR_INVALID,
                       "\"%.40s\": expected a duration like 90, 50ms, 1.5h or 30d", text);
    return 0;
}

int quantity_bytes(const char *text, int64_t *out, struct err *err)
{
    static const struct unit units[] = {{"", 1},
                                        {"B", 1},
                                        {"K", 1024},
                                        {"KiB", 1024},
                                        {"M", 1048576},
                                        {"MiB", 1048576},
                                        {"G", 1073741824},
                                        {"GiB", 1073741824},
                                        {"T", 1099511627776},
                                        {"TiB", 1099511627776}};
    double value;

    if (parse(text, units, COUNT_OF(units), &value) || value > 1e18)
        return err_set(err, ERR_INVALID, "\"%.40s\": expected a size like 512M or 4GiB", text);
    *out = (int64_t)value;
    return 0;
}

enum { TIME_ROOM = 40 };

/* False: there is none. */
static bool print_time(char words[TIME_ROOM], int64_t at_us)
{
    time_t seconds = (time_t)(at_us / 1000000);
    int thousandths = (int)(at_us / 1000 % 1000);
    struct tm parts;
    size_t length;

    if (at_us <= 0 || !gmtime_r(&seconds, &parts))
        return false;
    length = strftime(words, TIME_ROOM - 6, "%Y-%m-%dT%H:%M:%S.", &parts);
    words[length++] = (char)('0' + thousandths / 100);
    words[length++] = (char)('0' + thousandths / 10 % 10);
    words[length++] = (char)('0' + thousandths % 10);
    words[length++] = 'Z';
    words[length] = 0;
    return true;
}

void quantity_emit_time(struct emit *e, int64_t at_us)
{
    char words[TIME_ROOM];

    if (print_time(words, at_us))
        emit_string(e, words);
    else
        emit_null(e);
}

json_t *quantity_time_json(int64_t at_us)
{
    char words[TIME_ROOM];

    return print_time(words, at_us) ? json_string(words) : json_null();
}

int quantity_time(const char *text, int64_t *out_us, struct err *err)
{
    struct tm parts = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    double fraction = 0;
    char *end;

    if (rest && *rest == '.') {
        fraction = strtod(rest, &end);
        rest = end;
    }
    if (!rest || strcmp(rest, "Z") != 0)
        return err_set(err, ERR_INVALID,
                       "\"%.40s\": expected a time in UTC like 2026-11-22T05:04:03Z", text);
    *out_us = (int64_t)timegm(&parts) * 1000000 + (int64_t)(fraction * 1e6);
    return 0;
}

int64_t quantity_from_now(double seconds)
{
    return clock_us(CLOCK_REALTIME) + (int64_t)(seconds * 1e6);
}

/* A time, or a duration that counts from now on in one direction. */
static int read_moment(const char *text, double direction, int64_t *out_us, struct err *err)
{
    double seconds;

    if (quantity_time(text, out_us, NULL) == 0)
        return 0;
    if (quantity_duration(text, &seconds, NULL))
        return err_set(err, ERR_INVALID,
                       "\"%.40s\": expected a duration like 90, 1.5h or 30d, or a time in UTC like "
                       "2026-11-22T05:04:03Z",
                       text);
    *out_us = quantity_from_now(direction * seconds);
    return 0;
}

int quantity_moment(const char *text, int64_t *out_us, struct err *err)
{
    return read_moment(text, 1, out_us, err);
}

int quantity_past(const char *text, int64_t *out_us, struct err *err)
{
    return read_moment(text, -1, out_us, err);
}
