// SPDX-License-Identifier: Apache-2.0
// A job's page: how it stands and why, what it printed, what was decided, all on one screen.
(function (live) {
    'use strict';
    const { make, api, link, amount, percent, seconds, table, section, chip, clock } = live;
    const FINAL = ['SUCCEEDED', 'FAILED', 'CANCELED', 'LOST'];

    const act = (id, verb) => make('button', { type: 'button', click: async (event) => {
        event.target.disabled = true;
        try { await live.send('POST', `v1/jobs/${id}/${verb}`); } catch (trouble) { live.say(trouble.message); }
        live.draw();
    } }, verb);
    function actions(id, job, task) {
        if (!FINAL.includes(task.state)) return [act(id, 'cancel'), act(id, job.held ? 'release' : 'hold')];
        return [['FAILED', 'LOST'].includes(task.state) ? act(id, 'retry') : null, act(id, 'requeue')];
    }

    function expected(why) {
        const range = why.eta_s || why.left_s;
        return range ? `${why.eta_s ? 'starts' : 'ends'} in ${seconds(range[0])} to ${seconds(range[2])}, likely ${seconds(range[1])}` : '';
    }
    const facts = (job, task, why) => live.facts([
        ['Type', job.type], ['User', job.user], ['Cluster', task.cluster], ['Holds', task.allocation ? amount(task.allocation) : ''], ['Expected', expected(why)], ['Waited for', job.reason ? `${job.reason}: ${live.meaning(job.reason)}` : ''],
        ['Asked at least', amount(why.min)], ['Used', task.cpu_s === undefined ? '' : `${seconds(task.cpu_s)} of processors, ${(task.most_bytes / 2 ** 20).toFixed(1)} MiB at most`],
        ['Metrics', Object.entries(task.metrics || {}).map(([k, v]) => `${k} ${v}`).join(', ')],
        ['Exit', task.exit_signal ? 'signal ' + task.exit_signal : task.exit_code], ['Attempts', task.attempts > 1 ? task.attempts : ''], ['Message', task.message],
        ['Command', job.command ? make('code', {}, job.command.join(' ')) : ''], ['Labels', Object.entries(job.labels || {}).map(([k, v]) => `${k}=${v}`).join(', ')]]);

    // queued > decided > started > ended, with what lies between.
    function milestones(task, why) {
        const decided = why.decisions.filter((d) => d.id === task.id && d.action === 'start').map((d) => d.at).sort().pop();
        const list = [['submitted', task.submitted_at], ['decided', decided], ['started', task.started_at], ['ended', task.ended_at]].filter(([, at]) => at);
        return make('ol', { class: 'steps' }, list.map(([what, at], i) => make('li', {}, make('b', {}, what), ' ' + clock(at), i ? make('span', { class: 'soft' }, ` after ${live.ago(list[i - 1][1], at)}`) : null)));
    }

    const reasonsOf = (c) => c.reasons.map((r) => r.code + (r.need === undefined ? '' : ` (need ${r.need}, free ${r.free})`) + (r.by ? ` (${r.by}: ${r.detail})` : '')).join(', ');
    function whyItWaits(why) {
        if (!why.reason) return null;
        return section('Why it waits', make('p', {}, `${why.reason}: ${why.meaning}. `, why.queue_position >= 0 ? `It is number ${why.queue_position + 1} of ${why.waiting} in the queue.` : ''),
            table('Clusters', ['Cluster', 'Fits at all', 'Fits now', 'Reasons', '#Frees in', 'Free'], why.clusters.map((c) => [c.name, c.fits_empty ? 'yes' : 'no', c.fits_now ? 'yes' : 'no', reasonsOf(c), typeof c.frees_in_s === 'number' ? '~' + seconds(c.frees_in_s) : '–', amount(c.free)]), ''),
            why.remedies.length ? make('p', {}, 'It would start now with: ' + why.remedies.map((r) => Object.entries(r.change).map(([k, v]) => `${k} ${v}`).join(', ') + ` (${r.cluster}${typeof r.run_ratio === 'number' ? `, est. ${r.run_ratio.toFixed(1)} times the run` : ''})`).join(' | ')) : null);
    }

    async function output(id, job) {
        if (!job.command) return section('Output', make('p', { class: 'soft' }, `Only ${job.user || 'its owner'} and admins see it.`));
        const log = await api(`v1/jobs/${id}/logs?offset=-20000`).catch((trouble) => trouble.message);
        const trouble = await api(`v1/jobs/${id}/logs?stream=stderr&offset=-20000`).catch(() => '');
        const pre = (label, text) => make('pre', { class: 'log', tabindex: 0, role: 'region', 'aria-label': label }, text);
        return section('Output', pre('standard output', log || 'nothing yet'), trouble ? [make('h3', {}, 'Standard error'), pre('standard error', trouble)] : null);
    }

    const instead = (d) => (d.alternatives || []).filter((a) => !a.chosen).map((a) => `${a.cluster}: ${a.could_hold ? amount(a.could_hold) + (a.seconds ? `, est. ${seconds(a.seconds)}` : '') : 'no room'}`).join('; ');
    // The first events and the last ones: between them, reports of progress are many.
    async function eventsOf(id) {
        const lists = await Promise.all(['', '&newest=true'].map((which) => api(`v1/jobs/${id}/events?limit=200${which}`)));
        return [...new Map(lists.flatMap((list) => list.items).map((e) => [e.seq, e])).values()].sort((a, b) => a.seq - b.seq);
    }
    function happened(events) {
        const rows = events.filter((e) => e.event !== 'decision' && e.event !== 'job.progress');
        return table('Events', ['When', 'Event', 'Task', 'State'], rows.map((e) => [clock(e.at), e.event, e.id || '–', e.reason || e.state || '–']), 'Nothing yet.');
    }

    live.pages.job = async function (id) {
        const [job, why, events] = await Promise.all([api('v1/jobs/' + id), api(`v1/jobs/${id}/explanation`), eventsOf(id)]);
        const task = job.task || job;
        return [
            make('div', { class: 'two' },
                section([`${id} ${job.name} `, chip(task.state, job.reason ? `${job.reason}: ${live.meaning(job.reason)}` : '')],
                    job.command && live.may('submit') ? make('p', { class: 'row' }, actions(id, job, task)) : null,
                    typeof task.progress === 'number' ? live.meter('progress', Math.round(100 * task.progress), 100, ' %') : null, milestones(task, why), facts(job, task, why)),
                await output(id, job)),
            whyItWaits(why),
            job.array ? section(`Tasks (${job.tasks})`, table('Tasks', ['Task', 'State', 'Cluster', 'Holds', '#Done', '#Time'], job.task_list.map((t) => [link(t.id), chip(t.state), t.cluster || '–', amount(t.allocation), percent(t.progress), live.ago(t.started_at, t.ended_at)]), '')) : null,
            section('Decisions', table('Decisions', ['When', 'Task', 'What', 'Where', 'With', 'By', 'Instead'], why.decisions.map((d) => [clock(d.at), d.id, d.action, d.cluster || '–', amount(d.allocation), d.policy, instead(d)]), 'None yet.')),
            section('What happened', happened(events)),
            section('For programs', make('pre', { class: 'log', tabindex: 0, role: 'region', 'aria-label': 'commands' }, `curl -H "Authorization: Bearer $TAPFINGER_TOKEN" ${new URL('v1/jobs/' + id, location.href.split('#')[0])}\ntapfinger show ${id} --spec`),
                make('details', {}, make('summary', {}, 'The job as JSON'), make('pre', { class: 'log', tabindex: 0, role: 'region', 'aria-label': 'the job as JSON' }, JSON.stringify(job, null, 2)))),
        ];
    };
})((window.live = window.live || {}));
