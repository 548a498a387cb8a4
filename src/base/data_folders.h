/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where files that ship lie. For a kind, "scenarios" say: ./scenarios, $TAPFINGER_SCENARIOS,
 * ../scenarios and ../share/tapfinger/scenarios seen from the program, and where "make install" put
 * them; the first that has a name wins.
 */
#ifndef BASE_DATA_FOLDERS_H
#define BASE_DATA_FOLDERS_H

enum { DATA_FOLDERS_MOST = 5 };

struct data_folders {
    char *path[DATA_FOLDERS_MOST];
    int count;
};

void data_folders_make(struct data_folders *folders, const char *kind);
void data_folders_release(struct data_folders *folders);

/* The first file "FOLDER/NAME.SUFFIX" that can be read, to be freed; NULL if there is none or the
 * name is no plain one. */
char *data_folders_find(const char *kind, const char *name, const char *suffix);

#endif
