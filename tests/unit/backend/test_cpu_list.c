/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of processors and GPUs, written, read and counted off. */
#include "harness.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "backend/cpu_list.h"
#include "base/err.h"

static void assert_reads(const char *text, const char *again)
{
    struct cpu_list list;
    struct err err;
    char *printed;

    assert_int_equal(cpu_list_parse(&list, text, &err), 0);
    printed = cpu_list_text(&list);
    assert_string_equal(printed, again);
    free(printed);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    assert_reads("", "");
    assert_reads("0-3,8", "0-3,8");
    assert_reads("0,1,2,7", "0-2,7");
    assert_reads("8,0-1\n", "8,0-1");
    assert_reads("1023", "1023");
}

static void what_is_no_list_is_refused(void **state)
{
    static const char *const wrong[] = {"a", "-1", "0-", "3-1", "1,", "1;2", "1024", "0-1023,0"};
    struct cpu_list list;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err err = {0};

        assert_int_equal(cpu_list_parse(&list, wrong[i], &err), ERR_INVALID);
        assert_non_null(strstr(err.message, wrong[i]));
    }
}

static void gpus_are_those_listed_or_the_first(void **state)
{
    struct cpu_list list;
    struct err err;

    (void)state;
    assert_int_equal(cpu_list_gpus(&list, "5,7", 1, &err), 0);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.id[1], 7);
    assert_int_equal(cpu_list_gpus(&list, NULL, 3, &err), 0);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.id[2], 2);
    assert_int_equal(cpu_list_gpus(&list, NULL, 0, &err), 0);
    assert_int_equal(list.count, 0);
    assert_int_equal(cpu_list_gpus(&list, "x", 3, &err), ERR_INVALID);
    cpu_list_first(&list, CPU_LIST_MAX + 1);
    assert_int_equal(list.count, CPU_LIST_MAX);
}

static void a_confined_process_still_sees_all_processors(void **state)
{
    struct cpu_list there, again, own;
    cpu_set_t before, one;

    (void)state;
    cpu_list_there(&there);
    assert_true(there.count > 0);
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    CPU_SET((size_t)there.id[0], &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    cpu_list_there(&again);
    cpu_list_own(&own);
    sched_setaffinity(0, sizeof before, &before);
    assert_int_equal(own.count, 1);
    assert_int_equal(again.count, there.count);
    assert_true(cpu_list_has(&again, there.id[there.count - 1]));
    assert_false(cpu_list_has(&again, CPU_LIST_MAX));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_written_is_read),
    cmocka_unit_test(what_is_no_list_is_refused),
    cmocka_unit_test(gpus_are_those_listed_or_the_first),
    cmocka_unit_test(a_confined_process_still_sees_all_processors),
};

RUN_TESTS(tests)
