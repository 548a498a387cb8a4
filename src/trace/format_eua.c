/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edge sites of Melbourne (github.com/swinedge/eua-dataset; Lai et al., "Optimal Edge User
 * Allocation in Edge Computing with Variable Sized Vector Bin Packing", ICSOC'18): base stations as
 * a table with LATITUDE and LONGITUDE, users as one with Latitude and Longitude. The part is how
 * many sites to take: first the one nearest to the middle, then always the one farthest from those
 * that are taken
 * - so few sites still span the city. A site's weight as an origin is the number of users to whom
 * it is the nearest; places are kilometres east and north of the middle.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "trace/format.h"

enum { MOST_STATIONS = 100000, MOST_TAKEN = 2000 };

static const double KM_PER_DEGREE = 111.195, RADIANS = 0.017453292519943295;

struct place {
    double x, y; /* degrees, then km */
};

struct eua {
    struct trace_reader *reader;
    VECTOR(struct place) stations;
    VECTOR(struct place) users;
};

static int read_places(struct eua *e, const int *column, bool stations, struct err *err)
{
    struct trace_reader *reader = e->reader;
    struct place place;
    int rc;

    while ((rc = reader_next_row(reader, err)) > 0) {
        if (!csv_number(&reader->csv, column[0], &place.y) ||
            !csv_number(&reader->csv, column[1], &place.x) || fabs(place.y) > 90 ||
            fabs(place.x) > 180) {
            trace_drop(reader->trace, TRACE_DROP_DAMAGED);
            continue;
        }
        reader->trace->account.kept++;
        if (stations && e->stations.count < MOST_STATIONS)
            vector_push(&e->stations, place);
        else if (!stations && e->users.count < MOST_STATIONS)
            vector_push(&e->users, place);
    }
    return rc;
}

static int read_file(struct eua *e, struct err *err)
{
    static const char *const station[] = {"LATITUDE", "LONGITUDE", NULL};
    static const char *const user[] = {"Latitude", "Longitude", NULL};
    struct trace_reader *reader = e->reader;
    int rc, column[2];

    reader_open_rows(reader, ',', true);
    rc = csv_read_header(&reader->csv, err);
    if (rc < 0)
        return rc;
    if (rc > 0 && reader_columns(reader, station, 2, column))
        return read_places(e, column, true, err);
    if (rc > 0 && reader_columns(reader, user, 2, column))
        return read_places(e, column, false, err);
    reader_pass_over(reader);
    return 0;
}

static double distance(const struct place *a, const struct place *b)
{
    return hypot(a->x - b->x, a->y - b->y);
}

static void to_km(struct place *place, size_t count, const struct place *middle)
{
    for (size_t i = 0; i < count; i++) {
        place[i].x = (place[i].x - middle->x) * KM_PER_DEGREE * cos(middle->y * RADIANS);
        place[i].y = (place[i].y - middle->y) * KM_PER_DEGREE;
    }
}

/* Indices of the stations to take, into taken. */
static void spread_out(const struct eua *e, size_t count, size_t *taken)
{
    double *gap = xcalloc(e->stations.count, sizeof *gap);
    const struct place middle = {0, 0};

    for (size_t i = 0; i < e->stations.count; i++)
        gap[i] = -distance(&e->stations.item[i], &middle);
    for (size_t k = 0; k < count; k++) {
        size_t best = 0;

        for (size_t i = 1; i < e->stations.count; i++)
            if (gap[i] > gap[best])
                best = i;
        taken[k] = best;
        for (size_t i = 0; i < e->stations.count; i++) {
            double near = distance(&e->stations.item[i], &e->stations.item[best]);

            if (k == 0 || near < gap[i])
                gap[i] = near;
        }
    }
    free(gap);
}

static void add_sites(struct eua *e, const size_t *taken, size_t count)
{
    struct trace *trace = e->reader->trace;
    size_t first = trace->sites.count;

    for (size_t k = 0; k < count; k++) {
        const struct place *place = &e->stations.item[taken[k]];
        struct trace_site site = {.x_km = place->x, .y_km = place->y, .count = 1};

        site.name = arena_printf(&trace->arena, "mast%zu", k + 1);
        site.weight = e->users.count > 0 ? 0.01 : 1;
        vector_push(&trace->sites, site);
    }
    for (size_t u = 0; u < e->users.count; u++) {
        size_t best = 0;

        for (size_t k = 1; k < count; k++)
            if (distance(&e->users.item[u], &e->stations.item[taken[k]]) <
                distance(&e->users.item[u], &e->stations.item[taken[best]]))
                best = k;
        trace->sites.item[first + best].weight += 1;
    }
}

static int make_sites(struct eua *e, struct err *err)
{
    struct place middle = {0, 0};
    double wanted = (double)e->stations.count;
    size_t *taken;

    if (e->stations.count == 0)
        return 0;
    if (e->reader->part && (!text_number(e->reader->part, &wanted) || wanted < 1 ||
                            wanted != floor(wanted) || wanted > (double)e->stations.count))
        return reader_error(e->reader, err, "eua:%s: expected a number of sites, 1 to %zu",
                            e->reader->part, e->stations.count);
    wanted = fmin(wanted, MOST_TAKEN);
    for (size_t i = 0; i < e->stations.count; i++) {
        middle.x += e->stations.item[i].x / (double)e->stations.count;
        middle.y += e->stations.item[i].y / (double)e->stations.count;
    }
    to_km(e->stations.item, e->stations.count, &middle);
    to_km(e->users.item, e->users.count, &middle);
    taken = xcalloc((size_t)wanted, sizeof *taken);
    spread_out(e, (size_t)wanted, taken);
    add_sites(e, taken, (size_t)wanted);
    free(taken);
    return 0;
}

static int read_files(struct trace_reader *reader, struct err *err)
{
    struct eua e = {.reader = reader};
    int rc;

    while ((rc = reader_next_file(reader, err)) > 0) {
        rc = read_file(&e, err);
        if (rc)
            break;
    }
    if (rc == 0)
        rc = make_sites(&e, err);
    vector_release(&e.stations);
    vector_release(&e.users);
    return rc;
}

const struct trace_format format_eua = {
    .name = "eua",
    .summary = "125 base stations in the middle of Melbourne, with users",
    .files = "stations: `LATITUDE, LONGITUDE`; users: `Latitude, Longitude`. Part: how many sites, "
             "spread over the city, `12`",
    .home = "eua-dataset",
    .quality = "the stations are real, the users were generated uniformly",
    .gives = TRACE_SITES,
    .read = read_files,
};
