/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tiresias and tiresias-gittins by hand. A task of type t takes 2 CPUs, one of type u 4; at work 1
 * both need 10 s. Both clusters have 4 CPUs. There are no GPUs, so a task of type t attains 2 units
 * of service per second and one of type u 4.
 */
#include "policy_case.h"

#include "policy/services.h"

#define SCENARIO                                                                                \
    "resources: [cpu]\n"                                                                        \
    "clusters: [{name: a, capacity: {cpu: 4}}, {name: b, capacity: {cpu: 4}}]\n"                \
    "arrivals: {process: at-once, tasks: 1}\n"                                                  \
    "types:\n"                                                                                  \
    "  t: {min: {cpu: 2}, max: {cpu: 2}, speed: {model: power, scale: 0.05, exponents: {cpu: "  \
    "1}}}\n"                                                                                    \
    "  u: {min: {cpu: 4}, max: {cpu: 4}, speed: {model: power, scale: 0.025, exponents: {cpu: " \
    "1}}}\n"

/* At 10 task 0 has attained 40 and falls behind 1 and 2. At 15 it does not fit beside 1. */
static void who_has_had_enough_falls(void **state)
{
    (void)state;
    check_case("tiresias:req=min,limits=40", SCENARIO, "0 u a 3\n5 t a 1\n6 t a 0.5",
               "0 start 0 a 4\n"
               "10 preempt 0\n"
               "10 start 1 a 2\n"
               "10 start 2 a 2\n"
               "15 finish 2\n"
               "20 finish 1\n"
               "20 start 0 a 4\n"
               "40 finish 0\n");
}

/* Inside a queue nobody is preempted, and of two who came at once the lower number is first. */
static void a_queue_is_first_in_first_out(void **state)
{
    (void)state;
    check_case("tiresias:req=min,limits=1000", SCENARIO, "0 u a 1\n1 u a 0.1\n1 u a 0.1",
               "0 start 0 a 4\n"
               "10 finish 0\n"
               "10 start 1 a 4\n"
               "11 finish 1\n"
               "11 start 2 a 4\n"
               "12 finish 2\n");
}

/* One queue. Task 1 came before 2 but does not fit beside 0. At 10 whoever runs comes first, so it
 * waits for 2 to end; by entry it goes before, and 2, which has done 8 s of 20, comes back after.
 */
static void in_a_queue_by_running_or_by_entry(void **state)
{
    (void)state;
    check_case("tiresias:req=min,limits=1000", SCENARIO, "0 t a 1\n1 u a 1\n2 t a 2",
               "0 start 0 a 2\n"
               "2 start 2 a 2\n"
               "10 finish 0\n"
               "22 finish 2\n"
               "22 start 1 a 4\n"
               "32 finish 1\n");
    check_case("tiresias:req=min,limits=1000,order=entry", SCENARIO, "0 t a 1\n1 u a 1\n2 t a 2",
               "0 start 0 a 2\n"
               "2 start 2 a 2\n"
               "10 finish 0\n"
               "10 preempt 2\n"
               "10 start 1 a 4\n"
               "20 finish 1\n"
               "20 start 2 a 2\n"
               "32 finish 2\n");
}

/*
 * At 5 task 0 has attained 20 and makes room for 1. At 10 so has 1, which falls to the end of the
 * second queue, behind 0: that goes on for its 15 s, then 1 for its 5.
 */
static void who_falls_stands_behind_who_fell_before(void **state)
{
    (void)state;
    check_case("tiresias:req=min,limits=20", SCENARIO, "0 u a 2\n4 u a 1",
               "0 start 0 a 4\n"
               "5 preempt 0\n"
               "5 start 1 a 4\n"
               "10 preempt 1\n"
               "10 start 0 a 4\n"
               "25 finish 0\n"
               "25 start 1 a 4\n"
               "30 finish 1\n");
}

/*
 * The same with promotion after waiting as long as one ran. At 10 task 0 has run 5 s and waited 5:
 * it begins anew in the first queue, and falls again at 15. By then 1 has waited as long as it ran
 * (5 to 10) and takes the place for its last 5 s. At 20 task 0 has 10 s left.
 */
