/* SPDX-License-Identifier: Apache-2.0 */
/* The other formats: a small file of our own for each, worked out by hand, and the originals. */
#include "import_case.h"

static double type_seconds(const struct case_world *w, const char *name, int32_t first,
                           int32_t second)
{
    int type = scenario_find_type(w->scenario, name);
    const struct speed_model *model;
    struct allocation amount = {{first, second}};

    if (type < 0)
        fail_msg("no type %s", name);
    model = &w->scenario->truth[type].speed;
    return speed_seconds(model, speed_rate(model, &amount), 0, 1);
}

static void openb_pods_and_nodes(void **state)
{
    struct import_case c;
    struct case_world w;
    char path[300];

    (void)state;
    case_begin(&c);
    case_file(&c, "nodes.csv",
              "sn,cpu_milli,memory_mib,gpu,model\n"
              "a,32000,1000,2,T4\nb,32000,1000,2,T4\nc,8000,500,0,\n");
    snprintf(path, sizeof path, "%s",
             case_file(&c, "pods.csv",
                       "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,"
                       "creation_time,deletion_time,scheduled_time\n"
                       "p0,12000,600,1,460,,LS,Running,10,110,20\n"
                       "p1,2000,100,2,1000,,BE,Failed,30,40,30\n"
                       "p2,2000,100,0,0,,BE,Pending,31,40,\n"
                       "p3,2000,100,4,1000,,BE,Succeeded,32,40,32\n"
                       "p4,2000,x,0,0,,BE,Succeeded,33,40,33\n"));
    case_arrivals(&c, "openb", path, NULL);
    snprintf(path, sizeof path, "openb@%s/nodes.csv", c.folder);
    case_source(&c, &c.sites, path, NULL);
    c.request.sites = &c.sites;
    case_run(&c);
    assert_int_equal(c.result.jobs, 2);
    assert_int_equal(case_dropped(&c, TRACE_DROP_NEVER_RAN), 1);
    assert_int_equal(case_dropped(&c, TRACE_DROP_TOO_LARGE), 1);
    assert_int_equal(case_dropped(&c, TRACE_DROP_DAMAGED), 1);
    assert_int_equal(c.arrivals.account.noted[TRACE_NOTE_CENSORED], 1);
    assert_int_equal(c.arrivals.account.noted[TRACE_NOTE_FAILED], 1);
    case_load(&c, &w);
    assert_int_equal(w.scenario->catalog.clusters, 3);
    assert_int_equal(w.arrivals.item[0].limits[0].amount[1], 460);
    assert_int_equal(w.arrivals.item[1].limits[0].amount[1], 2000);
    assert_near(w.arrivals.item[0].work, 90, 1e-9);
    case_unload(&w);
    case_end(&c);
}

