/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bad scenarios and their messages: malformed, NaN, negative, overflowing, duplicated, missing,
 * unknown, huge and deeply nested input. Each row changes one part of a valid scenario.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "core/scenario.h"

static const char *const valid = "slot: 1\n"
                                 "window: 3\n"
                                 "resources: [cpu, gpu]\n"
                                 "clusters:\n"
                                 "  - {name: edge, count: 2, capacity: {cpu: 4, gpu: 2}}\n"
                                 "  - {name: big, capacity: {cpu: 8, gpu: 4}}\n"
                                 "arrivals: {process: poisson-slot, rate: 2, tasks: 10}\n"
                                 "reach: {kind: random}\n"
                                 "types:\n"
                                 "  image:\n"
                                 "    min: {cpu: 2, gpu: 1}\n"
                                 "    speed: {model: constant, value: 0.25}\n";

static const struct {
    const char *part, *changed; /* part NULL: changed is all */
    const char *message;
} wrong[] = {
    {"[cpu, gpu]", "[cpu, gpu",
     "input:4: while parsing a flow sequence: did not find expected ',' or ']'"},
    {"{kind: random}", "{kind: random",
     "input:9: while parsing a flow mapping: did not find expected ',' or '}'"},
    {"slot: 1", "\tslot: 1",
     "input:1: while scanning for the next token: found character that cannot start any token"},
    {"slot: 1", "slot: 'a",
     "input:13: while scanning a quoted scalar: found unexpected end of stream"},
    {"slot: 1", "? [a]\n: b", "input:1: a key must be plain text"},
    {"slot: 1", "slot: !!binary [1]", "input:1: slot: expected a single value, not a list"},
    {"slot: 1", "slot: *nothing", "input:1: alias *nothing has no anchor before it"},
    {"slot: 1", "slot: &x [*x]", "input:1: alias *x lies inside its own anchor"},
    {"slot: 1", "---\nslot: 1\n---\nb: 2", "input:3: a second document; one is allowed"},
    {NULL, "[1, 2]\n", "input:1: scenario: expected a map, not a list"},
    {NULL, "just text\n", "input:1: scenario: expected a map, not a single value"},
    {NULL, "", "input: the file is empty; expected a scenario"},
    {NULL, "# nothing\n", "input: the file is empty; expected a scenario"},
    {"slot: 1", "slot: nan",
     "input:1: scenario: slot: expected a number from 0 to 1000000000 (s), not \"nan\""},
    {"slot: 1", "slot: .nan",
     "input:1: scenario: slot: expected a number from 0 to 1000000000 (s), not \".nan\""},
    {"value: 0.25", "value: nan",
     "input:12: type image: speed: value: expected a number from 0 to 1000000000 (progress per "
     "second), not \"nan\""},
    {"rate: 2", "rate: .NaN",
     "input:7: arrivals: rate: expected a number above 0 to 1000000000, not \".NaN\""},
    {"rate: 2", "rate: inf",
     "input:7: arrivals: rate: expected a number above 0 to 1000000000, not \"inf\""},
    {"rate: 2", "rate: .inf",
     "input:7: arrivals: rate: expected a number above 0 to 1000000000, not \".inf\""},
    {"slot: 1", "slot: -1",
     "input:1: scenario: slot: expected a number from 0 to 1000000000 (s), not \"-1\""},
    {"cpu: 4, gpu: 2", "cpu: -4, gpu: 2",
     "input:5: capacity: cpu: expected a whole number from 0 to 1000000000, not \"-4\""},
    {"tasks: 10", "tasks: -10",
     "input:7: arrivals: tasks: expected a whole number from 1 to 50000000, not \"-10\""},
    {"min: {cpu: 2, gpu: 1}", "min: {cpu: -2, gpu: 1}",
     "input:11: type image: min: cpu: expected a whole number from 0 to 1000000000, not \"-2\""},
    {"value: 0.25", "value: -0.25",
     "input:12: type image: speed: value: expected a number from 0 to 1000000000 (progress per "
     "second), not \"-0.25\""},
    {"rate: 2", "rate: 1e999",
     "input:7: arrivals: rate: expected a number above 0 to 1000000000, not \"1e999\""},
    {"cpu: 4, gpu: 2", "cpu: 99999999999999999999, gpu: 2",
     "input:5: capacity: cpu: expected a whole number from 0 to 1000000000, not "
     "\"99999999999999999999\""},
    {"cpu: 4, gpu: 2", "cpu: 1000000001, gpu: 2",
     "input:5: capacity: cpu: expected a whole number from 0 to 1000000000, not \"1000000001\""},
    {"count: 2", "count: 100001",
     "input:5: count: expected a whole number from 1 to 100000, not \"100001\""},
    {"count: 2", "count: 9223372036854775808",
     "input:5: count: expected a whole number from 1 to 100000, not \"9223372036854775808\""},
    {"count: 2, capacity: {cpu: 4", "count: 3, capacity: {cpu: 1000000000",
     "input:5: clusters: more than 2147483647 units of cpu in all; take a larger unit"},
    {"tasks: 10", "tasks: 50000001",
     "input:7: arrivals: tasks: expected a whole number from 1 to 50000000, not \"50000001\""},
    {"tasks: 10", "tasks: 1e3",
     "input:7: arrivals: tasks: expected a whole number from 1 to 50000000, not \"1e3\""},
    {"window: 3", "window: 65",
     "input:2: scenario: window: expected a whole number from 0 to 64, not \"65\""},
    {"slot: 1", "slot: [1]", "input:1: slot: expected a single value, not a list"},
    {"slot: 1", "slot: {a: 1}", "input:1: slot: expected a single value, not a map"},
    {"slot: 1", "slot: one",
     "input:1: scenario: slot: expected a number from 0 to 1000000000 (s), not \"one\""},
    {"slot: 1",
     "slot:", "input:1: scenario: slot: expected a number from 0 to 1000000000 (s), not \"\""},
    {"resources: [cpu, gpu]", "resources: cpu",
     "input:3: resources: expected a list, not a single value"},
    {"cpu: 4, gpu: 2", "cpu: [4], gpu: 2",
     "input:5: capacity: cpu: expected a single value, not a list"},
    {"capacity: {cpu: 4, gpu: 2}", "capacity: 4",
     "input:5: capacity: expected a map, not a single value"},
    {"{process: poisson-slot, rate: 2, tasks: 10}", "often",
     "input:7: arrivals: expected a map, not a single value"},
    {"speed: {model: constant, value: 0.25}", "speed: 0.25",
     "input:12: type image: speed: expected a map, not a single value"},
    {"value: 0.25", "value: {cpu: 1}",
     "input:12: type image: value: expected a single value, not a map"},
    {"  image:\n", "  - image:\n", "input:10: types: expected a map, not a list"},
    {"window: 3", "window: 3\nwindow: 4", "input:3: key \"window\" was given before, in line 2"},
    {"[cpu, gpu]", "[cpu, cpu]", "input:3: resources: \"cpu\" is there twice"},
    {"name: big", "name: edge1", "input:5: clusters: the name \"edge1\" is there twice"},
    {"cpu: 4, gpu: 2", "cpu: 4, cpu: 2", "input:5: key \"cpu\" was given before, in line 5"},
    {"resources: [cpu, gpu]\n", "",
     "input:1: scenario: missing resources: list of names, or of maps with name and unit"},
    {"arrivals: {process: poisson-slot, rate: 2, tasks: 10}\n", "",
     "input:1: scenario: missing arrivals: when tasks arrive"},
    {"name: edge, count", "count",
     "input:5: cluster: missing name: unique; with a count above 1 it is followed by 1, 2, 3, ..."},
    {", capacity: {cpu: 8, gpu: 4}", "",
     "input:6: cluster: missing capacity: per resource: units it owns"},
    {"process: poisson-slot, ", "",
     "input:7: arrivals: missing process: poisson-slot: a Poisson number at the start of each "
     "slot; bursts: two rates in turn"},
    {"rate: 2, tasks: 10", "rate: 2",
     "input:7: arrivals: expected tasks or until, or it would never end"},
    {"    min: {cpu: 2, gpu: 1}\n", "",
     "input:11: type image: missing min: per resource: smallest allocation"},
    {"    speed: {model: constant, value: 0.25}\n", "",
     "input:11: type image: missing speed: the speed model"},
    {"model: constant, ", "",
     "input:12: type image: speed: missing model: how speed depends on the allocation"},
    {", value: 0.25", "",
     "input:12: type image: speed: missing value: speed under any sufficient allocation"},
    {"{kind: random}", "{kind: fixed}", "input:8: reach: missing size"},
    {"poisson-slot", "file", "input:7: arrivals: missing file"},
    {"window: 3", "windw: 3", "input:2: scenario: unknown key \"windw\"; did you mean \"window\"?"},
    {"window: 3", "colour: 3", "input:2: scenario: unknown key \"colour\""},
    {"count: 2", "cuont: 2", "input:5: cluster: unknown key \"cuont\"; did you mean \"count\"?"},
    {"rate: 2", "rates: 2", "input:7: arrivals: unknown key \"rates\"; did you mean \"rate\"?"},
    {"kind: random", "kinds: random",
     "input:8: reach: unknown key \"kinds\"; did you mean \"kind\"?"},
    {"value: 0.25", "value: 0.25, valu: 2",
     "input:12: type image: speed: unknown key \"valu\"; did you mean \"value\"?"},
    {"min: {cpu: 2, gpu: 1}", "mim: {cpu: 2, gpu: 1}",
     "input:11: type image: unknown key \"mim\"; did you mean \"min\"?"},
    {"min: {cpu: 2, gpu: 1}", "min: {cpus: 2, gpu: 1}",
     "input:11: type image: min: there is no resource \"cpus\"; did you mean \"cpu\"?"},
    {"capacity: {cpu: 4, gpu: 2}", "capacity: {cpu: 4, tpu: 2}",
     "input:5: capacity: there is no resource \"tpu\"; did you mean \"cpu\"?"},
    {"poisson-slot", "poison-slot",
     "input:7: arrivals: process: expected one of poisson-slot, poisson, bursts, regular, at-once, "
     "file, not \"poison-slot\""},
    {"model: constant", "model: constnat",
     "input:12: type image: speed: model: expected one of constant, amdahl, power, saturating, "
     "optimus, table, not \"constnat\""},
    {"kind: random", "kind: some",
     "input:8: reach: kind: expected one of all, random, fixed, listed, distance, not \"some\""},
    {"slot: 1\n", "", "input:1: window: only with a slot; event-driven worlds show all tasks"},
    {"slot: 1\nwindow: 3\n", "", "input:5: arrivals: poisson-slot, but the scenario has no slot"},
    {"min: {cpu: 2, gpu: 1}", "min: {cpu: 0}",
     "input:11: type image: min: expected at least one unit of some resource"},
    {"min: {cpu: 2, gpu: 1}", "min: {cpu: 2}\n    max: {cpu: 1}",
     "input:12: type image: max: less cpu than the minimum of 2"},
    {"[cpu, gpu]", "[]", "input:3: resources: expected 1 to 8, not 0"},
    {"[cpu, gpu]", "[a, b, c, d, e, f, g, h, i]", "input:3: resources: expected 1 to 8, not 9"},
    {"[cpu, gpu]", "['a b', gpu]", "input:3: name: \"a b\" holds a character that names may not"},
    {"  image:", "  'a,b':",
     "input:11: type a,b: name: \"a,b\" holds a character that names may not"},
    {"name: big", "name: ''", "input:6: name: expected 1 to 40 characters, not \"\""},
    {"{kind: random}", "{kind: random, size: 7}",
     "input:8: reach: size 7, but there are 3 clusters"},
    {"min: {cpu: 2, gpu: 1}", "min: {cpu: 2, gpu: 1}\n    odds: 0",
     "input:10: types: all odds are 0"},
    {"slot: 1", "slot: 1\noutages: [{cluster: bigg, at: 1, for: 2}]",
     "input:2: cluster: there is no cluster \"bigg\"; did you mean \"big\"?"},
    {"slot: 1", "slot: 1\noutages: [{at: 1, for: 2}]",
     "input:2: outage: expected either cluster or link"},
    {"slot: 1", "slot: 1\nlinks: {pairs: [{between: [big, big]}]}",
     "input:2: between: expected two different clusters"},
    {"slot: 1", "extends: nowhere.yaml",
     "input:1: extends: /nowhere/nowhere.yaml: cannot open: No such file or directory"},
};

