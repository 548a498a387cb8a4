/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy would do now, as a table: an answer of POST /v1/policy/plan. */
#ifndef CLI_PLAN_TABLE_H
#define CLI_PLAN_TABLE_H

#include <jansson.h>
#include <stdbool.h>

struct table;

/* Makes the table, which is to be released in any case, and says on standard error what does not go
 * into it. False: there is nothing to show. */
bool plan_table_fill(struct table *table, const json_t *doc);

#endif
