/* SPDX-License-Identifier: Apache-2.0 */
/* make fuzz FUZZ=trace_dl2 SECONDS=600 */
#define FUZZ_FORMAT "dl2"
#include "fuzz_trace.h"
