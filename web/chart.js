// SPDX-License-Identifier: Apache-2.0
// Charts from the JSON of report/plot_json.h: panels side by side in SVG, drawn to the width they
// have; a legend whose entries switch series off; values under the pointer or, with the arrow keys,
// under a cursor that is read aloud; and everything as a table and as CSV.
(function (tap) {
    'use strict';
    const { element, svg, number } = tap;
    const COLOURS = 8;
    const TOP = 8, RIGHT = 12, BOTTOM = 42;
    const measure = document.createElement('canvas').getContext('2d');

    function textWidth(text) {
        measure.font = '12px system-ui, sans-serif';
        return measure.measureText(text).width;
    }

    // Scales: ticks at 1, 2 or 5 times a power of ten, as report/plot_axis.c has them.

    function niceStep(rough) {
        const power = 10 ** Math.floor(Math.log10(rough)), part = rough / power;
        return power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
    }

    function linearScale(low, high, wanted) {
        if (!(low < high)) [low, high] = low !== 0 ? [low - Math.abs(low) / 10, high + Math.abs(low) / 10] : [-1, 1];
        const step = niceStep((high - low) / wanted);
        const first = Math.floor(low / step + 1e-9), last = Math.ceil(high / step - 1e-9);
        const decimals = step < 1 ? Math.ceil(-Math.log10(step) - 1e-9) : 0;
        const ticks = [];
        for (let k = first; k <= last; k++) ticks.push(k * step);
        return {
            low: first * step, high: last * step, ticks,
            part: (value) => (value - first * step) / ((last - first) * step),
            label: (tick) => Number(tick.toFixed(decimals)).toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals }),
        };
    }

    function logScale(low, high, wanted) {
        if (!(low < high)) [low, high] = [low / 1.5, high * 1.5];
        const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high));
        const digits = (last - first) * 3 > 2 * wanted ? [1] : [1, 2, 5];
        const ticks = [];
        for (let e = first; e <= last; e++)
            for (const digit of digits) {
                const tick = Number((digit + 'e' + e));
                if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) ticks.push(tick);
            }
        return {
            low, high, ticks, log: true,
            part: (value) => Math.log(value / low) / Math.log(high / low),
            label: (tick) => Number(tick.toPrecision(6)).toLocaleString('en-US', { maximumFractionDigits: 9 }),
        };
    }

    // Names at 0, 1, 2, ...; along y they run from the top down.
    function nameScale(names, down) {
        const part = (value) => (value + 0.5) / names.length;
        return { names, ticks: [], part: down ? (value) => 1 - part(value) : part };
    }

    const isNumber = (value) => value !== null && value !== undefined && isFinite(value);

    class Panel {
        constructor(chart, spec) {
            this.chart = chart;
            this.spec = spec;
            this.log = spec.x.log;
            this.lies = Boolean(spec.y.category);
            this.svg = svg('svg', { tabindex: 0, role: 'img', 'aria-label': this.title() + '. Arrow keys read values.' });
            this.node = element('div', { class: 'panel' }, spec.title ? element('h4', {}, spec.title) : null, this.svg);
            this.at = -1; // of the keyboard's cursor
            this.svg.addEventListener('pointermove', (event) => this.point(event));
            this.svg.addEventListener('pointerleave', () => this.leave());
            this.svg.addEventListener('keydown', (event) => this.key(event));
            this.svg.addEventListener('blur', () => this.leave());
        }

        title() {
            const axes = this.lies ? this.spec.x.label : `${this.spec.y.label || ''} over ${this.spec.x.label || 'x'}`;
            return this.spec.title ? `${this.spec.title}: ${axes}` : axes;
        }

        visible() {
            return this.spec.series.filter((series) => !this.chart.hidden.has(series.colour));
        }

        // Whether a logarithmic x axis could show everything.
        canBeLog() {
            if (this.spec.x.category) return false;
            let count = 0;
            for (const series of this.spec.series)
                for (const list of this.lies ? [series.x, series.low, series.high] : [series.x])
                    for (const value of list || [])
                        if (isNumber(value)) {
                            if (value <= 0) return false;
                            count++;
                        }
            return count > 0;
        }

        scaleOf(axis, values, wanted, log) {
            if (axis.category) return nameScale(axis.category, axis === this.spec.y);
            const used = values.filter((value) => isNumber(value) && (!log || value > 0));
            let low = Math.min(...used), high = Math.max(...used);
            if (!used.length) [low, high] = log ? [1, 10] : [0, 1];
            if (axis.zero && !log) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
            if (isNumber(axis.high)) [low, high] = [axis.low || 0, Math.max(axis.high, high)];
            return log ? logScale(low, high, wanted) : linearScale(low, high, wanted);
        }

        fit() {
            const xs = [], ys = [];
            for (const series of this.spec.series) {
                const across = this.lies ? xs : ys;
                for (const value of series.x) xs.push(value);
                for (const value of series.y) ys.push(value);
                for (const list of [series.low, series.high]) for (const value of list || []) across.push(value);
                if (series.mark === 'bars') ys.push(0);
            }
            this.x = this.scaleOf(this.spec.x, xs, this.width < 340 ? 4 : 6, this.log);
            this.y = this.scaleOf(this.spec.y, ys, 5, this.spec.y.log);
        }

        draw() {
            const { spec } = this;
            this.width = Math.max(this.node.clientWidth, 160);
            const usual = Math.min(Math.max(this.width * 0.55, 210), 300);
            this.height = this.lies && this.chart.spec.height ? this.chart.spec.height * 1.15 : usual;
            this.fit();
            const names = this.y.names || this.y.ticks.map(this.y.label);
            const most = this.width * 0.38;
            this.left = Math.min(Math.max(...names.map(textWidth), 10) + 12, most) + (spec.y.label ? 18 : 0);
            this.right = this.width - RIGHT;
            this.bottom = this.height - BOTTOM;
            this.px = (value) => this.left + this.x.part(value) * (this.right - this.left);
            this.py = (value) => this.bottom - this.y.part(value) * (this.bottom - TOP);
            this.svg.setAttribute('viewBox', `0 0 ${this.width} ${this.height}`);
            this.svg.setAttribute('height', this.height);
            this.over = svg('g', {});
            this.svg.replaceChildren(this.axes(), ...this.visible().map((s) => this.band(s)), ...this.visible().map((s) => this.series(s)), this.over);
        }

        axes() {
            const group = svg('g', {});
            const line = (x0, y0, x1, y1, kind) => group.append(svg('path', { class: kind, d: `M${x0} ${y0}L${x1} ${y1}` }));
            const text = (x, y, anchor, words, extra) => group.append(svg('text', { x, y, 'text-anchor': anchor, ...extra }, words));
            for (const tick of this.lies ? this.x.ticks : this.y.ticks)
                if (this.lies) line(this.px(tick), TOP, this.px(tick), this.bottom, tick === 0 && this.x.low < 0 ? 'zero' : 'grid');
                else line(this.left, this.py(tick), this.right, this.py(tick), 'grid');
            line(this.left, this.bottom, this.right, this.bottom, 'axis');
            const label = { class: 'label' };
            this.labelX(text, line);
            this.labelY(text);
            if (this.spec.x.label) text((this.left + this.right) / 2, this.height - 6, 'middle', this.spec.x.label, label);
            if (this.spec.y.label)
                text(0, 0, 'middle', this.spec.y.label, { ...label, transform: `translate(11 ${(TOP + this.bottom) / 2}) rotate(-90)` });
            return group;
        }

        // Where labels would touch, only every second, third, ... is written; along a logarithmic
        // axis, where they stand unevenly, those that fit.
        labelX(text, line) {
            const entries = this.x.names ? this.x.names.map((name, i) => [i, name]) : this.x.ticks.map((tick) => [tick, this.x.label(tick)]);
            const widest = Math.max(...entries.map(([, words]) => textWidth(words)), 1);
            const room = (this.right - this.left) / Math.max(entries.length - (this.x.names ? 0 : 1), 1);
            const every = this.x.log ? 1 : Math.max(Math.ceil((widest + 8) / room), 1);
            let free = -Infinity;
            for (const [n, [value, words]] of entries.entries()) {
                const at = this.px(value), half = textWidth(words) / 2;
                if (n % every !== 0 || at - half < free) continue;
                free = at + half + 6;
                line(at, this.bottom, at, this.bottom + 4, 'axis');
                text(at, this.bottom + 16, 'middle', words);
            }
        }

        labelY(text) {
            const entries = this.y.names ? this.y.names.map((name, i) => [i, name]) : this.y.ticks.map((tick) => [tick, this.y.label(tick)]);
            const room = this.left - 8 - (this.spec.y.label ? 18 : 0);
            for (const [value, words] of entries) {
                let shown = words;
                while (shown.length > 3 && textWidth(shown) > room) shown = shown.slice(0, -2) + '…';
                text(this.left - 6, this.py(value) + 4, 'end', shown);
            }
        }

        band(series) {
            if (!series.low || !series.high || series.mark === 'dots') return '';
            let path = '', run = [];
            const close = () => {
                if (run.length > 1) {
                    const upper = run.map((i) => `${this.px(series.x[i]).toFixed(1)} ${this.py(series.high[i]).toFixed(1)}`);
                    const lower = run.reverse().map((i) => `${this.px(series.x[i]).toFixed(1)} ${this.py(series.low[i]).toFixed(1)}`);
                    path += `M${upper.join('L')}L${lower.join('L')}Z`;
                }
                run = [];
            };
            series.x.forEach((_, i) => (isNumber(series.low[i]) && isNumber(series.high[i]) ? run.push(i) : close()));
            close();
            return svg('path', { class: `band k${series.colour % COLOURS}`, d: path });
        }

        series(series) {
            const group = svg('g', { class: `k${series.colour % COLOURS}` });
            if (series.mark === 'bars') group.append(this.bars(series));
            if (series.mark === 'line' || series.mark === 'steps') group.append(this.trace(series));
            if (series.mark === 'dots' && series.low && series.high) group.append(this.whiskers(series));
            if (series.mark === 'dots' || (series.mark === 'line' && series.x.length <= 60)) group.append(this.marks(series));
            return group;
        }

        trace(series) {
            let path = '', drawing = false, before = 0;
            series.x.forEach((value, i) => {
                const y = series.y[i];
                if (!isNumber(y) || !isNumber(value) || (this.x.log && value <= 0) || (this.y.log && y <= 0)) {
                    drawing = false;
                    return;
                }
                const px = this.px(value).toFixed(1), py = this.py(y).toFixed(1);
                if (drawing && series.mark === 'steps') path += `L${px} ${before}`;
                path += `${drawing ? 'L' : 'M'}${px} ${py}`;
                before = py;
                drawing = true;
            });
            const dash = [null, '7 3', '2 3'][Math.floor(series.colour / COLOURS) % 3];
            return svg('path', { class: 'trace', d: path, 'stroke-dasharray': dash });
        }

        bars(series) {
            let path = '';
            for (let i = 0; i + 1 < series.x.length; i++)
                if (isNumber(series.y[i]))
                    path += `M${this.px(series.x[i])} ${this.py(0)}V${this.py(series.y[i])}H${this.px(series.x[i + 1])}V${this.py(0)}Z`;
            return svg('path', { class: 'bars', d: path });
        }

        whiskers(series) {
            let path = '';
            series.x.forEach((value, i) => {
                if (!isNumber(series.low[i]) || !isNumber(series.high[i])) return;
                path += this.lies
                    ? `M${this.px(series.low[i])} ${this.py(series.y[i])}H${this.px(series.high[i])}`
                    : `M${this.px(value)} ${this.py(series.low[i])}V${this.py(series.high[i])}`;
            });
            return svg('path', { class: 'whisker', d: path });
        }

        marks(series) {
            let path = '';
            series.x.forEach((value, i) => {
                if (isNumber(value) && isNumber(series.y[i])) path += tap.markPath(this.px(value), this.py(series.y[i]), series.faint ? 0 : series.colour, series.faint ? 2.6 : 4);
            });
            return svg('path', { class: series.faint ? 'mark faint' : 'mark', d: path });
        }

        // What is near a place: one point where single dots are shown, else all series at that x.

        nearestDot(x, y) {
            let best = null, least = 30 * 30;
            for (const series of this.visible())
                series.x.forEach((value, i) => {
                    if (!isNumber(value) || !isNumber(series.y[i])) return;
                    const dx = this.px(value) - x, dy = this.py(series.y[i]) - y;
                    if (dx * dx + dy * dy < least) [best, least] = [{ series, i }, dx * dx + dy * dy];
                });
            return best;
        }

        // Index of the point that holds at x: the last step, or the nearest point.
        indexAt(series, x) {
            let low = 0, high = series.x.length;
            while (low < high) {
                const middle = (low + high) >> 1;
                if (series.x[middle] <= x) low = middle + 1;
                else high = middle;
            }
            if (series.mark === 'steps' || series.mark === 'bars') return Math.max(low - 1, 0);
            if (low === 0) return 0;
            return low < series.x.length && series.x[low] - x < x - series.x[low - 1] ? low : low - 1;
        }

        valueAt(px) {
            const part = (px - this.left) / (this.right - this.left);
            if (this.x.names) return part * this.x.names.length - 0.5;
            return this.x.log ? this.x.low * (this.x.high / this.x.low) ** part : this.x.low + part * (this.x.high - this.x.low);
        }

        isDots() {
            return this.spec.series.every((series) => series.mark === 'dots');
        }

        point(event) {
            const box = this.svg.getBoundingClientRect();
            const x = ((event.clientX - box.left) / box.width) * this.width;
            const y = ((event.clientY - box.top) / box.height) * this.height;
            if (this.isDots()) this.showDot(this.nearestDot(x, y));
            else if (x >= this.left && x <= this.right) this.showAt(this.valueAt(x), y);
            else this.leave();
        }

        nameOf(series, i) {
            const row = this.lies ? this.spec.y.category[Math.round(series.y[i])] || this.spec.y.category[Math.floor(series.y[i])] : null;
            return [series.name, row].filter(Boolean).join(', ');
        }

        showDot(found) {
            if (!found) {
                this.leave();
                return '';
            }
            const { series, i } = found;
            const value = this.lies ? series.x[i] : series.y[i];
            const range = series.low && isNumber(series.low[i]) ? ` (${number(series.low[i])} to ${number(series.high[i])})` : '';
            const words = `${series.faint ? 'one seed: ' : ''}${number(value)}${range}`;
            this.over.replaceChildren(svg('circle', { cx: this.px(series.x[i]), cy: this.py(series.y[i]), r: 8, class: 'axis' }));
            this.chart.tell(this, this.px(series.x[i]), this.py(series.y[i]), [
                element('div', {}, element('b', {}, this.nameOf(series, i))), words]);
            return `${this.nameOf(series, i)}: ${words}`;
        }

        showAt(x, y) {
            const lines = this.visible().filter((series) => series.x.length > 0);
            if (!lines.length) return '';
            const at = lines[0].mark === 'steps' ? x : lines[0].x[this.indexAt(lines[0], x)];
            const head = this.x.names ? this.x.names[Math.round(at)] : number(at);
            const rows = lines.map((series) => {
                const i = this.indexAt(series, at);
                const value = series.mark === 'steps' && series.x[0] > at ? 0 : series.y[i];
                return { series, value };
            });
            this.over.replaceChildren(
                svg('path', { class: 'cursor', d: `M${this.px(at)} ${TOP}V${this.bottom}` }),
                ...rows.filter((row) => isNumber(row.value)).map((row) => svg('circle', { cx: this.px(at), cy: this.py(row.value), r: 3.5, class: `mark k${row.series.colour % COLOURS}` })));
            this.chart.tell(this, this.px(at), y, [
                element('div', {}, element('b', {}, `${this.spec.x.label || 'x'}: ${head}`)),
                element('ul', {}, ...rows.map((row) => element('li', {},
                    element('span', { class: `swatch k${row.series.colour % COLOURS}` }),
                    element('span', {}, row.series.name || ''), element('span', {}, number(row.value)))))]);
            return `${head}: ${rows.map((row) => `${row.series.name} ${number(row.value)}`).join('; ')}`;
        }

        leave() {
            this.over?.replaceChildren();
            this.chart.tell(null);
        }

        // All places that the keyboard can go to.
        stops() {
            if (this.isDots())
                return this.visible().filter((s) => !s.faint).flatMap((series) => series.x.map((_, i) => ({ series, i })))
                    .filter(({ series, i }) => isNumber(series.x[i]) && isNumber(series.y[i]))
                    .sort((a, b) => a.series.y[a.i] - b.series.y[b.i]);
            const first = this.visible()[0];
            return first ? [...new Set(first.x)] : [];
        }

        key(event) {
            const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
            const stops = this.stops();
            if (!stops.length) return;
            if (event.key === 'Home') this.at = 0;
            else if (event.key === 'End') this.at = stops.length - 1;
            else if (step) this.at = Math.min(Math.max(this.at + step, 0), stops.length - 1);
            else {
                if (event.key === 'Escape') this.leave();
                return;
            }
            event.preventDefault();
            const stop = stops[this.at];
            this.chart.say(this.isDots() ? this.showDot(stop) : this.showAt(stop, TOP + 20));
        }

        // Rows for the table and the CSV.
        rows() {
            const head = ['series', this.lies ? 'row' : this.spec.x.label || 'x', this.lies ? this.spec.x.label : this.spec.y.label || 'y', 'low', 'high'];
            const rows = [];
            for (const series of this.spec.series)
                series.x.forEach((value, i) => {
                    const name = this.lies ? this.spec.y.category[Math.min(Math.max(Math.round(series.y[i]), 0), this.spec.y.category.length - 1)]
                        : this.spec.x.category ? this.spec.x.category[value] : value;
                    const figure = this.lies ? value : series.y[i];
                    if (isNumber(figure)) rows.push([series.name || (series.faint ? 'one seed' : 'mean'), name, figure, series.low?.[i] ?? null, series.high?.[i] ?? null]);
                });
            return [head, ...rows];
        }
    }

    class Chart {
        constructor(figure, spec) {
            this.figure = figure;
            this.spec = spec;
            this.hidden = new Set();
            this.panels = spec.panels.map((panel) => new Panel(this, panel));
            this.tip = element('div', { class: 'tip', hidden: true });
            this.live = element('p', { class: 'sr', 'aria-live': 'polite' });
            const box = element('div', { class: 'panels' }, ...this.panels.map((panel) => panel.node));
            box.style.setProperty('--columns', Math.min(spec.columns || 1, spec.panels.length));
            const caption = figure.querySelector('figcaption');
            caption.before(element('div', { class: 'bar' }, this.keys(), this.tools()), box, this.tip, this.live);
            caption.after(this.table());
            let wanted = 0; // drawing changes sizes, which an observer must not do itself
            new ResizeObserver(() => {
                cancelAnimationFrame(wanted);
                wanted = requestAnimationFrame(() => this.draw());
            }).observe(box);
        }

        // A legend entry per colour that has a name.
        keys() {
            const named = new Map();
            for (const panel of this.spec.panels)
                for (const series of panel.series) if (series.name && !named.has(series.colour)) named.set(series.colour, series);
            if (named.size < 2) return element('span', {});
            return element('ul', { class: 'keys', 'aria-label': 'Series' }, ...[...named.values()].map((series) => {
                const button = element('button', { type: 'button', 'aria-pressed': 'true', title: 'Show or hide' },
                    svg('svg', { width: 16, height: 12, class: `k${series.colour % COLOURS}`, 'aria-hidden': 'true' },
                        series.mark === 'dots' ? '' : svg('path', { class: 'trace', d: 'M0 6H16' }),
                        svg('path', { class: 'mark', d: tap.markPath(8, 6, series.colour, 4) })),
                    series.name);
                button.addEventListener('click', () => {
                    if (!this.hidden.delete(series.colour)) this.hidden.add(series.colour);
                    button.setAttribute('aria-pressed', String(!this.hidden.has(series.colour)));
                    this.draw();
                });
                return element('li', {}, button);
            }));
        }

        tools() {
            const tools = element('div', { class: 'tools' });
            const able = this.panels.filter((panel) => panel.canBeLog());
            if (able.length) {
                const button = element('button', { type: 'button', 'aria-pressed': String(able.some((panel) => panel.log)) }, 'log x');
                button.addEventListener('click', () => {
                    const log = button.getAttribute('aria-pressed') !== 'true';
                    button.setAttribute('aria-pressed', String(log));
                    for (const panel of able) panel.log = log;
                    this.draw();
                });
                tools.append(button);
            }
            tools.append(element('button', { type: 'button', title: 'Save the data of this chart', onclick: () => this.save() }, 'CSV'));
            return tools;
        }

        save() {
            const rows = this.panels.flatMap((panel, i) => panel.rows().map((row, k) => [k === 0 ? 'panel' : this.spec.panels[i].title || i + 1, ...row]));
            tap.download(`${this.figure.id}.csv`, 'text/csv', tap.csv(rows));
        }

        // The same data to read, made when it is asked for.
        table() {
            const details = element('details', {}, element('summary', {}, 'Show as a table'));
            details.addEventListener('toggle', () => {
                if (!details.open || details.children.length > 1) return;
                for (const panel of this.panels) {
                    const [head, ...rows] = panel.rows();
                    const shown = rows.slice(0, 1000);
                    const cell = (value) => element('td', { class: typeof value === 'number' ? 'number' : null }, typeof value === 'number' ? number(value) : value ?? '');
                    details.append(element('div', { class: 'scroll tall', tabindex: 0, role: 'region', 'aria-label': panel.title() }, element('table', {},
                        element('caption', {}, panel.title() + (shown.length < rows.length ? ` (the first ${shown.length} of ${rows.length} rows; CSV has all)` : '')),
                        element('thead', {}, element('tr', {}, ...head.map((name) => element('th', { scope: 'col' }, name || '')))),
                        element('tbody', {}, ...shown.map((row) => element('tr', {}, ...row.map(cell)))))));
                }
            });
            return details;
        }

        draw() {
            for (const panel of this.panels) panel.draw();
            this.tell(null);
        }

        // Words beside a place in a panel; without a panel they go.
        tell(panel, x, y, content) {
            this.tip.hidden = !panel;
            if (!panel) return;
            this.tip.replaceChildren(...content);
            const outer = this.figure.getBoundingClientRect(), inner = panel.svg.getBoundingClientRect();
            const left = inner.left - outer.left + (x / panel.width) * inner.width, top = inner.top - outer.top + y;
            const width = this.tip.offsetWidth, height = this.tip.offsetHeight;
            const flip = left + width + 24 > outer.width;
            this.tip.style.transform = `translate(${Math.max(flip ? left - width - 14 : left + 14, 4)}px, ${Math.max(Math.min(top - height / 2, outer.height - height - 4), 4)}px)`;
        }

        say(words) {
            this.live.textContent = words;
        }
    }

    // A polygon around a point, by colour, so that series differ without colours too.
    const shapes = [[0, 0], [4, 0.25], [3, 0.25], [4, 0], [3, 0], [6, 0], [5, 0.25], [6, 0.25]];
    tap.markPath = function (x, y, colour, radius) {
        const [corners, turn] = shapes[colour % COLOURS];
        if (corners === 0) {
            const r = radius * 0.85;
            return `M${(x - r).toFixed(1)} ${y.toFixed(1)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
        }
        const points = Array.from({ length: corners }, (_, i) => {
            const angle = 2 * Math.PI * (i / corners + (turn / corners) * 2);
            return `${(x + radius * Math.sin(angle)).toFixed(1)} ${(y - radius * Math.cos(angle)).toFixed(1)}`;
        });
        return `M${points.join('L')}Z`;
    };

    tap.Chart = Chart;
    tap.charts = [];
    tap.onready.push(() => {
        for (const figure of document.querySelectorAll('figure.chart')) {
            const spec = JSON.parse(figure.querySelector('script').textContent);
            tap.charts.push(new Chart(figure, spec));
        }
    });
})((window.tap = window.tap || {}));
