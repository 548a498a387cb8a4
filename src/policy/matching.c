/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maximum-weight matching in a general graph by Edmonds' primal-dual method with blossoms, in the
 * O(n^3) form that keeps for every vertex the edge of least slack (Gabow 1974; Galil, "Efficient
 * Algorithms for Finding Maximum Matching in Graphs", ACM Computing Surveys 18(1), 1986).
 *
 * Every node has a dual d(v) and every blossom one too; an edge's slack is d(u) + d(v) - 2 w(u, v),
 * never below 0, and the matching only ever uses edges of slack 0. A phase grows trees of
 * alternating edges from all free vertices at once: outer vertices are an even number of steps from
 * a root, inner ones an odd number. An edge of slack 0 between outer vertices of two trees makes
 * the matching larger by one and ends the phase; between two of the same tree it closes an odd
 * circle, which is shrunk to a blossom and treated as one outer vertex. When no such edge is left,
 * duals move: outer ones down, inner ones up, until an edge gets slack 0, an inner blossom's dual
 * is 0 and it is opened, or the outer duals are 0 and the matching is the best.
 *
 * A perfect matching is wanted where free nodes need not come out with duals of 0: then duals may
 * have any sign and the free ones' may differ, so that one can begin with duals and pairs that were
 * found in another way (policy/kind_matching.c).
 *
 * Vertices are numbered from 1; those up to n are nodes, those above are blossoms; 0 is nobody. The
 * duals of free nodes begin equal, or all even or all odd, and weights are whole numbers, so every
 * number stays whole.
 */
#include "policy/matching.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* No slack comes near to it; that of an edge that is not there is beyond it. */
static const int64_t FAR = INT64_MAX / 4;

enum mark { UNSEEN = -1, OUTER, INNER };

/* The edge between two vertices, by the nodes at its ends; 0: there is none. */
struct edge {
    int32_t from, to;
};

struct blossom {
    int32_t *petal; /* vertices around the circle; the first is its base */
    int32_t petals;
    int32_t *through;  /* by node that it holds: the petal that holds it */
    struct edge *edge; /* by vertex: from a node that it holds */
};

struct matcher {
    bool perfect;             /* every node has to be matched */
    int32_t nodes, top, room; /* vertices in use, and those there is room for */
    void *memory;             /* of all that follows */
    int64_t *twice;           /* by two nodes, from 0: twice the weight of their edge */
    int64_t *dual;
    int64_t *near;           /* slack of the edge to the nearest; FAR without such a node */
    int64_t *least;          /* by vertex: least slack so far of its edges to a new blossom */
    struct blossom *blossom; /* by vertex */
    struct edge *edge;       /* of blossoms, see there */
    int32_t *mate;           /* node at the other end of the matched edge, or 0 */
    int32_t *outmost; /* the vertex that is in no blossom and holds this one; 0: not in use */
    int32_t *parent;  /* node from which an inner vertex was reached */
    int32_t *nearest; /* node with the edge of least slack from an outer vertex, or 0 */
    int32_t *offered, offers; /* by blossom: when it was offered that node last */
    int32_t *visit, visits;
    int32_t *mark;               /* enum mark */
    int32_t *queue, first, last; /* nodes of outer vertices to be looked at */
    int32_t *ring;               /* petals and through of blossoms */
};

/* Two nodes have an edge even if it has no weight: its slack is beyond FAR. */
static struct edge edge_of(const struct matcher *m, int32_t u, int32_t v)
{
    struct edge edge = {u, v};

    if (u > m->nodes)
        return m->blossom[u].edge[v];
    if (v > m->nodes)
        edge = (struct edge){m->blossom[v].edge[u].to, m->blossom[v].edge[u].from};
    return edge;
}

static const int64_t *twice_of(const struct matcher *m, int32_t node)
{
    return m->twice + (size_t)(node - 1) * (size_t)m->nodes;
}

static int64_t slack_of(const struct matcher *m, struct edge e)
{
    return e.from == 0 ? FAR : m->dual[e.from] + m->dual[e.to] - twice_of(m, e.from)[e.to - 1];
}

static void forget_nearest(struct matcher *m, int32_t vertex)
{
    m->nearest[vertex] = 0;
    m->near[vertex] = FAR;
}

static void offer_nearest(struct matcher *m, int32_t node, int32_t vertex, int64_t slack)
{
    if (slack >= m->near[vertex])
        return;
    m->nearest[vertex] = node;
    m->near[vertex] = slack;
}

static void find_nearest(struct matcher *m, int32_t vertex)
{
    forget_nearest(m, vertex);
    for (int32_t u = 1; u <= m->nodes; u++)
        if (m->outmost[u] != vertex && m->mark[m->outmost[u]] == OUTER)
            offer_nearest(m, u, vertex, slack_of(m, edge_of(m, vertex, u)));
}

/* All nodes of a vertex that has become outer. */
static void enqueue(struct matcher *m, int32_t vertex)
{
    if (vertex <= m->nodes) {
        m->queue[m->last++] = vertex;
        return;
    }
    for (int32_t i = 0; i < m->blossom[vertex].petals; i++)
        enqueue(m, m->blossom[vertex].petal[i]);
}

static void put_inside(struct matcher *m, int32_t vertex, int32_t outmost)
{
    m->outmost[vertex] = outmost;
    if (vertex > m->nodes)
        for (int32_t i = 0; i < m->blossom[vertex].petals; i++)
            put_inside(m, m->blossom[vertex].petal[i], outmost);
}

static void reverse(int32_t *item, int32_t count)
{
    for (int32_t i = 0; i < count / 2; i++) {
        int32_t kept = item[i];

        item[i] = item[count - 1 - i];
        item[count - 1 - i] = kept;
    }
}

/* How many petals lie between the base and this one on the side where their number is even; turns
 * the circle round so that it is the side of the low indices. */
static int32_t even_side(struct blossom *blossom, int32_t petal)
{
    int32_t at = 0;

    while (blossom->petal[at] != petal)
        at++;
    if (at % 2 == 0)
        return at;
    reverse(blossom->petal + 1, blossom->petals - 1);
    return blossom->petals - at;
}

/* Makes the petal the base. */
static void turn(struct blossom *blossom, int32_t at)
{
    reverse(blossom->petal, at);
    reverse(blossom->petal + at, blossom->petals - at);
    reverse(blossom->petal, blossom->petals);
}

/* Matches u with v along their edge, and what is inside u accordingly. */
static void set_mate(struct matcher *m, int32_t u, int32_t v)
{
    struct edge e = edge_of(m, u, v);
    struct blossom *blossom = &m->blossom[u];
    int32_t petal, at;

    m->mate[u] = e.to;
    if (u <= m->nodes)
        return;
    petal = blossom->through[e.from];
    at = even_side(blossom, petal);
    for (int32_t i = 0; i < at; i++)
        set_mate(m, blossom->petal[i], blossom->petal[i ^ 1]);
    set_mate(m, petal, v);
    turn(blossom, at);
}

/* Matches u with v, and exchanges matched and other edges from u up to its root. */
static void flip_path(struct matcher *m, int32_t u, int32_t v)
{
    for (;;) {
        int32_t freed = m->outmost[m->mate[u]];

        set_mate(m, u, v);
        if (freed == 0)
            return;
        set_mate(m, freed, m->outmost[m->parent[freed]]);
        u = m->outmost[m->parent[freed]];
        v = freed;
    }
}

static int32_t common_ancestor(struct matcher *m, int32_t u, int32_t v)
{
    m->visits++;
    while (u != 0 || v != 0) {
        int32_t other = v;

        if (u != 0) {
            if (m->visit[u] == m->visits)
                return u;
            m->visit[u] = m->visits;
            u = m->outmost[m->mate[u]];
            if (u != 0)
                u = m->outmost[m->parent[u]];
        }
        v = u;
        u = other;
    }
    return 0;
}

/* The petals from a vertex up to, without, the base; inner ones become outer. */
static void add_petals(struct matcher *m, struct blossom *blossom, int32_t from, int32_t base)
{
    for (int32_t x = from; x != base;) {
        int32_t y = m->outmost[m->mate[x]];

        blossom->petal[blossom->petals++] = x;
        blossom->petal[blossom->petals++] = y;
        enqueue(m, y);
        x = m->outmost[m->parent[y]];
    }
}

/* The petal holds all nodes of a vertex. */
static void note_petal(struct matcher *m, struct blossom *blossom, int32_t petal, int32_t vertex)
{
    if (vertex <= m->nodes) {
        blossom->through[vertex] = petal;
        return;
    }
    for (int32_t i = 0; i < m->blossom[vertex].petals; i++)
        note_petal(m, blossom, petal, m->blossom[vertex].petal[i]);
}

/* To a new blossom. */
static void offer_edge(struct matcher *m, int32_t b, int32_t vertex, struct edge edge)
{
    int64_t slack = slack_of(m, edge);

    if (slack >= m->least[vertex])
        return;
    m->least[vertex] = slack;
    m->blossom[b].edge[vertex] = edge;
}

static void offer_edges_of_node(struct matcher *m, int32_t b, int32_t node)
{
    const int64_t *twice = twice_of(m, node) - 1, *dual = m->dual;
    int64_t *least = m->least, own = dual[node];
    struct edge *edge = m->blossom[b].edge;

    for (int32_t x = 1; x <= m->nodes; x++) {
        int64_t slack = own + dual[x] - twice[x];

        if (slack >= least[x])
            continue;
        least[x] = slack;
        edge[x] = (struct edge){node, x};
    }
    for (int32_t x = m->nodes + 1; x <= m->top; x++)
        if (x != b)
            offer_edge(m, b, x, edge_of(m, node, x));
}

static void offer_edges_of_blossom(struct matcher *m, int32_t b, int32_t petal)
{
    for (int32_t x = 1; x <= m->top; x++)
        if (x != b)
            offer_edge(m, b, x, m->blossom[petal].edge[x]);
}

/* The edges of a new blossom are those of least slack of its petals, the first of equal ones. */
static void inherit_edges(struct matcher *m, int32_t b)
{
    struct blossom *blossom = &m->blossom[b];
    struct edge *own = blossom->edge;

    for (int32_t x = 1; x <= m->top; x++) {
        own[x] = (struct edge){0, 0};
        m->least[x] = FAR;
    }
    for (int32_t i = 0; i < blossom->petals; i++)
        if (blossom->petal[i] <= m->nodes)
            offer_edges_of_node(m, b, blossom->petal[i]);
        else
            offer_edges_of_blossom(m, b, blossom->petal[i]);
    for (int32_t x = m->nodes + 1; x <= m->top; x++)
        if (x != b)
            m->blossom[x].edge[b] = (struct edge){own[x].to, own[x].from};
}

/* Whose nearest is the nearest of its petals. */
static void find_nearest_inherited(struct matcher *m, int32_t b)
{
    forget_nearest(m, b);
    for (int32_t u = 1; u <= m->nodes; u++)
        if (m->outmost[u] != b && m->mark[m->outmost[u]] == OUTER)
            offer_nearest(m, u, b, m->least[u]);
}

static void shrink(struct matcher *m, int32_t u, int32_t base, int32_t v)
{
    int32_t b = m->nodes + 1;
    struct blossom *blossom;

    while (b <= m->top && m->outmost[b] != 0)
        b++;
    m->top = b > m->top ? b : m->top;
    BUG_ON(b >= m->room);
    blossom = &m->blossom[b];
    m->dual[b] = 0;
    m->mark[b] = OUTER;
    m->mate[b] = m->mate[base];
    m->parent[b] = m->parent[base];
    blossom->petal[0] = base;
    blossom->petals = 1;
    add_petals(m, blossom, u, base);
    reverse(blossom->petal + 1, blossom->petals - 1);
    add_petals(m, blossom, v, base);
    put_inside(m, b, b);
    for (int32_t i = 0; i < blossom->petals; i++)
        note_petal(m, blossom, blossom->petal[i], blossom->petal[i]);
    inherit_edges(m, b);
    find_nearest_inherited(m, b);
}

/* An inner blossom whose dual is 0 falls apart; an even path through it stays in the tree. */
static void open_up(struct matcher *m, int32_t b)
{
    struct blossom *blossom = &m->blossom[b];
    int32_t entered, at;

    for (int32_t i = 0; i < blossom->petals; i++)
        put_inside(m, blossom->petal[i], blossom->petal[i]);
    entered = blossom->through[edge_of(m, b, m->parent[b]).from];
    at = even_side(blossom, entered);
    for (int32_t i = 0; i < at; i += 2) {
        int32_t inner = blossom->petal[i], outer = blossom->petal[i + 1];

        m->parent[inner] = edge_of(m, outer, inner).from;
        m->mark[inner] = INNER;
        m->mark[outer] = OUTER;
        forget_nearest(m, inner);
        find_nearest(m, outer);
        enqueue(m, outer);
    }
    m->mark[entered] = INNER;
    m->parent[entered] = m->parent[b];
    for (int32_t i = at + 1; i < blossom->petals; i++) {
        m->mark[blossom->petal[i]] = UNSEEN;
        find_nearest(m, blossom->petal[i]);
    }
    m->outmost[b] = 0;
}

/* An edge of slack 0 from an outer vertex; true if the matching has grown. */
static bool follow(struct matcher *m, struct edge e)
{
    int32_t u = m->outmost[e.from], v = m->outmost[e.to], base;

    if (m->mark[v] == UNSEEN) {
        int32_t next = m->outmost[m->mate[v]];

        m->parent[v] = e.from;
        m->mark[v] = INNER;
        forget_nearest(m, v);
        forget_nearest(m, next);
        m->mark[next] = OUTER;
        enqueue(m, next);
        return false;
    }
    if (m->mark[v] == INNER)
        return false;
    base = common_ancestor(m, u, v);
    if (base != 0) {
        shrink(m, u, base, v);
        return false;
    }
    flip_path(m, u, v);
    flip_path(m, v, u);
    return true;
}

/* Nodes inside one blossom share an edge to it, which is looked at once, until something grows. */
static void offer_blossom(struct matcher *m, int32_t node, int32_t vertex)
{
    if (vertex == m->outmost[node] || m->offered[vertex] == m->offers)
        return;
    m->offered[vertex] = m->offers;
    offer_nearest(m, node, vertex, slack_of(m, m->blossom[vertex].edge[node]));
}

/* All edges of an outer node; true if the matching has grown. */
static bool look_around(struct matcher *m, int32_t u)
{
    const int64_t *twice = twice_of(m, u) - 1, *dual = m->dual;
    int64_t own = m->dual[u];

    m->offers++;
    for (int32_t v = 1; v <= m->nodes; v++) {
        int64_t slack = own + dual[v] - twice[v];
        int32_t vertex = m->outmost[v];

        if (slack > 0 && vertex <= m->nodes) {
            offer_nearest(m, u, vertex, slack);
        } else if (slack > 0) {
            if (slack < FAR)
                offer_blossom(m, u, vertex);
        } else if (vertex != m->outmost[u]) {
            if (follow(m, (struct edge){u, v}))
                return true;
            m->offers++;
        }
    }
    return false;
}

/* Looks at every node in the queue; true if the matching has grown. */
static bool grow_trees(struct matcher *m)
{
    while (m->first < m->last) {
        int32_t u = m->queue[m->first++];

        if (m->mark[m->outmost[u]] != INNER && look_around(m, u))
            return true;
    }
    return false;
}

static bool is_in_use(const struct matcher *m, int32_t vertex)
{
    return m->outmost[vertex] == vertex;
}

/* By how much duals may move; the free nodes' own at most, since those are the least. */
static int64_t least_step(const struct matcher *m)
{
    int64_t step = INT64_MAX;

    for (int32_t b = m->nodes + 1; b <= m->top; b++)
        if (is_in_use(m, b) && m->mark[b] == INNER && m->dual[b] / 2 < step)
            step = m->dual[b] / 2;
    for (int32_t x = 1; x <= m->top; x++) {
        int64_t slack = m->mark[x] == OUTER ? m->near[x] / 2 : m->near[x];

        if (!is_in_use(m, x) || m->nearest[x] == 0 || m->mark[x] == INNER)
            continue;
        step = slack < step ? slack : step;
    }
    return step;
}

/* False if an outer node's dual has come to 0, where not all need be matched. */
static bool move_duals(struct matcher *m, int64_t step)
{
    for (int32_t u = 1; !m->perfect && u <= m->nodes; u++)
        if (m->mark[m->outmost[u]] == OUTER && m->dual[u] <= step)
            return false;
    for (int32_t u = 1; u <= m->nodes; u++)
        if (m->mark[m->outmost[u]] == OUTER)
            m->dual[u] -= step;
        else if (m->mark[m->outmost[u]] == INNER)
            m->dual[u] += step;
    for (int32_t b = m->nodes + 1; b <= m->top; b++)
        if (is_in_use(m, b) && m->mark[b] != UNSEEN)
            m->dual[b] += m->mark[b] == OUTER ? 2 * step : -2 * step;
    for (int32_t x = 1; x <= m->top; x++)
        if (m->nearest[x] != 0)
            m->near[x] = slack_of(m, edge_of(m, m->nearest[x], x));
    return true;
}

/* One more pair; false if there is none to be had. */
static bool augment(struct matcher *m)
{
    m->first = m->last = 0;
    for (int32_t x = 1; x <= m->top; x++) {
        m->mark[x] = UNSEEN;
        forget_nearest(m, x);
    }
    for (int32_t x = 1; x <= m->top; x++)
        if (is_in_use(m, x) && m->mate[x] == 0) {
            m->parent[x] = 0;
            m->mark[x] = OUTER;
            enqueue(m, x);
        }
    if (m->last == 0)
        return false;
    for (;;) {
        if (grow_trees(m))
            return true;
        if (!move_duals(m, least_step(m)))
            return false;
        m->first = m->last = 0;
        for (int32_t x = 1; x <= m->top; x++)
            if (is_in_use(m, x) && m->nearest[x] != 0 && m->outmost[m->nearest[x]] != x &&
                m->near[x] == 0 && follow(m, edge_of(m, m->nearest[x], x)))
                return true;
        for (int32_t b = m->nodes + 1; b <= m->top; b++)
            if (is_in_use(m, b) && m->mark[b] == INNER && m->dual[b] == 0)
                open_up(m, b);
    }
}

/* All in one piece, the widest items first; what has to be 0 comes last. */
static void make_room(struct matcher *m)
{
    size_t nodes = (size_t)m->nodes, room = (size_t)m->room, blossoms = room - nodes - 1;
    size_t wide = nodes * nodes + 3 * room, edges = blossoms * room;
    size_t rings = 2 * blossoms * (nodes + 1), zeros = 9 * room;
    char *left = m->memory = xmalloc(wide * sizeof *m->twice + room * sizeof *m->blossom +
                                     edges * sizeof *m->edge + (rings + zeros) * sizeof *m->mate);

    m->twice = memory_cut(&left, nodes * nodes, sizeof *m->twice);
    m->dual = memory_cut(&left, room, sizeof *m->dual);
    m->near = memory_cut(&left, room, sizeof *m->near);
    m->least = memory_cut(&left, room, sizeof *m->least);
    m->blossom = memory_cut(&left, room, sizeof *m->blossom);
    m->edge = memory_cut(&left, edges, sizeof *m->edge);
    m->ring = memory_cut(&left, rings, sizeof *m->ring);
    memset(left, 0, zeros * sizeof *m->mate);
    m->mate = memory_cut(&left, room, sizeof *m->mate);
    m->outmost = memory_cut(&left, room, sizeof *m->outmost);
    m->parent = memory_cut(&left, room, sizeof *m->parent);
    m->nearest = memory_cut(&left, room, sizeof *m->nearest);
    m->offered = memory_cut(&left, room, sizeof *m->offered);
    m->visit = memory_cut(&left, room, sizeof *m->visit);
    m->mark = memory_cut(&left, room, sizeof *m->mark);
    m->queue = memory_cut(&left, 2 * room, sizeof *m->queue);
}

static void open_matcher(struct matcher *m, int32_t nodes, const int64_t *weight)
{
    size_t ring = (size_t)nodes + 1;
    int64_t *twice, most = 0;

    *m = (struct matcher){.nodes = nodes, .top = nodes, .room = nodes + nodes / 2 + 2};
    make_room(m);
    twice = m->twice;
    for (int32_t u = 0; u < nodes; u++)
        for (int32_t v = 0; v < nodes; v++) {
            int64_t w = *weight++;

            *twice++ = w > 0 && u != v ? 2 * w : -2 * FAR;
            most = u != v && w > most ? w : most;
        }
    for (int32_t u = 1; u <= nodes; u++) {
        m->outmost[u] = u;
        m->dual[u] = most;
    }
    for (int32_t b = 0; nodes + 1 + b < m->room; b++)
        m->blossom[nodes + 1 + b] =
            (struct blossom){.petal = m->ring + (size_t)(2 * b) * ring,
                             .through = m->ring + (size_t)(2 * b + 1) * ring,
                             .edge = m->edge + (size_t)b * (size_t)m->room};
}

static void close_matcher(struct matcher *m)
{
    free(m->memory);
}

void matching_find(int32_t nodes, const int64_t *weight, int32_t *mate)
{
    struct matcher m;

    BUG_ON(nodes > MATCHING_MOST);
    open_matcher(&m, nodes, weight);
    while (augment(&m))
        ;
    for (int32_t u = 1; u <= nodes; u++)
        mate[u - 1] = m.mate[u] - 1;
    close_matcher(&m);
}

void matching_complete(int32_t nodes, const int64_t *weight, int64_t *dual, int32_t *mate)
{
    struct matcher m;

    BUG_ON(nodes > MATCHING_MOST || nodes % 2 != 0);
    open_matcher(&m, nodes, weight);
    m.perfect = true;
    for (int32_t u = 1; u <= nodes; u++) {
        m.dual[u] = dual[u - 1];
        m.mate[u] = mate[u - 1] + 1;
    }
    while (augment(&m))
        ;
    for (int32_t u = 1; u <= nodes; u++) {
        dual[u - 1] = m.dual[u];
        mate[u - 1] = m.mate[u] - 1;
    }
    close_matcher(&m);
}
