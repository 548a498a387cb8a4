/* SPDX-License-Identifier: Apache-2.0 */
/* make fuzz FUZZ=trace_elasticflow SECONDS=600 */
#define FUZZ_FORMAT "elasticflow"
#include "fuzz_trace.h"
