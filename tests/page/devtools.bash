# Sourced: a real browser, headless Chromium, driven through its DevTools pipe. It needs jq and a folder $D, where what
# pages complain of goes into the file complaints.
browser_find() {
    for name in chromium chromium-browser google-chrome chrome; do
        browser=$(command -v "$name") && return 0
    done
    return 1
}

chromium='' number=0 session='' result=
browser_open() {
    mkfifo "$D/browser-in" "$D/browser-out"
    "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$D/profile" \
        --remote-debugging-pipe about:blank 3<"$D/browser-in" 4>"$D/browser-out" 2>"$D/browser.log" &
    chromium=$!
    exec 5>"$D/browser-in" 6<"$D/browser-out"
    : >"$D/complaints"
    call Target.createTarget '{"url":"about:blank"}'
    call Target.attachToTarget "$(jq -c '{targetId, flatten: true}' <<<"$result")"
    session=$(jq -r .sessionId <<<"$result")
    call Runtime.enable '{}'
    call Log.enable '{}'
    call Page.enable '{}'
}
browser_close() {
    [ -z "$chromium" ] || kill "$chromium" 2>/dev/null
    [ -z "$chromium" ] || wait "$chromium" 2>/dev/null
    chromium=
}

# Sends a request, {"method":..., "params":...} on standard input; the answer's result is in $result.
ask() {
    number=$((number + 1))
    jq -c --argjson id $number --arg session "$session" \
        '{id: $id} + . + if $session == "" then {} else {sessionId: $session} end' | tr '\n' '\0' >&5
    while IFS= read -r -d '' -t 60 -u 6 line; do
        case $line in
        "{\"id\":$number,"*)
            result=$(jq -c '.result // .error' <<<"$line")
            return 0
            ;;
        esac
        jq -c 'select((.method == "Runtime.exceptionThrown") or (.method == "Runtime.consoleAPICalled" and .params.type == "error") or
            (.method == "Log.entryAdded" and .params.entry.level == "error"))' <<<"$line" >>"$D/complaints"
    done
    result='"no answer"'
    return 1
}
call() { # method params
    ask < <(jq -cn --arg method "$1" --argjson params "$2" '{method: $method, params: $params}')
}
value_is() { # wanted: of the expression that was evaluated last; it is printed
    jq -r 'if type == "object" then .result.value // .exceptionDetails.exception.description // . else . end' <<<"$result"
    [ "$(jq -r '.result.value?' <<<"$result")" = "$1" ]
}

# An expression in the page; true if it comes to be true within 20 s.
page() {
    call Runtime.evaluate "$(jq -cn --arg e "(async () => {
        for (const end = Date.now() + 20000; Date.now() < end;) {
            try { if ($1) return 'holds'; } catch (trouble) { var last = trouble; }
            await new Promise((done) => setTimeout(done, 100));
        }
        return 'does not hold: ' + (last || '') + ' ' + document.body.innerText.slice(0, 1500);
    })()" '{expression: $e, awaitPromise: true, returnByValue: true}')"
    value_is holds
}
run() { # statements in the page
    call Runtime.evaluate "$(jq -cn --arg e "$1" '{expression: $e}')"
}
press() { # a key, as a user would
    for kind in rawKeyDown keyUp; do
        call Input.dispatchKeyEvent "{\"type\":\"$kind\",\"key\":\"$1\",\"code\":\"$1\",\"windowsVirtualKeyCode\":${2:-0}}"
    done
}
screen() { # width height [light|dark]
    call Emulation.setDeviceMetricsOverride "{\"width\":$1,\"height\":$2,\"deviceScaleFactor\":${SCALE:-1},\"mobile\":$([ "$1" -lt 600 ] && echo true || echo false)}"
    call Emulation.setEmulatedMedia "{\"features\":[{\"name\":\"prefers-color-scheme\",\"value\":\"${3:-light}\"}]}"
}
# The page as a PNG, not more of it than so many pixels in height.
shoot() { # file [height]
    call Page.getLayoutMetrics '{}'
    call Page.captureScreenshot "$(jq -c --argjson most "${2:-4000}" \
        '{format: "png", captureBeyondViewport: true, clip: (.cssContentSize | {x: 0, y: 0, width, height: ([.height, $most] | min), scale: 1})}' <<<"$result")"
    jq -r .data <<<"$result" | base64 -d >"$1"
}

# axe-core, where scripts/deps has put it.
axe_find() {
    axe=${TAP_AXE:-${XDG_CACHE_HOME:-$HOME/.cache}/tapfinger/axe.min.js}
    [ -f "$axe" ]
}
# Whether axe-core finds no fault with the page as it is shown, and has looked at some of it.
accessible() {
    ask < <(jq -cn --rawfile axe "$axe" '{method: "Runtime.evaluate", params: {expression: ("if (!window.axe) {" + $axe + "\n}; 0")}}')
    call Runtime.evaluate "$(jq -cn --arg e "axe.run(document, { preload: false, resultTypes: ['violations'] }).then((r) => r.violations.map((v) =>
        v.id + ': ' + v.help + v.nodes.slice(0, 4).map((n) => '\\n    ' + n.html.slice(0, 200) + ' ' + n.failureSummary.slice(0, 300)).join('')).join('\\n') || (r.passes.length > 5 ? 'fine' : 'nothing was looked at'))" \
        '{expression: $e, awaitPromise: true, returnByValue: true}')"
    value_is fine
}
