/* SPDX-License-Identifier: Apache-2.0 */
/*
 * golden_network DIR: arch=paper against vectors that were made with its authors' code. Everything
 * about sizes, weights, inputs and expectations comes from the files.
 *
 * Outputs must agree within 2e-5 absolute. Gradients must agree within 1e-4 relative: the largest
 * deviation of any element of a tensor, divided by the tensor's largest element. Some tensors have
 * a gradient of zero but for rounding, or one that is a small rest of large numbers, of which float
 * leaves few digits; so a tensor whose largest element is below a thousandth of the largest of all
 * is measured by that thousandth. For the full network only two numbers of each gradient are known,
 * its length and its product with a random direction; they are compared likewise, relative to the
 * length.
 *
 * Compiled in double (golden_network_double) the bounds are those that the digits of the files
 * allow, 1e-7 or better, and that thousandth is 1e-9: which tells a wrong term from rounding.
 */
#include "golden_files.h"

#include "agent/conflict.h"
#include "agent/paper_net.h"
#include "agent/paper_observe.h"
#include "agent/paper_ppo.h"
#include "nn/loss.h"

static const bool IN_DOUBLE = sizeof(real) == sizeof(double);

/* One network of the folder. */
struct network {
    const char *name; /* "small" or "full" */
    json_t *index;    /* config and tensors */
    json_t *expect;   /* small: the file; full: NULL */
    float *numbers;   /* full: the expected numbers */
    size_t number_count;
    struct paper_config config;
    struct paper_net net;
};

struct golden {
    const char *dir;
    struct arena memory;
    struct paper_observation *observation;
    int observations;
    int passed, failed;
};

static double output_bound(const struct network *network)
{
    if (!IN_DOUBLE)
        return 2e-5;
    return network->expect ? 1e-7 : 2e-6;
}

static void finish(struct golden *golden, const struct golden_group *group)
{
    printf("%-34s %5d passed %3d failed, largest deviation %.3g (bound %.0e)\n", group->name,
           group->passed, group->failed, group->worst, group->tolerance);
    golden->passed += group->passed;
    golden->failed += group->failed;
}

static struct golden_group start(struct golden *golden, const struct network *network,
                                 const char *what, double tolerance)
{
    return (struct golden_group){
        .name = arena_printf(&golden->memory, "%s %s", network->name, what),
        .tolerance = tolerance,
    };
}

static const struct tensor *find_tensor(const struct network *network, const json_t *entry)
{
    const char *golden_name = json_string_value(golden_get(entry, "name"));
    const struct tensor *tensor;
    char name[GOLDEN_NAME_BYTES];

    if (!golden_name)
        golden_stop("expected a name", "tensors");
    golden_translate(name, golden_name, &network->config);
    tensor = weights_find(&network->net.weights, name);
    if (!tensor)
        golden_stop("no such tensor in the network", golden_name);
    if ((size_t)golden_int(entry, "count") != tensor->count)
        golden_stop("wrong size", golden_name);
    return tensor;
}

/* Where number i of our tensor is in the golden one: linear weights are stored the other way. */
static size_t golden_place(const struct tensor *tensor, size_t i)
{
    size_t in = (size_t)tensor->size[0], out = (size_t)tensor->size[1], length;

    length = strlen(tensor->name);
    if (tensor->ranks != 2 || strcmp(tensor->name + length - 7, ".weight") != 0)
        return i;
    return i % out * in + i / out;
}

static double generated_weight(const json_t *entry, size_t i)
{
    float scale = (float)golden_number(entry, "scale"),
          offset = (float)golden_number(entry, "offset");
    float w = scale * (float)golden_unit((uint64_t)golden_int(entry, "seed"), i);

    return offset != 0 ? (double)(offset + w) : (double)w;
}

static void load_tensor(struct golden *golden, struct network *network, const json_t *entry,
                        struct golden_group *data, struct golden_group *sums, const float *stored)
{
    const struct tensor *tensor = find_tensor(network, entry);
    real *value = network->net.weights.value + tensor->offset;
    json_t *listed = json_object_get(entry, "data");
    struct golden_array array = {0};
    double worst = 0, sum = 0;

    if (listed)
        array = golden_numbers(&golden->memory, listed);
    for (size_t i = 0; i < tensor->count; i++) {
        size_t at = golden_place(tensor, i);
        double w = generated_weight(entry, at);

        value[i] = (real)w;
        sum += w;
        if (listed)
            worst = fmax(worst, at < array.count ? fabs(w - array.value[at]) : HUGE_VAL);
        if (stored)
            worst = fmax(worst, fabs(w - (double)stored[at]));
    }
    if (listed || stored)
        golden_check(data, tensor->name, worst);
    golden_check(sums, tensor->name,
                 fabs(sum - golden_number(entry, "sum")) / sqrt((double)tensor->count));
}

