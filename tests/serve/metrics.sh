#!/bin/bash
# /metrics: its form, that the figures are those of what happened, and that what the shipped dashboard and alerts ask
# for is there.
set -u
cd "$(dirname "$0")/../.."
. tests/serve/site.bash
site_file <<YAML
policy: {name: fifo-min}
clusters: [{name: edge-a, cpu: 2, mem: 2GiB}, {name: edge-b, cpu: 1, gpu: 1, mem: 2GiB}]
YAML
check "it starts" start_site
tapfinger submit --wait -t image --array 1-4 -- sh -c 'sleep 0.2' >/dev/null
tapfinger submit --wait -t image -- false >/dev/null 2>&1
tapfinger submit --wait -t audio -r cpu=1 --reach edge-a -- sleep 0.3 >/dev/null
tapfinger submit --wait -t audio -r cpu=1 --reach edge-a -- sleep 0.3 >/dev/null
busy=$(tapfinger submit -t audio --reach edge-b -r cpu=1 -- sh -c "$(until_file done)")
hog=$(tapfinger submit -t audio --reach edge-a -r cpu=1 -- sh -c "while [ ! -e $D/done ]; do :; done")
until_state RUNNING "$busy"
until_state RUNNING "$hog"
tapfinger submit -t audio --reach edge-b -r cpu=1 >/dev/null -- true
tapfinger submit --hold >/dev/null -- true
tapfinger requeue "$busy" >/dev/null
sleep 6.5
metrics() { curl -sS --unix-socket "$D/sock" http://x/metrics; }
metrics >"$D/metrics"
value() { # series
    grep -F -- "$1 " "$D/metrics" | awk '{print $NF; exit}'
}
about() { # series low high
    awk -v v="$(value "$1")" -v l="$2" -v h="$3" 'BEGIN { print v; exit !(v != "" && v >= l && v <= h) }'
}
check "every line is one of the format" sh -c "! grep -vE '^(# (HELP|TYPE) tapfinger_[a-z_]+ .*|tapfinger_[a-z_]+(\{([a-z_]+=\"[^\"]*\"(,|\}))+)? -?[0-9.e+-]+)\$' $D/metrics"
check "every figure has a type and is explained" awk '$2 == "TYPE" { type[$3] = $4 } $2 == "HELP" { help[$3] = 1; if (NF < 4) bad = 1 }
    !/^#/ { name = $1; sub(/\{.*/, "", name); if (!(name in type)) sub(/_(bucket|sum|count)$/, "", name)
        if (!(name in type) || !(name in help)) { print name; bad = 1 } } END { exit bad || length(type) < 35 }' "$D/metrics"
check "counters say so" awk '$2 == "TYPE" && $4 == "counter" && $3 !~ /_total$/ { print; bad = 1 } $2 == "TYPE" && $4 != "counter" && $3 ~ /_total$/ { print; bad = 1 } END { exit bad }' "$D/metrics"
check "no figure twice" sh -c "! grep -v '^#' $D/metrics | sed 's/ [^ ]*\$//' | sort | uniq -d | grep ."
check "histograms grow" awk '/_bucket\{/ { key = $1; sub(/,?le="[^"]*"/, "", key); if (key == last && $2 < n) { print; bad = 1 } last = key; n = $2 } END { exit bad }' "$D/metrics"
check "no names of jobs or users" sh -c "! grep -E '(job|user|name|id)=\"' $D/metrics"
for name in jobs pending_jobs oldest_pending_seconds cluster_cpus_capacity cluster_cpus_allocated cluster_cpus_used cluster_gpus_capacity \
    cluster_gpus_allocated cluster_memory_bytes_capacity cluster_memory_bytes_allocated cluster_up cluster_last_seen_timestamp_seconds \
    fragmented_gpus sse_clients jobs_submitted_total jobs_finished_total decisions_total policy_fallbacks_total evictions_total \
    backend_errors_total allocated_cpu_seconds_total allocated_gpu_seconds_total events_dropped_total job_wait_seconds \
    job_completion_seconds decision_duration_seconds prediction_error_ratio eta_error_seconds backend_request_duration_seconds \
    http_request_duration_seconds build_info; do
    check "there is $name" grep -q "^# TYPE tapfinger_$name " "$D/metrics"
