-- One request over and over; what was counted is printed as one line of JSON, times in microseconds.
function init(arguments)
   local file = assert(io.open(arguments[1], "rb"))
   wrk.method = "POST"
   wrk.body = file:read("*a")
   wrk.headers["Content-Type"] = "application/json"
   wrk.headers["Accept"] = "application/json"
   file:close()
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      '{"requests": %d, "duration": %d, "bytes": %d, "mean": %.1f, "p50": %d, "p99": %d, "status": %d, "broken": %d}\n',
      summary.requests, summary.duration, summary.bytes, latency.mean, latency:percentile(50), latency:percentile(99),
      errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