/* A file of float32, or NULL if there is none and that is allowed. */
static float *read_floats(const struct golden *golden, const char *file, size_t *count,
                          bool may_miss)
{
    char path[4096];
    struct text text;
    struct err err;

    snprintf(path, sizeof path, "%s/%s", golden->dir, file);
    text_init(&text, 0);
    if (text_read_file(&text, path, &err) != 0) {
        text_release(&text);
        if (may_miss)
            return NULL;
        golden_stop(err.message, path);
    }
    *count = text.length / sizeof(float);
    return (float *)(void *)text_take(&text);
}

static void load_weights(struct golden *golden, struct network *network)
{
    json_t *tensors = golden_get(network->index, "tensors");
    json_t *file = json_object_get(network->index, "weights_file");
    struct golden_group data = start(golden, network, "weights, listed", 1e-8);
    struct golden_group sums = start(golden, network, "weights, sums", 1e-6);
    size_t count = 0;
    float *stored = file ? read_floats(golden, json_string_value(file), &count, true) : NULL;

    if (json_array_size(tensors) != network->net.weights.tensors.count)
        golden_stop("wrong number of tensors", network->name);
    for (size_t i = 0; i < json_array_size(tensors); i++) {
        const json_t *entry = json_array_get(tensors, i);
        size_t first = (size_t)golden_int(entry, "start");

        if (stored && first + (size_t)golden_int(entry, "count") > count)
            golden_stop("file is too short", json_string_value(file));
        load_tensor(golden, network, entry, &data, &sums, stored ? stored + first : NULL);
    }
    if (data.passed + data.failed > 0)
        finish(golden, &data);
    finish(golden, &sums);
    free(stored);
}

/* What is expected of observation o: key is like "han.servers" or "critic". count is 0 where the
 * files have nothing. */
static struct golden_array expected(struct golden *golden, const struct network *network, int o,
                                    const char *key)
{
    struct golden_array array = {0};
    char name[GOLDEN_NAME_BYTES], *dot;

    if (network->expect) {
        const json_t *at =
            json_array_get(golden_get(network->expect, "per_observation"), (size_t)o);

        snprintf(name, sizeof name, "%s", key);
        dot = strchr(name, '.');
        if (dot) {
            *dot = '\0';
            at = json_object_get(at, name);
        }
        at = json_object_get(at, dot ? dot + 1 : name);
        return at && !json_is_null(at) ? golden_numbers(&golden->memory, at) : array;
    }
    snprintf(name, sizeof name, "obs%d.%s", o, key);
    for (size_t i = 0; i < json_array_size(golden_get(network->index, "expect")); i++) {
        const json_t *entry = json_array_get(golden_get(network->index, "expect"), i);
        size_t first;

        if (strcmp(json_string_value(golden_get(entry, "name")), name) != 0)
            continue;
        first = (size_t)golden_int(entry, "start");
        array.count = (size_t)golden_int(entry, "count");
        if (first + array.count > network->number_count)
            golden_stop("file of expected numbers is too short", name);
        array.value = arena_zalloc(&golden->memory, array.count, sizeof *array.value);
        for (size_t k = 0; k < array.count; k++)
            array.value[k] = isinf(network->numbers[first + k])
                                 ? GOLDEN_NEVER
                                 : (double)network->numbers[first + k];
    }
    return array;
}

/* One forward pass and what came of it. */
struct run {
    struct arena memory;
    struct pass pass;
    struct paper_graph *graph;
    struct paper_state state;
    struct paper_output out;
};

static void run_forward(struct run *run, const struct network *network,
                        const struct paper_observation *observation, int count, unsigned faults,
                        bool all, const struct ops *ops, bool packed)
{
    arena_init(&run->memory);
    run->pass = (struct pass){.ops = ops,
                              .weights = &network->net.weights,
                              .grad = network->net.weights.grad,
                              .memory = &run->memory,
                              .packed = packed};
    run->graph = paper_graph_build(&run->memory, &network->config, observation, count, faults);
    paper_net_forward(&run->pass, &run->state, &network->net, run->graph, faults, all, &run->out);
}

static void run_release(struct run *run)
{
    arena_release(&run->memory);
}

static size_t windows_of(const struct network *network)
{
    return (size_t)network->config.agents;
}

