/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gavel by hand, in rounds of 10 s on 2 CPUs. A run of one takes 10 s on its CPU, of two 20 s on
 * its 2 CPUs.
 */
#include "policy_run.h"

#define SCENARIO                                                                    \
    "resources: [cpu]\n"                                                            \
    "clusters: [{name: a, capacity: {cpu: 2}}]\n"                                   \
    "arrivals: {process: at-once, tasks: 1}\n"                                      \
    "types:\n"                                                                      \
    "  one: {min: {cpu: 1}, max: {cpu: 1}, speed: {model: constant, value: 0.1}}\n" \
    "  two: {min: {cpu: 2}, max: {cpu: 2}, speed: {model: constant, value: 0.05}}\n"

#define TWINS            "{\"at\": 0, \"type\": \"two\"}\n{\"at\": 0, \"type\": \"two\"}\n"
#define WIDE_THEN_NARROW "{\"at\": 0, \"type\": \"two\"}\n{\"at\": 5, \"type\": \"one\"}\n"

/* What comes of the second with every objective that prefers the narrow one at 10. */
#define NARROW_TAKES_OVER \
    "0 start 0 a 2\n"     \
    "10 preempt 0\n"      \
    "10 start 1 a 1\n"    \
    "20 finish 1\n"       \
    "20 start 0 a 2\n"    \
    "30 finish 0\n"

/*
 * Half of the time is for each. Neither has run: the lower number goes first. At 10 the other has
 * had nothing yet. At 20 both have had their half, and who runs stays, to its end at 30.
 */
static void equals_take_turns(void **state)
{
    (void)state;
    check_policy_run("gavel:round=10,model=true", SCENARIO, TWINS,
                     "0 start 0 a 2\n"
                     "10 preempt 0\n"
                     "10 start 1 a 2\n"
                     "30 finish 1\n"
                     "30 start 0 a 2\n"
                     "40 finish 0\n");
}

/*
 * At 10 the wide one, at 0.05 per second and whole cluster, makes less of it than the narrow one at
 * 0.1 for a half: that gets all of its time, the wide one half of it. They do not fit beside each
 * other, so the wide one waits from 10 to 20.
 */
static void most_progress_comes_first(void **state)
{
    (void)state;
    check_policy_run("gavel:objective=sum,round=10,model=true", SCENARIO, WIDE_THEN_NARROW,
                     NARROW_TAKES_OVER);
}

/*
 * At 10 the wide one has 10 s left and a narrow one of half the work 5 s. Equal ends want parts of
 * 0.8 and 0.4, so the wide one, which has the larger one, runs on.
 */
static void makespan_wants_equal_ends(void **state)
{
    (void)state;
    check_policy_run("gavel:objective=makespan,round=10,model=true", SCENARIO,
                     "{\"at\": 0, \"type\": \"two\"}\n"
                     "{\"at\": 5, \"type\": \"one\", \"work\": 0.5}\n",
                     "0 start 0 a 2\n"
                     "20 finish 0\n"
                     "20 start 1 a 1\n"
                     "25 finish 1\n");
}

/*
 * Half of everything would give the wide one 10 + 10 / 0.5 = 30 s and the narrow one, which fits
 * into a half, 5 + 10 = 15 s. With part x they take 10 + 10 / x and 5 + 10 / x: the narrow one
 * needs all of its time for a ratio of 1, the wide one half of it.
 */
static void finish_time_wants_equal_ratios(void **state)
{
    (void)state;
    check_policy_run("gavel:objective=finish-time,round=10,model=true", SCENARIO, WIDE_THEN_NARROW,
                     NARROW_TAKES_OVER);
}

/* The same is left of both, but a part of the narrow one costs half as much: it gets more by the
 * square root of two. */
static void sum_of_ends_follows_the_root(void **state)
{
    (void)state;
    check_policy_run("gavel:objective=min-jct,round=10,model=true", SCENARIO, WIDE_THEN_NARROW,
                     NARROW_TAKES_OVER);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(equals_take_turns),
    cmocka_unit_test(most_progress_comes_first),
    cmocka_unit_test(makespan_wants_equal_ends),
    cmocka_unit_test(finish_time_wants_equal_ratios),
    cmocka_unit_test(sum_of_ends_follows_the_root),
};

RUN_TESTS(tests)
