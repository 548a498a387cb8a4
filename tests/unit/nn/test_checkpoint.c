/* SPDX-License-Identifier: Apache-2.0 */
/* Model files: what is written is read, training goes on from it bit for bit, and everything else
 * is refused with a word about why. */
#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/paper_model.h"
#include "base/crc64.h"
#include "base/emit.h"
#include "base/err.h"
#include "base/text.h"
#include "nn/adam.h"
#include "nn/checkpoint.h"
#include "nn/checkpoint_layout.h"
#include "nn/weights.h"

static const char METADATA[] =
    "{\"arch\":\"test\",\"training\":{\"seed\":7,\"command\":\"a \\\"b\\\"\"}}";

/* A small network, its file, and the bytes of that. */
struct fixture {
    struct weights weights;
    char path[64];
    struct text file;
};

static void register_weights(struct weights *weights)
{
    const struct initial uniform = {INITIAL_UNIFORM, 1};

    weights_init(weights);
    weights_add(weights, uniform, 2, (int[]){3, 5}, "layer.weight");
    weights_add(weights, uniform, 1, (int[]){5}, "layer.bias");
    weights_add(weights, uniform, 4, (int[]){1, 2, 3, 4}, "block");
    weights_commit(weights, WEIGHTS_GRAD | WEIGHTS_MOMENTS);
}

static void write_file(struct fixture *f, bool moments)
{
    static const unsigned char counters[] = {1, 2, 3, 0, 255};
    const struct checkpoint_blob blob[] = {{"counters", counters, sizeof counters},
                                           {"nothing", NULL, 0}};
    struct err err;

    assert_int_equal(checkpoint_write(f->path, METADATA, &f->weights, moments, blob, 2, &err), 0);
    text_reset(&f->file);
    assert_int_equal(text_read_file(&f->file, f->path, &err), 0);
}

static void start(struct fixture *f, bool moments)
{
    register_weights(&f->weights);
    weights_draw(&f->weights, 4);
    snprintf(f->path, sizeof f->path, "/tmp/tapfinger-test-%ld.tap", (long)getpid());
    text_init(&f->file, 0);
    write_file(f, moments);
}

static void end(struct fixture *f)
{
    unlink(f->path);
    weights_release(&f->weights);
    text_release(&f->file);
}

static void what_is_written_is_read(void **state)
{
    struct checkpoint *checkpoint;
    const struct checkpoint_entry *entry;
    struct weights read;
    struct fixture f;
    struct err err;
    (void)state;

    start(&f, false);
    register_weights(&read);
    assert_int_equal(checkpoint_open(&checkpoint, f.path, &err), 0);
    assert_int_equal(checkpoint_read_weights(checkpoint, &read, &err), 0);
    assert_memory_equal(read.value, f.weights.value, read.numbers * sizeof(real));
    assert_int_equal(checkpoint_read_moments(checkpoint, &read, &err), ERR_NOT_FOUND);
    entry = checkpoint_find(checkpoint, CHECKPOINT_STATE, "counters");
    assert_int_equal(entry->bytes, 5);
    assert_memory_equal(entry->data, "\1\2\3\0\377", 5);
    assert_int_equal(checkpoint_find(checkpoint, CHECKPOINT_STATE, "nothing")->bytes, 0);
    assert_null(checkpoint_find(checkpoint, CHECKPOINT_WEIGHT, "counters"));
    entry = checkpoint_find(checkpoint, CHECKPOINT_WEIGHT, "block");
    assert_int_equal(entry->ranks, 4);
    assert_int_equal((uintptr_t)entry->data % CHECKPOINT_ALIGN, 0);
    assert_string_equal(
        yaml_find(yaml_find(checkpoint->metadata.root, "training"), "command")->text, "a \"b\"");
    checkpoint_close(checkpoint);
    weights_release(&read);
    end(&f);
}

static void step(struct weights *weights, struct adam *adam)
{
    for (size_t i = 0; i < weights->numbers; i++)
        weights->grad[i] = weights->value[i] * (real)(1 + i % 3);
    adam_step(adam, weights, ops_best(), 0.1);
}

