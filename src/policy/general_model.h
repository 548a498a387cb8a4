/* SPDX-License-Identifier: Apache-2.0 */
/* models/general.tap, as it was when the program was built. */
#ifndef POLICY_GENERAL_MODEL_H
#define POLICY_GENERAL_MODEL_H

#include <stddef.h>

const void *general_model_bytes(size_t *count);

#endif