static size_t slots_of(const struct network *network)
{
    return windows_of(network) * (size_t)network->config.slots;
}

static size_t actions_of(const struct network *network)
{
    return slots_of(network) * (size_t)paper_actions(&network->config);
}

struct output_groups {
    struct golden_group pointer, allocation, value;
};

static struct output_groups start_outputs(struct golden *golden, const struct network *network,
                                          const char *how)
{
    double bound = output_bound(network);

    return (struct output_groups){
        start(golden, network, arena_printf(&golden->memory, "pointer%s", how), bound),
        start(golden, network, arena_printf(&golden->memory, "allocation%s", how), bound),
        start(golden, network, arena_printf(&golden->memory, "critic%s", how), bound)};
}

static void finish_outputs(struct golden *golden, const struct output_groups *groups)
{
    finish(golden, &groups->pointer);
    finish(golden, &groups->allocation);
    finish(golden, &groups->value);
}

/* Compares observation o, which is number `at` of the run's batch. */
static void compare_outputs(struct golden *golden, const struct network *network,
                            struct output_groups *groups, const struct run *run, int o, int at)
{
    struct golden_array pointer = expected(golden, network, o, "pointer_logits");
    struct golden_array allocation = expected(golden, network, o, "alloc_logits");
    struct golden_array value = expected(golden, network, o, "critic");
    size_t n = (size_t)at;

    golden_compare(&groups->pointer, "logits", run->out.pointer + n * slots_of(network), &pointer,
                   slots_of(network));
    golden_compare(&groups->allocation, "logits", run->out.allocation + n * actions_of(network),
                   &allocation, actions_of(network));
    golden_compare(&groups->value, "values", run->out.value + n * windows_of(network), &value,
                   windows_of(network));
}

static void compare_rows(struct golden *golden, const struct network *network,
                         struct golden_group *group, const struct run *run, int layer,
                         const char *prefix, int o)
{
    for (int node = 0; node < PAPER_NODES; node++) {
        char key[GOLDEN_NAME_BYTES];
        struct golden_array want;
        const real *rows =
            paper_net_rows(&run->pass, &run->state, &network->net, layer, (enum paper_node)node);

        snprintf(key, sizeof key, "%s.%s", prefix, GOLDEN_NODES[node]);
        want = expected(golden, network, o, key);
        golden_compare(group, key, rows, &want,
                       rows ? (size_t)run->graph->raw_rows[node] * (size_t)network->config.hidden
                            : 0);
    }
}

/* "han_layers" is a list of objects, one for each layer. */
static void compare_layers(struct golden *golden, const struct network *network,
                           struct golden_group *group, const struct run *run, int o)
{
    const json_t *layers = json_object_get(
        json_array_get(golden_get(network->expect, "per_observation"), (size_t)o), "han_layers");

    for (size_t i = 0; i < json_array_size(layers); i++)
        for (int node = 0; node < PAPER_NODES; node++) {
            const json_t *want = json_object_get(json_array_get(layers, i), GOLDEN_NODES[node]);
            const real *rows = paper_net_rows(&run->pass, &run->state, &network->net, (int)i,
                                              (enum paper_node)node);
            struct golden_array array = {0};

            if (want)
                array = golden_numbers(&golden->memory, want);
            golden_compare(
                group, GOLDEN_NODES[node], rows, &array,
                rows ? (size_t)run->graph->raw_rows[node] * (size_t)network->config.hidden : 0);
        }
}

/* The slots of agent 0 behind the pointer's transformer. */
static void compare_encoded(struct golden *golden, const struct network *network,
                            struct golden_group *group, const struct run *run, int o)
{
    struct golden_array want = expected(golden, network, o, "enc_out_agent0");
    const struct paper_actor_state *actor = &run->state.actor[0];
    size_t hidden = (size_t)network->config.hidden, slots = (size_t)network->config.slots;
    real *rows;

    if (want.count == 0)
        return;
    rows = arena_zalloc(&golden->memory, slots * hidden, sizeof *rows);
    for (size_t k = 0; k < slots; k++)
        memcpy(rows + k * hidden, actor->encoded + (size_t)actor->rows->slot[k] * hidden,
               hidden * sizeof *rows);
    golden_compare(group, "rows", rows, &want, slots * hidden);
}

static void compare_raw_values(struct golden *golden, const struct network *network,
                               struct golden_group *group, const struct run *run, int o)
{
    struct golden_array want = expected(golden, network, o, "critic_pre_relu");
    real *value = arena_zalloc(&golden->memory, windows_of(network), sizeof *value);

