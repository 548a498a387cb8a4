/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/team.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/conflict.h"
#include "agent/gossip.h"
#include "agent/loan.h"
#include "base/memory.h"
#include "base/order.h"
#include "nn/categorical.h"

void team_init(struct team *team, const struct actor *actor, const struct policy_setup *setup)
{
    *team = (struct team){.actor = actor, .ops = ops_best()};
    outlook_init(&team->outlook, setup);
    arena_init(&team->memory);
}

void team_release(struct team *team)
{
    outlook_release(&team->outlook);
    arena_release(&team->memory);
}

/* In large systems: clusters that a new task is offered to, that are looked at for them, and that
 * decide without a reason of their own. */
enum { HOSTS = 8, LOOKS = 64, IN_TURN = 4 };

/* One decision of some of the clusters. */
struct meeting {
    struct team *team;
    struct observation seen;
    struct pass pass;
    struct actor_graph graph;
    struct actor_encoding code;
    bool active[MOST_AGENTS];
    real *first_x; /* all options at first: rows as options_fill() leaves them */
    uint8_t *first_allowed;
};

/* What an agent does in a round. */
struct move {
    int32_t agent, pair, option; /* option: row of the scores */
    int32_t recorded;            /* row in the record */
    double probability;
};

static int32_t *new_ints(struct arena *memory, int32_t count)
{
    return arena_zalloc(memory, (size_t)count + 1, sizeof(int32_t));
}

/* The graph of one observation; rows of options at first serve as features of its pairs. */
static void connect(struct meeting *m, const real *pair_x)
{
    struct observation *seen = &m->seen;
    struct arena *memory = seen->memory;
    struct actor_graph *g = &m->graph;
    int32_t *task = new_ints(memory, seen->pairs), *agent = new_ints(memory, seen->pairs);
    int32_t most = seen->runnings > seen->agents ? seen->runnings : seen->agents;
    int32_t *count_up = new_ints(memory, most), *ends = new_ints(memory, 1);

    for (int32_t i = 0; i < seen->pairs; i++) {
        task[i] = seen->pair[i].task;
        agent[i] = seen->pair[seen->seer[i]].agent;
    }
    for (int32_t i = 0; i < most; i++)
        count_up[i] = i;
    ends[1] = seen->agents;
    *g = (struct actor_graph){
        .graphs = 1,
        .clusters = seen->agents,
        .waiting = seen->tasks,
        .running = seen->runnings,
        .cluster_x = seen->cluster_x,
        .waiting_x = seen->waiting_x,
        .running_x = seen->running_x,
        .hub_x = seen->hub_x,
        .pair_x = pair_x,
        .pair_of = seen->seer,
        .hub_of = new_ints(memory, seen->agents),
        .to_cluster = {seen->agents, seen->tasks, seen->pairs, seen->first_pair, task, NULL},
        .to_waiting = {seen->tasks, seen->agents, seen->pairs, seen->first_seer, agent, NULL},
        .ran_by = {seen->agents, seen->runnings, seen->runnings, seen->first_running, count_up,
                   NULL},
        .to_hub = {1, seen->agents, seen->agents, ends, count_up, NULL},
    };
}

/* All agents' options as they stand; the rows of agent a start at first_pair[a] + a. */
static void fill_all(struct meeting *m)
{
    struct observation *seen = &m->seen;
    size_t rows = (size_t)seen->pairs + (size_t)seen->agents;

    m->first_x = arena_alloc(seen->memory, (rows + 1) * OPTION_FEATURES * sizeof(real));
    m->first_allowed = arena_alloc(seen->memory, rows + 1);
    for (int32_t a = 0; a < seen->agents; a++) {
        size_t at = (size_t)(seen->first_pair[a] + a);

        options_fill(seen, a, m->first_x + at * OPTION_FEATURES, m->first_allowed + at);
    }
}