static void change(struct text *out, const char *part, const char *changed)
{
    const char *at = part ? strstr(valid, part) : NULL;

    text_reset(out);
    if (!part) {
        text_add(out, changed);
        return;
    }
    assert_non_null(at);
    text_add_bytes(out, valid, (size_t)(at - valid));
    text_add(out, changed);
    text_add(out, at + strlen(part));
}

static int parse(const char *yaml, struct err *err)
{
    struct scenario *scenario;
    int rc = scenario_parse(&scenario, "input", "/nowhere", yaml, NULL, 0, err);

    if (rc)
        assert_null(scenario);
    scenario_free(scenario);
    return rc;
}

static void the_unchanged_one_is_valid(void **state)
{
    struct err err;
    (void)state;

    if (parse(valid, &err))
        fail_msg("%s", err.message);
}

static void each_mistake_has_its_message(void **state)
{
    struct text text;
    (void)state;

    text_init(&text, 0);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct err err = {0};

        change(&text, wrong[i].part, wrong[i].changed);
        assert_int_not_equal(parse(text.bytes, &err), 0);
        assert_string_equal(err.message, wrong[i].message);
    }
    text_release(&text);
}

static void assert_refused(const char *yaml, const char *message)
{
    struct err err = {0};

    assert_int_not_equal(parse(yaml, &err), 0);
    assert_string_equal(err.message, message);
}