    for (int a = 0; a < network->config.agents; a++)
        value[a] = run->state.actor[a].value[0];
    golden_compare(group, "values", value, &want, windows_of(network));
}

static void check_each(struct golden *golden, struct network *network)
{
    struct output_groups outputs = start_outputs(golden, network, "");
    double bound = output_bound(network);
    struct golden_group encoder = start(golden, network, "encoder", bound);
    struct golden_group layers = start(golden, network, "encoder, each layer", bound);
    struct golden_group encoded = start(golden, network, "pointer's encoder", bound);
    struct golden_group raw = start(golden, network, "critic before relu", bound);

    for (int o = 0; o < golden->observations; o++) {
        struct run run;

        run_forward(&run, network, &golden->observation[o], 1, PAPER_FAULT_CRITIC_RELU, true,
                    ops_best(), false);
        compare_rows(golden, network, &encoder, &run, network->config.layers - 1, "han", o);
        if (network->expect)
            compare_layers(golden, network, &layers, &run, o);
        compare_encoded(golden, network, &encoded, &run, o);
        compare_outputs(golden, network, &outputs, &run, o, 0);
        compare_raw_values(golden, network, &raw, &run, o);
        run_release(&run);
    }
    finish(golden, &encoder);
    if (network->expect) {
        finish(golden, &layers);
        finish(golden, &encoded);
    }
    finish_outputs(golden, &outputs);
    finish(golden, &raw);
}

/* The scene that an observation was made of: its tasks are named by their rows. */
static struct paper_scene scene_of(struct golden *golden, const struct network *network,
                                   const struct paper_observation *o)
{
    const struct paper_config *config = &network->config;
    const struct paper_edges *edges = &o->edges[CLUSTER_TO_RUNNING];
    int features = paper_features(config, PAPER_RUNNING), runnings = o->rows[PAPER_RUNNING];
    size_t slots = slots_of(network), agents = windows_of(network);
    int32_t *behind = arena_zalloc(&golden->memory, agents, sizeof *behind);
    int32_t *task = arena_zalloc(&golden->memory, slots, sizeof *task);
    struct paper_running *running =
        arena_zalloc(&golden->memory, (size_t)runnings, sizeof *running);

    for (size_t a = 0; a < agents; a++)
        behind[a] = (int32_t)o->x[PAPER_CLUSTER][(a + 1) * (PAPER_RESOURCES + 1) - 1];
    for (size_t k = 0; k < slots; k++)
        task[k] = o->slot_type[k] < 0 ? -1 : o->slot_row[k];
    for (int i = 0; i < runnings; i++) {
        const real *x = o->x[PAPER_RUNNING] + i * features;

        for (int r = 0; r < PAPER_RESOURCES; r++)
            running[i].given[r] = (int)x[r];
        for (int t = 0; t < config->types; t++)
            running[i].type = x[PAPER_RESOURCES + t] != 0 ? t : running[i].type;
        running[i].slots_run = (int)x[features - 1];
    }
    for (int e = 0; e < edges->count; e++)
        running[edges->target[e]].agent = edges->source[e];
    return (struct paper_scene){o->free, behind, task, o->slot_type, running, runnings};
}

/* Observing the scene must give the observation again, but for the order of rows. */
static void check_observing(struct golden *golden, struct network *network)
{
    struct output_groups outputs = start_outputs(golden, network, ", observed anew");

    for (int o = 0; o < golden->observations; o++) {
        struct paper_scene scene = scene_of(golden, network, &golden->observation[o]);
        struct paper_observation again = paper_observe(&golden->memory, &network->config, &scene);
        struct run run;

        run_forward(&run, network, &again, 1, PAPER_FAULT_CRITIC_RELU, false, ops_best(), false);
        compare_outputs(golden, network, &outputs, &run, o, 0);
        run_release(&run);
    }
    finish_outputs(golden, &outputs);
}

static void check_old_encoder(struct golden *golden, struct network *network)
{
    struct golden_group group =
        start(golden, network, "encoder, own message", output_bound(network));

    for (int o = 0; o < golden->observations; o++) {
        struct run run;

        run_forward(&run, network, &golden->observation[o], 1, PAPER_FAULT_OWN_MESSAGE, true,
                    ops_best(), false);
        compare_rows(golden, network, &group, &run, network->config.layers - 1, "han_pyg204", o);
        run_release(&run);
    }
    finish(golden, &group);
}

