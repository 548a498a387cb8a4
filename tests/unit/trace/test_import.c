/* SPDX-License-Identifier: Apache-2.0 */
/* Round trips: small files of each format, and the whole originals where they are. */
#include "import_case.h"

/* csv */

static void a_table_of_jobs_becomes_tasks(void **state)
{
    struct import_case c;
    struct case_world w;

    (void)state;
    case_begin(&c);
    case_arrivals(&c, "csv",
                  case_file(&c, "jobs.csv",
                            "id,submit_time,duration,gpus,model\n"
                            "1,100,60,2,\"Res Net\"\n"
                            "2,160.5,30,1,bert\r\n"
                            "3,220,90,4,Res-Net"),
                  NULL);
    case_run(&c);
    assert_int_equal(c.result.jobs, 3);
    assert_near(c.result.origin_s, 100, 0);
    assert_near(c.result.demand_s[0], 2 * 60 + 30 + 4 * 90, 1e-9);
    case_load(&c, &w);
    assert_int_equal(w.scenario->catalog.types, 2);
    assert_near(w.arrivals.item[1].time_s, 60.5, 1e-9);
    assert_int_equal(w.arrivals.item[2].limits[0].amount[0], 4);
    assert_near(case_seconds(&w, 2, 4, 0), 90, 1e-9);
    case_unload(&w);
    case_end(&c);
}

static void every_row_is_accounted_for(void **state)
{
    struct import_case c;

    (void)state;
    case_begin(&c);
    case_arrivals(&c, "csv",
                  case_file(&c, "jobs.csv",
                            "at,duration,gpus\n"
                            "5,10,1\n"
                            "4,10,1\n"      /* unsorted */
                            ",10,1\n"       /* no time */
                            "6,0,1\n"       /* zero */
                            "7,-3,1\n"      /* negative */
                            "8,,1\n"        /* no duration */
                            "9,10,0\n"      /* asks for nothing */
                            "10,10,64\n"    /* larger than any cluster */
                            "11,ten,1\n"    /* no number */
                            "12,10\n"       /* short */
                            "-1,10,1\n"     /* before all time */
                            "13,10,1.5\n"), /* rounded up */
                  NULL);
    c.request.capacity = "gpu=8";
    case_run(&c);
    assert_int_equal(c.arrivals.account.rows, 12);
    assert_int_equal(c.result.jobs, 3);
    assert_int_equal(case_dropped(&c, TRACE_DROP_NO_TIME), 1);
    assert_int_equal(case_dropped(&c, TRACE_DROP_ZERO_DURATION), 1);
    assert_int_equal(case_dropped(&c, TRACE_DROP_NEGATIVE_DURATION), 1);
    assert_int_equal(case_dropped(&c, TRACE_DROP_NO_DURATION), 1);
    assert_int_equal(case_dropped(&c, TRACE_DROP_NO_DEMAND), 1);
    assert_int_equal(case_dropped(&c, TRACE_DROP_TOO_LARGE), 1);
    assert_int_equal(case_dropped(&c, TRACE_DROP_DAMAGED), 2);
    assert_int_equal(case_dropped(&c, TRACE_DROP_BAD_TIME), 1);
    assert_int_equal(c.arrivals.account.noted[TRACE_NOTE_ROUNDED], 1);
    assert_int_equal(c.result.summary.backwards, 1);
    assert_near(c.result.origin_s, 4, 0);
    case_end(&c);
}

static void a_mapping_says_what_the_columns_hold(void **state)
{
    static const char *const mapping = "separator: tab\n"
                                       "time: {column: when, unit: date}\n"
                                       "end: {column: done, unit: date}\n"
                                       "demand: {cpu: {column: milli, scale: 0.001}}\n"
                                       "keep: {column: status, values: [ok, fine]}\n"
                                       "limits: at-most\n";
    struct import_case c;
    char option[512];

    (void)state;
    case_begin(&c);
    snprintf(option, sizeof option, "csv.mapping=%s", case_file(&c, "map.yaml", mapping));
    case_arrivals(&c, "csv",
                  case_file(&c, "jobs.tsv",
                            "when\tdone\tmilli\tstatus\n"
                            "2024-02-28 23:59:00\t2024-02-29 00:01:00\t2000\tok\n"
                            "2024-02-29T00:00:30Z\t2024-03-01 00:00:30\t4000\tfine\n"
                            "2024-02-29 00:00:30\t2024-03-01 00:00:30\t4000\tbad\n"),
                  option);
    case_run(&c);
    assert_int_equal(c.result.jobs, 2);
    assert_int_equal(case_dropped(&c, TRACE_DROP_NEVER_RAN), 1);
    assert_near(c.result.demand_s[0], 2 * 120 + 4 * 86400.0, 1e-6);
    assert_near(c.result.summary.span_s, 90, 1e-6);
    case_end(&c);
}

