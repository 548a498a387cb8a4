/* SPDX-License-Identifier: Apache-2.0 */
/* Seeds as users write them: "30" (1 to 30), "101:130", "1,5,9", "1:10,21". */
#ifndef SIM_SEED_LIST_H
#define SIM_SEED_LIST_H

#include <stdint.h>

struct err;

enum { MAX_SEEDS = 100000 };

struct seed_list {
    uint64_t *seed; /* in the order in which they were written, none twice */
    int count;
};

int seed_list_parse(struct seed_list *list, const char *text, struct err *err);
void seed_list_release(struct seed_list *list);

#endif