/* The inference kernels; each observation alone. */
static void check_kernels(struct golden *golden, struct network *network, const struct ops *ops,
                          enum packed_form form)
{
    struct output_groups groups =
        start_outputs(golden, network,
                      arena_printf(&golden->memory, ", %s %s", ops->name,
                                   form == PACKED_SHORT ? "short" : "long"));

    for (int o = 0; o < golden->observations; o++) {
        struct run run;

        run_forward(&run, network, &golden->observation[o], 1, PAPER_FAULT_CRITIC_RELU, false, ops,
                    true);
        compare_outputs(golden, network, &groups, &run, o, 0);
        run_release(&run);
    }
    finish_outputs(golden, &groups);
}

/* Every table on a small network; the portable one takes too long on a large one. */
static void check_inference(struct golden *golden, struct network *network)
{
    for (int form = PACKED_LONG; form <= (IN_DOUBLE ? PACKED_LONG : PACKED_SHORT); form++) {
        weights_pack(&network->net.weights, (enum packed_form)form);
        for (const struct ops *const *ops = ops_all(); *ops; ops++)
            if (network->expect || ops == ops_all())
                check_kernels(golden, network, *ops, (enum packed_form)form);
    }
}

/* Adds dot(x, stream(seed)) to the loss and its gradient to dx; minus infinity is left out. */
static double add_stream(real *dx, const real *x, size_t count, uint64_t seed)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        double u = golden_unit(seed, i);

        if (x[i] == -REAL_INF)
            continue;
        sum += u * (double)x[i];
        dx[i] += (real)u;
    }
    return sum;
}

/* The scalar loss of the README for all observations in one batch, and its gradient. */
static double stream_loss(const struct golden *golden, const struct network *network,
                          struct run *run, struct paper_output *dout, real *drows[PAPER_NODES])
{
    size_t hidden = (size_t)network->config.hidden, slots = slots_of(network);
    size_t actions = actions_of(network), agents = windows_of(network), row[PAPER_NODES] = {0};
    double loss = 0;

    for (size_t o = 0; o < (size_t)golden->observations; o++) {
        uint64_t seed = 1000 + 10 * o;

        for (int node = 0; node < PAPER_NODES; node++) {
            size_t rows = (size_t)golden->observation[o].rows[node];
            const real *x = paper_net_rows(&run->pass, &run->state, &network->net,
                                           network->config.layers - 1, (enum paper_node)node);

            if (rows > 0)
                loss += add_stream(drows[node] + row[node] * hidden, x + row[node] * hidden,
                                   rows * hidden, seed + (uint64_t)node);
            row[node] += rows;
        }
        loss +=
            add_stream(dout->pointer + o * slots, run->out.pointer + o * slots, slots, seed + 4);
        loss += add_stream(dout->allocation + o * actions, run->out.allocation + o * actions,
                           actions, seed + 5);
        loss += add_stream(dout->value + o * agents, run->out.value + o * agents, agents, seed + 6);
    }
    return loss;
}

/* What one tensor's gradient is off by, and how large it is. */
struct gradient_check {
    const char *name;
    double off, size;
};

/* See the essay. */
static void finish_gradients(struct golden *golden, struct golden_group *group,
                             const struct gradient_check *check, size_t count)
{
    double largest = 0;

    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, check[i].size);
    for (size_t i = 0; i < count; i++) {
        double size = fmax(check[i].size, largest * (IN_DOUBLE ? 1e-9 : 1e-3));

        golden_check(group, check[i].name, check[i].off > 0 ? check[i].off / size : check[i].off);
    }
    finish(golden, group);
}

static struct gradient_check compare_gradient(const struct tensor *tensor, const real *got,
                                              const struct golden_array *want)
{
    struct gradient_check check = {.name = tensor->name};

    if (want->count != tensor->count)
        check.off = HUGE_VAL;
    for (size_t i = 0; i < tensor->count && check.off < HUGE_VAL; i++) {
        double w = want->value[golden_place(tensor, i)], off = fabs((double)got[i] - w);

        check.size = fmax(check.size, fabs(w));
        check.off = off <= check.off ? check.off : off; /* NaN stays */
    }
    return check;
}

/* Every element of every tensor, from small_grad.json. */
static void compare_gradients(struct golden *golden, const struct network *network,
                              const json_t *file, const char *key, struct golden_group *group)
{
    json_t *tensors = golden_get(file, "tensors");
    size_t count = json_array_size(golden_get(network->index, "tensors"));
    struct gradient_check *check = arena_zalloc(&golden->memory, count, sizeof *check);

    if (json_array_size(tensors) != count)
        golden_stop("wrong number of tensors", key);
    for (size_t i = 0; i < count; i++) {
        const json_t *of = json_array_get(golden_get(network->index, "tensors"), i);
        const struct tensor *tensor = find_tensor(network, of);
        struct golden_array want =
            golden_numbers(&golden->memory, golden_get(json_array_get(tensors, i), key));

        check[i] = compare_gradient(tensor, network->net.weights.grad + tensor->offset, &want);
    }
    finish_gradients(golden, group, check, count);
}