static void training_goes_on_bit_for_bit(void **state)
{
    struct adam adam = ADAM_USUAL, later;
    struct checkpoint *checkpoint;
    struct weights read;
    struct fixture f;
    struct err err;
    (void)state;

    start(&f, true);
    step(&f.weights, &adam);
    step(&f.weights, &adam);
    write_file(&f, true);
    later = adam;
    step(&f.weights, &adam);
    register_weights(&read);
    assert_int_equal(checkpoint_open(&checkpoint, f.path, &err), 0);
    assert_int_equal(checkpoint_read_weights(checkpoint, &read, &err), 0);
    assert_int_equal(checkpoint_read_moments(checkpoint, &read, &err), 0);
    step(&read, &later);
    assert_memory_equal(read.value, f.weights.value, read.numbers * sizeof(real));
    checkpoint_close(checkpoint);
    weights_release(&read);
    end(&f);
}

static void same_model_same_bytes(void **state)
{
    struct fixture f;
    struct text first;
    struct err err;
    (void)state;

    start(&f, true);
    text_init(&first, 0);
    assert_int_equal(text_read_file(&first, f.path, &err), 0);
    write_file(&f, true);
    assert_int_equal(f.file.length, first.length);
    assert_memory_equal(f.file.bytes, first.bytes, first.length);
    text_release(&first);
    end(&f);
}

/* Reads the bytes; the error's message must have the words. */
static void refuse(const struct fixture *f, enum err_code code, const char *words)
{
    struct checkpoint *checkpoint;
    struct err err = {0};
    int rc = checkpoint_parse(&checkpoint, "model.tap", f->file.bytes, f->file.length, &err);

    if (rc != (int)code || !strstr(err.message, words) || !strstr(err.message, "model.tap")) {
        printf("got %d \"%s\", expected %d \"%s\"\n", rc, err.message, (int)code, words);
        fail();
    }
    assert_null(checkpoint);
}

/* Puts length and checksum right, as somebody with bad intent would. */
static void mend(struct fixture *f)
{
    unsigned char *head = (unsigned char *)f->file.bytes;
    uint64_t word = f->file.length;

    memcpy(head + HEAD_FILE_BYTES, &word, sizeof word);
    memset(head + HEAD_CHECKSUM, 0, sizeof word);
    word = crc64(0, head, f->file.length);
    memcpy(head + HEAD_CHECKSUM, &word, sizeof word);
}

