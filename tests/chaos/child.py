"""One process of the product, to be killed: an engine or a web process on a database that the test looks into."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self
from urllib.error import URLError
from urllib.request import urlopen

from tests.harness.instances import PATIENCE_SECONDS, free_port, wait_for

KILLED = 137


class Child:
    def __init__(self, process: str, *, database_url: str, log: Path, failpoint: str = "") -> None:
        self._command = [sys.executable, "-m", f"watchbill.processes.{process}"]
        self.url = ""
        if process == "web":
            port = free_port()
            self.url = f"http://127.0.0.1:{port}"
            self._command += ["--port", str(port)]
        self._environment = {
            **os.environ,
            "WATCHBILL_DATABASE_URL": database_url,
            "WATCHBILL_BASE_URL": self.url or os.environ["WATCHBILL_BASE_URL"],
            "WATCHBILL_FAILPOINT": failpoint,
        }
        self._log = log

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log)
        if self.url:
            wait_for("the web process", self._is_ready)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise

    def died_as_asked(self) -> None:
        code = self._process.wait(PATIENCE_SECONDS)
        assert code == KILLED, f"ended by itself with {code}: {self._log.read_text()[-3000:]}"

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()[-3000:]
        try:
            with urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False
