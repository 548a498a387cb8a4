/* SPDX-License-Identifier: Apache-2.0 */
/* Matchings by kind against those of every node by itself: random kinds and numbers of nodes, many
 * of them with equal weights, missing edges, odd circles and kinds of one node. */
#include "harness.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "policy/kind_matching.h"
#include "policy/matching.h"

enum { MOST_KINDS = 12, CASES = 6000 };

struct kinds {
    int32_t kinds, nodes, count[MOST_KINDS], pairs[MOST_KINDS * MOST_KINDS];
    int64_t weight[MOST_KINDS * MOST_KINDS];
};

static int64_t random_weight(struct rng *rng, int mix, bool alike)
{
    switch (mix) {
    case 0:
        return rng_below(rng, 3);
    case 1:
        return alike ? 1000 : 990 + rng_below(rng, 15); /* pairs of a kind are left over */
    case 2:
        return rng_below(rng, 2) ? rng_below(rng, 1000000) : 0;
    case 3:
        return (int64_t)1 << 32 | rng_below(rng, 1u << 31);
    default:
        return 1 + rng_below(rng, 6);
    }
}

static void draw(struct rng *rng, struct kinds *k, uint32_t most_count)
{
    int mix = (int)rng_below(rng, 5);

    k->kinds = 1 + (int32_t)rng_below(rng, MOST_KINDS);
    k->nodes = 0;
    for (int32_t a = 0; a < k->kinds; a++) {
        k->count[a] = 1 + (int32_t)rng_below(rng, rng_below(rng, 2) ? most_count : 2);
        k->nodes += k->count[a];
        for (int32_t b = 0; b <= a; b++)
            k->weight[a * k->kinds + b] = k->weight[b * k->kinds + a] =
                random_weight(rng, mix, a == b);
    }
}

static int64_t weight_by_node(const struct kinds *k)
{
    size_t nodes = (size_t)k->nodes, at = 0;
    int64_t *weight = xcalloc(nodes * nodes, sizeof *weight), sum = 0;
    int32_t *kind = xcalloc(nodes, sizeof *kind), *mate = xcalloc(nodes, sizeof *mate);

    for (int32_t a = 0; a < k->kinds; a++)
        for (int32_t i = 0; i < k->count[a]; i++)
            kind[at++] = a;
    for (size_t x = 0; x < nodes; x++)
        for (size_t y = 0; y < nodes; y++)
            weight[x * nodes + y] = x == y ? 0 : k->weight[kind[x] * k->kinds + kind[y]];
    matching_find(k->nodes, weight, mate);
    for (size_t x = 0; x < nodes; x++)
        if (mate[x] > (int32_t)x)
            sum += weight[x * nodes + (size_t)mate[x]];
    free(weight);
    free(kind);
    free(mate);
    return sum;
}

static int64_t check_pairs(const struct kinds *k)
{
    int64_t sum = 0;

    for (int32_t a = 0; a < k->kinds; a++) {
        int32_t used = k->pairs[a * k->kinds + a];

        for (int32_t b = 0; b < k->kinds; b++) {
            int32_t pairs = k->pairs[a * k->kinds + b];

            assert_true(pairs >= 0 && pairs == k->pairs[b * k->kinds + a]);
            assert_true(pairs == 0 || k->weight[a * k->kinds + b] > 0);
            used += pairs;
            sum += b <= a ? pairs * k->weight[a * k->kinds + b] : 0;
        }
        assert_true(used <= k->count[a]);
    }
    return sum;
}

static void weights_are_those_of_every_node_by_itself(void **state)
{
    struct kinds k;
    struct rng rng;
    (void)state;

    rng_stream(&rng, 1, "kinds");
    for (int i = 0; i < CASES / HARNESS_SLOWDOWN; i++) {
        int64_t got, best;

        draw(&rng, &k, i % 8 ? 6 : 20);
        kind_matching_find(k.kinds, k.count, k.weight, k.pairs);
        got = check_pairs(&k);
        best = weight_by_node(&k);
        if (got != best)
            fail_msg("case %d of %d kinds, %d nodes: %lld instead of %lld", i, k.kinds, k.nodes,
                     (long long)got, (long long)best);
    }
}

/* Three kinds of three nodes each, pairs of two kinds 10, of one kind 1: of nine nodes four pairs
 * of two kinds can be made and no more. With one node of each kind it is an odd circle of halves.
 */
static void odd_circles(void **state)
{
    int64_t weight[9] = {1, 10, 10, 10, 1, 10, 10, 10, 1};
    int32_t three[3] = {3, 3, 3}, one[3] = {1, 1, 1}, pairs[9];
    (void)state;

    kind_matching_find(3, three, weight, pairs);
    assert_int_equal(pairs[0] + pairs[4] + pairs[8], 0);
    assert_int_equal(pairs[1] + pairs[2] + pairs[5], 4);
    kind_matching_find(3, one, weight, pairs);
    assert_int_equal(pairs[0] + pairs[4] + pairs[8], 0);
    assert_int_equal(pairs[1] + pairs[2] + pairs[5], 1);
}

/* The second kind goes to the first, whose others go together; of two of the second nothing comes.
 */
static void large_numbers(void **state)
{
    int64_t weight[4] = {5, 8, 8, 0};
    int32_t count[2] = {301, 101}, pairs[4];
    (void)state;

    kind_matching_find(2, count, weight, pairs);
    assert_int_equal(pairs[1], 101);
    assert_int_equal(pairs[0], 100);
    assert_int_equal(pairs[3], 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(odd_circles),
    cmocka_unit_test(large_numbers),
    cmocka_unit_test(weights_are_those_of_every_node_by_itself),
};

RUN_TESTS(tests)