static void damage_is_noticed(void **state)
{
    struct fixture f;
    size_t length;
    (void)state;

    start(&f, false);
    length = f.file.length;
    for (size_t cut = 0; cut < length; cut++) {
        f.file.length = cut;
        refuse(&f, cut < CHECKPOINT_HEAD_BYTES ? ERR_INVALID : ERR_CORRUPT,
               cut < CHECKPOINT_HEAD_BYTES ? "not a tapfinger model file" : "should have");
    }
    f.file.length = length;
    for (size_t bit = HEAD_FILE_BYTES * 8; bit < length * 8; bit++) {
        f.file.bytes[bit / 8] ^= (char)(1 << bit % 8);
        refuse(&f, ERR_CORRUPT, "damaged model file");
        f.file.bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    text_add_char(&f.file, 'x');
    refuse(&f, ERR_CORRUPT, "should have");
    end(&f);
}

/* Writes a number of `bytes` bytes at an offset of the head, or of row `row` of the table. */
struct attack {
    int row; /* -1: the head */
    size_t at;
    int bytes;
    uint64_t value;
    enum err_code code;
    const char *words;
};

static const struct attack ATTACKS[] = {
    {-1, 0, 1, 'T', ERR_INVALID, "not a tapfinger model file"},
    {-1, HEAD_VERSION, 4, 2, ERR_UNSUPPORTED, "version 2, this program reads version 1"},
    {-1, HEAD_ENTRIES, 4, UINT32_MAX, ERR_CORRUPT, "too many tensors"},
    {-1, HEAD_ENTRIES, 4, 60000, ERR_CORRUPT, "table of tensors out of range"},
    {-1, HEAD_METADATA_BYTES, 8, UINT64_MAX, ERR_CORRUPT, "metadata out of range"},
    {-1, HEAD_METADATA_BYTES, 8, 1 << 20, ERR_CORRUPT, "metadata out of range"},
    {-1, HEAD_METADATA_BYTES, 8, 0, ERR_CORRUPT, "the metadata is no object"},
    {-1, HEAD_METADATA_BYTES, 8, 7, ERR_INVALID, "did not find expected"},
    {-1, HEAD_TABLE, 8, 0, ERR_CORRUPT, "table of tensors out of range"},
    {-1, HEAD_TABLE, 8, UINT64_MAX - 7, ERR_CORRUPT, "table of tensors out of range"},
    {-1, HEAD_RESERVED + 8, 1, 1, ERR_CORRUPT, "reserved bytes are used"},
    {0, 0, 1, 0, ERR_CORRUPT, "not proper text"},
    {0, 2, 1, '\n', ERR_CORRUPT, "not proper text"},
    {0, CHECKPOINT_NAME_BYTES - 1, 1, 'x', ERR_CORRUPT, "not proper text"},
    {0, ENTRY_ROLE, 4, 0, ERR_CORRUPT, "unknown kind"},
    {0, ENTRY_ROLE, 4, 5, ERR_CORRUPT, "unknown kind"},
    {0, ENTRY_TYPE, 4, 3, ERR_CORRUPT, "unknown kind"},
    {0, ENTRY_TYPE, 4, CHECKPOINT_BYTES, ERR_CORRUPT, "unknown kind"},
    {0, ENTRY_RANKS, 4, 0, ERR_CORRUPT, "unknown kind"},
    {0, ENTRY_RANKS, 4, 5, ERR_CORRUPT, "unknown kind"},
    {0, ENTRY_SIZE, 8, 4, ERR_CORRUPT, "not that of its shape"},
    {0, ENTRY_SIZE, 8, (uint64_t)1 << 62, ERR_CORRUPT, "not that of its shape"},
    {0, ENTRY_SIZE + 24, 8, 1, ERR_CORRUPT, "not that of its shape"},
    {0, ENTRY_BYTES, 8, UINT64_MAX, ERR_CORRUPT, "not that of its shape"},
    {0, ENTRY_OFFSET, 8, 0, ERR_CORRUPT, "a tensor out of range"},
    {1, ENTRY_OFFSET, 8, UINT64_MAX - 63, ERR_CORRUPT, "a tensor out of range"},
    {1, ENTRY_OFFSET, 8, 3, ERR_CORRUPT, "a tensor out of range"},
    {3, ENTRY_ROLE, 4, CHECKPOINT_WEIGHT, ERR_CORRUPT, "unknown kind"},
};

static void intent_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ATTACKS); i++) {
        const struct attack *attack = &ATTACKS[i];
        struct fixture f;
        size_t at = attack->at;

        start(&f, false);
        if (attack->row >= 0)
            at += layout_u64((unsigned char *)f.file.bytes + HEAD_TABLE) +
                  (size_t)attack->row * CHECKPOINT_ENTRY_BYTES;
        memcpy(f.file.bytes + at, &attack->value, (size_t)attack->bytes);
        mend(&f);
        refuse(&f, attack->code, attack->words);
        end(&f);
    }
}

static void names_are_unique(void **state)
{
    struct fixture f;
    char *row;
    (void)state;

    start(&f, false);
    row = f.file.bytes + layout_u64((unsigned char *)f.file.bytes + HEAD_TABLE);
    memcpy(row + CHECKPOINT_ENTRY_BYTES, row, CHECKPOINT_NAME_BYTES);
    mend(&f);
    refuse(&f, ERR_CORRUPT, "two tensors of one name");
    end(&f);
}

