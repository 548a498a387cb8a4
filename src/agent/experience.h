/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a model remembers of the types it was trained on: how long tasks of a type ran with an
 * allocation. It is kept in the model's file, by the names of types and resources, and goes before
 * an estimator that learns in the run, which then need not begin with nothing. Types of other names
 * gain nothing from it.
 */
#ifndef AGENT_EXPERIENCE_H
#define AGENT_EXPERIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"
#include "core/allocation.h"

struct catalog;
struct emit;
struct err;
struct estimator;
struct yaml_node;

enum { EXPERIENCE_CELLS = 512 }; /* allocations of a type that are remembered */

struct experience_cell {
    struct allocation amount; /* by the resources of the experience */
    double seconds, variance; /* mean, and of single runs */
    int32_t count;
};

struct experience_type {
    char *name;
    VECTOR(struct experience_cell) cells;
};

struct experience {
    char *resource[MAX_RESOURCES];
    int resources;
    VECTOR(struct experience_type) types;
};

void experience_release(struct experience *experience);

/* A task of a catalog's type ran from begin to end with one allocation. The resources of the
 * first catalog stay; tasks of a catalog with others are not taken in. */
void experience_note(struct experience *experience, const struct catalog *catalog, int32_t type,
                     const struct allocation *amount, double seconds);

/* Writes the value of a JSON member. */
void experience_emit(const struct experience *experience, struct emit *json);

/* Reads it; node may be NULL: nothing is remembered. */
int experience_read(struct experience *experience, const struct yaml_node *node, struct err *err);

/*
 * An estimator that believes the experience where it has some, and `inner`, which is told of it and
 * must be `online`, elsewhere. The experience is no longer needed; inner, borrowed, and the catalog
 * must outlive it. Close with estimator_close.
 */
void experience_estimator_open(struct estimator *out, const struct experience *experience,
                               const struct catalog *catalog, const struct estimator *inner);

/* Whether it may be told to an estimator of this kind. */
bool experience_suits(const struct estimator *inner);

#endif
