#!/bin/bash
# The dashboard in a real browser, Chromium, driven through its DevTools pipe: a token is asked for,
# every page is drawn, a job is submitted from the page and its output shown, policies are compared;
# light and dark, on a small screen, and nothing complains. Skipped, and said so, without Chromium.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
for name in chromium chromium-browser google-chrome chrome; do
    browser=$(command -v "$name") && break
done
if [ -z "${browser:-}" ]; then
    echo "SKIP dashboard.sh: there is no Chromium here"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
cat >"$D/site.yaml" <<YAML
site: lab
listen: {unix: $D/sock, http: "127.0.0.1:0"}
store: {folder: $D/state}
policy: {name: fifo-min}
clusters:
  - {name: edge-a, cpu: 2}
  - {name: edge-b, cpu: 2}
YAML
check "it starts" start_site
web=$(sed -n 's/^ready \(http[^ ]*\) .*/\1/p' "$D/serve.out")
tapfinger submit --clean-env --wait -t image --array 1-4 -- sleep 0.1 >/dev/null
token=$(tapfinger token --add page --user "$(id -un)" --role submit)

mkfifo "$D/in" "$D/out"
"$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$D/profile" --window-size=1200,900 \
    --remote-debugging-pipe about:blank 3<"$D/in" 4>"$D/out" 2>"$D/browser.log" &
chromium=$!
exec 5>"$D/in" 6<"$D/out"
trap 'kill $chromium 2>/dev/null; wait $chromium 2>/dev/null; clean_up' EXIT

number=0 session=
# method params: the answer's result is in $result; what the page complains of goes to a file.
call() {
    number=$((number + 1))
    jq -cn --argjson id $number --arg method "$1" --argjson params "$2" --arg session "$session" \
        '{id: $id, method: $method, params: $params} + if $session == "" then {} else {sessionId: $session} end' | tr '\n' '\0' >&5
    while IFS= read -r -d '' -t 60 -u 6 line; do
        if [ "$(jq -r '.id // 0' <<<"$line")" = $number ]; then
            result=$(jq -c '.result // .error' <<<"$line")
            return 0
        fi
        jq -c 'select((.method == "Runtime.exceptionThrown") or (.method == "Runtime.consoleAPICalled" and .params.type == "error") or
            (.method == "Log.entryAdded" and .params.entry.level == "error"))' <<<"$line" >>"$D/complaints"
    done
    result='"no answer"'
    return 1
}
: >"$D/complaints"
# An expression in the page; true if it comes to be true within 20 s.
page() {
    call Runtime.evaluate "$(jq -cn --arg e "(async () => {
        for (let i = 0; i < 200; i++) {
            try { if ($1) return 'holds'; } catch (trouble) { var last = trouble; }
            await new Promise((done) => setTimeout(done, 100));
        }
        return 'does not hold: ' + (last || '') + ' ' + document.body.innerText.slice(0, 1500);
    })()" '{expression: $e, awaitPromise: true, returnByValue: true}')"
    echo "$result" | jq -r '.result.value // .'
    [ "$(echo "$result" | jq -r .result.value)" = holds ]
}
run() { # statements in the page
    call Runtime.evaluate "$(jq -cn --arg e "$1" '{expression: $e}')"
}