static void who_waits_long_enough_is_promoted(void **state)
{
    (void)state;
    check_case("tiresias:req=min,limits=20,promote=1", SCENARIO, "0 u a 2\n4 u a 1",
               "0 start 0 a 4\n"
               "5 preempt 0\n"
               "5 start 1 a 4\n"
               "10 preempt 1\n"
               "10 start 0 a 4\n"
               "15 preempt 0\n"
               "15 start 1 a 4\n"
               "20 finish 1\n"
               "20 start 0 a 4\n"
               "30 finish 0\n");
}

/* With rounds of 60 s, as in the ports, the fall of 10 s is seen at 60. */
static void rounds_delay_a_fall(void **state)
{
    (void)state;
    check_case("tiresias:req=min,limits=40,round=60", SCENARIO, "0 u a 7\n5 t a 1",
               "0 start 0 a 4\n"
               "60 preempt 0\n"
               "60 start 1 a 2\n"
               "70 finish 1\n"
               "120 start 0 a 4\n"
               "130 finish 0\n");
}

/*
 * Sample: eight services of 1 and eight of 10. At 0 with quantum 1: eight end within it, and all
 * sixteen are expected to take 1 of it: 8/16. At 1: nobody ends before 10. At 9.5: all eight end
 * within 0.5: 8 / (8 * 0.5) = 2.
 */
static void the_gittins_index_is_chance_over_service(void **state)
{
    struct services services;
    (void)state;

    services_init(&services);
    for (int i = 0; i < 15; i++)
        assert_false(services_add(&services, i % 2 ? 10 : 1));
    assert_false(services_known(&services));
    assert_true(services_add(&services, 10));
    assert_true(services_gittins(&services, 0, 1) == 0.5);
    assert_true(services_gittins(&services, 1, 1) == 0);
    assert_true(services_gittins(&services, 9.5, 1) == 2);
    assert_true(services_gittins(&services, 10, 1) == 0);
    assert_true(services_quantile(&services, 0.5) == 10);
    assert_true(services_quantile(&services, 0.4) == 1);
    services_release(&services);
}

/*
 * Sixteen tasks teach it that services are 2 or 20. Task 16 has attained 4 * 10 = 40 at 410, past
 * all that was seen: index 0. Task 17 is new (index 8 / (8 * 2 + 8 * 4) with quantum 4) and goes
 * first for its second, although both are in the first queue, where tiresias would let 16 go on.
 */
static void gittins_prefers_who_may_end_soon(void **state)
{
    struct text arrivals, schedule;
    (void)state;

    text_init(&arrivals, 0);
    text_init(&schedule, 0);
    for (int i = 0; i < 16; i++) {
        text_printf(&arrivals, "%d t b %g\n", 20 * i, i < 8 ? 0.1 : 1);
        text_printf(&schedule, "%d start %d b 2\n%d finish %d\n", 20 * i, i,
                    20 * i + (i < 8 ? 1 : 10), i);
    }
    text_add(&arrivals, "400 u a 10\n410 u a 0.1");
    text_add(&schedule, "400 start 16 a 4\n"
                        "410 preempt 16\n"
                        "410 start 17 a 4\n"
                        "411 finish 17\n"
                        "411 start 16 a 4\n"
                        "501 finish 16\n");
    check_case("tiresias-gittins:req=min,limits=1000,delta=4", SCENARIO, arrivals.bytes,
               schedule.bytes);
    text_release(&arrivals);
    text_release(&schedule);
}

/* As long as nothing is known it is tiresias. At 5 both have the same queue; 0 goes on. */
static void gittins_begins_as_tiresias(void **state)
{
    (void)state;
    check_case("tiresias-gittins:req=min,limits=40", SCENARIO, "0 u a 3\n5 t a 1\n6 t a 0.5",
               "0 start 0 a 4\n"
               "10 preempt 0\n"
               "10 start 1 a 2\n"
               "10 start 2 a 2\n"
               "15 finish 2\n"
               "20 finish 1\n"
               "20 start 0 a 4\n"
               "40 finish 0\n");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(in_a_queue_by_running_or_by_entry),
    cmocka_unit_test(who_has_had_enough_falls),
    cmocka_unit_test(a_queue_is_first_in_first_out),
    cmocka_unit_test(who_falls_stands_behind_who_fell_before),
    cmocka_unit_test(who_waits_long_enough_is_promoted),
    cmocka_unit_test(rounds_delay_a_fall),
    cmocka_unit_test(the_gittins_index_is_chance_over_service),
    cmocka_unit_test(gittins_prefers_who_may_end_soon),
    cmocka_unit_test(gittins_begins_as_tiresias),
};

RUN_TESTS(tests)
