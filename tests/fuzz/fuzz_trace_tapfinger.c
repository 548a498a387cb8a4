/* SPDX-License-Identifier: Apache-2.0 */
/* make fuzz FUZZ=trace_tapfinger SECONDS=600 */
#define FUZZ_FORMAT "tapfinger"
#include "fuzz_trace.h"
