#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""muri_rules.py SCENARIO.csv SCENARIO.yaml srtf|srsf|queues [free]

The rules of Muri's simulator once more, written down separately from its code and from ours, over
the files that muri-scenario writes: prints the mean completion time. It tells which rule causes
which difference between the two simulators.

Rules: everything happens at arrivals and ends (queues: and when a job falls to the next queue). At
each of them every running job is charged its start-up: of the time since the last event only what
exceeds it counts as progress. The time of its end, though, is worked out without it. "free" leaves
that charge out, as a commented line of the original does. Then all jobs are placed anew, in order
of remaining time (srtf), of remaining time times GPUs (srsf), or queue by queue (queues), on nodes
of 8 GPUs: a job of up to 8 on the first node that has room, a larger one on whole nodes; queues
only count GPUs.
"""
import csv
import math
import re
import sys

NODES, PER_NODE = 8, 8
LIMITS = [3250, 7200]  # GPU seconds at which a job falls to the second queue, and to the third


class Job:
    def __init__(self, row, startup_s):
        self.arrival_s = float(row["at"])
        self.left_s = float(row["work"])
        self.gpus = int(row["request.gpu"])
        self.startup_s = startup_s
        self.runs = False
        self.queue, self.ran_s = 0, 0.0


def read_jobs(csv_path, yaml_path, free):
    startup = dict(re.findall(r"^  (\S+): .*startup: (\d+)", open(yaml_path).read(), re.M))
    rows = csv.DictReader(open(csv_path))
    return [Job(row, 0 if free else float(startup[row["type"]])) for row in rows]


def place(free, gpus):
    if gpus > PER_NODE:
        whole = [n for n in range(NODES) if free[n] == PER_NODE][: gpus // PER_NODE]
        if len(whole) < gpus // PER_NODE:
            return False
        for n in whole:
            free[n] = 0
        return True
    for n in range(NODES):
        if free[n] >= gpus:
            free[n] -= gpus
            return True
    return False


def deal_by_length(live, by_gpus):
    free = [PER_NODE] * NODES
    live.sort(key=lambda j: j.left_s * (j.gpus if by_gpus else 1))
    for job in live:
        job.runs = place(free, job.gpus)


def deal_by_queue(queues):
    free = NODES * PER_NODE
    for q, queue in enumerate(queues):
        for job in queue:
            job.runs = job.gpus <= free
            free -= job.gpus if job.runs else 0
        queues[q] = [j for j in queue if j.runs] + [j for j in queue if not j.runs]


def fall(job, queues):
    if job.queue < 2 and job.ran_s * job.gpus >= LIMITS[job.queue]:
        queues[job.queue].remove(job)
        job.queue += 1
        queues[job.queue].append(job)


def next_fall_s(live, now_s):
    falls = [math.ceil(LIMITS[j.queue] / j.gpus) - j.ran_s + now_s
             for j in live if j.runs and j.queue < 2]
    return min(falls, default=math.inf)


def simulate(jobs, policy):
    now_s, sum_s, come, fall_s = 0.0, 0.0, 0, math.inf
    live, queues = [], [[], [], []]
    while come < len(jobs) or live:
        arrival_s = jobs[come].arrival_s if come < len(jobs) else math.inf
        end_s = min((now_s + j.left_s for j in live if j.runs), default=math.inf)
        next_s = min(arrival_s, end_s, fall_s)
        falls_first = min(arrival_s, end_s) > fall_s
        ended = [j for j in live if j.runs and now_s + j.left_s == next_s and not falls_first]
        for job in ended:
            sum_s += next_s - job.arrival_s
            live.remove(job)
            queues[job.queue].remove(job)
        while not falls_first and come < len(jobs) and jobs[come].arrival_s == next_s:
            live.append(jobs[come])
            queues[0].append(jobs[come])
            come += 1
        for job in live:
            if job.runs:
                job.left_s -= max(next_s - now_s - job.startup_s, 0)
                job.ran_s += next_s - now_s
                if policy == "queues":
                    fall(job, queues)
        now_s = next_s
        if policy == "queues":
            deal_by_queue(queues)
            fall_s = next_fall_s(live, now_s)
        else:
            deal_by_length(live, policy == "srsf")
    return sum_s / len(jobs)


if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[3] not in ("srtf", "srsf", "queues"):
        sys.exit(__doc__)
    jobs = read_jobs(sys.argv[1], sys.argv[2], "free" in sys.argv[4:])
    print("%.2f" % simulate(jobs, sys.argv[3]))
