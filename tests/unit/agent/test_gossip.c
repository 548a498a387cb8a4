/* SPDX-License-Identifier: Apache-2.0 */
/* What agents hear of each other: as late as stated, less often where messages are lost, and of
 * themselves everything at once. */
#include "harness.h"

#include <math.h>

#include "agent/gossip.h"
#include "base/arena.h"
#include "base/memory.h"
#include "core/view.h"

enum { AGENTS = 3 };

/* Clusters whose rows say what time it is; no tasks. */
struct scene {
    struct arena memory;
    struct view view;
    struct observation seen;
    int32_t cluster[AGENTS], first_pair[AGENTS + 1], first_running[AGENTS + 1];
    int32_t first_seer[1], starts[AGENTS];
    double crowd[AGENTS];
    real cluster_x[AGENTS * CLUSTER_FEATURES], hub_x[HUB_FEATURES], running_x[1];
};

static void show(struct scene *scene, double now_s)
{
    scene->view.now_s = now_s;
    for (int a = 0; a < AGENTS; a++) {
        scene->cluster[a] = a;
        scene->cluster_x[a * CLUSTER_FEATURES] = (real)(100 * a + now_s);
    }
    scene->hub_x[0] = (real)now_s;
    scene->seen = (struct observation){.memory = &scene->memory,
                                       .view = &scene->view,
                                       .agents = AGENTS,
                                       .cluster = scene->cluster,
                                       .first_pair = scene->first_pair,
                                       .first_running = scene->first_running,
                                       .first_seer = scene->first_seer,
                                       .starts = scene->starts,
                                       .crowd = scene->crowd,
                                       .cluster_x = scene->cluster_x,
                                       .running_x = scene->running_x,
                                       .hub_x = scene->hub_x};
}

/* The age of what agent 0 knows of agent 2, its own and the hub's rows held against the stated. */
static double age(struct gossip *gossip, struct scene *scene, double now_s, double *hub_age)
{
    struct observation own;

    show(scene, now_s);
    gossip_tell(gossip, &scene->seen);
    observation_copy(&own, &scene->seen);
    gossip_blur(gossip, &own, 0);
    assert_true((double)own.cluster_x[0] == now_s);
    *hub_age = now_s - (double)own.hub_x[0];
    return now_s - ((double)own.cluster_x[2 * CLUSTER_FEATURES] - 200);
}

static void news_is_as_old_as_stated(void **state)
{
    static const double delay_s[] = {0, 1, 5};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(delay_s); i++) {
        struct scene scene = {.view = {.now_s = 0}};
        struct gossip gossip;

        arena_init(&scene.memory);
        gossip_init(&gossip, AGENTS, delay_s[i], 0, 1);
        for (int now = 0; now < 200; now++) {
            double hub, expected = fmin(now, delay_s[i]);

            assert_true(age(&gossip, &scene, now, &hub) == expected);
            assert_true(hub == expected);
        }
        gossip_release(&gossip);
        arena_release(&scene.memory);
    }
}

/* With a part p lost, the last that arrived is p / (1 - p) messages older on average. */
static void lost_news_is_made_up_for_by_the_next(void **state)
{
    struct scene scene = {.view = {.now_s = 0}};
    struct gossip gossip;
    double sum = 0;
    (void)state;

    arena_init(&scene.memory);
    gossip_init(&gossip, AGENTS, 2, 0.3, 1);
    for (int now = 0; now < 4000; now++) {
        double hub, old = age(&gossip, &scene, now, &hub);

        assert_true(old >= fmin(now, 2));
        sum += old / 4000;
    }
    assert_true(fabs(sum - 2 - 0.3 / 0.7) < 0.05);
    gossip_release(&gossip);
    arena_release(&scene.memory);
}

static void claims_are_sent_again(void **state)
{
    struct gossip gossip;
    int lost = 0;
    (void)state;

    gossip_init(&gossip, AGENTS, 0, 0.5, 7);
    for (int i = 0; i < 8000; i++)
        lost += gossip_loses_claim(&gossip);
    assert_in_range(lost, 850, 1150); /* three times in a row: one in eight */
    gossip_release(&gossip);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(news_is_as_old_as_stated),
    cmocka_unit_test(lost_news_is_made_up_for_by_the_next),
    cmocka_unit_test(claims_are_sent_again),
};

RUN_TESTS(tests)
