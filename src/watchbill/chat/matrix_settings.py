"""How Watchbill comes into the organization's Matrix."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixSettings:
    """`mail_domain`: whoever has a name on the homeserver has it before this domain too. `link_url` stands before the
    name of a room, for people to open it in their client."""

    url: str
    access_token: str = field(default="", repr=False)
    mail_domain: str = ""
    link_url: str = "https://matrix.to/#/"
