/* SPDX-License-Identifier: Apache-2.0 */
/*
 * site.yaml:
 *
 *     site: lab
 *     listen: {unix: /run/tapfinger/sock, http: 127.0.0.1:7979, tls: {cert: c.pem, key: k.pem}}
 *     store: {path: /var/lib/tapfinger/state.db, keep_finished: 30d, keep_events: 7d}
 *     policy: {name: tapfinger, model: day.tap, fallback: fifo-min, decide_timeout: 50ms}
 *     auth: {anonymous: read, tokens: file:/etc/tapfinger/tokens, roles: {ann: admin}}
 *     clusters:
 *       - {name: edge-a, cpu: 4, gpu: 1, mem: 32GiB, cpus: 0-3, gpus: "0"}
 *     limits: {rate: 200, default: {running: 16, gpu: 4, pending: 5000}, users: {bob: {gpu: 1}}}
 *     types:
 *       - {name: resnet50, min: {cpu: 1}, max: {cpu: 4, gpu: 1}}
 *
 * All sections may be left out. Names follow the scenario reader's rules.
 */
#include "serve/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/cpu_list.h"
#include "backend/gpu_driver.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/text.h"
#include "base/yaml.h"
#include "core/policy.h"
#include "policy/spec.h"
#include "serve/partition.h"
#include "serve/quantity.h"

static const struct option_spec top_options[] = {
    {"version", OPTION_INT, "1", .low = 1, .high = 1, .help = "of this format"},
    {"site", OPTION_STRING, "local", .help = "what the site is called"},
    {"listen", OPTION_NODE, .help = "where the daemon listens"},
    {"store", OPTION_NODE, .help = "where it keeps things, and for how long"},
    {"policy", OPTION_NODE, .help = "who decides"},
    {"auth", OPTION_NODE, .help = "who may do what"},
    {"limits", OPTION_NODE, .help = "what one caller may ask for"},
    {"clusters", OPTION_NODE, .help = "a list; default: this machine"},
    {"types", OPTION_NODE,
     .help = "a list of task types with limits; others come as they are used"},
    {0},
};

static const struct option_spec listen_options[] = {
    {"unix", OPTION_STRING, .choices = "PATH", .help = "a socket for this machine's users"},
    {"http", OPTION_STRING, .choices = "HOST:PORT",
     .help = "a TCP address, for holders of a token; default: none"},
    {"tls", OPTION_NODE, .help = "cert and key: files in PEM form"},
    {0},
};

static const struct option_spec tls_options[] = {
    {"cert", OPTION_STRING, .choices = "PATH", .flags = OPTION_REQUIRED, .help = "certificates"},
    {"key", OPTION_STRING, .choices = "PATH", .flags = OPTION_REQUIRED, .help = "private key"},
    {0},
};

static const struct option_spec store_options[] = {
    {"path", OPTION_STRING, .choices = "FILE",
     .help = "the database, in a folder of its own: outputs of tasks lie beside it; default: "
             "state.db in $XDG_STATE_HOME/tapfinger, or in /var/lib/tapfinger for root"},
    {"keep_finished", OPTION_STRING, "30d", .choices = "DURATION", .help = "finished jobs"},
    {"keep_events", OPTION_STRING, "7d", .choices = "DURATION", .help = "events and decisions"},
    {"log_size", OPTION_STRING, "16MiB", .choices = "SIZE",
     .help = "kept of each task's standard output, and as much of its standard error"},
    {0},
};

static const struct option_spec policy_options[] = {
    {"name", OPTION_STRING, "tapfinger", .choices = "POLICY",
     .help = "NAME, or NAME:key=value,..."},
    {"model", OPTION_STRING, .choices = "FILE",
     .help = "of a learned policy: the same as \"NAME:model=FILE\""},
    {"fallback", OPTION_STRING, "fifo-min", .choices = "POLICY",
     .help = "who decides where the policy takes too long; a rule, neither learned nor in need of "
             "speeds"},
    {"decide_timeout", OPTION_STRING, "100ms", .choices = "DURATION",
     .help = "a decision that takes longer is made by the fallback instead"},
    {0},
};

