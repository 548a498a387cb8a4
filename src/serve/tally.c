/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/tally.h"

#include <string.h>

enum { LABELS_MOST = 200 };

void tally_open(struct tally *tally, int clusters)
{
    *tally = (struct tally){.cluster = xcalloc((size_t)clusters + 1, sizeof *tally->cluster)};
    for (int c = 0; c < clusters; c++) {
        tally->cluster[c].used_gpus = -1;
        tally->cluster[c].used_bytes = -1;
    }
}

void tally_close(struct tally *tally)
{
    for (size_t i = 0; i < tally->types.count; i++)
        free(tally->types.item[i].type);
    for (size_t i = 0; i < tally->decisions.count; i++) {
        free(tally->decisions.item[i].policy);
        free(tally->decisions.item[i].action);
    }
    for (size_t i = 0; i < tally->policies.count; i++)
        free(tally->policies.item[i].policy);
    vector_release(&tally->types);
    vector_release(&tally->decisions);
    vector_release(&tally->policies);
    free(tally->cluster);
    tally->cluster = NULL;
}

struct type_tally *tally_type(struct tally *tally, const char *type)
{
    for (size_t i = 0; i < tally->types.count; i++)
        if (strcmp(tally->types.item[i].type, type) == 0)
            return &tally->types.item[i];
    vector_push(&tally->types, ((struct type_tally){.type = xstrdup(type)}));
    return vector_last(&tally->types);
}

static bool is_named(const char *name, const char *label)
{
    size_t length = strcspn(label, ":");

    return strncmp(name, label, length) == 0 && !name[length];
}

void tally_decision(struct tally *tally, const char *policy, const char *action)
{
    struct decision_tally now = {.count = 1};

    for (size_t i = 0; i < tally->decisions.count; i++) {
        struct decision_tally *at = &tally->decisions.item[i];

        if (is_named(at->policy, policy) && strcmp(at->action, action) == 0) {
            at->count++;
            return;
        }
    }
    if (tally->decisions.count >= LABELS_MOST)
        return;
    now.policy = xstrndup(policy, strcspn(policy, ":"));
    now.action = xstrdup(action);
    vector_push(&tally->decisions, now);
}

void tally_duration(struct tally *tally, const char *policy, double seconds)
{
    struct policy_tally now = {0};
    size_t at = 0;

    while (at < tally->policies.count && !is_named(tally->policies.item[at].policy, policy))
        at++;
    if (at == LABELS_MOST)
        return;
    if (at == tally->policies.count) {
        now.policy = xstrndup(policy, strcspn(policy, ":"));
        vector_push(&tally->policies, now);
    }
    histogram_add(&tally->policies.item[at].duration, histogram_brief_s, seconds);
}

void tally_held(struct cluster_tally *cluster, double cpus, double seconds)
{
    double *minute = &cluster->minute[cluster->minutes % TALLY_MINUTES];

    if (cluster->seconds + seconds <= 0)
        return;
    if (cluster->seconds == 0)
        *minute = 0;
    *minute += (cpus - *minute) * seconds / (cluster->seconds + seconds);
    cluster->seconds += seconds;
    if (cluster->seconds >= 60) {
        cluster->minutes++;
        cluster->seconds = 0;
    }
}

double tally_hour(const struct cluster_tally *cluster)
{
    double sum = 0, weight = 0;

    for (int64_t i = 0; i < TALLY_MINUTES && i <= cluster->minutes; i++) {
        bool is_open = i == cluster->minutes % TALLY_MINUTES;
        double own = is_open ? cluster->seconds : 60;

        sum += cluster->minute[i] * own;
        weight += own;
    }
    return weight > 0 ? sum / weight : -1;
}