/* The same without the rows for waiting. */
static real *pairs_of_first(struct meeting *m)
{
    struct observation *seen = &m->seen;
    real *pair_x =
        arena_alloc(seen->memory, ((size_t)seen->pairs + 1) * OPTION_FEATURES * sizeof(real));

    for (int32_t a = 0; a < seen->agents; a++) {
        size_t from = (size_t)seen->first_pair[a];
        size_t count = (size_t)(seen->first_pair[a + 1] - seen->first_pair[a]);

        memcpy(pair_x + from * OPTION_FEATURES, m->first_x + (from + (size_t)a) * OPTION_FEATURES,
               count * OPTION_FEATURES * sizeof(real));
    }
    return pair_x;
}

/* Lists everybody's options; false if nobody could start anything. */
static bool seat(struct meeting *m, struct team *team)
{
    bool any = false;

    m->team = team;
    m->pass = (struct pass){.ops = team->ops,
                            .weights = &team->actor->weights,
                            .memory = &team->memory,
                            .packed = true};
    fill_all(m);
    for (int32_t a = 0; a < m->seen.agents; a++) {
        m->active[a] = false;
        for (int32_t i = m->seen.first_pair[a]; i < m->seen.first_pair[a + 1]; i++)
            m->active[a] = m->active[a] || m->first_allowed[i + a];
        any = any || m->active[a];
    }
    return any;
}

/* Opens a decision. */
static bool meet(struct meeting *m, struct team *team, const struct view *view, struct plan *plan,
                 const int32_t *cluster, int32_t clusters)
{
    observation_make(&m->seen, &team->memory, view, plan, &team->outlook, cluster, clusters);
    return seat(m, team);
}

/* What the agents that take part in a round may do, agent by agent, waiting last. */
struct round {
    int32_t agents, rows;
    int32_t *agent, *first;      /* first: agents + 1 */
    int32_t *pair, *query, *key; /* of a row; pair: -1 for waiting */
    real *x;
    struct actor_options options;
    struct actor_scores scores;
};

/* The options of an agent as they were at first, listed as options_list() would. */
static int32_t list_first(const struct meeting *m, int32_t agent, real *x, int32_t *pair)
{
    const struct observation *seen = &m->seen;
    int32_t first = seen->first_pair[agent], count = options_count(seen, agent), listed = 0;
    const real *row = m->first_x + (size_t)(first + agent) * OPTION_FEATURES;
    const uint8_t *allowed = m->first_allowed + first + agent;

    for (int32_t i = 0; i < count; i++, row += OPTION_FEATURES) {
        if (!allowed[i])
            continue;
        memcpy(x + (size_t)listed * OPTION_FEATURES, row, OPTION_FEATURES * sizeof *row);
        pair[listed++] = i < count - 1 ? first + i : -1;
    }
    return listed;
}

/* Only the oldest task that fits stays among them, and waiting. */
static int32_t forget_younger(real *x, int32_t *pair, int32_t options)
{
    if (options <= 2)
        return options;
    memcpy(x + OPTION_FEATURES, x + (size_t)(options - 1) * OPTION_FEATURES,
           OPTION_FEATURES * sizeof *x);
    pair[1] = -1;
    return 2;
}

/* Adds an agent's options; nothing if waiting is all there is. */
static void take_seat(struct round *r, struct meeting *m, int32_t agent, bool first)
{
    struct observation *seen = &m->seen;
    real *x = r->x + (size_t)r->rows * OPTION_FEATURES;
    int32_t *pair = r->pair + r->rows;
    int32_t options = first ? list_first(m, agent, x, pair) : options_list(seen, agent, x, pair);

    if (m->team->first_only)
        options = forget_younger(x, pair, options);
    m->active[agent] = options > 1;
    if (options == 1)
        return;
    for (int32_t i = 0; i < options; i++) {
        r->query[r->rows + i] = agent;
        r->key[r->rows + i] = pair[i] >= 0 ? seen->pair[pair[i]].task : seen->tasks;
    }
    r->rows += options;
    r->agent[r->agents++] = agent;
    r->first[r->agents] = r->rows;
}

