#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pollux_scenario.py DATA WORKLOAD.csv OUT [iteration]: writes OUT.yaml, OUT-iterations.yaml and OUT.csv from a
workload of Pollux' simulator (petuum/adaptdl, branch osdi21-artifact, simulator/) and its measured
profiles in DATA. Needs NumPy and SciPy.

A type is an application with the batch size that its user chose. Its duration on n GPUs is the sum
over epochs of what the simulator makes of them: progress of the epoch over goodput, in whole
seconds, where goodput is the statistical gain of the batch over the time of a step. Steps were
measured for placements on nodes of 4 GPUs and batch sizes per GPU; those of n GPUs are taken for
full nodes and a rest, interpolated over the batch size, or if that placement was not measured over
nodes, GPUs and batch size. Other placements stand in the type as factors on its speed, the mean
over the orders in which their nodes were measured. A restart holds the GPUs for 30 s without
progress.

OUT-iterations.yaml is the profile that their Optimus goes by: what counts is the time of an
iteration and the iterations left in every epoch. An iteration's batch is rounded up to whole
samples per GPU, so with more GPUs iterations may take longer and the job end sooner. ncf is not
given a second GPU there. With `iteration`, the last epoch counts as one iteration, as it does there.
"""
import csv
import glob
import itertools
import math
import os
import sys

import numpy
from scipy.interpolate import LinearNDInterpolator

EPOCHS = {"bert": 2, "cifar10": 100, "ncf": 10, "imagenet": 90, "deepspeech2": 80, "yolov3": 50}
NODES, PER_NODE, RESTART_S = 16, 4, 30
MOST_GPUS = NODES * PER_NODE


def rows_of(path):
    with open(path) as file:
        return list(csv.DictReader(file))


def full_nodes(gpus):
    return ([gpus % PER_NODE] if gpus % PER_NODE else []) + [PER_NODE] * (gpus // PER_NODE)


def even_nodes(gpus, nodes):
    return [gpus // nodes] * (nodes - gpus % nodes) + [gpus // nodes + 1] * (gpus % nodes)


def placements(most):
    """Those of up to 4 nodes; then steps know nothing but the nodes and the GPUs."""
    for nodes in range(1, PER_NODE + 1):
        yield from itertools.combinations_with_replacement(range(1, PER_NODE + 1), nodes)
    for nodes in range(PER_NODE + 1, NODES + 1):
        for gpus in range(nodes, min(most, PER_NODE * nodes) + 1):
            yield even_nodes(gpus, nodes)


class Application:
    def __init__(self, name, directory):
        self.epochs, self.epoch_rows, self.steps, points = EPOCHS[name], {}, {}, {}
        self.may_grow = name != "ncf"
        for path in glob.glob(os.path.join(directory, "validation-*.csv")):
            batch = int(path.rsplit("-", 1)[1].split(".")[0])
            self.epoch_rows[batch] = [{k: float(v) for k, v in row.items()} for row in rows_of(path)]
        for row in rows_of(os.path.join(directory, "placements.csv")):
            place, local = row["placement"], int(row["local_bsz"])
            step = (float(row["step_time"]), float(row["sync_time"]))
            self.steps.setdefault(place, {})[local] = step
            gpus = sum(map(int, place))
            points.setdefault((len(place), gpus, local), []).append(step)
        measured = [(key, numpy.mean(steps, axis=0)) for key, steps in sorted(points.items())]
        for row in rows_of(os.path.join(directory, "scalability.csv")):
            key = tuple(int(row[k]) for k in ("num_nodes", "num_replicas", "local_bsz"))
            measured.append((key, (float(row["step_time"]), float(row["sync_time"]))))
        self.between = LinearNDInterpolator(numpy.array([m[0] for m in measured], float),
                                            numpy.array([m[1] for m in measured]))
        locals_ = [local for steps in self.steps.values() for local in steps]
        self.least_local, self.most_local = min(locals_), 8 if name == "yolov3" else max(locals_)

    def step(self, shares, local):
        """Seconds of a step, and of the exchange in it, on nodes that give so many GPUs each."""
        places = {place for place in map("".join, itertools.permutations(map(str, shares)))
                  if place in self.steps} if len(shares) <= PER_NODE else {}
        if not places:
            return tuple(self.between([len(shares), sum(shares), local])[0])
        return tuple(numpy.mean([self.step_at_place(place, local) for place in sorted(places)], axis=0))

    def step_at_place(self, place, local):
        sizes = sorted(self.steps[place])
        if not sizes[0] <= local <= sizes[-1]:
            return math.nan, math.nan
        return tuple(float(numpy.interp(local, sizes, [self.steps[place][s][i] for s in sizes]))
                     for i in (0, 1))

    def split(self, batch, gpus):
        """The batch per GPU and pass, and the passes before an exchange."""
        local = math.ceil(batch / gpus - 1e-8)
        passes = math.ceil(local / self.most_local - 1e-8)
        if gpus == 1 and batch > min(self.epoch_rows):
            passes = max(2, passes)
        each = math.ceil(local / passes - 1e-8)
        return min(each, max(self.epoch_rows) // (gpus * passes)), passes

    def between_batches(self, batch):
        """The sizes measured next to one, and how far it is from the lower to the upper."""
        below = max(b for b in self.epoch_rows if b <= batch)
        above = min(b for b in self.epoch_rows if b >= batch)
        return below, above, (batch - below) / (above - below) if above > below else 0

    def gain(self, batch, epoch):
        below, above, part = self.between_batches(batch)
        square, variance = ((1 - part) * self.epoch_rows[below][epoch][k] +
                            part * self.epoch_rows[above][epoch][k] for k in ("grad_sqr", "grad_var"))
        return (variance + square) / (variance * min(self.epoch_rows) / batch + square)

    def iteration(self, batch, shares):
        each, passes = self.split(batch, sum(shares))
        step_s, sync_s = self.step(shares, each)
        return step_s + (passes - 1) * (step_s - sync_s)

    def seconds(self, batch, gpus):
        each, passes = self.split(batch, gpus)
        step_s = self.iteration(batch, full_nodes(gpus))
        if math.isnan(step_s):
            return math.nan
        total, progress = 0, 0.0
        for epoch in range(self.epochs):
            end = min(rows[epoch]["progress"] for rows in self.epoch_rows.values())
            total += round((end - progress) * step_s / self.gain(each * passes * gpus, epoch))
            progress = end
        return total

    def believed_seconds(self, batch, gpus):
        """All iterations, none of them longer for the order of nodes."""
        shares = full_nodes(gpus)
        place, (each, passes) = "".join(map(str, shares)), self.split(batch, gpus)
        step_s, sync_s = (self.step_at_place(place, each) if place in self.steps
                          else self.between([len(shares), gpus, each])[0])
        return (step_s + (passes - 1) * (step_s - sync_s)) * self.iterations(batch, self.epochs - 1)

    def iterations(self, batch, epoch):
        """Up to the end of an epoch, between the batch sizes that were measured."""
        below, above, part = self.between_batches(batch)
        return ((1 - part) * self.epoch_rows[below][epoch]["iteration"] +
                part * self.epoch_rows[above][epoch]["iteration"])

    def epoch_ends(self, batch):
        """By the time that they take, which is progress in the scenario; on one GPU, where it matters least."""
        each, passes = self.split(batch, 1)
        progress, ends = 0.0, [0.0]
        for epoch in range(self.epochs):
            end = min(rows[epoch]["progress"] for rows in self.epoch_rows.values())
            ends.append(ends[-1] + (end - progress) / self.gain(each * passes, epoch))
            progress = end
        return [end / ends[-1] for end in ends[1:]]


def measured_seconds(application, batch):
    seconds = []
    while len(seconds) < min(batch // application.least_local, MOST_GPUS):
        next_s = application.seconds(batch, len(seconds) + 1)
        if math.isnan(next_s):
            break
        seconds.append(next_s)
    return seconds


def placement_factors(application, batch, most):
    for shares in placements(most):
        if sum(shares) <= most:
            factor = application.iteration(batch, full_nodes(sum(shares))) / application.iteration(batch, shares)
            if not math.isnan(factor):
                yield "%s: %.6g" % ("+".join(map(str, shares)), factor)


def write_type(out, name, epochs, seconds, more=""):
    levels = ", ".join(str(n + 1) for n in range(len(seconds)))
    out.write("  %s: {min: {gpu: 1}, max: {gpu: %d}, epochs: [%s],\n"
              "    speed: {model: table, grid: {gpu: [%s]}, seconds: [%s]}%s}\n"
              % (name, len(seconds), ", ".join(epochs), levels, ", ".join("%.9g" % s for s in seconds), more))


def write_truth(out, name, application, batch, last_iteration):
    """Returns the most GPUs on which it was measured. What is left in the last epoch is told by an epoch of its own."""
    seconds = measured_seconds(application, batch)
    factors = list(placement_factors(application, batch, len(seconds)))
    more = ", startup: %d, switching: {factor: 0, seconds: %d}" % (RESTART_S, RESTART_S)
    if factors:
        more += ",\n    placements: {%s}" % ", ".join(factors)
    ends = ["%.6g" % end for end in application.epoch_ends(batch)]
    if last_iteration:
        ends[-1:] = ["0.99999999", "1"]
    write_type(out, name, ends, seconds, more)
    return len(seconds)


def write_belief(out, name, application, batch, most, last_iteration):
    grows = most if application.may_grow else 1
    seconds = [application.believed_seconds(batch, min(n, grows)) for n in range(1, most + 1)]
    iterations = [application.iterations(batch, epoch) for epoch in range(application.epochs)]
    ends = [i / iterations[-1] for i in iterations]
    if last_iteration:
        ends[-1:] = [1 - 1 / iterations[-1], 1]
    write_type(out, name, ["%.9g" % end for end in ends], seconds)


def write_head(out, arrivals):
    out.write("resources: [gpu]\nclusters: [{name: site, capacity: {gpu: %d}, nodes: %d, placement: any}]\n"
              "arrivals: {%s}\ntypes:\n" % (MOST_GPUS, NODES, arrivals))


def main(data, workload, out, last_iteration):
    jobs = sorted(rows_of(workload), key=lambda job: float(job["time"]))
    applications, most = {}, {}
    with open(out + ".yaml", "w") as truth, open(out + "-iterations.yaml", "w") as belief:
        write_head(truth, "process: file, file: %s.csv" % os.path.basename(out))
        write_head(belief, "process: poisson, rate: 1, tasks: 1")
        for job in jobs:
            name, batch = job["application"], int(job["batch_size"])
            if name not in applications:
                applications[name] = Application(name, os.path.join(data, "traces", name))
            if (name, batch) not in most:
                type_name = "%s-%d" % (name, batch)
                most[name, batch] = write_truth(truth, type_name, applications[name], batch, last_iteration)
                write_belief(belief, type_name, applications[name], batch, most[name, batch], last_iteration)
    with open(out + ".csv", "w") as file:
        file.write("at,type,request.gpu\n")
        for job in jobs:
            name, batch = job["application"], int(job["batch_size"])
            if int(job["num_replicas"]) > most[name, batch]:
                sys.exit("%s: no measured speed on %s GPUs" % (job["name"], job["num_replicas"]))
            file.write("%s,%s-%d,%s\n" % (job["time"], name, batch, job["num_replicas"]))


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5) or sys.argv[4:] not in ([], ["iteration"]):
        sys.exit(__doc__)
    main(*sys.argv[1:4], len(sys.argv) == 5)
