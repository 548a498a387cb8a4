/* SPDX-License-Identifier: Apache-2.0 */
#include "report/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"

static void add_value(struct grid_key *key, char *value)
{
    key->value = xrealloc(key->value, (size_t)key->values + 1, sizeof *key->value);
    key->value[key->values++] = value;
}

static bool read_number(const char *text, size_t length, double *out)
{
    char *copy = xstrndup(text, length), *end;
    bool ok;

    *out = strtod(copy, &end);
    ok = end > copy && *end == '\0' && isfinite(*out);
    free(copy);
    return ok;
}

/* "low:high:step" to three numbers; false if it is none. */
static bool read_range(const char *text, double out[3])
{
    for (int i = 0; i < 3; i++) {
        size_t length = strcspn(text, ":");

        if (!read_number(text, length, &out[i]) || (text[length] == '\0') != (i == 2))
            return false;
        text += length + 1;
    }
    return true;
}

static int add_range(struct grid_key *key, const char *text, struct err *err)
{
    double range[3], steps;

    if (!read_range(text, range))
        return err_set(err, ERR_INVALID, "%s: expected low:high:step or a|b|c, not \"%.60s\"",
                       key->key, text);
    steps = (range[1] - range[0]) / range[2];
    if (range[2] == 0 || !(steps >= 0))
        return err_set(err, ERR_INVALID, "%s: a step of %g never gets from %g to %g", key->key,
                       range[2], range[0], range[1]);
    if (steps >= GRID_CELLS)
        return err_set(err, ERR_LIMIT, "%s: more than %d values", key->key, GRID_CELLS);
    for (int i = 0; i <= (int)floor(steps + 1e-9); i++) {
        struct text value;
        double number = range[0] + i * range[2];

        text_init(&value, 0);
        /* 1 + 7 * 0.1 is to be 1.7 */
        text_printf(&value, "%.12g", fabs(number) < 1e-12 * fabs(range[2]) ? 0 : number);
        add_value(key, value.bytes);
    }
    return 0;
}

static int add_list(struct grid_key *key, const char *text, struct err *err)
{
    for (;;) {
        size_t length = strcspn(text, "|");

        if (length == 0)
            return err_set(err, ERR_INVALID, "%s: an empty value", key->key);
        add_value(key, xstrndup(text, length));
        for (int i = 0; i + 1 < key->values; i++)
            if (strcmp(key->value[i], key->value[key->values - 1]) == 0)
                return err_set(err, ERR_INVALID, "%s: %s is there twice", key->key, key->value[i]);
        if (text[length] == '\0')
            return 0;
        text += length + 1;
    }
}

int grid_add(struct grid *grid, const char *text, struct err *err)
{
    const char *equals = strchr(text, '=');
    struct grid_key *key = &grid->key[grid->keys];
    int rc;

    if (!equals || equals == text)
        return err_set(err, ERR_INVALID,
                       "\"%.60s\": expected path.to.key=low:high:step or path.to.key=a|b|c", text);
    if (grid->keys == GRID_KEYS)
        return err_set(err, ERR_LIMIT, "more than %d keys", GRID_KEYS);
    *key = (struct grid_key){.key = xstrndup(text, (size_t)(equals - text))};
    grid->keys++;
    for (int i = 0; i + 1 < grid->keys; i++)
        if (strcmp(grid->key[i].key, key->key) == 0)
            return err_set(err, ERR_INVALID, "%s is there twice", key->key);
    rc = strchr(equals + 1, ':') && !strpbrk(equals + 1, "|{[\"") ? add_range(key, equals + 1, err)
                                                                  : add_list(key, equals + 1, err);
    if (rc == 0 && grid_cells(grid) > GRID_CELLS)
        rc = err_set(err, ERR_LIMIT, "more than %d cells", GRID_CELLS);
    return rc;
}

void grid_release(struct grid *grid)
{
    for (int k = 0; k < grid->keys; k++) {
        for (int i = 0; i < grid->key[k].values; i++)
            free(grid->key[k].value[i]);
        free(grid->key[k].value);
        free(grid->key[k].key);
    }
    grid->keys = 0;
}

int grid_cells(const struct grid *grid)
{
    int cells = 1;

    for (int k = 0; k < grid->keys && cells <= GRID_CELLS; k++)
        cells *= grid->key[k].values;
    return cells;
}

int grid_index(const struct grid *grid, int cell, int key)
{
    for (int k = grid->keys - 1; k > key; k--)
        cell /= grid->key[k].values;
    return cell % grid->key[key].values;
}

void grid_override(const struct grid *grid, int cell, int key, struct text *out)
{
    const struct grid_key *own = &grid->key[key];

    text_printf(out, "%s=%s", own->key, own->value[grid_index(grid, cell, key)]);
}

bool grid_numbers(const struct grid_key *key, double *out)
{
    for (int i = 0; i < key->values; i++)
        if (!read_number(key->value[i], strlen(key->value[i]), &out[i]))
            return false;
    return true;
}