static void open_round(struct round *r, struct meeting *m, bool first)
{
    struct observation *seen = &m->seen;
    size_t rows = (size_t)seen->pairs + (size_t)seen->agents;
    struct arena *memory = seen->memory;

    *r = (struct round){
        .agent = new_ints(memory, seen->agents),
        .first = new_ints(memory, seen->agents),
        .pair = new_ints(memory, (int32_t)rows),
        .query = new_ints(memory, (int32_t)rows),
        .key = new_ints(memory, (int32_t)rows),
        .x = arena_alloc(memory, (rows + 1) * OPTION_FEATURES * sizeof(real)),
    };
    for (int32_t a = 0; a < seen->agents; a++)
        if (m->active[a])
            take_seat(r, m, a, first);
    r->options = (struct actor_options){r->rows, r->query, r->key, r->x};
}

/* `otherwise` where the probabilities are no numbers, as those of a model of rubbish may be. */
static int choose(struct team *team, const real *logp, int count, int otherwise)
{
    int chosen = team->rng ? categorical_sample(logp, count, rng_unit(team->rng))
                           : categorical_best(logp, count);

    return chosen < 0 ? otherwise : chosen;
}

/* Whether an agent could start a task that has waited for too long: what a network that never saw
 * such a queue makes of it may be to wait for ever. */
static bool someone_is_overdue(const struct meeting *m, const struct round *r, int32_t i)
{
    double longest_s = m->team->overdue * m->team->outlook.typical_s;

    for (int32_t k = r->first[i]; k < r->first[i + 1] - 1 && m->team->overdue > 0; k++)
        if (m->seen.view->now_s - observation_task(&m->seen, r->pair[k])->arrival_s > longest_s)
            return true;
    return false;
}

/* What the i-th agent of the round does. */
static struct move make_move(struct meeting *m, const struct round *r, int32_t i)
{
    struct team *team = m->team;
    int32_t first = r->first[i], count = r->first[i + 1] - first, a = r->agent[i], chosen;
    real *logp = pass_new(&m->pass, (size_t)count, 1);
    struct move move = {.agent = a, .pair = -1};

    memcpy(logp, r->scores.logit + first, (size_t)count * sizeof *logp);
    logp[count - 1] += (real)team->patience;
    chosen = count - 1;
    count -= someone_is_overdue(m, r, i);
    categorical_log_probs(logp, logp, NULL, count);
    chosen = choose(team, logp, count, chosen);
    if (team->book) {
        move.recorded =
            chosen + record_options(team->book, &m->seen, a, r->x + (size_t)first * OPTION_FEATURES,
                                    r->pair + first, count);
        vector_last(&team->book->option_sets)->chosen = chosen;
        vector_last(&team->book->option_sets)->logp = logp[chosen];
    }
    move.pair = r->pair[first + chosen];
    m->active[a] = move.pair >= 0;
    move.option = first + chosen;
    move.probability = exp((double)logp[chosen]);
    return move;
}

static struct claim claim_of(const struct meeting *m, const struct move *move)
{
    const struct observation *seen = &m->seen;
    const struct task *task = observation_task(seen, move->pair);
    const struct allocation *free = plan_free(seen->plan, seen->cluster[move->agent]);

    if (m->team->no_bayes)
        return (struct claim){.task = task->id};
    return (struct claim){.task = task->id,
                          .probability = move->probability,
                          .room = claim_room(free->amount, task->min.amount,
                                             seen->view->catalog->resources)};
}

/* Drops the moves that lost a conflict; returns how many are left. */
static int32_t settle_conflicts(struct meeting *m, struct move *move, int32_t moves)
{
    struct claim claim[MOST_AGENTS];
    bool lost[MOST_AGENTS];
    int32_t kept = 0;

    for (int32_t i = 0; i < moves; i++)
        claim[i] = claim_of(m, &move[i]);
    conflict_resolve(lost, claim, moves, NULL);
    for (int32_t i = 0; i < moves; i++)
        if (!lost[i])
            move[kept++] = move[i];
    return kept;
}

