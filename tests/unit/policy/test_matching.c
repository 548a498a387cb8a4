/* SPDX-License-Identifier: Apache-2.0 */
/* Matchings against all there are: random graphs of up to 12 nodes, many of them with equal weights
 * and missing edges, and large ones for the shape of the answer. */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "policy/matching.h"

enum { SMALL = 12, GRAPHS = 4000 };

static int64_t random_graph(struct rng *rng, int32_t nodes, int64_t *weight)
{
    int kind = (int)rng_below(rng, 4);
    int64_t most = 0;

    for (int32_t u = 0; u < nodes; u++)
        for (int32_t v = 0; v <= u; v++) {
            int64_t w = kind == 0   ? rng_below(rng, 3)
                        : kind == 1 ? 1 + rng_below(rng, 5)
                                    : rng_below(rng, 1000000);

            if (u == v || (kind == 3 && rng_below(rng, 2)))
                w = 0;
            weight[u * nodes + v] = weight[v * nodes + u] = w;
            most = w > most ? w : most;
        }
    return most;
}

/* By dynamic programming over the sets of nodes that are left. */
static int64_t best_of_all(int32_t nodes, const int64_t *weight)
{
    int64_t *best = xcalloc((size_t)1 << nodes, sizeof *best), found;

    for (uint32_t set = 1; set < (uint32_t)1 << nodes; set++) {
        int32_t u = __builtin_ctz(set);

        best[set] = best[set & (set - 1)];
        for (int32_t v = u + 1; v < nodes; v++)
            if (set >> v & 1) {
                int64_t with = weight[u * nodes + v] + best[set & (set - 1) & ~((uint32_t)1 << v)];

                best[set] = with > best[set] ? with : best[set];
            }
    }
    found = best[((uint32_t)1 << nodes) - 1];
    free(best);
    return found;
}

static int64_t check_pairs(int32_t nodes, const int64_t *weight, const int32_t *mate)
{
    int64_t sum = 0;

    for (int32_t u = 0; u < nodes; u++) {
        if (mate[u] < 0)
            continue;
        assert_true(mate[u] < nodes && mate[u] != u && mate[mate[u]] == u);
        assert_true(weight[u * nodes + mate[u]] > 0);
        sum += mate[u] > u ? weight[u * nodes + mate[u]] : 0;
    }
    return sum;
}

static void no_matching_is_better(void **state)
{
    int64_t weight[SMALL * SMALL];
    int32_t mate[SMALL];
    struct rng rng;
    (void)state;

    rng_stream(&rng, 1, "matching");
    for (int i = 0; i < GRAPHS / HARNESS_SLOWDOWN; i++) {
        int32_t nodes = 1 + (int32_t)rng_below(&rng, i % 10 ? 8 : SMALL);
        int64_t got;

        random_graph(&rng, nodes, weight);
        matching_find(nodes, weight, mate);
        got = check_pairs(nodes, weight, mate);
        if (got != best_of_all(nodes, weight))
            fail_msg("graph %d of %d nodes: %lld instead of %lld", i, nodes, (long long)got,
                     (long long)best_of_all(nodes, weight));
    }
}

/* A path of 3, 4, 3: greed takes the 4 alone, the best is 3 + 3. An odd ring of 5 with a tail needs
 * a blossom. */
static void known_graphs(void **state)
{
    int64_t path[16] = {0, 3, 0, 0, 3, 0, 4, 0, 0, 4, 0, 3, 0, 0, 3, 0};
    int64_t ring[36] = {0};
    int32_t mate[6];
    (void)state;

    matching_find(4, path, mate);
    assert_int_equal(mate[0], 1);
    assert_int_equal(mate[2], 3);
    for (int u = 0; u < 5; u++)
        ring[u * 6 + (u + 1) % 5] = ring[(u + 1) % 5 * 6 + u] = 10;
    ring[2 * 6 + 5] = ring[5 * 6 + 2] = 1;
    matching_find(6, ring, mate);
    assert_int_equal(check_pairs(6, ring, mate), 21);
    assert_int_equal(mate[5], 2);
}

static void large_graphs_are_matched(void **state)
{
    enum { NODES = 200 };
    int64_t *weight = xcalloc((size_t)NODES * NODES, sizeof *weight);
    int32_t mate[NODES];
    struct rng rng;
    (void)state;

    rng_stream(&rng, 2, "matching");
    for (int i = 0; i < 8 / HARNESS_SLOWDOWN + 1; i++) {
        int64_t most = random_graph(&rng, NODES, weight);

        matching_find(NODES, weight, mate);
        assert_true(check_pairs(NODES, weight, mate) > most * NODES / 3);
    }
    free(weight);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(known_graphs),
    cmocka_unit_test(no_matching_is_better),
    cmocka_unit_test(large_graphs_are_matched),
};

RUN_TESTS(tests)
