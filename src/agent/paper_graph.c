/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch of observations as one graph: rows one behind the other, edges block-diagonal.
 *
 * Many rows of the paper's graph are equal in every layer, and one of them does for all:
 *   - waiting rows with equal features, the same edges in and the same edges out: all empty slots
 *     of an agent, and all tasks of one type that are offered to the same agents;
 *   - behind the first layer, running tasks whose only edge comes from the same cluster: what
 *     enters them is that cluster's message alone, whatever they were before.
 * An edge from a merged row counts for as many as it stands for (edges.weight), and so does a row
 * in an agent's window (paper_agent_rows.weight). So merging is exact, forward and backward.
 */
#include "agent/paper_graph.h"

#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "nn/edges.h"

const struct paper_relation_ends PAPER_ENDS[PAPER_RELATIONS] = {
    [CLUSTER_TO_WAITING] = {PAPER_CLUSTER, PAPER_WAITING},
    [WAITING_TO_CLUSTER] = {PAPER_WAITING, PAPER_CLUSTER},
    [CLUSTER_TO_RUNNING] = {PAPER_CLUSTER, PAPER_RUNNING},
    [RUNNING_TO_CLUSTER] = {PAPER_RUNNING, PAPER_CLUSTER},
    [CLUSTER_TO_HUB] = {PAPER_CLUSTER, PAPER_HUB},
    [HUB_TO_CLUSTER] = {PAPER_HUB, PAPER_CLUSTER},
};

/* Rows of one kind in one observation: which row each is merged into, and how many it then is. */
struct merging {
    int rows;
    int32_t *leader; /* the first of the rows that are equal to this one */
    int32_t *size;   /* of a leader: how many rows it stands for */
    int32_t *number; /* of a leader: its row in the batch */
    int leaders;
};

/* One level as it grows, observation after observation. */
struct level {
    int rows[PAPER_NODES];
    int32_t *source[PAPER_RELATIONS], *target[PAPER_RELATIONS];
    real *weight[PAPER_RELATIONS];
    int count[PAPER_RELATIONS];
};

struct builder {
    struct arena *memory;
    const struct paper_config *config;
    struct paper_graph *graph;
    struct level level[2];
    int raw_rows[PAPER_NODES]; /* of the observations so far */
    bool merge_running;
};

static void merge_none(struct merging *merging)
{
    for (int i = 0; i < merging->rows; i++) {
        merging->leader[i] = i;
        merging->size[i] = 1;
    }
}

static bool same_ends(const struct edges *edges, int32_t a, int32_t b)
{
    int32_t count = edges->first[a + 1] - edges->first[a];

    return edges->first[b + 1] - edges->first[b] == count &&
           memcmp(edges->source + edges->first[a], edges->source + edges->first[b],
                  (size_t)count * sizeof *edges->source) == 0;
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t count)
{
    const unsigned char *each = bytes;

    for (size_t i = 0; i < count; i++)
        hash = (hash ^ each[i]) * 0x100000001B3u;
    return hash;
}

static uint64_t hash_ends(uint64_t hash, const struct edges *edges, int32_t row)
{
    return hash_bytes(hash, edges->source + edges->first[row],
                      (size_t)(edges->first[row + 1] - edges->first[row]) * sizeof *edges->source);
}

/*
 * Merges rows with equal features (x may be NULL: whatever they are), equal edges in and equal
 * edges out. Where x is NULL a row with other than one edge in stays alone.
 */
static void merge_equal(struct merging *merging, struct arena *memory, const real *x, int features,
                        const struct edges *in, const struct edges *out)
{
    uint64_t *hash = arena_zalloc(memory, (size_t)merging->rows, sizeof *hash);
    size_t bytes = (size_t)features * sizeof *x;

    for (int i = 0; i < merging->rows; i++) {
        const real *row = x ? x + (size_t)i * (size_t)features : NULL;
        uint64_t own = 0xCBF29CE484222325u;
        int j = 0;

        if (row)
            own = hash_bytes(own, row, bytes);
        hash[i] = hash_ends(hash_ends(own, in, i), out, i);
        if (!x && in->first[i + 1] - in->first[i] != 1)
            j = i;
        while (j < i && !(merging->leader[j] == j && hash[j] == hash[i] && same_ends(in, i, j) &&
                          same_ends(out, i, j) &&
                          (!row || memcmp(row, x + (size_t)j * (size_t)features, bytes) == 0)))
            j++;
        merging->leader[i] = j;
        merging->size[j]++;
    }
}

