// SPDX-License-Identifier: Apache-2.0
// One schedule, drawn on a canvas because there may be hundreds of thousands of stretches: clusters
// as lanes, time along x, units of a resource along y; and the strip below that shows all the time.
(function (tap) {
    'use strict';
    const { element, number } = tap;
    const COLOURS = 8, AXIS = 24, LEAST_LANE = 20, VIEW_HEIGHT = 440;

    function palette() {
        const style = getComputedStyle(document.documentElement);
        const get = (name) => style.getPropertyValue('--' + name).trim();
        return {
            data: Array.from({ length: COLOURS }, (_, i) => get('c' + i)),
            ink: get('ink'), soft: get('soft'), line: get('line'), grid: get('grid'), sheet: get('sheet'), accent: get('accent'), paper: get('paper'),
        };
    }

    // By slowdown: from the first colour to the last in equal ratios.
    const slowdownSteps = [1.5, 2.5, 5, 10, 20], slowdownColours = [2, 5, 0, 4, 1, 3], UNFINISHED = 6;

    function slowdownColour(slowdown) {
        if (!(slowdown >= 0)) return UNFINISHED;
        const step = slowdownSteps.findIndex((limit) => slowdown < limit);
        return slowdownColours[step < 0 ? slowdownSteps.length : step];
    }

    // The colour of every task of a schedule, kept with it.
    function taskColours(scene, schedule) {
        if (schedule.colouredBy !== scene.colourBy) {
            const by = scene.colourBy === 'type' ? schedule.array.type : schedule.array.slowdown;
            schedule.colours = Uint8Array.from(by, scene.colourBy === 'type' ? (type) => type % COLOURS : slowdownColour);
            schedule.colouredBy = scene.colourBy;
        }
        return schedule.colours;
    }

    // "#rrggbb" laid over another at an opacity, as an image's pixel.
    function blend(over, under, alpha) {
        const part = (text, at) => parseInt(text.slice(at, at + 2), 16);
        const mix = (at) => Math.round(alpha * part(over, at) + (1 - alpha) * part(under, at));
        return ((255 << 24) | (mix(5) << 16) | (mix(3) << 8) | mix(1)) >>> 0;
    }

    function niceTicks(t0, t1, wanted) {
        const rough = (t1 - t0) / wanted;
        const power = 10 ** Math.floor(Math.log10(rough)), part = rough / power;
        const step = power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
        const decimals = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
        const ticks = [];
        for (let k = Math.ceil(t0 / step - 1e-9); k * step <= t1; k++) ticks.push([k * step, (k * step || 0).toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })]);
        return ticks;
    }

    class View {
        constructor(scene, schedule) {
            this.scene = scene;
            this.schedule = schedule;
            this.canvas = element('canvas', { tabindex: 0, role: 'application', 'aria-roledescription': 'schedule' });
            this.lanes = element('div', { class: 'lanes' }, this.canvas);
            this.spacer = element('div', {});
            this.lanes.append(this.spacer);
            this.tip = element('div', { class: 'tip', hidden: true });
            this.heading = element('h4', {});
            this.node = element('div', { class: 'view' }, this.heading, this.lanes, this.tip);
            this.context = this.canvas.getContext('2d');
            this.pointers = new Map();
            this.hover = -1;
            this.stats = { ms: 0, drawn: 0, draws: 0 };
            this.life = new AbortController();
            this.canvas.setAttribute('aria-label', this.describe());
            this.listen();
            this.sizes = new ResizeObserver(() => this.refresh());
            this.sizes.observe(this.node);
        }

        // Another schedule takes its place.
        close() {
            this.life.abort();
            this.sizes.disconnect();
            cancelAnimationFrame(this.wanted);
        }

        listen() {
            const { canvas, scene } = this, { signal } = this.life;
            this.lanes.addEventListener('scroll', () => this.refresh());
            for (const name of ['see', 'choose', 'change']) scene.addEventListener(name, () => this.refresh(), { signal });
            scene.addEventListener('choose', (event) => event.detail.from === 'table' && this.reveal(), { signal });
            document.addEventListener('themechange', () => this.refresh(), { signal });
            canvas.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
            canvas.addEventListener('pointerdown', (event) => this.press(event));
            canvas.addEventListener('pointermove', (event) => this.move(event));
            for (const name of ['pointerup', 'pointercancel']) canvas.addEventListener(name, (event) => this.release(event));
            canvas.addEventListener('pointerleave', () => this.point(-1));
            canvas.addEventListener('dblclick', (event) => scene.zoom(2, this.timeAt(event.offsetX)));
            canvas.addEventListener('keydown', (event) => this.key(event));
        }

        // Lanes are as high as their share of the largest cluster, within reason.
        layout() {
            const { clusters } = this.scene.common;
            const capacity = clusters.map((cluster) => cluster.capacity[this.scene.resource]);
            const most = Math.max(...capacity, 1), sum = capacity.reduce((a, b) => a + b, 0) || 1;
            const room = Math.max(VIEW_HEIGHT - AXIS - clusters.length * 4, 0);
            const unit = Math.min(Math.max(room / sum, 40 / most), 28) * this.scene.taller;
            this.top = [];
            this.high = capacity.map((units) => Math.max(Math.min(units * unit, 240 * this.scene.taller), LEAST_LANE));
            let y = AXIS;
            this.high.forEach((height, c) => {
                this.top[c] = y;
                y += height + 4;
            });
            this.total = y;
            this.context.font = '12px system-ui, sans-serif';
            const names = clusters.slice(0, 200).map((cluster) => this.context.measureText(cluster.name).width);
            this.left = Math.min(Math.max(...names) + 14, this.width * 0.22);
        }

        resize() {
            this.width = Math.max(this.node.clientWidth, 120);
            this.layout();
            this.height = Math.min(this.total, VIEW_HEIGHT);
            const ratio = window.devicePixelRatio || 1;
            if (this.canvas.width !== Math.round(this.width * ratio) || this.canvas.height !== Math.round(this.height * ratio)) {
                this.canvas.width = Math.round(this.width * ratio);
                this.canvas.height = Math.round(this.height * ratio);
                this.canvas.style.width = this.width + 'px';
                this.canvas.style.height = this.height + 'px';
            }
            this.lanes.style.height = this.height + 'px';
            this.spacer.style.height = this.total - this.height + 'px';
            this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
        }

        refresh() {
            cancelAnimationFrame(this.wanted);
            this.wanted = requestAnimationFrame(() => this.draw());
        }

        x(time) {
            return this.left + ((time - this.scene.t0) / (this.scene.t1 - this.scene.t0)) * (this.width - this.left);
        }

        timeAt(x) {
            return this.scene.t0 + ((x - this.left) / (this.width - this.left)) * (this.scene.t1 - this.scene.t0);
        }

        laneAt(y) {
            const inside = y + this.lanes.scrollTop;
            return y < AXIS ? -1 : this.top.findIndex((top, c) => inside >= top && inside < top + this.high[c]);
        }

        unitAt(lane, y) {
            const capacity = this.scene.common.clusters[lane].capacity[this.scene.resource];
            return Math.floor(((y + this.lanes.scrollTop - this.top[lane]) / this.high[lane]) * capacity);
        }

        // Drawing

        // What is narrower than a pixel goes into an image, pixel by pixel, as there may be hundreds
        // of thousands; what is wider is drawn over it in boxes.
        draw() {
            const started = performance.now();
            this.colours = palette();
            this.resize();
            const { context: c, scene } = this;
            this.stats.drawn = 0;
            this.heading.textContent = `${this.schedule.policy}, seed ${scene.common.seed}`;
            this.canvas.setAttribute('aria-label', this.describe());
            const offset = this.lanes.scrollTop, shown = [];
            scene.common.clusters.forEach((_, lane) => {
                const top = this.top[lane] - offset;
                if (top + this.high[lane] > AXIS && top < this.height) shown.push([lane, top]);
            });
            this.startImage(shown);
            const boxes = shown.map(([lane, top]) => this.collect(lane, top));
            c.putImageData(this.image, 0, 0);
            shown.forEach(([lane, top], i) => this.drawLane(lane, top, boxes[i]));
            this.drawNames(offset);
            this.drawAxis();
            this.stats.ms = performance.now() - started;
            this.stats.draws++;
        }

        startImage(shown) {
            const { width, height } = this.canvas, { colours } = this;
            if (!this.image || this.image.width !== width || this.image.height !== height) this.image = this.context.createImageData(width, height);
            this.pixels = new Uint32Array(this.image.data.buffer);
            this.pixels.fill(blend(colours.sheet, colours.sheet, 1));
            this.ratio = width / this.width;
            const lane = blend(colours.paper, colours.paper, 1), left = Math.round(this.left * this.ratio);
            for (const [c, top] of shown) {
                const last = Math.min(Math.round((top + this.high[c]) * this.ratio), height);
                for (let y = Math.max(Math.round(top * this.ratio), 0); y < last; y++) this.pixels.fill(lane, y * width + left, (y + 1) * width);
            }
            const alpha = this.scene.chosen >= 0 ? 0.35 : 1;
            this.pixelColours = Uint32Array.from(colours.data, (colour) => blend(colour, colours.paper, alpha));
        }

        drawLane(lane, top, { boxes, labels }) {
            const { context: c, colours } = this;
            this.drawOutages(lane, top);
            c.globalAlpha = this.scene.chosen >= 0 ? 0.35 : 1;
            boxes.forEach((list, colour) => {
                c.fillStyle = colours.data[colour];
                for (let i = 0; i < list.length; i += 4) c.fillRect(list[i], list[i + 1], list[i + 2], list[i + 3]);
                this.stats.drawn += list.length / 4;
            });
            c.globalAlpha = 1;
            this.drawMarked(lane, top);
            this.drawLabels(labels);
        }

        // Boxes of the visible stretches of a lane by colour (x, y, width, height), and where their
        // numbers may stand; thin ones are put into the image at once.
        collect(lane, top) {
            const { scene, schedule, left, ratio } = this;
            const { first, low, units } = schedule.resource[scene.resource];
            const unit = this.high[lane] / Math.max(scene.common.clusters[lane].capacity[scene.resource], 1);
            const [from, to] = schedule.range(lane, scene.t0, scene.t1);
            const scale = (this.width - left) / (scene.t1 - scene.t0), colours = taskColours(scene, schedule);
            const boxes = Array.from({ length: COLOURS }, () => []), labels = [];
            const { begin, stop, task } = schedule;
            for (let i = from; i < to; i++) {
                if (stop[i] <= scene.t0) continue;
                const x0 = Math.max(left + (begin[i] - scene.t0) * scale, left), x1 = Math.min(left + (stop[i] - scene.t0) * scale, this.width);
                const wide = x1 - x0, colour = colours[task[i]];
                for (let k = first[i]; k < first[i + 1]; k++) {
                    const y = top + low[k] * unit, height = units[k] * unit, gap = height > 3 ? 0.5 : 0;
                    if (wide * ratio < 1.5) {
                        this.putThin(Math.floor(x0 * ratio), (y + gap) * ratio, (height - 2 * gap) * ratio, this.pixelColours[colour]);
                        continue;
                    }
                    boxes[colour].push(x0, y + gap, wide - (wide > 3 ? 0.8 : 0), Math.max(height - 2 * gap, 0.8));
                    if (wide > 26 && height > 11) labels.push(task[i], x0, y + height / 2, wide);
                }
            }
            return { boxes, labels };
        }

        putThin(x, y, height, colour) {
            const { width, height: rows } = this.canvas;
            if (x >= width) return;
            const last = Math.min(Math.max(Math.round(y + height), Math.floor(y) + 1), rows);
            for (let row = Math.max(Math.round(y), 0); row < last; row++) this.pixels[row * width + x] = colour;
            this.stats.drawn++;
        }

        drawLabels(labels) {
            const c = this.context;
            c.font = '10px system-ui, sans-serif';
            c.textAlign = 'left';
            c.textBaseline = 'middle';
            c.fillStyle = this.colours.sheet;
            for (let i = 0; i < labels.length; i += 4) {
                const words = String(labels[i]);
                if (c.measureText(words).width + 6 < labels[i + 3]) c.fillText(words, labels[i + 1] + 3, labels[i + 2]);
            }
        }

        drawOutages(lane, top) {
            const c = this.context;
            for (const [cluster, from, to] of this.schedule.outages) {
                if (cluster !== lane || to <= this.scene.t0 || from >= this.scene.t1) continue;
                const x0 = Math.max(this.x(from), this.left), x1 = Math.min(this.x(to), this.width);
                c.save();
                c.beginPath();
                c.rect(x0, top, x1 - x0, this.high[lane]);
                c.clip();
                c.strokeStyle = this.colours.soft;
                c.globalAlpha = 0.5;
                c.beginPath();
                for (let x = x0 - this.high[lane] - ((x0 - this.high[lane]) % 7); x < x1; x += 7) {
                    c.moveTo(x, top + this.high[lane]);
                    c.lineTo(x + this.high[lane], top);
                }
                c.stroke();
                c.restore();
            }
        }

        // The chosen task in full colour with a frame, and what is under the pointer.
        drawMarked(lane, top) {
            const { scene, schedule, context: c } = this;
            const { first, low, units } = schedule.resource[scene.resource];
            const unit = this.high[lane] / Math.max(scene.common.clusters[lane].capacity[scene.resource], 1);
            const frame = (i, colour, wide) => {
                if (schedule.laneOf[i] !== lane) return;
                const x0 = Math.max(this.x(schedule.begin[i]), this.left - 3), x1 = Math.min(this.x(schedule.stop[i]), this.width + 3);
                if (x1 < this.left || x0 > this.width) return;
                for (let k = first[i]; k < first[i + 1]; k++) {
                    const box = [x0, top + low[k] * unit, Math.max(x1 - x0, 1.5), Math.max(units[k] * unit, 1.5)];
                    if (wide > 1) {
                        c.fillStyle = this.colours.data[taskColours(scene, schedule)[schedule.task[i]]];
                        c.fillRect(...box);
                    }
                    c.strokeStyle = colour;
                    c.lineWidth = wide;
                    c.strokeRect(...box);
                }
            };
            c.save();
            c.beginPath();
            c.rect(this.left, AXIS, this.width - this.left, this.height - AXIS);
            c.clip();
            if (scene.chosen >= 0 && scene.chosen < schedule.tasks) for (const i of schedule.stretchesOf(scene.chosen)) frame(i, this.colours.ink, 2);
            if (this.hover >= 0) frame(this.hover, this.colours.ink, 1);
            c.restore();
        }

        drawNames(offset) {
            const c = this.context;
            c.fillStyle = this.colours.sheet;
            c.fillRect(0, 0, this.left, this.height);
            c.font = '12px system-ui, sans-serif';
            c.textAlign = 'right';
            c.textBaseline = 'middle';
            c.fillStyle = this.colours.ink;
            this.scene.common.clusters.forEach((cluster, lane) => {
                const middle = this.top[lane] - offset + this.high[lane] / 2;
                if (middle < AXIS || middle > this.height) return;
                let name = cluster.name;
                while (name.length > 2 && c.measureText(name).width > this.left - 8) name = name.slice(0, -2) + '…';
                c.fillText(name, this.left - 6, middle);
            });
        }

        drawAxis() {
            const { context: c, colours, scene } = this;
            c.fillStyle = colours.sheet;
            c.fillRect(0, 0, this.width, AXIS);
            c.strokeStyle = colours.line;
            c.lineWidth = 1;
            c.textAlign = 'center';
            c.textBaseline = 'alphabetic';
            c.fillStyle = colours.soft;
            c.beginPath();
            c.moveTo(this.left, AXIS - 0.5);
            c.lineTo(this.width, AXIS - 0.5);
            for (const [tick, words] of niceTicks(scene.t0, scene.t1, Math.max((this.width - this.left) / 110, 2))) {
                const x = Math.round(this.x(tick)) + 0.5;
                if (x < this.left) continue;
                c.moveTo(x, AXIS - 5);
                c.lineTo(x, AXIS);
                if (x < this.width - 20) c.fillText(words, Math.max(x, this.left + 12), AXIS - 9);
            }
            c.stroke();
            c.textAlign = 'right';
            c.fillText(scene.common.unit, this.left - 6, AXIS - 9);
            if (isFinite(this.schedule.cut) && this.schedule.cut !== null) this.drawCut();
        }

        // Behind this time stretches were left out of the page.
        drawCut() {
            const x = this.x(this.schedule.cut), c = this.context;
            if (x < this.left || x > this.width) return;
            c.strokeStyle = this.colours.accent;
            c.setLineDash([5, 4]);
            c.beginPath();
            c.moveTo(x, AXIS);
            c.lineTo(x, this.height);
            c.stroke();
            c.setLineDash([]);
        }

        describe() {
            const { scene, schedule } = this;
            return `Schedule of ${schedule.policy}: ${scene.common.clusters.length} clusters, ${schedule.tasks} tasks, time ${number(scene.t0)} to ${number(scene.t1)} ${scene.common.unit}. ` +
                'Arrow keys move, plus and minus zoom, 0 shows all, n and p choose the next and previous task.';
        }

        // Pointer and keys

        wheel(event) {
            if (event.ctrlKey || event.metaKey) {
                event.preventDefault();
                const lines = event.deltaMode === 1 ? 16 : 1;
                this.scene.zoom(Math.exp(-Math.min(Math.max(event.deltaY * lines, -240), 240) / 240), this.timeAt(event.offsetX));
            } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
                event.preventDefault();
                this.scene.pan((event.deltaX || event.deltaY) / this.width);
            }
        }

        press(event) {
            this.pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
            if (event.isTrusted) this.canvas.setPointerCapture(event.pointerId);
            this.moved = 0;
        }

        move(event) {
            const before = this.pointers.get(event.pointerId);
            if (!before) {
                this.point(this.stretchAt(event.offsetX, event.offsetY), event);
                return;
            }
            const span = this.scene.t1 - this.scene.t0, wide = this.width - this.left;
            const others = [...this.pointers].filter(([id]) => id !== event.pointerId);
            if (others.length === 1) {
                const other = others[0][1];
                const factor = Math.max(Math.abs(event.offsetX - other.x), 10) / Math.max(Math.abs(before.x - other.x), 10);
                this.scene.zoom(factor, this.timeAt((event.offsetX + other.x) / 2));
            } else if (others.length === 0) {
                const shift = ((before.x - event.offsetX) / wide) * span;
                this.scene.see(this.scene.t0 + shift, this.scene.t1 + shift);
                if (event.pointerType === 'mouse') this.lanes.scrollTop += before.y - event.offsetY;
            }
            this.moved += Math.abs(event.offsetX - before.x) + Math.abs(event.offsetY - before.y);
            this.pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
        }

        release(event) {
            const pressed = this.pointers.delete(event.pointerId);
            if (!pressed || this.moved > 4 || event.type === 'pointercancel') return;
            const stretch = this.stretchAt(event.offsetX, event.offsetY);
            this.scene.choose(stretch >= 0 ? this.schedule.task[stretch] : -1, 'view');
        }

        stretchAt(x, y) {
            const lane = x < this.left ? -1 : this.laneAt(y);
            return lane < 0 ? -1 : this.schedule.find(lane, this.scene.resource, this.timeAt(x), this.unitAt(lane, y));
        }

        point(stretch, event) {
            if (stretch !== this.hover) {
                this.hover = stretch;
                this.refresh();
            }
            this.tip.hidden = stretch < 0;
            if (stretch < 0) return;
            this.tip.replaceChildren(...this.words(stretch));
            const box = this.node.getBoundingClientRect();
            const x = event.clientX - box.left, y = event.clientY - box.top;
            const left = x + this.tip.offsetWidth + 20 > box.width ? x - this.tip.offsetWidth - 12 : x + 14;
            const top = Math.min(y + 10, box.height - this.tip.offsetHeight - 4);
            this.tip.style.transform = `translate(${Math.max(left, 2)}px, ${Math.max(top, 2)}px)`;
        }

        words(stretch) {
            const { schedule, scene } = this;
            const task = schedule.task[stretch];
            const holds = scene.common.resources.map((name, r) => `${schedule.units(stretch, r)} ${name}`).join(', ');
            return [
                element('div', {}, element('b', {}, `Task ${task}`), ` ${schedule.typeName(task)}`),
                element('div', {}, `${number(schedule.begin[stretch])} to ${number(schedule.stop[stretch])} ${scene.common.unit}: ${holds}`),
                element('div', {}, `arrived ${number(schedule.array.arrival[task])}, completion time ${number(schedule.completion(task))}, slowdown ${number(schedule.array.slowdown[task])}`),
            ];
        }

        key(event) {
            const { scene } = this;
            const act = {
                ArrowLeft: () => scene.pan(-0.15), ArrowRight: () => scene.pan(0.15),
                ArrowUp: () => (this.lanes.scrollTop -= 40), ArrowDown: () => (this.lanes.scrollTop += 40),
                '+': () => scene.zoom(1.5), '=': () => scene.zoom(1.5), '-': () => scene.zoom(1 / 1.5), 0: () => scene.fit(),
                n: () => this.step(1), p: () => this.step(-1), Escape: () => scene.choose(-1, 'view'),
                Home: () => scene.see(0, scene.t1 - scene.t0), End: () => scene.see(scene.end - (scene.t1 - scene.t0), scene.end),
            }[event.key];
            if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
            event.preventDefault();
            act();
        }

        step(by) {
            const { scene, schedule } = this;
            const task = Math.min(Math.max(scene.chosen + by, 0), schedule.tasks - 1);
            scene.choose(task, 'table');
            const from = schedule.start[task];
            if (isFinite(from) && (from < scene.t0 || from > scene.t1)) scene.see(from - (scene.t1 - scene.t0) / 3, from + ((scene.t1 - scene.t0) * 2) / 3);
        }

        // Scrolls to the lane where the chosen task first ran.
        reveal() {
            const stretches = this.scene.chosen >= 0 && this.scene.chosen < this.schedule.tasks ? this.schedule.stretchesOf(this.scene.chosen) : [];
            if (!stretches.length || !this.top) return;
            const lane = this.schedule.laneOf[stretches[0]];
            const offset = this.lanes.scrollTop;
            if (this.top[lane] - AXIS < offset) this.lanes.scrollTop = this.top[lane] - AXIS;
            else if (this.top[lane] + this.high[lane] > offset + this.height) this.lanes.scrollTop = this.top[lane] + this.high[lane] - this.height;
        }
    }

    // A strip with the use of the chosen resource over all the time, and the window on it.
    class Overview {
        constructor(scene) {
            this.scene = scene;
            this.canvas = element('canvas', { class: 'overview', 'aria-hidden': 'true' });
            for (const name of ['see', 'change']) scene.addEventListener(name, () => this.refresh());
            document.addEventListener('themechange', () => this.refresh());
            const move = (event) => {
                if (event.buttons === 0) return;
                const at = (event.offsetX / this.canvas.clientWidth) * scene.end, half = (scene.t1 - scene.t0) / 2;
                scene.see(at - half, at + half);
            };
            this.canvas.addEventListener('pointerdown', move);
            this.canvas.addEventListener('pointermove', move);
            new ResizeObserver(() => this.refresh()).observe(this.canvas);
        }

        refresh() {
            cancelAnimationFrame(this.wanted);
            this.wanted = requestAnimationFrame(() => this.draw());
        }

        draw() {
            const { scene, canvas } = this;
            const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
            const colours = palette(), c = canvas.getContext('2d');
            canvas.width = Math.round(width * ratio);
            canvas.height = Math.round(height * ratio);
            c.setTransform(ratio, 0, 0, ratio, 0, 0);
            const key = `${scene.schedules.map((s) => s.policy).join()} ${scene.resource} ${Math.round(width)}`;
            if (this.key !== key) this.usage = scene.schedules.map((schedule) => schedule.usage(scene.resource, Math.max(Math.round(width), 1), scene.end));
            this.key = key;
            this.usage.forEach((usage, n) => {
                c.beginPath();
                c.moveTo(0, height);
                usage.forEach((share, x) => c.lineTo(x + 0.5, height - share * (height - 4)));
                c.lineTo(width, height);
                if (n === 0) {
                    c.fillStyle = colours.soft;
                    c.globalAlpha = 0.35;
                    c.fill();
                }
                c.globalAlpha = 1;
                c.strokeStyle = n === 0 ? colours.soft : colours.accent;
                c.stroke();
            });
            const x0 = Math.max((scene.t0 / scene.end) * width, 1), x1 = Math.min((scene.t1 / scene.end) * width, width - 1);
            c.fillStyle = colours.accent;
            c.globalAlpha = 0.14;
            c.fillRect(x0, 0, Math.max(x1 - x0, 2), height);
            c.globalAlpha = 1;
            c.strokeStyle = colours.accent;
            c.lineWidth = 2;
            c.strokeRect(x0, 1, Math.max(x1 - x0, 2), height - 2);
        }
    }

    // What the colours mean: [colour, words].
    function colourKeys(scene) {
        if (scene.colourBy === 'type') return scene.common.types.map((name, i) => [i % COLOURS, name]);
        const words = slowdownSteps.map((limit, i) => (i ? `slowdown ${slowdownSteps[i - 1]} to ${limit}` : `below ${limit}`));
        return [...[...words, `${slowdownSteps.at(-1)} and more`].map((text, i) => [slowdownColours[i], text]), [UNFINISHED, 'not finished']];
    }

    Object.assign(tap, { ScheduleView: View, ScheduleOverview: Overview, scheduleColourKeys: colourKeys });
})((window.tap = window.tap || {}));
