#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pollux_rules.py DATA WORKLOAD.csv tiresias|optimus [unordered|smooth]: the rules of Pollux' simulator (petuum/adaptdl, branch
osdi21-artifact, simulator/) written anew, on 16 nodes of 4 GPUs; prints its mean completion time in seconds. With
`unordered`, the speed on some nodes is the mean over the orders in which they were measured, as in tapfinger's
scenarios; with `smooth`, in addition, jobs come on in shares of the time that they take in all on so many GPUs, as tasks
do there: not by epochs of different lengths, each of which ends at a whole second. Needs NumPy and SciPy.

Every 60 s all jobs are advanced, then GPUs are dealt anew:
    tiresias   two queues in the order of entering, the second from 57,600 GPU seconds on; who fits runs, and is placed in that order
    optimus    one GPU each in order of arrival, then one more to whoever saves most: the fall of the time of an
               iteration times the iterations left, counted in whole epochs and without the first of them;
               the narrowest are placed first
A job whose GPUs change stands still for 30 s. Nodes with the most free GPUs come first.
"""
import collections
import math
import sys

import numpy

from pollux_scenario import EPOCHS, PER_NODE, RESTART_S, Application, full_nodes, rows_of

NODES, ROUND_S, LIMIT = 16, 60, 57600


class Job:
    def __init__(self, row, application):
        self.name, self.application = row["application"], application
        self.arrival, self.width, self.batch = float(row["time"]), int(row["num_replicas"]), int(row["batch_size"])
        self.most = self.batch // application.least_local if application.may_grow else 1
        self.nodes, self.progress, self.epoch, self.pause, self.finish = [], 0.0, 0, 0, None
        self.attained, self.seen, self.queue = 0.0, 0.0, 0
        self.ends = application.epoch_ends(self.batch)

    def rate(self, nodes):
        """Seconds of an iteration, and progress in a second."""
        each, passes = self.application.split(self.batch, len(nodes))
        step_s, sync_s = self.application.step_at(nodes, each)
        iteration_s = step_s + (passes - 1) * (step_s - sync_s)
        return iteration_s, self.application.gain(each * passes * len(nodes), self.epoch) / iteration_s

    def advance(self, now, seconds):
        pause = min(self.pause, seconds)
        self.pause -= pause
        now, seconds = now + pause, seconds - pause
        while seconds > 0 and self.finish is None and self.nodes:
            rate = self.rate(self.nodes)[1]
            end = min(rows[self.epoch]["progress"] for rows in self.application.epoch_rows.values())
            if self.progress + rate * seconds < end:
                self.progress += rate * seconds
                return
            took = round((end - self.progress) / rate)
            self.progress, self.epoch = end, self.epoch + 1
            now, seconds = now + took, seconds - took
            if self.epoch == EPOCHS[self.name]:
                self.finish = now

    def advance_smoothly(self, now, seconds):
        """As tapfinger's tasks: in shares of all the time that it takes on so many GPUs."""
        pause = min(self.pause, seconds)
        self.pause -= pause
        if not self.nodes:
            return
        shares = tuple(sorted(self.nodes.count(n) for n in set(self.nodes)))
        total_s = self.application.total_seconds(self.batch, shares)
        left_s = (1 - self.progress) * total_s
        self.progress += (seconds - pause) / total_s
        while self.epoch < EPOCHS[self.name] - 1 and self.ends[self.epoch] <= self.progress:
            self.epoch += 1
        if left_s <= seconds - pause:
            self.finish = now + pause + left_s

    def move(self, nodes):
        if nodes != self.nodes and nodes:
            self.pause = RESTART_S
        self.nodes = nodes

    def iterations_left(self):
        last = EPOCHS[self.name] - 1
        if self.epoch >= last:
            return 1
        return self.application.iterations(self.batch, last) - self.application.iterations(self.batch, self.epoch)