done
check "jobs by type and outcome" is "1 1 2" echo "$(value 'tapfinger_jobs_finished_total{type="image",outcome="SUCCEEDED"}') $(value 'tapfinger_jobs_finished_total{type="image",outcome="FAILED"}') $(value 'tapfinger_jobs_finished_total{type="audio",outcome="SUCCEEDED"}')"
check "and submitted" is "2 5 1" echo "$(value 'tapfinger_jobs_submitted_total{type="image"}') $(value 'tapfinger_jobs_submitted_total{type="audio"}') $(value 'tapfinger_jobs_submitted_total{type="default"}')"
check "what is not over" is "2 1" echo "$(value 'tapfinger_jobs{state="RUNNING",type="audio"}') $(value 'tapfinger_jobs{state="HELD",type="default"}')"
check "why they wait" is "1 1" echo "$(value 'tapfinger_pending_jobs{reason="held"}') $(value 'tapfinger_pending_jobs{reason="no-cpu"}')"
check "starts were decided" about 'tapfinger_decisions_total{policy="fifo-min",action="start"}' 9 20
check "one was sent back" is 1 value 'tapfinger_evictions_total{reason="requeue"}'
check "runs took as long as they did" about 'tapfinger_job_completion_seconds_sum{type="audio"}' 0.6 20
check "the second of a kind was expected" about 'tapfinger_prediction_error_ratio_count{type="audio"}' 1 9
check "processors are held" is "1 1" echo "$(value 'tapfinger_cluster_cpus_allocated{cluster="edge-a"}') $(value 'tapfinger_cluster_cpus_allocated{cluster="edge-b"}')"
check "for so long" about 'tapfinger_allocated_cpu_seconds_total{cluster="edge-a"}' 5 30
if tapfinger clusters --json | jq -e '[.items[].enforced[] | select(startswith("cpu: quota"))] | length == 2' >/dev/null; then
    check "one of them is used" about 'tapfinger_cluster_cpus_used{cluster="edge-a"}' 0.1 1.3
    check "the other one is not" about 'tapfinger_cluster_cpus_used{cluster="edge-b"}' 0 0.3
fi
check "a GPU without a processor" is 1 value 'tapfinger_fragmented_gpus{cluster="edge-b"}'
check "nothing failed to start" is 0 value 'tapfinger_backend_errors_total{cluster="edge-a",op="start"}'
check "starts took time" about 'tapfinger_backend_request_duration_seconds_count{cluster="edge-a",op="start"}' 3 20
check "the table of clusters has some of it" sh -c "tapfinger clusters | grep -Eq '^edge-b +local +ready +1/1 .* 1 +1 +[1-9][0-9]*%'"
check "metrics count themselves" sh -c "curl -sS --unix-socket $D/sock http://x/metrics | grep -q 'tapfinger_http_request_duration_seconds_count{route=\"/metrics\",code=\"200\"} [1-9]'"

# What ships to look at them.
sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$D/metrics" >"$D/names"
asked() { # file
    grep -o 'tapfinger_[a-z_]*' "$1" | sed 's/_\(bucket\|count\|sum\)$//' | sort -u >"$D/asked"
    [ "$(wc -l <"$D/asked")" -ge 5 ] && ! grep -vxFf "$D/names" "$D/asked"
}
check "what the Grafana dashboard asks for is there" asked deploy/grafana.json
check "it is JSON" jq -e '.panels | length > 8' deploy/grafana.json
check "what the alerts ask for is there" asked deploy/alerts.yaml
touch "$D/done"
stop_site

# What GPUs do is told by NVML: one that is pretended says that GPU n is busy for 25 (n + 1) percent of the time.
if ldconfig -p 2>/dev/null | grep -q libnvidia-ml.so.1; then
    echo "SKIP metrics.sh: no machine without NVML, so not what is said there"
else
    check "without NVML nothing is said of GPUs in use" sh -c "! grep -q gpus_used $D/metrics"
fi
cat >"$D/nvml.c" <<'C'
int nvmlInit_v2(void);
int nvmlInit_v2(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned *count);
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 3; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **out);
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **out) { *out = (char *)0 + index + 1; return index > 2; }
int nvmlDeviceGetUtilizationRates(void *device, unsigned *out);
int nvmlDeviceGetUtilizationRates(void *device, unsigned *out) { out[0] = 25 * (unsigned)((char *)device - (char *)0); return 0; }
C
${CC:-cc} -shared -fPIC -o "$D/libnvidia-ml.so.1" "$D/nvml.c"
site_file <<YAML
clusters: [{name: edge-a, cpu: 2}, {name: edge-b, cpu: 1, gpu: 2, gpus: "1-2"}, {name: edge-c, cpu: 1, gpu: 2}, {name: edge-d, cpu: 1, gpu: 1, gpus: "7"}]
YAML
LD_LIBRARY_PATH=$D check "it starts with NVML" start_site
eventually 15 sh -c "curl -sS --unix-socket $D/sock http://x/metrics | grep -q gpus_used"
metrics >"$D/metrics"
check "busy GPUs of a cluster" is "1.250 0.750" echo "$(value 'tapfinger_cluster_gpus_used{cluster="edge-b"}') $(value 'tapfinger_cluster_gpus_used{cluster="edge-c"}')"
check "no figure where there is none" sh -c "! grep -E 'gpus_used.*edge-[ad]' $D/metrics"
check "clusters have it, too" is "[null,1.25,0.75,null]" sh -c "tapfinger clusters --json | jq -c '[.items[].used_gpus]'"
finish
