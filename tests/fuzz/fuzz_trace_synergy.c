/* SPDX-License-Identifier: Apache-2.0 */
/* make fuzz FUZZ=trace_synergy SECONDS=600 */
#define FUZZ_FORMAT "synergy"
#include "fuzz_trace.h"
