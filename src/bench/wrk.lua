-- Has wrk print its figures as JSON: latencies in ms.
function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"rate": %.1f, "p50": %.4f, "p99": %.4f, "errors": %d}\n',
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
