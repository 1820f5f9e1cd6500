-- Sends the content of the file that BODY names, if any; its last line has requests, microseconds and errors.
local path = os.getenv("BODY")
if path then
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.body = io.open(path, "rb"):read("*a")
end

function done(summary)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  print(string.format("%d %d %d", summary.requests, summary.duration, failed))
end
