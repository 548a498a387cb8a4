/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/record.h"

#include <string.h>

void record_release(struct record_book *b)
{
    vector_release(&b->decisions);
    vector_release(&b->cluster_x);
    vector_release(&b->waiting_x);
    vector_release(&b->running_x);
    vector_release(&b->hub_x);
    vector_release(&b->pair_x);
    vector_release(&b->option_x);
    vector_release(&b->amount_x);
    vector_release(&b->pair_agent);
    vector_release(&b->pair_task);
    vector_release(&b->running_agent);
    vector_release(&b->seer);
    vector_release(&b->option_agent);
    vector_release(&b->option_task);
    vector_release(&b->option_target);
    vector_release(&b->amount_target);
    vector_release(&b->amount_option);
    vector_release(&b->option_sets);
    vector_release(&b->amount_sets);
}

void record_clear(struct record_book *b)
{
    vector_clear(&b->decisions);
    vector_clear(&b->cluster_x);
    vector_clear(&b->waiting_x);
    vector_clear(&b->running_x);
    vector_clear(&b->hub_x);
    vector_clear(&b->pair_x);
    vector_clear(&b->option_x);
    vector_clear(&b->amount_x);
    vector_clear(&b->pair_agent);
    vector_clear(&b->pair_task);
    vector_clear(&b->running_agent);
    vector_clear(&b->seer);
    vector_clear(&b->option_agent);
    vector_clear(&b->option_task);
    vector_clear(&b->option_target);
    vector_clear(&b->amount_target);
    vector_clear(&b->amount_option);
    vector_clear(&b->option_sets);
    vector_clear(&b->amount_sets);
}

static void add_reals(struct record_reals *to, const real *from, size_t count)
{
    vector_reserve(to, to->count + count);
    if (count > 0)
        memcpy(to->item + to->count, from, count * sizeof *from);
    to->count += count;
}

void record_begin(struct record_book *b, const struct observation *seen, const real *pair_x)
{
    struct record record = {
        .agents = seen->agents,
        .tasks = seen->tasks,
        .runnings = seen->runnings,
        .pairs = seen->pairs,
        .from_agents = (int32_t)(b->cluster_x.count / CLUSTER_FEATURES),
        .from_tasks = (int32_t)(b->waiting_x.count / WAITING_FEATURES),
        .from_runnings = (int32_t)b->running_agent.count,
        .from_pairs = (int32_t)b->pair_agent.count,
        .from_options = (int32_t)b->option_agent.count,
        .from_option_sets = (int32_t)b->option_sets.count,
        .from_amounts = (int32_t)b->amount_option.count,
        .from_amount_sets = (int32_t)b->amount_sets.count,
        .at_s = seen->view->now_s,
    };

    vector_push(&b->decisions, record);
    add_reals(&b->cluster_x, seen->cluster_x, (size_t)seen->agents * CLUSTER_FEATURES);
    add_reals(&b->waiting_x, seen->waiting_x, (size_t)seen->tasks * WAITING_FEATURES);
    add_reals(&b->running_x, seen->running_x, (size_t)seen->runnings * RUNNING_FEATURES);
    add_reals(&b->hub_x, seen->hub_x, HUB_FEATURES);
    add_reals(&b->pair_x, pair_x, (size_t)seen->pairs * OPTION_FEATURES);
    for (int32_t i = 0; i < seen->pairs; i++) {
        vector_push(&b->pair_agent, seen->pair[i].agent);
        vector_push(&b->pair_task, seen->pair[i].task);
        vector_push(&b->seer, seen->seer[i]);
    }
    for (int32_t a = 0; a < seen->agents; a++)
        for (int32_t i = seen->first_running[a]; i < seen->first_running[a + 1]; i++)
            vector_push(&b->running_agent, a);
}

