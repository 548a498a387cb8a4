/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as lines on a task's socket: the report stays within its limits. */
#include "fuzz.h"

#include <string.h>

#include "backend/keeper_report.h"
#include "base/memory.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    const char *at = (const char *)bytes, *end = at + count;
    struct keeper_report report;
    struct text text;
    json_t *doc;

    keeper_report_init(&report);
    while (at < end) {
        const char *line = memchr(at, '\n', (size_t)(end - at));

        keeper_report_line(&report, at, (size_t)((line ? line : end) - at));
        at = line ? line + 1 : end;
        BUG_ON(!(report.progress == -1 || (report.progress >= 0 && report.progress <= 1)));
        BUG_ON(json_object_size(report.metrics) > REPORT_METRICS);
    }
    text_init(&text, 0);
    keeper_report_print(&report, &text);
    doc = json_loads(text.bytes, 0, NULL);
    BUG_ON(!doc);
    json_decref(doc);
    text_release(&text);
    keeper_report_release(&report);
    return 0;
}
