/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/seed_list.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"

/* Larger whole numbers are not exact in JSON readers that know only doubles. */
static const uint64_t LARGEST_SEED = (UINT64_C(1) << 53) - 1;

/* Digits only; moves *at behind them. */
static bool read_seed(const char **at, uint64_t *out)
{
    char *end;
    unsigned long long value;

    if (!isdigit((unsigned char)**at))
        return false;
    errno = 0;
    value = strtoull(*at, &end, 10);
    *at = end;
    *out = value;
    return errno == 0 && value <= LARGEST_SEED;
}

static int refuse(const char *text, struct err *err)
{
    return err_set(err, ERR_INVALID,
                   "seeds: expected a number N (for 1 to N), a range a:b or a list a,b,c, not "
                   "\"%.60s\"",
                   text);
}

static int add_range(struct seed_list *list, uint64_t first, uint64_t last, struct err *err)
{
    if (last - first >= MAX_SEEDS || list->count + (int)(last - first) + 1 > MAX_SEEDS)
        return err_set(err, ERR_LIMIT, "seeds: more than %d", MAX_SEEDS);
    list->seed =
        xrealloc(list->seed, (size_t)list->count + (size_t)(last - first) + 1, sizeof *list->seed);
    for (uint64_t seed = first; seed <= last; seed++)
        list->seed[list->count++] = seed;
    return 0;
}

static int compare(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;

    return *left < *right ? -1 : *left > *right;
}

static int refuse_doubles(const struct seed_list *list, struct err *err)
{
    uint64_t *sorted = xcalloc((size_t)list->count, sizeof *sorted);
    int rc = 0;

    memcpy(sorted, list->seed, (size_t)list->count * sizeof *sorted);
    qsort(sorted, (size_t)list->count, sizeof *sorted, compare);
    for (int i = 1; rc == 0 && i < list->count; i++)
        if (sorted[i] == sorted[i - 1])
            rc = err_set(err, ERR_INVALID, "seeds: %llu is there twice",
                         (unsigned long long)sorted[i]);
    free(sorted);
    return rc;
}

static int parse_items(struct seed_list *list, const char *text, struct err *err)
{
    const char *at = text;
    int rc = 0;

    do {
        uint64_t first, last;

        if (!read_seed(&at, &first))
            return refuse(text, err);
        last = first;
        if (*at == ':' && (at++, !read_seed(&at, &last) || last < first))
            return refuse(text, err);
        if (*at != ',' && *at != '\0')
            return refuse(text, err);
        rc = add_range(list, first, last, err);
    } while (rc == 0 && *at++ == ',');
    return rc ? rc : refuse_doubles(list, err);
}

int seed_list_parse(struct seed_list *list, const char *text, struct err *err)
{
    const char *at = text;
    uint64_t count;
    int rc;

    *list = (struct seed_list){0};
    if (read_seed(&at, &count) && *at == '\0')
        rc = count > 0 ? add_range(list, 1, count, err) : refuse(text, err);
    else
        rc = parse_items(list, text, err);
    if (rc)
        seed_list_release(list);
    return rc;
}

void seed_list_release(struct seed_list *list)
{
    free(list->seed);
    *list = (struct seed_list){0};
}