/* Scores the open amounts of one resource, and chooses. */
static void choose_amounts(struct meeting *m, const struct round *r, struct allotment *allotment,
                           const struct move *move, int32_t moves, int resource)
{
    struct arena *memory = m->seen.memory;
    int32_t *option = new_ints(memory, moves * (OUTLOOK_CHOICES + 1)), rows = 0, at = 0;
    real *x = arena_alloc(memory, ((size_t)moves * (OUTLOOK_CHOICES + 1) + 1) * AMOUNT_FEATURES *
                                      sizeof(real));
    struct actor_amounts amounts = {.option = option, .x = x};
    struct actor_amount_scores scores = {0};
    struct team *team = m->team;

    for (int32_t i = 0; i < moves; i++) {
        allotment_list(&allotment[i], resource);
        if (allotment[i].candidates == 1)
            continue;
        allotment_rows(&allotment[i], resource, x + (size_t)rows * AMOUNT_FEATURES);
        for (int32_t k = 0; k < allotment[i].candidates; k++)
            option[rows++] = move[i].option;
    }
    amounts.rows = rows;
    if (rows > 0)
        actor_score_amounts(&m->pass, &scores, team->actor, &r->scores, &amounts);
    for (int32_t i = 0; i < moves; i++) {
        int32_t count = allotment[i].candidates, chosen = 0;

        if (count > 1) {
            real *logp = scores.logit + at;

            BUG_ON(!scores.logit);
            categorical_log_probs(logp, logp, NULL, count);
            chosen = choose(team, logp, count, 0);
            if (team->book) {
                record_amounts(team->book, &allotment[i], x + (size_t)at * AMOUNT_FEATURES,
                               move[i].recorded);
                vector_last(&team->book->amount_sets)->chosen = chosen;
                vector_last(&team->book->amount_sets)->logp = logp[chosen];
            }
            at += count;
        }
        allotment_choose(&allotment[i], resource, chosen);
    }
}

static void start_all(struct meeting *m, const struct round *r, const struct move *move,
                      int32_t moves)
{
    struct allotment *allotment =
        arena_alloc(m->seen.memory, ((size_t)moves + 1) * sizeof *allotment);

    for (int32_t i = 0; i < moves; i++)
        allotment_begin(&allotment[i], &m->seen, move[i].pair);
    for (int resource = 0; resource < m->seen.view->catalog->resources; resource++)
        choose_amounts(m, r, allotment, move, moves, resource);
    for (int32_t i = 0; i < moves; i++)
        observation_start(&m->seen, move[i].pair, &allotment[i].item[0].amount,
                          allotment[i].item[0].seconds);
}

/* One round; false when nobody takes part any more. */
static bool play_round(struct meeting *m, bool first)
{
    struct move move[MOST_AGENTS];
    struct round round;
    int32_t moves = 0;

    open_round(&round, m, first);
    if (round.agents == 0)
        return false;
    actor_score(&m->pass, &round.scores, m->team->actor, &m->code, &round.options);
    for (int32_t i = 0; i < round.agents; i++) {
        move[moves] = make_move(m, &round, i);
        moves += move[moves].pair >= 0;
    }
    moves = settle_conflicts(m, move, moves);
    start_all(m, &round, move, moves);
    return moves > 0;
}

/* If everybody waits in a system where nothing runs, nothing may ever happen again: then the start
 * that an agent finds likeliest against waiting is carried out. */
