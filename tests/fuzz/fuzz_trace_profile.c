/* SPDX-License-Identifier: Apache-2.0 */
/* make fuzz FUZZ=trace_profile SECONDS=600 */
#define FUZZ_FORMAT "profile"
#include "fuzz_trace.h"