/* Length and one product of a tensor's gradient. */
static struct gradient_check compare_projection(const struct tensor *tensor, const real *got,
                                                const json_t *entry)
{
    uint64_t seed = 5000 + (uint64_t)golden_int(entry, "seed");
    double length = golden_number(entry, "grad_l2"), square = 0, dot = 0;
    double off_length, off_dot;

    for (size_t i = 0; i < tensor->count; i++) {
        square += (double)got[i] * (double)got[i];
        dot += (double)got[i] * golden_unit(seed, golden_place(tensor, i));
    }
    off_length = fabs(sqrt(square) - length);
    off_dot = fabs(dot - golden_number(entry, "grad_dot"));
    return (struct gradient_check){
        .name = tensor->name,
        .off = off_dot <= off_length ? off_length : off_dot,
        .size = length,
    };
}

static void compare_projections(struct golden *golden, const struct network *network,
                                struct golden_group *group)
{
    json_t *tensors = golden_get(network->index, "tensors");
    size_t count = json_array_size(tensors);
    struct gradient_check *check = arena_zalloc(&golden->memory, count, sizeof *check);

    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(tensors, i);
        const struct tensor *tensor = find_tensor(network, entry);

        check[i] = compare_projection(tensor, network->net.weights.grad + tensor->offset, entry);
    }
    finish_gradients(golden, group, check, count);
}

static double gradient_bound(void)
{
    return IN_DOUBLE ? 1e-7 : 1e-4;
}

/* All observations as one batch, forward and backward. */
static void check_gradient(struct golden *golden, struct network *network, const json_t *gradients)
{
    struct golden_group loss_group = start(golden, network, "loss", IN_DOUBLE ? 1e-8 : 1e-4);
    struct golden_group group = start(golden, network, "gradient", gradient_bound());
    struct output_groups outputs = start_outputs(golden, network, ", as a batch");
    size_t hidden = (size_t)network->config.hidden;
    struct paper_output dout;
    real *drows[PAPER_NODES];
    struct run run;
    double loss;

    run_forward(&run, network, golden->observation, golden->observations, PAPER_FAULT_CRITIC_RELU,
                true, ops_best(), false);
    for (int o = 0; o < golden->observations; o++)
        compare_outputs(golden, network, &outputs, &run, o, o);
    finish_outputs(golden, &outputs);
    paper_output_zeros(&run.pass, &network->net, run.graph, &dout);
    for (int node = 0; node < PAPER_NODES; node++)
        drows[node] = run.graph->raw_rows[node] > 0
                          ? pass_zeros(&run.pass, (size_t)run.graph->raw_rows[node], hidden)
                          : NULL;
    loss = stream_loss(golden, network, &run, &dout, drows);
    golden_check(&loss_group, "value",
                 fabs(loss - golden_number(gradients ? gradients : network->index, "loss")));
    finish(golden, &loss_group);
    weights_zero_grad(&network->net.weights);
    paper_net_backward(&run.pass, &run.state, &network->net, &dout, (const real *const *)drows);
    if (gradients)
        compare_gradients(golden, network, gradients, "grad", &group);
    else
        compare_projections(golden, network, &group);
    run_release(&run);
}