static void start_something(struct meeting *m)
{
    struct move best = {.pair = -1};
    struct round round;
    real most = 0;

    for (int32_t a = 0; a < m->seen.agents; a++)
        m->active[a] = true;
    open_round(&round, m, true);
    if (round.agents == 0)
        return;
    actor_score(&m->pass, &round.scores, m->team->actor, &m->code, &round.options);
    for (int32_t i = 0; i < round.agents; i++)
        for (int32_t k = round.first[i]; k < round.first[i + 1] - 1; k++) {
            real margin = round.scores.logit[k] - round.scores.logit[round.first[i + 1] - 1];

            if (best.pair >= 0 && margin <= most)
                continue;
            most = margin;
            best = (struct move){.agent = round.agent[i], .pair = round.pair[k], .option = k};
        }
    m->team->book = NULL;
    start_all(m, &round, &best, 1);
}

/* Everybody by itself */

static void encode(struct meeting *m)
{
    real *pair_x = pairs_of_first(m);

    connect(m, pair_x);
    actor_encode(&m->pass, &m->code, m->team->actor, &m->graph);
}

/* What one agent knows, and a pass of the network over it. */
static void withdraw(struct meeting *own, const struct meeting *all, int32_t agent)
{
    observation_copy(&own->seen, &all->seen);
    gossip_blur(all->team->gossip, &own->seen, agent);
    seat(own, all->team);
    for (int32_t a = 0; a < own->seen.agents; a++)
        own->active[a] = a == agent && all->active[a];
    if (own->active[agent])
        encode(own);
}

/* What an agent claims in a round; false: nothing, or nobody heard of it. */
static bool claim_alone(struct meeting *own, struct round *round, struct move *move, bool first)
{
    open_round(round, own, first);
    if (round->agents == 0)
        return false;
    actor_score(&own->pass, &round->scores, own->team->actor, &own->code, &round->options);
    *move = make_move(own, round, 0);
    if (move->pair < 0)
        return false;
    if (gossip_loses_claim(own->team->gossip)) {
        own->active[move->agent] = false;
        return false;
    }
    return true;
}

/* One round. Where several claim a task, it goes by Bayes' theorem to one of those whose claims
 * arrived: whoever keeps the task can tell, nobody needs to know more. */
static bool play_apart(struct meeting *own, int32_t agents, bool first)
{
    struct claim claim[MOST_AGENTS];
    struct move move[MOST_AGENTS];
    struct round *round = arena_alloc(own->seen.memory, (size_t)agents * sizeof *round);
    bool lost[MOST_AGENTS];
    int32_t moves = 0;

    for (int32_t a = 0; a < agents; a++)
        if (claim_alone(&own[a], &round[a], &move[moves], first)) {
            claim[moves] = claim_of(&own[a], &move[moves]);
            moves++;
        }
    conflict_resolve(lost, claim, moves, NULL);
    for (int32_t i = 0; i < moves; i++)
        if (!lost[i])
            start_all(&own[move[i].agent], &round[move[i].agent], &move[i], 1);
    return moves > 0;
}

static void decide_apart(struct meeting *all)
{
    int32_t agents = all->seen.agents;
    struct meeting *own = arena_alloc(all->seen.memory, (size_t)agents * sizeof *own);

    for (int32_t a = 0; a < agents; a++)
        withdraw(&own[a], all, a);
    for (bool first = true; play_apart(own, agents, first); first = false)
        continue;
}

static void decide_together(struct meeting *m)
{
    struct record_book *book = m->team->book;
    real *pair_x = pairs_of_first(m);

    connect(m, pair_x);
    if (book)
        record_begin(book, &m->seen, pair_x);
    actor_encode(&m->pass, &m->code, m->team->actor, &m->graph);
    for (bool first = true; play_round(m, first); first = false)
        continue;
}

static void decide_some(struct team *team, const struct view *view, struct plan *plan,
                        const int32_t *cluster, int32_t clusters)
{
    struct record_book *book = team->book;
    struct meeting m;
    bool any;

    if (team->loan)
        loan_recall(team->loan, view, plan, cluster, clusters);
    any = meet(&m, team, view, plan, cluster, clusters);
    if (team->gossip)
        gossip_tell(team->gossip, &m.seen);
    if (any && team->gossip)
        decide_apart(&m);
    else if (any)
        decide_together(&m);
    if (any && view->running == 0 && plan->actions == 0) {
        if (team->gossip)
            encode(&m);
        start_something(&m);
    }
    team->book = book;
    arena_reset(&team->memory);
}

