"""A change that cannot be made, said so that a form, the API and the command line can all show it beside the field."""


class ChangeRefused(Exception):
    """`field` is the name of the input at fault ("" when it is the change as a whole); `reason` names the remedy."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


class Unknown(ChangeRefused):
    """The thing to change does not exist, or no longer."""


class Taken(ChangeRefused):
    """Somebody else has that name, address or key already."""