static const struct option_spec auth_options[] = {
    {"anonymous", OPTION_CHOICE, "none", .choices = "none|read|submit|admin",
     .help = "what may be done over TCP without a token"},
    {"tokens", OPTION_STRING, .choices = "PATH",
     .help = "a file of tokens beside those of \"tapfinger token\""},
    {"roles", OPTION_NODE,
     .help = "some users: {ann: admin, bob: none}; with a token: at most that"},
    {"session", OPTION_STRING, "12h", .choices = "DURATION",
     .help = "a browser's, after which it is asked for a token again"},
    {0},
};

static const struct option_spec limit_options[] = {
    {"default", OPTION_NODE, .help = "each user: {running: 16, cpu: 8, gpu: 4, pending: 5000}"},
    {"users", OPTION_NODE,
     .help = "some users: {ann: {gpu: 1}}; what is not said is as in default"},
    {"rate", OPTION_REAL, "200", .low = 0, .high = 1e6,
     .help = "requests per second with one token, over TCP; 0: any number"},
    {0},
};

static const struct option_spec quota_options[] = {
    {"running", OPTION_INT, .low = 0, .high = MAX_QUANTITY, .help = "tasks at once"},
    {"cpu", OPTION_INT, .low = 0, .high = MAX_QUANTITY, .help = "processors at once"},
    {"gpu", OPTION_INT, .low = 0, .high = MAX_QUANTITY, .help = "GPUs at once"},
    {"pending", OPTION_INT, .low = 0, .high = MAX_QUANTITY, .help = "tasks that are not over"},
    {0},
};

static const struct option_spec cluster_options[] = {
    {"name", OPTION_STRING, .flags = OPTION_REQUIRED, .help = "what it is called"},
    {"backend", OPTION_CHOICE, "local", .choices = "local", .help = "the engine that runs tasks"},
    {"cpu", OPTION_INT, .low = 0, .high = 1000000,
     .help = "processors; default: all that are listed, or there"},
    {"gpu", OPTION_INT, .low = 0, .high = 1024, .help = "GPUs; default: all that are listed"},
    {"mem", OPTION_STRING, .choices = "SIZE", .help = "memory; default: not counted"},
    {"cpus", OPTION_STRING, .choices = "LIST", .help = "which processors, like 0-3,8"},
    {"gpus", OPTION_STRING, .choices = "LIST",
     .help = "which GPUs, like 0,1; default: 0 and up; fewer than gpu says: in parts, by MPS"},
    {0},
};

static const struct option_spec type_options[] = {
    {"name", OPTION_STRING, .flags = OPTION_REQUIRED, .help = "what it is called"},
    {"min", OPTION_NODE, .help = "least a task may hold: {cpu: 1, gpu: 0, mem: 512MiB}"},
    {"max", OPTION_NODE, .help = "most that it can use; default: the largest cluster"},
    {0},
};

const struct option_section site_sections[] = {
    {"", "The top of the file.", top_options},
    {"listen", "Where the daemon listens.", listen_options},
    {"listen.tls", "Encryption of TCP.", tls_options},
    {"store", "What is kept.", store_options},
    {"policy", "Who decides.", policy_options},
    {"auth", "Who may do what.", auth_options},
    {"limits", "What one caller may ask for.", limit_options},
    {"limits.default", "What each user may have.", quota_options},
    {"clusters[]", "One cluster.", cluster_options},
    {"types[]", "One task type.", type_options},
    {0},
};

static const char *keep(struct site *site, const char *text)
{
    return text ? arena_strdup(&site->arena, text) : NULL;
}

/* A path, also written as "file:PATH". */
static const char *keep_path(struct site *site, const char *path)
{
    return keep(site, path && strncmp(path, "file:", 5) == 0 ? path + 5 : path);
}

/* Adds "file:line: key: " to what a reader of quantities said. */
static int at_node(const struct yaml_node *node, const char *key, int rc, struct err *err)
{
    struct err own;

    if (rc == 0)
        return 0;
    own = *err;
    return yaml_error(node, err, "%s: %s", key, own.message);
}

static int read_duration(const struct yaml_node *node, const struct params *params, const char *key,
                         double *out, struct err *err)
{
    return at_node(node, key, quantity_duration(params_string(params, key), out, err), err);
}

