"""Starts phones and product, plays the story, keeps running until Ctrl-C."""

import argparse
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import httpx
from rich.console import Console

import watchbill.bootstrap  # noqa: F401 - makes Django ready before tables are imported
from watchbill import terminal_errors
from watchbill.config import config
from watchbill.demo.answered import phones_told
from watchbill.demo.story import Addresses, Story, StoryBroken, curl_line
from watchbill.domain.access.models import User
from watchbill.domain.audit.contract import Actor
from watchbill.domain.people.account_actions import create_setup_link, redeem_setup_link
from watchbill.domain.process.default_document import default_text
from watchbill.ground.clock import SystemClock

_ORGANIZATION = Path(__file__).with_name("organization.yaml")
_ZONE = "Europe/Berlin"
_OWNER = "engineering-manager@example.org"
_PHONES = ("first-responder", "second-responder", "payments-lead", "engineering-manager")
_START_SECONDS_MAX = 180.0


class DemoFailed(Exception):
    """A process of the demo ended, or did not become ready; the message names its log."""


def main() -> int:
    sys.excepthook = terminal_errors.show
    parser = argparse.ArgumentParser(prog="watchbill demo")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--phones-port", type=int, required=True)
    parser.add_argument("--no-wait", action="store_true")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    addresses = Addresses(product=config().base_url, phones=f"http://127.0.0.1:{given.phones_port}")
    console = Console(soft_wrap=True, highlight=False)
    log = config().data_dir / "demo.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    console.print("Starting Watchbill with demo phones (the first start makes a database, which takes a moment) ...")
    with contextlib.suppress(KeyboardInterrupt), _running(given.port, given.phones_port, log) as product:
        _wait_until_ready(addresses, product, log)
        _introduce(console, addresses, password=_owner_password())
        with phones_told(addresses.phones):
            try:
                Story(addresses, console, pause_seconds=0.5 if given.no_wait else 6).play()
            except StoryBroken as error:
                console.print(f"[red]The story stopped: {error}.[/red] The log is {log}")
                if given.no_wait:
                    return 1
            console.print("\nThe story is over. Send an alert of your own:")
            console.print(f"  {curl_line(addresses.product)}", markup=False)
            if given.no_wait:
                return 0
            console.print("Everything keeps running; press Ctrl-C to end.")
            product.wait()
        raise DemoFailed(f"the product ended by itself; the log is {log}")
    console.print("\nStopped.")
    return 0


@contextlib.contextmanager
def _running(port: int, phones_port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    python = [sys.executable, "-m"]
    environment = {
        **os.environ,
        "WATCHBILL_DEMO_PHONES_URL": f"http://127.0.0.1:{phones_port}",
        "WATCHBILL_PROCESS_FILE": str(_process_in_its_zone(log.with_name("demo-process.yaml"))),
    }
    supervise = ["watchbill.supervisor", "--data-dir", str(config().data_dir), "--host", "127.0.0.1"]
    supervise += ["--port", str(port), "--apply", str(_ORGANIZATION)]
    phones = [*python, "watchbill.demo.phones", "--port", str(phones_port), *_PHONES]
    with log.open("wb") as output, contextlib.ExitStack() as running:
        for command in (phones, [*python, *supervise]):
            process = subprocess.Popen(  # noqa: S603 - our own modules, no shell
                command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
            running.callback(_end, process)
        yield process


def _process_in_its_zone(path: Path) -> Path:
    """The default process, with business hours where the organization of the demo lives."""
    path.write_text(default_text().replace("time_zone: UTC", f"time_zone: {_ZONE}", 1), encoding="utf-8")
    return path


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


def _wait_until_ready(addresses: Addresses, product: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS_MAX
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{addresses.product}/readyz", timeout=2).status_code == 200:
                return
        if product.poll() is not None or time.monotonic() > deadline:
            last = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
            raise DemoFailed(f"Watchbill did not start; the end of {log} is: {last}")
        time.sleep(0.1)


def _owner_password() -> str:
    """A new one at every start, through the same link that a first start prints."""
    now = SystemClock().now()
    owner = User.objects.get(email=_OWNER)
    password = f"demo {secrets.token_hex(2)} {secrets.token_hex(2)} {secrets.token_hex(2)}"
    link = create_setup_link(owner.id, actor=Actor(kind="system", label="watchbill demo", via="cli"), now=now)
    redeem_setup_link(link.secret, password=password, now=now)
    return password


def _introduce(console: Console, addresses: Addresses, *, password: str) -> None:
    console.print("\nOpen these, side by side if you can:")
    console.print(f"  [b]Phones[/b]     {addresses.phones}/")
    console.print(f"  [b]Watchbill[/b]  {addresses.product}/")
    console.print(f"             sign in as [b]{_OWNER}[/b] with the password [b]{password}[/b]\n")


def _as_ctrl_c(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
