/* SPDX-License-Identifier: Apache-2.0 */
/* make fuzz FUZZ=trace_zeus SECONDS=600 */
#define FUZZ_FORMAT "zeus"
#include "fuzz_trace.h"