static int read_listen(struct site *site, const struct yaml_node *node, struct err *err)
{
    const struct yaml_node *tls = yaml_find(node, "tls");
    struct params params;
    int rc;

    params_init(&params, listen_options);
    rc = yaml_read_map(node, "listen", &params, err);
    if (rc == 0) {
        site->unix_path = keep(site, params_string(&params, "unix"));
        site->http = keep(site, params_string(&params, "http"));
    }
    params_release(&params);
    if (rc || !tls)
        return rc;
    params_init(&params, tls_options);
    rc = yaml_read_map(tls, "listen.tls", &params, err);
    if (rc == 0) {
        site->tls_cert = keep_path(site, params_string(&params, "cert"));
        site->tls_key = keep_path(site, params_string(&params, "key"));
    }
    params_release(&params);
    return rc;
}

static int read_store(struct site *site, const struct yaml_node *node, struct err *err)
{
    struct params params;
    int rc = 0;

    params_init(&params, store_options);
    if (node)
        rc = yaml_read_map(node, "store", &params, err);
    if (rc == 0)
        rc = read_duration(node, &params, "keep_finished", &site->keep_finished_s, err);
    if (rc == 0)
        rc = read_duration(node, &params, "keep_events", &site->keep_events_s, err);
    if (rc == 0)
        rc =
            at_node(node, "log_size",
                    quantity_bytes(params_string(&params, "log_size"), &site->log_bytes, err), err);
    if (rc == 0 && site->log_bytes < 4096)
        rc = yaml_error(node, err, "log_size: expected at least 4096 bytes");
    if (rc == 0)
        site->store = keep_path(site, params_string(&params, "path"));
    if (rc == 0 && site->store && (!site->store[0] || site->store[strlen(site->store) - 1] == '/'))
        rc = yaml_error(yaml_find(node, "path"), err,
                        "path: \"%.200s\": expected a file, like /var/lib/tapfinger/state.db",
                        site->store);
    params_release(&params);
    return rc;
}

static int check_policy(const char *policy, struct err *err)
{
    struct policy_spec spec;
    int rc = policy_spec_parse(&spec, policy, err);

    if (rc == 0)
        policy_spec_release(&spec);
    return rc;
}

/* The policy with its model as one word, "tapfinger:model=FILE". */
static int add_model(struct site *site, const char *model, struct err *err)
{
    struct policy_spec spec;
    bool learned, twice;
    int rc = policy_spec_parse(&spec, site->policy, err);

    if (rc)
        return rc;
    learned = spec.ops->traits & POLICY_LEARNED;
    twice = learned && params_given(&spec.params, "model");
    policy_spec_release(&spec);
    if (!learned)
        return err_set(err, ERR_INVALID, "%s has none; only learned policies do", site->policy);
    if (twice)
        return err_set(err, ERR_INVALID, "%s says which one already", site->policy);
    if (strpbrk(model, ", "))
        return err_set(err, ERR_INVALID, "\"%.200s\": expected a path without commas and spaces",
                       model);
    site->policy = arena_printf(&site->arena, "%s%cmodel=%s", site->policy,
                                strchr(site->policy, ':') ? ',' : ':', model);
    return check_policy(site->policy, err);
}

/* It steps in at once, whatever is known of the tasks by then. */
static int check_fallback(const char *fallback, struct err *err)
{
    struct policy_spec spec;
    int rc = policy_spec_parse(&spec, fallback, err);

    if (rc)
        return rc;
    if (spec.ops->traits & (POLICY_LEARNED | POLICY_MODEL) || spec.ops->info == INFO_ORACLE)
        rc = err_set(err, ERR_INVALID,
                     "%s is learned or in need of speeds, so it may be late itself; expected a "
                     "rule, like fifo-min",
                     spec.ops->name);
    policy_spec_release(&spec);
    return rc;
}

