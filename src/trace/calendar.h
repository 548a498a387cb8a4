/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRACE_CALENDAR_H
#define TRACE_CALENDAR_H

#include <stdbool.h>

/* "2017-10-09 07:01:55[.25]", with 'T' between, with or without 'Z' or "+00:00" behind: seconds
 * since 1970 in UTC; other offsets are taken into account. False if it is no such date. */
bool calendar_seconds(const char *text, double *out);

#endif
