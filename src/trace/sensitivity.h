/* SPDX-License-Identifier: Apache-2.0 */
/* A dimension that a source did not vary, taken from one that did. */
#ifndef TRACE_SENSITIVITY_H
#define TRACE_SENSITIVITY_H

struct err;
struct trace;

/*
 * Gives every measured type without a CPU axis one: its seconds under (c CPUs, g GPUs) are its
 * seconds under g GPUs over the factor of the model whose name is nearest, at c / g CPUs per GPU.
 * Types that no model resembles are left as they are.
 */
int sensitivity_apply(struct trace *trace, struct err *err);

#endif
