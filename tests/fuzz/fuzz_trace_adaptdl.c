/* SPDX-License-Identifier: Apache-2.0 */
/* make fuzz FUZZ=trace_adaptdl SECONDS=600 */
#define FUZZ_FORMAT "adaptdl"
#include "fuzz_trace.h"