static int read_policy(struct site *site, const struct yaml_node *node, struct err *err)
{
    const char *model;
    struct params params;
    int rc = 0;

    params_init(&params, policy_options);
    if (node)
        rc = yaml_read_map(node, "policy", &params, err);
    if (rc == 0)
        rc = read_duration(node, &params, "decide_timeout", &site->decide_timeout_s, err);
    if (rc == 0)
        rc = at_node(node, "name", check_policy(params_string(&params, "name"), err), err);
    if (rc == 0)
        site->policy = keep(site, params_string(&params, "name"));
    model = rc ? NULL : keep_path(site, params_string(&params, "model"));
    if (model)
        rc = at_node(yaml_find(node, "model"), "model", add_model(site, model, err), err);
    site->fallback = keep(site, params_string(&params, "fallback"));
    if (rc == 0 && params_given(&params, "fallback"))
        rc = at_node(yaml_find(node, "fallback"), "fallback", check_fallback(site->fallback, err),
                     err);
    params_release(&params);
    return rc;
}

static int read_roles(struct site *site, const struct yaml_node *roles, struct err *err)
{
    int rc = yaml_need_kind(roles, YAML_MAP, "auth.roles", err);

    if (rc)
        return rc;
    site->role = arena_zalloc(&site->arena, (size_t)roles->items + 1, sizeof *site->role);
    for (int i = 0; i < roles->items && rc == 0; i++) {
        struct site_role *role = &site->role[site->roles++];
        const char *word;

        role->user = keep(site, roles->key[i]);
        rc = yaml_string(roles->item[i], "auth.roles", &word, err);
        if (rc == 0 && !role_find(word, &role->role))
            rc = yaml_error(roles->item[i], err,
                            "auth.roles: %s: \"%.20s\" is no role; expected none, read, submit or "
                            "admin",
                            role->user, word);
    }
    return rc;
}

static int read_auth(struct site *site, const struct yaml_node *node, struct err *err)
{
    const struct yaml_node *roles = node ? yaml_find(node, "roles") : NULL;
    struct params params;
    int rc = 0;

    params_init(&params, auth_options);
    if (node)
        rc = yaml_read_map(node, "auth", &params, err);
    if (rc == 0)
        rc = read_duration(node, &params, "session", &site->session_s, err);
    if (rc == 0 && !(site->session_s >= 1 && site->session_s <= 366 * 86400.0))
        rc = yaml_error(node, err, "session: expected a duration from 1s to 366d");
    if (rc == 0) {
        site->tokens = keep_path(site, params_string(&params, "tokens"));
        site->anonymous = (enum role)params_choice(&params, "anonymous");
    }
    params_release(&params);
    return rc == 0 && roles ? read_roles(site, roles, err) : rc;
}

const enum role *site_role(const struct site *site, const char *user)
{
    for (int i = 0; i < site->roles; i++)
        if (strcmp(site->role[i].user, user) == 0)
            return &site->role[i].role;
    return NULL;
}

const char *site_anonymous_warning(const struct site *site)
{
    return site->anonymous == ROLE_ADMIN
               ? "auth.anonymous is admin and other machines can reach listen.http: whoever is on "
                 "that network may run anything here and change everything"
               : "auth.anonymous is submit and other machines can reach listen.http: whoever is on "
                 "that network may run anything here";
}

/* What it does not say stays. */
static int read_quota(struct site *site, const struct yaml_node *map, struct site_quota *out,
                      struct err *err)
{
    struct params params;
    int rc;

    params_init(&params, quota_options);
    rc = yaml_read_map(map, "limits", &params, err);
    if (rc == 0 && params_given(&params, "running"))
        out->running = (int32_t)params_int(&params, "running");
    if (rc == 0 && params_given(&params, "cpu"))
        out->cpu = (int32_t)params_int(&params, "cpu");
    if (rc == 0 && params_given(&params, "gpu"))
        out->gpu = (int32_t)params_int(&params, "gpu");
    if (rc == 0 && params_given(&params, "pending"))
        out->pending = (int32_t)params_int(&params, "pending");
    params_release(&params);
    site->has_quota = true;
    return rc;
}

static int read_quotas(struct site *site, const struct yaml_node *limits, struct err *err)
{
    const struct yaml_node *own = yaml_find(limits, "default"), *users = yaml_find(limits, "users");
    int rc = own ? read_quota(site, own, &site->quota, err) : 0;

    if (rc || !users)
        return rc;
    rc = yaml_need_kind(users, YAML_MAP, "limits.users", err);
    if (rc)
        return rc;
    site->user_quota =
        arena_zalloc(&site->arena, (size_t)users->items + 1, sizeof *site->user_quota);
    for (int i = 0; i < users->items && rc == 0; i++) {
        struct site_quota *quota = &site->user_quota[site->quotas++];

        *quota = site->quota;
        quota->user = keep(site, users->key[i]);
        rc = read_quota(site, users->item[i], quota, err);
    }
    return rc;
}

