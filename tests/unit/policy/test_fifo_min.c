/* SPDX-License-Identifier: Apache-2.0 */
/* fifo-min by hand. Tasks of type t need 10 s on their minimum of 2 CPUs, of type u 10 s on 4. */
#include "policy_run.h"

#define SCENARIO                                                                                \
    "resources: [cpu]\n"                                                                        \
    "clusters: [{name: a, capacity: {cpu: 4}}, {name: b, capacity: {cpu: 4}}]\n"                \
    "arrivals: {process: at-once, tasks: 1}\n"                                                  \
    "types:\n"                                                                                  \
    "  t: {min: {cpu: 2}, max: {cpu: 2}, speed: {model: power, scale: 0.05, exponents: {cpu: "  \
    "1}}}\n"                                                                                    \
    "  u: {min: {cpu: 4}, max: {cpu: 4}, speed: {model: power, scale: 0.025, exponents: {cpu: " \
    "1}}}\n"

/* Task 2 does not fit in what 0 and 1 leave on a; 3 overtakes it. At 10 all of a is free again, and
 * 2 is the oldest. */
static void who_does_not_fit_is_overtaken(void **state)
{
    (void)state;
    check_policy_run("fifo-min", SCENARIO,
                     "{\"at\": 0, \"type\": \"t\", \"clusters\": [\"a\"]}\n"
                     "{\"at\": 1, \"type\": \"u\", \"clusters\": [\"a\"]}\n"
                     "{\"at\": 2, \"type\": \"t\", \"clusters\": [\"a\"]}\n",
                     "0 start 0 a 2\n"
                     "2 start 2 a 2\n"
                     "10 finish 0\n"
                     "12 finish 2\n"
                     "12 start 1 a 4\n"
                     "22 finish 1\n");
}

/* Both come at once and want the whole of a; the lower number goes first. A third goes where most
 * is left. */
static void ties_go_to_the_first(void **state)
{
    (void)state;
    check_policy_run("fifo-min", SCENARIO,
                     "{\"at\": 0, \"type\": \"u\", \"clusters\": [\"a\"]}\n"
                     "{\"at\": 0, \"type\": \"u\", \"clusters\": [\"a\"]}\n"
                     "{\"at\": 0, \"type\": \"t\", \"clusters\": [\"a\", \"b\"]}\n",
                     "0 start 0 a 4\n"
                     "0 start 2 b 2\n"
                     "10 finish 0\n"
                     "10 finish 2\n"
                     "10 start 1 a 4\n"
                     "20 finish 1\n");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(who_does_not_fit_is_overtaken),
    cmocka_unit_test(ties_go_to_the_first),
};

RUN_TESTS(tests)
