// SPDX-License-Identifier: Apache-2.0
// The live Gantt chart: every cluster's processors and GPUs as rows, what held them, what runs and until
// when probably, and where what waits is expected. One tab stop: arrow keys walk from bar to bar and a
// polite live region says what is there; colour is never alone, since a bar has its type's mark and name.
(function (live) {
    'use strict';
    const { make } = live;
    const HUES = 7, MARKS = ['■', '▲', '●', '◆', '▼', '★', '✚'], AXIS = 20, GAP = 10;
    const RANGES = [['auto', 'the present stretch of work'], [600, '10 minutes'], [3600, '1 hour'], [6 * 3600, '6 hours'], [86400, '1 day']];
    const view = { range: 'auto', colour: 'type', cursor: null, bars: [] };
    live.ganttView = view;

    // Stretches of one allocation, from what the API tells of tasks; times in ms.
    function stretches(tasks, planned, now) {
        const list = [];
        for (const task of tasks) {
            for (const spell of task.spells)
                list.push({ task, kind: 'ran', cluster: spell.cluster, allocation: spell.allocation, from: Date.parse(spell.from), to: spell.to ? Date.parse(spell.to) : now });
            const last = list[list.length - 1];
            if (task.left_s && last && last.task === task)
                list.push({ ...last, kind: 'expected', from: now, to: now + 1000 * Math.max(0.5, task.left_s[1]) });
        }
        for (const task of planned) {
            const from = now + 1000 * task.eta_s[1];
            list.push({ task, kind: 'planned', cluster: task.cluster, allocation: task.allocation, from, to: from + 1000 * (task.run_s || 60) });
        }
        return list;
    }

    // Which units of a resource each stretch is drawn on: those that it had, else neighbours, else any; where forecasts
    // contradict each other and too few are free, those that are free first.
    function place(list, units, resource) {
        const until = new Array(units).fill(-Infinity), had = new Map();
        for (const one of list) {
            const wanted = Math.min(units, one.allocation[resource] || 0);
            const free = (u) => until[u] <= one.from + 1;
            let mine = (had.get(one.task) || []).filter(free).slice(0, wanted);
            if (mine.length < wanted && !mine.length)
                for (let u = 0; u + wanted <= units && !mine.length; u++) {
                    const run = Array.from({ length: wanted }, (_, i) => u + i);
                    if (run.every(free)) mine = run;
                }
            const others = [...until.keys()].filter((u) => !mine.includes(u)).sort((a, b) => Math.max(until[a], one.from + 1) - Math.max(until[b], one.from + 1));
            mine.push(...others.slice(0, wanted - mine.length));
            mine.sort((a, b) => a - b).forEach((u) => (until[u] = one.to));
            had.set(one.task, mine);
            one.units = { ...one.units, [resource]: mine };
        }
    }
    // [3, 4, 5, 8] -> [[3, 3], [8, 1]]
    function runsOf(units) {
        const runs = [];
        for (const u of units) {
            const last = runs[runs.length - 1];
            if (last && last[0] + last[1] === u) last[1]++;
            else runs.push([u, 1]);
        }
        return runs;
    }

    const keyOf = (one) => ({ type: one.task.type, user: one.task.user || 'other users', state: one.kind === 'planned' ? 'PENDING' : one.task.state })[view.colour];
    function describe(one) {
        const t = one.task, held = live.amount(one.allocation);
        if (one.kind === 'planned') return `${t.id} ${t.name} (${t.type}): waits, likely to start on ${one.cluster} in ${live.seconds(t.eta_s[1])} with ${held}`;
        if (one.kind === 'expected') return `${t.id} ${t.name} (${t.type}): likely to end on ${one.cluster} in ${live.seconds(t.left_s[1])}`;
        const over = one.to - one.from, done = typeof t.progress === 'number' && t.state === 'RUNNING' ? `, ${live.percent(t.progress)} done` : '';
        return `${t.id} ${t.name} (${t.type}): ${t.state}${done}, ${held} on ${one.cluster} for ${live.seconds(over / 1000)} from ${live.clock(one.from)}`;
    }

    function patterns() {
        return make('defs', {},
            make('pattern', { id: 'hatch', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' }, make('rect', { width: 2, height: 6, class: 'hatching' })),
            make('pattern', { id: 'dots', width: 5, height: 5, patternUnits: 'userSpaceOnUse' }, make('rect', { x: 1, y: 1, width: 1.4, height: 1.4, class: 'dotting' })));
    }

    function drawBar(one, box, at, hue, mark) {
        const { x, y, width, height } = box, t = one.task, bad = ['FAILED', 'LOST'].includes(t.state) && one.kind === 'ran';
        const fill = `var(--c${hue})`, solid = one.kind === 'ran';
        const parts = [make('rect', { x, y, width, height, rx: 2, fill: solid ? fill : 'none', 'fill-opacity': solid && t.ended_at ? 0.5 : 1, stroke: solid ? 'none' : fill, 'stroke-dasharray': one.kind === 'planned' ? '2 2' : '5 2' })];
        if (!solid) parts.push(make('rect', { x, y, width, height, fill: one.kind === 'planned' ? 'url(#dots)' : 'url(#hatch)' }));
        if (bad) parts.push(make('rect', { x, y, width, height, class: 'failed', fill: 'url(#hatch)' }));
        const words = `${bad ? '✕' : mark} ${t.id} ${t.name}`, room = Math.floor((width - 6) / 6.2);
        if (height >= 11 && room >= 3 && one.kind !== 'expected')
            parts.push(make('text', { x: x + 3, y: y + Math.min(height / 2 + 4, 12), class: solid && !t.ended_at ? 'on' : 'off' }, words.slice(0, room)));
        return make('g', { class: 'one', 'data-bar': at, 'data-kind': one.kind, click: () => { location.hash = '#/job/' + t.id; }, pointerenter: () => say(at) }, make('title', {}, describe(one)), parts);
    }

    function say(at) {
        const one = view.bars[at], words = document.getElementById('gantt-says');
        if (one && words) words.textContent = describe(one);
    }

    // Where the cursor goes: along a cluster in order of time, or to the neighbour in another one.
    function walk(key) {
        const bars = view.bars, at = bars.findIndex((one) => idOf(one) === view.cursor);
        if (!bars.length) return -1;
        if (at < 0 || key === 'Home') return 0;
        if (key === 'End') return bars.length - 1;
        if (key === 'ArrowRight' || key === 'ArrowLeft') return Math.min(bars.length - 1, Math.max(0, at + (key === 'ArrowRight' ? 1 : -1)));
        const names = [...new Set(bars.map((one) => one.cluster))], to = names[names.indexOf(bars[at].cluster) + (key === 'ArrowDown' ? 1 : -1)];
        const near = bars.map((one, i) => [Math.abs(one.from - bars[at].from), i]).filter(([, i]) => bars[i].cluster === to).sort((a, b) => a[0] - b[0]);
        return near.length ? near[0][1] : at;
    }
    const idOf = (one) => one && `${one.task.id}/${one.kind}/${one.kind === 'ran' ? one.from : 0}`;
    function press(event) {
        if (event.key === 'Enter' && view.cursor) location.hash = '#/job/' + view.cursor.split('/')[0];
        if (event.key === 'Escape') view.cursor = null;
        if (!['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'Escape'].includes(event.key)) return;
        event.preventDefault();
        if (event.key !== 'Escape') {
            const at = walk(event.key);
            view.cursor = idOf(view.bars[at]) || null;
            say(at);
        }
        markCursor(event.currentTarget);
    }
    function markCursor(svg) {
        for (const bar of svg.querySelectorAll('.one')) bar.classList.toggle('cursor', view.cursor !== null && idOf(view.bars[bar.dataset.bar]) === view.cursor);
    }

    // How far back: as chosen, or to where work began, before which there was a pause as long as half of it.
    function pastOf(all, now) {
        if (view.range !== 'auto') return 1000 * view.range;
        let from = now - 60e3;
        for (const one of [...all].sort((a, b) => b.to - a.to)) {
            if (from - one.to > Math.max(180e3, (now - from) / 2)) break;
            from = Math.min(from, one.from);
        }
        return now - from;
    }

    const choice = (label, key, options) => make('label', { class: 'inline' }, label + ' ', make('select', { change: (event) => {
        view[key] = event.target.value;
        live.draw();
    } }, options.map(([value, words]) => make('option', { value, selected: String(view[key]) === String(value) }, words))));

    function axis(scale, bottom, now) {
        const parts = [], count = Math.max(2, Math.min(6, Math.floor((scale.right - scale.left) / 110)));
        for (let i = 0; i <= count; i++) {
            const t = scale.from + ((scale.until - scale.from) * i) / count;
            parts.push(make('text', { x: scale.x(t), y: 11, 'text-anchor': i === count ? 'end' : i ? 'middle' : 'start' }, live.clock(t)));
            parts.push(make('line', { x1: scale.x(t), x2: scale.x(t), y1: 15, y2: bottom, class: 'grid' }));
        }
        parts.push(make('line', { x1: scale.x(now), x2: scale.x(now), y1: 13, y2: bottom, class: 'now' }), make('text', { x: scale.x(now), y: bottom + 11, 'text-anchor': 'middle' }, 'now'));
        return parts;
    }

    live.gantt = function (data, clusters) {
        const now = Date.now(), all = stretches(data.items, data.planned, now);
        const past = pastOf(all, now), from = now - past, ahead = Math.max(past / 12, Math.min(past / 2, Math.max(0, ...all.map((one) => one.to - now))));
        const bars = all.filter((one) => one.to >= from && one.from < now + ahead).sort((a, b) => a.from - b.from);
        const width = Math.max(320, (document.querySelector('main').clientWidth || 1000) - 2), left = width < 600 ? 62 : 104;
        const scale = { from, until: now + ahead, left, right: width - 6 };
        scale.x = (t) => left + ((Math.min(Math.max(t, from), scale.until) - from) / (scale.until - from)) * (scale.right - left);
        const keys = [...new Set(bars.map(keyOf))].sort(), parts = [];
        view.bars = [];
        let y = AXIS + 4;
        for (const cluster of clusters) {
            const own = bars.filter((one) => one.cluster === cluster.name);
            for (const resource of ['cpu', 'gpu']) {
                const units = cluster.capacity[resource];
                if (!units) continue;
                const unit = Math.max(2, Math.min(15, 150 / units));
                place(own, units, resource);
                parts.push(make('text', { x: 0, y: y + Math.min(12, unit * units) }, resource === 'cpu' ? cluster.name.slice(0, left / 7.5) : ''), make('text', { x: left - 6, y: y + Math.min(12, unit * units), 'text-anchor': 'end' }, width < 600 ? '' : resource));
                parts.push(make('rect', { x: left, y, width: scale.right - left, height: unit * units, class: 'free' }));
                for (const one of own) {
                    const hue = keys.indexOf(keyOf(one)), at = view.bars.includes(one) ? view.bars.indexOf(one) : view.bars.push(one) - 1;
                    for (const [u, count] of runsOf(one.units[resource]))
                        parts.push(drawBar(one, { x: scale.x(one.from), y: y + u * unit, width: Math.max(1.5, scale.x(one.to) - scale.x(one.from)), height: Math.max(1, count * unit - 1) }, at, hue % HUES, MARKS[hue % HUES]));
                }
                y += unit * units + 3;
            }
            y += GAP;
        }
        const svg = make('svg', { class: 'live-gantt', viewBox: `0 0 ${width} ${y + 12}`, tabindex: 0, role: 'application', 'aria-roledescription': 'timeline', 'aria-describedby': 'gantt-says',
            'aria-label': `${bars.length} stretches on ${clusters.length} clusters since ${live.clock(from)}; arrow keys go from one to the next, Enter opens the job`, keydown: press }, patterns(), axis(scale, y, now), parts);
        markCursor(svg);
        return make('figure', {}, make('div', { class: 'tools' }, choice('Look back', 'range', RANGES), choice('Colour by', 'colour', [['type', 'type'], ['user', 'user'], ['state', 'state']]), make('a', { href: 'v1/record?since=24h', download: 'day.jsonl', title: 'for tapfinger simulate --from-log' }, 'Export the last day')), svg,
            make('p', { id: 'gantt-says', class: 'says', 'aria-live': 'polite', 'data-still': true }, 'Point at a bar, or use the arrow keys.'),
            make('figcaption', { class: 'soft' }, keys.map((key, i) => make('span', { class: 'key' }, make('span', { class: 'mark', style: { color: `var(--c${i % HUES})` }, 'aria-hidden': 'true' }, MARKS[i % HUES]), ' ' + key)),
                make('span', {}, 'Each row of a cluster is one processor or GPU. Full: runs; faint: ended; hatched: failed, or what is left of what runs; dotted: expected to start; both as estimated.')));
    };

    // How full each cluster was, in equal parts of the time that the chart above shows.
    live.heat = function (data, clusters) {
        const now = Date.now(), all = stretches(data.items, [], now).filter((one) => one.kind === 'ran');
        const wide = document.querySelector('main').clientWidth || 1000, cells = wide < 600 ? 8 : 20;
        const past = pastOf(all, now), step = past / cells, from = now - past;
        const share = (cluster, i) => {
            const a = from + i * step, b = a + step;
            const held = all.filter((one) => one.cluster === cluster.name).reduce((sum, one) => sum + one.allocation.cpu * Math.max(0, Math.min(b, one.to) - Math.max(a, one.from)), 0);
            return held / (step * cluster.capacity.cpu);
        };
        return make('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'processors held, in per cent' },
            make('table', { class: 'heat' }, make('caption', { class: 'sr' }, 'Processors held, in per cent, over time'),
                make('thead', {}, make('tr', {}, make('td'), Array.from({ length: cells }, (_, i) =>
                    make('th', { scope: 'col' }, i % Math.ceil(cells / 5) ? make('span', { class: 'sr' }, live.clock(from + i * step)) : past < 1200e3 ? live.clock(from + i * step) : live.clock(from + i * step).slice(0, -3))))),
                make('tbody', {}, clusters.map((c) => make('tr', {}, make('th', { scope: 'row' }, c.name), Array.from({ length: cells }, (_, i) => {
                    const x = Math.min(1, share(c, i));
                    return make('td', { style: { backgroundColor: `color-mix(in srgb, var(--c0) ${Math.round(55 * x)}%, var(--sheet))` } }, x >= 0.005 ? String(Math.round(100 * x)) : '·');
                }))))));
    };
})((window.live = window.live || {}));
