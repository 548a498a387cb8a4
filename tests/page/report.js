// SPDX-License-Identifier: Apache-2.0
// Uses the page of a run as a reader would, and says what does not work.
(function () {
    'use strict';
    const problems = [];
    const tap = window.tap;
    addEventListener('error', (event) => problems.push('error: ' + event.message));

    const expect = (what, holds) => holds || problems.push(what);
    const settle = () => new Promise((done) => setTimeout(done, 120));
    const frame = () => tap.gantt.parts.forEach((view) => view.draw()); // frames may never come in a headless browser
    const key = (node, name) => node.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));
    const rows = (table) => [...table.tBodies[0].rows].map((row) => row.cells[0].textContent);

    async function tables() {
        const table = document.querySelector('#result table');
        const before = rows(table);
        const heading = [...table.tHead.rows[0].cells].find((cell) => cell.textContent.startsWith('MEAN'));
        expect('the result has two policies', before.length === 2);
        heading.querySelector('button').click();
        const up = rows(table);
        heading.querySelector('button').click();
        expect('sorting turns the table round', rows(table).join() === up.reverse().join());
        expect('the sorted column says so', heading.getAttribute('aria-sort') === 'descending');
    }

    async function charts() {
        expect('there are five charts', tap.charts.length === 5);
        for (const chart of tap.charts) {
            const name = chart.figure.id;
            for (const panel of chart.panels) {
                expect(name + ' draws something', panel.svg.querySelector('.mark, .trace'));
                expect(name + ' has a name', panel.svg.getAttribute('aria-label').length > 10);
                for (const path of panel.svg.querySelectorAll('path')) expect(name + ' has a broken path', !/NaN|undefined/.test(path.getAttribute('d')));
            }
            const svg = chart.panels[0].svg;
            key(svg, 'ArrowRight');
            expect(name + ' reads a value to the keyboard', /\d/.test(chart.live.textContent) && !chart.tip.hidden);
            const box = svg.getBoundingClientRect();
            svg.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + box.width * 0.5, clientY: box.top + box.height * 0.4, bubbles: true }));
            const details = chart.figure.querySelector('details');
            details.open = true;
            await settle();
            expect(name + ' shows its data as a table', details.querySelectorAll('tbody tr').length > 0);
            details.open = false;
        }
        const chart = tap.charts[1], keys = chart.figure.querySelectorAll('.keys button');
        const count = () => chart.panels[0].svg.querySelectorAll('.trace').length;
        expect('two lines before', count() === 2);
        keys[0].click();
        expect('a legend entry hides its line', count() === 1 && keys[0].getAttribute('aria-pressed') === 'false');
        keys[0].click();
        expect('and brings it back', count() === 2);
    }

    async function schedule() {
        const { scene, table } = tap.gantt, view = tap.gantt.parts[0], { canvas } = view;
        frame();
        expect('stretches are drawn', view.stats.drawn > 0);
        const whole = [scene.t0, scene.t1], all = view.stats.drawn;
        canvas.dispatchEvent(new WheelEvent('wheel', { deltaY: -240, ctrlKey: true, bubbles: true, cancelable: true }));
        expect('the wheel zooms', scene.t1 - scene.t0 < (whole[1] - whole[0]) * 0.6);
        key(canvas, '+');
        key(canvas, '+');
        frame();
        expect('fewer stretches are drawn then', view.stats.drawn < all);
        const before = scene.t0;
        key(canvas, 'ArrowRight');
        expect('arrows move', scene.t0 > before);
        key(canvas, '0');
        expect('0 shows all', scene.t0 <= 0 && scene.t1 >= scene.end);
        const button = table.body.querySelector('button'), task = Number(button.textContent);
        button.click();
        expect('the table chooses', scene.chosen === task && tap.gantt.task.textContent.includes('Task ' + task));
        const own = view.schedule.stretchesOf(task);
        expect('and shows the task', own.length > 0 && view.schedule.begin[own[0]] < scene.t1 && view.schedule.stop[own[own.length - 1]] > scene.t0);
        pick(view, view.schedule.stretchesOf(3)[0]);
        expect('a click on a stretch chooses its task', scene.chosen === 3);
        expect('and the table turns to it', table.body.querySelector('tr[aria-current]')?.dataset.task === '3');
        compare(scene);
        units(view.schedule);
    }

    // Clicks where the stretch is drawn.
    function pick(view, stretch) {
        const { schedule, scene } = view, lane = schedule.laneOf[stretch];
        const { first, low, units } = schedule.resource[scene.resource], k = first[stretch];
        const x = view.x((schedule.begin[stretch] + schedule.stop[stretch]) / 2);
        const y = view.top[lane] - view.lanes.scrollTop + ((low[k] + units[k] / 2) / scene.common.clusters[lane].capacity[scene.resource]) * view.high[lane];
        scene.fit();
        const box = view.canvas.getBoundingClientRect();
        const at = { clientX: box.left + view.x((schedule.begin[stretch] + schedule.stop[stretch]) / 2), clientY: box.top + y, pointerId: 1, bubbles: true };
        view.canvas.dispatchEvent(new PointerEvent('pointerdown', at));
        view.canvas.dispatchEvent(new PointerEvent('pointerup', at));
        return x;
    }

    function compare(scene) {
        const select = [...document.querySelectorAll('#gantt select')][1];
        select.value = '0';
        select.dispatchEvent(new Event('change'));
        frame();
        expect('two schedules stand under each other', tap.gantt.parts.length === 2 && tap.gantt.parts[1].stats.drawn > 0);
        expect('both tell of the chosen task', tap.gantt.task.querySelectorAll('ol').length === 2);
        expect('they share their time', tap.gantt.parts.every((view) => view.scene === scene));
    }

    // No unit is held twice at a time, and none beyond what the cluster has.
    function units(schedule) {
        schedule.resource.forEach(({ first, low, units: count }, r) => {
            const busy = new Map();
            for (const i of [...schedule.begin.keys()].sort((a, b) => schedule.begin[a] - schedule.begin[b]))
                for (let k = first[i]; k < first[i + 1]; k++)
                    for (let unit = low[k]; unit < low[k] + count[k]; unit++) {
                        const place = schedule.laneOf[i] + ' ' + unit;
                        expect('a unit beyond the capacity', unit < schedule.common.clusters[schedule.laneOf[i]].capacity[r]);
                        expect('a unit held twice', !(busy.get(place) > schedule.begin[i]));
                        busy.set(place, schedule.stop[i]);
                    }
        });
    }

    // Everything that takes the focus has a name; nothing but lanes and tables is wider than the page.
    function access() {
        for (const node of document.querySelectorAll('button, select, input, a[href], [tabindex="0"], summary')) {
            const name = node.getAttribute('aria-label') || node.textContent.trim() || node.closest('label')?.textContent.trim();
            expect('no name: ' + node.outerHTML.slice(0, 80), name);
        }
        const ids = [...document.querySelectorAll('[id]')].map((node) => node.id);
        expect('an id is there twice', new Set(ids).size === ids.length);
        expect('one h1', document.querySelectorAll('h1').length === 1);
        expect('the page is wider than the window', document.documentElement.scrollWidth <= innerWidth + 1);
    }

    function theme() {
        const colour = () => getComputedStyle(document.body).backgroundColor;
        const button = document.querySelector('#theme button');
        const seen = new Set();
        for (let i = 0; i < 3; i++) {
            button.click();
            seen.add(colour());
        }
        expect('light and dark differ', seen.size === 2);
    }

    addEventListener('load', async () => {
        try {
            await settle();
            for (const chart of tap.charts) chart.draw();
            for (const part of [tables, charts, schedule, access, theme]) await part();
            expect('nothing was injected', !window.injected && document.querySelectorAll('main script:not([type])').length === 0);
        } catch (error) {
            problems.push(String(error.stack || error));
        }
        document.documentElement.dataset.verdict = problems.length ? problems.slice(0, 20).join(' | ') : 'fine';
    });
})();
