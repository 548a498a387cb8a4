// SPDX-License-Identifier: Apache-2.0
// The schedule to look into. Two policies can stand under each other: they share the time that is
// seen and the task that is chosen, and so does the table of tasks below.
(function (tap) {
    'use strict';
    const { element, number } = tap;

    // What all parts share: which time is seen and what is chosen. Parts listen to changes.
    class Scene extends EventTarget {
        constructor(common) {
            super();
            this.common = common;
            this.schedules = [];
            this.resource = 0;
            this.colourBy = 'type';
            this.taller = 1;
            this.chosen = -1;
            this.t0 = 0;
            this.t1 = 1;
        }

        get end() {
            return Math.max(...this.schedules.map((schedule) => schedule.end), 1e-9);
        }

        // Not beyond what there is, and no closer than doubles can tell apart.
        see(t0, t1) {
            const span = Math.min(Math.max(t1 - t0, this.end * 1e-7), this.end * 1.02);
            const first = Math.min(Math.max(t0, -0.01 * this.end), this.end * 1.01 - span);
            this.t0 = Math.max(first, -0.01 * this.end);
            this.t1 = this.t0 + span;
            this.dispatchEvent(new Event('see'));
        }

        zoom(factor, at = (this.t0 + this.t1) / 2) {
            const span = Math.min(Math.max((this.t1 - this.t0) / factor, this.end * 1e-7), this.end * 1.02);
            const part = (at - this.t0) / (this.t1 - this.t0);
            this.see(at - part * span, at + (1 - part) * span);
        }

        pan(part) {
            const step = part * (this.t1 - this.t0);
            this.see(this.t0 + step, this.t1 + step);
        }

        fit() {
            this.see(0, this.end * 1.005);
        }

        choose(task, from) {
            this.chosen = task;
            this.dispatchEvent(new CustomEvent('choose', { detail: { from } }));
        }

        // Brings all of a task into sight.
        goTo(task) {
            const schedule = this.schedules[0];
            const from = schedule.array.arrival[task];
            const stretches = schedule.stretchesOf(task);
            const to = stretches.length ? schedule.stop[stretches[stretches.length - 1]] : from;
            const room = Math.max(to - from, this.end * 1e-3);
            this.see(from - room, to + room);
            this.choose(task, 'table');
        }

        change() {
            this.dispatchEvent(new Event('change'));
        }
    }

    class Gantt {
        constructor(node, common) {
            this.common = common;
            this.scene = new Scene(common);
            this.loaded = new Map();
            this.views = element('div', {});
            this.types = element('ul', { class: 'types', 'aria-label': 'Colours' });
            this.cutNote = element('p', { class: 'note', hidden: true });
            this.task = element('div', { class: 'task', 'aria-live': 'polite' });
            this.overview = new tap.ScheduleOverview(this.scene);
            this.table = new tap.TaskTable(this.scene);
            node.append(this.controls(), this.types, this.cutNote, this.views, this.overview.canvas,
                element('p', { class: 'hint' }, 'Drag to move, ', element('kbd', {}, 'Ctrl'), ' + wheel or pinch to zoom, double click to come closer; with the keyboard: arrows, ',
                    element('kbd', {}, '+'), ' ', element('kbd', {}, '-'), ' ', element('kbd', {}, '0'), ', ', element('kbd', {}, 'n'), ' and ', element('kbd', {}, 'p'), ' for tasks. A hatched lane is down.'),
                this.task, this.table.node);
            this.scene.addEventListener('choose', () => tap.describeTask(this.scene, this.task));
            this.show();
            this.scene.fit();
        }

        select(label, options, value, change) {
            const select = element('select', {}, ...options.map(([key, words]) => element('option', { value: key, selected: key === value }, words)));
            select.addEventListener('change', () => change(select.value));
            return element('label', {}, label, ' ', select);
        }

        controls() {
            const { schedules, resources } = this.common;
            const names = schedules.map((own, i) => [String(i), own.policy]);
            const button = (words, title, act) => element('button', { type: 'button', title, 'aria-label': title, onclick: act }, words);
            this.first = names.length - 1;
            this.second = -1;
            return element('div', { class: 'row', role: 'toolbar', 'aria-label': 'Schedule' },
                this.select('Policy', names, String(this.first), (value) => this.show(this.first = Number(value))),
                names.length > 1 ? this.select('beside', [['-1', 'none'], ...names], '-1', (value) => this.show(this.second = Number(value))) : null,
                resources.length > 1 ? this.select('Height', resources.map((name, i) => [String(i), name]), '0', (value) => this.turn('resource', Number(value))) : null,
                this.select('Lanes', [['1', 'fit'], ['2', 'taller'], ['5', 'tallest']], '1', (value) => this.turn('taller', Number(value))),
                this.select('Colour', [['type', 'type'], ['slowdown', 'slowdown']], 'type', (value) => this.turn('colourBy', value)),
                button('−', 'Zoom out', () => this.scene.zoom(1 / 2)), button('+', 'Zoom in', () => this.scene.zoom(2)), button('All', 'Show all', () => this.scene.fit()));
        }

        load(index) {
            if (!this.loaded.has(index)) this.loaded.set(index, new tap.Schedule(this.common, this.common.schedules[index]));
            return this.loaded.get(index);
        }

        show() {
            const wanted = [this.first, ...(this.second >= 0 && this.second !== this.first ? [this.second] : [])];
            const before = this.scene.schedules.length ? this.scene.end : 0;
            this.scene.schedules = wanted.map((index) => this.load(index));
            for (const view of this.parts || []) view.close();
            this.parts = this.scene.schedules.map((schedule) => new tap.ScheduleView(this.scene, schedule));
            this.views.replaceChildren(...this.parts.map((view) => view.node));
            const cut = this.scene.schedules.filter((schedule) => schedule.cut !== null);
            this.cutNote.hidden = cut.length === 0;
            this.cutNote.textContent = cut.map((schedule) => `${schedule.policy}: more stretches than a page can hold; those that begin from ${number(schedule.cut)} ${this.common.unit} on are not shown.`).join(' ');
            this.legend();
            this.scene.change();
            if (before && before !== this.scene.end) this.scene.see(this.scene.t0, this.scene.t1);
            tap.describeTask(this.scene, this.task);
        }

        turn(what, value) {
            this.scene[what] = value;
            this.legend();
            this.scene.change();
        }

        legend() {
            const keys = tap.scheduleColourKeys(this.scene);
            this.types.replaceChildren(...keys.slice(0, 24).map(([colour, words]) => element('li', {}, element('span', { class: `swatch k${colour}` }), words)),
                keys.length > 24 ? element('li', {}, `and ${keys.length - 24} more`) : '');
        }
    }

    tap.onready.push(() => {
        const data = document.getElementById('schedules'), node = document.getElementById('gantt');
        if (!data || !node) return;
        const common = JSON.parse(data.textContent);
        if (common.schedules.length) tap.gantt = new Gantt(node, common);
        else node.append(element('p', { class: 'note' }, 'No policy finished this seed.'));
    });
})((window.tap = window.tap || {}));
