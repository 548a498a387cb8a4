/* SPDX-License-Identifier: Apache-2.0 */
/* Model files of our network: arch "tapfinger" in the metadata, its sizes under "config". */
#ifndef AGENT_ACTOR_MODEL_H
#define AGENT_ACTOR_MODEL_H

#include "agent/actor.h"

struct checkpoint;
struct emit;
struct err;

/* Writes the members "arch" and "config" into the JSON object that is open. */
void actor_model_describe(struct emit *json, const struct actor_config *config);

/* A network as the checkpoint describes it, with its weights. uses: enum weights_use. */
int actor_model_load(struct actor *actor, const struct checkpoint *checkpoint, unsigned uses,
                     struct err *err);

/* A network of the usual size with weights drawn from the seed. */
void actor_model_draw(struct actor *actor, uint64_t seed, unsigned uses);

#endif