/* The rows of the table exchanged: offsets no longer rise. */
static void tensors_do_not_overlap(void **state)
{
    struct fixture f;
    char *row;
    (void)state;

    start(&f, false);
    row = f.file.bytes + layout_u64((unsigned char *)f.file.bytes + HEAD_TABLE);
    memcpy(row + CHECKPOINT_ENTRY_BYTES + ENTRY_OFFSET, row + ENTRY_OFFSET, 8);
    mend(&f);
    refuse(&f, ERR_CORRUPT, "a tensor out of range");
    end(&f);
}

/* Reads the file of another network. */
static void mismatch(const struct fixture *f, struct weights *other, const char *words)
{
    struct checkpoint *checkpoint;
    struct err err = {0};

    weights_commit(other, WEIGHTS_GRAD);
    assert_int_equal(
        checkpoint_parse(&checkpoint, "model.tap", f->file.bytes, f->file.length, &err), 0);
    assert_int_equal(checkpoint_read_weights(checkpoint, other, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, words));
    checkpoint_close(checkpoint);
    weights_release(other);
}

static void another_networks_file_is_refused(void **state)
{
    struct weights other;
    struct fixture f;
    (void)state;

    start(&f, false);
    weights_init(&other);
    weights_add(&other, INITIAL_ZEROS, 1, (int[]){5}, "layer.bias");
    mismatch(&f, &other, "tensors that the network does not know");
    weights_init(&other);
    weights_add(&other, INITIAL_ZEROS, 1, (int[]){6}, "layer.bias");
    mismatch(&f, &other, "\"layer.bias\" has another shape");
    weights_init(&other);
    weights_add(&other, INITIAL_ZEROS, 1, (int[]){6}, "layer.gain");
    mismatch(&f, &other, "no tensor \"layer.gain\"");
    end(&f);
}

static void numbers_are_finite(void **state)
{
    struct checkpoint *checkpoint;
    struct fixture f;
    struct err err;
    (void)state;

    start(&f, false);
    f.weights.value[weights_find(&f.weights, "layer.bias")->offset + 1] = NAN;
    write_file(&f, false);
    assert_int_equal(checkpoint_open(&checkpoint, f.path, &err), 0);
    assert_int_equal(checkpoint_read_weights(checkpoint, &f.weights, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.message, "\"layer.bias\" has a number that is not finite"));
    checkpoint_close(checkpoint);
    end(&f);
}

static void files_that_are_none_are_refused(void **state)
{
    struct checkpoint *checkpoint;
    struct err err;
    (void)state;

    assert_int_equal(checkpoint_open(&checkpoint, "/nowhere/model.tap", &err), ERR_IO);
    assert_null(checkpoint);
    assert_int_equal(checkpoint_open(&checkpoint, "/dev/null", &err), ERR_INVALID);
    assert_int_equal(checkpoint_open(&checkpoint, "/tmp", &err), ERR_INVALID);
    assert_int_equal(checkpoint_open(&checkpoint, TEST_SOURCE_DIR "/Makefile", &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "not a tapfinger model file"));
}

static void checksum_is_crc_64_xz(void **state)
{
    (void)state;
    assert_true(crc64(0, "123456789", 9) == 0x995DC9BBDF1939FAu); /* the published check value */
    assert_true(crc64(crc64(0, "1234", 4), "56789", 5) == 0x995DC9BBDF1939FAu);
}

static const struct paper_config PAPER = {.agents = 2,
                                          .slots = 3,
                                          .types = 2,
                                          .levels = {4, 3},
                                          .minimum = {{1, 1}, {2, 0}},
                                          .hidden = 8,
                                          .heads = 2,
                                          .layers = 2,
                                          .pointer_layers = 1,
                                          .pointer_heads = 2,
                                          .pointer_feed = 8,
                                          .slope = 0.2,
                                          .epsilon = 1e-5};

static char *describe_paper(const struct paper_config *config)
{
    struct text text;
    struct emit json;

    text_init(&text, 0);
    emit_init(&json, &text);
    emit_open(&json, '{');
    paper_model_describe(&json, config);
    emit_close(&json);
    return text_take(&text);
}

