"""Debian's Prometheus, and an exporter whose numbers the test says."""

import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import httpx

from tests.harness.instances import free_port, wait_for

_CONFIGURATION = """
global: {{scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 1m}}
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


class Exporter:
    """`says` holds lines of the text format."""

    def __init__(self) -> None:
        self.says = ""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = outer.says.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Scrapes are no news."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class RealPrometheus:
    def __init__(self, directory: Path, exporter: Exporter) -> None:
        file = directory / "prometheus.yml"
        file.write_text(_CONFIGURATION.format(port=exporter.port))
        self._exporter = exporter
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = directory / "prometheus.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={file}",
                    f"--storage.tsdb.path={directory / 'data'}",
                    f"--web.listen-address={self.url.removeprefix('http://')}",
                ],
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> Self:
        wait_for("Prometheus", self._ready_or_ended)
        assert self.process.poll() is None, self.log.read_text()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(30)

    def measures(self, lines: str, *, until: str) -> None:
        """The exporter says these lines from now on; returns when Prometheus has them, as the query `until` tells."""
        self._exporter.says = lines
        wait_for(until, lambda: bool(self._asked(until)), seconds=20)

    def _asked(self, query: str) -> list[Any]:
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": query})
        found: list[Any] = answer.json()["data"]["result"]
        return found

    def _ready_or_ended(self) -> bool:
        try:
            return self.process.poll() is not None or httpx.get(f"{self.url}/-/ready").status_code == 200
        except httpx.TransportError:
            return False
