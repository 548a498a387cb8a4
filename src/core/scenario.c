/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading a scenario: read the file, lay it upon the file that it extends (and that one upon its
 * own, and so on), apply the overrides, print the result as the effective configuration, and read
 * the sections in an order in which each finds the names that it refers to.
 */
#include "core/scenario.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"
#include "base/yaml_edit.h"
#include "core/placements.h"
#include "core/scenario_read.h"

enum { MAX_BASES = 8 };

const struct option_spec scenario_top_options[] = {
    {"name", OPTION_STRING, .help = "default: the file's name"},
    {"summary", OPTION_STRING, "", .help = "one line for lists"},
    {"extends", OPTION_STRING, .choices = "file",
     .help = "another scenario, relative to this file, on which this one is laid key by key "
             "(speed, noise and work as a whole; null takes a key away)"},
    {"slot", OPTION_REAL, "0", .low = 0, .high = 1e9, .unit = "s",
     .help =
         "length of a scheduling interval; without it, or 0, time is continuous (event-driven)"},
    {"rounds", OPTION_CHOICE, "many", .choices = "one|many",
     .help = "slotted: one start per cluster and slot, or asked again until nothing is started"},
    {"window", OPTION_INT, "0", .low = 0, .high = MAX_WINDOW,
     .help = "slotted: waiting tasks that a cluster sees at once, a queue behind them; 0: all"},
    {"resources", OPTION_NODE, .flags = OPTION_REQUIRED,
     .help = "list of names, or of maps with name and unit"},
    {"clusters", OPTION_NODE, .flags = OPTION_REQUIRED, .help = "list of clusters"},
    {"types", OPTION_NODE, .flags = OPTION_REQUIRED, .help = "map from name to type"},
    {"switching", OPTION_CHOICE, "own", .choices = SWITCHING_PRESETS,
     .help = "what starts and changed allocations cost every type: what it says itself; nothing; "
             "so many seconds without progress (5 for a light framework, 30 as in Pollux and Sia, "
             "60 as in Tiresias and Lucid, 120 for large models); or half of the slot after a "
             "change, as in TapFinger"},
    {"arrivals", OPTION_NODE, .flags = OPTION_REQUIRED, .help = "when tasks arrive"},
    {"reach", OPTION_NODE, .help = "which clusters a task may use; default: all"},
    {"links", OPTION_NODE, .help = "bandwidth between clusters; default: no limit"},
    {"outages", OPTION_NODE, .help = "list of times when clusters or links are down"},
    {"sharing", OPTION_NODE,
     .help = "tasks that share one allocation; default: up to 4 whose types tell their stages"},
    {"horizon", OPTION_REAL, .low = 0, .high = 1e12, .unit = "s", .flags = OPTION_EXCLUSIVE,
     .help = "the episode ends here at the latest, with what is then unfinished"},
    {"recipe", OPTION_NODE, .help = "how \"tapfinger import\" made this scenario; not looked at"},
    {0},
};

const struct option_section scenario_sections[] = {
    {"", "The scenario itself.", scenario_top_options},
    {"resources[]", "What is shared out.", resource_options},
    {"clusters[]", "The edge sites.", cluster_options},
    {"types.NAME", "Families of tasks with the same sensitivity.", type_options},
    {"types.NAME.speed", "How fast a task runs; each model has keys of its own, below.",
     speed_options},
    {"types.NAME.work", "How much a task has to do; a plain number is a fixed amount.",
     work_options},
    {"types.NAME.noise", "Randomness of the speed.", noise_options},
    {"types.NAME.switching", "What a changed allocation costs.", switching_options},
    {"types.NAME.stages",
     "What one iteration takes, stage by stage, in any unit that is the same for all types. Tasks "
     "whose types tell their stages may share one allocation and take turns.",
     stage_options},
    {"types.NAME.failures", "When tasks fail.", failure_options},
    {"arrivals", "When tasks arrive.", arrival_options},
    {"reach", "Where a task may run.", reach_options},
    {"reach.sets[]", "The sets of a listed reach.", reach_set_options},
    {"sharing", "Tasks that share one allocation.", sharing_options},
    {"links", "The network between clusters.", link_options},
    {"links.pairs[]", "Links that differ from the rest.", link_pair_options},
    {"outages[]", "Clusters and links that fail.", outage_options},
    {0},
};

/* Documents must stay open while their nodes are in use. */
struct loader {
    struct arena arena;
    struct yaml_document document[MAX_BASES + 1];
    int documents;
    VECTOR(struct yaml_document) values; /* of overrides */
};

static const char *resolve(struct arena *arena, const char *folder, const char *path)
{
    if (path[0] == '/' || !folder || !*folder)
        return arena_strdup(arena, path);
    return arena_printf(arena, "%s/%s", folder, path);
}

static const char *folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return "";
    return slash == path ? "/" : arena_printf(arena, "%.*s", (int)(slash - path), path);
}

