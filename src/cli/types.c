/* SPDX-License-Identifier: Apache-2.0 */
/* tapfinger types: what was learned of task types: all of them, one by allocation, or its curve. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "report/table.h"

static void add_points(struct table *table, const json_t *type)
{
    size_t at;
    json_t *point;

    json_array_foreach (json_object_get(type, "points"), at, point) {
        struct text amount;

        text_init(&amount, 0);
        client_print_amount(json_object_get(point, "allocation"), &amount);
        table_cell(table, MOOD_STRONG, "%s", amount.bytes);
        table_cell(table, MOOD_PLAIN, "%lld",
                   (long long)json_integer_value(json_object_get(point, "samples")));
        table_cell(table, MOOD_PLAIN, "%.3g s +- %.2g",
                   json_number_value(json_object_get(point, "measured_s")),
                   json_number_value(json_object_get(point, "error_s")));
        if (json_is_number(json_object_get(point, "believed_s")))
            table_cell(table, MOOD_PLAIN, "%.3g s",
                       json_number_value(json_object_get(point, "believed_s")));
        else
            table_cell(table, MOOD_FAINT, "-");
        text_release(&amount);
    }
}

static void print_points(const struct arguments *args, const json_t *type)
{
    struct table table;

    if (!json_array_size(json_object_get(type, "points")))
        fprintf(stderr, "no task of type %s has told anything yet\n", client_text(type, "type"));
    table_init(&table);
    table_column(&table, "WITH", TABLE_LEFT, 0);
    table_column(&table, "SEEN", TABLE_RIGHT, 0);
    table_column(&table, "WHOLE RUN", TABLE_LEFT, 0);
    table_column(&table, "MODEL SAYS", TABLE_LEFT, 0);
    add_points(&table, type);
    if (table.cells.count)
        listing_show(args, &table);
    table_release(&table);
}

/* All types */

/* "cpu=1 1.0x, cpu=4 3.4x": how much faster than with the least that was seen. */
static void print_gains(const json_t *points, struct text *out)
{
    enum { SHOWN = 3 };
    double least_s = 0;
    size_t at, count = json_array_size(points);
    json_t *point;

    json_array_foreach (points, at, point) {
        double seconds = json_number_value(json_object_get(point, "measured_s"));

        if (at == 0)
            least_s = seconds;
        if (at >= SHOWN - 1 && at + 1 < count)
            continue; /* the last is the most */
        text_add(out, at == 0 ? "" : at >= SHOWN ? " .. " : ", ");
        client_print_amount(json_object_get(point, "allocation"), out);
        text_printf(out, seconds * 10 > least_s ? " %.1fx" : " %.0fx",
                    seconds > 0 ? least_s / seconds : 0);
    }
}

static void add_type(struct table *table, const json_t *type)
{
    const json_t *error = json_object_get(type, "mape");
    double age_s = client_age(json_object_get(type, "updated_at"));
    struct text gains, age;

    text_init(&gains, 0);
    text_init(&age, 0);
    print_gains(json_object_get(type, "points"), &gains);
    client_print_seconds(age_s, &age);
    table_cell(table, MOOD_STRONG, "%s", client_text(type, "type"));
    table_cell(table, MOOD_PLAIN, "%lld",
               (long long)json_integer_value(json_object_get(type, "samples")));
    table_cell(table, MOOD_PLAIN, "%s", client_text(type, "model"));
    if (json_is_number(error))
        table_cell(table, MOOD_PLAIN, "%.1f%%", 100 * json_number_value(error));
    else
        table_cell(table, MOOD_FAINT, "-");
    table_cell(table, MOOD_PLAIN, "%s", gains.length ? gains.bytes : "-");
    table_cell(table, MOOD_FAINT, age_s < 0 ? "-" : "%s ago", age.bytes);
    text_release(&gains);
    text_release(&age);
}

static void print_types(const struct arguments *args, const json_t *doc)
{
    size_t at;
    json_t *type;
    struct table table;

    table_init(&table);
    table_column(&table, "TYPE", TABLE_LEFT, 0);
    table_column(&table, "RUNS", TABLE_RIGHT, 0);
    table_column(&table, "MODEL", TABLE_LEFT, 2);
    table_column(&table, "MAPE", TABLE_RIGHT, 2);
    table_column(&table, "SPEED", TABLE_LEFT, 0);
    table_column(&table, "UPDATED", TABLE_LEFT, 1);
    json_array_foreach (json_object_get(doc, "items"), at, type)
        add_type(&table, type);
    listing_show(args, &table);
    table_release(&table);
}

/* One type's curve */

enum { PICTURE = 40 };

static double number(const json_t *doc, const char *key)
{
    return json_number_value(json_object_get(doc, key));
}

static double find_most(const json_t *curve)
{
    double most = 0;
    size_t at;
    json_t *place;

    json_array_foreach (curve, at, place)
        most = fmax(most, fmax(number(place, "rate_per_s"), number(place, "high_per_s")));
    return most;
}

static int column_of(double rate, double most)
{
    return most > 0 ? (int)fmin(PICTURE - 1, rate / most * PICTURE) : 0;
}

