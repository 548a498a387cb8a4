/* SPDX-License-Identifier: Apache-2.0 */
/* make fuzz FUZZ=trace_openb SECONDS=600 */
#define FUZZ_FORMAT "openb"
#include "fuzz_trace.h"
