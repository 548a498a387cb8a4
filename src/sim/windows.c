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
    world->all_slots = ~(uint64_t)0 >> (64 - slots);
    for (size_t c = 0; c < clusters; c++) {
        world->window[c].slot = xcalloc(slots + 1, sizeof(int32_t)); /* and one to write into */
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

static bool has_free_slot(const struct world *world, int32_t cluster)
{
    return world->cluster[cluster].occupied != world->all_slots;
}

/* Into the lowest free slot, of which there is one. */
static void put_in_slot(struct world *world, int32_t cluster, int32_t id, int8_t *place)
{
    struct cluster_view *at = &world->cluster[cluster];
    int slot = __builtin_ctzll(~at->occupied);

    world->window[cluster].slot[slot] = id;
    *place = (int8_t)slot;
    at->occupied |= (uint64_t)1 << slot;
    at->shown++;
}

static void put_in_queue(struct world *world, int32_t cluster, int32_t id, int32_t place)
{
    struct queue_entry entry = {id, world->hidden[id].entry, place};

    vector_push(&world->window[cluster].queue, entry);
    world->cluster[cluster].queued++;
    world->place.item[place] = (int8_t)world->catalog->window;
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
        int32_t place = hidden->places + i;

        if (has_free_slot(world, reach->cluster[i]))
            put_in_slot(world, reach->cluster[i], id, &world->place.item[place]);
        else
            put_in_queue(world, reach->cluster[i], id, place);
    }
}

/* Whether a task stands in the window or in the queue is anybody's guess, so there is no branch: a
 * queued task empties the slot behind the last. */
void windows_leave(struct world *world, int32_t id)
{
    const struct reach *reach = &world->task[id].reach;
    const int8_t *place = world->place.item + world->hidden[id].places;
    int32_t slots = world->catalog->window;

    for (int32_t i = 0; i < reach->count; i++) {
        struct cluster_view *at = &world->cluster[reach->cluster[i]];
        int32_t in_window = place[i] < slots;

        world->window[reach->cluster[i]].slot[place[i]] = -1;
        at->occupied &= ~((uint64_t)in_window << (place[i] & 63));
        at->shown -= in_window;
        at->queued -= 1 - in_window;
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
            put_in_slot(world, c, entry.task, &world->place.item[entry.place]);
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