/* The batch as the authors' code computes it, with what is wrong about it. */
static void check_faulty_batch(struct golden *golden, struct network *network)
{
    const json_t *want = golden_get(network->expect, "batch5");
    double bound = output_bound(network);
    struct golden_group encoder = start(golden, network, "faulty batch, encoder", bound);
    struct golden_group outputs = start(golden, network, "faulty batch, outputs", bound);
    size_t n = (size_t)golden->observations, hidden = (size_t)network->config.hidden;
    struct golden_array pointer, allocation, value;
    struct run run;

    run_forward(&run, network, golden->observation, golden->observations,
                PAPER_FAULT_CRITIC_RELU | PAPER_FAULT_BATCH_STATISTICS | PAPER_FAULT_SCRAMBLED_ROWS,
                true, ops_best(), false);
    for (int node = 0; node < PAPER_NODES; node++) {
        const json_t *rows = json_object_get(golden_get(want, "han"), GOLDEN_NODES[node]);
        struct golden_array array = {0};

        if (rows)
            array = golden_numbers(&golden->memory, rows);
        golden_compare(&encoder, GOLDEN_NODES[node],
                       paper_net_rows(&run.pass, &run.state, &network->net,
                                      network->config.layers - 1, (enum paper_node)node),
                       &array, (size_t)run.graph->raw_rows[node] * hidden);
    }
    pointer = golden_numbers(&golden->memory, golden_get(want, "pointer_logits"));
    allocation = golden_numbers(&golden->memory, golden_get(want, "alloc_logits"));
    value = golden_numbers(&golden->memory, golden_get(want, "critic"));
    golden_compare(&outputs, "pointer", run.out.pointer, &pointer, n * slots_of(network));
    golden_compare(&outputs, "allocation", run.out.allocation, &allocation,
                   n * actions_of(network));
    golden_compare(&outputs, "critic", run.out.value, &value, n * windows_of(network));
    finish(golden, &encoder);
    finish(golden, &outputs);
    run_release(&run);
}

static void check_scalar(struct golden_group *group, const json_t *want, const char *key,
                         double got)
{
    golden_check(group, key, fabs(got - golden_number(want, key)));
}

static void check_log_probs(struct golden *golden, const struct network *network,
                            const struct run *run, const json_t *want,
                            const struct paper_choices *choices)
{
    size_t n = (size_t)golden->observations * windows_of(network);
    struct golden_group group =
        start(golden, network, "PPO, log-probability, entropy", output_bound(network));
    struct golden_array logp = golden_numbers(&golden->memory, golden_get(want, "logp"));
    struct golden_array entropy = golden_numbers(&golden->memory, golden_get(want, "entropy"));
    struct golden_array normal =
        golden_numbers(&golden->memory, golden_get(want, "adv_normalised"));
    real *got_logp = pass_new(&run->pass, n, 1), *got_entropy = pass_new(&run->pass, n, 1);

    paper_log_probs(&run->pass, got_logp, got_entropy, &network->net, run->graph, &run->out,
                    choices);
    golden_compare(&group, "logp", got_logp, &logp, n);
    golden_compare(&group, "entropy", got_entropy, &entropy, n);
    golden_compare(&group, "adv_normalised", choices->advantage, &normal, n);
    finish(golden, &group);
}

static void check_ppo(struct golden *golden, struct network *network, const json_t *gradients)
{
    const json_t *want = golden_get(network->expect, "ppo");
    size_t n = (size_t)golden->observations * windows_of(network);
    struct golden_group losses = start(golden, network, "PPO, losses", output_bound(network));
    struct golden_group group = start(golden, network, "PPO, gradient", gradient_bound());
    struct paper_ppo ppo = {golden_number(want, "eps_clip"), golden_number(want, "vf_coef"),
                            golden_number(want, "ent_coef")};
    real *advantage = golden_reals(&golden->memory, golden_get(want, "adv"), n);
    struct paper_choices choices = {
        .slot = golden_ints(&golden->memory, golden_get(want, "index_act"), n),
        .allocation = golden_ints(&golden->memory, golden_get(want, "allocation_act"), n),
        .skipped = golden_flags(&golden->memory, golden_get(want, "skip_mask"), n),
        .conflict = golden_flags(&golden->memory, golden_get(want, "conflict_mask"), n),
        .logp_old = golden_reals(&golden->memory, golden_get(want, "logp_old"), n),
        .advantage = advantage,
        .returns = golden_reals(&golden->memory, golden_get(want, "returns"), n),
    };
    struct paper_ppo_loss loss;
    struct paper_output dout;
    struct run run;

    loss_normalise(advantage, n);
    run_forward(&run, network, golden->observation, golden->observations, PAPER_FAULT_CRITIC_RELU,
                false, ops_best(), false);
    check_log_probs(golden, network, &run, want, &choices);
    paper_output_zeros(&run.pass, &network->net, run.graph, &dout);
    loss = paper_ppo_loss(&run.pass, &dout, &network->net, run.graph, &run.out, &choices, &ppo);
    check_scalar(&losses, want, "clip_loss", loss.clip);
    check_scalar(&losses, want, "vf_loss", loss.value);
    check_scalar(&losses, want, "ent_loss", loss.entropy);
    check_scalar(&losses, want, "loss", loss.total);
    finish(golden, &losses);
    weights_zero_grad(&network->net.weights);
    paper_net_backward(&run.pass, &run.state, &network->net, &dout, NULL);
    compare_gradients(golden, network, gradients, "ppo_grad", &group);
    run_release(&run);
}

