/* SPDX-License-Identifier: Apache-2.0 */
/* make fuzz FUZZ=trace_csv SECONDS=600 */
#define FUZZ_FORMAT "csv"
#include "fuzz_trace.h"