static void merging_init(struct merging *merging, struct arena *memory, int rows)
{
    *merging = (struct merging){.rows = rows};
    merging->leader = arena_zalloc(memory, (size_t)rows, sizeof *merging->leader);
    merging->size = arena_zalloc(memory, (size_t)rows, sizeof *merging->size);
    merging->number = arena_zalloc(memory, (size_t)rows, sizeof *merging->number);
}

/* Edges of a relation by target, or by source where turned. */
static struct edges observed_edges(struct arena *memory, const struct paper_observation *o,
                                   enum paper_relation relation, bool turned)
{
    const struct paper_edges *e = &o->edges[relation];
    int sources = o->rows[PAPER_ENDS[relation].source];
    int targets = o->rows[PAPER_ENDS[relation].target];

    if (turned)
        return edges_build(memory, sources, targets, e->count, e->target, e->source, NULL);
    return edges_build(memory, targets, sources, e->count, e->source, e->target, NULL);
}

static void merge_rows(struct merging *merging, struct arena *memory,
                       const struct paper_config *config, const struct paper_observation *o,
                       enum paper_node node, enum paper_relation to, enum paper_relation from)
{
    struct edges in = observed_edges(memory, o, to, false);
    struct edges out = observed_edges(memory, o, from, true);

    merge_equal(merging, memory, node == PAPER_RUNNING ? NULL : o->x[node],
                paper_features(config, node), &in, &out);
}

/* Gives the leaders their rows in the batch, behind those of earlier observations. */
static void number_leaders(struct merging *merging, int first)
{
    for (int i = 0; i < merging->rows; i++)
        if (merging->leader[i] == i)
            merging->number[i] = first + merging->leaders++;
}

static int32_t row_in_batch(const struct merging *merging, int32_t row)
{
    BUG_ON(row < 0 || row >= merging->rows);
    return merging->number[merging->leader[row]];
}

/* How the rows of one observation are merged at one level. */
static void merge_observation(const struct builder *builder, int level, struct merging *merging,
                              const struct paper_observation *o)
{
    for (int node = 0; node < PAPER_NODES; node++) {
        merging_init(&merging[node], builder->memory, o->rows[node]);
        if (node == PAPER_WAITING)
            merge_rows(&merging[node], builder->memory, builder->config, o, PAPER_WAITING,
                       CLUSTER_TO_WAITING, WAITING_TO_CLUSTER);
        else if (node == PAPER_RUNNING && level == 1 && builder->merge_running)
            merge_rows(&merging[node], builder->memory, builder->config, o, PAPER_RUNNING,
                       CLUSTER_TO_RUNNING, RUNNING_TO_CLUSTER);
        else
            merge_none(&merging[node]);
        number_leaders(&merging[node], builder->level[level].rows[node]);
    }
}

/* Adds the edges between leaders. */
static void add_edges(struct level *level, const struct merging *merging,
                      const struct paper_observation *o)
{
    for (int r = 0; r < PAPER_RELATIONS; r++) {
        const struct merging *source = &merging[PAPER_ENDS[r].source];
        const struct merging *target = &merging[PAPER_ENDS[r].target];
        const struct paper_edges *edges = &o->edges[r];

        for (int e = 0; e < edges->count; e++) {
            int32_t s = edges->source[e], t = edges->target[e];
            int at = level->count[r];

            BUG_ON(s < 0 || s >= source->rows || t < 0 || t >= target->rows);
            if (source->leader[s] != s || target->leader[t] != t)
                continue;
            level->source[r][at] = source->number[s];
            level->target[r][at] = target->number[t];
            level->weight[r][at] = (real)source->size[s];
            level->count[r]++;
        }
    }
}

static void level_init(struct level *level, struct arena *memory,
                       const struct paper_observation *observation, int count)
{
    *level = (struct level){0};
    for (int r = 0; r < PAPER_RELATIONS; r++) {
        size_t edges = 0;

        for (int o = 0; o < count; o++)
            edges += (size_t)observation[o].edges[r].count;
        level->source[r] = arena_zalloc(memory, edges, sizeof *level->source[r]);
        level->target[r] = arena_zalloc(memory, edges, sizeof *level->target[r]);
        level->weight[r] = arena_zalloc(memory, edges, sizeof *level->weight[r]);
    }
}