static void check_conflict(struct golden *golden, const struct network *network, const json_t *want,
                           struct golden_group *group)
{
    size_t n = windows_of(network);
    int32_t *task = golden_ints(&golden->memory, golden_get(want, "global_index"), n);
    int32_t *type = golden_ints(&golden->memory, golden_get(want, "job_type"), n);
    int32_t *free = golden_ints(&golden->memory, golden_get(want, "resource"), n * PAPER_RESOURCES);
    uint8_t *skip = golden_flags(&golden->memory, golden_get(want, "skip"), n);
    uint8_t *conflict = golden_flags(&golden->memory, golden_get(want, "conflict"), n);
    struct golden_array score = golden_numbers(&golden->memory, golden_get(want, "score"));
    struct claim *claim = arena_zalloc(&golden->memory, n, sizeof *claim);
    bool *lost = arena_zalloc(&golden->memory, n, sizeof *lost), same = score.count == n;

    for (size_t i = 0; i < n && same; i++) {
        claim[i].task = skip[i] ? -1 : task[i];
        claim[i].probability = score.value[i];
        if (claim[i].task >= 0)
            claim[i].room = claim_room(free + i * PAPER_RESOURCES, network->config.minimum[type[i]],
                                       PAPER_RESOURCES);
    }
    conflict_resolve(lost, claim, (int)n, NULL);
    for (size_t i = 0; i < n; i++)
        same = same && lost[i] == (conflict[i] != 0);
    golden_check(group, "case", same ? 0 : HUGE_VAL);
}

static void check_conflicts(struct golden *golden, const struct network *network)
{
    const json_t *cases = golden_get(network->expect, "conflict_cases");
    struct golden_group group = start(golden, network, "conflicts", 0);

    for (size_t i = 0; i < json_array_size(cases); i++)
        check_conflict(golden, network, json_array_get(cases, i), &group);
    finish(golden, &group);
}

static void load_observations(struct golden *golden, const struct paper_config *config)
{
    json_t *list = golden_load(golden->dir, "obs.json");

    golden->observations = (int)json_array_size(list);
    golden->observation =
        arena_zalloc(&golden->memory, json_array_size(list), sizeof *golden->observation);
    for (int o = 0; o < golden->observations; o++)
        golden->observation[o] =
            golden_observation(&golden->memory, json_array_get(list, (size_t)o), config);
    json_decref(list);
}

static void open_network(struct golden *golden, struct network *network, const char *name,
                         const char *index)
{
    struct err err;

    *network = (struct network){.name = name, .index = golden_load(golden->dir, index)};
    network->config = golden_config(golden_get(network->index, "config"));
    if (paper_config_check(&network->config, &err) != 0)
        golden_stop(err.message, index);
    paper_net_init(&network->net, &network->config, WEIGHTS_GRAD);
    load_weights(golden, network);
    load_observations(golden, &network->config);
}

static void close_network(struct network *network)
{
    paper_net_release(&network->net);
    json_decref(network->index);
    json_decref(network->expect);
    free(network->numbers);
}

static void check_small(struct golden *golden)
{
    json_t *gradients = golden_load(golden->dir, "small_grad.json");
    struct network network;

    open_network(golden, &network, "small", "small_weights.json");
    network.expect = golden_load(golden->dir, "small_expect.json");
    check_each(golden, &network);
    check_observing(golden, &network);
    check_old_encoder(golden, &network);
    check_inference(golden, &network);
    check_gradient(golden, &network, gradients);
    check_faulty_batch(golden, &network);
    check_ppo(golden, &network, gradients);
    check_conflicts(golden, &network);
    close_network(&network);
    json_decref(gradients);
}

static void check_full(struct golden *golden)
{
    struct network network;

    open_network(golden, &network, "full", "full_index.json");
    network.numbers =
        read_floats(golden, json_string_value(golden_get(network.index, "expect_file")),
                    &network.number_count, false);
    check_each(golden, &network);
    check_inference(golden, &network);
    check_gradient(golden, &network, NULL);
    close_network(&network);
}

int main(int argc, char **argv)
{
    struct golden golden = {0};

    if (argc != 2) {
        fprintf(stderr, "usage: golden_network DIR\n");
        return 2;
    }
    golden.dir = argv[1];
    arena_init(&golden.memory);
    check_small(&golden);
    check_full(&golden);
    arena_release(&golden.memory);
    printf("%d passed, %d failed\n", golden.passed, golden.failed);
    return golden.failed > 0;
}
