#!/bin/bash
# The dashboard in a real browser, Chromium, driven through its DevTools pipe: a token signs in and out again,
# every page is drawn, a job is submitted from the page and its output shown, policies are compared; by keyboard,
# light and dark, on a small screen, below a prefix, and nothing complains. axe-core looks at every page, where
# scripts/deps has put it. Skipped, and said so, without Chromium.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
. tests/page/devtools.bash
if ! browser_find; then
    echo "SKIP dashboard.sh: there is no Chromium here"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
skipped=0
axe_find || { echo "SKIP axe-core: it is not in $axe (scripts/deps puts it there, with npm)"; axe= skipped=1; }
cat >"$D/site.yaml" <<YAML
site: lab
listen: {unix: $D/sock, http: "127.0.0.1:0"}
store: {path: $D/state/state.db}
policy: {name: fifo-min}
clusters:
  - {name: edge-a, cpu: 2}
  - {name: edge-b, cpu: 2}
YAML
check "it starts" start_site
web=$(sed -n 's/^ready \(http[^ ]*\) .*/\1/p' "$D/serve.out")
tapfinger submit --clean-env --wait -t image --array 1-4 -- sleep 0.1 >/dev/null
token=$(tapfinger token --add page --user "$(id -un)" --role admin)
browser_open
trap 'browser_close; clean_up' EXIT
check "the browser is there" test -n "$session"
screen 1200 900

open() { # address: a page that is there afresh
    call Page.navigate "{\"url\":\"$1\"}"
}
sign_in() { # token
    run "(() => { const form = document.querySelector('form[data-form=signin]'); form.elements.token.value = '$1'; form.requestSubmit(); })()"
}
# What the browser says of answers that are refusals.
forget_refusals() {
    sed -i '/status of 40[13]/d' "$D/complaints"
}

# Signing in.
open "$web/"
check "without a token it asks for one" page "document.querySelector('input[name=token]')"
sign_in tap_wrong
check "a wrong one is refused" page "document.querySelector('[role=alert]').textContent === 'There is no such token.'"
sign_in "$token"
check "with a right one, clusters are shown" page "document.querySelectorAll('.card').length === 2"
check "who one is is said" page "document.getElementById('who').textContent.includes('(admin)')"
check "no script has the token" page "document.cookie === '' && sessionStorage.length === 0 && localStorage.length === 0 && !location.href.includes('tap_')"
open "$web/"
check "one stays signed in" page "document.querySelectorAll('.card').length === 2"
forget_refusals

# Timeline.
check "what ran is drawn" page "document.querySelectorAll('.live-gantt .one[data-kind=ran] rect').length >= 4"
check "it hears events" page "document.getElementById('status').textContent === 'live'"
check "how many clusters are up" page "document.getElementById('up').textContent === '2 up'"
run "document.querySelector('.live-gantt').focus()"
press ArrowRight
check "arrow keys walk from bar to bar" page "document.querySelector('.live-gantt .one.cursor') && /^1\\.\\d sleep \\(image\\): SUCCEEDED, 1 cpu on edge-/.test(document.getElementById('gantt-says').textContent)"
run "window.before = document.getElementById('gantt-says').textContent"
press ArrowRight
check "and on" page "document.getElementById('gantt-says').textContent !== window.before"
run "window.live.draw()"
check "a new drawing leaves the cursor and the focus" page "document.querySelector('.live-gantt .one.cursor') && document.activeElement.matches('.live-gantt')"
check "it is told to who cannot see" page "document.getElementById('gantt-says').getAttribute('aria-live') === 'polite'"
press Enter 13
check "Enter opens the job" page "/^#.job.1\\.\\d$/.test(location.hash)"
run "location.hash = '#/timeline'"
check "colours by state, too" page "(() => { const select = [...document.querySelectorAll('select')].find((s) => s.closest('label').textContent.startsWith('Colour')); select.value = 'state'; select.dispatchEvent(new Event('change')); return document.querySelector('figcaption').textContent.includes('SUCCEEDED'); })()"
run "window.live.ganttView.colour = 'type'; document.querySelector('section details').open = true"
check "the same as a table" page "document.querySelectorAll('section details tbody tr').length >= 4"
run "window.live.draw()"
check "which stays unfolded" page "document.querySelector('section details').open"
check "the last day can be taken to the simulator" page "(await (await fetch(document.querySelector('a[download]').href)).text()).includes('image')"
check "how full clusters were" page "document.querySelectorAll('table.heat tbody tr').length === 2"
check "what types had to wait" page "[...document.querySelectorAll('h2')].some((h) => h.textContent === 'The last 4 tasks')"

