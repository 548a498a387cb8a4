/* SPDX-License-Identifier: Apache-2.0 */
#include "base/option.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"

static int count_rows(const struct option_spec *spec)
{
    int count = 0;

    while (spec && spec[count].name)
        count++;
    return count;
}

int option_find(const struct option_spec *spec, const char *name)
{
    for (int i = 0; spec && spec[i].name; i++)
        if (strcmp(spec[i].name, name) == 0)
            return i;
    return -1;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

enum { LONGEST_NAME = 63 };

/* Edit distance in which a swap of neighbours counts once (optimal string alignment). */
static int edit_distance(const char *a, const char *b)
{
    int row[3][LONGEST_NAME + 1];
    int rows = (int)strlen(a), columns = (int)strlen(b);

    if (rows > LONGEST_NAME || columns > LONGEST_NAME)
        return LONGEST_NAME;
    for (int j = 0; j <= columns; j++)
        row[0][j] = j;
    for (int i = 1; i <= rows; i++) {
        int *now = row[i % 3], *before = row[(i - 1) % 3], *two_before = row[(i + 1) % 3];

        now[0] = i;
        for (int j = 1; j <= columns; j++) {
            now[j] = smaller(before[j] + 1, now[j - 1] + 1);
            now[j] = smaller(now[j], before[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = smaller(now[j], two_before[j - 2] + 1);
        }
    }
    return row[rows % 3][columns];
}

/* Near enough to suggest: a third of the letters wrong at most, or one name begins the other. */
static bool is_near(const char *wanted, const char *known, int distance)
{
    size_t length = strlen(wanted);

    if (length >= 3 && strncmp(wanted, known, length) == 0)
        return true;
    if (strlen(known) >= 3 && strncmp(wanted, known, strlen(known)) == 0)
        return true;
    return distance <= 1 + (int)length / 3 && distance < (int)strlen(known);
}

const char *nearest_name(const char *const *names, int count, const char *name)
{
    const char *best = NULL;
    int best_distance = LONGEST_NAME + 1;

    for (int i = 0; i < count; i++) {
        int distance = edit_distance(name, names[i]);

        if (distance < best_distance && is_near(name, names[i], distance)) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}

const char *option_nearest(const struct option_spec *spec, const char *name)
{
    int count = count_rows(spec);
    const char **names = xcalloc((size_t)count, sizeof *names);
    const char *best;

    for (int i = 0; i < count; i++)
        names[i] = spec[i].name;
    best = nearest_name(names, count, name);
    free(names);
    return best;
}

static bool has_range(const struct option_spec *row)
{
    return row->low != 0 || row->high != 0;
}

static void describe_range(const struct option_spec *row, struct text *out)
{
    if (!has_range(row))
        return;
    text_add(out, row->flags & OPTION_EXCLUSIVE ? " above " : " from ");
    text_add_double(out, row->low);
    if (!isinf(row->high)) {
        text_add(out, " to ");
        text_add_double(out, row->high);
    } else if (!(row->flags & OPTION_EXCLUSIVE)) {
        text_add(out, " up");
    }
}

void option_describe(const struct option_spec *row, struct text *out)
{
    static const char *const kind[] = {
        [OPTION_FLAG] = "true or false", [OPTION_INT] = "a whole number",
        [OPTION_REAL] = "a number",      [OPTION_STRING] = "text",
        [OPTION_CHOICE] = "one of ",     [OPTION_NODE] = "a list or map",
    };

    text_add(out, kind[row->type]);
    if (row->type == OPTION_INT || row->type == OPTION_REAL)
        describe_range(row, out);
    if (row->type == OPTION_CHOICE)
        for (const char *c = row->choices; *c; c++)
            text_add(out, *c == '|' ? ", " : (char[]){*c, '\0'});
    if (row->unit)
        text_printf(out, " (%s)", row->unit);
}

static int refuse(const struct option_spec *row, const char *text, struct err *err)
{
    struct text expected;

    text_init(&expected, 0);
    option_describe(row, &expected);
    err_set(err, ERR_INVALID, "%s: expected %s, not \"%.60s\"", row->name, expected.bytes, text);
    text_release(&expected);
    return ERR_INVALID;
}

static bool in_range(const struct option_spec *row, double value)
{
    if (!has_range(row))
        return true;
    if (row->flags & OPTION_EXCLUSIVE && value <= row->low)
        return false;
    return value >= row->low && value <= row->high;
}

static bool parse_flag(const char *text, bool *out)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    static const char *const no[] = {"false", "no", "off", "0"};

    for (size_t i = 0; i < COUNT_OF(yes); i++) {
        if (strcmp(text, yes[i]) == 0)
            return *out = true, true;
        if (strcmp(text, no[i]) == 0)
            return *out = false, true;
    }
    return false;
}

static int parse_choice(const char *choices, const char *text)
{
    size_t length = strlen(text);
    int index = 0;

    for (const char *c = choices; *c; index++) {
        size_t part = strcspn(c, "|");

        if (part == length && memcmp(c, text, length) == 0)
            return index;
        c += part;
        c += *c == '|';
    }
    return -1;
}

static bool parse_real(const char *text, double *out)
{
    char *end;

    if (*text == '\0' || strpbrk(text, "xXpP \t\n"))
        return false;
    errno = 0;
    *out = strtod(text, &end);
    return *end == '\0' && isfinite(*out);
}

static bool parse_int(const char *text, int64_t *out)
{
    char *end;
    long long value;

    if (*text == '\0' || strpbrk(text, " \t\n"))
        return false;
    errno = 0;
    value = strtoll(text, &end, 10);
    *out = value;
    return *end == '\0' && errno == 0;
}

/* The kind of text that the row wants; fills value, false when the text does not fit. */
static bool parse_value(const struct option_spec *row, const char *text, struct option_value *value)
{
    switch (row->type) {
    case OPTION_FLAG:
        return parse_flag(text, &value->flag);
    case OPTION_INT:
        if (!parse_int(text, &value->integer))
            return false;
        value->real = (double)value->integer;
        return in_range(row, value->real);
    case OPTION_REAL:
        return parse_real(text, &value->real) && in_range(row, value->real);
    case OPTION_CHOICE:
        value->choice = parse_choice(row->choices, text);
        return value->choice >= 0;
    case OPTION_STRING:
        return true;
    case OPTION_NODE:
        return false;
    }
    return false;
}

static void keep_repeat(struct option_value *value, const char *text)
{
    value->repeat = xrealloc(value->repeat, (size_t)value->repeats + 1, sizeof *value->repeat);
    value->repeat[value->repeats++] = xstrdup(text);
}

static int set_row(struct params *params, int at, const char *text, struct err *err)
{
    const struct option_spec *row = &params->spec[at];
    struct option_value *value = &params->value[at], read = *value;

    if (!parse_value(row, text, &read))
        return refuse(row, text, err);
    *value = read;
    value->given = true;
    if (row->flags & OPTION_REPEATS)
        keep_repeat(value, text);
    free((char *)(uintptr_t)value->string);
    value->string = xstrdup(text);
    return 0;
}

void params_init(struct params *params, const struct option_spec *spec)
{
    params->spec = spec;
    params->count = count_rows(spec);
    params->value = xcalloc((size_t)params->count, sizeof *params->value);
    for (int i = 0; i < params->count; i++) {
        if (!spec[i].initial)
            continue;
        BUG_ON(!parse_value(&spec[i], spec[i].initial, &params->value[i]));
        params->value[i].string = xstrdup(spec[i].initial);
    }
}

void params_release(struct params *params)
{
    for (int i = 0; i < params->count; i++) {
        struct option_value *value = &params->value[i];

        for (int k = 0; k < value->repeats; k++)
            free((char *)(uintptr_t)value->repeat[k]);
        free(value->repeat);
        free((char *)(uintptr_t)value->string);
    }
    free(params->value);
    *params = (struct params){0};
}

/* Nothing is near it: so what there is, where that is not much. */
static int refuse_key(const struct params *params, const char *name, struct err *err)
{
    enum { FEW = 8 };
    struct text known;
    int rc;

    text_init(&known, 0);
    for (int i = 0; i < params->count && params->count <= FEW; i++)
        text_printf(&known, "%s%s", i ? ", " : "; expected one of ", params->spec[i].name);
    rc = err_set(err, ERR_INVALID, "unknown key \"%.60s\"%s", name,
                 params->count ? known.bytes : " (there are none here)");
    text_release(&known);
    return rc;
}

int params_set(struct params *params, const char *name, const char *text, struct err *err)
{
    int at = option_find(params->spec, name);
    const char *near;

    if (at >= 0)
        return set_row(params, at, text, err);
    near = option_nearest(params->spec, name);
    if (near)
        return err_set(err, ERR_INVALID, "unknown key \"%.60s\"; did you mean \"%s\"?", name, near);
    return refuse_key(params, name, err);
}

int params_parse(struct params *params, const char *list, struct err *err)
{
    int rc = 0;

    while (list && *list && rc == 0) {
        size_t length = strcspn(list, ",");
        char *pair = xstrndup(list, length);
        char *equals = strchr(pair, '=');

        if (equals)
            *equals = '\0';
        if (!equals && option_find(params->spec, pair) >= 0 &&
            params->spec[option_find(params->spec, pair)].type != OPTION_FLAG)
            rc = err_set(err, ERR_INVALID, "%s: expected %s=value", pair, pair);
        else
            rc = params_set(params, pair, equals ? equals + 1 : "true", err);
        free(pair);
        list += length;
        list += *list == ',';
    }
    return rc;
}

int params_check_required(const struct params *params, struct err *err)
{
    for (int i = 0; i < params->count; i++)
        if (params->spec[i].flags & OPTION_REQUIRED && !params->value[i].given)
            return err_set(err, ERR_INVALID, "missing %s: %s", params->spec[i].name,
                           params->spec[i].help);
    return 0;
}

const struct option_value *params_value(const struct params *params, const char *name)
{
    int at = option_find(params->spec, name);

    BUG_ON(at < 0);
    return &params->value[at];
}

static const struct option_value *typed(const struct params *params, const char *name,
                                        enum option_type type)
{
    int at = option_find(params->spec, name);

    BUG_ON(at < 0 || params->spec[at].type != type);
    return &params->value[at];
}

bool params_given(const struct params *params, const char *name)
{
    return params_value(params, name)->given;
}

bool params_flag(const struct params *params, const char *name)
{
    return typed(params, name, OPTION_FLAG)->flag;
}

int64_t params_int(const struct params *params, const char *name)
{
    return typed(params, name, OPTION_INT)->integer;
}

double params_real(const struct params *params, const char *name)
{
    return typed(params, name, OPTION_REAL)->real;
}

int params_choice(const struct params *params, const char *name)
{
    return typed(params, name, OPTION_CHOICE)->choice;
}

const char *params_string(const struct params *params, const char *name)
{
    return params_value(params, name)->string;
}
