"""Whether the web process still answers, found out beside everything else: nothing here waits for it.

It is asked for `/healthz`, which needs its event loop and nothing else, so that a slow database is no silence. Plain
sockets, because an HTTP client would cost more memory than the rest of the supervisor.
"""

import contextlib
import errno
import socket
from typing import Any

_EVERY_SECONDS = 5.0
_TRIES = 3


class Pulse:
    """A process counts as gone when it answered before, and then not one of the tries that follow each other.

    So a start may last as long as it needs. Tries are counted and not the time alone: after a pause of the whole
    machine the clock has gone on, and the process had no chance to answer.
    """

    def __init__(self, host: str, port: int, *, silent_seconds_max: float) -> None:
        self._host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
        self._port = port
        self._patience = silent_seconds_max / _TRIES
        self._request = f"GET /healthz HTTP/1.1\r\nHost: {self._host}:{port}\r\nConnection: close\r\n\r\n".encode()
        self._where: tuple[socket.AddressFamily, Any] | None = None
        self._pid = 0
        self._has_answered = False
        self._unanswered = 0
        self._asking: socket.socket | None = None
        self._is_asked = False
        self._asked_at = 0.0
        self.looks_at = 0.0

    def reads(self) -> list[socket.socket]:
        return [self._asking] if self._asking is not None and self._is_asked else []

    def writes(self) -> list[socket.socket]:
        return [self._asking] if self._asking is not None and not self._is_asked else []

    def is_gone(self, pid: int, *, now: float) -> bool:
        """Asks, listens, or does nothing, whichever is due; `looks_at` says when to come again at the latest.

        True once for a silence: what was told need not be told again.
        """
        if pid != self._pid:
            self._begin_anew(pid, now)
        if self._asking is None and now >= self.looks_at:
            self._ask(now)
        elif self._asking is not None:
            self._hear(self._asking, now)
        if not self._has_answered or self._unanswered < _TRIES:
            return False
        self._begin_anew(pid, now)
        return True

    def _begin_anew(self, pid: int, now: float) -> None:
        self._hang_up()
        self._pid, self._has_answered, self._unanswered, self.looks_at = pid, False, 0, now

    def _ask(self, now: float) -> None:
        self._asked_at, self.looks_at = now, now + self._patience
        with contextlib.suppress(OSError):  # no answer either; the try counts when its time is over
            if self._where is None:
                found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
                self._where = found[0][0], found[0][4]
            self._asking = socket.socket(self._where[0], socket.SOCK_STREAM)
            self._asking.settimeout(0)
            self._asking.connect_ex(self._where[1])
            return
        self._unanswered += 1

    def _hear(self, asking: socket.socket, now: float) -> None:
        answer = self._answer(asking)
        if answer is None and now < self.looks_at:
            return
        self._hang_up()
        if answer:
            self._has_answered, self._unanswered, self.looks_at = True, 0, now + _EVERY_SECONDS
        else:
            self._unanswered += 1
            self.looks_at = max(now, self._asked_at + self._patience)

    def _answer(self, asking: socket.socket) -> bytes | None:
        """None: not yet. Empty: the connection was refused or closed, which is no answer."""
        try:
            if not self._is_asked:
                asking.sendall(self._request)
                self._is_asked = True
            return asking.recv(4096)
        except BlockingIOError:
            return None
        except OSError as error:
            return None if error.errno == errno.ENOTCONN else b""

    def _hang_up(self) -> None:
        if self._asking is not None:
            self._asking.close()
        self._asking, self._is_asked = None, False