# Jobs.
run "location.hash = '#/jobs'"
check "jobs are listed" page "document.querySelectorAll('tbody tr').length === 1"
run "document.querySelector('details.box').open = true; document.querySelector('input[name=command]').value = 'sh -c \"echo hello from the page; echo trouble >&2\"'"
run "window.live.draw()"
check "what is typed stays when the page is drawn anew" page "document.querySelector('input[name=command]').value.includes('hello')"
run "document.querySelector('form[data-form=submit]').requestSubmit()"
check "a job is submitted from the page" page "location.hash === '#/job/2'"
check "its output is shown" page "document.querySelector('pre.log').textContent.includes('hello from the page') && document.body.innerText.includes('trouble')"
check "and how it ended" page "document.querySelector('h2 .chip').textContent.includes('SUCCEEDED')"
check "and when" page "/submitted.*decided.*started.*ended/s.test(document.querySelector('.steps').textContent)"
check "it can be taken as it was submitted" page "[...document.querySelectorAll('summary')].some((s) => s.textContent === 'The job as JSON') && document.body.innerText.includes('tapfinger show 2 --spec')"
run "location.hash = '#/jobs'"
check "jobs can be searched" page "document.querySelector('main form[role=search]')"
run "document.querySelector('main form [name=state]').value = 'FAILED'; document.querySelector('main form[role=search]').requestSubmit()"
check "there is none that failed" page "document.body.innerText.includes('None like that.')"
run "document.querySelector('#search input').value = 'sl'; document.querySelector('#search').requestSubmit()"
check "by a part of its name, from any page" page "document.querySelectorAll('tbody tr').length === 1 && document.querySelector('tbody td').textContent === '1'"
run "document.activeElement.blur()"
press / 191
check "the key / searches" page "document.activeElement.name === 'what'"
run "document.activeElement.value = '2'; document.querySelector('#search').requestSubmit()"
check "a number is a job" page "location.hash === '#/job/2'"
tapfinger submit --clean-env -t image --reach edge-b -n running -r cpu=2 -- sleep 900 >/dev/null
tapfinger submit --clean-env -t image --reach edge-b -n waiting -r cpu=2 -- true >/dev/null
tapfinger submit --clean-env -n broken -- sh -c 'exit 3' >/dev/null
run "location.hash = '#/clusters'"
check "clusters, with who sits where" page "document.querySelectorAll('a.unit.held').length === 2 && document.querySelectorAll('span.unit').length === 2"
run "location.hash = '#/job/4'"
check "why a job waits, cluster by cluster" page "document.body.innerText.includes('no-cpu (need 2, free 0)')"
check "what would start it" page "document.body.innerText.includes('It would start now with:')"
run "location.hash = '#/timeline'"
check "what is expected of what runs is drawn" page "document.querySelector('.one[data-kind=expected]')"
check "and what is planned" page "document.querySelector('.one[data-kind=planned] title').textContent.includes('4 waiting (image): waits, likely to start on edge-b')"
check "a failure is marked by more than colour" page "document.querySelector('rect.failed').getAttribute('fill') === 'url(#hatch)'"
check "a chip tells the reason" page "[...document.querySelectorAll('a.bare')].some((a) => a.title === 'no-cpu: not enough processors are free' && a.getAttribute('aria-label').includes('no-cpu'))"
check "a link takes the focus" page "[...document.querySelectorAll('main a')].find((a) => a.hash === '#/job/4' && a.checkVisibility()).focus() || document.activeElement.hash === '#/job/4'"
tapfinger submit --clean-env -n first --prio 9 --reach edge-b -r cpu=2 -- true >/dev/null
check "the focus stays with its job when others come before it" page "document.body.innerText.includes('first') && document.activeElement.hash === '#/job/4'"
run "document.getElementById('pause').click()"
check "it can be paused" page "document.getElementById('pause').getAttribute('aria-pressed') === 'true'"
tapfinger submit --clean-env -n unseen --hold -- true >/dev/null
check "then it stands still" page "await new Promise((done) => setTimeout(done, 2500)) || !document.body.innerText.includes('unseen')"
run "document.getElementById('pause').click()"
check "until it goes on" page "document.body.innerText.includes('unseen')"
run "location.hash = '#/job/3'"
check "a job's page has what can be done" page "[...document.querySelectorAll('button')].some((b) => b.textContent === 'cancel')"
run "[...document.querySelectorAll('button')].find((b) => b.textContent === 'cancel').click()"
check "it is canceled from the page" page "document.querySelector('h2 .chip').textContent.includes('CANCELED')"
run "location.hash = '#/types'"
check "types and what was learned" page "[...document.querySelectorAll('h2')].some((h) => h.textContent === 'image') && document.querySelector('tbody td')"
run "location.hash = '#/decisions'"
check "decisions" page "document.querySelectorAll('tbody tr').length >= 5"
run "location.hash = '#/policies'"
check "what each policy would have made of it" page "document.querySelectorAll('tbody tr').length > 15"
check "with its age" page "/Simulated from the recorded log .* ago/.test(document.getElementById('age').textContent)"
check "what really happened is beside it" page "[...document.querySelectorAll('tbody tr')][0].cells[0].textContent === 'really'"
run "location.hash = '#/clusters'"
check "a cluster is there to be drained" page "document.querySelector('input[name=reason]')"
run "document.querySelector('input[name=reason]').value = 'disk swap'; document.querySelector('input[name=reason]').form.requestSubmit()"
check "and is, from the page" page "document.querySelector('h2 .chip').textContent === 'draining' && document.body.innerText.includes('disk swap')"

