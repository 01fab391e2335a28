-- The same alerts for Alertmanager's POST /api/v2/alerts, one a request.
local key, run = os.getenv("KEY") or "unique", os.getenv("RUN") or "run"
local threads, sent = 0, 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function request()
  sent = sent + 1
  local name = key == "hot" and "hot" or string.format("%s-%d-%d", run, number, sent)
  local body = string.format(
    '[{"labels":{"alertname":"Disk","key":"%s","instance":"db-%d","severity":"critical"},"annotations":{"summary":"Disk %d is full"},"generatorURL":"http://prometheus.example.org/g"}]',
    name, key == "hot" and 0 or sent % 50, sent)
  return wrk.format("POST", "/api/v2/alerts", {["Content-Type"] = "application/json"}, body)
end
