// SPDX-License-Identifier: Apache-2.0
// What the dashboard's pages share: elements, the daemon's public API, figures as words, tables. A page is
// a function that gives its content; morph() brings what is shown there, so that focus, what is typed,
// what is unfolded and how far something is scrolled stay.
(function (live) {
    'use strict';
    const SVG = ['svg', 'g', 'rect', 'text', 'line', 'path', 'title', 'defs', 'pattern'];

    function listen(node, type) {
        if (!node.handlers) node.handlers = {};
        if (!(type in node.handlers)) node.addEventListener(type, (event) => node.handlers[type] && node.handlers[type](event));
    }

    // DOM without innerHTML: nothing that comes from a job can become markup. Functions are handlers of
    // events, an object of style goes past the page's security policy, which allows no style attributes.
    live.make = function (name, attributes, ...children) {
        const node = SVG.includes(name) ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
        for (const [key, value] of Object.entries(attributes || {})) {
            if (typeof value === 'function') {
                listen(node, key);
                node.handlers[key] = value;
            } else if (key === 'style') Object.assign(node.style, value);
            else if (value !== undefined && value !== null && value !== false) node.setAttribute(key, value === true ? '' : value);
        }
        node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
        return node;
    };
    const { make } = live;

    function morphAttributes(old, now) {
        for (const { name } of [...old.attributes])
            if (!now.hasAttribute(name) && name !== 'style' && name !== 'open') old.removeAttribute(name);
        for (const { name, value } of now.attributes)
            if (name !== 'style' && name !== 'open' && old.getAttribute(name) !== value) old.setAttribute(name, value);
        if (old.style && old.style.cssText !== now.style.cssText) old.style.cssText = now.style.cssText;
        for (const type of Object.keys(now.handlers || {})) listen(old, type);
        if (old.handlers) old.handlers = { ...Object.fromEntries(Object.keys(old.handlers).map((type) => [type, null])), ...now.handlers };
    }
    live.morph = function (old, now) {
        if (old.nodeName !== now.nodeName || (old.dataset && old.dataset.key !== now.dataset.key)) {
            old.replaceWith(now);
            return;
        }
        if (old.nodeType !== Node.ELEMENT_NODE) {
            if (old.data !== now.data) old.data = now.data;
            return;
        }
        morphAttributes(old, now);
        if ('still' in (old.dataset || {})) return; // what is in it was put there since
        const stood = [...old.childNodes], come = [...now.childNodes];
        const atEnd = old.scrollHeight - old.scrollTop - old.clientHeight < 4;
        come.forEach((child, i) => (i < stood.length ? live.morph(stood[i], child) : old.append(child)));
        stood.slice(come.length).forEach((child) => child.remove());
        if (atEnd && old.classList.contains('log')) old.scrollTop = old.scrollHeight; // follows, unless one reads further up
    };

    live.api = async function (path, options = {}) {
        const answer = await fetch(path, options);
        const text = await answer.text();
        const body = (answer.headers.get('Content-Type') || '').includes('json') ? JSON.parse(text) : text;
        if (!answer.ok) throw Object.assign(new Error(body.detail || answer.statusText), { status: answer.status });
        return body;
    };
    live.send = (method, path, body) =>
        live.api(path, { method, body: body && JSON.stringify(body), headers: body ? { 'Content-Type': 'application/json' } : {} });

    live.ago = function (from, to) {
        if (!from) return '–';
        const s = Math.max(0, ((to ? Date.parse(to) : Date.now()) - Date.parse(from)) / 1000);
        if (s < 60) return s.toFixed(s < 10 ? 1 : 0) + ' s';
        if (s < 3600) return Math.floor(s / 60) + ' m ' + Math.floor(s % 60) + ' s';
        if (s < 86400) return Math.floor(s / 3600) + ' h ' + Math.floor((s / 60) % 60) + ' m';
        return Math.floor(s / 86400) + ' d ' + Math.floor((s / 3600) % 24) + ' h';
    };
    live.seconds = function (x) {
        if (typeof x !== 'number') return '–';
        return x < 60 ? x.toFixed(x < 10 ? 1 : 0) + ' s' : x < 3600 ? (x / 60).toFixed(x < 600 ? 1 : 0) + ' min' : (x / 3600).toFixed(1) + ' h';
    };
    live.clock = function (at) {
        const date = new Date(at), far = Math.abs(Date.now() - date) > 20 * 3600e3;
        return (far ? date.toLocaleDateString([], { month: 'short', day: 'numeric' }) + ' ' : '') +
            date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
    };
    live.percent = (x) => (typeof x === 'number' ? (100 * x).toFixed(0) + ' %' : '–');
    live.gib = (bytes) => (bytes / 2 ** 30).toFixed(1);
    live.amount = function (a) {
        if (!a) return '–';
        return [a.cpu + ' cpu', a.gpu ? a.gpu + ' gpu' : '', a.mem_bytes ? live.gib(a.mem_bytes) + ' GiB' : ''].filter(Boolean).join(', ');
    };
    live.link = (id) => make('a', { href: '#/job/' + id }, id);

    // What a reason means, as the daemon has it.
    const reasons = JSON.parse(document.getElementById('reasons').textContent);
    live.meaning = (reason) => reasons[reason] || '';

    const good = ['RUNNING', 'SUCCEEDED', 'ready'], bad = ['FAILED', 'LOST', 'draining'];
    const glyph = { RUNNING: '▶', STARTING: '▷', SUCCEEDED: '✓', FAILED: '✕', LOST: '?', CANCELED: '–', PENDING: '…', HELD: '‖' };
    live.glyph = (state) => glyph[state] || '';
    live.chip = function (state, title) {
        return make('span', { class: 'chip' + (good.includes(state) ? ' good' : bad.includes(state) ? ' bad' : ''), title },
            glyph[state] ? make('span', { 'aria-hidden': 'true' }, glyph[state] + ' ') : null, state);
    };
    // Of a job: why it waits is one look, or one tap, away.
    live.stateChip = function (job) {
        const chip = live.chip(job.state, job.reason ? `${job.reason}: ${live.meaning(job.reason)}` : job.message || '');
        return job.reason ? make('a', { class: 'bare', href: '#/job/' + job.id, title: chip.title, 'aria-label': `${job.state}, ${job.reason}: ${live.meaning(job.reason)}` }, chip) : chip;
    };
    // The likely case of what is expected, with the range behind it.
    live.eta = function (job) {
        const range = job.eta_s || job.left_s;
        if (!range) return '–';
        return make('span', { title: `${job.eta_s ? 'starts' : 'ends'} in ${live.seconds(range[0])} to ${live.seconds(range[2])}, estimated` }, '~' + live.seconds(range[1]));
    };

    // heads: "#" in front of one is a column of figures.
    live.table = function (caption, heads, rows, empty) {
        if (!rows.length) return make('p', { class: 'soft' }, empty);
        const of = (head) => (head.startsWith('#') ? 'n' : null);
        return make('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': caption },
            make('table', {}, make('caption', { class: 'sr' }, caption),
                make('thead', {}, make('tr', {}, heads.map((head) =>
                    head === '' ? make('td') : make('th', { class: of(head), scope: 'col' }, head.replace('#', ''))))),
                make('tbody', {}, rows.map((row) => make('tr', {}, row.map((cell, i) => make('td', { class: of(heads[i]) }, cell)))))));
    };
    // What a chart shows as a table, for those who cannot see it or want figures.
    live.asTable = (caption, heads, rows) =>
        make('details', {}, make('summary', {}, 'Show table'), live.table(caption, heads, rows, 'Nothing yet.'));
    live.facts = (list) =>
        make('dl', { class: 'facts' }, list.filter(([, value]) => value !== null && value !== undefined && value !== '')
            .map(([name, value]) => make('div', { class: value.nodeName === 'CODE' ? 'long' : null }, make('dt', {}, name), make('dd', {}, value))));
    live.section = (title, ...content) => make('section', {}, make('h2', {}, title), ...content);
    live.meter = function (name, used, all, unit) {
        if (!all) return null;
        return make('div', { class: 'meter' }, make('div', { class: 'soft' }, make('span', {}, name), make('span', {}, `${used} of ${all}${unit || ''}`)),
            make('div', { class: 'bar', role: 'meter', 'aria-label': `${name} in use`, 'aria-valuemin': 0, 'aria-valuemax': all, 'aria-valuenow': used },
                make('i', { style: { width: `${Math.min(100, (100 * used) / all)}%` } })));
    };
    // A form that sends something; what goes wrong is said in it.
    live.form = function (attributes, send, ...content) {
        return make('form', { class: 'submit', method: 'post', ...attributes, submit: async (event) => {
            event.preventDefault();
            const form = event.target, alert = form.querySelector('[role=alert]');
            alert.textContent = '';
            try { await send(form); } catch (trouble) { alert.textContent = trouble.message; }
        } }, ...content, make('p', { class: 'full alert', role: 'alert', 'data-still': true }));
    };
    live.field = (label, attributes) => make('label', {}, label, make('input', attributes));
})((window.live = window.live || {}));