# Every page, in both schemes and on a small screen.
tapfinger submit --clean-env -t image --reach edge-b -n again -r cpu=1 -- sh -c 'echo some output; sleep 900' >/dev/null
run "window.light = getComputedStyle(document.body).backgroundColor"
for size in "1280 900" "380 800"; do
    for scheme in light dark; do
        # shellcheck disable=SC2086
        screen $size $scheme
        for at in timeline jobs job/8 job/4 clusters types policies decisions signin; do
            run "location.hash = '#/$at'"
            check "$at fits ${size% *} pixels" page "document.querySelector('main section') && main.dataset.page === '#/$at' && document.documentElement.scrollWidth <= innerWidth"
            [ -z "$axe" ] || check "axe-core: $at, ${size% *} pixels, $scheme" accessible
        done
    done
done
check "dark is another colour" page "getComputedStyle(document.body).backgroundColor !== window.light"
check "every image and field has a name" page "[...document.querySelectorAll('svg, input, select')].every((n) => n.getAttribute('aria-label') || n.closest('label'))"
call Emulation.setEmulatedMedia '{"features":[{"name":"prefers-reduced-motion","value":"reduce"}]}'
check "nothing moves for who does not want it" page "[...document.querySelectorAll('*')].every((n) => getComputedStyle(n).transitionDuration === '0s' && getComputedStyle(n).animationName === 'none')"

# Whom the page trusts.
check "nothing is loaded from elsewhere" page "performance.getEntriesByType('resource').every((e) => e.name.startsWith('$web/'))"
run "window.ran = false; const added = document.createElement('script'); added.textContent = 'window.ran = true'; document.body.append(added)"
check "no other script runs in it" page "window.ran === false"
check "which the browser says" grep -q 'Content Security Policy' "$D/complaints"
sed -i '/Content Security Policy/d' "$D/complaints"
run "[...document.querySelectorAll('button')].find((b) => b.textContent === 'Sign out').click()"
check "one signs out" page "document.querySelector('input[name=token]') && document.getElementById('who').textContent === ''"
forget_refusals

# Below a prefix of somebody else's site.
if command -v perl >/dev/null; then
    perl tests/page/prefix_proxy.pl "${web##*:}" /proxy/edge >"$D/proxy" &
    proxy=$!
    eventually 10 grep -q . "$D/proxy"
    open "http://127.0.0.1:$(cat "$D/proxy")/proxy/edge/"
    check "below a prefix it asks for a token, too" page "document.querySelector('input[name=token]')"
    sign_in "$token"
    check "and works" page "document.querySelectorAll('.card').length === 2 && document.getElementById('status').textContent === 'live'"
    run "[...document.querySelectorAll('button')].find((b) => b.textContent === 'Sign out').click()"
    check "and is left" page "document.querySelector('input[name=token]')"
    kill $proxy
    forget_refusals
fi
check "the page complains of nothing" sh -c "cat $D/complaints; ! grep -q . $D/complaints"
browser_close
finish
