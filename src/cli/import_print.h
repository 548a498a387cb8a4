/* SPDX-License-Identifier: Apache-2.0 */
/* What an import found, for people or as JSON. */
#ifndef CLI_IMPORT_PRINT_H
#define CLI_IMPORT_PRINT_H

struct arguments;
struct import_request;
struct import_result;

void import_print(const struct arguments *args, const struct import_request *request,
                  const struct import_result *result);

/* "arrivals, types" for a format's flags. */
const char *import_gives(unsigned gives);

#endif
