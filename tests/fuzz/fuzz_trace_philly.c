/* SPDX-License-Identifier: Apache-2.0 */
/* make fuzz FUZZ=trace_philly SECONDS=600 */
#define FUZZ_FORMAT "philly"
#include "fuzz_trace.h"