/* Steps to the target: 100 with batch 32, 60 with 64; two GPUs at 16 or 32 samples each. */
static void make_adaptdl(struct import_case *c, char *folder, size_t bytes)
{
    snprintf(folder, bytes, "%s/app", c->folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    case_file(c, "app/placements.csv",
              "placement,local_bsz,step_time,sync_time\n"
              "1,32,0.5,0\n1,64,1.1,0\n2,16,0.4,0.1\n11,16,0.6,0.2\n"
              "2,32,0.5,0.1\n");
    case_file(c, "app/validation-32.csv",
              "progress,iteration,metric,grad_sqr,grad_var\n"
              "10,49,0.5,1,1\n20,99,0.9,1,1\n");
    case_file(c, "app/validation-64.csv",
              "progress,iteration,metric,grad_sqr,grad_var\n"
              "20,59,0.9,1,1\n");
    case_file(c, "workload-9.csv",
              "name,time,application,num_replicas,batch_size\n"
              "app-0,53,app,2,64\napp-1,60,app,1,32\nx-2,70,x,1,32\n");
}

static void remove_adaptdl(const char *folder)
{
    static const char *const name[] = {"placements.csv", "validation-32.csv", "validation-64.csv"};

    for (size_t i = 0; i < COUNT_OF(name); i++) {
        char path[300];

        snprintf(path, sizeof path, "%s/%s", folder, name[i]);
        remove(path);
    }
    rmdir(folder);
}

static void adaptdl_steps_times_step_time(void **state)
{
    static const char *const option[] = {NULL, "adaptdl.batch=job"};
    char folder[200];

    (void)state;
    for (int own = 0; own < 2; own++) {
        struct import_case c;
        struct case_world w;

        case_begin(&c);
        make_adaptdl(&c, folder, sizeof folder);
        case_arrivals(&c, "adaptdl", c.folder, option[own]);
        case_run(&c);
        assert_int_equal(c.result.jobs, 2);
        assert_int_equal(case_dropped(&c, TRACE_DROP_UNKNOWN_TYPE), 1);
        case_load(&c, &w);
        if (own) {
            assert_near(type_seconds(&w, "app-b64", 2, 0), 60 * 0.5, 1e-6);
            assert_near(type_seconds(&w, "app-b32", 2, 0), 100 * 0.4, 1e-6);
        } else {
            assert_near(type_seconds(&w, "app", 1, 0), 100 * 0.5, 1e-6);
            assert_near(type_seconds(&w, "app", 2, 0), 60 * 0.5, 1e-6);
        }
        assert_int_equal(w.arrivals.item[0].limits[1].amount[0], 2);
        assert_near(w.arrivals.item[1].time_s, 7, 1e-9);
        case_unload(&w);
        remove_adaptdl(folder);
        case_end(&c);
    }
}

static void gavel_tables_and_jobs(void **state)
{
    struct import_case c;
    struct case_world w;

    (void)state;
    case_begin(&c);
    case_file(&c, "simulation_throughputs.json",
              "{\"v100\": {\"('LM (batch size 5)', 1)\": {\"null\": 10.0, \"('A', 1)\": [8, 4],"
              " \"('B', 1)\": [0.0, 0.0]}, \"('LM (batch size 5)', 2)\": {\"null\": 16},"
              " \"('Big', 1)\": {\"null\": 0.0}}, \"k80\": {}, \"v100_unconsolidated\": {}}");
    case_file(&c, "a.trace",
              "LM (batch size 5)\tcd x\t-n\t1\t1000\t0.5\t2\n"
              "LM (batch size 5)\tcd x\tdir\t-n\t1\t100\t1\t1\t-1.0\t9\n"
              "LM (batch size 5)\tc\td\t-n\t1\t100\t1\tstatic\t1\t-1\t12\t19\n"
              "Other\tcd x\t-n\t1\t1000\t0.5\t2\n"
              "LM (batch size 5)\tcd x\n");
    case_arrivals(&c, "gavel", c.folder, "gavel.pairs=interference");
    case_run(&c);
    assert_int_equal(c.result.jobs, 3);
    assert_int_equal(case_dropped(&c, TRACE_DROP_UNKNOWN_TYPE), 1);
    assert_int_equal(case_dropped(&c, TRACE_DROP_DAMAGED), 1);
    assert_int_equal(c.arrivals.types.noted[TRACE_NOTE_INFEASIBLE], 1);
    case_load(&c, &w);
    assert_near(type_seconds(&w, "lm-batch-size-5", 2, 0), 1.0 / 16, 1e-9);
    assert_near(w.scenario->truth[0].suffers, 0.25, 1e-9);
    assert_near(case_seconds(&w, 0, 2, 0), 1000.0 / 16, 1e-6);
    assert_near(case_seconds(&w, 2, 1, 0), 10, 1e-6);
    case_unload(&w);
    case_end(&c);
}

static void elasticflow_columns_are_gpus(void **state)
{
    struct import_case c;
    struct case_world w;

    (void)state;
    case_begin(&c);
    case_types(&c, "elasticflow",
               case_file(&c, "vgg.csv", "global_batch_size,1,2,4\n64,5,9,nan\n128,2,4,0\n"), NULL);
    case_run(&c);
    case_load(&c, &w);
    assert_int_equal(c.types[0].account.noted[TRACE_NOTE_INFEASIBLE], 1);
    assert_near(type_seconds(&w, "vgg", 2, 0), 1.0 / 9, 1e-9);
    assert_int_equal(w.scenario->catalog.type[0].max.amount[0], 2);
    case_unload(&w);
    case_end(&c);
}

static const char *const synergy_table =
    "model,gpus,batch,iter_time_fair_s,cpus_per_job,mem_gb,rel_tput_vs_fair_share,usable\n"
    "res50,1,64,0.6,1,62.5,0.5,1\nres50,1,64,0.6,3,62.5,1,1\nres50,1,64,0.6,3,20,0.7,1\n"
    "res50,1,64,0.6,6,62.5,1.2,1\nres50,1,64,0.6,9,62.5,0.1,0\n";

static void synergy_gives_a_cpu_axis(void **state)
{
    struct import_case c;
    struct case_world w;
    char source[300];

    (void)state;
    case_begin(&c);
    case_types(&c, "elasticflow", case_file(&c, "resnet50.csv", "global_batch_size,1,2\n64,5,9\n"),
               NULL);
    snprintf(source, sizeof source, "synergy@%s", case_file(&c, "s.csv", synergy_table));
    case_source(&c, &c.factors, source, NULL);
    c.request.factors = &c.factors;
    case_run(&c);
    case_load(&c, &w);
    assert_string_equal(w.scenario->catalog.resource[1].name, "cpu");
    assert_near(type_seconds(&w, "resnet50", 1, 3), 1.0 / 5, 1e-9);
    assert_near(type_seconds(&w, "resnet50", 1, 1), 1.0 / 2.5, 1e-9);
    assert_near(type_seconds(&w, "resnet50", 2, 6), 1.0 / 9, 1e-9);
    assert_near(type_seconds(&w, "resnet50", 2, 2), 1.0 / 4.5, 1e-9);
    case_unload(&w);
    case_end(&c);
}

static void synergy_jobs_run_by_its_table(void **state)
{
    struct import_case c;
    struct case_world w;

    (void)state;
    case_begin(&c);
    case_file(&c, "s.csv", synergy_table);
    case_file(&c, "jobs", "0,res50,0.0,100,1\n1,res50,5,10,1\n2,other,6,10,1\n3,res50\n");
    case_arrivals(&c, "synergy", c.folder, NULL);
    case_run(&c);
    assert_int_equal(c.result.jobs, 2);
    case_load(&c, &w);
    assert_near(case_seconds(&w, 0, 3, 1), 60, 1e-6);
    case_unload(&w);
    case_end(&c);
}

static void zeus_work_varies_as_the_epochs_did(void **state)
{
    struct import_case c;
    struct case_world w;

    (void)state;
    case_begin(&c);
    case_file(&c, "summary_power_v100.csv",
              "dataset,network,batch_size,optimizer,power_limit,time_per_epoch,average_power\n"
              "d,n,8,adam,100,20,90\nd,n,8,adam,250,10,200\nd,n,16,adam,250,8,200\n");
    case_file(&c, "summary_train.csv",
              "dataset,network,batch_size,optimizer,learning_rate,run,target_metric,target_epoch\n"
              "d,n,8,adam,1,1,0.5,2\nd,n,8,adam,1,2,0.5,2\nd,n,8,adam,1,1,0.9,4\n"
              "d,n,8,adam,1,2,0.9,6\nd,n,16,adam,1,1,0.9,nan\nd,n,16,adam,1,2,0.9,5\n");
    case_types(&c, "zeus", c.folder, NULL);
    case_run(&c);
    case_load(&c, &w);
    assert_near(type_seconds(&w, "n-d", 1, 0), 50, 1e-6);
    assert_int_equal(w.scenario->truth[0].work.kind, DRAW_LOGNORMAL);
    assert_near(w.scenario->truth[0].work.spread, log(1.5) / sqrt(2), 1e-3);
    case_unload(&w);
    case_end(&c);
}

static void infless_serves_with_its_best_batch(void **state)
{
    struct import_case c;
    struct case_world w;

    (void)state;
    case_begin(&c);
    case_file(&c, "m-profile-results.txt",
              "m 2 0 1 20\nm 2 0 4 40\nm 2 0 8 9999\nm 4 10 1 5\n"
              "m 4 0 1 10\nm 2 10 1 8.0 \n");
    case_file(&c, "3-smooth.txt", "0.5\n0\n2\nx y\n");
    case_arrivals(&c, "infless", c.folder, "infless.step=10");
    case_run(&c);
    assert_int_equal(c.result.jobs, 2);
    assert_int_equal(case_dropped(&c, TRACE_DROP_ZERO_DURATION), 1);
    assert_int_equal(case_dropped(&c, TRACE_DROP_DAMAGED), 1);
    case_load(&c, &w);
    assert_near(type_seconds(&w, "m", 2, 0), 0.010, 1e-9);
    assert_near(w.arrivals.item[1].time_s, 20, 1e-9);
    assert_near(w.arrivals.item[1].work, 20, 1e-9);
    case_unload(&w);
    case_end(&c);
}

static void dl2_speeds_are_sums_over_workers(void **state)
{
    struct import_case c;
    struct case_world w;

    (void)state;
    case_begin(&c);
    case_types(&c, "dl2",
               case_file(&c, "d.txt",
                         "('res', 'dist_sync', 32, 1, 1, [15.5], [1.9], [0.5])\n"
                         "('res', 'dist_sync', 32, 1, 2, [7.5, 8], [1.9], [0.4, 0.4])\n"
                         "('res', 'dist_sync', 32, 1, 3, [7.5, 8], [1.9], [0.4])\n"
                         "('res', 'dist_sync', 32, 2, 1, [16"),
               NULL);
    case_run(&c);
    assert_int_equal(c.types[0].account.dropped[TRACE_DROP_DAMAGED], 2);
    case_load(&c, &w);
    assert_near(type_seconds(&w, "res", 1, 2), 1 / 15.5, 1e-9);
    case_unload(&w);
    case_end(&c);
}

static void eua_sites_are_spread_over_the_city(void **state)
{
    struct import_case c;
    struct case_world w;
    char source[300];

    (void)state;
    case_begin(&c);
    case_file(&c, "site.csv",
              "SITE_ID,LATITUDE,LONGITUDE\n1,-37.80,144.95\n2,-37.81,144.96\n"
              "3,-37.8101,144.96\n4,-37.82,144.97\n");
    case_file(&c, "users.csv", "Latitude,Longitude\n-37.80,144.95\n-37.8,144.951\n-37.82,144.97\n");
    case_arrivals(&c, "csv", case_file(&c, "jobs.tsv", "at,duration,cpu\n0,1,1\n9,1,1\n"), NULL);
    snprintf(source, sizeof source, "eua:3@%s", c.folder);
    case_source(&c, &c.sites, source, NULL);
    c.request.sites = &c.sites;
    c.request.within_km = 1;
    remove(case_file(&c, "jobs2.csv", ""));
    case_run(&c);
    case_load(&c, &w);
    assert_int_equal(w.scenario->catalog.clusters, 3);
    assert_near(hypot(w.scenario->catalog.cluster[1].x_km - w.scenario->catalog.cluster[2].x_km,
                      w.scenario->catalog.cluster[1].y_km - w.scenario->catalog.cluster[2].y_km),
                hypot(0.02 * 111.195, 0.02 * 111.195 * cos(37.81 * 3.14159265 / 180)), 1e-2);
    assert_int_equal(w.scenario->reach.kind, REACH_DISTANCE);
    case_unload(&w);
    case_end(&c);
}

static void pai_gives_the_noise_of_all_types(void **state)
{
    struct import_case c;
    struct case_world w;
    char source[300];

    (void)state;
    case_begin(&c);
    case_types(&c, "elasticflow", case_file(&c, "vgg.csv", "global_batch_size,1,2\n64,5,9\n"),
               NULL);
    snprintf(source, sizeof source, "pai@%s",
             case_file(&c, "cv.csv",
                       ",0,1,2\njob_0,0.1,0.2,0.9\njob_1,0.3,,\njob_2,x,1,1\njob_3,0.05,,\n"));
    case_source(&c, &c.noise, source, NULL);
    c.request.noise = &c.noise;
    case_run(&c);
    assert_int_equal(c.noise.account.dropped[TRACE_DROP_DAMAGED], 1);
    case_load(&c, &w);
    assert_int_equal(w.scenario->truth[0].noise.kind, NOISE_LOGNORMAL);
    assert_near(w.scenario->truth[0].noise.width, sqrt(log(1 + 0.2 * 0.2)), 1e-4);
    case_unload(&w);
    case_end(&c);
}

static void pai_original_has_the_median_of_its_readme(void **state)
{
    struct import_case c;

    (void)state;
    if (!case_data())
        SKIP_TEST("the public sets are not here");
    case_begin(&c);
    case_types(&c, "tapfinger", NULL, NULL);
    case_source(&c, &c.noise, "pai", NULL);
    c.request.noise = &c.noise;
    c.request.tasks = 5;
    case_run(&c);
    assert_int_equal(c.noise.account.rows, 100);
    assert_near(sqrt(expm1(c.result.trace.noise * c.result.trace.noise)), 0.094, 1e-3);
    case_end(&c);
}

/* Originals: rows as their README says. */

static const struct original {
    const char *source, *option;
    bool types;
    int64_t rows, jobs;
} originals[] = {
    {"openb:openb_pod_list_default", NULL, false, 8152, 8152 - 897},
    {"openb:openb_pod_list_gpuspec33", NULL, false, 8152, 8152 - 897},
    {"adaptdl:workloads/workload-6", NULL, false, 160, 160},
    {"adaptdl:workloads/workload-6", "adaptdl.batch=job", false, 160, 160},
    {"sia:newtrace/workload-1", "sia.gpu=dgx-ext", false, 960, 960},
    {"sia:saturn/workload-2", "sia.gpu=azure", false, 160, 160},
    {"gavel:simulation", NULL, true, 83, 0},
    {"gavel:6c71a0", NULL, false, 2000, 2000},
    {"gavel:e13805", NULL, false, 607, 607},
    {"shockwave:120_0", NULL, false, 120, 120},
    {"shockwave:460_0", NULL, false, 460, 460},
    {"shockwave:900_0.2_5_100_5", NULL, false, 900, 900},
    {"synergy:static_100job_6_3_1100", NULL, false, 100, 100},
    {"zeus", NULL, true, 476 + 3759, 0},
    {"dl2", NULL, true, 804, 0},
    {"elasticflow", NULL, true, 17, 0},
};

static void originals_have_the_rows_that_their_readme_says(void **state)
{
    (void)state;
    if (!case_data())
        SKIP_TEST("the public sets are not here");
    for (size_t i = 0; i < COUNT_OF(originals); i++) {
        const struct original *o = &originals[i];
        struct import_case c;

        case_begin(&c);
        (o->types ? case_types : case_arrivals)(&c, o->source, NULL, o->option);
        case_run(&c);
        assert_int_equal(o->types ? c.types[0].account.rows : c.arrivals.account.rows, o->rows);
        assert_int_equal(c.result.jobs, o->jobs);
        case_end(&c);
    }
}

static void openb_original_marks_what_its_readme_counts(void **state)
{
    struct import_case c;

    (void)state;
    if (!case_data())
        SKIP_TEST("the public sets are not here");
    case_begin(&c);
    case_arrivals(&c, "openb:openb_pod_list_default", NULL, NULL);
    case_source(&c, &c.sites, "openb", NULL);
    c.request.sites = &c.sites;
    case_run(&c);
    assert_int_equal(case_dropped(&c, TRACE_DROP_NEVER_RAN), 897);
    assert_int_equal(c.arrivals.account.noted[TRACE_NOTE_CENSORED], 5193);
    assert_int_equal(c.arrivals.account.noted[TRACE_NOTE_FAILED], 1870);
    assert_int_equal(c.result.clusters, 1523);
    case_end(&c);
}

static void infless_original_has_558_points(void **state)
{
    struct import_case c;

    (void)state;
    if (!case_data())
        SKIP_TEST("the public sets are not here");
    case_begin(&c);
    case_types(&c, "infless", NULL, NULL);
    c.request.tasks = 5;
    case_run(&c);
    assert_int_equal(c.types[0].account.rows, 558);
    assert_int_equal(c.types[0].account.noted[TRACE_NOTE_INFEASIBLE], 176);
    assert_int_equal(c.result.trace.types.count, 6);
    case_end(&c);
}

static void four_sources_make_one_scenario(void **state)
{
    struct import_case c;
    struct case_world w;

    (void)state;
    if (!case_data())
        SKIP_TEST("the public sets are not here");
    case_begin(&c);
    case_arrivals(&c, "microsoft:cluster10", NULL, NULL);
    case_types(&c, "tapfinger", NULL, NULL);
    case_types(&c, "elasticflow", NULL, NULL);
    case_source(&c, &c.factors, "synergy", NULL);
    case_source(&c, &c.sites, "eua:12", NULL);
    c.request.factors = &c.factors;
    c.request.sites = &c.sites;
    c.request.capacity = "cpu=32,gpu=8";
    c.request.load = 0.8;
    case_run(&c);
    assert_int_equal(c.result.jobs, 260);
    assert_near(fmax(c.result.load[0], c.result.load[1]), 0.8, 1e-9);
    case_load(&c, &w);
    assert_int_equal(w.scenario->catalog.clusters, 12);
    assert_int_equal(w.scenario->catalog.types, 3 + 7);
    case_unload(&w);
    case_end(&c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(openb_pods_and_nodes),
    cmocka_unit_test(adaptdl_steps_times_step_time),
    cmocka_unit_test(gavel_tables_and_jobs),
    cmocka_unit_test(elasticflow_columns_are_gpus),
    cmocka_unit_test(synergy_gives_a_cpu_axis),
    cmocka_unit_test(synergy_jobs_run_by_its_table),
    cmocka_unit_test(zeus_work_varies_as_the_epochs_did),
    cmocka_unit_test(infless_serves_with_its_best_batch),
    cmocka_unit_test(dl2_speeds_are_sums_over_workers),
    cmocka_unit_test(eua_sites_are_spread_over_the_city),
    cmocka_unit_test(pai_gives_the_noise_of_all_types),
    cmocka_unit_test(pai_original_has_the_median_of_its_readme),
    cmocka_unit_test(originals_have_the_rows_that_their_readme_says),
    cmocka_unit_test(openb_original_marks_what_its_readme_counts),
    cmocka_unit_test(infless_original_has_558_points),
    cmocka_unit_test(four_sources_make_one_scenario),
};

RUN_TESTS(tests)
