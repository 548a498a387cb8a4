/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cluster that offers more than there is would be scheduled by wrong numbers, and two that offer
 * the same processor would slow each other down unseen: the first of either would be found out by
 * slow tasks. So the site is refused, unless it says that it is a trial, where quotas keep tasks
 * apart as well as they can. A processor that is not there cannot be given in a trial either.
 *
 * There are the processors that the kernel would give to a task (all that are online and within
 * this process's cpuset), the GPUs that NVML counts, and the machine's memory.
 */
#include "serve/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/backend.h"
#include "backend/cpu_list.h"
#include "backend/gpu_driver.h"
#include "backend/gpu_parts.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "serve/runner.h"
#include "serve/site.h"

/* How to have it all the same. */
#define TRIAL "; or say \"trial: true\""

/* What there is, and which cluster has it: -1, nobody yet. */
struct machine {
    struct cpu_list cpus;
    int gpus;
    int64_t mem_bytes, mem_taken_bytes;
    int cpu_of[CPU_LIST_MAX], gpu_of[CPU_LIST_MAX];
};

struct check {
    const struct site *site;
    struct machine machine;
    int cluster;
    struct err *err;
};

static void machine_look(struct machine *machine, const struct site *site)
{
    bool any_gpu = false;

    for (int c = 0; c < site->clusters; c++)
        any_gpu |= site->cluster[c].capacity.amount[SITE_GPU] > 0;
    cpu_list_there(&machine->cpus);
    machine->gpus = any_gpu ? gpu_driver_total() : 0;
    machine->mem_bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    machine->mem_taken_bytes = 0;
    for (int id = 0; id < CPU_LIST_MAX; id++)
        machine->cpu_of[id] = machine->gpu_of[id] = -1;
}

static int refuse(const struct check *check, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse(const struct check *check, const char *key, const char *format, ...)
{
    char path[64];
    va_list args;

    snprintf(path, sizeof path, "clusters[%d].%s", check->cluster, key);
    va_start(args, format);
    err_set_v(check->err, ERR_INVALID, format, args);
    va_end(args);
    return site_blame(check->site, path, ERR_INVALID, check->err);
}

/* No two clusters have the same, and none has it twice. */
static int claim(const struct check *check, const char *key, const char *what,
                 const struct cpu_list *list, int *owner)
{
    for (int i = 0; i < list->count; i++) {
        int *of = &owner[list->id[i]];

        if (*of == check->cluster)
            return refuse(check, key, "%s %d is listed twice", what, list->id[i]);
        if (*of >= 0 && !check->site->trial)
            return refuse(check, key, "%s %d is offered by %s already; list others" TRIAL, what,
                          list->id[i], check->site->cluster[*of].name);
        *of = check->cluster;
    }
    return 0;
}

static int check_listed(struct check *check, const char *text, struct cpu_list *list)
{
    int rc = cpu_list_parse(list, text, check->err);
    char *there;

    if (rc)
        return refuse(check, "cpus", "\"%.60s\": expected a list of numbers like 0-3,8", text);
    if (!list->count)
        return refuse(check, "cpus", "expected at least one processor");
    there = cpu_list_text(&check->machine.cpus);
    for (int i = 0; i < list->count && rc == 0; i++)
        if (!cpu_list_has(&check->machine.cpus, list->id[i]))
            rc = refuse(check, "cpus", "processor %d is not there; expected some of %s",
                        list->id[i], there);
    free(there);
    return rc;
}

static int check_processors(struct check *check)
{
    const struct site_cluster *cluster = &check->site->cluster[check->cluster];
    int cpus = cluster->capacity.amount[SITE_CPU], rc = 0;
    struct cpu_list list;

    if (cluster->cpus)
        rc = check_listed(check, cluster->cpus, &list);
    else
        cpu_list_own(&list);
    if (rc == 0 && cpus > list.count && !check->site->trial)
        rc = refuse(check, "cpu", "%d processors, but %s %d; expected %d at most" TRIAL, cpus,
                    cluster->cpus ? "cpus lists" : "there are", list.count, list.count);
    return rc ? rc : claim(check, "cpus", "processor", &list, check->machine.cpu_of);
}

static int list_gpus(const struct check *check, struct cpu_list *list)
{
    const struct site_cluster *cluster = &check->site->cluster[check->cluster];

    list->count = 0;
    if (cluster->gpus && cpu_list_parse(list, cluster->gpus, check->err))
        return refuse(check, "gpus", "\"%.60s\": expected a list of numbers like 0,1",
                      cluster->gpus);
    for (int i = 0; !cluster->gpus && i < cluster->capacity.amount[SITE_GPU]; i++)
        list->id[list->count++] = (int16_t)i;
    return 0;
}

static int check_gpus(struct check *check)
{
    const struct site_cluster *cluster = &check->site->cluster[check->cluster];
    int gpus = cluster->capacity.amount[SITE_GPU], there = check->machine.gpus, rc;
    struct gpu_parts parts;
    struct cpu_list list;

    rc = list_gpus(check, &list);
    for (int i = 0; i < list.count && gpus && rc == 0 && !check->site->trial; i++)
        if (list.id[i] >= there)
            rc = refuse(check, cluster->gpus ? "gpus" : "gpu",
                        "GPU %d is not there: NVML finds %d; expected others, or fewer" TRIAL,
                        list.id[i], there);
    if (rc == 0 && gpus)
        rc = claim(check, "gpus", "GPU", &list, check->machine.gpu_of);
    if (rc)
        return rc;
    rc = gpu_parts_open(&parts, cluster->name, gpus, &list, check->err);
    gpu_parts_release(&parts);
    return rc ? site_blame(check->site, "clusters", rc, check->err) : 0;
}

static int check_memory(struct check *check)
{
    struct machine *machine = &check->machine;
    int64_t own = check->site->cluster[check->cluster].capacity.amount[SITE_MEM];

    machine->mem_taken_bytes += own * SITE_MEM_UNIT_BYTES;
    if (check->site->trial || own == 0 ||
        machine->mem_taken_bytes < machine->mem_bytes + SITE_MEM_UNIT_BYTES)
        return 0;
    return refuse(check, "mem",
                  "with this cluster %.1f GiB are offered, but %.1f are there; expected less" TRIAL,
                  (double)machine->mem_taken_bytes / (1 << 30),
                  (double)machine->mem_bytes / (1 << 30));
}

int machine_check(const struct site *site, struct err *err)
{
    struct check *check = xcalloc(1, sizeof *check);
    int rc = 0;

    check->site = site;
    check->err = err;
    machine_look(&check->machine, site);
    for (; check->cluster < site->clusters && rc == 0; check->cluster++) {
        rc = check_processors(check);
        if (rc == 0)
            rc = check_gpus(check);
        if (rc == 0)
            rc = check_memory(check);
    }
    free(check);
    return rc;
}

static int probe_cluster(const struct site *site, int c, struct text *out, struct err *err)
{
    const struct site_cluster *cluster = &site->cluster[c];
    struct backend_config config = runner_config(site, c);
    char groups[64];
    struct text lines;
    int rc;

    snprintf(groups, sizeof groups, "tapfinger-check-%d", (int)getpid());
    config.groups = groups;
    config.program = "";
    text_init(&lines, 0);
    rc = backend_find(cluster->backend)->probe(&config, &lines, err);
    if (rc == 0) {
        text_printf(out, "%s, by backend %s:\n", cluster->name, cluster->backend);
        for (const char *at = lines.bytes; at && *at;) {
            size_t length = strcspn(at, "\n");

            text_printf(out, "  %.*s\n", (int)length, at);
            at += length + (at[length] == '\n');
        }
    }
    text_release(&lines);
    return rc;
}

int machine_probe(const struct site *site, struct text *out, struct err *err)
{
    int rc = 0;

    for (int c = 0; c < site->clusters && rc == 0; c++)
        rc = probe_cluster(site, c, out, err);
    return rc;
}
