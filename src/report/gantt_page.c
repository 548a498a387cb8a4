/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two kinds of data. A JSON object with id "schedules" says what all have in common, and for every
 * episode which arrays follow; each episode has a block "schedule-N" with these arrays one behind
 * the other, little-endian: of stretches (by cluster, then by begin) the begin, the end, the task
 * and why it ended; per resource in how many pieces each stretch holds it, and of the pieces the
 * lowest unit and how many; of tasks the arrival, finish, slowdown and type.
 */
#include "report/gantt_page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/emit.h"
#include "base/memory.h"
#include "base/text.h"
#include "report/gantt.h"
#include "report/page.h"
#include "report/run_digest.h"
#include "report/run_read.h"
#include "sim/comparison.h"

struct packer {
    struct text bytes;
    struct emit *e; /* the list of arrays */
};

static void put(struct packer *p, uint64_t value, int count)
{
    unsigned char byte[8];

    for (int i = 0; i < count; i++)
        byte[i] = (unsigned char)(value >> (8 * i));
    text_add_bytes(&p->bytes, byte, (size_t)count);
}

static void put_f64(struct packer *p, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    put(p, bits, 8);
}

static void put_f32(struct packer *p, double value)
{
    float narrow = (float)value;
    uint32_t bits;

    memcpy(&bits, &narrow, sizeof bits);
    put(p, bits, 4);
}

static void announce(struct packer *p, const char *name, const char *type, size_t count)
{
    emit_open(p->e, '[');
    emit_string(p->e, name);
    emit_string(p->e, type);
    emit_int(p->e, (int64_t)count);
    emit_close(p->e);
}

/* Whole numbers in as few bytes as the largest of them needs. */
static void pack_whole(struct packer *p, const char *name, const uint32_t *value, size_t count)
{
    uint32_t most = 0;
    int bytes;

    for (size_t i = 0; i < count; i++)
        most = value[i] > most ? value[i] : most;
    bytes = most <= UINT8_MAX ? 1 : most <= UINT16_MAX ? 2 : 4;
    announce(p, name, bytes == 1 ? "u8" : bytes == 2 ? "u16" : "u32", count);
    for (size_t i = 0; i < count; i++)
        put(p, value[i], bytes);
}

static void pack_stretches(struct packer *p, const struct gantt *gantt)
{
    size_t count = gantt->stretch.count;
    const struct gantt_stretch *s = gantt->stretch.item;
    uint32_t *value = xcalloc(count, sizeof *value);

    announce(p, "begin", "f64", count);
    for (size_t i = 0; i < count; i++)
        put_f64(p, s[i].begin);
    announce(p, "end", "f64", count);
    for (size_t i = 0; i < count; i++)
        put_f64(p, s[i].end);
    for (size_t i = 0; i < count; i++)
        value[i] = (uint32_t)s[i].task;
    pack_whole(p, "task", value, count);
    for (size_t i = 0; i < count; i++)
        value[i] = (uint32_t)s[i].ended_by;
    pack_whole(p, "cause", value, count);
    free(value);
}

static void pack_pieces(struct packer *p, const struct gantt *gantt, int resource, const char *name)
{
    size_t count = gantt->stretch.count, pieces = gantt->piece[resource].count, at = 0;
    const struct gantt_stretch *s = gantt->stretch.item;
    const struct interval *piece = gantt->piece[resource].item;
    uint32_t *of_stretch = xcalloc(count, sizeof *of_stretch);
    uint32_t *low = xcalloc(pieces, sizeof *low), *units = xcalloc(pieces, sizeof *units);
    char array[128];

    for (size_t i = 0; i < count; i++) {
        of_stretch[i] = (uint32_t)s[i].pieces[resource];
        for (uint32_t k = 0; k < of_stretch[i]; k++, at++) {
            const struct interval *one = &piece[s[i].piece[resource] + k];

            low[at] = (uint32_t)one->low;
            units[at] = (uint32_t)(one->high - one->low + 1);
        }
    }
    snprintf(array, sizeof array, "pieces %s", name);
    pack_whole(p, array, of_stretch, count);
    snprintf(array, sizeof array, "low %s", name);
    pack_whole(p, array, low, pieces);
    snprintf(array, sizeof array, "units %s", name);
    pack_whole(p, array, units, pieces);
    free(of_stretch);
    free(low);
    free(units);
}

static void pack_tasks(struct packer *p, const struct gantt *gantt)
{
    size_t count = gantt->task.count;
    const struct gantt_task *task = gantt->task.item;
    uint32_t *type = xcalloc(count, sizeof *type);

    announce(p, "arrival", "f64", count);
    for (size_t i = 0; i < count; i++)
        put_f64(p, task[i].arrival);
    announce(p, "finish", "f64", count);
    for (size_t i = 0; i < count; i++)
        put_f64(p, task[i].finish);
    announce(p, "slowdown", "f32", count);
    for (size_t i = 0; i < count; i++)
        put_f32(p, task[i].slowdown);
    for (size_t i = 0; i < count; i++)
        type[i] = (uint32_t)task[i].type;
    pack_whole(p, "type", type, count);
    free(type);
}

