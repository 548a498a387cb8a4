/* SPDX-License-Identifier: Apache-2.0 */
/* make fuzz FUZZ=trace_pai SECONDS=600 */
#define FUZZ_FORMAT "pai"
#include "fuzz_trace.h"
