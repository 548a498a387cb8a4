/* SPDX-License-Identifier: Apache-2.0 */
/* How allocations are spread over nodes, by hand. */
#include "harness.h"

#include "core/catalog.h"

enum { NODES = 4, CPU = 0, GPU = 1 };

/* Four nodes of 8 CPUs and 4 GPUs. */
static struct cluster_info four_nodes(enum placement_rule rule)
{
    return (struct cluster_info){
        .capacity = {{32, 16}}, .nodes = NODES, .node = {{8, 4}}, .placement = rule};
}

static void all_free(struct allocation *free)
{
    for (int n = 0; n < NODES; n++)
        free[n] = (struct allocation){{8, 4}};
}

static void check_share(const struct node_share *share, int32_t node, int32_t cpus, int32_t gpus)
{
    assert_int_equal(share->node, node);
    assert_int_equal(share->amount.amount[CPU], cpus);
    assert_int_equal(share->amount.amount[GPU], gpus);
}

static void what_a_node_can_hold_goes_to_the_first_that_does(void **state)
{
    struct cluster_info cluster = four_nodes(PLACE_CONSOLIDATED);
    struct allocation free[NODES], amount = {{3, 3}};
    struct node_share share[NODES];
    (void)state;

    all_free(free);
    free[0].amount[GPU] = 2;
    free[1].amount[CPU] = 2;
    assert_int_equal(nodes_place(&cluster, free, &amount, NULL, share), 1);
    check_share(&share[0], 2, 3, 3);
}

static void more_than_a_node_takes_whole_nodes_and_the_rest(void **state)
{
    struct cluster_info cluster = four_nodes(PLACE_CONSOLIDATED);
    struct allocation free[NODES], amount = {{7, 10}};
    struct node_share share[NODES];
    (void)state;

    /* 10 GPUs are 4 + 4 + 2; 7 CPUs go along: 7*4/10 = 2, 7*8/10 = 5 less 2 is 3, 7 less 5 is 2.
     * Node 0 is not idle, so it can only take the rest. */
    all_free(free);
    free[0].amount[GPU] = 2;
    assert_int_equal(nodes_place(&cluster, free, &amount, NULL, share), 3);
    check_share(&share[0], 1, 2, 4);
    check_share(&share[1], 2, 3, 4);
    check_share(&share[2], 0, 2, 2);
    /* With one idle node less there are not two whole ones. */
    free[3].amount[GPU] = free[2].amount[GPU] = 3;
    assert_int_equal(nodes_place(&cluster, free, &amount, NULL, share), 0);
}

static void fragments_refuse_what_the_total_would_hold(void **state)
{
    struct cluster_info cluster = four_nodes(PLACE_CONSOLIDATED);
    struct allocation free[NODES], amount = {{1, 3}};
    (void)state;

    all_free(free);
    for (int n = 0; n < NODES; n++)
        free[n].amount[GPU] = 2;
    assert_int_equal(nodes_place(&cluster, free, &amount, NULL, NULL), 0);
    cluster.placement = PLACE_ANY;
    assert_true(nodes_place(&cluster, free, &amount, NULL, NULL) > 0);
}

static void pieces_go_to_the_emptiest_nodes(void **state)
{
    struct cluster_info cluster = four_nodes(PLACE_ANY);
    struct allocation free[NODES], amount = {{2, 6}};
    struct node_share share[NODES];
    (void)state;

    /* 6 of 4 GPUs a node weigh more than 2 of 8 CPUs. Most GPUs are free on node 2, then, at 3
     * each, on node 1. The CPUs come from the first that has some: 1 and 1. */
    all_free(free);
    free[0].amount[GPU] = 1;
    free[1].amount[GPU] = free[3].amount[GPU] = 3;
    free[2].amount[CPU] = 1;
    assert_int_equal(nodes_place(&cluster, free, &amount, NULL, share), 2);
    check_share(&share[0], 2, 1, 4);
    check_share(&share[1], 1, 1, 2);
}

static void a_resized_task_stays_where_it_is(void **state)
{
    struct cluster_info cluster = four_nodes(PLACE_CONSOLIDATED);
    const struct node_share held = {3, {{2, 2}}};
    const struct placement near = {&held, 1};
    struct allocation free[NODES], amount = {{3, 3}}, large = {{3, 6}};
    struct node_share share[NODES];
    (void)state;

    all_free(free);
    assert_int_equal(nodes_place(&cluster, free, &amount, &near, share), 1);
    check_share(&share[0], 3, 3, 3);
    assert_int_equal(nodes_place(&cluster, free, &large, &near, share), 2);
    assert_int_equal(share[0].node, 3);
    assert_int_equal(share[1].node, 0);
    /* Where any nodes do, it is placed anew: growing in place would scatter it. */
    cluster.placement = PLACE_ANY;
    assert_int_equal(nodes_place(&cluster, free, &amount, &near, share), 1);
    check_share(&share[0], 0, 3, 3);
}

static void the_fewest_nodes(void **state)
{
    struct cluster_info cluster = four_nodes(PLACE_CONSOLIDATED);
    struct allocation amount[] = {{{8, 4}}, {{9, 4}}, {{1, 9}}, {{33, 1}}, {{1, 1, 1}}};
    (void)state;

    assert_int_equal(nodes_least(&cluster, &amount[0]), 1);
    assert_int_equal(nodes_least(&cluster, &amount[1]), 2);
    assert_int_equal(nodes_least(&cluster, &amount[2]), 3);
    assert_int_equal(nodes_least(&cluster, &amount[3]), 0);
    assert_int_equal(nodes_least(&cluster, &amount[4]), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_a_node_can_hold_goes_to_the_first_that_does),
    cmocka_unit_test(more_than_a_node_takes_whole_nodes_and_the_rest),
    cmocka_unit_test(fragments_refuse_what_the_total_would_hold),
    cmocka_unit_test(pieces_go_to_the_emptiest_nodes),
    cmocka_unit_test(a_resized_task_stays_where_it_is),
    cmocka_unit_test(the_fewest_nodes),
};

RUN_TESTS(tests)
