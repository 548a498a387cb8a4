/* SPDX-License-Identifier: Apache-2.0 */
/* make fuzz FUZZ=trace_muri SECONDS=600 */
#define FUZZ_FORMAT "muri"
#include "fuzz_trace.h"
