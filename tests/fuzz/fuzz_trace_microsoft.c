/* SPDX-License-Identifier: Apache-2.0 */
/* make fuzz FUZZ=trace_microsoft SECONDS=600 */
#define FUZZ_FORMAT "microsoft"
#include "fuzz_trace.h"