const struct site_quota *site_quota(const struct site *site, const char *user)
{
    for (int i = 0; user && i < site->quotas; i++)
        if (strcmp(site->user_quota[i].user, user) == 0)
            return &site->user_quota[i];
    return &site->quota;
}

static int read_call_limits(struct site *site, const struct yaml_node *node, struct err *err)
{
    struct params params;
    int rc = 0;

    params_init(&params, limit_options);
    if (node)
        rc = yaml_read_map(node, "limits", &params, err);
    if (rc == 0)
        site->rate = params_real(&params, "rate");
    params_release(&params);
    return rc ? rc : read_quotas(site, node, err);
}

static int32_t mem_units(int64_t bytes)
{
    int64_t units = (bytes + SITE_MEM_UNIT_BYTES - 1) / SITE_MEM_UNIT_BYTES;

    return units > MAX_QUANTITY ? MAX_QUANTITY : (int32_t)units;
}

/* How many a list has; whether it is one is looked at later (serve/machine.h). */
static int32_t count_listed(const char *text, int otherwise)
{
    struct cpu_list list;

    return text && cpu_list_parse(&list, text, NULL) == 0 ? list.count : otherwise;
}

static int fill_cluster(struct site *site, const struct yaml_node *node,
                        const struct params *params, struct site_cluster *out, struct err *err)
{
    int64_t bytes = 0;
    int rc = 0;

    out->name = keep(site, params_string(params, "name"));
    out->backend = keep(site, params_string(params, "backend"));
    out->cpus = keep(site, params_string(params, "cpus"));
    out->gpus = keep(site, params_string(params, "gpus"));
    out->capacity.amount[SITE_CPU] = params_given(params, "cpu")
                                         ? (int32_t)params_int(params, "cpu")
                                         : count_listed(out->cpus, parallel_processors());
    out->capacity.amount[SITE_GPU] = params_given(params, "gpu")
                                         ? (int32_t)params_int(params, "gpu")
                                         : count_listed(out->gpus, 0);
    if (params_given(params, "mem")) {
        rc = at_node(node, "mem", quantity_bytes(params_string(params, "mem"), &bytes, err), err);
        out->capacity.amount[SITE_MEM] = mem_units(bytes);
        site->has_mem = true;
    }
    return rc ? rc : yaml_check_name(node, out->name, err);
}

static int read_clusters(struct site *site, const struct yaml_node *list, struct err *err)
{
    int rc = yaml_need_kind(list, YAML_LIST, "clusters", err);

    if (rc)
        return rc;
    if (list->items < 1 || list->items > 1000)
        return yaml_error(list, err, "clusters: expected 1 to 1000, not %d", list->items);
    site->cluster = arena_zalloc(&site->arena, (size_t)list->items, sizeof *site->cluster);
    for (int i = 0; i < list->items && rc == 0; i++) {
        struct params params;

        params_init(&params, cluster_options);
        rc = yaml_read_map(list->item[i], "clusters", &params, err);
        if (rc == 0)
            rc = fill_cluster(site, list->item[i], &params, &site->cluster[i], err);
        if (rc == 0 && site_find_cluster(site, site->cluster[i].name) >= 0)
            rc = yaml_error(list->item[i], err, "clusters: \"%s\" is there twice",
                            site->cluster[i].name);
        site->clusters += rc == 0;
        params_release(&params);
    }
    return rc;
}

static int read_amounts(const struct yaml_node *map, const char *what, struct allocation *out,
                        struct err *err)
{
    static const struct option_spec options[] = {
        {"cpu", OPTION_INT, .low = 0, .high = MAX_QUANTITY, .help = "processors"},
        {"gpu", OPTION_INT, .low = 0, .high = MAX_QUANTITY, .help = "GPUs"},
        {"mem", OPTION_STRING, .help = "memory"},
        {0},
    };
    struct params params;
    int64_t bytes = 0;
    int rc = 0;

