/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <math.h>
#include <stdlib.h>

#include "agent/conflict.h"
#include "base/rng.h"

static void room_is_the_scarcest_resource(void **state)
{
    (void)state;
    assert_true(claim_room((int32_t[]){8, 3}, (int[]){2, 1}, 2) == 3);
    assert_true(claim_room((int32_t[]){8, 3}, (int[]){2, 0}, 2) == 4);
    assert_true(isinf(claim_room((int32_t[]){8, 3}, (int[]){0, 0}, 2)));
}

static void only_agents_of_one_task_compete(void **state)
{
    static const struct claim claim[] = {{5, 0.1, 1}, {-1, 0.9, 9}, {6, 0.2, 1}, {-1, 0.9, 9}};
    bool lost[4];
    (void)state;

    conflict_resolve(lost, claim, 4, NULL);
    for (int i = 0; i < 4; i++)
        assert_false(lost[i]);
}

/* 0.5 e^1, 0.3 e^1.6, 0.1 e^2: the second is the largest. */
static void probability_times_room_decides(void **state)
{
    static const struct claim claim[] = {{5, 0.5, 1}, {5, 0.3, 1.6}, {6, 1, 9}, {5, 0.1, 2}};
    static const struct claim roomy[] = {{5, 0.9, 1}, {5, 0.01, 2000}};
    bool lost[4];
    (void)state;

    conflict_resolve(lost, claim, 4, NULL);
    assert_true(lost[0] && !lost[1] && !lost[2] && lost[3]);
    conflict_resolve(lost, roomy, 2, NULL);
    assert_true(lost[0] && !lost[1]);
}

static void ties_are_drawn(void **state)
{
    static const struct claim claim[] = {{5, 0.2, 1}, {5, 0.2, 1}, {5, 0.1, 1}, {5, 0.2, 1}};
    enum { DRAWS = 30000 };
    int won[4] = {0};
    struct rng rng;
    bool lost[4];
    (void)state;

    conflict_resolve(lost, claim, 4, NULL);
    assert_true(!lost[0] && lost[1] && lost[2] && lost[3]);
    rng_stream(&rng, 1, "ties");
    for (int i = 0; i < DRAWS; i++) {
        conflict_resolve(lost, claim, 4, &rng);
        for (int a = 0; a < 4; a++)
            won[a] += !lost[a];
    }
    assert_int_equal(won[0] + won[1] + won[3], DRAWS);
    for (int a = 0; a < 4; a++) /* five standard errors */
        assert_true(a == 2 ? won[a] == 0 : abs(won[a] - DRAWS / 3) < 5 * 82);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(room_is_the_scarcest_resource),
    cmocka_unit_test(only_agents_of_one_task_compete),
    cmocka_unit_test(probability_times_room_decides),
    cmocka_unit_test(ties_are_drawn),
};

RUN_TESTS(tests)
