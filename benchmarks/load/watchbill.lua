-- Triggers for /v2/enqueue: a key of its own each, or one hot key (KEY=hot). DELAY_MS: time to think per connection.
local key, run = os.getenv("KEY") or "unique", os.getenv("RUN") or "run"
local pause = tonumber(os.getenv("DELAY_MS") or "0")
local routing_key = os.getenv("ROUTING_KEY")
local threads, sent, refused = 0, 0, 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function delay()
  return pause
end

function request()
  sent = sent + 1
  local name = key == "hot" and "hot" or string.format("%s-%d-%d", run, number, sent)
  local body = string.format(
    '{"routing_key":"%s","event_action":"trigger","dedup_key":"%s","client":"bench","payload":{"summary":"Disk %d is full","source":"db-%d","severity":"critical","custom_details":{"n":%d}}}',
    routing_key, name, sent, sent % 50, sent)
  return wrk.format("POST", "/v2/enqueue", {["Content-Type"] = "application/json"}, body)
end