    params_init(&params, options);
    if (map)
        rc = yaml_read_map(map, what, &params, err);
    if (rc == 0 && params_given(&params, "cpu"))
        out->amount[SITE_CPU] = (int32_t)params_int(&params, "cpu");
    if (rc == 0 && params_given(&params, "gpu"))
        out->amount[SITE_GPU] = (int32_t)params_int(&params, "gpu");
    if (rc == 0 && params_given(&params, "mem")) {
        rc = at_node(map, what, quantity_bytes(params_string(&params, "mem"), &bytes, err), err);
        out->amount[SITE_MEM] = mem_units(bytes);
    }
    params_release(&params);
    return rc;
}

static int read_types(struct site *site, const struct yaml_node *list, struct err *err)
{
    int rc = list ? yaml_need_kind(list, YAML_LIST, "types", err) : 0;

    if (rc || !list)
        return rc;
    site->type = arena_zalloc(&site->arena, (size_t)list->items + 1, sizeof *site->type);
    for (int i = 0; i < list->items && rc == 0; i++) {
        const struct yaml_node *node = list->item[i];
        struct site_type *type = &site->type[i];
        struct params params;

        params_init(&params, type_options);
        rc = yaml_read_map(node, "types", &params, err);
        if (rc == 0)
            rc = yaml_check_name(node, params_string(&params, "name"), err);
        type->name = rc ? NULL : keep(site, params_string(&params, "name"));
        params_release(&params);
        type->min.amount[SITE_CPU] = 1;
        for (int c = 0; c < site->clusters; c++)
            type->max = allocation_most(&type->max, &site->cluster[c].capacity);
        if (rc == 0)
            rc = read_amounts(yaml_find(node, "min"), "min", &type->min, err);
        if (rc == 0)
            rc = read_amounts(yaml_find(node, "max"), "max", &type->max, err);
        if (rc == 0 && type->min.amount[SITE_CPU] < 1)
            rc = yaml_error(node, err, "type %s: nothing runs without a processor", type->name);
        if (rc == 0 && !allocation_fits(&type->min, &type->max))
            rc = yaml_error(node, err, "type %s: its minimum is above its maximum", type->name);
        site->types += rc == 0;
    }
    return rc;
}

static void use_this_machine(struct site *site)
{
    int64_t bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    struct site_cluster *cluster = arena_zalloc(&site->arena, 1, sizeof *cluster);

    *cluster = (struct site_cluster){
        .name = "local",
        .backend = "local",
        .capacity = {{parallel_processors(), gpu_driver_total(), mem_units(bytes / 10 * 9)}}};
    site->cluster = cluster;
    site->clusters = 1;
    site->has_mem = true;
}

static void choose_store(struct site *site)
{
    const char *state = getenv("XDG_STATE_HOME"), *systemd = getenv("STATE_DIRECTORY");
    const char *home = getenv("HOME"), *slash;

    if (site->store) {
        slash = strrchr(site->store, '/');
        site->folder =
            slash == site->store ? "/"
            : slash ? arena_printf(&site->arena, "%.*s", (int)(slash - site->store), site->store)
                    : ".";
        return;
    }
    if (systemd && *systemd)
        site->folder = keep(site, systemd);
    else if (state && *state)
        site->folder = arena_printf(&site->arena, "%s/tapfinger", state);
    else if (geteuid() == 0)
        site->folder = "/var/lib/tapfinger";
    else
        site->folder =
            arena_printf(&site->arena, "%s/.local/state/tapfinger", home ? home : "/tmp");
    site->store = arena_printf(&site->arena, "%s/state.db", site->folder);
}

static const char system_socket[] = "/run/tapfinger/sock";

char *site_default_socket(void)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR"), *systemd = getenv("RUNTIME_DIRECTORY");
    struct text path;

    text_init(&path, 0);
    if (systemd && *systemd)
        text_printf(&path, "%s/sock", systemd);
    else if (geteuid() == 0)
        text_add(&path, system_socket);
    else if (runtime && *runtime)
        text_printf(&path, "%s/tapfinger.sock", runtime);
    else
        text_printf(&path, "/tmp/tapfinger-%d.sock", (int)geteuid());
    return text_take(&path);
}

