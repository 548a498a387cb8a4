/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arrivals from a file, JSON lines (an event log's, too) or CSV, told apart by the first character.
 * Both fill the same record, one field at a time, so that an error names the file, the line and the
 * field. The lines need not be in order of time; ties keep the order of the file.
 */
#include "sim/arrivals.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/lines.h"
#include "base/memory.h"
#include "base/option.h"
#include "base/order.h"
#include "base/vector.h"
#include "sim/arrival_draw.h"

enum { LINE_BYTES = 1 << 27 /* of a log's header */, CSV_COLUMNS = 64 };

enum amount_of { AMOUNT_MIN, AMOUNT_MAX, AMOUNT_REQUEST, AMOUNTS };

static const char *const amount_word[] = {"min", "max", "request"};

struct reader {
    const struct scenario *scenario;
    struct arrivals *arrivals;
    struct arrival_draw draw;
    struct lines *lines;
    struct err *err;
    VECTOR(struct arrival) items;
    VECTOR(int32_t) clusters;          /* of the present line */
    struct allocation amount[AMOUNTS]; /* -1: not said */
    bool has_type, has_time, has_reach, has_work, has_home, has_amount[AMOUNTS];
};

static int fail(struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int fail(struct reader *reader, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    err_set_v(reader->err, ERR_INVALID, format, args);
    va_end(args);
    return err_place(reader->err, reader->lines->path, reader->lines->number);
}

static int set_type(struct reader *reader, struct arrival *arrival, const char *name)
{
    const struct catalog *catalog = &reader->scenario->catalog;
    const char *names[MAX_TYPES], *near;

    arrival->type = scenario_find_type(reader->scenario, name);
    reader->has_type = true;
    if (arrival->type >= 0)
        return 0;
    for (int i = 0; i < catalog->types; i++)
        names[i] = catalog->type[i].name;
    near = nearest_name(names, catalog->types, name);
    return fail(reader, "type: the scenario has no type \"%.60s\"%s%s%s", name,
                near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int set_time(struct reader *reader, struct arrival *arrival, double value, bool slots)
{
    double slot_s = reader->scenario->catalog.slot_s;

    if (!(value >= 0 && value <= 1e12))
        return fail(reader, "%s: expected a number from 0 to 1e12", slots ? "step" : "at");
    if (slots && slot_s == 0)
        return fail(reader, "step: the scenario has no slot; expected \"at\" in seconds");
    arrival->time_s = slots ? value * slot_s : value;
    if (!slots && slot_s > 0)
        arrival->time_s = ceil(value / slot_s - 1e-9) * slot_s;
    reader->has_time = true;
    return 0;
}

static int add_cluster(struct reader *reader, int64_t index)
{
    if (index < 0 || index >= reader->scenario->catalog.clusters)
        return fail(reader, "agents: %lld is no cluster; there are %d, from 0", (long long)index,
                    reader->scenario->catalog.clusters);
    vector_push(&reader->clusters, (int32_t)index);
    reader->has_reach = true;
    return 0;
}

static int add_cluster_name(struct reader *reader, const char *name)
{
    int found = catalog_find_cluster(&reader->scenario->catalog, name);

    if (found < 0)
        return fail(reader, "clusters: the scenario has no cluster \"%.60s\"", name);
    return add_cluster(reader, found);
}

static int set_home(struct reader *reader, struct arrival *arrival, const char *name)
{
    arrival->home = catalog_find_cluster(&reader->scenario->catalog, name);
    reader->has_home = true;
    if (arrival->home < 0)
        return fail(reader, "home: the scenario has no cluster \"%.60s\"", name);
    return 0;
}

static int set_work(struct reader *reader, struct arrival *arrival, double work)
{
    if (!(work > 0 && work <= 1e12))
        return fail(reader, "work: expected a number above 0, up to 1e12");
    arrival->work = work;
    reader->has_work = true;
    return 0;
}

static int set_amount(struct reader *reader, int of, const char *resource, double amount)
{
    int r = catalog_find_resource(&reader->scenario->catalog, resource);

    if (r < 0)
        return fail(reader, "%s: the scenario has no resource \"%.60s\"", amount_word[of],
                    resource);
    if (!(amount >= 0 && amount <= MAX_QUANTITY) || amount != floor(amount))
        return fail(reader, "%s.%s: expected a whole number from 0 to %d", amount_word[of],
                    resource, MAX_QUANTITY);
    reader->amount[of].amount[r] = (int32_t)amount;
    reader->has_amount[of] = true;
    return 0;
}

static void begin_line(struct reader *reader, struct arrival *arrival)
{
    *arrival = (struct arrival){.home = -1};
    vector_clear(&reader->clusters);
    for (int of = 0; of < AMOUNTS; of++) {
        for (int r = 0; r < MAX_RESOURCES; r++)
            reader->amount[of].amount[r] = -1;
        reader->has_amount[of] = false;
    }
    reader->has_type = reader->has_time = reader->has_reach = false;
    reader->has_work = reader->has_home = false;
}

/* Draws every part in any case, so that what one line says does not shift the draws of the next. */
static int end_reach(struct reader *reader, struct arrival *arrival)
{
    int32_t home = arrival->home;
    int32_t *id = reader->clusters.item;
    int32_t count = (int32_t)reader->clusters.count;

    arrival_draw_reach(&reader->draw, arrival);
    if (reader->has_reach) {
        qsort(id, (size_t)count, sizeof *id, order_int32);
        for (int32_t i = 1; i < count; i++)
            if (id[i] == id[i - 1])
                return fail(reader, "clusters: \"%s\" is there twice",
                            reader->scenario->catalog.cluster[id[i]].name);
        arrival->reach = arrival_reach(&reader->arrivals->arena, id, count);
        if (!reach_has(&arrival->reach, arrival->home))
            arrival->home = id[0];
    }
    if (reader->has_home)
        arrival->home = home;
    return 0;
}

/* What the line says, over what holds without it. */
static struct allocation said(const struct reader *reader, int of,
                              const struct allocation *otherwise)
{
    struct allocation amount = *otherwise;

    for (int r = 0; r < MAX_RESOURCES; r++)
        if (reader->amount[of].amount[r] >= 0)
            amount.amount[r] = reader->amount[of].amount[r];
    return amount;
}

/* A line may narrow its type's limits, not widen them: outside them the speed model says nothing.
 */
static int check_limits(struct reader *reader, const struct type_info *info,
                        const struct allocation *min, const struct allocation *max)
{
    const struct catalog *catalog = &reader->scenario->catalog;

    for (int r = 0; r < catalog->resources; r++) {
        const char *resource = catalog->resource[r].name;

        if (min->amount[r] < info->min.amount[r])
            return fail(reader, "min.%s: expected at least %d, the minimum of type \"%s\", not %d",
                        resource, info->min.amount[r], info->name, min->amount[r]);
        if (max->amount[r] > info->max.amount[r])
            return fail(reader, "max.%s: expected at most %d, the maximum of type \"%s\", not %d",
                        resource, info->max.amount[r], info->name, max->amount[r]);
        if (max->amount[r] < min->amount[r])
            return fail(reader, "max.%s: expected at least the minimum of %d, not %d", resource,
                        min->amount[r], max->amount[r]);
    }
    return 0;
}

static int check_request(struct reader *reader, const struct allocation *min,
                         const struct allocation *max, const struct allocation *request)
{
    const struct catalog *catalog = &reader->scenario->catalog;

    for (int r = 0; r < catalog->resources; r++)
        if (request->amount[r] < min->amount[r] || request->amount[r] > max->amount[r])
            return fail(reader,
                        "request.%s: expected from %d to %d, between minimum and maximum, "
                        "not %d",
                        catalog->resource[r].name, min->amount[r], max->amount[r],
                        request->amount[r]);
    return 0;
}

static int end_amounts(struct reader *reader, struct arrival *arrival)
{
    const struct type_info *info = &reader->scenario->catalog.type[arrival->type];
    struct allocation min = said(reader, AMOUNT_MIN, &info->min);
    struct allocation max = said(reader, AMOUNT_MAX, &info->max);
    struct allocation request = said(reader, AMOUNT_REQUEST, &min), *kept;

    if (check_limits(reader, info, &min, &max) || check_request(reader, &min, &max, &request))
        return ERR_INVALID;
    if (reader->has_amount[AMOUNT_MIN] || reader->has_amount[AMOUNT_MAX]) {
        arrival->limits = kept = arena_alloc(&reader->arrivals->arena, 2 * sizeof *kept);
        kept[0] = min;
        kept[1] = max;
    }
    if (reader->has_amount[AMOUNT_REQUEST]) {
        arrival->request = kept = arena_alloc(&reader->arrivals->arena, sizeof *kept);
        *kept = request;
    }
    return 0;
}

static int end_line(struct reader *reader, struct arrival *arrival)
{
    double work = arrival->work;
    int rc;

    if (!reader->has_type)
        return fail(reader, "missing type");
    if (!reader->has_time)
        return fail(reader, "missing at (seconds) or step (slots)");
    rc = end_reach(reader, arrival);
    if (rc == 0)
        rc = end_amounts(reader, arrival);
    if (rc)
        return rc;
    arrival_draw_work(&reader->draw, arrival);
    if (reader->has_work)
        arrival->work = work;
    if (reader->items.count >= INT32_MAX / 4)
        return fail(reader, "too many arrivals");
    vector_push(&reader->items, *arrival);
    return 0;
}

/* JSON lines */

static int json_clusters_of(struct reader *reader, const json_t *list)
{
    const json_t *item;
    size_t i;
    int rc = 0;

    if (!json_is_array(list) || json_array_size(list) == 0)
        return fail(reader, "clusters: expected a list of at least one");
    json_array_foreach (list, i, item) {
        if (json_is_integer(item))
            rc = add_cluster(reader, json_integer_value(item));
        else if (json_is_string(item))
            rc = add_cluster_name(reader, json_string_value(item));
        else
            rc = fail(reader, "clusters: expected names or indices");
        if (rc)
            break;
    }
    return rc;
}

static int json_amounts_of(struct reader *reader, int of, json_t *map)
{
    const char *key;
    json_t *value;
    int rc = 0;

    if (!json_is_object(map))
        return fail(reader, "%s: expected {resource: amount}", amount_word[of]);
    json_object_foreach (map, key, value) {
        rc = json_is_number(value) ? set_amount(reader, of, key, json_number_value(value))
                                   : fail(reader, "%s: expected numbers", amount_word[of]);
        if (rc)
            break;
    }
    return rc;
}

static int json_field(struct reader *reader, struct arrival *arrival, const char *key,
                      json_t *value)
{
    bool number = json_is_number(value), string = json_is_string(value);

    if (strcmp(key, "id") == 0)
        return 0;
    if (strcmp(key, "type") == 0 && string)
        return set_type(reader, arrival, json_string_value(value));
    if (strcmp(key, "at") == 0 && number)
        return set_time(reader, arrival, json_number_value(value), false);
    if (strcmp(key, "step") == 0 && number)
        return set_time(reader, arrival, json_number_value(value), true);
    if (strcmp(key, "work") == 0 && number)
        return set_work(reader, arrival, json_number_value(value));
    if (strcmp(key, "home") == 0 && string)
        return set_home(reader, arrival, json_string_value(value));
    if (strcmp(key, "agents") == 0 || strcmp(key, "clusters") == 0)
        return json_clusters_of(reader, value);
    for (int of = 0; of < AMOUNTS; of++)
        if (strcmp(key, amount_word[of]) == 0)
            return json_amounts_of(reader, of, value);
    return fail(reader,
                "key \"%.60s\": unknown, or a value of the wrong kind; known are at, step, "
                "type, clusters, agents, work, home, min, max, request, id",
                key);
}

static int json_line(struct reader *reader, const char *line)
{
    struct arrival arrival;
    json_error_t error;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &error), *value;
    const char *key;
    int rc = 0;

    if (!json_is_object(object)) {
        json_decref(object);
        return fail(reader, "expected a JSON object: %s", error.text);
    }
    begin_line(reader, &arrival);
    json_object_foreach (object, key, value) {
        rc = json_field(reader, &arrival, key, value);
        if (rc)
            break;
    }
    if (rc == 0)
        rc = end_line(reader, &arrival);
    json_decref(object);
    return rc;
}

/* CSV */

static int split(char *line, char separator, char **field, int max)
{
    int count = 0;

    for (char *at = line; at && count < max;) {
        field[count++] = at;
        at = strchr(at, separator);
        if (at)
            *at++ = '\0';
    }
    return count;
}

static int csv_number(struct reader *reader, const char *column, const char *text, double *out)
{
    char *end;

    *out = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(*out))
        return fail(reader, "%s: expected a number, not \"%.60s\"", column, text);
    return 0;
}

static int csv_clusters(struct reader *reader, char *text)
{
    char *name[1024];
    int count = split(text, '|', name, (int)COUNT_OF(name)), rc = 0;

    for (int i = 0; rc == 0 && i < count; i++)
        rc = add_cluster_name(reader, name[i]);
    return rc;
}

/* Whose amount a column like "max.gpu" holds; -1: none's. */
static int amount_column(const char *column)
{
    for (int of = 0; of < AMOUNTS; of++) {
        size_t length = strlen(amount_word[of]);

        if (strncmp(column, amount_word[of], length) == 0 && column[length] == '.')
            return of;
    }
    return -1;
}

static int csv_field(struct reader *reader, struct arrival *arrival, const char *column, char *text)
{
    double value = 0;

    if (*text == '\0' || strcmp(column, "id") == 0)
        return 0;
    if (strcmp(column, "type") == 0)
        return set_type(reader, arrival, text);
    if (strcmp(column, "home") == 0)
        return set_home(reader, arrival, text);
    if (strcmp(column, "clusters") == 0)
        return csv_clusters(reader, text);
    if (csv_number(reader, column, text, &value))
        return ERR_INVALID;
    if (strcmp(column, "at") == 0 || strcmp(column, "step") == 0)
        return set_time(reader, arrival, value, column[0] == 's');
    if (strcmp(column, "work") == 0)
        return set_work(reader, arrival, value);
    return set_amount(reader, amount_column(column), strchr(column, '.') + 1, value);
}

static int csv_check_header(struct reader *reader, char **column, int columns)
{
    static const char *const known[] = {"at", "step", "type", "clusters", "work", "home", "id"};

    for (int i = 0; i < columns; i++) {
        bool ok = amount_column(column[i]) >= 0;

        for (size_t k = 0; k < COUNT_OF(known); k++)
            ok |= strcmp(column[i], known[k]) == 0;
        if (!ok)
            return fail(reader,
                        "unknown column \"%.60s\"; known are at, step, type, clusters, work, "
                        "home, min.RESOURCE, max.RESOURCE, request.RESOURCE",
                        column[i]);
    }
    return 0;
}

static int csv_line(struct reader *reader, char **column, int columns, char *line)
{
    struct arrival arrival;
    char *field[CSV_COLUMNS];
    int count = split(line, ',', field, CSV_COLUMNS), rc = 0;

    if (count != columns)
        return fail(reader, "expected %d fields, as in the header, not %d", columns, count);
    begin_line(reader, &arrival);
    for (int i = 0; rc == 0 && i < columns; i++)
        rc = csv_field(reader, &arrival, column[i], field[i]);
    return rc ? rc : end_line(reader, &arrival);
}

/* At most so many lines. begun: the present one is the first. */
static int read_lines(struct reader *reader, int64_t most, bool begun)
{
    char *header = NULL, *column[CSV_COLUMNS];
    int columns = 0, rc = 0;

    for (; rc == 0 && most > 0; most--, begun = false) {
        char *line;

        if (!begun && (rc = lines_next(reader->lines, reader->err)) <= 0)
            break;
        line = reader->lines->line;
        if (columns == 0 && line[0] == '{')
            rc = json_line(reader, line);
        else if (columns > 0)
            rc = csv_line(reader, column, columns, line);
        else if (reader->items.count > 0)
            rc = fail(reader, "expected a JSON object");
        else {
            header = xstrdup(line);
            columns = split(header, ',', column, CSV_COLUMNS);
            rc = csv_check_header(reader, column, columns);
        }
    }
    free(header);
    return rc;
}

struct place {
    double time_s;
    size_t index;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *left = a, *right = b;

    if (left->time_s != right->time_s)
        return left->time_s < right->time_s ? -1 : 1;
    return left->index < right->index ? -1 : left->index > right->index;
}

/* A copy by time, ties in the order of the file. */
static struct arrival *sorted_copy(const struct arrival *item, size_t count)
{
    struct place *place = xcalloc(count, sizeof *place);
    struct arrival *copy = xcalloc(count, sizeof *copy);

    for (size_t i = 0; i < count; i++)
        place[i] = (struct place){item[i].time_s, i};
    qsort(place, count, sizeof *place, compare_places);
    for (size_t i = 0; i < count; i++)
        copy[i] = item[place[i].index];
    free(place);
    return copy;
}

static int read_all(struct arrivals *arrivals, const struct scenario *scenario, struct lines *lines,
                    int64_t most, bool begun, uint64_t seed, struct err *err)
{
    struct reader reader = {.scenario = scenario, .arrivals = arrivals, .lines = lines, .err = err};
    int rc;

    arena_reset(&arrivals->arena);
    arrivals->count = 0;
    arrival_draw_init(&reader.draw, scenario, seed, &arrivals->arena);
    rc = read_lines(&reader, most, begun);
    if (rc == 0 && reader.items.count == 0)
        rc = err_set(err, ERR_INVALID, "%s: no arrivals", lines->path);
    if (rc == 0) {
        free(arrivals->item);
        arrivals->item = sorted_copy(reader.items.item, reader.items.count);
        arrivals->count = (int32_t)reader.items.count;
    }
    vector_release(&reader.items);
    vector_release(&reader.clusters);
    return rc;
}

int arrivals_read_lines(struct arrivals *arrivals, const struct scenario *scenario,
                        struct lines *lines, int64_t most, uint64_t seed, struct err *err)
{
    return read_all(arrivals, scenario, lines, most, false, seed, err);
}

/* Whether the present line is the header of an event log, and how many arrivals follow it. */
static bool is_log(const struct lines *lines, int64_t *out)
{
    json_t *header;
    bool found;

    if (!strstr(lines->line, "\"event\""))
        return false;
    header = json_loads(lines->line, 0, NULL);
    found = json_is_integer(json_object_get(header, "arrivals"));
    *out = json_integer_value(json_object_get(header, "arrivals"));
    json_decref(header);
    return found;
}

int arrivals_read(struct arrivals *arrivals, const struct scenario *scenario, const char *path,
                  uint64_t seed, struct err *err)
{
    int64_t logged = 0;
    struct lines lines;
    int rc = lines_open(&lines, path, LINE_BYTES, err);

    if (rc)
        return rc;
    rc = lines_next(&lines, err);
    if (rc == 0)
        rc = err_set(err, ERR_INVALID, "%s: no arrivals", lines.path);
    else if (rc > 0 && !is_log(&lines, &logged))
        rc = read_all(arrivals, scenario, &lines, INT64_MAX, true, seed, err);
    else if (rc > 0 && logged > 0)
        rc = read_all(arrivals, scenario, &lines, logged, false, seed, err);
    else if (rc > 0)
        rc = err_set(err, ERR_INVALID,
                     "%s: a log whose arrivals came from its seed; they are not in it", path);
    lines_close(&lines);
    return rc;
}
