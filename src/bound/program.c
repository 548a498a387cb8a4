/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A column per arc. Every task sends one unit from its source to its end (a row
 * per node: what comes in goes out), what runs in a slot shares each resource
 * of each cluster, and where a cluster starts one task per slot, starts share
 * that. The cost of an arc that ends a task is the slot at whose beginning it
 * ends. Rows of capacity that could not be exceeded are left out.
 *
 * The relaxation's value is not taken from the solver: its dual prices,
 * negative ones cut off, go to network_price(), which makes a valid bound of
 * any prices. So neither rounding nor a solver that stops early can make it too
 * large. Totals are whole slots, so it is rounded up.
 *
 * In whole units the paths are a schedule. The search ends when nothing can be
 * better by a whole slot, which proves the schedule optimal, or after a number
 * of nodes, which does not depend on the clock. Where the bound meets a known
 * schedule already, nothing is searched.
 *
 * GLPK keeps a state of its own, per thread if it was built so; it is freed
 * after each program.
 */
#include "bound/program.h"

#include <glpk.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "bound/network.h"
#include "core/scenario.h"
#include "sim/arrivals.h"

enum { MOST_ITERATIONS = 1000000 };

static const double TOLERANCE = 1e-6;

bool program_is_reentrant(void)
{
    return glp_config("TLS") != NULL;
}

struct entries {
    VECTOR(int) row;
    VECTOR(int) column;
    VECTOR(double) value;
};

static void add_entry(struct entries *e, int row, int column, double value)
{
    vector_push(&e->row, row);
    vector_push(&e->column, column);
    vector_push(&e->value, value);
}

/* Rows of GLPK by row of the network; 0: left out. Nodes come behind. */
static int *number_rows(const struct network *network, glp_prob *problem)
{
    int32_t rows = network_rows(network);
    double *load = xcalloc((size_t)rows, sizeof *load);
    int *number = xcalloc((size_t)rows, sizeof *number);

    for (size_t n = 0; n < network->nodes.count; n++) {
        const struct node *node = &network->nodes.item[n];

        for (int32_t i = 0; i < node->arcs; i++) {
            const struct arc *arc = &network->arcs.item[node->first_arc + i];

            if (arc->starts_on >= 0)
                load[network_start_row(network, arc->starts_on, node->slot)] += 1;
            for (int r = 0; arc->move >= 0 && r < network->scenario->catalog.resources; r++) {
                const struct move *move = &network->moves.item[arc->move];

                load[network_capacity_row(network, move->cluster, r, node->slot)] +=
                    move->amount.amount[r];
            }
        }
    }
    for (int32_t row = 0; row < rows; row++)
        if (load[row] > network_row_limit(network, row)) {
            number[row] = glp_add_rows(problem, 1);
            glp_set_row_bnds(problem, number[row], GLP_UP, 0, network_row_limit(network, row));
        }
    free(load);
    return number;
}

static void add_arc_entries(const struct network *network, const struct node *node,
                            const struct arc *arc, const int *number, int column,
                            struct entries *entries)
{
    const struct move *move = arc->move >= 0 ? &network->moves.item[arc->move] : NULL;

    if (arc->starts_on >= 0) {
        int row = number[network_start_row(network, arc->starts_on, node->slot)];

        if (row > 0)
            add_entry(entries, row, column, 1);
    }
    for (int r = 0; move && r < network->scenario->catalog.resources; r++) {
        int row = number[network_capacity_row(network, move->cluster, r, node->slot)];

        if (row > 0 && move->amount.amount[r] > 0)
            add_entry(entries, row, column, move->amount.amount[r]);
    }
}

static void fill_problem(const struct network *network, glp_prob *problem, const int *number)
{
    int first_node = glp_add_rows(problem, (int)network->nodes.count), column = 0;
    struct entries e = {0};

    add_entry(&e, 0, 0, 0); /* GLPK counts from 1 */
    for (size_t n = 0; n < network->nodes.count; n++)
        glp_set_row_bnds(problem, first_node + (int)n, GLP_FX, 0, 0);
    for (int32_t j = 0; j < network->arrivals->count; j++)
        glp_set_row_bnds(problem, first_node + network->source[j], GLP_FX, 1, 1);
    for (size_t n = 0; n < network->nodes.count; n++) {
        const struct node *node = &network->nodes.item[n];

        for (int32_t i = 0; i < node->arcs; i++) {
            const struct arc *arc = &network->arcs.item[node->first_arc + i];

            column = glp_add_cols(problem, 1);
            glp_set_col_bnds(problem, column, GLP_LO, 0, 0);
            glp_set_obj_coef(problem, column, arc->to == MOVE_FINISH ? node->slot + 1 : 0);
            add_entry(&e, first_node + (int)n, column, 1);
            if (arc->to != MOVE_FINISH)
                add_entry(&e, first_node + arc->to, column, -1);
            add_arc_entries(network, node, arc, number, column, &e);
        }
    }
    glp_load_matrix(problem, (int)e.row.count - 1, e.row.item, e.column.item, e.value.item);
    vector_release(&e.row);
    vector_release(&e.column);
    vector_release(&e.value);
}

