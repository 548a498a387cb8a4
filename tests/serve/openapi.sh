#!/bin/bash
# The OpenAPI document against the server that runs: every route answers with a status and with the headers that the
# document names for it, takes the parameters that it names, and no method that it does not.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
site_file <<YAML
policy: {name: fifo-min}
clusters: [{name: edge-a, cpu: 2}]
YAML
check "it starts" start_site
tapfinger submit --wait -- true >/dev/null
tapfinger submit --hold -- true >/dev/null
tapfinger token --add old --user "$(id -un)" --role read >/dev/null
secret=$(tapfinger token --add page --user "$(id -un)" --role read)
check "it is OpenAPI 3.1" sh -c "curl -sS --unix-socket $D/sock http://x/v1/openapi.json >$D/doc && jq -e '.openapi == \"3.1.0\" and (.paths | length) > 25' $D/doc"
check "whatever it refers to is there" sh -c "jq -r '.. | objects | .\"\$ref\"? // empty' $D/doc | sort -u >$D/refs; cat $D/refs
    [ \$(wc -l <$D/refs) -ge 5 ] && while read -r ref; do
    jq -e --arg at \"\$ref\" 'getpath(\$at | ltrimstr(\"#/\") | split(\"/\")) != null' $D/doc >/dev/null || { echo \"no \$ref\"; exit 1; }; done <$D/refs"
check "every event has a schema" sh -c "curl -sS --unix-socket $D/sock -N --max-time 1 'http://x/v1/events?since=0' 2>/dev/null | sed -n 's/^event: //p' | sort -u >$D/events
    [ \$(wc -l <$D/events) -ge 4 ] && while read -r event; do jq -e --arg e \"\$event\" '.components.schemas[\$e]' $D/doc >/dev/null || exit 1; done <$D/events"

of() { # path method, what of it
    jq -c --arg path "$1" --arg method "$2" ".paths[\$path][\$method] | $3" "$D/doc"
}
# What a route is asked for when all shall go well; requests that would wait or stream are cut off.
ask() { # method path url body
    curl -sS -m 5 -o "$D/body" -D "$D/head" -w '%{http_code}' --unix-socket "$D/sock" -X "$1" "http://x$3" ${4:+--data "$4"} "${@:5}" 2>/dev/null
}
body_for() {
    case "$1 $2" in
    'post /v1/jobs' | 'post /v1/plan') echo '{"command":["true"],"hold":true}' ;;
    'patch /v1/jobs/{id}') echo '{"priority":-2}' ;;
    'patch /v1/clusters/{name}') echo '{"drain":false}' ;;
    'put /v1/policy' | 'post /v1/policy/plan') echo '{"policy":"fair"}' ;;
    'post /v1/session') echo "{\"token\":\"$secret\"}" ;;
    'post /v1/tokens') echo "{\"name\":\"new\",\"user\":\"$(id -un)\",\"role\":\"read\"}" ;;
    esac
}
while read -r method path; do
    url=${path/\{id\}/2}
    [ "$path" = '/v1/tokens/{name}' ] && url=/v1/tokens/old
    [ "$path" = '/v1/types/{name}' ] && url=/v1/types/default
    url=${url/\{name\}/edge-a}
    M=${method^^}
    usual=$(of "$path" "$method" '.responses | keys[] | select(startswith("2"))' | jq -r .)
    case $path in /v1/events) url="$url?since=0" ;; esac
    got=$(ask "$M" "$path" "$url" "$(body_for "$method" "$path")")
    check "$M $path answers $usual" test "$got" = "$usual"
    check "$M $path: its type" sh -c "tr -d '\r' <$D/head | grep -i '^content-type: ' | grep -q '$(of "$path" "$method" ".responses[\"$usual\"].content | keys[0]" | jq -r .)'"
    for header in $(of "$path" "$method" ".responses[\"$usual\"].headers | keys[]" | jq -r .); do
        check "$M $path: $header" grep -qi "^$header: ." "$D/head"
    done
    if of "$path" "$method" '.responses["304"]' | grep -q description; then
        case $path in /v1/comparison | */explanation) continue ;; esac # they tell the time
        for _ in 1 2 3; do # other answers change now and then
            tag=$(tr -d '\r' <"$D/head" | sed -n 's/^ETag: //Ip')
            got=$(ask "$M" "$path" "$url" "" -H "If-None-Match: $tag")
            [ "$got" = 304 ] && break
        done
        check "$M $path: If-None-Match" test "$got" = 304
    else
        check "$M $path: no tag that is not in the document" sh -c "! grep -qi '^etag' $D/head"
    fi
    if of "$path" "$method" '.responses["412"]' | grep -q description; then
        check "$M $path: If-Match" test "$(ask "$M" "$path" "$url" "$(body_for "$method" "$path")" -H 'If-Match: "0-0"')" = 412
        check "$M $path: If-Match is in the document" sh -c "jq -e '.paths[\"$path\"].$method.parameters | any(.name == \"If-Match\")' $D/doc"
    fi
    if of "$path" "$method" .requestBody.required | grep -q true; then
        check "$M $path wants a body" test "$(ask "$M" "$path" "$url" "")" = 400
        check "$M $path wants JSON" test "$(ask "$M" "$path" "$url" "{")" = 400
        check "that is a problem as the document has it" sh -c "jq -e --slurpfile doc $D/doc '. as \$p | \$doc[0].components.schemas.Problem |
            all(.required[]; \$p[.] != null) and all(\$p | keys[]; . as \$k | \$doc[0].components.schemas.Problem.properties[\$k])' $D/body"
    fi
done < <(jq -r '.paths | to_entries[] | .key as $path | .value | keys[] | "\(.) \($path)"' "$D/doc" | sort -r)

while read -r path; do # in no order that matters: nothing of this is done
    url=${path//\{*\}/1}
    for method in get post put patch delete; do
        [ "$(of "$path" "$method" .)" = null ] || continue
        check "${method^^} $path is not allowed" test "$(ask "${method^^}" "$path" "$url" "")" = 405
    done
done < <(jq -r '.paths | keys[]' "$D/doc")
finish
