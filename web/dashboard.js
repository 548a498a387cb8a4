// SPDX-License-Identifier: Apache-2.0
// The dashboard: which page is shown, who is signed in, and the events that have it drawn again. No page
// holds state of its own but the address and what is typed in a form.
(function (live) {
    'use strict';
    const { make } = live;
    const main = document.querySelector('main'), status = document.getElementById('status'), who = document.getElementById('who');
    let shown = 0; // counts drawings, so that late answers do not overwrite newer ones
    let last = 0; // sequence number of the last event
    let me = null;

    live.say = (words) => { status.textContent = words; };
    const ranks = ['none', 'read', 'submit', 'admin'];
    live.may = (role) => Boolean(me) && ranks.indexOf(me.role) >= ranks.indexOf(role);
    live.showState = function (clusters) {
        const draining = clusters.filter((c) => c.state === 'draining').length;
        document.getElementById('up').textContent = `${clusters.length - draining} up${draining ? `, ${draining} draining` : ''}`;
    };

    // The token is sent once, in a body; from then on a cookie that no script can read stands for it.
    live.pages.signin = async () => live.section('Sign in', make('p', {}, 'With a token, which an operator makes: ', make('code', {}, 'tapfinger token --add NAME --user USER --role submit')),
        live.form({ 'data-form': 'signin' }, async (form) => {
            const field = form.elements.token, secret = field.value.trim();
            field.value = '';
            try { await live.send('POST', 'v1/session', { token: secret }); } catch (trouble) {
                throw trouble.status === 401 ? new Error('There is no such token.') : trouble;
            }
            if (location.hash === '#/signin') location.hash = '#/timeline';
            enter();
        }, make('label', {}, 'Token', make('input', { name: 'token', type: 'password', required: true, autocomplete: 'off' })), make('button', { class: 'main' }, 'Sign in')));

    function showCaller() {
        const out = make('button', { type: 'button', click: async () => {
            listening.abort();
            await live.send('DELETE', 'v1/session').catch(() => null);
            enter();
        } }, 'Sign out');
        who.replaceChildren(...(!me ? [] : [make('span', { class: 'soft', title: me.ends_at ? 'until ' + new Date(me.ends_at).toLocaleString() : '' }, `${me.user} (${me.role}) `),
            me.way === 'session' ? out : me.way === 'anonymous' ? make('a', { href: '#/signin' }, 'Sign in') : '']));
    }

    async function contentOf(page, id) {
        try { return await live.pages[page](id); } catch (trouble) {
            if (trouble.status !== 401) return make('p', { class: 'problem', role: 'alert' }, trouble.message);
            if (me) enter(); // the session has ended
            return live.pages.signin();
        }
    }
    live.draw = async function () {
        const [name, id] = location.hash.replace(/^#\//, '').split('/'), page = live.pages[name] ? name : 'timeline', own = ++shown;
        document.querySelectorAll('nav a').forEach((a) => (a.hash === '#/' + (page === 'job' ? 'jobs' : page) ? a.setAttribute('aria-current', 'page') : a.removeAttribute('aria-current')));
        const content = await contentOf(page, id);
        if (own !== shown) return;
        const now = make('main', { id: 'main', tabindex: -1, 'data-page': location.hash }, content), focused = document.activeElement.getAttribute('href');
        if (main.dataset.page !== location.hash) {
            main.replaceChildren(...now.childNodes);
            main.dataset.page = location.hash;
            main.querySelectorAll('.log').forEach((log) => (log.scrollTop = log.scrollHeight));
            return;
        }
        live.morph(main, now);
        if (focused && main.contains(document.activeElement) && document.activeElement.getAttribute('href') !== focused) {
            const moved = [...main.querySelectorAll('a')].find((a) => a.getAttribute('href') === focused && a.checkVisibility());
            if (moved) moved.focus({ preventScroll: true });
        }
    };

    // At most one drawing a second, however many events there are.
    const pause = document.getElementById('pause');
    let waiting = 0, drawn = 0;
    live.soon = function () {
        if (waiting || pause.getAttribute('aria-pressed') === 'true') return;
        waiting = setTimeout(() => {
            waiting = 0;
            drawn = Date.now();
            live.draw();
        }, Math.max(50, 1000 - (Date.now() - drawn)));
    };

    // Who reads can have it stand still: what is under way then is not drawn any more, unless it is another page.
    pause.addEventListener('click', () => {
        const still = pause.getAttribute('aria-pressed') !== 'true';
        pause.setAttribute('aria-pressed', String(still));
        clearTimeout(waiting);
        waiting = 0;
        if (still && main.dataset.page === location.hash) shown++;
        else live.draw();
    });

    // Server-sent events, by fetch: it tells why it is refused, which an EventSource does not.
    let listening = new AbortController();
    async function listen() {
        const own = (listening = new AbortController());
        for (;;) {
            try {
                const answer = await fetch('v1/events', { signal: own.signal, headers: last ? { 'Last-Event-ID': last } : {} });
                if (answer.status === 401 || answer.status === 403) return;
                const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
                live.say('live');
                for (;;) {
                    const { value, done } = await reader.read();
                    if (done) break;
                    for (const found of value.matchAll(/^id: (\d+)/gm)) last = found[1];
                    if (value.includes('data:')) live.soon();
                }
            } catch (trouble) { if (own.signal.aborted) return; }
            live.say('no contact; trying again');
            await new Promise((done) => setTimeout(done, 3000));
            live.soon();
        }
    }

    async function enter() {
        listening.abort();
        main.dataset.page = '';
        live.say('');
        me = await live.api('v1/whoami').catch(() => null);
        pause.hidden = !me;
        showCaller();
        live.draw();
        if (me) listen();
    }

    const find = document.getElementById('search');
    find.addEventListener('submit', (event) => {
        event.preventDefault();
        const what = find.elements.what.value.trim();
        find.reset();
        if (!what) return;
        if (!/^\d+(\.\d+)?$/.test(what)) live.search({ name: what.includes('*') ? what : `*${what}*` });
        const to = /^\d+(\.\d+)?$/.test(what) ? '#/job/' + what : '#/jobs';
        if (location.hash === to) live.draw();
        else location.hash = to;
    });
    addEventListener('keydown', (event) => {
        if (event.key !== '/' || event.ctrlKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) return;
        event.preventDefault();
        find.elements.what.focus();
    });
    addEventListener('hashchange', () => {
        main.dataset.page = '';
        live.draw();
        main.focus();
    });
    addEventListener('resize', () => live.soon());
    setInterval(() => { if (!document.hidden && me) live.soon(); }, 5000);
    enter();
})((window.live = window.live || {}));