/* Solves the relaxation; false if that failed, and then there are no prices. */
static bool solve_relaxed(const struct network *network, glp_prob *problem, const int *number,
                          struct program_result *result)
{
    double *price = xcalloc((size_t)network_rows(network), sizeof *price);
    glp_smcp how;
    bool solved;

    glp_init_smcp(&how);
    how.msg_lev = GLP_MSG_OFF;
    how.it_lim = MOST_ITERATIONS;
    glp_set_obj_dir(problem, GLP_MIN);
    glp_adv_basis(problem, 0);
    solved = glp_simplex(problem, &how) == 0 && glp_get_status(problem) == GLP_OPT;
    for (int32_t row = 0; solved && row < network_rows(network); row++)
        if (number[row] > 0)
            price[row] = fmax(0, -glp_get_row_dual(problem, number[row]));
    result->relaxed = ceil(network_price(network, price) - TOLERANCE);
    result->columns = glp_get_num_cols(problem);
    free(price);
    return solved;
}

static glp_prob *open_problem(const struct network *network, int **number)
{
    glp_prob *problem;

    glp_term_out(GLP_OFF);
    problem = glp_create_prob();
    *number = number_rows(network, problem);
    fill_problem(network, problem, *number);
    return problem;
}

static void close_problem(glp_prob *problem, int *number)
{
    free(number);
    glp_delete_prob(problem);
    glp_free_env();
}

void program_relax(const struct network *network, struct program_result *result)
{
    int *number;
    glp_prob *problem = open_problem(network, &number);

    solve_relaxed(network, problem, number, result);
    result->bound = result->relaxed;
    result->schedule = HUGE_VAL;
    close_problem(problem, number);
}

struct search {
    int64_t most_nodes, nodes;
    double bound; /* of what is still open */
};

static void watch_search(glp_tree *tree, void *arg)
{
    struct search *search = arg;
    int active, open, all, best = glp_ios_best_node(tree);

    glp_ios_tree_size(tree, &active, &open, &all);
    search->nodes = all;
    if (best > 0)
        search->bound = glp_ios_node_bound(tree, best);
    if (all >= search->most_nodes)
        glp_ios_terminate(tree);
}

static void take_steps(const struct network *network, glp_prob *problem,
                       struct program_steps *steps)
{
    int column = 0;

    for (size_t n = 0; n < network->nodes.count; n++) {
        const struct node *node = &network->nodes.item[n];

        for (int32_t i = 0; i < node->arcs; i++) {
            const struct arc *arc = &network->arcs.item[node->first_arc + i];
            struct program_step step = {.task = node->task, .slot = node->slot, .cluster = -1};

            if (glp_mip_col_val(problem, ++column) < 0.5)
                continue;
            if (arc->move >= 0) {
                step.cluster = network->moves.item[arc->move].cluster;
                step.amount = network->moves.item[arc->move].amount;
            }
            vector_push(steps, step);
        }
    }
}

static double ready_total(const struct network *network)
{
    double total = 0;

    for (int32_t j = 0; j < network->arrivals->count; j++)
        total += network->ready[j];
    return total;
}

static void search_whole(const struct network *network, glp_prob *problem, int64_t known,
                         int64_t most_nodes, struct program_result *result,
                         struct program_steps *steps)
{
    struct search search = {.most_nodes = most_nodes, .bound = -HUGE_VAL};
    double ready = ready_total(network);
    glp_iocp how;

    for (int column = 1; column <= glp_get_num_cols(problem); column++)
        glp_set_col_kind(problem, column, GLP_BV);
    glp_init_iocp(&how);
    how.msg_lev = GLP_MSG_OFF;
    how.cb_func = watch_search;
    how.cb_info = &search;
    how.mip_gap = (1 - TOLERANCE) / (ready + (double)known + 1);
    how.gmi_cuts = GLP_ON;
    how.clq_cuts = GLP_ON;
    how.br_tech = GLP_BR_PCH;
    glp_intopt(problem, &how);
    result->nodes = search.nodes;
    if (glp_mip_status(problem) == GLP_OPT || glp_mip_status(problem) == GLP_FEAS) {
        double found = round(glp_mip_obj_val(problem) - ready);

        if (steps && found <= result->schedule)
            take_steps(network, problem, steps);
        result->schedule = fmin(result->schedule, found);
    }
    if (glp_mip_status(problem) == GLP_OPT)
        result->bound = result->schedule;
    else
        result->bound =
            fmax(result->relaxed, fmin(result->schedule, ceil(search.bound - ready - TOLERANCE)));
}

void program_solve(const struct network *network, int64_t known, int64_t most_nodes,
                   struct program_result *result, struct program_steps *steps)
{
    int *number;
    glp_prob *problem = open_problem(network, &number);

    *result = (struct program_result){.schedule = (double)known};
    if (solve_relaxed(network, problem, number, result) &&
        (steps || result->relaxed < result->schedule))
        search_whole(network, problem, known, most_nodes, result, steps);
    else
        result->bound = result->relaxed;
    result->is_optimal = result->bound >= result->schedule;
    close_problem(problem, number);
}
