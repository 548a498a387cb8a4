/* SPDX-License-Identifier: Apache-2.0 */
/* Days since 1970 by counting from March, so that leap days come last (Hinnant, "chrono-Compatible
 * Low-Level Date Algorithms", 2013). */
#include "trace/calendar.h"

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

struct field {
    char before;
    int digits, low, high;
};

static bool read_field(const char **at, const struct field *field, int *out)
{
    *out = 0;
    if (field->before && **at != field->before && !(field->before == ' ' && **at == 'T'))
        return false;
    *at += field->before != '\0';
    for (int i = 0; i < field->digits; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        *out = *out * 10 + (**at - '0');
    }
    return *out >= field->low && *out <= field->high;
}

static int64_t days_since_1970(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year, era = y / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool read_offset(const char **at, int *seconds)
{
    static const struct field part[] = {{'\0', 2, 0, 14}, {':', 2, 0, 59}};
    int sign = **at == '-' ? -1 : 1, hours, minutes;

    *seconds = 0;
    if (**at == 'Z') {
        (*at)++;
        return true;
    }
    if (**at != '+' && **at != '-')
        return true;
    (*at)++;
    if (!read_field(at, &part[0], &hours) || !read_field(at, &part[1], &minutes))
        return false;
    *seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool calendar_seconds(const char *text, double *out)
{
    static const struct field part[] = {{'\0', 4, 1600, 9999}, {'-', 2, 1, 12}, {'-', 2, 1, 31},
                                        {' ', 2, 0, 23},       {':', 2, 0, 59}, {':', 2, 0, 60}};
    int value[COUNT_OF(part)], offset;
    double fraction = 0, place = 1;

    for (size_t i = 0; i < COUNT_OF(part); i++)
        if (!read_field(&text, &part[i], &value[i]))
            return false;
    if (*text == '.')
        for (text++; *text >= '0' && *text <= '9'; text++) {
            place /= 10;
            fraction += place * (*text - '0');
        }
    if (!read_offset(&text, &offset) || *text != '\0')
        return false;
    *out = (double)(days_since_1970(value[0], value[1], value[2]) * 86400 + value[3] * 3600 +
                    value[4] * 60 + value[5] - offset) +
           fraction;
    return true;
}
