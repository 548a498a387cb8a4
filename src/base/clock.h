/* SPDX-License-Identifier: Apache-2.0 */
/* The clocks of clock_gettime(2), each as one number. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

double clock_s(clockid_t clock);
/* Whole microseconds; of CLOCK_REALTIME: since 1970. */
int64_t clock_us(clockid_t clock);

#endif