int32_t record_options(struct record_book *b, const struct observation *seen, int32_t agent,
                       const real *row, const int32_t *pair, int32_t count)
{
    struct record *record = vector_last(&b->decisions);
    int32_t first = record->options;

    add_reals(&b->option_x, row, (size_t)count * OPTION_FEATURES);
    for (int32_t i = 0; i < count; i++) {
        vector_push(&b->option_agent, agent);
        vector_push(&b->option_task, pair[i] < 0 ? -1 : seen->pair[pair[i]].task);
        vector_push(&b->option_target, 0);
    }
    vector_push(&b->option_sets, ((struct choice_set){.rows = count, .chosen = -1, .weight = 1}));
    record->options += count;
    record->option_sets++;
    return first;
}

void record_amounts(struct record_book *b, const struct allotment *allotment, const real *row,
                    int32_t option)
{
    struct record *record = vector_last(&b->decisions);

    add_reals(&b->amount_x, row, (size_t)allotment->candidates * AMOUNT_FEATURES);
    for (int32_t i = 0; i < allotment->candidates; i++) {
        vector_push(&b->amount_option, option);
        vector_push(&b->amount_target, 0);
    }
    vector_push(&b->amount_sets,
                ((struct choice_set){.rows = allotment->candidates, .chosen = -1, .weight = 1}));
    record->amounts += allotment->candidates;
    record->amount_sets++;
}

/* Batches */

/* Sums of the parts of the chosen decisions. */
static struct record add_up(const struct record_place *place, int32_t count)
{
    struct record sum = {0};

    for (int32_t i = 0; i < count; i++) {
        const struct record *r = &place[i].book->decisions.item[place[i].index];

        sum.agents += r->agents;
        sum.tasks += r->tasks;
        sum.runnings += r->runnings;
        sum.pairs += r->pairs;
        sum.options += r->options;
        sum.option_sets += r->option_sets;
        sum.amounts += r->amounts;
        sum.amount_sets += r->amount_sets;
    }
    return sum;
}

/* What the parts of the batch are written to. */
struct filling {
    real *cluster_x, *waiting_x, *running_x, *hub_x, *pair_x, *pair_by_task, *option_x, *amount_x;
    int32_t *hub_of, *to_cluster, *to_cluster_first, *to_waiting, *to_waiting_first, *ran_by,
        *ran_by_first, *to_hub, *to_hub_first, *query, *key, *amount_option;
    struct record at; /* how far each part is filled */
};

static void copy_reals(real *to, size_t at, const struct record_reals *from, int32_t first,
                       int32_t rows, size_t width)
{
    if (rows > 0)
        memcpy(to + at * width, from->item + (size_t)first * width,
               (size_t)rows * width * sizeof *to);
}

static void fill_nodes(struct filling *f, const struct record_book *b, const struct record *r,
                       int32_t graph)
{
    copy_reals(f->cluster_x, (size_t)f->at.agents, &b->cluster_x, r->from_agents, r->agents,
               CLUSTER_FEATURES);
    copy_reals(f->waiting_x, (size_t)f->at.tasks, &b->waiting_x, r->from_tasks, r->tasks,
               WAITING_FEATURES);
    copy_reals(f->running_x, (size_t)f->at.runnings, &b->running_x, r->from_runnings, r->runnings,
               RUNNING_FEATURES);
    copy_reals(f->hub_x, (size_t)graph, &b->hub_x, (int32_t)(r - b->decisions.item), 1,
               HUB_FEATURES);
    copy_reals(f->pair_x, (size_t)f->at.pairs, &b->pair_x, r->from_pairs, r->pairs,
               OPTION_FEATURES);
    for (int32_t a = 0; a < r->agents; a++) {
        f->hub_of[f->at.agents + a] = graph;
        f->to_hub[f->at.agents + a] = f->at.agents + a;
    }
    f->to_hub_first[graph + 1] = f->at.agents + r->agents;
}

