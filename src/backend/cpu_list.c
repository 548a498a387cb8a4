/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/cpu_list.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

static int refuse(const char *text, struct err *err)
{
    return err_set(err, ERR_INVALID, "\"%.60s\": expected a list of numbers and ranges like 0-3,8",
                   text);
}

static int add_range(struct cpu_list *list, long from, long to)
{
    if (from < 0 || to < from || to >= CPU_LIST_MAX || to - from + 1 > CPU_LIST_MAX - list->count)
        return -1;
    for (long id = from; id <= to; id++)
        list->id[list->count++] = (int16_t)id;
    return 0;
}

int cpu_list_parse(struct cpu_list *list, const char *text, struct err *err)
{
    const char *at = text;

    list->count = 0;
    while (*at) {
        char *end;
        long from, to;

        if (*at < '0' || *at > '9')
            return refuse(text, err);
        from = to = strtol(at, &end, 10);
        if (*end == '-') {
            at = end + 1;
            if (*at < '0' || *at > '9')
                return refuse(text, err);
            to = strtol(at, &end, 10);
        }
        if (add_range(list, from, to) || (*end && *end != ',' && *end != '\n') ||
            (*end == ',' && !end[1]))
            return refuse(text, err);
        at = *end ? end + 1 : end;
    }
    return 0;
}

void cpu_list_print(const struct cpu_list *list, struct text *out)
{
    for (int i = 0; i < list->count;) {
        int last = i;

        while (last + 1 < list->count && list->id[last + 1] == list->id[last] + 1)
            last++;
        text_printf(out, "%s%d", i ? "," : "", list->id[i]);
        if (last > i)
            text_printf(out, "-%d", list->id[last]);
        i = last + 1;
    }
}

char *cpu_list_text(const struct cpu_list *list)
{
    struct text text;

    text_init(&text, 0);
    cpu_list_print(list, &text);
    return text_take(&text);
}

void cpu_list_first(struct cpu_list *list, int count)
{
    for (list->count = 0; list->count < count && list->count < CPU_LIST_MAX; list->count++)
        list->id[list->count] = (int16_t)list->count;
}

int cpu_list_gpus(struct cpu_list *list, const char *text, int count, struct err *err)
{
    if (text)
        return cpu_list_parse(list, text, err);
    cpu_list_first(list, count);
    return 0;
}

void cpu_list_own(struct cpu_list *list)
{
    cpu_set_t set;

    list->count = 0;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);
    for (int id = 0; id < CPU_LIST_MAX && id < CPU_SETSIZE; id++)
        if (CPU_ISSET((size_t)id, &set))
            list->id[list->count++] = (int16_t)id;
}

static void *ask_for_all(void *list)
{
    cpu_set_t set;

    memset(&set, 0xFF, sizeof set);
    sched_setaffinity(0, sizeof set, &set);
    cpu_list_own(list);
    return NULL;
}

/* The kernel cuts what is asked for down to what is there and allowed; affinity belongs to a
 * thread, so that of the caller stays. */
void cpu_list_there(struct cpu_list *list)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, ask_for_all, list) == 0)
        pthread_join(thread, NULL);
    else
        cpu_list_own(list);
}

bool cpu_list_has(const struct cpu_list *list, int id)
{
    for (int i = 0; i < list->count; i++)
        if (list->id[i] == id)
            return true;
    return false;
}

void cpu_pool_assign(struct cpu_pool *pool, int64_t holder, int count, struct cpu_list *out)
{
    int held = 0;

    out->count = 0;
    for (int i = 0; i < pool->all.count; i++)
        if (pool->holder[i] == holder && ++held > count)
            pool->holder[i] = 0;
    for (int i = 0; i < pool->all.count && held < count; i++)
        if (!pool->holder[i]) {
            pool->holder[i] = holder;
            held++;
        }
    for (int i = 0; i < pool->all.count; i++)
        if (pool->holder[i] == holder)
            out->id[out->count++] = pool->all.id[i];
}

void cpu_pool_restore(struct cpu_pool *pool, int64_t holder, const struct cpu_list *list)
{
    for (int i = 0; i < pool->all.count; i++)
        for (int k = 0; k < list->count; k++)
            if (pool->all.id[i] == list->id[k])
                pool->holder[i] = holder;
}
