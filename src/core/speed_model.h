/* SPDX-License-Identifier: Apache-2.0 */
/* The list of speed models, one line each: a new model is its table in speed_model.c and a line
 * here. */
#ifndef CORE_SPEED_MODEL_H
#define CORE_SPEED_MODEL_H

#define SPEED_MODEL_LIST(X) \
    X(constant)             \
    X(amdahl)               \
    X(power)                \
    X(saturating)           \
    X(optimus)              \
    X(table)

#define SPEED_MODEL_CHOICES "constant|amdahl|power|saturating|optimus|table"

#endif