static int need_map(const char *name, const struct yaml_node *root, struct err *err)
{
    if (!root)
        return err_set(err, ERR_INVALID, "%s: the file is empty; expected a scenario", name);
    return yaml_need_kind(root, YAML_MAP, "scenario", err);
}

/* Follows "extends" from root on and returns everything merged. */
static int merge_bases(struct loader *loader, const char *name, const char *folder,
                       const struct yaml_node **root, struct err *err)
{
    /* A model with some of another's keys would make no sense. */
    static const char *const whole[] = {"speed", "noise", "work", NULL};
    const struct yaml_node *extends;
    int rc = need_map(name, *root, err);

    while (rc == 0 && (extends = yaml_find(*root, "extends"))) {
        struct yaml_document *base;
        const char *path;

        if (loader->documents > MAX_BASES)
            return yaml_error(extends, err, "extends: more than %d files deep; a circle?",
                              MAX_BASES);
        rc = yaml_string(extends, "extends", &path, err);
        if (rc)
            return rc;
        path = resolve(&loader->arena, folder, path);
        base = &loader->document[loader->documents];
        if (yaml_open(base, path, err)) {
            err_prefix(err, "extends");
            return err_place(err, extends->file, extends->line);
        }
        loader->documents++;
        folder = folder_of(&loader->arena, path);
        rc = need_map(path, base->root, err);
        *root = yaml_merge(&loader->arena, base->root,
                           yaml_without(&loader->arena, *root, "extends"), whole);
    }
    return rc;
}

static int apply_override(struct loader *loader, const char *override,
                          const struct yaml_node **root, struct err *err)
{
    const char *equals = strchr(override, '=');
    struct yaml_document value;
    char *path;
    int rc;

    if (!equals || equals == override)
        return err_set(err, ERR_INVALID, "override \"%.80s\": expected path.to.key=value",
                       override);
    path = arena_printf(&loader->arena, "%.*s", (int)(equals - override), override);
    rc = yaml_parse(&value, arena_printf(&loader->arena, "override %s", path), equals + 1,
                    strlen(equals + 1), err);
    if (rc)
        return rc;
    vector_push(&loader->values, value);
    if (!value.root)
        return err_set(err, ERR_INVALID, "override %s: no value", path);
    *root = yaml_set_path(&loader->arena, *root, path, value.root, err);
    return *root ? 0 : ERR_INVALID;
}

static int read_top(struct scenario *s, const struct yaml_node *root, struct err *err)
{
    struct catalog *catalog = &s->catalog;
    struct params params;
    int rc;

    params_init(&params, scenario_top_options);
    rc = yaml_read_map(root, "scenario", &params, err);
    if (rc == 0) {
        if (params_string(&params, "name"))
            s->name = arena_strdup(&s->arena, params_string(&params, "name"));
        s->summary = arena_strdup(&s->arena, params_string(&params, "summary"));
        catalog->slot_s = params_real(&params, "slot");
        catalog->rounds = (enum rounds)params_choice(&params, "rounds") ? ROUNDS_MANY : ROUNDS_ONE;
        catalog->window = (int)params_int(&params, "window");
        catalog->time_unit = catalog->slot_s > 0 ? "slot" : "s";
        catalog->time_unit_s = catalog->slot_s > 0 ? catalog->slot_s : 1;
        s->switching = (enum switching_preset)params_choice(&params, "switching");
        s->horizon_s =
            params_given(&params, "horizon") ? params_real(&params, "horizon") : HUGE_VAL;
        if (catalog->window > 0 && catalog->slot_s == 0)
            rc = yaml_error(yaml_find(root, "window"), err,
                            "window: only with a slot; event-driven worlds show all tasks");
        if (s->switching == SWITCHING_HALF_SLOT && catalog->slot_s == 0)
            rc = yaml_error(yaml_find(root, "switching"), err,
                            "switching: half-slot only with a slot; in continuous time take "
                            "stall-5 to stall-120");
    }
    params_release(&params);
    return rc;
}

static int read_sections(struct scenario *s, const struct yaml_node *root, struct err *err)
{
    int rc = read_top(s, root, err);

    if (rc == 0)
        rc = scenario_read_resources(s, root, err);
    if (rc == 0)
        rc = scenario_read_clusters(s, root, err);
    if (rc == 0)
        rc = scenario_read_links(s, root, err);
    if (rc == 0)
        rc = scenario_read_types(s, root, err);
    if (rc == 0)
        rc = scenario_read_sharing(s, root, err);
    if (rc == 0)
        rc = scenario_read_arrivals(s, root, err);
    if (rc == 0)
        rc = scenario_read_reach(s, root, err);
    if (rc == 0)
        rc = scenario_read_outages(s, root, err);
    return rc;
}

static const char *default_name(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');

    return arena_printf(arena, "%.*s", dot && dot > base ? (int)(dot - base) : (int)strlen(base),
                        base);
}

