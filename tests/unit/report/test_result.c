/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <math.h>
#include <string.h>

#include "base/emit.h"
#include "base/err.h"
#include "base/text.h"
#include "core/catalog.h"
#include "report/result.h"
#include "report/result_csv.h"
#include "report/result_json.h"
#include "report/result_table.h"
#include "report/table.h"
#include "sim/comparison.h"

enum { SEEDS = 4, ENTRANTS = 2 };

/* Two policies on four seeds; the second did not finish the last. */
struct sample {
    struct catalog catalog;
    struct resource_info resource[1];
    struct entrant entrant[ENTRANTS];
    struct outcome outcome[SEEDS * ENTRANTS];
    uint64_t seed[SEEDS];
    struct result result;
};

static void make_sample(struct sample *s)
{
    static const double completion[SEEDS][ENTRANTS] = {{10, 8}, {12, 9.5}, {14, 12}, {11, 0}};

    *s = (struct sample){
        .resource = {{"cpu", "cores"}},
        .entrant = {{"first", "fifo-min", INFO_BLIND}, {"second,x", "knee", INFO_ORACLE}},
        .seed = {1, 2, 3, 7},
    };
    s->catalog = (struct catalog){
        .resources = 1, .clusters = 1, .resource = s->resource, .time_unit = "s", .time_unit_s = 1};
    for (int i = 0; i < SEEDS; i++)
        for (int e = 0; e < ENTRANTS; e++) {
            struct outcome *o = &s->outcome[i * ENTRANTS + e];

            o->done = !(i == 3 && e == 1);
            o->metrics = (struct metrics){.tasks = 5,
                                          .finished = 5,
                                          .mean_wait = 1,
                                          .resizes = e,
                                          .mean_completion = completion[i][e],
                                          .utilisation = {0.5},
                                          .refusals = 2 * e,
                                          .refused = {[REFUSED_CAPACITY] = 2 * e}};
        }
    s->result = (struct result){.catalog = &s->catalog,
                                .scenario = "sample",
                                .entrant = s->entrant,
                                .entrants = ENTRANTS,
                                .seed = s->seed,
                                .seeds = SEEDS,
                                .outcome = s->outcome};
    result_sum_up(&s->result);
}

static void assert_near(double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-12 * fabs(wanted)))
        fail_msg("got %.17g, wanted %.17g", got, wanted);
}

static void differences_are_paired_over_common_seeds(void **state)
{
    struct sample s;
    const struct summary *second;
    (void)state;

    make_sample(&s);
    second = &s.result.summary[1];
    assert_int_equal(s.result.summary[0].seeds, 4);
    assert_near(s.result.summary[0].measure[MEASURE_COMPLETION].mean, 11.75);
    assert_int_equal(s.result.summary[0].difference.count, 0);
    assert_int_equal(second->seeds, 3);
    assert_int_equal(second->difference.count, 3);
    assert_near(second->difference.mean, -6.5 / 3);           /* -2, -2.5, -2 */
    assert_near(second->difference.half, 0.7171087882915771); /* 4.302652729749462 * sqrt(1/36) */
    assert_near(second->measure[MEASURE_COMPLETION].half, 5.019761518041039);
    assert_near(second->refused[REFUSED_CAPACITY], 2);
    result_release(&s.result);
}

static void json_reads_back(void **state)
{
    const char *path = TEST_BUILD_DIR "/test_result.json";
    struct outcome read[SEEDS * ENTRANTS] = {{false, {0}}};
    struct sample s;
    struct text text;
    struct emit e;
    struct err err;
    (void)state;

    make_sample(&s);
    s.outcome[7] = s.outcome[5]; /* all are done */
    text_init(&text, 0);
    emit_init(&e, &text);
    result_emit(&s.result, RESULT_PER_SEED, &e);
    assert_int_equal(text_write_file(&text, path, &err), 0);
    assert_int_equal(result_read(&s.result, path, read, &err), 0);
    for (int i = 0; i < SEEDS * ENTRANTS; i++) {
        assert_true(read[i].done);
        assert_true(read[i].metrics.mean_completion == s.outcome[i].metrics.mean_completion);
        assert_int_equal(read[i].metrics.refused[REFUSED_CAPACITY],
                         s.outcome[i].metrics.refused[REFUSED_CAPACITY]);
    }
    s.seed[2] = 4;
    assert_int_equal(result_read(&s.result, path, read, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.message, "policy first: expected seed 4"));
    text_release(&text);
    result_release(&s.result);
}

static void csv_quotes_names_and_leaves_out_what_is_missing(void **state)
{
    struct csv_style style = {.separator = ','};
    struct sample s;
    struct text text;
    (void)state;

    make_sample(&s);
    text_init(&text, 0);
    result_csv(&s.result, &style, &text);
    assert_non_null(strstr(text.bytes, "policy,info,seeds,mean_completion,ci95,difference,"
                                       "difference_ci95,gap,bound,p50"));
    assert_non_null(strstr(text.bytes, "\nfirst,I0,4,11.75,"));
    assert_non_null(strstr(text.bytes, "\n\"second,x\",I3,3,"));
    text_reset(&text);
    result_csv_per_seed(&s.result, &style, &text);
    assert_non_null(strstr(text.bytes, "\n\"second,x\",I3,3,12,"));
    assert_null(strstr(text.bytes, "\"second,x\",I3,7"));
    text_release(&text);
    result_release(&s.result);
}

static void the_table_names_its_columns(void **state)
{
    struct table_style style = {.width = 0};
    struct sample s;
    struct table table;
    struct text text;
    struct err err;
    (void)state;

    make_sample(&s);
    text_init(&text, 0);
    table_init(&table);
    assert_int_equal(
        result_table_fill(&s.result, "policy,mean,difference,refusals", false, &table, &err), 0);
    table_print(&table, &style, &text);
    assert_string_equal(text.bytes, "POLICY      MEAN ±95%    DIFF ±95%  REFUSED\n"
                                    "first     11.75 ±2.72            -        0\n"
                                    "second,x   9.83 ±5.02  -2.17 ±0.72        2\n");
    table_release(&table);
    table_init(&table);
    assert_int_equal(result_table_fill(&s.result, "policy,maen", false, &table, &err),
                     ERR_NOT_FOUND);
    assert_string_equal(err.message, "unknown column \"maen\"; did you mean \"mean\"?");
    table_release(&table);
    text_release(&text);
    result_release(&s.result);
}

static void an_empty_comparison_is_noticed(void **state)
{
    struct sample s;
    const char *why = "";
    (void)state;

    make_sample(&s);
    assert_false(result_is_empty(&s.result, &why));
    for (int i = 0; i < SEEDS * ENTRANTS; i++)
        s.outcome[i].metrics.mean_wait = 0;
    assert_true(result_is_empty(&s.result, &why));
    assert_string_equal(why, "no task ever waited: nothing contends here");
    for (int i = 0; i < SEEDS; i++)
        s.outcome[i * ENTRANTS + 1].metrics = s.outcome[i * ENTRANTS].metrics;
    assert_true(result_is_empty(&s.result, &why));
    assert_string_equal(why, "all policies did exactly the same; the comparison says nothing");
    result_release(&s.result);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(differences_are_paired_over_common_seeds),
    cmocka_unit_test(json_reads_back),
    cmocka_unit_test(csv_quotes_names_and_leaves_out_what_is_missing),
    cmocka_unit_test(the_table_names_its_columns),
    cmocka_unit_test(an_empty_comparison_is_noticed),
};

RUN_TESTS(tests)
