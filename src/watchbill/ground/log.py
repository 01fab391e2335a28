"""One line per event on standard error: JSON for machines, or coloured for a person. No line holds a usable secret."""

import logging
import re
import sys

import structlog

_HIDDEN = "[secret]"
# More people read logs than may sign in: what stands behind these in an address is as good as a password. A stranger
# chooses the address, so nothing is tried twice: a run of slashes is taken whole, and from its first one only.
_SECRET_ADDRESS = re.compile(
    r"((?<!/)/++(?:a|setup|heartbeat|in/++[\w.%-]++)/++)[\w.~%=+/-]+", re.ASCII | re.IGNORECASE
)
# As `secrets.new_token` makes them, and as PagerDuty's keys look.
_TOKEN = re.compile(r"([a-z]{1,8}_)[0-9A-Za-z]{32,}|(?<![0-9A-Za-z])R[0-9a-z]{31}(?![0-9A-Za-z])")


def configure(*, style: str, level: str, process: str) -> None:
    """`style` is json or console. Lines of libraries that use the standard logging take the same form."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        lambda _logger, _method, event: {"process": process, **event},
    ]
    last: structlog.types.Processor = (
        structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer()
    )
    lines: list[structlog.types.Processor] = [
        last,
        # Of the finished line, so that nothing slips past in a nested value, an exception or a library's message.
        lambda _logger, _method, line: without_secrets(str(line)),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, *lines],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *lines],
            foreign_pre_chain=[*shared, structlog.processors.format_exc_info],
        )
    )
    # Libraries say what went wrong, not what went well.
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)


def without_secrets(line: str) -> str:
    return _TOKEN.sub(rf"\1{_HIDDEN}", _SECRET_ADDRESS.sub(rf"\1{_HIDDEN}", line))
