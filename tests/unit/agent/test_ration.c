/* SPDX-License-Identifier: Apache-2.0 */
/* Rationing a cluster: the figures of two tasks are worked out by hand. */
#include "harness.h"

#include <math.h>

#include "agent/ration.h"

/* Of one resource, at 100 seconds over the square root of the amount, times its length. */
static struct ration_hand *add_root_task(struct ration *ration, int32_t task, double length)
{
    struct ration_hand *hand = ration_add(ration, task, 1, &(struct allocation){{1}}, 100 * length);

    for (int32_t a = 2; a <= 4; a++)
        ration_offer(ration, hand, &(struct allocation){{a}}, 100 * length / sqrt(a));
    return hand;
}

static const struct ration_hand *hand_of(const struct ration *ration, int32_t task)
{
    for (size_t i = 0; i < ration->hands.count; i++)
        if (ration->hands.item[i].task == task)
            return &ration->hands.item[i];
    return NULL;
}

static int32_t amount_of(const struct ration *ration, int32_t task, int resource)
{
    const struct ration_hand *hand = hand_of(ration, task);

    return hand->choice[hand->at].amount.amount[resource];
}

/* Halves: the short one ends at 100 / sqrt(2) = 70.71 s. The long one, 200 / sqrt(2) = 141.42 s,
 * has done half by then and needs 50 s more with all four units: 120.71 s. */
static void values_are_completion_times_of_equal_division(void **state)
{
    struct ration ration = {.hands = {0}};
    (void)state;

    ration_begin(&ration, &(struct allocation){{4}});
    add_root_task(&ration, 0, 1);
    add_root_task(&ration, 1, 2);
    ration_weigh(&ration);
    assert_true(fabs(ration_value(&ration) - (100 / sqrt(2) + 100 / sqrt(2) + 50)) < 1e-9);
    assert_true(fabs(hand_of(&ration, 1)->weight - 100) < 1e-9);
    assert_true(fabs(hand_of(&ration, 0)->weight - 100 / sqrt(2) * (2 - 1 / sqrt(2))) < 1e-9);
    ration_release(&ration);
}

/* heSRPT gives the shorter of two tasks of speed sqrt(a) three quarters. */
static void the_shorter_gets_three_of_four(void **state)
{
    struct ration ration = {.hands = {0}};
    (void)state;

    ration_begin(&ration, &(struct allocation){{4}});
    add_root_task(&ration, 0, 2);
    add_root_task(&ration, 1, 1);
    ration_weigh(&ration);
    assert_true(ration_divide(&ration, NULL, NULL));
    assert_int_equal(amount_of(&ration, 0, 0), 1);
    assert_int_equal(amount_of(&ration, 1, 0), 3);
    assert_int_equal(ration.free.amount[0], 0);
    ration_release(&ration);
}

static void fixed_hands_keep_what_they_have(void **state)
{
    struct ration ration = {.hands = {0}};
    struct ration_hand *hand;
    (void)state;

    ration_begin(&ration, &(struct allocation){{4}});
    hand = add_root_task(&ration, 0, 2);
    hand->fixed = true;
    hand->at = ration_offer(&ration, hand, &(struct allocation){{2}}, 0);
    assert_int_equal(hand->at, 1);
    add_root_task(&ration, 1, 1);
    ration_weigh(&ration);
    assert_true(ration_divide(&ration, NULL, NULL));
    assert_int_equal(amount_of(&ration, 0, 0), 2);
    assert_int_equal(amount_of(&ration, 1, 0), 2);
    ration_release(&ration);
}

/* 60 seconds over the second resource's amount. */
static double by_second(const void *arg, const struct ration_hand *hand,
                        const struct allocation *amount)
{
    (void)arg;
    (void)hand;
    return 60.0 / amount->amount[1];
}

static void what_is_left_goes_to_whom_it_serves(void **state)
{
    struct ration ration = {.hands = {0}};
    struct ration_hand *hand;
    (void)state;

    ration_begin(&ration, &(struct allocation){{2, 9}});
    hand = ration_add(&ration, 0, 1, &(struct allocation){{1, 1}}, 60);
    hand->most = (struct allocation){{2, 6}};
    ration_weigh(&ration);
    assert_true(ration_divide(&ration, by_second, NULL));
    assert_int_equal(amount_of(&ration, 0, 0), 1);
    assert_int_equal(amount_of(&ration, 0, 1), 6);
    assert_int_equal(ration.free.amount[1], 3);
    ration_release(&ration);
}

static void least_amounts_must_fit(void **state)
{
    struct ration ration = {.hands = {0}};
    (void)state;

    ration_begin(&ration, &(struct allocation){{4}});
    for (int32_t i = 0; i < 5; i++)
        add_root_task(&ration, i, 1);
    ration_weigh(&ration);
    assert_false(ration_divide(&ration, NULL, NULL));
    assert_int_equal(ration_offer(&ration, ration.hands.item, &(struct allocation){{5}}, 1), -1);
    ration_release(&ration);
}

/* Whoever is taken away again leaves everything as it was, wherever the order had put him. */
static void who_leaves_leaves_no_trace(void **state)
{
    static const double length[] = {0.5, 1.5, 3};
    struct ration ration = {.hands = {0}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(length); i++) {
        double value, with;

        ration_begin(&ration, &(struct allocation){{4}});
        add_root_task(&ration, 0, 1);
        add_root_task(&ration, 1, 2);
        ration_weigh(&ration);
        value = ration_value(&ration);
        add_root_task(&ration, 2, length[i]);
        ration_weigh(&ration);
        with = ration_value(&ration);
        ration_remove(&ration, 2);
        assert_true(with > value);
        assert_null(hand_of(&ration, 2));
        ration_weigh(&ration);
        assert_true(ration_value(&ration) == value);
    }
    ration_release(&ration);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(values_are_completion_times_of_equal_division),
    cmocka_unit_test(the_shorter_gets_three_of_four),
    cmocka_unit_test(fixed_hands_keep_what_they_have),
    cmocka_unit_test(what_is_left_goes_to_whom_it_serves),
    cmocka_unit_test(least_amounts_must_fit),
    cmocka_unit_test(who_leaves_leaves_no_trace),
};

RUN_TESTS(tests)
