"""Screens take a second to load. That is done beside the event loop: after the door is open, or by who asks first."""

import json
import os
import subprocess
import sys

import pytest

# A web process as it is started, which tells when and in which thread the table of addresses is loaded.
_WATCHED = """
import asyncio, json, sys, threading, urllib.error, urllib.request
told = {"threads": []}

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "watchbill.urls":
            told["threads"].append(threading.current_thread() is threading.main_thread())
            told["loaded_before_open"] = not server.started

sys.meta_path.insert(0, Watch())
from watchbill.processes import web

told["loaded_by_starting"] = "watchbill.urls" in sys.modules
server = web.server(host="127.0.0.1", port=0)

def ask(path):
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code

async def main():
    serving = asyncio.create_task(server.serve_and_sweep())
    await server._is_open.wait()
    if "asks" in sys.argv:
        paths = ("/sign-in", "/sign-in", "/api/v1/openapi.json")
        told["answers"] = await asyncio.gather(*(asyncio.to_thread(ask, path) for path in paths))
    while "watchbill.urls" not in sys.modules:
        await asyncio.sleep(0.01)
    server.stop()
    await serving

asyncio.run(main())
print(json.dumps(told))
"""


def told_by(*arguments: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED, *arguments], env=os.environ, capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.mark.usefixtures("django_db_setup")
def test_it_is_loaded_after_the_door_is_open_and_not_by_the_loop() -> None:
    assert told_by() == {"threads": [False], "loaded_by_starting": False, "loaded_before_open": False}


@pytest.mark.usefixtures("django_db_setup")
def test_those_who_ask_at_once_wait_for_one_loading_and_the_loop_does_not() -> None:
    told = told_by("asks")
    assert told["answers"] == [200, 200, 200]
    assert told["threads"] == [False]
