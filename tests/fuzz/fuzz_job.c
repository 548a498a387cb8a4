/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the body of a submission: refused with a message, or a job that holds together and
 * that the store's form of it brings back.
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "serve/job.h"
#include "serve/site.h"

static const char lab[] =
    "clusters: [{name: edge-a, cpu: 4, mem: 1GiB}, {name: edge-b, cpu: 8, gpu: 2}]";

static void check_job(const struct job *job)
{
    BUG_ON(job->tasks < 1 || job->tasks > JOB_TASKS_MAX || !job->name || !job->type);
    BUG_ON(job->has_max && !allocation_fits(&job->min, &job->max));
    BUG_ON(job->reach.count < 1);
    for (int32_t i = 0; i < job->tasks; i++)
        BUG_ON(job->task[i].job != job || (i && job->task[i].index <= job->task[i - 1].index));
}

static void try_job(const json_t *doc, const struct site *site)
{
    struct err err = {0};
    struct job *job, *again;

    if (job_parse(&job, doc, site, true, &err)) {
        BUG_ON(job || !err.message[0]);
        return;
    }
    check_job(job);
    BUG_ON(job_parse(&again, doc, site, false, &err));
    BUG_ON(again->tasks != job->tasks || strcmp(again->name, job->name) != 0);
    job_free(again);
    job_free(job);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    json_t *doc = count <= 1 << 16
                      ? json_loadb((const char *)bytes, count, JSON_REJECT_DUPLICATES, NULL)
                      : NULL;
    struct site site;
    struct err err;

    if (!doc)
        return 0;
    BUG_ON(site_parse(&site, "lab", lab, strlen(lab), &err));
    try_job(doc, &site);
    site_release(&site);
    json_decref(doc);
    return 0;
}
