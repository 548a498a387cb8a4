/* SPDX-License-Identifier: Apache-2.0 */
/* The dashboard: pages drawn from the daemon's public API, drawn again when an event says that
   something changed. No page holds state of its own but the address and what is typed in a form. */
'use strict';
(() => {
  const main = document.querySelector('main');
  const status = document.getElementById('status');
  let shown = 0; /* counts drawings, so that late answers do not overwrite newer ones */
  let last = 0; /* sequence number of the last event */

  /* DOM without innerHTML: nothing that comes from a job can become markup. */
  const make = (name, attributes, ...children) => {
    const svg = ['svg', 'g', 'rect', 'text', 'line', 'title', 'a-svg'].includes(name);
    const node = svg
      ? document.createElementNS('http://www.w3.org/2000/svg', name === 'a-svg' ? 'a' : name)
      : document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (typeof value === 'function') node.addEventListener(key, value);
      else if (value !== undefined && value !== null && value !== false) node.setAttribute(key, value === true ? '' : value);
    }
    node.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return node;
  };

  const api = async (path, options = {}) => {
    const answer = await fetch(path, options);
    if (answer.status === 401) throw Object.assign(new Error('denied'), { denied: true });
    const text = await answer.text();
    const kind = answer.headers.get('Content-Type') || '';
    const body = kind.includes('json') ? JSON.parse(text) : text;
    if (!answer.ok) throw new Error(body.detail || answer.statusText);
    return body;
  };

  const ago = (from, to) => {
    if (!from) return '-';
    const s = Math.max(0, ((to ? Date.parse(to) : Date.now()) - Date.parse(from)) / 1000);
    if (s < 60) return s.toFixed(s < 10 ? 1 : 0) + ' s';
    if (s < 3600) return Math.floor(s / 60) + ' m ' + Math.floor(s % 60) + ' s';
    if (s < 86400) return Math.floor(s / 3600) + ' h ' + Math.floor((s / 60) % 60) + ' m';
    return Math.floor(s / 86400) + ' d ' + Math.floor((s / 3600) % 24) + ' h';
  };
  const amount = (a) => {
    if (!a) return '-';
    const parts = [a.cpu + ' cpu'];
    if (a.gpu) parts.push(a.gpu + ' gpu');
    if (a.mem_bytes) parts.push((a.mem_bytes / 2 ** 30).toFixed(1) + ' GiB');
    return parts.join(', ');
  };
  const chip = (state, title) =>
    make('span', { class: 'chip ' + (['RUNNING', 'SUCCEEDED', 'ready'].includes(state) ? 'good' : ['FAILED', 'LOST', 'draining'].includes(state) ? 'bad' : ''), title }, state);
  const percent = (x) => (typeof x === 'number' ? (100 * x).toFixed(0) + ' %' : '-');
  const table = (heads, rows, empty) =>
    rows.length
      ? make('div', { class: 'wide', tabindex: 0 }, make('table', {},
        make('thead', {}, make('tr', {}, heads.map((head) => make('th', { class: head.startsWith('#') ? 'n' : '', scope: 'col' }, head.replace('#', ''))))),
        make('tbody', {}, rows.map((row) => make('tr', {}, row.map((cell, i) => make('td', { class: heads[i].startsWith('#') ? 'n' : '' }, cell)))))))
      : make('p', { class: 'soft' }, empty);
  const link = (id) => make('a', { href: '#/job/' + id }, id);

  const seconds = (x) => (x < 60 ? x.toFixed(x < 10 ? 1 : 0) + ' s' : x < 3600 ? Math.round(x / 60) + ' min' : (x / 3600).toFixed(1) + ' h');
  /* The likely case of what is expected, with the range behind it. */
  const eta = (j) => {
    const range = j.eta_s || j.left_s;
    return range ? make('span', { title: `${j.eta_s ? 'starts' : 'ends'} in ${seconds(range[0])} to ${seconds(range[2])}, estimated` }, '~' + seconds(range[1])) : '-';
  };
  /* What a chart shows as a table, for those who cannot see or want figures. */
  const asTable = (title, heads, rows) => make('details', { class: 'soft' }, make('summary', {}, title), table(heads, rows, 'Nothing yet.'));

  /* A page is a function that gives its content. */
  const pages = {};

  const bar = (name, used, all) =>
    all ? make('div', {}, make('div', { class: 'soft' }, `${name} ${used} of ${all}`),
      make('div', { class: 'bar', role: 'meter', 'aria-label': name, 'aria-valuemin': 0, 'aria-valuemax': all, 'aria-valuenow': used }, make('i', { style: `width:${(100 * used) / all}%` }))) : null;

  const clusterCard = (c) => make('div', { class: 'card' },
    make('h3', {}, c.name, chip(c.state, c.reason ? `${c.by}: ${c.reason}` : '')),
    bar('cpu', c.capacity.cpu - c.free.cpu, c.capacity.cpu),
    bar('gpu', c.capacity.gpu - c.free.gpu, c.capacity.gpu),
    c.capacity.mem_bytes ? bar('GiB', ((c.capacity.mem_bytes - c.free.mem_bytes) / 2 ** 30).toFixed(1), (c.capacity.mem_bytes / 2 ** 30).toFixed(1)) : null,
    c.running.slice(0, 12).map((t) => make('div', {}, link(t.id), ` ${t.name} `, make('span', { class: 'soft' }, `${amount(t.allocation)}  ${percent(t.progress)}`))),
    c.running.length > 12 ? make('div', { class: 'soft' }, `and ${c.running.length - 12} more`) : null,
    make('div', { class: 'soft', title: 'how limits are enforced' }, c.enforced[0]));

  /* Tasks as bars over time, one lane per task that ran beside another. */
  const gantt = (tasks, clusters) => {
    const now = Date.now();
    const bars = tasks.map((t) => ({ ...t, from: Date.parse(t.started_at), to: t.ended_at ? Date.parse(t.ended_at) : now }));
    const from = Math.max(Math.min(now - 60000, ...bars.map((b) => b.from)), now - 6 * 3600000);
    const ahead = Math.min((now - from) / 3, Math.max(0, ...bars.map((b) => (b.left_s ? 1000 * b.left_s[1] : 0))));
    const until = now + ahead;
    const width = 1000, left = 90, row = 16, hues = ['var(--c0)', 'var(--c1)', 'var(--c2)', 'var(--c3)', 'var(--c4)', 'var(--c5)', 'var(--c7)'];
    const types = [...new Set(bars.map((b) => b.type))].sort();
    const x = (t) => left + ((Math.min(Math.max(t, from), until) - from) / (until - from)) * (width - left - 10);
    const parts = [];
    let y = 22;
    for (const cluster of clusters) {
      const lanes = [];
      const own = bars.filter((b) => b.cluster === cluster.name && b.to >= from).sort((a, b) => a.from - b.from);
      parts.push(make('text', { x: 0, y: y + 12 }, cluster.name.slice(0, 14)));
      for (const b of own) {
        let lane = lanes.findIndex((end) => end <= b.from);
        if (lane < 0) lane = lanes.push(0) - 1;
        lanes[lane] = b.to;
        if (lane > 11) continue;
        const words = `${b.id} ${b.name} (${b.type}): ${b.state}, ${amount(b.allocation)}, ${ago(b.started_at, b.ended_at)}`;
        parts.push(make('a-svg', { href: '#/job/' + b.id, 'aria-label': words },
          make('rect', { x: x(b.from), y: y + lane * row, width: Math.max(2, x(b.to) - x(b.from)), height: row - 3, rx: 2, fill: hues[types.indexOf(b.type) % hues.length], 'fill-opacity': b.ended_at ? 0.55 : 1, stroke: ['FAILED', 'LOST'].includes(b.state) ? 'var(--bad)' : 'none', 'stroke-width': 2 }, make('title', {}, words)),
          b.left_s && ahead > 0 ? make('rect', { class: 'expected', x: x(now), y: y + lane * row, width: Math.max(2, x(now + 1000 * b.left_s[1]) - x(now)), height: row - 3, fill: 'none', stroke: hues[types.indexOf(b.type) % hues.length], 'stroke-dasharray': '3 2' }) : null));
      }
      y += row * Math.max(1, Math.min(12, lanes.length)) + 8;
      parts.push(make('line', { x1: 0, x2: width, y1: y - 5, y2: y - 5, stroke: 'var(--grid)' }));
    }
    if (ahead > 0) parts.push(make('line', { x1: x(now), x2: x(now), y1: 16, y2: y - 5, stroke: 'var(--ink)', 'stroke-dasharray': '2 3' }));
    for (let i = 0; i <= 4; i++) {
      const t = from + ((until - from) * i) / 4;
      parts.push(make('text', { x: x(t), y: 12, 'text-anchor': i === 4 ? 'end' : i ? 'middle' : 'start' }, new Date(t).toLocaleTimeString()));
    }
    return make('div', { class: 'wide' },
      make('svg', { class: 'live-gantt', viewBox: `0 0 ${width} ${y}`, role: 'img', 'aria-label': `what ran on ${clusters.length} clusters since ${new Date(from).toLocaleTimeString()}; the same as a table below` }, parts),
      make('p', { class: 'soft' }, types.map((t, i) => make('span', {}, make('span', { style: `color:${hues[i % hues.length]}` }, '\u25a0 '), t + '   ')), 'faint: ended; outlined: failed; dotted: expected'));
  };

  pages.timeline = async () => {
    const [clusters, jobs, tasks, policy] = await Promise.all([api('v1/clusters'), api('v1/jobs?state=PENDING,HELD&limit=50'), api('v1/timeline?limit=1000'), api('v1/policies')]);
    return [
      make('section', {}, make('h2', {}, 'Clusters'), make('div', { class: 'grid' }, clusters.items.map(clusterCard)),
        make('p', { class: 'soft' }, `Policy ${policy.policy}`, policy.fallback_decides ? '; at present fifo-min decides in its place' : '', policy.trouble ? `: ${policy.trouble}` : '')),
      make('section', {}, make('h2', {}, 'What ran, and what is expected'), gantt(tasks.items, clusters.items), asTable('the same as a table', ['Task', 'Name', 'Type', 'State', 'Cluster', 'Holds', 'From', 'To'],
        tasks.items.slice(0, 100).map((t) => [link(t.id), t.name, t.type, t.state, t.cluster || '-', amount(t.allocation), new Date(t.started_at).toLocaleTimeString(), t.ended_at ? new Date(t.ended_at).toLocaleTimeString() : t.left_s ? '~' + new Date(Date.now() + 1000 * t.left_s[1]).toLocaleTimeString() : '-']))),
      make('section', {}, make('h2', {}, `Queue (${clusters.waiting})`), table(['Job', 'Name', 'Type', 'State', 'Reason', '#Priority', '#Waits', '#Starts in'],
        jobs.items.map((j) => [link(j.id), j.name, j.type, chip(j.state, j.reason), j.reason || '-', String(j.priority), ago(j.submitted_at), eta(j)]), 'Nothing waits.')),
    ];
  };

  /* The filter of the page Jobs: what the server is asked for. */
  const filter = { state: '', name: '', type: '', user: '', cursor: '' };
  const before = []; /* cursors of the pages before this one */
  const filterForm = () => make('form', { class: 'submit', role: 'search', submit: (event) => {
    event.preventDefault();
    const f = new FormData(event.target);
    for (const key of ['state', 'name', 'type', 'user']) filter[key] = f.get(key).trim();
    filter.cursor = '';
    before.length = 0;
    document.activeElement.blur();
    draw();
  } },
  make('label', {}, 'State', make('select', { name: 'state' }, ['', 'PENDING', 'HELD', 'STARTING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'LOST'].map((state) => make('option', { value: state, selected: filter.state === state }, state || 'any')))),
  make('label', {}, 'Name, with *', make('input', { name: 'name', value: filter.name })), make('label', {}, 'Of type', make('input', { name: 'type', value: filter.type })),
  make('label', {}, 'User', make('input', { name: 'user', value: filter.user, placeholder: 'me' })), make('button', {}, 'Show'));
  const turn = (name, change) => make('button', { type: 'button', click: () => { change(); draw(); } }, name);

  pages.jobs = async () => {
    const query = Object.entries(filter).filter(([, value]) => value).map(([key, value]) => `&${key}=${encodeURIComponent(value)}`).join('');
    const jobs = await api('v1/jobs?newest=true&limit=100' + query);
    return [make('section', {}, make('h2', {}, 'Submit'), submitForm()),
      make('section', {}, make('h2', {}, 'Jobs, newest first'), filterForm(), table(['Job', 'Name', 'Type', 'User', 'State', 'Cluster', 'Holds', '#Done', '#Time', '#Expected', 'Reason'],
        jobs.items.map((j) => [link(j.id), j.name, j.type, j.user || '-', chip(j.state, j.reason), j.cluster || '-', amount(j.allocation),
          j.tasks > 1 ? `${j.counts.SUCCEEDED || 0}/${j.tasks}` : percent(j.progress), ago(j.started_at || j.submitted_at, j.ended_at), eta(j), j.reason || j.message || '-']), query ? 'None like that.' : 'No jobs yet. Submit one above, or with tapfinger submit.'),
      make('p', {}, before.length ? turn('Newer', () => { filter.cursor = before.pop(); }) : null, ' ', jobs.next ? turn('Older', () => { before.push(filter.cursor); filter.cursor = jobs.next; }) : null))];
  };

  /* Who sits where: a square for each processor and GPU of a cluster. */
  const unitMap = (c, resource) => {
    const squares = [];
    for (const t of c.running) for (let i = 0; i < (t.allocation?.[resource] || 0) && squares.length < 256; i++) squares.push(make('a', { class: 'unit held', href: '#/job/' + t.id, title: `${t.id} ${t.name}`, 'aria-label': `${resource} held by ${t.id} ${t.name}` }, t.id.slice(-3)));
    for (let i = 0; i < c.free[resource] && squares.length < 256; i++) squares.push(make('span', { class: 'unit', title: 'free' }));
    return c.capacity[resource] ? make('div', {}, make('span', { class: 'soft' }, resource + ' '), make('div', { class: 'units' }, squares)) : null;
  };
  const drain = (c) => make('form', { class: 'submit', submit: async (event) => {
    event.preventDefault();
    const reason = new FormData(event.target).get('reason');
    try {
      await api('v1/clusters/' + c.name, { method: 'PATCH', body: JSON.stringify(c.state === 'draining' ? { drain: false } : { drain: true, reason }), headers: { 'Content-Type': 'application/json' } });
      document.activeElement.blur();
      draw();
    } catch (trouble) { event.target.querySelector('[role=alert]').textContent = trouble.message; }
  } }, c.state === 'draining' ? null : make('label', {}, `Why ${c.name} shall take no more tasks`, make('input', { name: 'reason', required: true })),
  make('button', {}, c.state === 'draining' ? 'Resume' : 'Drain'), make('p', { class: 'full', role: 'alert' }));

  pages.clusters = async () => {
    const clusters = await api('v1/clusters');
    return clusters.items.map((c) => make('section', {}, make('h2', {}, c.name + ' ', chip(c.state, c.reason ? `${c.by}: ${c.reason}` : '')),
      c.state === 'draining' ? make('p', {}, `Drained by ${c.by}: ${c.reason}`, c.until ? `, until ${new Date(c.until).toLocaleString()}` : '', '.') : null,
      make('p', { class: 'soft' }, `${c.running.length} run, ${c.queue} that could run here wait; ${percent(c.util_1h)} of its processors were held in the last hour; ${c.used_cpus.toFixed(2)} processors in use.`),
      unitMap(c, 'cpu'), unitMap(c, 'gpu'),
      table(['Task', 'Name', 'Type', 'State', 'Holds', '#Done', '#Time'], c.running.map((t) => [link(t.id), t.name, t.type, chip(t.state), amount(t.allocation), percent(t.progress), ago(t.started_at)]), 'Nothing runs here.'),
      make('ul', { class: 'soft' }, c.enforced.map((line) => make('li', {}, line))), drain(c)));
  };

  const words = (line) => (line.match(/"[^"]*"|'[^']*'|\S+/g) || []).map((w) => w.replace(/^["']|["']$/g, ''));
  const submitForm = () => make('form', { class: 'submit', submit: async (event) => {
    event.preventDefault();
    const f = new FormData(event.target), job = { command: words(f.get('command')), cwd: f.get('cwd') || '/' };
    const cpu = Number(f.get('cpu')), gpu = Number(f.get('gpu'));
    if (f.get('name')) job.name = f.get('name');
    if (f.get('type')) job.type = f.get('type');
    if (f.get('array')) job.array = f.get('array');
    if (cpu) job.max = { cpu, gpu };
    try {
      const made = await api('v1/jobs', { method: 'POST', body: JSON.stringify(job), headers: { 'Idempotency-Key': crypto.randomUUID ? crypto.randomUUID() : String(Math.random()), 'Content-Type': 'application/json' } });
      location.hash = '#/job/' + made.id;
    } catch (trouble) { event.target.querySelector('[role=alert]').textContent = trouble.message; }
  } },
  make('label', { class: 'full' }, 'Command', make('input', { name: 'command', required: true, placeholder: 'sh -c "echo hello"' })),
  make('label', {}, 'Name', make('input', { name: 'name' })), make('label', {}, 'Type', make('input', { name: 'type', placeholder: 'default' })),
  make('label', {}, 'Folder', make('input', { name: 'cwd', placeholder: '/' })), make('label', {}, 'Array', make('input', { name: 'array', placeholder: '1-8%2' })),
  make('label', {}, 'At most: processors', make('input', { name: 'cpu', type: 'number', min: 1 })), make('label', {}, 'and GPUs', make('input', { name: 'gpu', type: 'number', min: 0 })),
  make('button', { class: 'main' }, 'Submit'), make('p', { class: 'full', role: 'alert' }));

  const act = (id, verb) => make('button', { click: async (event) => {
    event.target.disabled = true;
    try { await api(`v1/jobs/${id}/${verb}`, { method: 'POST' }); } catch (trouble) { status.textContent = trouble.message; }
    draw();
  } }, verb);

  pages.job = async (id) => {
    const [job, why, events] = await Promise.all([api('v1/jobs/' + id), api(`v1/jobs/${id}/explanation`), api(`v1/jobs/${id}/events?limit=300`)]);
    const task = job.task || job;
    const final = ['SUCCEEDED', 'FAILED', 'CANCELED', 'LOST'].includes(task.state);
    const log = await api(`v1/jobs/${id}/logs?offset=-20000`).catch((trouble) => trouble.message);
    const trouble = await api(`v1/jobs/${id}/logs?stream=stderr&offset=-20000`).catch(() => '');
    const facts = [['Type', job.type], ['User', job.user], ['Cluster', task.cluster], ['Holds', amount(task.allocation)], ['Progress', percent(task.progress)], ['Expected', why.eta_s ? `starts in ${seconds(why.eta_s[0])} to ${seconds(why.eta_s[2])}, likely ${seconds(why.eta_s[1])}` : why.left_s ? `ends in ${seconds(why.left_s[0])} to ${seconds(why.left_s[2])}, likely ${seconds(why.left_s[1])}` : ''], ['Asked and used', task.cpu_s === undefined ? '' : `${amount(why.min)} asked at least; ${task.cpu_s.toFixed(2)} s of processors, ${(task.most_bytes / 2 ** 20).toFixed(1)} MiB at most`],
      ['Metrics', Object.entries(task.metrics || {}).map(([k, v]) => `${k} ${v}`).join(', ')], ['Submitted', task.submitted_at], ['Started', task.started_at], ['Ended', task.ended_at],
      ['Exit', task.exit_signal ? 'signal ' + task.exit_signal : task.exit_code], ['Message', task.message], ['Command', (job.command || []).join(' ')]];
    return [
      make('section', {}, make('h2', {}, `${id} ${job.name} `, chip(task.state, job.reason)),
        make('p', {}, final ? [['FAILED', 'LOST'].includes(task.state) ? [act(id, 'retry'), ' '] : [], act(id, 'requeue')].flat() : [act(id, 'cancel'), ' ', job.held ? act(id, 'release') : act(id, 'hold')]),
        typeof task.progress === 'number' ? bar('progress in %', Math.round(100 * task.progress), 100) : null,
        table(['', ' '], facts.filter(([, v]) => v !== null && v !== undefined && v !== '').map(([k, v]) => [k, String(v)]), '')),
      why.reason ? make('section', {}, make('h2', {}, 'Why it waits'), make('p', {}, `${why.reason}: ${why.meaning}. `, why.queue_position >= 0 ? `It is number ${why.queue_position + 1} of ${why.waiting} in the queue.` : ''),
        table(['Cluster', 'Fits at all', 'Fits now', 'Reasons', '#Frees in', 'Free'], why.clusters.map((c) => [c.name, c.fits_empty ? 'yes' : 'no', c.fits_now ? 'yes' : 'no',
          c.reasons.map((r) => r.code + (r.need === undefined ? '' : ` (need ${r.need}, free ${r.free})`) + (r.by ? ` (${r.by}: ${r.detail})` : '')).join(', '), typeof c.frees_in_s === 'number' ? '~' + seconds(c.frees_in_s) : '-', amount(c.free)]), ''),
        why.remedies.length ? make('p', {}, 'It would start now with: ' + why.remedies.map((r) => Object.entries(r.change).map(([k, v]) => `${k} ${v}`).join(', ') + ` (${r.cluster}${typeof r.run_ratio === 'number' ? `, est. ${r.run_ratio.toFixed(1)} times the run` : ''})`).join(' | ')) : null) : null,
      job.array ? make('section', {}, make('h2', {}, 'Tasks'), table(['Task', 'State', 'Cluster', '#Done', '#Time'], job.task_list.map((t) => [link(t.id), chip(t.state), t.cluster || '-', percent(t.progress), ago(t.started_at, t.ended_at)]), '')) : null,
      make('section', {}, make('h2', {}, 'Output'), make('pre', { class: 'log', tabindex: 0 }, log || 'nothing yet'), trouble ? [make('h3', {}, 'Standard error'), make('pre', { class: 'log', tabindex: 0 }, trouble)] : null),
      make('section', {}, make('h2', {}, 'Decisions'), table(['When', 'What', 'Where', 'With', 'By', 'Instead'], why.decisions.map((d) => [new Date(d.at).toLocaleTimeString(), d.action, d.cluster || '-', amount(d.allocation), d.policy,
        (d.alternatives || []).filter((a) => !a.chosen).map((a) => `${a.cluster}: ${a.could_hold ? amount(a.could_hold) + (a.seconds ? `, est. ${a.seconds.toPrecision(3)} s` : '') : 'no room'}`).join('; ')]), 'None yet.')),
      make('section', {}, make('h2', {}, 'What happened'), table(['When', 'Event', 'Task', 'State'], events.items.filter((e) => e.event !== 'decision').map((e) => [new Date(e.at).toLocaleTimeString(), e.event, e.id || '-', e.reason || e.state || '-']), '')),
      make('section', {}, make('h2', {}, 'For programs'), make('pre', { class: 'log', tabindex: 0 }, `curl -H "Authorization: Bearer $TAPFINGER_TOKEN" ${new URL('v1/jobs/' + id, location.href.split('#')[0])}\ntapfinger show ${id} --spec`),
        make('details', {}, make('summary', {}, 'the job as JSON'), make('pre', { class: 'log', tabindex: 0 }, JSON.stringify(job, null, 2)))),
    ];
  };

  pages.types = async () => {
    const types = await api('v1/types');
    return types.items.map((t) => make('section', {}, make('h2', {}, t.type), make('p', { class: 'soft' }, `from ${amount(t.min)} to ${amount(t.max)}; ${t.samples} stretches seen`),
      table(['With', '#Seen', '#Whole run, s', '#Standard error, s', '#Model says, s'], t.points.map((p) => [amount(p.allocation), String(p.samples), p.measured_s.toPrecision(3), p.error_s.toPrecision(2), p.believed_s ? p.believed_s.toPrecision(3) : '-']), 'Nothing learned yet.')));
  };

  /* The log of the last day, simulated under each policy; the daemon works it out beside its loop. */
  pages.policies = async () => {
    const c = await api('v1/comparison');
    const running = c.state === 'running';
    if (running) setTimeout(soon, 1000);
    const items = c.items.filter((p) => typeof p.mean_s === 'number').sort((a, b) => a.mean_s - b.mean_s);
    const left = c.items.filter((p) => typeof p.mean_s !== 'number');
    const own = c.items.find((p) => p.policy === c.policy);
    const most = Math.max(c.real_mean_s || 0, ...items.map((p) => p.mean_s));
    const seconds = (x) => (typeof x === 'number' ? x.toPrecision(3) : '-');
    const differs = (x, to) => (typeof x === 'number' && to ? `${x >= to ? '+' : '\u2212'}${Math.abs(100 * (x / to - 1)).toFixed(1)} %` : '-');
    const length = (x, kind) => make('div', { class: 'bar', 'aria-hidden': 'true' }, make('i', { class: kind, style: `width:${(100 * x) / most}%` }));
    const row = (p) => [p.policy, p.policy === c.policy ? chip('decides') : '', seconds(p.mean_s), own ? differs(p.mean_s, own.mean_s) : '-', length(p.mean_s, p.policy === c.policy ? 'own' : '')];
    return make('section', {}, make('h2', {}, 'What each policy would have made of it'),
      c.trouble ? make('p', {}, `Nothing to compare: ${c.trouble}.`) : c.tasks === undefined ? make('p', {}, 'One moment: it is being simulated.') : [
        make('p', {}, `Of the last ${c.tasks} tasks that arrived within a day ${c.finished} finished, after ${seconds(c.real_mean_s)} s in the mean. `,
          own ? `The simulation of ${c.policy}, which decides, says ${seconds(own.mean_s)} s (${differs(own.mean_s, c.real_mean_s)}): that far the other figures can be trusted where the speeds of their allocations were measured.` : ''),
        make('p', { class: 'soft', id: 'age' }, `Simulated from the recorded log ${ago(c.made_at)} ago.${running ? ' Being worked out anew.' : ''}`),
        table(['Policy', '', '#Mean completion, s', '#Against the one that decides', ''], [
          ['really', chip('measured'), seconds(c.real_mean_s), '', length(c.real_mean_s || 0, 'real')], ...items.map(row)], 'None yet.'),
        left.length ? make('p', { class: 'soft' }, 'Did not finish all of them: ' + left.map((p) => p.policy).join(', ') + '.') : null]);
  };

  pages.decisions = async () => {
    const list = await api('v1/decisions?limit=200');
    return [make('section', {}, make('h2', {}, 'Decisions, newest first'), table(['When', 'Task', 'What', 'Where', 'With', 'By', '#Took, ms'],
      list.items.map((d) => [new Date(d.at).toLocaleTimeString(), link(d.id), d.action, d.cluster || '-', amount(d.allocation), d.policy, (1000 * d.latency_s).toFixed(2)]), 'None yet.'))];
  };

  /* The token is sent once, in a body; from then on a cookie that no script can read stands for it. */
  const signIn = () => make('section', {}, make('h2', {}, 'Sign in'), make('p', {}, 'With a token, which an operator makes: ', make('code', {}, 'tapfinger token --add NAME --user USER --role submit')),
    make('form', { class: 'submit', method: 'post', submit: async (event) => {
      event.preventDefault();
      const field = event.target.elements.token, secret = field.value.trim();
      field.value = '';
      try {
        await api('v1/session', { method: 'POST', body: JSON.stringify({ token: secret }), headers: { 'Content-Type': 'application/json' } });
        document.activeElement.blur();
        if (location.hash === '#/signin') location.hash = '#/timeline';
        enter();
      } catch (trouble) { event.target.querySelector('[role=alert]').textContent = trouble.denied ? 'There is no such token.' : trouble.message; }
    } }, make('label', {}, 'Token', make('input', { name: 'token', type: 'password', required: true, autocomplete: 'off' })), make('button', { class: 'main' }, 'Sign in'), make('p', { class: 'full', role: 'alert' })));
  pages.signin = async () => signIn();

  /* Who one is, beside the site's name. */
  const who = document.getElementById('who');
  const showCaller = async () => {
    const me = await api('v1/whoami').catch(() => null);
    who.replaceChildren(...(!me ? [] : [make('span', { title: me.ends_at ? 'until ' + new Date(me.ends_at).toLocaleString() : '' }, `${me.user} (${me.role})`),
      me.way === 'session' ? make('button', { click: async () => { await api('v1/session', { method: 'DELETE' }).catch(() => null); enter(); } }, 'Sign out')
        : me.way === 'anonymous' ? make('a', { href: '#/signin' }, 'Sign in') : '']));
  };

  const draw = async () => {
    const [name, id] = location.hash.replace(/^#\//, '').split('/');
    const page = pages[name] ? name : 'timeline', own = ++shown;
    document.querySelectorAll('nav a').forEach((a) => (a.hash === '#/' + page ? a.setAttribute('aria-current', 'page') : a.removeAttribute('aria-current')));
    let content;
    try { content = await pages[page](id); } catch (trouble) {
      content = trouble.denied ? signIn() : make('p', { class: 'problem', role: 'alert' }, trouble.message);
    }
    /* A form that is being filled in stays. */
    if (own !== shown || (main.dataset.page === location.hash && main.querySelector('form') && main.contains(document.activeElement) && document.activeElement.form)) return;
    const scrolled = [...main.querySelectorAll('.log')].map((p) => p.scrollTop);
    main.replaceChildren(...[content].flat(2).filter(Boolean));
    main.querySelectorAll('.log').forEach((p, i) => (p.scrollTop = main.dataset.page === location.hash && scrolled[i] !== undefined ? scrolled[i] : p.scrollHeight));
    main.dataset.page = location.hash;
  };

  /* At most one drawing a second, however many events there are. */
  let waiting = 0, drawn = 0;
  const soon = () => {
    if (waiting) return;
    waiting = setTimeout(() => { waiting = 0; drawn = Date.now(); draw(); }, Math.max(50, 1000 - (Date.now() - drawn)));
  };

  /* Server-sent events, by fetch: it tells why it is refused, which an EventSource does not. */
  let listening = null;
  const listen = async () => {
    if (listening) listening.abort();
    const own = (listening = new AbortController());
    for (;;) {
      try {
        const answer = await fetch('v1/events', { signal: own.signal, headers: last ? { 'Last-Event-ID': last } : {} });
        if (answer.status === 401) {
          if (status.textContent) soon();
          status.textContent = '';
          return;
        }
        const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        status.textContent = 'live';
        for (;;) {
          const { value, done } = await reader.read();
          if (done) break;
          for (const found of value.matchAll(/^id: (\d+)/gm)) last = found[1];
          if (value.includes('data:')) soon();
        }
      } catch (trouble) { if (own.signal.aborted) return; }
      status.textContent = 'no contact; trying again';
      await new Promise((done) => setTimeout(done, 3000));
    }
  };

  const enter = () => {
    main.dataset.page = '';
    showCaller();
    draw();
    listen();
  };
  addEventListener('hashchange', () => { main.dataset.page = ''; draw(); main.focus(); });
  setInterval(() => { if (!document.hidden && !main.querySelector('form')) soon(); }, 5000);
  enter();
})();
