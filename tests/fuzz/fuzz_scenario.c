/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as a scenario: it is refused with a message, or it is read; then its effective form must
 * be read too and print as itself.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "core/scenario.h"

enum { MOST_BYTES = 1 << 16 };

static void check(const char *text)
{
    struct scenario *scenario, *again;
    struct err err = {0};

    if (scenario_parse(&scenario, "input", "/nowhere", text, NULL, 0, &err)) {
        BUG_ON(scenario || !err.message[0]);
        return;
    }
    if (scenario_parse(&again, "input", "/nowhere", scenario->effective, NULL, 0, &err)) {
        fprintf(stderr, "the effective form is refused: %s\n%s\n", err.message,
                scenario->effective);
        abort();
    }
    BUG_ON(strcmp(scenario->effective, again->effective) != 0);
    scenario_free(again);
    scenario_free(scenario);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    char *text;

    if (count > MOST_BYTES)
        return 0;
    text = xstrndup((const char *)bytes, count);
    if (!strstr(text, "extends")) /* would read files */
        check(text);
    free(text);
    return 0;
}
