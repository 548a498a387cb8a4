/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as an event log: read to its end or its first error; and, where a line "----" divides
 * it, its two halves compared.
 */
#include "fuzz.h"

#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "report/event_diff.h"
#include "report/event_reader.h"

static void read_all(const uint8_t *bytes, size_t count)
{
    struct event_reader reader;
    struct logged_event event = {.kind = EVENT_ARRIVAL};
    struct err err = {0};
    int rc;

    if (event_reader_open_memory(&reader, "input", bytes, count, &err))
        return;
    while ((rc = event_reader_next_run(&reader, &err)) > 0) {
        do
            rc = event_reader_next(&reader, &event, &err);
        while (rc == 0 && event.kind != EVENT_KINDS);
        if (rc)
            break;
    }
    BUG_ON(rc < 0 && !err.message[0]);
    event_reader_close(&reader);
}

static void compare(const uint8_t *bytes, size_t count, const uint8_t *middle)
{
    struct event_reader a = {.tasks = 0}, b = {.tasks = 0};
    size_t first = (size_t)(middle - bytes), rest = count - first - 5;
    struct event_diff diff = {.differs = false};
    struct err err = {0};

    if (event_reader_open_memory(&a, "a", bytes, first, &err) == 0 &&
        event_reader_open_memory(&b, "b", middle + 5, rest, &err) == 0)
        event_diff_readers(&diff, &a, &b, &err);
    event_diff_release(&diff);
    event_reader_close(&a);
    event_reader_close(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    const uint8_t *middle = memmem(bytes, count, "----\n", 5);

    read_all(bytes, count);
    if (middle && middle > bytes && middle + 5 < bytes + count)
        compare(bytes, count, middle);
    return 0;
}
