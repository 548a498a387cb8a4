/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/keeper_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { STRING_BYTES = 256 };

void keeper_report_init(struct keeper_report *report)
{
    report->progress = -1;
    report->at_us = 0;
    report->metrics = json_object();
}

void keeper_report_release(struct keeper_report *report)
{
    json_decref(report->metrics);
    report->metrics = NULL;
}

static bool is_metric(const char *name, const json_t *value)
{
    if (strlen(name) > REPORT_NAME_BYTES)
        return false;
    return json_is_number(value) ||
           (json_is_string(value) && json_string_length(value) <= STRING_BYTES);
}

bool keeper_report_line(struct keeper_report *report, const char *line, size_t length)
{
    json_t *doc = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
    const json_t *progress = json_object_get(doc, "progress");
    const char *name;
    json_t *value;
    bool good = json_is_object(doc);

    if (progress && (!json_is_number(progress) || !(json_number_value(progress) >= 0) ||
                     json_number_value(progress) > 1))
        good = false;
    if (good && progress)
        report->progress = json_number_value(progress);
    if (good)
        json_object_foreach (doc, name, value) {
            bool known = json_object_get(report->metrics, name) != NULL;

            if (value != progress && is_metric(name, value) &&
                (known || json_object_size(report->metrics) < REPORT_METRICS))
                json_object_set(report->metrics, name, value);
        }
    json_decref(doc);
    return good;
}

void keeper_report_print(const struct keeper_report *report, struct text *out)
{
    char *metrics = json_dumps(report->metrics, JSON_COMPACT);

    text_add(out, "{\"progress\":");
    text_add_double(out, report->progress);
    text_printf(out, ",\"at_us\":%lld,\"metrics\":%s}", (long long)report->at_us,
                metrics ? metrics : "{}");
    free(metrics);
}
