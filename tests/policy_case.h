/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_run.h with arrivals in short: one task per line, "AT TYPE CLUSTERS [WORK]", where clusters
 * are named by one letter each ("0 t ab 0.5").
 */
#ifndef TESTS_POLICY_CASE_H
#define TESTS_POLICY_CASE_H

#include "policy_run.h"

static inline void add_arrival(struct text *json, const char *from, size_t length)
{
    double at_s, work = 1;
    char line[64], type[16], clusters[16];

    assert_true(length < sizeof line);
    memcpy(line, from, length);
    line[length] = 0;
    assert_true(sscanf(line, "%lf %15s %15s %lf", &at_s, type, clusters, &work) >= 3);
    text_printf(json, "{\"at\": %.17g, \"type\": \"%s\", \"work\": %.17g, \"clusters\": [", at_s,
                type, work);
    for (int i = 0; clusters[i]; i++)
        text_printf(json, "%s\"%c\"", i ? ", " : "", clusters[i]);
    text_add(json, "]}\n");
}

/* Plays the arrivals and compares the whole schedule: see check_policy_run(). */
static inline void check_case(const char *policy, const char *yaml, const char *arrivals,
                              const char *wanted)
{
    struct text json;
    const char *line = arrivals;

    text_init(&json, 0);
    while (*line) {
        size_t length = strcspn(line, "\n");

        add_arrival(&json, line, length);
        line += length + (line[length] == '\n');
    }
    check_policy_run(policy, yaml, json.bytes, wanted);
    text_release(&json);
}

#endif