/* Counts into first[target + 1]; summed up when all is filled. */
static void fill_edges(struct filling *f, const struct record_book *b, const struct record *r)
{
    const int32_t *agent = b->pair_agent.item + r->from_pairs;
    const int32_t *task = b->pair_task.item + r->from_pairs;
    const int32_t *seer = b->seer.item + r->from_pairs;

    for (int32_t i = 0; i < r->pairs; i++) {
        int32_t pair = seer[i];

        f->to_cluster[f->at.pairs + i] = f->at.tasks + task[i];
        f->to_cluster_first[f->at.agents + agent[i] + 1]++;
        f->to_waiting[f->at.pairs + i] = f->at.agents + agent[pair];
        f->to_waiting_first[f->at.tasks + task[pair] + 1]++;
        memcpy(f->pair_by_task + (size_t)(f->at.pairs + i) * OPTION_FEATURES,
               f->pair_x + (size_t)(f->at.pairs + pair) * OPTION_FEATURES,
               OPTION_FEATURES * sizeof(real));
    }
    for (int32_t i = 0; i < r->runnings; i++) {
        f->ran_by[f->at.runnings + i] = f->at.runnings + i;
        f->ran_by_first[f->at.agents + b->running_agent.item[r->from_runnings + i] + 1]++;
    }
}

static void fill_choices(struct filling *f, struct record_batch *batch, const struct record_book *b,
                         const struct record *r, int32_t graph)
{
    copy_reals(f->option_x, (size_t)f->at.options, &b->option_x, r->from_options, r->options,
               OPTION_FEATURES);
    copy_reals(f->amount_x, (size_t)f->at.amounts, &b->amount_x, r->from_amounts, r->amounts,
               AMOUNT_FEATURES);
    copy_reals(batch->option_target, (size_t)f->at.options, &b->option_target, r->from_options,
               r->options, 1);
    copy_reals(batch->amount_target, (size_t)f->at.amounts, &b->amount_target, r->from_amounts,
               r->amounts, 1);
    for (int32_t i = 0; i < r->options; i++) {
        int32_t task = b->option_task.item[r->from_options + i];

        f->query[f->at.options + i] = f->at.agents + b->option_agent.item[r->from_options + i];
        f->key[f->at.options + i] = task < 0 ? batch->graph.waiting + graph : f->at.tasks + task;
    }
    for (int32_t i = 0; i < r->amounts; i++)
        f->amount_option[f->at.amounts + i] =
            f->at.options + b->amount_option.item[r->from_amounts + i];
    for (int32_t i = 0; i < r->option_sets; i++) {
        const struct choice_set *set = &b->option_sets.item[r->from_option_sets + i];
        int32_t at = f->at.option_sets + i;

        batch->option_set[at] = set;
        batch->set_decision[at] = graph;
        batch->option_first[at + 1] = batch->option_first[at] + set->rows;
    }
    for (int32_t i = 0; i < r->amount_sets; i++) {
        const struct choice_set *set = &b->amount_sets.item[r->from_amount_sets + i];
        int32_t at = f->at.amount_sets + i;

        batch->amount_set[at] = set;
        batch->amount_decision[at] = graph;
        batch->amount_first[at + 1] = batch->amount_first[at] + set->rows;
    }
}

static real *new_rows(struct arena *memory, int32_t rows, size_t width)
{
    return arena_alloc(memory, ((size_t)rows + 1) * width * sizeof(real));
}

static int32_t *new_ints(struct arena *memory, int32_t count)
{
    return arena_zalloc(memory, (size_t)count + 1, sizeof(int32_t));
}

