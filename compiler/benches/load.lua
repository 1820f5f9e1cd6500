-- Sends what BODY or USERS asks for; the last line of the output has requests, microseconds and errors.
local body, users = os.getenv("BODY"), tonumber(os.getenv("USERS"))
if body then
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.body = io.open(body, "rb"):read("*a")
end

if users then -- each request asks for one of so many users
  function request()
    return wrk.format("GET", wrk.path .. math.random(users))
  end
end

function done(summary)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  print(string.format("%d %d %d", summary.requests, summary.duration, failed))
end
