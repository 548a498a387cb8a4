/* SPDX-License-Identifier: Apache-2.0 */
/* make fuzz FUZZ=trace_eua SECONDS=600 */
#define FUZZ_FORMAT "eua"
#include "fuzz_trace.h"