static void level_finish(struct level *level, struct arena *memory, struct paper_graph *graph,
                         int number)
{
    memcpy(graph->rows[number], level->rows, sizeof level->rows);
    for (int r = 0; r < PAPER_RELATIONS; r++)
        graph->edges[number][r] = edges_build(memory, level->rows[PAPER_ENDS[r].target],
                                              level->rows[PAPER_ENDS[r].source], level->count[r],
                                              level->source[r], level->target[r], level->weight[r]);
}

/* Room for what the observations have, row by row; x is filled as leaders are found. */
static void graph_init(struct paper_graph *graph, struct arena *memory,
                       const struct paper_config *config,
                       const struct paper_observation *observation, int count)
{
    *graph = (struct paper_graph){
        .observations = count, .agents = config->agents, .slots = config->slots};
    for (int node = 0; node < PAPER_NODES; node++) {
        for (int o = 0; o < count; o++)
            graph->raw_rows[node] += observation[o].rows[node];
        graph->merged[node] = arena_zalloc(memory, (size_t)graph->raw_rows[node], sizeof(int32_t));
        graph->x[node] =
            arena_zalloc(memory, (size_t)graph->raw_rows[node],
                         (size_t)paper_features(config, (enum paper_node)node) * sizeof(real));
    }
    graph->running_first =
        arena_zalloc(memory, (size_t)graph->raw_rows[PAPER_RUNNING], sizeof(int32_t));
}

static void copy_leaders(struct paper_graph *graph, const struct paper_config *config,
                         const struct merging *merging, const struct paper_observation *o)
{
    for (int node = 0; node < PAPER_NODES; node++) {
        size_t width = (size_t)paper_features(config, (enum paper_node)node);
        real *x = graph->x[node];

        for (int i = 0; i < o->rows[node]; i++)
            if (merging[node].leader[i] == i)
                memcpy(x + (size_t)merging[node].number[i] * width, o->x[node] + (size_t)i * width,
                       width * sizeof *x);
    }
}

static void copy_slots(struct paper_graph *graph, struct arena *memory,
                       const struct paper_observation *observation)
{
    size_t windows = (size_t)graph->agents * (size_t)graph->slots;
    size_t frees = (size_t)graph->agents * PAPER_RESOURCES, n = (size_t)graph->observations;
    int32_t *type = arena_zalloc(memory, n * windows, sizeof *type);
    int32_t *free = arena_zalloc(memory, n * frees, sizeof *free);

    for (size_t o = 0; o < n; o++) {
        memcpy(type + o * windows, observation[o].slot_type, windows * sizeof *type);
        memcpy(free + o * frees, observation[o].free, frees * sizeof *free);
    }
    graph->slot_type = type;
    graph->free = free;
    graph->slot_row = arena_zalloc(memory, n * windows, sizeof *graph->slot_row);
}

/* Whether every slot of the window is empty. */
static bool is_idle(const struct paper_graph *graph, int observation, int agent)
{
    const int32_t *type =
        graph->slot_type +
        ((size_t)observation * (size_t)graph->agents + (size_t)agent) * (size_t)graph->slots;

    for (int k = 0; k < graph->slots; k++)
        if (type[k] >= 0)
            return false;
    return true;
}

/* Adds the rows of one window that are not there yet; from: where the window's rows start. */
static void add_window(struct paper_agent_rows *rows, int32_t *row, real *weight, int32_t *slot,
                       const int32_t *slot_row, int slots)
{
    int from = rows->count;

    for (int k = 0; k < slots; k++) {
        int at = from;

        while (at < rows->count && row[at] != slot_row[k])
            at++;
        if (at == rows->count) {
            row[at] = slot_row[k];
            weight[at] = 0;
            rows->count++;
        }
        weight[at] += 1;
        slot[k] = at;
    }
}

/* Which row's logits a slot shows: its own, or with the fault somebody else's. */
static void choose_shown(int32_t *shown, const int32_t *slot, int observations, int slots,
                         bool scrambled)
{
    for (int i = 0; i < observations * slots; i++)
        shown[i] = scrambled ? slot[i % observations * slots + i / observations] : slot[i];
}

