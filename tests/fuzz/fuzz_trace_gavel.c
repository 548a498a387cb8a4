/* SPDX-License-Identifier: Apache-2.0 */
/* make fuzz FUZZ=trace_gavel SECONDS=600 */
#define FUZZ_FORMAT "gavel"
#include "fuzz_trace.h"
