/* SPDX-License-Identifier: Apache-2.0 */
/* make fuzz FUZZ=trace_shockwave SECONDS=600 */
#define FUZZ_FORMAT "shockwave"
#include "fuzz_trace.h"