static void emit_lanes(struct emit *e, const struct gantt *gantt, int clusters)
{
    size_t at = 0;

    emit_key(e, "lanes");
    emit_open(e, '[');
    for (int c = 0; c < clusters; c++) {
        size_t first = at;

        while (at < gantt->stretch.count && gantt->stretch.item[at].cluster == c)
            at++;
        emit_int(e, (int64_t)(at - first));
    }
    emit_close(e);
    emit_key(e, "outages");
    emit_open(e, '[');
    for (size_t i = 0; i < gantt->outage.count; i++) {
        emit_open(e, '[');
        emit_int(e, gantt->outage.item[i].cluster);
        emit_real(e, gantt->outage.item[i].from);
        emit_real(e, gantt->outage.item[i].to);
        emit_close(e);
    }
    emit_close(e);
}

/* One episode: its entry in the JSON and its block of bytes. */
static void add_schedule(struct page *page, const struct gantt *gantt, struct emit *e)
{
    const struct run_record *run = gantt->digest->run;
    struct packer p = {.e = e};
    char id[32];

    text_init(&p.bytes, 0);
    snprintf(id, sizeof id, "schedule-%d", gantt->entrant);
    emit_open(e, '{');
    emit_key_string(e, "id", id);
    emit_key_string(e, "policy", run->entrant[gantt->entrant].name);
    emit_key_real(e, "end", gantt->end);
    emit_key_real(e, "cut", gantt->cut);
    emit_lanes(e, gantt, run->catalog.clusters);
    emit_key(e, "arrays");
    emit_open(e, '[');
    pack_stretches(&p, gantt);
    for (int r = 0; r < run->catalog.resources; r++)
        pack_pieces(&p, gantt, r, run->catalog.resource[r].name);
    pack_tasks(&p, gantt);
    emit_close(e);
    emit_close(e);
    page_bytes(page, id, &p.bytes);
    text_release(&p.bytes);
}

static void emit_catalog(struct emit *e, const struct run_digest *digest)
{
    const struct catalog *catalog = &digest->run->catalog;

    emit_key(e, "resources");
    emit_open(e, '[');
    for (int r = 0; r < catalog->resources; r++)
        emit_string(e, catalog->resource[r].name);
    emit_close(e);
    emit_key(e, "types");
    emit_open(e, '[');
    for (int i = 0; i < digest->types; i++)
        emit_string(e, digest->type[i]);
    emit_close(e);
    emit_key(e, "clusters");
    emit_open(e, '[');
    for (int c = 0; c < catalog->clusters; c++) {
        emit_open(e, '{');
        emit_key_string(e, "name", catalog->cluster[c].name);
        emit_key(e, "capacity");
        emit_open(e, '[');
        for (int r = 0; r < catalog->resources; r++)
            emit_int(e, catalog->cluster[c].capacity.amount[r]);
        emit_close(e);
        emit_close(e);
    }
    emit_close(e);
    emit_key(e, "causes");
    emit_open(e, '[');
    for (int i = 0; i <= EVENT_KINDS; i++)
        emit_string(e, gantt_end_word((enum event_kind)i));
    emit_close(e);
}

int gantt_page_add(struct page *page, const struct run_digest *digest, int seed_index, size_t most,
                   struct err *err)
{
    const struct result *result = &digest->run->result;
    struct text json;
    struct emit e;
    int rc = 0;

    text_init(&json, 0);
    emit_init(&e, &json);
    emit_open(&e, '{');
    emit_key_string(&e, "unit", measure_unit_word(MEASURE_COMPLETION, &digest->run->catalog));
    emit_key_int(&e, "seed", (int64_t)digest->run->seed[seed_index]);
    emit_catalog(&e, digest);
    emit_key(&e, "schedules");
    emit_open(&e, '[');
    for (int i = 0; rc == 0 && i < result->entrants; i++) {
        struct gantt gantt;

        if (!result_outcome(result, i, seed_index)->done)
            continue;
        rc = gantt_read(&gantt, digest, i, seed_index, most / (size_t)result->entrants, err);
        if (rc)
            break;
        add_schedule(page, &gantt, &e);
        gantt_release(&gantt);
    }
    if (rc == 0) {
        emit_close(&e);
        emit_close(&e);
        page_json(page, "schedules", &json);
        page_markup(page, "<div id=\"gantt\" class=\"gantt\"></div>\n");
    }
    text_release(&json);
    return rc;
}
