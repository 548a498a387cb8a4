/* SPDX-License-Identifier: Apache-2.0 */
/* Processors (or GPUs) as a list, "0-3,8", and who has which. */
#ifndef BACKEND_CPU_LIST_H
#define BACKEND_CPU_LIST_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct text;

enum { CPU_LIST_MAX = 1024 };

struct cpu_list {
    int16_t id[CPU_LIST_MAX]; /* in the order given */
    int count;
};

int cpu_list_parse(struct cpu_list *list, const char *text, struct err *err);
/* Ascending runs as ranges. */
void cpu_list_print(const struct cpu_list *list, struct text *out);
/* The same as a string, which is the caller's. */
char *cpu_list_text(const struct cpu_list *list);

/* 0, 1, ... as far as a list reaches. */
void cpu_list_first(struct cpu_list *list, int count);
/* The GPUs of a cluster that offers so many: those that a text lists, without one the first. */
int cpu_list_gpus(struct cpu_list *list, const char *text, int count, struct err *err);

/* The processors that this process may use. */
void cpu_list_own(struct cpu_list *list);
/* Those that one could be given, which are more if this process was confined to some of them. */
void cpu_list_there(struct cpu_list *list);
bool cpu_list_has(const struct cpu_list *list, int id);

/*
 * A pool that hands out its members. Whoever holds some keeps as many of them as it can when its
 * number changes.
 */
struct cpu_pool {
    struct cpu_list all;
    int64_t holder[CPU_LIST_MAX]; /* by index into all; 0: free */
};

/* Makes the holder have `count` members, as far as they are free, and lists them. */
void cpu_pool_assign(struct cpu_pool *pool, int64_t holder, int count, struct cpu_list *out);
/* Gives the holder exactly these, as after a restart; what is not in the pool is left out. */
void cpu_pool_restore(struct cpu_pool *pool, int64_t holder, const struct cpu_list *list);

#endif