static void list_agent_rows(struct paper_graph *graph, struct arena *memory, int agent,
                            bool scrambled)
{
    struct paper_agent_rows *rows = &graph->agent[agent];
    size_t n = (size_t)graph->observations, slots = (size_t)graph->slots;
    int32_t *first = arena_zalloc(memory, n + 1, sizeof *first);
    int32_t *row = arena_zalloc(memory, n * slots, sizeof *row);
    int32_t *slot = arena_zalloc(memory, n * slots, sizeof *slot);
    int32_t *shown = arena_zalloc(memory, n * slots, sizeof *shown);
    real *weight = arena_zalloc(memory, n * slots, sizeof *weight);

    for (int idle = 0; idle <= (scrambled ? 1 : 0); idle++)
        for (int o = 0; o < graph->observations; o++) {
            size_t window = (size_t)o * (size_t)graph->agents + (size_t)agent;

            if (is_idle(graph, o, agent) != (idle == 1))
                continue;
            add_window(rows, row, weight, slot + (size_t)o * slots,
                       graph->slot_row + window * slots, graph->slots);
            if (!idle)
                first[++rows->segments] = rows->count;
        }
    choose_shown(shown, slot, graph->observations, graph->slots, scrambled);
    rows->first = first;
    rows->row = row;
    rows->weight = weight;
    rows->slot = slot;
    rows->shown = shown;
}

static void mark_segments(struct paper_graph *graph, struct arena *memory,
                          const struct paper_observation *observation)
{
    int32_t *segment = arena_zalloc(memory, (size_t)graph->observations + 1, sizeof *segment);
    real *has_running = arena_zalloc(memory, (size_t)graph->observations, sizeof *has_running);

    for (int o = 0; o < graph->observations; o++) {
        segment[o + 1] = segment[o] + observation[o].rows[PAPER_CLUSTER];
        has_running[o] = observation[o].rows[PAPER_RUNNING] > 0;
    }
    graph->segment = segment;
    graph->has_running = has_running;
}

/* Where the observation's rows went: from its own to the second level, and from there back to the
 * first for running tasks. */
static void map_rows(struct builder *builder, const struct merging *first,
                     const struct merging *second, const struct paper_observation *o, int number)
{
    struct paper_graph *graph = builder->graph;
    int windows = graph->agents * graph->slots;

    for (int node = 0; node < PAPER_NODES; node++) {
        for (int i = 0; i < o->rows[node]; i++)
            graph->merged[node][builder->raw_rows[node] + i] = row_in_batch(&second[node], i);
        builder->raw_rows[node] += o->rows[node];
    }
    for (int i = 0; i < o->rows[PAPER_RUNNING]; i++)
        if (second[PAPER_RUNNING].leader[i] == i)
            graph->running_first[second[PAPER_RUNNING].number[i]] = first[PAPER_RUNNING].number[i];
    for (int k = 0; k < windows; k++)
        graph->slot_row[number * windows + k] =
            row_in_batch(&second[PAPER_WAITING], o->slot_row[k]);
}

static void add_observation(struct builder *builder, const struct paper_observation *o, int number)
{
    struct merging merging[2][PAPER_NODES];

    BUG_ON(o->rows[PAPER_CLUSTER] != builder->config->agents);
    for (int l = 0; l < 2; l++) {
        merge_observation(builder, l, merging[l], o);
        add_edges(&builder->level[l], merging[l], o);
        for (int node = 0; node < PAPER_NODES; node++)
            builder->level[l].rows[node] += merging[l][node].leaders;
    }
    copy_leaders(builder->graph, builder->config, merging[0], o);
    map_rows(builder, merging[0], merging[1], o, number);
}

struct paper_graph *paper_graph_build(struct arena *memory, const struct paper_config *config,
                                      const struct paper_observation *observation, int count,
                                      unsigned faults)
{
    struct paper_graph *graph = arena_alloc(memory, sizeof *graph);
    struct builder builder = {
        .memory = memory,
        .config = config,
        .graph = graph,
        .merge_running = !(faults & PAPER_FAULT_OWN_MESSAGE),
    };

    graph_init(graph, memory, config, observation, count);
    copy_slots(graph, memory, observation);
    mark_segments(graph, memory, observation);
    for (int l = 0; l < 2; l++)
        level_init(&builder.level[l], memory, observation, count);
    for (int o = 0; o < count; o++)
        add_observation(&builder, &observation[o], o);
    for (int l = 0; l < 2; l++)
        level_finish(&builder.level[l], memory, graph, l);
    graph->agent = arena_zalloc(memory, (size_t)config->agents, sizeof *graph->agent);
    for (int a = 0; a < config->agents; a++)
        list_agent_rows(graph, memory, a, faults & PAPER_FAULT_SCRAMBLED_ROWS);
    return graph;
}
