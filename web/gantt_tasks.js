// SPDX-License-Identifier: Apache-2.0
// What stands beside the schedule in words: the tasks of a policy as a table that can be searched,
// and all that became of the chosen one.
(function (tap) {
    'use strict';
    const { element, number } = tap;
    const ROWS = 15;

    // All that is known of the chosen task.
    function describeTask(scene, node) {
        const schedule = scene.schedules[0], task = scene.chosen;
        if (task < 0 || task >= schedule.tasks) {
            node.replaceChildren(element('p', { class: 'faint' }, 'Choose a task in the schedule or in the table to see what became of it.'));
            return;
        }
        const parts = [element('p', {}, element('b', {}, `Task ${task}`), ` ${schedule.typeName(task)}, arrived at ${number(schedule.array.arrival[task])} ${scene.common.unit}`)];
        for (const each of scene.schedules) {
            const stretches = [...each.stretchesOf(task)];
            const done = isFinite(each.completion(task));
            parts.push(element('p', {}, `${each.policy}: ` + (done
                ? `completion time ${number(each.completion(task))}, of it waiting ${number(each.waited(task))}; slowdown ${number(each.array.slowdown[task])}`
                : stretches.length ? 'not finished' : 'never started, or started later than is shown')));
            parts.push(element('ol', {}, ...stretches.slice(0, 200).map((i) => element('li', {},
                `${number(each.begin[i])} to ${number(each.stop[i])} on ${scene.common.clusters[each.laneOf[i]].name} with ` +
                scene.common.resources.map((name, r) => `${each.units(i, r)} ${name}`).join(', ') + `, until ${scene.common.causes[each.array.cause[i]]}`))));
        }
        node.replaceChildren(...parts);
    }

    class TaskTable {
        constructor(scene) {
            this.scene = scene;
            this.page = 0;
            this.column = 3;
            this.down = true;
            this.columns = [
                ['Task', (s, t) => t], ['Type', (s, t) => s.typeName(t)], ['Arrival', (s, t) => s.array.arrival[t]],
                ['Completion', (s, t) => s.completion(t)], ['Waiting', (s, t) => s.waited(t)], ['Slowdown', (s, t) => s.array.slowdown[t]],
                ['Stretches', (s, t) => s.ofTask[t + 1] - s.ofTask[t]], ['Cluster', (s, t) => this.cluster(s, t)],
            ];
            this.filter = element('input', { type: 'search', placeholder: 'number, type or cluster', size: 26 });
            this.filter.addEventListener('input', () => this.renew());
            this.body = element('tbody', {});
            this.head = element('tr', {}, ...this.columns.map(([name], i) => element('th', { scope: 'col', class: i === 1 || i === 7 ? null : 'number' },
                element('button', { type: 'button', onclick: () => this.sortBy(i) }, name))));
            this.where = element('span', { class: 'faint', 'aria-live': 'polite' });
            const turn = (by) => () => {
                this.page += by;
                this.show();
            };
            this.before = element('button', { type: 'button', onclick: turn(-1) }, 'Previous');
            this.after = element('button', { type: 'button', onclick: turn(1) }, 'Next');
            this.caption = element('caption', {});
            this.node = element('div', {},
                element('div', { class: 'row' }, element('label', {}, 'Find tasks ', this.filter), this.before, this.after, this.where),
                element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Tasks' }, element('table', {}, this.caption, element('thead', {}, this.head), this.body)));
            scene.addEventListener('change', () => this.renew());
            scene.addEventListener('choose', (event) => this.follow(event.detail.from));
        }

        get schedule() {
            return this.scene.schedules[0];
        }

        cluster(schedule, task) {
            const own = schedule.stretchesOf(task);
            return own.length ? this.scene.common.clusters[schedule.laneOf[own[own.length - 1]]].name : '';
        }

        sortBy(column) {
            this.down = this.column === column ? !this.down : column !== 1 && column !== 7 && column !== 0;
            this.column = column;
            this.renew();
        }

        matching() {
            const { schedule } = this, wanted = this.filter.value.trim().toLowerCase();
            const all = Uint32Array.from({ length: schedule.tasks }, (_, task) => task);
            if (!wanted) return all;
            return all.filter((t) => String(t) === wanted || schedule.typeName(t).toLowerCase().includes(wanted) || this.cluster(schedule, t).toLowerCase().includes(wanted));
        }

        // Numbers are looked up in an array of keys, not made anew for each comparison: there may
        // be a hundred thousand. What has no value comes last, either way.
        renew() {
            const { schedule } = this, value = this.columns[this.column][1], sign = this.down ? -1 : 1;
            const tasks = this.matching();
            if (typeof value(schedule, 0) === 'string') {
                const names = Array.from({ length: schedule.tasks }, (_, task) => value(schedule, task));
                const { compare } = new Intl.Collator('en', { numeric: true });
                this.order = tasks.sort((a, b) => (names[a] === names[b] ? a - b : sign * compare(names[a], names[b])));
            } else {
                const keys = Float64Array.from({ length: schedule.tasks }, (_, task) => {
                    const key = sign * value(schedule, task);
                    return isNaN(key) ? Infinity : key;
                });
                this.order = tasks.sort((a, b) => (keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : a - b));
            }
            this.page = 0;
            this.show();
        }

        show() {
            const { schedule, order } = this;
            const pages = Math.max(Math.ceil(order.length / ROWS), 1);
            this.page = Math.min(Math.max(this.page, 0), pages - 1);
            const shown = order.slice(this.page * ROWS, (this.page + 1) * ROWS);
            this.caption.textContent = `Tasks of ${schedule.policy}, seed ${this.scene.common.seed}; times in ${this.scene.common.unit}`;
            [...this.head.cells].forEach((cell, i) => {
                if (i === this.column) cell.setAttribute('aria-sort', this.down ? 'descending' : 'ascending');
                else cell.removeAttribute('aria-sort');
            });
            this.body.replaceChildren(...Array.from(shown, (task) => this.row(task)));
            this.before.disabled = this.page === 0;
            this.after.disabled = this.page === pages - 1;
            this.where.textContent = order.length ? `${this.page * ROWS + 1} to ${this.page * ROWS + shown.length} of ${order.length}` : 'none';
        }

        row(task) {
            const values = this.columns.map(([, value]) => value(this.schedule, task));
            const row = element('tr', { 'aria-current': task === this.scene.chosen ? 'true' : null },
                element('th', { scope: 'row', class: 'number' }, element('button', { type: 'button', title: 'Show it in the schedule', onclick: () => this.scene.goTo(task) }, String(task))),
                ...values.slice(1).map((value) => element('td', { class: typeof value === 'number' ? 'number' : null }, typeof value === 'number' ? number(value) : value)));
            row.dataset.task = task;
            return row;
        }

        // What was chosen elsewhere is turned to.
        follow(from) {
            const at = this.order.indexOf(this.scene.chosen);
            if (at >= 0 && from === 'view') this.page = Math.floor(at / ROWS);
            if (from === 'view') this.show();
            for (const row of this.body.rows)
                if (Number(row.dataset.task) === this.scene.chosen) row.setAttribute('aria-current', 'true');
                else row.removeAttribute('aria-current');
        }
    }

    Object.assign(tap, { TaskTable, describeTask });
})((window.tap = window.tap || {}));