static struct filling take_memory(struct arena *memory, struct record_batch *batch,
                                  const struct record *sum)
{
    int32_t count = batch->decisions;

    batch->option_target = new_rows(memory, sum->options, 1);
    batch->amount_target = new_rows(memory, sum->amounts, 1);
    batch->option_first = new_ints(memory, sum->option_sets);
    batch->amount_first = new_ints(memory, sum->amount_sets);
    batch->set_decision = new_ints(memory, sum->option_sets);
    batch->amount_decision = new_ints(memory, sum->amount_sets);
    batch->option_set =
        arena_alloc(memory, ((size_t)sum->option_sets + 1) * sizeof *batch->option_set);
    batch->amount_set =
        arena_alloc(memory, ((size_t)sum->amount_sets + 1) * sizeof *batch->amount_set);
    batch->decision = arena_alloc(memory, ((size_t)count + 1) * sizeof *batch->decision);
    return (struct filling){
        .cluster_x = new_rows(memory, sum->agents, CLUSTER_FEATURES),
        .waiting_x = new_rows(memory, sum->tasks, WAITING_FEATURES),
        .running_x = new_rows(memory, sum->runnings, RUNNING_FEATURES),
        .hub_x = new_rows(memory, count, HUB_FEATURES),
        .pair_x = new_rows(memory, sum->pairs, OPTION_FEATURES),
        .pair_by_task = new_rows(memory, sum->pairs, OPTION_FEATURES),
        .option_x = new_rows(memory, sum->options, OPTION_FEATURES),
        .amount_x = new_rows(memory, sum->amounts, AMOUNT_FEATURES),
        .hub_of = new_ints(memory, sum->agents),
        .to_cluster = new_ints(memory, sum->pairs),
        .to_cluster_first = new_ints(memory, sum->agents),
        .to_waiting = new_ints(memory, sum->pairs),
        .to_waiting_first = new_ints(memory, sum->tasks),
        .ran_by = new_ints(memory, sum->runnings),
        .ran_by_first = new_ints(memory, sum->agents),
        .to_hub = new_ints(memory, sum->agents),
        .to_hub_first = new_ints(memory, count),
        .query = new_ints(memory, sum->options),
        .key = new_ints(memory, sum->options),
        .amount_option = new_ints(memory, sum->amounts),
    };
}

static void sum_up(int32_t *first, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        first[i + 1] += first[i];
}

static void connect(struct record_batch *batch, const struct filling *f, const struct record *sum)
{
    struct actor_graph *g = &batch->graph;

    sum_up(f->to_cluster_first, sum->agents);
    sum_up(f->to_waiting_first, sum->tasks);
    sum_up(f->ran_by_first, sum->agents);
    g->cluster_x = f->cluster_x;
    g->waiting_x = f->waiting_x;
    g->running_x = f->running_x;
    g->hub_x = f->hub_x;
    g->pair_x = f->pair_x;
    g->pair_by_task = f->pair_by_task;
    g->hub_of = f->hub_of;
    g->to_cluster = (struct edges){.targets = sum->agents,
                                   .sources = sum->tasks,
                                   .count = sum->pairs,
                                   .first = f->to_cluster_first,
                                   .source = f->to_cluster};
    g->to_waiting = (struct edges){.targets = sum->tasks,
                                   .sources = sum->agents,
                                   .count = sum->pairs,
                                   .first = f->to_waiting_first,
                                   .source = f->to_waiting};
    g->ran_by = (struct edges){.targets = sum->agents,
                               .sources = sum->runnings,
                               .count = sum->runnings,
                               .first = f->ran_by_first,
                               .source = f->ran_by};
    g->to_hub = (struct edges){.targets = batch->decisions,
                               .sources = sum->agents,
                               .count = sum->agents,
                               .first = f->to_hub_first,
                               .source = f->to_hub};
    batch->options = (struct actor_options){sum->options, f->query, f->key, f->option_x};
    batch->amounts = (struct actor_amounts){sum->amounts, f->amount_option, f->amount_x};
}

void record_gather(struct record_batch *batch, struct arena *memory,
                   const struct record_place *place, int32_t count)
{
    struct record sum = add_up(place, count);
    struct filling f;

    *batch = (struct record_batch){
        .decisions = count,
        .option_sets = sum.option_sets,
        .amount_sets = sum.amount_sets,
        .graph = {.graphs = count,
                  .clusters = sum.agents,
                  .waiting = sum.tasks,
                  .running = sum.runnings},
    };
    f = take_memory(memory, batch, &sum);
    for (int32_t i = 0; i < count; i++) {
        const struct record_book *book = place[i].book;
        const struct record *r = &book->decisions.item[place[i].index];

        batch->decision[i] = r;
        fill_nodes(&f, book, r, i);
        fill_edges(&f, book, r);
        fill_choices(&f, batch, book, r, i);
        f.at.agents += r->agents;
        f.at.tasks += r->tasks;
        f.at.runnings += r->runnings;
        f.at.pairs += r->pairs;
        f.at.options += r->options;
        f.at.option_sets += r->option_sets;
        f.at.amounts += r->amounts;
        f.at.amount_sets += r->amount_sets;
    }
    connect(batch, &f, &sum);
}