/* Paths are relative to the file in which they stand; the effective configuration has no such
 * place, so there they are made relative to the working directory. */
static int resolve_arrival_file(struct scenario *s, struct loader *loader, const char *folder,
                                const struct yaml_node **root, struct err *err)
{
    const struct yaml_node *file = yaml_find(yaml_find(*root, "arrivals"), "file");
    struct yaml_node *resolved;

    if (!file || file->kind != YAML_SCALAR)
        return 0;
    if (strcmp(file->file, s->path) != 0)
        folder = folder_of(&loader->arena, file->file);
    resolved = arena_alloc(&loader->arena, sizeof *resolved);
    *resolved = *file;
    resolved->text = resolve(&loader->arena, folder, file->text);
    *root = yaml_set_path(&loader->arena, *root, "arrivals.file", resolved, err);
    return *root ? 0 : ERR_INVALID;
}

static const char *print_effective(struct scenario *s, const struct yaml_node *root)
{
    struct text text;
    const char *copy;

    text_init(&text, 0);
    yaml_print(root, &text);
    copy = arena_strdup(&s->arena, text.bytes);
    text_release(&text);
    return copy;
}

static int load_merged(struct scenario *s, struct loader *loader, const char *folder,
                       const char *const *overrides, int override_count, struct err *err)
{
    const struct yaml_node *root = loader->document[0].root;
    int rc = merge_bases(loader, s->path, folder, &root, err);

    for (int i = 0; rc == 0 && i < override_count; i++)
        rc = apply_override(loader, overrides[i], &root, err);
    if (rc == 0)
        rc = resolve_arrival_file(s, loader, folder, &root, err);
    if (rc)
        return rc;
    s->effective = print_effective(s, root);
    return read_sections(s, root, err);
}

static void close_loader(struct loader *loader)
{
    for (int i = 0; i < loader->documents; i++)
        yaml_close(&loader->document[i]);
    while (loader->values.count > 0)
        yaml_close(&vector_pop(&loader->values));
    vector_release(&loader->values);
    arena_release(&loader->arena);
}

/* Takes over the loader, whose first document is open. */
static int finish_load(struct scenario **out, const char *name, const char *folder,
                       struct loader *loader, const char *const *overrides, int override_count,
                       struct err *err)
{
    struct scenario *s = xcalloc(1, sizeof *s);
    int rc;

    arena_init(&s->arena);
    s->path = arena_strdup(&s->arena, name);
    s->name = default_name(&s->arena, name);
    rc = load_merged(s, loader, folder, overrides, override_count, err);
    close_loader(loader);
    if (rc) {
        scenario_free(s);
        s = NULL;
    }
    *out = s;
    return rc;
}

int scenario_load(struct scenario **out, const char *path, const char *const *overrides,
                  int override_count, struct err *err)
{
    struct loader loader = {0};
    int rc;

    *out = NULL;
    rc = yaml_open(&loader.document[0], path, err);
    if (rc)
        return rc;
    loader.documents = 1;
    return finish_load(out, path, folder_of(&loader.arena, path), &loader, overrides,
                       override_count, err);
}

int scenario_parse(struct scenario **out, const char *name, const char *folder, const char *yaml,
                   const char *const *overrides, int override_count, struct err *err)
{
    struct loader loader = {0};
    int rc;

    *out = NULL;
    rc = yaml_parse(&loader.document[0], name, yaml, strlen(yaml), err);
    if (rc)
        return rc;
    loader.documents = 1;
    return finish_load(out, name, folder, &loader, overrides, override_count, err);
}

void scenario_free(struct scenario *scenario)
{
    if (!scenario)
        return;
    arena_release(&scenario->arena);
    free(scenario);
}

int scenario_find_type(const struct scenario *scenario, const char *name)
{
    int found = catalog_find_type(&scenario->catalog, name);

    for (int i = 0; found < 0 && i < scenario->catalog.types; i++)
        for (const char *const *alias = scenario->truth[i].alias; alias && *alias; alias++)
            if (strcmp(*alias, name) == 0)
                found = i;
    return found;
}

double scenario_mean_seconds(const struct scenario *scenario, int type,
                             const struct allocation *allocation)
{
    const struct type_truth *truth = &scenario->truth[type];

    if (!allocation_fits(&scenario->catalog.type[type].min, allocation))
        return HUGE_VAL;
    return truth->work.mean *
           speed_seconds(&truth->speed, speed_rate(&truth->speed, allocation), 0, 1);
}

struct rate scenario_rate_most(const struct scenario *scenario, int type,
                               const struct allocation *low, const struct allocation *high)
{
    const struct type_truth *truth = &scenario->truth[type];
    struct rate rate = speed_rate_most(&truth->speed, low, high);

    if (truth->placements)
        rate.base *= truth->placements->most;
    return rate;
}
