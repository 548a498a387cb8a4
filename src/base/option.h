/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options: one table row per option, from which flags, YAML keys, policy parameters, --help, man
 * pages, shell completion, docs and every error message are made. A table ends with .name == NULL.
 */
#ifndef BASE_OPTION_H
#define BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct text;

enum option_type {
    OPTION_FLAG,   /* true or false; a command-line flag without a value */
    OPTION_INT,    /* whole number in low .. high */
    OPTION_REAL,   /* finite number in low .. high */
    OPTION_STRING, /* any text */
    OPTION_CHOICE, /* one of choices */
    OPTION_NODE,   /* a YAML list or map that the owner of the table reads itself */
};

enum option_flag {
    OPTION_REQUIRED = 1u << 0,
    OPTION_REPEATS = 1u << 1,    /* a command-line flag that may come several times */
    OPTION_EXCLUSIVE = 1u << 2,  /* the low end itself is not allowed */
    OPTION_POSITIONAL = 1u << 3, /* a command-line argument without a flag */
};

struct option_spec {
    const char *name;
    enum option_type type;
    const char *initial; /* default as it would be written; NULL: none */
    double low, high;    /* for INT and REAL; both 0: any */
    const char *choices; /* for CHOICE: "min|max|fair"; elsewhere: what to call the value in help */
    const char *unit;    /* "s", "MB", ...; NULL: none */
    const char *help;    /* one sentence, no full stop */
    unsigned flags;      /* enum option_flag */
    char letter;         /* short flag on the command line, or 0 */
};

/* A table of a file's keys and where it stands in there, for docs; lists end with .path == NULL. */
struct option_section {
    const char *path, *help; /* "listen.tls", "clusters[]"; "": the top */
    const struct option_spec *options;
};

struct option_value {
    bool given; /* by the user, not by the default */
    bool flag;
    int choice; /* index into choices */
    int64_t integer;
    double real;
    const char
        *string; /* the text as written, owned by the params; NULL without value or default */
    const char **repeat;
    int repeats;
};

/* The values of one table; every row has one, defaults included. */
struct params {
    const struct option_spec *spec;
    struct option_value *value;
    int count;
};

/* All rows at their defaults. Release with params_release. */
void params_init(struct params *params, const struct option_spec *spec);
void params_release(struct params *params);

/* Sets one value from text. Errors name the option, what was expected and the nearest known name.
 */
int params_set(struct params *params, const char *name, const char *text, struct err *err);

/* Reads "key=value,key=value" (may be empty or NULL). */
int params_parse(struct params *params, const char *list, struct err *err);

/* ERR_INVALID when a required row was not given. */
int params_check_required(const struct params *params, struct err *err);

/* By name; an unknown name or another type is a bug. */
bool params_given(const struct params *params, const char *name);
bool params_flag(const struct params *params, const char *name);
int64_t params_int(const struct params *params, const char *name);
double params_real(const struct params *params, const char *name);
int params_choice(const struct params *params, const char *name);
const char *params_string(const struct params *params, const char *name); /* borrowed, or NULL */
const struct option_value *params_value(const struct params *params, const char *name);

/* Row index by name, or -1. */
int option_find(const struct option_spec *spec, const char *name);
/* The known name nearest to a mistyped one, or NULL when nothing is near. */
const char *option_nearest(const struct option_spec *spec, const char *name);
/* The same over any array of names. */
const char *nearest_name(const char *const *names, int count, const char *name);

/* "real in (0, 1]", "one of min, max, fair": what a value of this row must be. */
void option_describe(const struct option_spec *row, struct text *out);

#endif
