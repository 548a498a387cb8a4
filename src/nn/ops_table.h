/* SPDX-License-Identifier: Apache-2.0 */
/* The templates, and the rows of a struct ops that they fill. See ops_rows.h. */
#include "nn/ops_rows.h"
#include "nn/ops_graph.h"
#include "nn/ops_sequence.h"

#define OPS_TABLE                                                                                 \
    .activate = activate, .activate_backward = activate_backward, .add = add, .softmax = softmax, \
    .softmax_backward = softmax_backward, .layer_norm = layer_norm,                               \
    .layer_norm_backward = layer_norm_backward, .gather = gather,                                 \
    .gather_backward = gather_backward, .segment_mean = segment_mean,                             \
    .segment_mean_backward = segment_mean_backward, .column_sums = column_sums, .adam = adam,     \
    .head_dot = head_dot, .head_dot_backward = head_dot_backward, .gat = gat,                     \
    .gat_backward = gat_backward, .semantic = semantic, .semantic_backward = semantic_backward,   \
    .pointer = pointer, .pointer_backward = pointer_backward, .attention = attention,             \
    .attention_backward = attention_backward, .gru = gru, .gru_backward = gru_backward,           \
    .lstm = lstm, .lstm_backward = lstm_backward
