"""The engine's own figures, for Prometheus on the same host: its process takes no requests otherwise."""

import structlog
from prometheus_client import start_http_server

log = structlog.get_logger()


def serve_metrics(port: int) -> None:
    """0: none. A port that is taken costs the figures, never the paging."""
    if not port:
        return
    try:
        start_http_server(port, addr="127.0.0.1")
    except OSError as error:
        log.warning("engine.metrics.refused", port=port, error=str(error))