class Profiles(Application):
    """Steps by the nodes that GPUs lie on, each known by its number."""
    unordered = False

    def __init__(self, name, directory):
        super().__init__(name, directory)
        self.known, self.totals = {}, {}

    def step_at(self, nodes, local):
        counts = [nodes.count(n) for n in dict.fromkeys(nodes)]
        if self.unordered:
            return self.unordered_step_at(tuple(sorted(counts)), local)
        place = "".join(map(str, min(counts[i:] + counts[:i] for i in range(len(counts)))))
        if (place, local) not in self.known:
            self.known[place, local] = self.measure(place, local)
        return self.known[place, local]

    def total_seconds(self, batch, shares):
        if (batch, shares) not in self.totals:
            full = full_nodes(sum(shares))
            slower = self.iteration(batch, shares) / self.iteration(batch, full)
            self.totals[batch, shares] = self.seconds(batch, sum(shares)) * (1 if math.isnan(slower) else slower)
        return self.totals[batch, shares]

    def unordered_step_at(self, counts, local):
        if (counts, local) not in self.known:
            if len(counts) <= PER_NODE:
                self.known[counts, local] = self.step(counts, local)
            else:
                self.known[counts, local] = self.measure("".join(map(str, counts)), local)
        return self.known[counts, local]

    def measure(self, place, local):
        if place not in self.steps:
            return tuple(self.between([min(len(place), NODES), sum(map(int, place)), local])[0])
        sizes = sorted(self.steps[place])
        return tuple(float(numpy.interp(local, sizes, [self.steps[place][s][i] for s in sizes])) for i in (0, 1))


def deal_tiresias(live):
    free, width = NODES * PER_NODE, {}
    for job in sorted(live, key=lambda job: job.queue):
        width[job] = job.width if job.width <= free else 0
        free -= width[job]
    return width


def saving(job, gpus):
    if gpus + 1 > job.most:
        return 0
    full = list(range(NODES * PER_NODE))
    time_s = [job.rate([n // PER_NODE for n in full[:g]])[0] for g in (gpus, gpus + 1)]
    return (time_s[0] - time_s[1]) * job.iterations_left()


def deal_optimus(live):
    free, width, gain = NODES * PER_NODE, {}, {}
    for job in live:
        width[job] = 1 if free > 0 else 0
        free -= width[job]
        gain[job] = saving(job, 1) if width[job] else 0
    while free > 0 and max(gain.values()) > 0:
        job = max(gain, key=gain.get)
        width[job] += 1
        free -= 1
        gain[job] = saving(job, width[job])
    return width


def place(live, width, by_width):
    kept = {job: job.nodes if len(job.nodes) == width[job] else [] for job in live}
    free = collections.Counter({n: PER_NODE for n in range(NODES)})
    free.subtract(collections.Counter(n for nodes in kept.values() for n in nodes))
    for job in sorted(live, key=width.get if by_width else lambda job: job.queue):
        nodes = kept[job]
        while len(nodes) < width[job]:
            node, count = free.most_common(1)[0]
            taken = min(count, width[job] - len(nodes))
            nodes = nodes + [node] * taken
            free[node] -= taken
        job.move(nodes)


def main(data, workload, policy, variant):
    Profiles.unordered = variant != ""
    rows = sorted(rows_of(workload), key=lambda row: float(row["time"]))
    profiles = {name: Profiles(name, "%s/traces/%s" % (data, name)) for name in {row["application"] for row in rows}}
    jobs = [Job(row, profiles[row["application"]]) for row in rows]
    now, queues = 0, 0
    while any(job.finish is None for job in jobs):
        for job in jobs:
            if job.finish is None:
                (job.advance_smoothly if variant == "smooth" else job.advance)(now, ROUND_S)
        now += ROUND_S
        live = [job for job in jobs if job.arrival <= now and job.finish is None]
        if policy == "tiresias":
            for job in live:
                job.attained += ROUND_S * len(job.nodes)
                job.queue = max(job.queue, int(job.attained >= LIMIT))
            live.sort(key=lambda job: job.seen if job.queue else 0)
            for job in live:
                if job.queue and not job.seen:
                    queues += 1
                    job.seen = queues
        if live:
            deal = deal_tiresias if policy == "tiresias" else deal_optimus
            place(live, deal(live), policy == "optimus")
    print("%.5f" % (sum(job.finish - job.arrival for job in jobs) / len(jobs)))


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:4], sys.argv[4] if len(sys.argv) == 5 else "")
