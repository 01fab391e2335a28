"""How Watchbill comes into the organization's Matrix."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixSettings:
    """`mail_domain`: whoever has a name on the homeserver has it before this domain too. `link_url` stands before the
    name of a room, for people to open it in their client."""

    url: str
    access_token: str = field(default="", repr=False)
    mail_domain: str = ""
    link_url: str = "https://matrix.to/#/"

    def lacks(self) -> Iterator[str]:
        """What cannot be right whatever the homeserver says."""
        if self.access_token and not self.url:
            yield "WATCHBILL_MATRIX_ACCESS_TOKEN is set and WATCHBILL_MATRIX_URL is not: there are no rooms in Matrix"
        if self.url and not self.access_token:
            yield "WATCHBILL_MATRIX_URL is set and WATCHBILL_MATRIX_ACCESS_TOKEN is not: there are no rooms in Matrix"
        if self.url and not self.url.startswith(("https://", "http://")):
            yield "WATCHBILL_MATRIX_URL is no web address: write it like https://matrix.example.org"