/* In slotted and in small systems everybody decides every time. */
static void decide_all(struct team *team, const struct view *view, struct plan *plan)
{
    int32_t cluster[MOST_AGENTS], count = 0;

    for (int32_t c = 0; c < view->catalog->clusters; c++) {
        if (view->cluster[c].up)
            cluster[count++] = c;
        if (count == MOST_AGENTS || (count > 0 && c == view->catalog->clusters - 1)) {
            decide_some(team, view, plan, cluster, count);
            count = 0;
        }
    }
}

/* Clusters, each once. */
struct roster {
    int32_t cluster[MOST_AGENTS], count;
};

static void enlist(struct roster *roster, const struct view *view, int32_t cluster)
{
    if (roster->count == MOST_AGENTS || !view->cluster[cluster].up)
        return;
    for (int32_t i = 0; i < roster->count; i++)
        if (roster->cluster[i] == cluster)
            return;
    roster->cluster[roster->count++] = cluster;
}

/* Some of the clusters that a new task can reach: those with the most room, as far as a few looks
 * at them, spread over its reach, can tell. */
static void enlist_reach(struct roster *roster, const struct team *team, const struct view *view,
                         const struct reach *reach)
{
    int32_t best[HOSTS];
    double room[HOSTS];
    int count = 0, step = reach->count > LOOKS ? reach->count / LOOKS : 1;

    for (int32_t i = 0; i < reach->count; i += step) {
        int32_t cluster = reach->cluster[i];
        double free = outlook_worth(&team->outlook, cluster, &view->cluster[cluster].free);
        int at = count < HOSTS ? count++ : HOSTS;

        while (at > 0 && room[at - 1] < free) {
            if (at < HOSTS) {
                best[at] = best[at - 1];
                room[at] = room[at - 1];
            }
            at--;
        }
        if (at < HOSTS) {
            best[at] = cluster;
            room[at] = free;
        }
    }
    for (int i = 0; i < count; i++)
        enlist(roster, view, best[i]);
}

/* In large ones only where something came free or arrived, and a few others in turn, so that nobody
 * is forgotten who waited for something better. */
static void decide_changed(struct team *team, const struct view *view, struct plan *plan)
{
    struct roster roster = {.count = 0};

    for (int32_t i = 0; i < view->toucheds; i++)
        enlist(&roster, view, view->touched[i]);
    for (int32_t i = 0; i < view->arrivals; i++)
        enlist_reach(&roster, team, view, &view->task[view->arrived[i]].reach);
    for (int i = 0; i < IN_TURN; i++)
        enlist(&roster, view, team->turn++ % view->catalog->clusters);
    qsort(roster.cluster, (size_t)roster.count, sizeof *roster.cluster, order_int32);
    decide_some(team, view, plan, roster.cluster, roster.count);
}

static void decide_starts(struct team *team, const struct view *view, struct plan *plan)
{
    outlook_begin(&team->outlook, view);
    if (team->gossip || view->catalog->slot_s > 0 || view->catalog->clusters <= MOST_AGENTS ||
        view->running == 0)
        decide_all(team, view, plan);
    else
        decide_changed(team, view, plan);
}

void team_decide(struct team *team, const struct view *view, struct plan *plan)
{
    if (view->catalog->slot_s > 0 && view->round > 0)
        return;
    if (!team->loan) {
        decide_starts(team, view, plan);
        return;
    }
    plan_reset(&team->loan->wish, view);
    decide_starts(team, view, &team->loan->wish);
    loan_deal(team->loan, view, plan);
}

/* Learning from another's plan */

