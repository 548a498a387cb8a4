/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows: every cluster sees a fixed number of waiting tasks, the others queue behind, and the
 * same task stands in the window or queue of each cluster that it reaches. A newcomer takes the
 * lowest free slot, else the end of the queue; free slots are refilled from the queue only after a
 * slot's arrivals (golden/environment/README.md, rules 3e and 3f), so newcomers overtake queued
 * tasks.
 *
 * A task that leaves a queue from the middle leaves its entry behind; the entry is skipped when its
 * turn comes, because the task no longer waits or waits anew under another entry number.
 */
#include "sim/world_state.h"

void windows_new(struct world *world)
{
    size_t clusters = (size_t)world->catalog->clusters, slots = (size_t)world->catalog->window;

    if (slots == 0)
        return;
    world->window = xcalloc(clusters, sizeof *world->window);
    for (size_t c = 0; c < clusters; c++) {
        world->window[c].slot = xcalloc(slots, sizeof(int32_t));
        world->window[c].all = slots == 64 ? ~(uint64_t)0 : ((uint64_t)1 << slots) - 1;
        world->cluster[c].slot = world->window[c].slot;
    }
}

void windows_free(struct world *world)
{
    for (int c = 0; world->window && c < world->catalog->clusters; c++) {
        free(world->window[c].slot);
        vector_release(&world->window[c].queue);
    }
    free(world->window);
    vector_release(&world->place);
}

void windows_reset(struct world *world)
{
    vector_clear(&world->place);
    for (int c = 0; world->window && c < world->catalog->clusters; c++) {
        struct window *window = &world->window[c];

        for (int i = 0; i < world->catalog->window; i++)
            window->slot[i] = -1;
        vector_clear(&window->queue);
        window->head = 0;
        world->cluster[c].occupied = 0;
        world->cluster[c].shown = 0;
        world->cluster[c].queued = 0;
    }
}

static void put_in_slot(struct world *world, int32_t cluster, int32_t id, int32_t place)
{
    struct window *window = &world->window[cluster];
    struct cluster_view *at = &world->cluster[cluster];
    uint64_t free_slots = window->all & ~at->occupied;
    int slot = __builtin_ctzll(free_slots);

    window->slot[slot] = id;
    world->place.item[place] = (int8_t)slot;
    at->occupied |= free_slots & -free_slots;
    at->shown++;
}

static bool has_free_slot(const struct world *world, int32_t cluster)
{
    return world->cluster[cluster].occupied != world->window[cluster].all;
}

void windows_enter(struct world *world, int32_t id)
{
    const struct reach *reach = &world->task[id].reach;
    struct hidden *hidden = &world->hidden[id];

    if (hidden->entry++ == 0) {
        hidden->places = (int32_t)world->place.count;
        vector_reserve(&world->place, world->place.count + (size_t)reach->count);
        world->place.count += (size_t)reach->count;
    }
    for (int32_t i = 0; i < reach->count; i++) {
        int32_t cluster = reach->cluster[i], place = hidden->places + i;
        struct queue_entry entry = {id, hidden->entry, place};

        if (has_free_slot(world, cluster)) {
            put_in_slot(world, cluster, id, place);
        } else {
            world->place.item[place] = -1;
            vector_push(&world->window[cluster].queue, entry);
            world->cluster[cluster].queued++;
        }
    }
}

void windows_leave(struct world *world, int32_t id)
{
    const struct reach *reach = &world->task[id].reach;
    const int8_t *place = world->place.item + world->hidden[id].places;

    for (int32_t i = 0; i < reach->count; i++) {
        struct cluster_view *at = &world->cluster[reach->cluster[i]];

        if (place[i] >= 0) {
            world->window[reach->cluster[i]].slot[place[i]] = -1;
            at->occupied &= ~((uint64_t)1 << place[i]);
            at->shown--;
        } else {
            at->queued--;
        }
    }
}

static bool is_live(const struct world *world, struct queue_entry entry)
{
    return world->task[entry.task].state == TASK_WAITING &&
           world->hidden[entry.task].entry == entry.entry;
}

/* Forgets the part of a queue that has been taken, when it is the larger part. */
static void trim_queue(struct window *window)
{
    size_t left = window->queue.count - window->head;

    if (window->head < 64 || window->head < left)
        return;
    for (size_t i = 0; i < left; i++)
        window->queue.item[i] = window->queue.item[window->head + i];
    window->queue.count = left;
    window->head = 0;
}

void windows_refill(struct world *world)
{
    for (int32_t c = 0; c < world->catalog->clusters; c++) {
        struct window *window = &world->window[c];

        if (world->cluster[c].queued == 0)
            continue;
        while (world->cluster[c].queued > 0 && has_free_slot(world, c)) {
            struct queue_entry entry = window->queue.item[window->head++];

            if (!is_live(world, entry))
                continue;
            put_in_slot(world, c, entry.task, entry.place);
            world->cluster[c].queued--;
        }
        trim_queue(window);
    }
}

int world_queue(const struct world *world, int32_t cluster, int32_t *out, int max)
{
    const struct window *window;
    int written = 0;

    if (!world->window)
        return 0;
    window = &world->window[cluster];
    for (size_t i = window->head; i < window->queue.count && written < max; i++)
        if (is_live(world, window->queue.item[i]))
            out[written++] = window->queue.item[i].task;
    return written;
}
