/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/curve_amounts.h"

#include <string.h>

void curve_amounts_add(struct curve_amounts *amounts, int32_t amount)
{
    int at = 0;

    while (at < amounts->count && amounts->amount[at] < amount)
        at++;
    if (amounts->count == amounts->most || (at < amounts->count && amounts->amount[at] == amount))
        return;
    memmove(amounts->amount + at + 1, amounts->amount + at,
            (size_t)(amounts->count - at) * sizeof *amounts->amount);
    amounts->amount[at] = amount;
    amounts->count++;
}