/* The start of a pair that is wanted and not carried out yet, or NULL. */
static const struct action *find_wanted(const struct meeting *m, const struct plan *wanted,
                                        int32_t pair)
{
    const struct task *task = observation_task(&m->seen, pair);

    for (int32_t i = 0; i < wanted->actions; i++) {
        const struct action *action = &wanted->action[i];

        if (action->kind == ACTION_START && action->task == task->id &&
            action->cluster == observation_cluster(&m->seen, pair))
            return action;
    }
    return NULL;
}

/* Records an agent's choice as wanted; the pair that it starts, or -1. */
static int32_t learn_option(struct meeting *m, const struct round *r, int32_t i,
                            const struct plan *wanted, int32_t *recorded)
{
    struct record_book *book = m->team->book;
    int32_t a = r->agent[i], first = r->first[i], count = r->first[i + 1] - first;
    const int32_t *option = r->pair + first;
    int32_t begin =
        record_options(book, &m->seen, a, r->x + (size_t)first * OPTION_FEATURES, option, count);
    real *target = book->option_target.item + (book->option_target.count - (size_t)count);
    int32_t pair = -1, many = 0;

    for (int32_t k = 0; k < count - 1; k++) {
        if (!find_wanted(m, wanted, option[k]))
            continue;
        if (many++ == 0) {
            pair = option[k];
            *recorded = begin + k;
        }
        target[k] = 1;
    }
    for (int32_t k = 0; k < count && many > 0; k++)
        target[k] /= (real)many;
    if (many == 0)
        target[count - 1] = 1;
    m->active[a] = many > 0;
    return pair;
}

static void learn_amounts(struct meeting *m, const struct plan *wanted, int32_t pair,
                          int32_t recorded)
{
    const struct action *action = find_wanted(m, wanted, pair);
    struct record_book *book = m->team->book;
    real row[(OUTLOOK_CHOICES + 1) * AMOUNT_FEATURES];
    struct allotment allotment;

    allotment_begin(&allotment, &m->seen, pair);
    for (int r = 0; r < m->seen.view->catalog->resources; r++) {
        int32_t nearest;

        allotment_list(&allotment, r);
        nearest = allotment_nearest(&allotment, action->allocation.amount[r]);
        if (allotment.candidates > 1) {
            allotment_rows(&allotment, r, row);
            record_amounts(book, &allotment, row, recorded);
            book->amount_target
                .item[book->amount_target.count - (size_t)(allotment.candidates - nearest)] = 1;
        }
        allotment_choose(&allotment, r, nearest);
    }
    observation_start(&m->seen, pair, &allotment.item[0].amount, allotment.item[0].seconds);
}

static bool learn_round(struct meeting *m, const struct plan *wanted, bool first)
{
    int32_t pair[MOST_AGENTS] = {0}, recorded[MOST_AGENTS] = {0};
    struct round round;
    bool any = false;

    open_round(&round, m, first);
    for (int32_t i = 0; i < round.agents; i++)
        pair[i] = learn_option(m, &round, i, wanted, &recorded[i]);
    for (int32_t i = 0; i < round.agents; i++)
        if (pair[i] >= 0) {
            learn_amounts(m, wanted, pair[i], recorded[i]);
            any = true;
        }
    return any;
}

void team_learn(struct team *team, const struct view *view, struct plan *scratch,
                const struct plan *wanted)
{
    int32_t cluster[MOST_AGENTS], count = 0;
    struct meeting m;

    if (view->catalog->slot_s > 0 && view->round > 0)
        return;
    outlook_begin(&team->outlook, view);
    for (int32_t c = 0; c < view->catalog->clusters && count < MOST_AGENTS; c++)
        if (view->cluster[c].up)
            cluster[count++] = c;
    if (meet(&m, team, view, scratch, cluster, count)) {
        record_begin(team->book, &m.seen, pairs_of_first(&m));
        for (bool first = true; learn_round(&m, wanted, first); first = false)
            continue;
    }
    arena_reset(&team->memory);
}
