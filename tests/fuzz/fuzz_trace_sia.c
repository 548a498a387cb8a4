/* SPDX-License-Identifier: Apache-2.0 */
/* make fuzz FUZZ=trace_sia SECONDS=600 */
#define FUZZ_FORMAT "sia"
#include "fuzz_trace.h"
