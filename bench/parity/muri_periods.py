#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""muri_periods.py STAGES.csv: the time of one common iteration of every group of two to four models with
the same number of GPUs, by the recurrence of Muri's simulator in two ways: walked from a standing
start for two rounds or until two rounds look alike, as that simulator does, and at its exact period
(src/core/stages.c). Prints how often the walk stops too early, and by how much at most.

STAGES.csv is ../shared/data/derived/muri_stage_times.csv."""
import csv
import itertools
import math
import sys


def read_stages(path):
    stages = {}
    for row in csv.DictReader(open(path)):
        if int(row["jobs_using"]) > 5:  # a wrong row is rare
            times = tuple(float(row[k]) for k in ("cpu_stage_ms", "gpu_stage_ms", "net_stage_ms"))
            stages.setdefault(int(row["gpus"]), {})[row["model"]] = times
    return stages


def walked(order):
    end = [0.0] * 9
    for i in range(8):
        for place, (load, compute, network) in enumerate(order):
            if (i + 1) % 4 == place:
                end[i + 1] = max(end[i + 1], end[i] + network)
            if (i + 2) % 4 == place:
                end[i + 1] = max(end[i + 1], end[i] + compute)
            if (i + 3) % 4 == place and i > 0:
                end[i + 1] = max(end[i + 1], end[i - 1] + load)
        if i >= 4 and math.isclose(end[i + 1] - end[i - 3], end[i] - end[i - 4], rel_tol=1e-3):
            return end[i + 1] - end[i - 3]
    return end[8] - end[4]


def exact(order):
    within, across = [-math.inf] * 4, [-math.inf] * 4
    for place, (load, compute, network) in enumerate(order):
        across[(place + 1) % 4] = load
        within[(place + 2) % 4] = max(within[(place + 2) % 4], compute)
        within[(place + 3) % 4] = max(within[(place + 3) % 4], network)
    walks = [across[i] + within[(i + 1) % 4] + within[(i + 2) % 4] for i in range(4)]
    return max(walks + [sum(within), across[0] + across[2], across[1] + across[3]])


def best(group, period):
    shortest = min(period(order) for order in itertools.permutations(group))
    if len(group) == 2:
        a, b = group
        shortest = min(shortest, max(a[0], b[1] + b[2]) + max(b[0], a[1] + a[2]))
    return shortest


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print("GPUS MEMBERS GROUPS SHORT  MOST %")
    for gpus, models in sorted(read_stages(sys.argv[1]).items()):
        for members in (2, 3, 4):
            groups = list(itertools.combinations_with_replacement(sorted(models.values()), members))
            over = [best(g, exact) / best(g, walked) - 1 for g in groups]
            short = sum(x > 1e-9 for x in over)
            print("%4d %7d %6d %5d %7.1f" % (gpus, members, len(groups), short, 100 * max(over)))
