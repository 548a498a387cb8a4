/* SPDX-License-Identifier: Apache-2.0 */
/* make fuzz FUZZ=trace_infless SECONDS=600 */
#define FUZZ_FORMAT "infless"
#include "fuzz_trace.h"
