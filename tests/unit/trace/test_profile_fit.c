/* SPDX-License-Identifier: Apache-2.0 */
/* A model finds its own parameters again, knows its limits, and prints what the simulator reads. */
#include "import_case.h"

#include "trace/profile_fit.h"

static double formula(enum fit_model model, double cpu, double gpu)
{
    switch (model) {
    case FIT_AMDAHL:
        return 10 + 40 / cpu + 80 / gpu;
    case FIT_POWER:
        return 1 / (0.02 * pow(cpu, 0.4) * pow(gpu, 0.7));
    case FIT_TANH:
        return 1 / (0.05 * tanh(cpu / 3) * tanh(gpu / 5));
    case FIT_EXP:
        return 1 / (0.05 * -expm1(-cpu / 3) * -expm1(-gpu / 5));
    case FIT_HYPERBOLIC:
        return 1 / (0.05 * cpu / (cpu + 3) * gpu / (gpu + 5));
    case FIT_OPTIMUS:
        return 60 / gpu + 5 + 3 * gpu / cpu + 0.5 * gpu + 0.25 * cpu;
    default:
        return 0;
    }
}

static void make_type(struct trace *trace, enum fit_model model)
{
    int cpu = trace_resource(trace, "cpu", ""), gpu = trace_resource(trace, "gpu", ""), type;

    type = trace_type(trace, "t", "test");
    for (int32_t c = 1; c <= 12; c++)
        for (int32_t g = 1; g <= 8; g++) {
            struct allocation amount = {{0}};

            amount.amount[cpu] = c;
            amount.amount[gpu] = g;
            trace_point(trace, type, &amount, formula(model, c, g));
        }
    trace_finish_types(trace);
}

static void each_model_finds_itself(void **state)
{
    (void)state;
    for (int m = FIT_AMDAHL; m <= FIT_OPTIMUS; m++) {
        struct profile_fit fits[FIT_MODELS];
        struct trace trace;

        trace_init(&trace);
        make_type(&trace, (enum fit_model)m);
        profile_fit_all(fits, &trace, &trace.types.item[0]);
        assert_int_equal(fits[0].model, m);
        assert_int_equal(fits[0].verdict, FIT_GOOD);
        assert_true(fits[0].cross_error < 1e-4);
        assert_int_equal(fits[FIT_MODELS - 1].model, FIT_GOODPUT);
        assert_int_equal(fits[FIT_MODELS - 1].verdict, FIT_NOT_POSSIBLE);
        trace_release(&trace);
    }
}

static void linear_models_stay_non_negative(void **state)
{
    struct profile_fit fit;
    struct trace trace;
    int type;

    (void)state;
    trace_init(&trace);
    type = trace_type(&trace, "t", "test");
    trace_resource(&trace, "cpu", "");
    for (int32_t c = 1; c <= 10; c++) /* slower with every core: no division helps */
        trace_point(&trace, type, &(struct allocation){{c}}, 10 + 3 * c);
    trace_finish_types(&trace);
    profile_fit_model(&fit, FIT_AMDAHL, &trace, &trace.types.item[type]);
    assert_true(fit.parameter[0] > 0);
    assert_true(fit.parameter[1] == 0);
    assert_int_equal(fit.verdict, FIT_BAD);
    trace_release(&trace);
}

static void goodput_finds_its_seconds(void **state)
{
    static const double p[] = {2, 30, 1, 0.4, 3};
    struct profile_fit fits[FIT_MODELS];
    struct trace trace;
    int type;

    (void)state;
    trace_init(&trace);
    trace_resource(&trace, "gpu", "");
    type = trace_type(&trace, "t", "test");
    for (int32_t g = 1; g <= 32; g++) {
        double gradients = p[0] + p[1] / g, sync = g > 1 ? p[2] + p[3] * fmax(g - 2, 0) : 0;

        trace_point(&trace, type, &(struct allocation){{g}},
                    pow(pow(gradients, p[4]) + pow(sync, p[4]), 1 / p[4]));
    }
    trace_finish_types(&trace);
    profile_fit_all(fits, &trace, &trace.types.item[type]);
    assert_int_equal(fits[0].model, FIT_GOODPUT);
    assert_true(fits[0].cross_error < 0.01);
    assert_true(fits[1].cross_error > 0.05);
    trace_release(&trace);
}

static void noise_is_called_bad(void **state)
{
    struct profile_fit fits[FIT_MODELS];
    struct trace trace;
    int type;

    (void)state;
    trace_init(&trace);
    trace_resource(&trace, "cpu", "");
    type = trace_type(&trace, "t", "test");
    for (int32_t c = 1; c <= 16; c++)
        trace_point(&trace, type, &(struct allocation){{c}}, c % 2 ? 10 : 40);
    trace_finish_types(&trace);
    profile_fit_all(fits, &trace, &trace.types.item[type]);
    assert_int_equal(fits[0].verdict, FIT_BAD);
    trace_release(&trace);
}

/* What is printed is the fitted formula in the simulator's own words. */
static void printed_fits_run_as_fitted(void **state)
{
    (void)state;
    for (int m = FIT_AMDAHL; m <= FIT_OPTIMUS; m++) {
        struct scenario *scenario;
        struct profile_fit fit;
        struct trace trace;
        struct text yaml;
        struct err err;

        trace_init(&trace);
        make_type(&trace, (enum fit_model)m);
        profile_fit_model(&fit, (enum fit_model)m, &trace, &trace.types.item[0]);
        text_init(&yaml, 0);
        text_add(&yaml,
                 "resources: [cpu, gpu]\nclusters: [{name: a, capacity: {cpu: 12, gpu: 8}}]\n"
                 "arrivals: {process: at-once, tasks: 1}\ntypes: {t: {min: {cpu: 1}, speed: ");
        profile_fit_print(&fit, &trace, &trace.types.item[0], &yaml);
        text_add(&yaml, "}}\n");
        if (scenario_parse(&scenario, "fitted", ".", yaml.bytes, NULL, 0, &err))
            fail_msg("%s", err.message);
        assert_near(scenario_mean_seconds(scenario, 0, &(struct allocation){{5, 3}}) /
                        formula((enum fit_model)m, 5, 3),
                    1, 1e-3);
        scenario_free(scenario);
        text_release(&yaml);
        trace_release(&trace);
    }
}

/* A profile of one's own. */
static void a_profile_is_read(void **state)
{
    struct import_case c;

    (void)state;
    case_begin(&c);
    case_types(&c, "profile",
               case_file(&c, "p.csv",
                         "type,cpu,gpu,rep,speed\na,1,0,1,0.5\na,2,0,1,1\na,2,0,2,1.1\n"
                         "b,1,1,1,x\nb,1,1.5,1,3\nb,1,1,1,2\n"),
               NULL);
    case_run(&c);
    assert_int_equal(c.types[0].account.rows, 6);
    assert_int_equal(c.types[0].account.dropped[TRACE_DROP_DAMAGED], 2);
    assert_int_equal(c.types[0].account.noted[TRACE_NOTE_DOUBLE], 1);
    assert_true(c.result.trace.types.item[0].noise > 0.05);
    case_end(&c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_model_finds_itself),    cmocka_unit_test(linear_models_stay_non_negative),
    cmocka_unit_test(goodput_finds_its_seconds),  cmocka_unit_test(noise_is_called_bad),
    cmocka_unit_test(printed_fits_run_as_fitted), cmocka_unit_test(a_profile_is_read),
};

RUN_TESTS(tests)