static void a_wrong_mapping_is_refused_by_line(void **state)
{
    static const char *const wrong[] = {
        "time: at\nduraton: x\n",
        "time: {unit: s}\n",
        "demand: 3\ntime: at\n",
        "time: {column: at, unit: fortnight}\n",
        "time: no\n",
        "limits: loose\ntime: at\n",
        "keep: {column: at}\ntime: at\n",
        "- 1\n",
        "",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct import_case c;
        char option[512];

        case_begin(&c);
        snprintf(option, sizeof option, "csv.mapping=%s", case_file(&c, "map.yaml", wrong[i]));
        case_arrivals(&c, "csv", case_file(&c, "jobs.csv", "at,duration\n1,2\n"), option);
        assert_true(case_try(&c) < 0);
        assert_true(strchr(c.err.message, ':') != NULL);
        case_end(&c);
    }
}

static void cuts_and_samples_are_counted(void **state)
{
    struct import_case c;
    struct text rows;

    (void)state;
    case_begin(&c);
    text_init(&rows, 0);
    text_add(&rows, "at,duration,gpus\n");
    for (int i = 0; i < 2000; i++)
        text_printf(&rows, "%d,5,1\n", 1000 + i);
    case_arrivals(&c, "csv", case_file(&c, "jobs.csv", rows.bytes), NULL);
    c.request.from_s = 500;
    c.request.until_s = 1500;
    c.request.sample = 0.25;
    case_run(&c);
    assert_int_equal(case_dropped(&c, TRACE_DROP_CUT), 1000);
    assert_int_equal(case_dropped(&c, TRACE_DROP_NOT_SAMPLED) + c.result.jobs, 1000);
    assert_in_range(c.result.jobs, 200, 300);
    text_release(&rows);
    case_end(&c);
}

static void time_is_stretched_to_the_load(void **state)
{
    struct import_case c;

    (void)state;
    case_begin(&c);
    case_arrivals(&c, "csv",
                  case_file(&c, "jobs.csv", "at,duration,gpus\n0,100,4\n50,100,4\n100,100,8\n"),
                  NULL);
    c.request.capacity = "gpu=8";
    c.request.load = 0.5;
    case_run(&c);
    assert_near(c.result.load[0], 0.5, 1e-9);
    assert_near(c.result.stretch, 1600.0 / 800 / 0.5, 1e-9);
    case_end(&c);
}

/* muri */

static const char *const muri_head =
    "job_id,num_gpu,submit_time,iterations,model_name,batch_size,duration,interval,iteration_time,"
    "resource_time_0,resource_time_1,resource_time_2,priority\n";

static void muri_jobs_run_as_long_as_recorded(void **state)
{
    struct import_case c;
    struct case_world w;
    char rows[1024];

    (void)state;
    case_begin(&c);
    snprintf(rows, sizeof rows, "%s%s", muri_head,
             "0,4,2000,100,resnet18,128,92100,5,921,723,113,73,1\n"
             "1,1,4000,10,gpt2,4,4260,5,426,0.6,410,0,1\n"
             "2,4,5000,50,resnet18,128,46050,5,921,723,113,73,1\n"
             "3,4,6000,50,resnet18,128,46050,5,900,103,17,13,1\n");
    case_arrivals(&c, "muri", case_file(&c, "trace9.csv", rows), NULL);
    case_run(&c);
    assert_int_equal(c.result.jobs, 4);
    case_load(&c, &w);
    assert_int_equal(w.arrivals.count, 4);
    assert_near(w.arrivals.item[1].time_s, 2, 1e-9);
    /* 4 cores per GPU: as recorded; half of them: the input stage takes twice as long. */
    assert_near(case_seconds(&w, 0, 16, 4), 92.1, 1e-6);
    assert_near(case_seconds(&w, 0, 8, 4), 92.1 + 72.3, 1e-6);
    assert_int_equal(w.arrivals.item[0].limits[1].amount[1], 4);
    assert_near(case_seconds(&w, 2, 16, 4), 46.05, 1e-6);
    assert_non_null(w.scenario->catalog.type[0].stages);
    assert_true(w.scenario->catalog.type[0].stages->loads);
    assert_near(w.scenario->catalog.type[0].stages->time[STAGE_CPU], 723, 0);
    assert_near(w.scenario->catalog.type[0].stages->period, 921, 0);
    case_unload(&w);
    case_end(&c);
}