static void deep_nesting_has_a_limit(void **state)
{
    struct text text;
    (void)state;

    text_init(&text, 0);
    text_add(&text, "x: ");
    for (int i = 0; i < 200000; i++)
        text_add_char(&text, '[');
    assert_refused(text.bytes, "input:1: nested deeper than 64 levels");
    text_reset(&text);
    text_add(&text, "a0: &a0 [1]\n");
    for (int i = 1; i < 80; i++)
        text_printf(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    assert_refused(text.bytes, "input:64: nested deeper than 64 levels once aliases are expanded");
    text_release(&text);
}

static void aliases_cannot_explode(void **state)
{
    struct text text;
    (void)state;

    text_init(&text, 0);
    text_add(&text, "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n");
    for (int i = 1; i < 12; i++)
        text_printf(&text, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i,
                    i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    assert_refused(text.bytes, "input:6: more than 4000000 values once aliases are expanded");
    assert_refused("a: &a [x, *a]\n", "input:1: alias *a lies inside its own anchor");
    text_release(&text);
}

static void huge_files_have_limits(void **state)
{
    const char *path = TEST_BUILD_DIR "/test_scenario_errors.yaml";
    struct scenario *scenario;
    struct text text;
    struct err err = {0};
    (void)state;

    text_init(&text, 0);
    for (int i = 0; i < 4097; i++)
        text_printf(&text, "k%d: 1\n", i);
    assert_refused(text.bytes, "input:4097: more than 4096 keys in one map");
    text_reset(&text);
    for (int i = 0; i < (65 << 10); i++)
        text_printf(&text, "#%1022s\n", "");
    assert_int_equal(text_write_file(&text, path, &err), 0);
    assert_int_equal(scenario_load(&scenario, path, NULL, 0, &err), ERR_LIMIT);
    assert_non_null(strstr(err.message, ": larger than 67108864 bytes"));
    assert_null(scenario);
    remove(path);
    text_release(&text);
}

static void a_circle_of_bases_is_found(void **state)
{
    const char *path = TEST_BUILD_DIR "/test_scenario_circle.yaml";
    struct scenario *scenario;
    struct text text;
    struct err err = {0};
    (void)state;

    text_init(&text, 0);
    text_add(&text, "extends: test_scenario_circle.yaml\n");
    assert_int_equal(text_write_file(&text, path, &err), 0);
    assert_int_not_equal(scenario_load(&scenario, path, NULL, 0, &err), 0);
    assert_non_null(strstr(err.message, "extends: more than 8 files deep; a circle?"));
    remove(path);
    text_release(&text);
}

static void overrides_are_named_in_errors(void **state)
{
    static const struct {
        const char *override, *message;
    } row[] = {
        {"rate", "override \"rate\": expected path.to.key=value"},
        {"arrivals.rate=", "override arrivals.rate: no value"},
        {"arrivals.rate=[", "override arrivals.rate:2: while parsing a flow node: did not find "
                            "expected node content"},
        {"arrivals.rate=nan", "override arrivals.rate:1: arrivals: rate: expected a number above 0 "
                              "to 1000000000, not \"nan\""},
        {"arrivals.rat=3",
         "override arrivals.rat:1: arrivals: unknown key \"rat\"; did you mean \"rate\"?"},
        {"clusters.7.name=x",
         "override clusters.7.name:1: 7.name: \"7\" is no entry of a list with 2"},
        {"slot.x=1", "override slot.x:1: x: there is nothing below a single value"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(row); i++) {
        struct scenario *scenario;
        struct err err = {0};

        assert_int_not_equal(
            scenario_parse(&scenario, "input", "", valid, &row[i].override, 1, &err), 0);
        assert_string_equal(err.message, row[i].message);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_unchanged_one_is_valid),    cmocka_unit_test(each_mistake_has_its_message),
    cmocka_unit_test(deep_nesting_has_a_limit),      cmocka_unit_test(aliases_cannot_explode),
    cmocka_unit_test(huge_files_have_limits),        cmocka_unit_test(a_circle_of_bases_is_found),
    cmocka_unit_test(overrides_are_named_in_errors),
};

RUN_TESTS(tests)
