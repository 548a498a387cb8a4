// SPDX-License-Identifier: Apache-2.0
// The dashboard's pages, but for a job's own.
(function (live) {
    'use strict';
    const { make, api, link, amount, percent, seconds, ago, table, section, chip } = live;
    const STATES = ['PENDING', 'HELD', 'STARTING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'LOST'];
    const pages = (live.pages = {});
    const count = (list) => Object.entries(list.reduce((sum, word) => ({ ...sum, [word]: (sum[word] || 0) + 1 }), {})).sort((a, b) => b[1] - a[1]);
    const mean = (list) => (list.length ? list.reduce((a, b) => a + b, 0) / list.length : undefined);
    const between = (from, to) => (Date.parse(to) - Date.parse(from)) / 1000;

    const clusterCard = (c) => make('div', { class: 'card' },
        make('h3', {}, make('a', { href: '#/clusters' }, c.name), chip(c.state, c.reason ? `${c.by}: ${c.reason}` : '')),
        live.meter('cpu', c.capacity.cpu - c.free.cpu, c.capacity.cpu),
        live.meter('gpu', c.capacity.gpu - c.free.gpu, c.capacity.gpu),
        c.capacity.mem_bytes ? live.meter('memory', live.gib(c.capacity.mem_bytes - c.free.mem_bytes), live.gib(c.capacity.mem_bytes), ' GiB') : null,
        make('p', { class: 'soft' }, `${c.running.length} run, ${c.queue} could run here and wait`));

    // What the last tasks had to wait for, by type.
    function history(tasks) {
        const types = [...new Set(tasks.map((t) => t.type))].sort();
        return table('Waits, ends and evictions by type', ['Type', '#Started', '#Failed', '#Mean wait', '#Longest wait', '#Mean completion', '#Sent back to wait'], types.map((type) => {
            const own = tasks.filter((t) => t.type === type), waits = own.map((t) => between(t.submitted_at, t.started_at));
            const over = own.filter((t) => t.state === 'SUCCEEDED').map((t) => between(t.submitted_at, t.ended_at));
            return [type, String(own.length), String(own.filter((t) => ['FAILED', 'LOST'].includes(t.state)).length), seconds(mean(waits)), seconds(Math.max(...waits)), seconds(mean(over)),
                String(own.reduce((sum, t) => sum + Math.max(0, t.attempts - 1 - t.failures), 0))];
        }), 'Nothing ran yet.');
    }

    function asRows(data) {
        const rows = data.items.slice(0, 100).map((t) => [link(t.id), t.name, t.type, t.state, t.cluster || '–', amount(t.allocation), live.clock(t.started_at),
            t.ended_at ? live.clock(t.ended_at) : t.left_s ? '~' + live.clock(Date.now() + 1000 * t.left_s[1]) : '–']);
        return data.planned.slice(0, 100).map((t) => [link(t.id), t.name, t.type, t.state, t.cluster, amount(t.allocation), '~' + live.clock(Date.now() + 1000 * t.eta_s[1]), '–']).concat(rows);
    }

    pages.timeline = async function () {
        const [clusters, jobs, data, policy] = await Promise.all([api('v1/clusters'), api('v1/jobs?state=PENDING,HELD&limit=50'), api('v1/timeline?limit=1000'), api('v1/policies')]);
        live.showState(clusters.items);
        return [
            section('Clusters', make('div', { class: 'grid' }, clusters.items.map(clusterCard)),
                make('p', { class: 'soft' }, 'Decided by ', make('a', { href: '#/policies' }, policy.policy), policy.fallback_decides ? `; at present ${policy.fallback} decides in its place` : '', policy.trouble ? `: ${policy.trouble}` : '')),
            section('What ran, runs and is expected', live.gantt(data, clusters.items),
                live.asTable('Tasks that wait, run or ran', ['Task', 'Name', 'Type', 'State', 'Cluster', 'Holds', 'From', 'To'], asRows(data))),
            section('Queue', jobs.items.length ? make('p', { class: 'soft' }, `${clusters.waiting} task${clusters.waiting === 1 ? ' waits' : 's wait'} for a place. Jobs: `, count(jobs.items.map((j) => j.reason || j.state)).map(([reason, n]) => `${n} ${reason}`).join(', '), jobs.next ? ' among the first 50' : '') : null,
                table('Jobs that wait', ['Job', 'Name', 'Type', 'State', 'Reason', '#Priority', '#Waits', '#Starts in'],
                    jobs.items.map((j) => [link(j.id), j.name, j.type, live.stateChip(j), j.reason ? make('span', { title: live.meaning(j.reason) }, j.reason) : '–', String(j.priority), ago(j.submitted_at), live.eta(j)]), 'Nothing waits.')),
            section('How full the clusters were', make('p', { class: 'soft' }, 'Processors held, in per cent of a cluster, over the time of the chart above.'), live.heat(data, clusters.items)),
            section(`The last ${data.items.length} tasks`, history(data.items)),
        ];
    };

    // The filter of the page Jobs: what the server is asked for.
    const filter = (live.filter = { state: '', name: '', type: '', user: '', cursor: '' });
    const before = []; // cursors of the pages before this one
    live.search = function (wanted) {
        Object.assign(filter, { state: '', type: '', user: '', cursor: '' }, wanted);
        before.length = 0;
    };
    const filterForm = () => make('form', { class: 'submit', role: 'search', 'aria-label': 'jobs', submit: (event) => {
        event.preventDefault();
        const f = new FormData(event.target);
        live.search(Object.fromEntries(['state', 'name', 'type', 'user'].map((key) => [key, f.get(key).trim()])));
        live.draw();
    } },
    make('label', {}, 'State', make('select', { name: 'state' }, ['', ...STATES].map((state) => make('option', { value: state, selected: filter.state === state }, state || 'any')))),
    live.field('Name, with *', { name: 'name', value: filter.name }), live.field('Type', { name: 'type', value: filter.type, placeholder: 'any' }),
    live.field('User', { name: 'user', value: filter.user, placeholder: 'any; me' }), make('button', {}, 'Show'));
    const turn = (name, change) => make('button', { type: 'button', click: () => {
        change();
        live.draw();
    } }, name);

    const words = (line) => (line.match(/"[^"]*"|'[^']*'|\S+/g) || []).map((w) => w.replace(/^["']|["']$/g, ''));
    async function submit(form) {
        const f = new FormData(form), job = { command: words(f.get('command')), cwd: f.get('cwd') || '/' };
        for (const key of ['name', 'type', 'array']) if (f.get(key)) job[key] = f.get(key);
        if (Number(f.get('cpu'))) job.max = { cpu: Number(f.get('cpu')), gpu: Number(f.get('gpu')) };
        const made = await live.send('POST', 'v1/jobs', job);
        form.reset();
        location.hash = '#/job/' + made.id;
    }
    const submitForm = () => make('details', { class: 'box' }, make('summary', {}, 'Submit a job'), live.form({ 'data-form': 'submit' }, submit,
        make('label', { class: 'full' }, 'Command', make('input', { name: 'command', required: true, placeholder: 'sh -c "echo hello"' })),
        live.field('Name', { name: 'name' }), live.field('Type', { name: 'type', placeholder: 'default' }),
        live.field('Folder', { name: 'cwd', placeholder: '/' }), live.field('Array', { name: 'array', placeholder: '1-8%2' }),
        live.field('At most: processors', { name: 'cpu', type: 'number', min: 1 }), live.field('and GPUs', { name: 'gpu', type: 'number', min: 0 }),
        make('button', { class: 'main' }, 'Submit')));

    pages.jobs = async function () {
        const query = Object.entries(filter).filter(([, value]) => value).map(([key, value]) => `&${key}=${encodeURIComponent(value)}`).join('');
        const jobs = await api('v1/jobs?newest=true&limit=100' + query);
        return [section('Jobs, newest first', live.may('submit') ? submitForm() : null, filterForm(),
            table('Jobs', ['Job', 'Name', 'Type', 'User', 'State', 'Cluster', 'Holds', '#Done', '#Time', '#Expected', 'Reason'],
                jobs.items.map((j) => [link(j.id), j.name, j.type, j.user || '–', live.stateChip(j), j.cluster || '–', amount(j.allocation),
                    j.tasks > 1 ? `${j.counts.SUCCEEDED || 0}/${j.tasks}` : percent(j.progress), ago(j.started_at || j.submitted_at, j.ended_at), live.eta(j), j.reason ? make('span', { title: live.meaning(j.reason) }, j.reason) : j.message || '–']),
                query ? 'None like that.' : 'No jobs yet. Submit one above, or with tapfinger submit.'),
            make('p', { class: 'row' }, before.length ? turn('Newer', () => { filter.cursor = before.pop(); }) : null, jobs.next ? turn('Older', () => {
                before.push(filter.cursor);
                filter.cursor = jobs.next;
            }) : null))];
    };

    // Who sits where: a square for each processor and GPU of a cluster.
    function unitMap(c, resource) {
        const squares = [];
        for (const t of c.running)
            for (let i = 0; i < (t.allocation?.[resource] || 0) && squares.length < 256; i++)
                squares.push(make('a', { class: 'unit held', href: '#/job/' + t.id, title: `${t.id} ${t.name}`, tabindex: i ? -1 : null, 'aria-label': `${resource} held by ${t.id} ${t.name}` }, t.id));
        for (let i = 0; i < c.free[resource] && squares.length < 256; i++) squares.push(make('span', { class: 'unit', title: 'free' }));
        if (!c.capacity[resource]) return null;
        return make('div', { class: 'map' }, make('span', { class: 'soft' }, `${resource}: ${c.free[resource]} of ${c.capacity[resource]} free`), make('div', { class: 'units' }, squares));
    }
    const drain = (c) => live.form({}, async (form) => {
        const reason = new FormData(form).get('reason');
        await live.send('PATCH', 'v1/clusters/' + c.name, c.state === 'draining' ? { drain: false } : { drain: true, reason });
        live.draw();
    }, c.state === 'draining' ? null : live.field(`Why ${c.name} shall take no more tasks`, { name: 'reason', required: true }), make('button', {}, c.state === 'draining' ? `Resume ${c.name}` : `Drain ${c.name}`));

    pages.clusters = async function () {
        const clusters = await api('v1/clusters');
        live.showState(clusters.items);
        return clusters.items.map((c) => section([c.name + ' ', chip(c.state, c.reason ? `${c.by}: ${c.reason}` : '')],
            c.state === 'draining' ? make('p', {}, `Drained by ${c.by}: ${c.reason}`, c.until ? `, until ${new Date(c.until).toLocaleString()}` : '', '.') : null,
            make('p', { class: 'soft' }, `${c.running.length} run, ${c.queue} that could run here wait; ${percent(c.util_1h)} of its processors were held in the last hour; ${c.used_cpus.toFixed(2)} processors in use.`),
            unitMap(c, 'cpu'), unitMap(c, 'gpu'),
            table(`Tasks on ${c.name}`, ['Task', 'Name', 'Type', 'State', 'Holds', '#Done', '#Time'], c.running.map((t) => [link(t.id), t.name, t.type, chip(t.state), amount(t.allocation), percent(t.progress), ago(t.started_at)]), 'Nothing runs here.'),
            make('details', {}, make('summary', {}, 'What is enforced here'), make('ul', { class: 'soft' }, c.enforced.map((line) => make('li', {}, line)))), live.may('admin') ? drain(c) : null));
    };

    // Such as are compared line by line: in one unit.
    const exactly = (x) => (typeof x === 'number' ? (x < 1000 ? x.toPrecision(3) : Math.round(x)) + ' s' : '–');
    // Whole runs with every allocation that was seen, and how sure that is.
    function curve(t) {
        const points = [...t.points].sort((a, b) => a.allocation.gpu - b.allocation.gpu || a.allocation.cpu - b.allocation.cpu);
        const most = Math.max(...t.points.map((p) => p.measured_s + 2 * p.error_s));
        return table(`What ${t.type} takes`, ['With', '', '#Seen', '#Whole run', '#± twice the standard error', '#Model says'], points.map((p) => [amount(p.allocation),
            make('div', { class: 'bar span', 'aria-hidden': 'true' }, make('i', { style: { width: `${(100 * p.measured_s) / most}%` } }),
                make('b', { style: { left: `${(100 * Math.max(0, p.measured_s - 2 * p.error_s)) / most}%`, width: `${(100 * Math.min(most, 4 * p.error_s)) / most}%` } })),
            String(p.samples), exactly(p.measured_s), exactly(2 * p.error_s), p.believed_s ? exactly(p.believed_s) : '–']), 'Nothing learned yet.');
    }
    pages.types = async function () {
        const types = await api('v1/types');
        if (!types.items.length) return section('Types', make('p', { class: 'soft' }, 'None yet: a type comes with its first job.'));
        return types.items.map((t) => section(t.type, make('p', { class: 'soft' }, `From ${amount(t.min)} to ${amount(t.max)}; ${t.samples} stretches seen.${t.model ? ` Model: ${t.model}${typeof t.mape === 'number' ? `, off by ${percent(t.mape)} in the mean` : ''}.` : ''}`), curve(t)));
    };

    const differs = (x, to) => (typeof x === 'number' && to ? `${x >= to ? '+' : '\u2212'}${Math.abs(100 * (x / to - 1)).toFixed(1)} %` : '–');
    function comparison(c) {
        const items = c.items.filter((p) => typeof p.mean_s === 'number').sort((a, b) => a.mean_s - b.mean_s);
        const left = c.items.filter((p) => typeof p.mean_s !== 'number'), own = c.items.find((p) => p.policy === c.policy);
        const most = Math.max(c.real_mean_s || 0, ...items.map((p) => p.mean_s));
        const length = (x, kind) => make('div', { class: 'bar', 'aria-hidden': 'true' }, make('i', { class: kind, style: { width: `${(100 * x) / most}%` } }));
        const row = (p) => [p.policy, p.policy === c.policy ? chip('decides') : '', exactly(p.mean_s), own ? differs(p.mean_s, own.mean_s) : '–', length(p.mean_s, p.policy === c.policy ? 'own' : '')];
        return [
            make('p', {}, `Of the last ${c.tasks} tasks that arrived within a day ${c.finished} finished, after ${seconds(c.real_mean_s)} in the mean. `,
                own ? `The simulation of ${c.policy}, which decides, says ${seconds(own.mean_s)} (${differs(own.mean_s, c.real_mean_s)}): that far the other figures can be trusted where the speeds of their allocations were measured.` : ''),
            make('p', { class: 'soft', id: 'age' }, `Simulated from the recorded log ${ago(c.made_at)} ago.${c.state === 'running' ? ' Being worked out anew.' : ''}`),
            table('Mean completion times by policy', ['Policy', '', '#Mean completion', '#Against the one that decides', ''], [
                ['really', chip('measured'), exactly(c.real_mean_s), '', length(c.real_mean_s || 0, 'real')], ...items.map(row)], 'None yet.'),
            left.length ? make('p', { class: 'soft' }, 'Did not finish all of them: ' + left.map((p) => p.policy).join(', ') + '.') : null];
    }
    // The log of the last day, simulated under each policy; the daemon works it out beside its loop.
    pages.policies = async function () {
        const c = await api('v1/comparison');
        if (c.state === 'running') setTimeout(live.soon, 1000);
        return section('What each policy would have made of it', c.trouble ? make('p', {}, `Nothing to compare: ${c.trouble}.`) : c.tasks === undefined ? make('p', {}, 'One moment: it is being simulated.') : comparison(c));
    };

    pages.decisions = async function () {
        const list = await api('v1/decisions?limit=200');
        return section('Decisions, newest first', table('Decisions', ['When', 'Task', 'What', 'Where', 'With', 'By', '#Took'],
            list.items.map((d) => [live.clock(d.at), link(d.id), d.action, d.cluster || '–', amount(d.allocation), d.policy, (1000 * d.latency_s).toFixed(2) + ' ms']), 'None yet.'));
    };
})((window.live = window.live || {}));