call Target.createTarget '{"url":"about:blank"}'
call Target.attachToTarget "$(jq -c '{targetId, flatten: true}' <<<"$result")"
session=$(jq -r .sessionId <<<"$result")
check "the browser is there" test -n "$session"
call Runtime.enable '{}'
call Log.enable '{}'
call Page.enable '{}'
call Page.navigate "{\"url\":\"$web/\"}"
check "without a token it asks for one" page "document.querySelector('input[name=token]')"
: >"$D/complaints" # the browser reports every 401
run "document.querySelector('input[name=token]').value = '$token'; document.querySelector('form').requestSubmit()"
check "with it, clusters are shown" page "document.querySelectorAll('.card').length === 2"
check "and what ran" page "document.querySelectorAll('.live-gantt a rect').length >= 4"
check "it hears events" page "document.getElementById('status').textContent === 'live'"
run "location.hash = '#/jobs'"
check "jobs are listed" page "document.querySelectorAll('tbody tr').length === 1"
run "document.querySelector('input[name=command]').value = 'sh -c \"echo hello from the page\"'; document.querySelector('form.submit').requestSubmit()"
check "a job is submitted from the page" page "location.hash === '#/job/2'"
check "its output is shown" page "document.querySelector('pre.log').textContent.includes('hello from the page')"
check "and how it ended" page "document.querySelector('h2 .chip').textContent === 'SUCCEEDED'"
check "it can be taken as it was submitted" page "[...document.querySelectorAll('summary')].some((s) => s.textContent === 'the job as JSON') && document.body.innerText.includes('tapfinger show 2 --spec')"
run "location.hash = '#/jobs'"
check "jobs can be searched" page "document.querySelector('form[role=search]')"
run "document.querySelector('form[role=search] [name=state]').value = 'FAILED'; document.querySelector('form[role=search]').requestSubmit()"
check "there is none that failed" page "document.body.innerText.includes('None like that.')"
run "document.querySelector('form[role=search] [name=state]').value = ''; document.querySelector('form[role=search] [name=name]').value = 'sl*p'; document.querySelector('form[role=search]').requestSubmit()"
check "by name" page "document.querySelectorAll('tbody tr').length === 1 && document.querySelector('tbody td').textContent === '1'"
tapfinger submit --clean-env -t image --reach edge-b -n running -r cpu=2 -- sleep 60 >/dev/null
tapfinger submit --clean-env -t image --reach edge-b -n waiting -r cpu=2 -- true >/dev/null
run "location.hash = '#/clusters'"
check "clusters, with who sits where" page "document.querySelectorAll('a.unit.held').length === 2 && document.querySelectorAll('span.unit').length === 2"
run "location.hash = '#/job/4'"
check "why a job waits, cluster by cluster" page "document.body.innerText.includes('no-cpu (need 2, free 0)')"
check "what would start it" page "document.body.innerText.includes('It would start now with:')"
run "location.hash = '#/timeline'"
check "what is expected is drawn" page "document.querySelector('rect.expected') && document.querySelector('details summary').textContent === 'the same as a table'"
run "[...document.querySelectorAll('a')].find((a) => a.hash === '#/job/3').click()"
check "a job's page is one link away" page "location.hash === '#/job/3' && [...document.querySelectorAll('button')].some((b) => b.textContent === 'cancel')"
run "[...document.querySelectorAll('button')].find((b) => b.textContent === 'cancel').click()"
check "it is canceled from the page" page "document.querySelector('h2 .chip').textContent === 'CANCELED'"
run "location.hash = '#/types'"
check "types and what was learned" page "[...document.querySelectorAll('h2')].some((h) => h.textContent === 'image') && document.querySelector('tbody td')"
run "location.hash = '#/decisions'"
check "decisions" page "document.querySelectorAll('tbody tr').length >= 5"
run "location.hash = '#/policies'"
check "what each policy would have made of it" page "document.querySelectorAll('tbody tr').length > 15"
check "with its age" page "/Simulated from the recorded log .* ago/.test(document.getElementById('age').textContent)"
check "what really happened is beside it" page "[...document.querySelectorAll('tbody tr')][0].cells[0].textContent === 'really'"
check "a link is reached by the keyboard" page "(document.querySelector('nav a').focus(), document.activeElement.matches('nav a'))"

run "window.light = getComputedStyle(document.body).backgroundColor"
call Emulation.setEmulatedMedia '{"features":[{"name":"prefers-color-scheme","value":"dark"}]}'
check "dark is another colour" page "getComputedStyle(document.body).backgroundColor !== window.light"
call Emulation.setDeviceMetricsOverride '{"width":420,"height":800,"deviceScaleFactor":1,"mobile":true}'
for at in timeline jobs clusters job/2 types policies decisions; do
    run "location.hash = '#/$at'"
    check "a small screen: $at" page "document.querySelector('main section') && document.documentElement.scrollWidth <= 420"
done
check "every image and field has a name" page "[...document.querySelectorAll('svg, input, select')].every((n) => n.getAttribute('aria-label') || n.closest('label'))"
check "the page complains of nothing" sh -c "cat $D/complaints; ! grep -q . $D/complaints"
finish
