/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a policy has not let in yet: the next one that wants little enough, against a walk through
 * all. */
#include "harness.h"

#include "base/rng.h"
#include "policy/strangers.h"

enum { MOST = 1000 };

struct model {
    int32_t task[MOST];
    double share[MOST];
    size_t count;
};

static double draw_share(struct rng *rng)
{
    return (double)(1 + rng_below(rng, 32)) / 32;
}

/* Place by place, those who want at most so much are whom the model has. */
static void check_next(const struct strangers *strangers, const struct model *model, double share)
{
    size_t place = 0;

    for (size_t i = 0; i < model->count; i++) {
        if (model->share[i] > share)
            continue;
        place = strangers_next(strangers, place, share);
        assert_true(place < strangers->item.count);
        assert_int_equal(strangers->item.item[place].task, model->task[i]);
        place++;
    }
    assert_int_equal(strangers_next(strangers, place, share), strangers->item.count);
}

static void drop_one(struct strangers *strangers, struct model *model, size_t at)
{
    size_t place = 0;

    while (strangers->item.item[place].task != model->task[at])
        place++;
    strangers_drop(strangers, place);
    model->count--;
    for (size_t i = at; i < model->count; i++) {
        model->task[i] = model->task[i + 1];
        model->share[i] = model->share[i + 1];
    }
}

static void the_next_one_is_found(void **state)
{
    struct strangers strangers;
    struct model model = {.count = 0};
    struct rng rng;
    (void)state;

    rng_stream(&rng, 5, "strangers");
    strangers_init(&strangers);
    for (int32_t task = 0; task < 3000; task++) {
        if (model.count < MOST && task % 3 > 0) {
            model.task[model.count] = task;
            model.share[model.count] = draw_share(&rng);
            strangers_add(&strangers, task, model.share[model.count++]);
        }
        for (int i = 0; i < 2 && model.count > 0 && task % 1000 > 500; i++)
            drop_one(&strangers, &model, rng_below(&rng, (uint32_t)model.count));
        if (task % 11 == 0)
            strangers_tidy(&strangers);
        if (task % 7 == 0)
            check_next(&strangers, &model, task % 5 ? draw_share(&rng) : 2);
        assert_int_equal(strangers_count(&strangers), model.count);
    }
    strangers_clear(&strangers);
    assert_int_equal(strangers_next(&strangers, 0, 2), 0);
    strangers_release(&strangers);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_next_one_is_found),
};

RUN_TESTS(tests)
