/* SPDX-License-Identifier: Apache-2.0 */
/* Model files of the paper's network: arch "paper" in the metadata, its sizes under "config". */
#ifndef AGENT_PAPER_MODEL_H
#define AGENT_PAPER_MODEL_H

#include "agent/paper_net.h"

struct checkpoint;
struct emit;
struct err;

/* Writes the members "arch" and "config" into the JSON object that is open. */
void paper_model_describe(struct emit *json, const struct paper_config *config);

/* Reads "arch" and "config" of a checkpoint. */
int paper_model_config(struct paper_config *config, const struct checkpoint *checkpoint,
                       struct err *err);

/* A network as the checkpoint describes it, with its weights. uses: enum weights_use. */
int paper_model_load(struct paper_net *net, const struct checkpoint *checkpoint, unsigned uses,
                     struct err *err);

#endif
