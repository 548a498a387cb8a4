/* SPDX-License-Identifier: Apache-2.0 */
/* Allocations, the choices between two of them, and the catalog that they live in. */
#include "harness.h"

#include <math.h>

#include "base/memory.h"
#include "base/rng.h"
#include "core/allocation.h"
#include "core/catalog.h"
#include "core/choices.h"

static struct allocation random_amounts(struct rng *rng, uint32_t bound)
{
    struct allocation a;

    for (int r = 0; r < MAX_RESOURCES; r++)
        a.amount[r] = (int32_t)rng_below(rng, bound);
    return a;
}

/* Every function against a plain loop that stops at the first answer. */
static void amounts_are_compared_one_by_one(void **state)
{
    struct rng rng;
    (void)state;

    rng_stream(&rng, 1, "test");
    for (int i = 0; i < 20000; i++) {
        struct allocation a = random_amounts(&rng, 3), b = random_amounts(&rng, 4), c = b;
        struct allocation least, most;
        bool fits = true, equal = true, zero = true, within = true;

        if (rng_below(&rng, 3) == 0)
            b = a;
        c.amount[rng_below(&rng, MAX_RESOURCES)] += 2;
        for (int r = 0; r < MAX_RESOURCES; r++) {
            fits &= a.amount[r] <= b.amount[r];
            equal &= a.amount[r] == b.amount[r];
            zero &= a.amount[r] == 0;
            within &= a.amount[r] <= b.amount[r] && b.amount[r] <= c.amount[r];
        }
        assert_int_equal(allocation_fits(&a, &b), fits);
        assert_int_equal(allocation_equal(&a, &b), equal);
        assert_int_equal(allocation_is_zero(&a), zero);
        assert_int_equal(allocation_within(&a, &b, &c), within);
        least = allocation_least(&a, &b);
        most = allocation_most(&a, &b);
        assert_true(allocation_fits(&least, &a) && allocation_fits(&b, &most));
        allocation_add(&least, &most); /* one is a, the other b */
        allocation_subtract(&least, &a);
        assert_true(allocation_equal(&least, &b));
    }
}

static void the_dominant_share_is_the_largest(void **state)
{
    struct allocation capacity = {{10, 4, 0}}, a = {{5, 1, 7}};
    (void)state;

    assert_true(allocation_dominant_share(&a, &capacity) == 0.5);
    a.amount[1] = 3;
    assert_true(allocation_dominant_share(&a, &capacity) == 0.75);
    assert_true(allocation_dominant_share(&capacity, &(struct allocation){{0}}) == 0);
}

static void few_choices_are_all_there(void **state)
{
    struct allocation min = {{2, 1}}, max = {{5, 3}};
    struct choices choices;
    int at = 0;
    (void)state;

    choices_make(&choices, &min, &max, 2, 12);
    assert_int_equal(choices.count, 12);
    for (int32_t cpu = 2; cpu <= 5; cpu++)
        for (int32_t gpu = 1; gpu <= 3; gpu++, at++) {
            assert_int_equal(choices.item[at].amount[0], cpu);
            assert_int_equal(choices.item[at].amount[1], gpu);
            assert_int_equal(choices.item[at].amount[2], 0);
        }
    choices_release(&choices);
}

static bool has(const struct choices *choices, const struct allocation *a)
{
    for (int32_t i = 0; i < choices->count; i++)
        if (allocation_equal(&choices->item[i], a))
            return true;
    return false;
}

static void many_choices_are_thinned_between_their_ends(void **state)
{
    struct rng rng;
    (void)state;

    rng_stream(&rng, 3, "test");
    for (int i = 0; i < 300; i++) {
        int resources = 1 + (int)rng_below(&rng, 4);
        int32_t most = 16 + (int32_t)rng_below(&rng, 5000);
        struct allocation min = {{0}}, max = {{0}};
        struct choices choices;

        for (int r = 0; r < resources; r++) {
            min.amount[r] = (int32_t)rng_below(&rng, 100);
            max.amount[r] = min.amount[r] + (int32_t)rng_below(&rng, 1u << rng_below(&rng, 30));
        }
        choices_make(&choices, &min, &max, resources, most);
        assert_in_range(choices.count, 1, most);
        assert_true(has(&choices, &min) && has(&choices, &max));
        for (int32_t k = 0; k < choices.count; k++)
            assert_true(allocation_within(&min, &choices.item[k], &max));
        for (int32_t k = 1; k < choices.count && k < 50; k++)
            assert_false(allocation_equal(&choices.item[k - 1], &choices.item[k]));
        choices_release(&choices);
    }
}

static void one_resource_is_spaced_by_ratio(void **state)
{
    struct allocation min = {{1}}, max = {{1000000}};
    struct choices choices;
    (void)state;

    choices_make(&choices, &min, &max, 1, 7);
    assert_in_range(choices.count, 4, 7);
    for (int32_t i = 2; i < choices.count; i++) {
        double below = choices.item[i - 1].amount[0], step = choices.item[i].amount[0] / below;
        double before = below / choices.item[i - 2].amount[0];

        assert_true(step > 0.8 * before && step < 1.25 * before);
    }
    choices_release(&choices);
}

static const struct resource_info resources[] = {{"cpu", "cores"}, {"gpu", ""}};
static const struct cluster_info clusters[] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
static const struct type_info types[] = {{.name = "train"}};

static struct catalog small_catalog(void)
{
    return (struct catalog){.resources = 2,
                            .clusters = 3,
                            .types = 1,
                            .resource = resources,
                            .cluster = clusters,
                            .type = types};
}

static void names_are_found(void **state)
{
    struct catalog catalog = small_catalog();
    (void)state;

    assert_int_equal(catalog_find_resource(&catalog, "gpu"), 1);
    assert_int_equal(catalog_find_resource(&catalog, "gp"), -1);
    assert_int_equal(catalog_find_cluster(&catalog, "c"), 2);
    assert_int_equal(catalog_find_cluster(&catalog, "d"), -1);
    assert_int_equal(catalog_find_type(&catalog, "train"), 0);
    assert_int_equal(catalog_find_type(&catalog, ""), -1);
}

static void transfers_take_bits_over_bandwidth(void **state)
{
    struct link_info links[9];
    struct catalog catalog = small_catalog();
    (void)state;

    assert_true(catalog_transfer_s(&catalog, 0, 1, 100) == 0); /* no limit, no latency */
    catalog.link = (struct link_info){.mbit_s = 80, .rtt_s = 0.5};
    assert_true(catalog_transfer_s(&catalog, 0, 1, 100) == 10.5); /* 800 Mbit at 80 a second */
    assert_true(catalog_transfer_s(&catalog, 1, 1, 100) == 0);
    assert_true(catalog_transfer_s(&catalog, 0, 1, 0) == 0);
    for (int i = 0; i < 9; i++)
        links[i] = catalog.link;
    links[2 * 3 + 1] = (struct link_info){.rtt_s = 2};
    catalog.links = links;
    assert_true(catalog_transfer_s(&catalog, 2, 1, 100) == 2);
    assert_true(catalog_transfer_s(&catalog, 1, 2, 100) == 10.5);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(amounts_are_compared_one_by_one),
    cmocka_unit_test(the_dominant_share_is_the_largest),
    cmocka_unit_test(few_choices_are_all_there),
    cmocka_unit_test(many_choices_are_thinned_between_their_ends),
    cmocka_unit_test(one_resource_is_spaced_by_ratio),
    cmocka_unit_test(names_are_found),
    cmocka_unit_test(transfers_take_bits_over_bandwidth),
};

RUN_TESTS(tests)
