"""The figures of a process that takes no requests, for Prometheus on the same host."""

import structlog
from prometheus_client import start_http_server

log = structlog.get_logger()


def serve_metrics(port: int) -> None:
    """0: none. A port that is taken costs the figures, never the work. Nobody but this host may ask."""
    if not port:
        return
    try:
        start_http_server(port, addr="127.0.0.1")
    except OSError as error:
        log.warning("metrics.refused", port=port, error=str(error))
