// SPDX-License-Identifier: Apache-2.0
// The schedules that report/gantt_page.c puts into a page: typed arrays, and what is found in them
// by searching: which stretches a lane shows at a time, and what a task did.
(function (tap) {
    'use strict';
    const kinds = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array, f64: Float64Array };

    function decode(text) {
        const raw = atob(text);
        const bytes = new Uint8Array(raw.length);
        for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
        return bytes;
    }

    // Where each stretch's pieces begin, from how many it has.
    function sums(counts) {
        const first = new Uint32Array(counts.length + 1);
        for (let i = 0; i < counts.length; i++) first[i + 1] = first[i] + counts[i];
        return first;
    }

    class Schedule {
        constructor(common, own) {
            const bytes = decode(document.getElementById(own.id).textContent);
            let at = 0;
            this.common = common;
            this.policy = own.policy;
            this.end = own.end;
            this.cut = own.cut;
            this.outages = own.outages;
            this.array = {};
            for (const [name, kind, count] of own.arrays) {
                const width = kinds[kind].BYTES_PER_ELEMENT * count;
                this.array[name] = new kinds[kind](bytes.slice(at, at + width).buffer);
                at += width;
            }
            this.begin = this.array.begin;
            this.stop = this.array.end;
            this.task = this.array.task;
            this.resource = common.resources.map((name) => ({
                name, first: sums(this.array['pieces ' + name]), low: this.array['low ' + name], units: this.array['units ' + name],
            }));
            this.findLanes(own.lanes);
            this.findTasks();
        }

        // Stretches of a lane lie by their begin; latest[i] is the latest end up to i.
        findLanes(counts) {
            this.lane = sums(counts);
            this.laneOf = new Uint32Array(this.begin.length);
            this.latest = new Float64Array(this.begin.length);
            for (let c = 0; c < counts.length; c++)
                for (let i = this.lane[c]; i < this.lane[c + 1]; i++) {
                    this.laneOf[i] = c;
                    this.latest[i] = i > this.lane[c] ? Math.max(this.latest[i - 1], this.stop[i]) : this.stop[i];
                }
        }

        // Per task: its stretches by time, when it first started and how long it held anything.
        findTasks() {
            const tasks = this.array.arrival.length;
            const counts = new Uint32Array(tasks);
            for (const task of this.task) counts[task]++;
            this.ofTask = sums(counts);
            this.stretches = new Uint32Array(this.begin.length);
            this.start = new Float64Array(tasks).fill(NaN);
            this.held = new Float64Array(tasks);
            const next = this.ofTask.slice();
            for (let i = 0; i < this.task.length; i++) this.stretches[next[this.task[i]]++] = i;
            for (let task = 0; task < tasks; task++) {
                const own = this.stretches.subarray(this.ofTask[task], this.ofTask[task + 1]);
                if (own.length > 1) own.sort((a, b) => this.begin[a] - this.begin[b]);
                if (own.length) this.start[task] = this.begin[own[0]];
                for (const i of own) this.held[task] += this.stop[i] - this.begin[i];
            }
        }

        get tasks() {
            return this.array.arrival.length;
        }

        completion(task) {
            return this.array.finish[task] - this.array.arrival[task];
        }

        waited(task) {
            return this.completion(task) - this.held[task];
        }

        typeName(task) {
            return this.common.types[this.array.type[task]] ?? '?';
        }

        stretchesOf(task) {
            return this.stretches.subarray(this.ofTask[task], this.ofTask[task + 1]);
        }

        units(stretch, resource) {
            const { first, units } = this.resource[resource];
            let sum = 0;
            for (let k = first[stretch]; k < first[stretch + 1]; k++) sum += units[k];
            return sum;
        }

        // [from, to) of the stretches of a lane that may be seen between two times.
        range(lane, t0, t1) {
            let low = this.lane[lane], high = this.lane[lane + 1];
            const end = high;
            while (low < high) {
                const middle = (low + high) >> 1;
                if (this.latest[middle] <= t0) low = middle + 1;
                else high = middle;
            }
            const from = low;
            high = end;
            while (low < high) {
                const middle = (low + high) >> 1;
                if (this.begin[middle] < t1) low = middle + 1;
                else high = middle;
            }
            return [from, low];
        }

        // The stretch that holds a unit of a lane at a time, or -1.
        find(lane, resource, time, unit) {
            const { first, low, units } = this.resource[resource];
            const [from, to] = this.range(lane, time, time + 1e-12 * Math.max(1, Math.abs(time)));
            for (let i = from; i < to; i++)
                if (this.begin[i] <= time && time < this.stop[i])
                    for (let k = first[i]; k < first[i + 1]; k++)
                        if (low[k] <= unit && unit < low[k] + units[k]) return i;
            return -1;
        }

        // Share of all units in use, in so many equal parts of the time from 0 to end.
        usage(resource, bins, end) {
            const total = this.common.clusters.reduce((sum, cluster) => sum + cluster.capacity[resource], 0) || 1;
            const used = new Float64Array(bins), bin = end / bins || 1;
            for (let i = 0; i < this.begin.length; i++) {
                const units = this.units(i, resource);
                if (!units) continue;
                const last = Math.min(Math.ceil(this.stop[i] / bin), bins);
                for (let b = Math.floor(this.begin[i] / bin); b < last; b++)
                    used[b] += (units * (Math.min(this.stop[i], (b + 1) * bin) - Math.max(this.begin[i], b * bin))) / bin / total;
            }
            return used;
        }
    }

    tap.Schedule = Schedule;
})((window.tap = window.tap || {}));
