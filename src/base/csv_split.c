/* SPDX-License-Identifier: Apache-2.0 */
#include "base/csv_split.h"

char *csv_split_quoted(struct csv_split *split)
{
    char *from = split->at + 1, *to = split->at, *end = split->end;

    for (; from < end; from++) {
        bool doubled = *from == '"' && from + 1 < end && from[1] == '"';

        if (*from == '"' && !doubled)
            break;
        from += doubled;
        *to++ = *from;
    }
    if (from == end)
        split->damage = "a quote that is not closed";
    else if (from + 1 < end && from[1] != split->separator)
        split->damage = "text behind a closing quote";
    while (from < end && *from != split->separator)
        from++;
    split->at = from;
    return to;
}
