/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes of one kind have the same weights, so a matching is how many pairs there are of every two
 * kinds. What follows costs little more for a hundred nodes of eight kinds than for eight nodes.
 *
 * 1. With edges of weight 0 added, and a node without any other if nodes are odd in number, some
 *    matching of greatest weight is perfect, and duals may have any sign.
 * 2. The relaxation without blossoms: every kind sends its nodes to kinds, and gets as many. That
 * is a problem of transport, solved by shortest augmenting paths; its duals u and v leave a slack
 *    u(a) + v(b) - w(a, b) of 0 wherever something is sent. Sent either way, and halved, it is a
 *    fractional matching under the duals (u + v) / 2.
 * 3. Halves form circuits. Along one they are rounded down and up in turn, which changes no weight;
 *    one of odd length leaves a node over (Anstee, "A Polynomial Algorithm for b-Matchings: An
 *    Alternative Approach", Information Processing Letters 24, 1987).
 * 4. Most often two are left over, four or none. The shortest way between two, along edges that are
 *    not matched and such that are in turn, is found as in the transport. A matching that has both
 *    weighs less than the duals allow by the length of some way between them at least; so what
 *    comes of exchanging along the shortest ones is the best if it weighs no less than that.
 * 5. Else those few are matched by Edmonds' method (policy/matching.c), which goes on from these
 *    duals and pairs. It is given a few of the pairs of every two kinds only. The others are left
 * as they are if duals can be found for their nodes too, which proves that the whole is the best;
 * if none can, it is given more of them.
 */
#include "policy/kind_matching.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "core/allocation.h"
#include "policy/matching.h"

/* Beyond every slack. */
static const int64_t FAR = INT64_MAX / 4;

/* The weight of what cannot be; twice that is a number still. A search never gets there straight:
 * it finds a way round before all others are settled. */
static const int64_t NOWHERE = -(INT64_MAX / 4) - INT64_MAX / 8;

enum {
    COPIES = 1, /* of the pairs of two kinds, at first */
    FEW = 12,   /* kinds for which no memory need be asked for */
    SHORT = 8,  /* cells of a row at least, so that most loops are of one length */
    STEP = 4,   /* of which it is a multiple */
};

/* Two cells of a row. What compilers would make branches of, which nobody could foretell, is done
 * by masks: all ones or all zeros, which a shift makes of a sign. */
typedef int64_t twin __attribute__((vector_size(16)));

enum { TWIN = 2, SIGN = 63 };

/* Between two kinds: the row is the receiver's in sent, either's in those that are symmetric. */
struct transport {
    int32_t kinds, row; /* cells of a row; those past the kinds lead nowhere */
    void *memory;       /* of all that follows, unless it is held */
    int64_t *weight;
    int32_t *sent;            /* to a kind from another */
    int32_t *pairs;           /* the outcome */
    int64_t *u, *v;           /* duals of senders and receivers */
    int64_t *from_s, *to_s;   /* of a search: distance of senders, of receivers */
    int64_t *settled;         /* by receiver: mask */
    int64_t *sender;          /* by receiver: from whom it was reached */
    int32_t *count;           /* by kind */
    int32_t *unsent, *wanted; /* by kind: what it still has to send and to get */
    int32_t *unreached;       /* by sender: mask */
    int32_t *through;         /* by sender: the receiver by way of which it was reached */
    int32_t *over;            /* by kind: nodes that are not in pairs */
    int64_t held[2 * FEW * FEW + 10 * FEW];
};

static size_t cell(const struct transport *t, int32_t a, int32_t b)
{
    return (size_t)a * (size_t)t->row + (size_t)b;
}

/* Twelve rows and three squares in one piece, the widest items first. */
static void make_room(struct transport *t)
{
    size_t rows = (size_t)t->row, cells = rows * rows;
    size_t words = cells + 6 * rows + (2 * cells + 6 * rows) / 2;
    char *left = (char *)t->held;

    t->memory = NULL;
    if (t->row > FEW)
        left = t->memory = xmalloc(words * sizeof *t->weight);
    memset(left, 0, words * sizeof *t->weight);
    t->weight = memory_cut(&left, cells, sizeof *t->weight);
    t->u = memory_cut(&left, rows, sizeof *t->u);
    t->v = memory_cut(&left, rows, sizeof *t->v);
    t->from_s = memory_cut(&left, rows, sizeof *t->from_s);
    t->to_s = memory_cut(&left, rows, sizeof *t->to_s);
    t->settled = memory_cut(&left, rows, sizeof *t->settled);
    t->sender = memory_cut(&left, rows, sizeof *t->sender);
    t->sent = memory_cut(&left, cells, sizeof *t->sent);
    t->pairs = memory_cut(&left, cells, sizeof *t->pairs);
    t->count = memory_cut(&left, rows, sizeof *t->count);
    t->unsent = memory_cut(&left, rows, sizeof *t->unsent);
    t->wanted = memory_cut(&left, rows, sizeof *t->wanted);
    t->through = memory_cut(&left, rows, sizeof *t->through);
    t->unreached = memory_cut(&left, rows, sizeof *t->unreached);
    t->over = memory_cut(&left, rows, sizeof *t->over);
}

static void open_transport(struct transport *t, int32_t kinds, const int32_t *count,
                           const int64_t *weight)
{
    int32_t nodes = 0;

    for (int32_t a = 0; a < kinds; a++)
        nodes += count[a];
    BUG_ON(nodes >= MATCHING_MOST);
    t->kinds = kinds + nodes % 2;
    t->row = t->kinds < SHORT ? SHORT : (t->kinds + STEP - 1) / STEP * STEP;
    make_room(t);
    for (int32_t a = 0; a < t->kinds; a++) {
        int64_t *row = &t->weight[cell(t, a, 0)];

        t->count[a] = t->unsent[a] = t->wanted[a] = a < kinds ? count[a] : 1;
        for (int32_t b = 0; a < kinds && b < kinds; b++) {
            row[b] = *weight++;
            t->u[a] = row[b] > t->u[a] ? row[b] : t->u[a];
        }
        for (int32_t b = t->kinds; b < t->row; b++)
            row[b] = NOWHERE;
    }
}

static void close_transport(struct transport *t)
{
    free(t->memory);
}

/* Transport */

static int64_t slack_of(const struct transport *t, int32_t a, int32_t b)
{
    return t->u[a] + t->v[b] - t->weight[cell(t, a, b)];
}

static twin twin_at(const int64_t *row)
{
    twin two;

    memcpy(&two, row, sizeof two);
    return two;
}

static void set_twin(int64_t *row, twin two)
{
    memcpy(row, &two, sizeof two);
}

/* Of the cells of a row that were looked at, by lane: the first of the least, and which is next. */
struct least {
    twin value, at, next;
};

static const struct least NO_LEAST = {{INT64_MAX / 2, INT64_MAX / 2}, {0, 0}, {0, 1}};

static struct least least_with(struct least least, twin value)
{
    twin less = value - least.value, lower = less >> SIGN;

    return (struct least){least.value + (less & lower),
                          least.at ^ ((least.at ^ least.next) & lower), least.next + TWIN};
}

static int least_lane(struct least least)
{
    int64_t more = least.value[1] - least.value[0];

    return more < 0 || (more == 0 && least.at[1] < least.at[0]);
}

/* Nothing settled comes nearer, because no slack is below 0. */
static void reach_out(struct transport *t, int32_t a, int64_t distance)
{
    const int64_t *weight = &t->weight[cell(t, a, 0)], *v = t->v;
    int64_t *to_s = t->to_s, *sender = t->sender, from = distance + t->u[a];

    t->from_s[a] = distance;
    t->unreached[a] = 0;
    for (const int64_t *end = weight + t->row; weight < end; weight += TWIN) {
        twin had = twin_at(to_s), by = twin_at(sender);
        twin less = twin_at(v) + from - twin_at(weight) - had, nearer = less >> SIGN;

        set_twin(to_s, had + (less & nearer));
        set_twin(sender, by ^ ((by ^ a) & nearer));
        v += TWIN;
        to_s += TWIN;
        sender += TWIN;
    }
}

/* The first of the nearest that are not settled. */
static int32_t nearest_receiver(const struct transport *t)
{
    const int64_t *to_s = t->to_s, *settled = t->settled, *end = to_s + t->row;
    struct least least = NO_LEAST;

    for (; to_s < end; to_s += TWIN, settled += TWIN)
        least = least_with(least, twin_at(to_s) + (twin_at(settled) & FAR));
    return (int32_t)least.at[least_lane(least)];
}

/* All senders who send there, and were not reached yet. */
static void reach_senders(struct transport *t, int32_t b)
{
    const int32_t *sent = &t->sent[cell(t, b, 0)];

    for (int32_t a = 0; a < t->row; a += STEP) {
        quantities four, unreached;

        memcpy(&four, sent + a, sizeof four);
        memcpy(&unreached, t->unreached + a, sizeof unreached);
        if (!any_of((four > 0) & unreached))
            continue;
        for (int32_t k = a; k < a + STEP; k++)
            if (sent[k] > 0 && t->unreached[k]) {
                t->through[k] = b;
                reach_out(t, k, t->to_s[b]);
            }
    }
}

/* Reaches out from the first sender of a search; returns the nearest receiver. */
static int32_t begin_search(struct transport *t, int32_t start)
{
    const int64_t *weight = &t->weight[cell(t, start, 0)], *v = t->v;
    int64_t *to_s = t->to_s;
    struct least least = NO_LEAST;

    for (const int64_t *end = weight + t->row; weight < end; weight += TWIN) {
        twin length = twin_at(v) + t->u[start] - twin_at(weight);

        least = least_with(least, length);
        set_twin(to_s, length);
        v += TWIN;
        to_s += TWIN;
    }
    return (int32_t)least.at[least_lane(least)];
}

/* The nearest receiver that still wants some; the nearest of all is known. */
static int32_t go_on_searching(struct transport *t, int32_t start, int32_t nearest)
{
    int32_t b;

    for (int32_t k = 0; k < t->row; k++) {
        t->unreached[k] = -1;
        t->sender[k] = start;
        t->settled[k] = 0;
    }
    t->from_s[start] = 0;
    t->unreached[start] = 0;
    for (b = nearest; t->wanted[b] == 0; b = nearest_receiver(t)) {
        t->settled[b] = -1;
        reach_senders(t, b);
    }
    return b;
}

/* So that the way to the receiver that was found has no slack. */
static void move_duals(struct transport *t, int32_t receiver)
{
    int64_t distance = t->to_s[receiver];

    for (int32_t k = 0; k < t->row; k++)
        t->u[k] -= (distance - t->from_s[k]) & ~(int64_t)t->unreached[k];
    for (int32_t k = 0; k < t->row; k++)
        t->v[k] += (distance - t->to_s[k]) & t->settled[k];
}

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t sender_of(const struct transport *t, int32_t receiver)
{
    return (int32_t)t->sender[receiver];
}

/* Sends as many as the way from start to the receiver allows. */
static void send_along(struct transport *t, int32_t start, int32_t receiver)
{
    int32_t most = least(t->unsent[start], t->wanted[receiver]);

    for (int32_t a = sender_of(t, receiver); a != start; a = sender_of(t, t->through[a]))
        most = least(most, t->sent[cell(t, t->through[a], a)]);
    t->unsent[start] -= most;
    t->wanted[receiver] -= most;
    for (int32_t a, b = receiver;; b = t->through[a]) {
        a = sender_of(t, b);
        t->sent[cell(t, b, a)] += most;
        if (a == start)
            return;
        t->sent[cell(t, t->through[a], a)] -= most;
    }
}

/* The only node of a kind has nobody of its kind to go to. */
static void bar_the_single(struct transport *t)
{
    for (int32_t a = 0; a < t->kinds; a++)
        if (t->count[a] == 1)
            t->weight[cell(t, a, a)] = NOWHERE;
}

/* Sends as many as a way of one step allows. */
static void send_directly(struct transport *t, int32_t a, int32_t b)
{
    int32_t most = least(t->unsent[a], t->wanted[b]);

    t->u[a] -= t->to_s[b];
    t->unsent[a] -= most;
    t->wanted[b] -= most;
    t->sent[cell(t, b, a)] += most;
}

static void transport(struct transport *t)
{
    bar_the_single(t);
    for (int32_t a = 0; a < t->kinds; a++)
        while (t->unsent[a] > 0) {
            int32_t receiver = begin_search(t, a);

            if (t->wanted[receiver] > 0) {
                send_directly(t, a, receiver);
                continue;
            }
            receiver = go_on_searching(t, a, receiver);
            move_duals(t, receiver);
            send_along(t, a, receiver);
        }
}

/* Rounding */

static int32_t both_ways(const struct transport *t, int32_t a, int32_t b)
{
    return t->sent[cell(t, a, b)] + (a == b ? 0 : t->sent[cell(t, b, a)]);
}

static void set_pairs(struct transport *t, int32_t a, int32_t b, int32_t pairs)
{
    t->pairs[cell(t, a, b)] = t->pairs[cell(t, b, a)] = pairs;
}

/* pairs are -1 where they are half a pair more than is known yet. */
static int32_t next_half(const struct transport *t, int32_t a)
{
    for (int32_t b = 0; b < t->kinds; b++)
        if (t->pairs[cell(t, a, b)] < 0)
            return b;
    return -1;
}

static void round_circuit(struct transport *t, int32_t start)
{
    int32_t a = start, up = 0;

    for (int32_t b = next_half(t, a); b >= 0; b = next_half(t, a)) {
        set_pairs(t, a, b, both_ways(t, a, b) / 2 + up);
        up = !up;
        a = b;
    }
}

static void round_off(struct transport *t)
{
    bool halves = false;

    for (int32_t a = 0; a < t->kinds; a++)
        for (int32_t b = a; b < t->kinds; b++) {
            int32_t both = both_ways(t, a, b);

            set_pairs(t, a, b, both % 2 ? -1 : both / 2);
            halves |= both % 2;
        }
    for (int32_t a = 0; halves && a < t->kinds; a++)
        while (next_half(t, a) >= 0)
            round_circuit(t, a);
}

/* Returns how many are left over. */
static int32_t count_over(struct transport *t)
{
    int32_t sum = 0;

    for (int32_t a = 0; a < t->kinds; a++) {
        const int32_t *pairs = &t->pairs[cell(t, a, 0)];
        int32_t over = t->count[a] - pairs[a];

        for (int32_t b = 0; b < t->row; b++)
            over -= pairs[b];
        t->over[a] = over;
        sum += over;
    }
    return sum;
}

/* Two or four left over */

/* From here on both duals of a kind are the same, and all is twice as much, to stay whole. */
static void make_symmetric(struct transport *t)
{
    for (int32_t a = 0; a < t->kinds; a++)
        t->u[a] = t->v[a] = t->u[a] + t->v[a];
    for (int32_t a = 0; a < t->kinds; a++)
        for (int32_t b = 0; b < t->kinds; b++)
            t->weight[cell(t, a, b)] *= 2;
}

static void add_to(int32_t *cells, const struct transport *t, int32_t a, int32_t b, int32_t more)
{
    cells[cell(t, a, b)] += more;
    if (a != b)
        cells[cell(t, b, a)] += more;
}

/* Exchanges what is matched and what is not along the way to the end; false if it needs a pair
 * twice that is there once. Works on what is sent, which are the pairs here. */
static bool exchange(struct transport *t, int32_t start, int32_t end)
{
    for (int32_t a = sender_of(t, end); a != start; a = sender_of(t, t->through[a])) {
        if (t->sent[cell(t, a, t->through[a])] == 0)
            return false;
        add_to(t->sent, t, a, t->through[a], -1);
    }
    for (int32_t a, b = end;; b = t->through[a]) {
        a = sender_of(t, b);
        add_to(t->sent, t, a, b, 1);
        if (a == start)
            return true;
    }
}

/* Distance from one to the other, to be walked by exchange(). */
static int64_t measure(struct transport *t, int32_t start, int32_t end)
{
    memset(t->wanted, 0, (size_t)t->row * sizeof *t->wanted);
    t->wanted[end] = 1;
    go_on_searching(t, start, begin_search(t, start));
    return t->to_s[end];
}

/* The slack of all that is sent: by how much less it weighs than the duals would allow. */
static int64_t sum_slack(const struct transport *t)
{
    int64_t sum = 0;

    for (int32_t a = 0; a < t->kinds; a++)
        for (int32_t b = a; b < t->kinds; b++)
            if (t->sent[cell(t, a, b)] > 0)
                sum += t->sent[cell(t, a, b)] * slack_of(t, a, b);
    return sum;
}

/* Orders four so that the ways from the first to the second and from the third to the fourth are
 * the shortest together; returns how long they are. */
static int64_t pair_off(struct transport *t, int32_t left[4])
{
    int64_t least = FAR;
    int best = 1;

    for (int i = 1; i < 4; i++) {
        int j = i == 1 ? 2 : 1, k = 6 - i - j;
        int64_t length = measure(t, left[0], left[i]) + measure(t, left[j], left[k]);

        if (length < least) {
            least = length;
            best = i;
        }
    }
    if (best != 1) {
        int32_t held = left[1];

        left[1] = left[best];
        left[best] = held;
    }
    return least;
}

/* Two or four left over; false if this does not prove to be the best. */
static bool join_over(struct transport *t, int32_t over)
{
    size_t bytes = (size_t)t->row * (size_t)t->row * sizeof *t->pairs;
    int32_t left[4];
    int64_t least;

    memcpy(t->sent, t->pairs, bytes);
    for (int32_t a = 0, n = 0; a < t->kinds; a++)
        for (int32_t i = 0; i < t->over[a]; i++)
            left[n++] = a;
    least = over == 4 ? pair_off(t, left) : measure(t, left[0], left[1]);
    for (int32_t n = 0; n < over; n += 2) {
        if (over == 4)
            measure(t, left[n], left[n + 1]);
        if (!exchange(t, left[n], left[n + 1]))
            return false;
    }
    if (sum_slack(t) > least)
        return false;
    memcpy(t->pairs, t->sent, bytes);
    return true;
}

/* More left over */

/* Nodes for Edmonds' method: those left over, and some that are paired. */
struct remnant {
    int32_t nodes;
    int32_t *kind, *mate; /* by node */
    int64_t *dual, *weight;
    int32_t *left_out; /* pairs, kind by kind */
    bool *has_left;    /* by kind */
    int64_t *outside;  /* by kind: dual of those left out */
};

/* What weights are raised by, so that there is an edge everywhere. */
enum { MORE = 2 };

static int64_t heavier(const struct transport *t, int32_t a, int32_t b)
{
    return t->weight[cell(t, a, b)] + MORE;
}

static int32_t add_node(const struct transport *t, struct remnant *m, int32_t kind)
{
    m->kind[m->nodes] = kind;
    m->mate[m->nodes] = -1;
    m->dual[m->nodes] = 2 * (t->u[kind] + 1);
    return m->nodes++;
}

static void add_pairs(const struct transport *t, struct remnant *m, int32_t a, int32_t b,
                      int32_t copies)
{
    int32_t pairs = t->pairs[cell(t, a, b)], taken = least(pairs, copies);

    for (int32_t i = 0; i < taken; i++) {
        int32_t x = add_node(t, m, a), y = add_node(t, m, b);

        m->mate[x] = y;
        m->mate[y] = x;
    }
    m->left_out[cell(t, a, b)] = m->left_out[cell(t, b, a)] = pairs - taken;
    if (pairs > taken)
        m->has_left[a] = m->has_left[b] = true;
}

static void open_remnant(const struct transport *t, struct remnant *m, int32_t copies)
{
    size_t rows = (size_t)t->row, most = 0;

    for (int32_t a = 0; a < t->kinds; a++)
        most += (size_t)t->count[a];
    *m = (struct remnant){.kind = xcalloc(most, sizeof *m->kind),
                          .mate = xcalloc(most, sizeof *m->mate),
                          .dual = xcalloc(most, sizeof *m->dual),
                          .left_out = xcalloc(rows * rows, sizeof *m->left_out),
                          .has_left = xcalloc(rows, sizeof *m->has_left),
                          .outside = xcalloc(rows, sizeof *m->outside)};
    for (int32_t a = 0; a < t->kinds; a++) {
        for (int32_t i = 0; i < t->over[a]; i++)
            add_node(t, m, a);
        for (int32_t b = a; b < t->kinds; b++)
            add_pairs(t, m, a, b, copies);
    }
    m->weight = xmalloc((size_t)m->nodes * (size_t)m->nodes * sizeof *m->weight);
    for (int32_t x = 0, at = 0; x < m->nodes; x++) {
        const int64_t *weight = &t->weight[cell(t, m->kind[x], 0)];

        for (int32_t y = 0; y < m->nodes; y++)
            m->weight[at++] = weight[m->kind[y]] + MORE;
        m->weight[at - m->nodes + x] = 0;
    }
}

static void close_remnant(struct remnant *m)
{
    free(m->kind);
    free(m->mate);
    free(m->dual);
    free(m->weight);
    free(m->left_out);
    free(m->has_left);
    free(m->outside);
}

/* The least duals that those left out may have beside the others. */
static void find_outside(const struct transport *t, struct remnant *m)
{
    for (int32_t a = 0; a < t->kinds; a++) {
        m->outside[a] = -FAR;
        for (int32_t x = 0; m->has_left[a] && x < m->nodes; x++) {
            int64_t dual = 2 * heavier(t, a, m->kind[x]) - m->dual[x];

            m->outside[a] = dual > m->outside[a] ? dual : m->outside[a];
        }
    }
}

/* Whether they may beside each other too, and leave no slack in their pairs. */
static bool is_proved(const struct transport *t, struct remnant *m)
{
    find_outside(t, m);
    for (int32_t a = 0; a < t->kinds; a++)
        for (int32_t b = a; m->has_left[a] && b < t->kinds; b++) {
            int64_t slack = m->outside[a] + m->outside[b] - 2 * heavier(t, a, b);

            if (m->has_left[b] && (slack < 0 || (slack > 0 && m->left_out[cell(t, a, b)] > 0)))
                return false;
        }
    return true;
}

static void take_pairs(struct transport *t, const struct remnant *m)
{
    memcpy(t->pairs, m->left_out, (size_t)t->row * (size_t)t->row * sizeof *t->pairs);
    for (int32_t x = 0; x < m->nodes; x++) {
        int32_t a = m->kind[x], b = m->kind[m->mate[x]];

        if (x < m->mate[x])
            set_pairs(t, a, b, t->pairs[cell(t, a, b)] + 1);
    }
}

/* False if so many copies of every pair do not prove it. */
static bool match_over(struct transport *t, int32_t copies)
{
    struct remnant m;
    bool proved;

    open_remnant(t, &m, copies);
    matching_complete(m.nodes, m.weight, m.dual, m.mate);
    proved = is_proved(t, &m);
    if (proved)
        take_pairs(t, &m);
    close_remnant(&m);
    return proved;
}

void kind_matching_find(int32_t kinds, const int32_t *count, const int64_t *weight, int32_t *pairs)
{
    struct transport t;
    int32_t over;

    open_transport(&t, kinds, count, weight);
    transport(&t);
    round_off(&t);
    over = count_over(&t);
    if (over > 0)
        make_symmetric(&t);
    if (over > 0 && (over > 4 || !join_over(&t, over)))
        for (int32_t copies = COPIES; !match_over(&t, copies); copies *= 4)
            ;
    for (int32_t a = 0; a < kinds; a++)
        for (int32_t b = 0; b < kinds; b++)
            *pairs++ = t.weight[cell(&t, a, b)] > 0 ? t.pairs[cell(&t, a, b)] : 0;
    close_transport(&t);
}