static void papers_network_is_read_back(void **state)
{
    char path[64], *metadata = describe_paper(&PAPER);
    struct checkpoint *checkpoint;
    struct paper_net net, read;
    struct err err;
    (void)state;

    snprintf(path, sizeof path, "/tmp/tapfinger-test-%ld.tap", (long)getpid());
    paper_net_init(&net, &PAPER, 0);
    weights_draw(&net.weights, 1);
    assert_int_equal(checkpoint_write(path, metadata, &net.weights, false, NULL, 0, &err), 0);
    assert_int_equal(checkpoint_open(&checkpoint, path, &err), 0);
    assert_int_equal(paper_model_load(&read, checkpoint, 0, &err), 0);
    assert_memory_equal(&read.config, &PAPER, sizeof PAPER);
    assert_memory_equal(read.weights.value, net.weights.value, net.weights.numbers * sizeof(real));
    paper_net_release(&read);
    paper_net_release(&net);
    checkpoint_close(checkpoint);
    unlink(path);
    free(metadata);
}

/* A small file that claims to be a large network must not take a large network's memory. */
static void papers_config_is_checked(void **state)
{
    static const char *const changes[][3] = {
        {"\"arch\":\"paper\"", "\"arch\":\"other\"", "arch: expected \"paper\""},
        {"\"agents\":2", "\"agents\":4096", "has no tensors for 4096 agents"},
        {"\"hidden\":8", "\"hidden\":4096", "another shape"},
        {"\"hidden\":8", "\"hidden\":9", "multiple of the heads"},
        {"\"slots\":3", "\"slots\":0", "slots"},
        {"\"levels\":[4,3]", "\"levels\":[4]", "levels: expected 2 numbers"},
        {"\"minimum\":[[1,1],[2,0]]", "\"minimum\":[]", "minimum: expected 1 to 16 types"},
        {"\"slope\"", "\"slop\"", "slop"},
    };
    char path[64], *metadata = describe_paper(&PAPER);
    struct paper_net net, read;
    (void)state;

    snprintf(path, sizeof path, "/tmp/tapfinger-test-%ld.tap", (long)getpid());
    paper_net_init(&net, &PAPER, 0);
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        struct checkpoint *checkpoint;
        struct err err = {0};
        struct text changed;
        char *at = strstr(metadata, changes[i][0]);

        assert_non_null(at);
        text_init(&changed, 0);
        text_add_bytes(&changed, metadata, (size_t)(at - metadata));
        text_add(&changed, changes[i][1]);
        text_add(&changed, at + strlen(changes[i][0]));
        assert_int_equal(checkpoint_write(path, changed.bytes, &net.weights, false, NULL, 0, &err),
                         0);
        assert_int_equal(checkpoint_open(&checkpoint, path, &err), 0);
        assert_int_not_equal(paper_model_load(&read, checkpoint, 0, &err), 0);
        if (!strstr(err.message, changes[i][2])) {
            printf("got \"%s\", expected \"%s\"\n", err.message, changes[i][2]);
            fail();
        }
        checkpoint_close(checkpoint);
        text_release(&changed);
    }
    paper_net_release(&net);
    unlink(path);
    free(metadata);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_written_is_read),  cmocka_unit_test(training_goes_on_bit_for_bit),
    cmocka_unit_test(same_model_same_bytes),    cmocka_unit_test(damage_is_noticed),
    cmocka_unit_test(intent_is_refused),        cmocka_unit_test(names_are_unique),
    cmocka_unit_test(tensors_do_not_overlap),   cmocka_unit_test(another_networks_file_is_refused),
    cmocka_unit_test(numbers_are_finite),       cmocka_unit_test(files_that_are_none_are_refused),
    cmocka_unit_test(checksum_is_crc_64_xz),    cmocka_unit_test(papers_network_is_read_back),
    cmocka_unit_test(papers_config_is_checked),
};

RUN_TESTS(tests)