/* "-----==O==": the band, and in it what was measured (O) or is believed (*). */
static void draw(const json_t *place, double most, char out[PICTURE + 1])
{
    bool known = json_is_number(json_object_get(place, "low_per_s"));
    int at = column_of(number(place, "rate_per_s"), most);
    int low = known ? column_of(number(place, "low_per_s"), most) : at;
    int high = known ? column_of(number(place, "high_per_s"), most) : at;

    memset(out, ' ', PICTURE);
    memset(out, '-', (size_t)low);
    memset(out + low, '=', (size_t)(high - low + 1));
    out[at] = json_integer_value(json_object_get(place, "samples")) ? 'O' : '*';
    out[high + 1] = 0;
}

static void add_place(struct table *table, const json_t *place, double least, double most)
{
    const json_t *amount = json_object_get(place, "allocation");
    double rate = number(place, "rate_per_s");
    char picture[PICTURE + 1];

    table_cell(table, MOOD_STRONG, "%lld",
               (long long)json_integer_value(json_object_get(amount, "cpu")));
    table_cell(table, MOOD_STRONG, "%lld",
               (long long)json_integer_value(json_object_get(amount, "gpu")));
    table_cell(table, MOOD_PLAIN, "%lld",
               (long long)json_integer_value(json_object_get(place, "samples")));
    table_cell(table, MOOD_PLAIN, "%.3g", rate);
    table_cell(table, MOOD_PLAIN, "%.2fx", least > 0 ? rate / least : 0);
    if (json_is_number(json_object_get(place, "low_per_s")))
        table_cell(table, MOOD_PLAIN, "%.3g to %.3g", number(place, "low_per_s"),
                   number(place, "high_per_s"));
    else
        table_cell(table, MOOD_FAINT, "not known");
    draw(place, most, picture);
    table_cell(table, MOOD_PLAIN, "%s", picture);
}

static void print_curve(const struct arguments *args, const json_t *type)
{
    static const char *const heading[] = {"CPU", "GPU", "SEEN", "RATE/s", "SPEED", "BAND", "CURVE"};
    const json_t *curve = json_object_get(type, "curve");
    double most = find_most(curve), least = number(json_array_get(curve, 0), "rate_per_s");
    struct table table;
    size_t at;
    json_t *place;

    if (!json_array_size(curve)) {
        fprintf(stderr, "no task of type %s has told anything yet\n", client_text(type, "type"));
        return;
    }
    table_init(&table);
    for (int i = 0; i < 7; i++)
        table_column(&table, heading[i], i < 5 ? TABLE_RIGHT : TABLE_LEFT, 0);
    json_array_foreach (curve, at, place)
        add_place(&table, place, least, most);
    listing_show(args, &table);
    table_release(&table);
    fprintf(stderr, "O measured, * as the model (%s) says, = where it probably is",
            client_text(type, "model"));
    if (json_is_number(json_object_get(type, "mape_unseen")))
        fprintf(stderr, "; off by %.1f %% at allocations that it was not shown",
                100 * number(type, "mape_unseen"));
    fputc('\n', stderr);
}

static int run(const struct arguments *args, struct err *err)
{
    const char *name = arguments_string(args, "type");
    bool curve = arguments_flag(args, "curve");
    struct client client;
    struct answer answer;
    struct text path;
    int code;

    if (curve && !name) {
        err_set(err, ERR_INVALID, "--curve: of which type?");
        return EXIT_MISUSED;
    }
    if (client_open(&client, args, err))
        return EXIT_MISUSED;
    text_init(&path, 0);
    text_add(&path, "/v1/types");
    if (name) {
        text_add_char(&path, '/');
        client_escape(&client, name, &path);
    }
    code = client_call(&client, "GET", path.bytes, NULL, NULL, &answer, err);
    code = answer_show(&answer, code, args,
                       curve  ? print_curve
                       : name ? print_points
                              : print_types);
    text_release(&path);
    client_close(&client);
    return code;
}

static const struct example examples[] = {
    {"tapfinger types", "which there are, and how much faster they get with more"},
    {"tapfinger types image", "how long its tasks took, with which allocation"},
    {"tapfinger types image --curve", "its speed over the allocations, and how sure that is"},
    {0},
};

static const struct option_spec options[] = {
    {"type", OPTION_STRING, .choices = "TYPE", .flags = OPTION_POSITIONAL, .help = "only this one"},
    {"curve", OPTION_FLAG,
     .help = "its speed with every allocation: measured or as the model says, with a band"},
    LIST_OPTION_ROWS,
    CLIENT_OPTION_ROWS,
    {0},
};

const struct command command_types = {
    .name = "types",
    .summary = "list task types and what was learned of their speeds",
    .description =
        "MAPE is how far the model is off, in the mean, where it was fitted. In a curve the band "
        "of an allocation that was measured is two standard errors wide on either side; elsewhere "
        "it is as wide as the model is off (twice, likewise) at measured allocations that it was "
        "not shown. Beyond what was measured a band says little.",
    .examples = examples,
    .options = options,
    .run = run,
};
