/* SPDX-License-Identifier: Apache-2.0 */
/* Random operations on the heap and on a model that only searches. */
#include "harness.h"

#include <math.h>

#include "base/heap.h"
#include "base/rng.h"

enum { IDS = 200, OPERATIONS = 60000 };

struct model {
    bool has[IDS];
    double key[IDS];
};

static int model_least(const struct model *model)
{
    int least = -1;

    for (int i = 0; i < IDS; i++)
        if (model->has[i] && (least < 0 || model->key[i] < model->key[least]))
            least = i;
    return least;
}

static void operate(struct heap *heap, struct model *model, struct rng *rng)
{
    int32_t id = (int32_t)rng_below(rng, IDS);
    /* Few different keys, so that equal ones are common; infinity is a key like others. */
    double key = rng_below(rng, 20) == 0 ? HUGE_VAL : rng_below(rng, 12);

    switch (rng_below(rng, 8)) {
    case 0:
        heap_remove(heap, id);
        model->has[id] = false;
        break;
    case 1:
        if (heap_is_empty(heap))
            break;
        id = model_least(model);
        assert_true(heap_peek(heap).key == model->key[id]);
        assert_int_equal(heap_pop(heap), id);
        model->has[id] = false;
        break;
    default:
        heap_set(heap, id, key);
        model->has[id] = true;
        model->key[id] = key;
    }
}

static void it_agrees_with_a_search(void **state)
{
    struct model model = {0};
    struct heap heap;
    struct rng rng;
    (void)state;

    rng_stream(&rng, 5, "test");
    heap_init(&heap);
    for (int i = 0; i < OPERATIONS; i++) {
        operate(&heap, &model, &rng);
        if (i % 100 == 0)
            for (int32_t id = 0; id < IDS; id++)
                assert_int_equal(heap_has(&heap, id), model.has[id]);
        if (i % 20000 == 19999) {
            heap_reset(&heap);
            model = (struct model){0};
        }
    }
    while (!heap_is_empty(&heap)) {
        int32_t id = model_least(&model);

        assert_int_equal(heap_pop(&heap), id);
        model.has[id] = false;
    }
    assert_int_equal(model_least(&model), -1);
    heap_release(&heap);
}

static void equal_keys_come_in_the_order_of_ids(void **state)
{
    struct heap heap;
    (void)state;

    heap_init(&heap);
    for (int32_t id = 999; id >= 0; id--)
        heap_set(&heap, id, 1);
    for (int32_t id = 0; id < 1000; id++)
        assert_int_equal(heap_pop(&heap), id);
    heap_release(&heap);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(it_agrees_with_a_search),
    cmocka_unit_test(equal_keys_come_in_the_order_of_ids),
};

RUN_TESTS(tests)