char *site_find_socket(void)
{
    char *own = site_default_socket();

    if (access(own, F_OK) == 0 || access(system_socket, F_OK) != 0)
        return own;
    free(own);
    return xstrdup(system_socket);
}

static int read_root(struct site *site, const struct yaml_node *root, struct err *err)
{
    struct params params;
    int rc = 0;

    params_init(&params, top_options);
    if (root)
        rc = yaml_read_map(root, NULL, &params, err);
    if (rc == 0)
        site->name = keep(site, params_string(&params, "site"));
    params_release(&params);
    if (rc == 0 && yaml_find(root, "listen"))
        rc = read_listen(site, yaml_find(root, "listen"), err);
    if (rc == 0)
        rc = read_store(site, yaml_find(root, "store"), err);
    if (rc == 0)
        rc = read_policy(site, yaml_find(root, "policy"), err);
    if (rc == 0)
        rc = read_auth(site, yaml_find(root, "auth"), err);
    if (rc == 0)
        rc = read_call_limits(site, yaml_find(root, "limits"), err);
    if (rc == 0 && yaml_find(root, "clusters"))
        rc = read_clusters(site, yaml_find(root, "clusters"), err);
    else if (rc == 0)
        use_this_machine(site);
    return rc ? rc : read_types(site, yaml_find(root, "types"), err);
}

static void choose_paths(struct site *site)
{
    char *socket = site_default_socket();

    choose_store(site);
    if (!site->unix_path)
        site->unix_path = keep(site, socket);
    free(socket);
}

static int read_document(struct site *site, struct err *err)
{
    int rc = read_root(site, site->document.root, err);

    if (rc)
        return rc;
    choose_paths(site);
    partition_site(site);
    return 0;
}

static void site_init(struct site *site)
{
    *site = (struct site){.quota = {.running = -1, .cpu = -1, .gpu = -1, .pending = -1}};
    arena_init(&site->arena);
}

int site_parse(struct site *site, const char *name, const char *bytes, size_t count,
               struct err *err)
{
    int rc;

    site_init(site);
    rc = yaml_parse(&site->document, name, bytes, count, err);
    return rc ? rc : read_document(site, err);
}

int site_read(struct site *site, const char *path, struct err *err)
{
    int rc = 0;

    site_init(site);
    if (path)
        rc = yaml_open(&site->document, path, err);
    return rc ? rc : read_document(site, err);
}

void site_release(struct site *site)
{
    yaml_close(&site->document);
    arena_release(&site->arena);
    *site = (struct site){0};
}

/* One step down a path, past it: a key, or the place in a list. */
static const struct yaml_node *step(const struct yaml_node *node, const char **path)
{
    char key[64];
    size_t length = strcspn(*path, ".[");

    if (**path == '[') {
        char *end;
        long item = strtol(*path + 1, &end, 10);

        *path = end + 1 + (end[1] == '.');
        return node->kind == YAML_LIST && item < node->items ? node->item[item] : NULL;
    }
    snprintf(key, sizeof key, "%.*s", (int)length, *path);
    *path += length + ((*path)[length] == '.');
    return node->kind == YAML_MAP ? yaml_find(node, key) : NULL;
}

int site_blame(const struct site *site, const char *key, int rc, struct err *err)
{
    const struct yaml_node *at = site->document.root, *below = at;

    if (rc == 0)
        return 0;
    for (const char *path = key; below && *path;) {
        at = below;
        below = step(at, &path);
    }
    at = below ? below : at;
    err_prefix(err, "%s", key);
    if (at)
        err_place(err, at->file, at->line);
    return rc;
}

int site_refuse(const struct site *site, struct err *err, const char *key, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    err_set_v(err, ERR_INVALID, format, args);
    va_end(args);
    return site_blame(site, key, ERR_INVALID, err);
}

bool site_has_gpus(const struct site *site)
{
    for (int i = 0; i < site->clusters; i++)
        if (site->cluster[i].capacity.amount[SITE_GPU] > 0)
            return true;
    return false;
}

int site_find_cluster(const struct site *site, const char *name)
{
    for (int i = 0; i < site->clusters; i++)
        if (strcmp(site->cluster[i].name, name) == 0)
            return i;
    return -1;
}