/* Originals */

struct original {
    const char *source, *option;
    int64_t rows, jobs;
};

static void originals_have_the_rows_that_their_readme_says(void **state)
{
    static const struct original originals[] = {
        {"microsoft", NULL, 69351, 69351},
        {"microsoft:cluster10", NULL, 260, 260},
        {"microsoft:cluster01", NULL, 1595, 1595},
        {"microsoft:cluster06", NULL, 2396, 2396},
        {"philly", NULL, 82247, 82247},
        {"muri:trace2", "muri.cpus=0", 5755, 5755},
        {"muri:trace3", NULL, 992, 992},
        {"muri:cluster_trace", NULL, 400, 400},
    };

    (void)state;
    if (!case_data())
        SKIP_TEST("the public sets are not here");
    for (size_t i = 0; i < COUNT_OF(originals); i++) {
        struct import_case c;

        case_begin(&c);
        case_arrivals(&c, originals[i].source, NULL, originals[i].option);
        case_run(&c);
        assert_int_equal(c.arrivals.account.rows, originals[i].rows);
        assert_int_equal(c.result.jobs, originals[i].jobs);
        case_end(&c);
    }
}

static void muri_original_durations_come_out(void **state)
{
    struct import_case c;
    struct case_world w;

    (void)state;
    if (!case_data())
        SKIP_TEST("the public sets are not here");
    case_begin(&c);
    case_arrivals(&c, "muri:cluster_trace", NULL, "muri.cpus=0");
    case_run(&c);
    case_load(&c, &w);
    assert_near(w.arrivals.item[1].time_s, 1534, 1e-9);
    assert_near(case_seconds(&w, 1, 8, 0), 1463 * 0.214, 1e-6);
    case_unload(&w);
    case_end(&c);
}

static void tapfinger_original_speeds_are_the_means_of_two_runs(void **state)
{
    struct import_case c;
    struct case_world w;
    const struct speed_model *model;

    (void)state;
    if (!case_data())
        SKIP_TEST("the public sets are not here");
    case_begin(&c);
    case_types(&c, "tapfinger", NULL, NULL);
    c.request.tasks = 10;
    case_run(&c);
    assert_int_equal(c.types[0].account.rows, 768);
    assert_int_equal(c.types[0].account.noted[TRACE_NOTE_DOUBLE], 384);
    case_load(&c, &w);
    model = &w.scenario->truth[scenario_find_type(w.scenario, "mnist")].speed;
    assert_near(1 / speed_rate(model, &(struct allocation){{1, 1}}).base,
                (101.334374 + 101.870331) / 2, 1e-6);
    case_unload(&w);
    case_end(&c);
}

/* tapfinger */

static void speeds_between_measured_levels_are_monotone(void **state)
{
    struct import_case c;
    struct case_world w;
    const struct speed_model *model;
    double before = 0;

    (void)state;
    case_begin(&c);
    case_types(&c, "tapfinger",
               case_file(&c, "t.csv",
                         "lm,1,0,100\nlm,1,0,104\nlm,4,0,30\nlm,16,0,20\nlm,16,0,21\n"),
               NULL);
    case_run(&c);
    case_load(&c, &w);
    assert_int_equal(w.scenario->truth[0].noise.kind, NOISE_LOGNORMAL);
    model = &w.scenario->truth[0].speed;
    for (int32_t cpus = 1; cpus <= 16; cpus++) {
        double speed = speed_rate(model, &(struct allocation){{cpus, 0}}).base;

        assert_true(speed >= before);
        assert_true(cpus >= 4 || speed <= 1.0 / 30 + 1e-12);
        before = speed;
    }
    assert_near(before, 1 / 20.5, 1e-9);
    case_unload(&w);
    case_end(&c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_table_of_jobs_becomes_tasks),
    cmocka_unit_test(every_row_is_accounted_for),
    cmocka_unit_test(a_mapping_says_what_the_columns_hold),
    cmocka_unit_test(a_wrong_mapping_is_refused_by_line),
    cmocka_unit_test(cuts_and_samples_are_counted),
    cmocka_unit_test(time_is_stretched_to_the_load),
    cmocka_unit_test(muri_jobs_run_as_long_as_recorded),
    cmocka_unit_test(speeds_between_measured_levels_are_monotone),
    cmocka_unit_test(originals_have_the_rows_that_their_readme_says),
    cmocka_unit_test(muri_original_durations_come_out),
    cmocka_unit_test(tapfinger_original_speeds_are_the_means_of_two_runs),
};

RUN_TESTS(tests)
