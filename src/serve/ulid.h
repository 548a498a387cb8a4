/* SPDX-License-Identifier: Apache-2.0 */
/* ULIDs: 26 letters and digits that sort by time and that nobody else has. */
#ifndef SERVE_ULID_H
#define SERVE_ULID_H

#include <stdint.h>

enum { ULID_BYTES = 27 };

/* A new one, of a moment since 1970. */
void ulid_print(int64_t at_us, char out[ULID_BYTES]);

#endif
