/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the scenario reader; only core/scenario*.c include this. */
#ifndef CORE_SCENARIO_READ_H
#define CORE_SCENARIO_READ_H

#include "base/yaml.h"
#include "core/scenario.h"

extern const struct option_spec scenario_top_options[];
extern const struct option_spec resource_options[];
extern const struct option_spec cluster_options[];
extern const struct option_spec link_options[];
extern const struct option_spec link_pair_options[];
extern const struct option_spec outage_options[];
extern const struct option_spec sharing_options[];
extern const struct option_spec type_options[];
extern const struct option_spec stage_options[];
extern const struct option_spec work_options[];
extern const struct option_spec noise_options[];
extern const struct option_spec switching_options[];
extern const struct option_spec failure_options[];
extern const struct option_spec arrival_options[];
extern const struct option_spec reach_options[];
extern const struct option_spec reach_set_options[];

/* Each reads one section of the root map into the scenario; earlier ones are read already. */
int scenario_read_resources(struct scenario *s, const struct yaml_node *root, struct err *err);
int scenario_read_clusters(struct scenario *s, const struct yaml_node *root, struct err *err);
int scenario_read_links(struct scenario *s, const struct yaml_node *root, struct err *err);
int scenario_read_outages(struct scenario *s, const struct yaml_node *root, struct err *err);
int scenario_read_sharing(struct scenario *s, const struct yaml_node *root, struct err *err);
int scenario_read_types(struct scenario *s, const struct yaml_node *root, struct err *err);
int scenario_read_arrivals(struct scenario *s, const struct yaml_node *root, struct err *err);
int scenario_read_reach(struct scenario *s, const struct yaml_node *root, struct err *err);

/* Index of the cluster that a node names, with an error that suggests the nearest. */
int scenario_read_cluster_name(const struct scenario *s, const struct yaml_node *node,
                               const char *what, int32_t *out, struct err *err);

#endif
