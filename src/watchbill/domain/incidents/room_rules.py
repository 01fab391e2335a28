"""How the room of an incident reads: who speaks as what. Pure; the process document is passed in."""

from collections.abc import Iterable

from watchbill.domain.process.schema import ProcessDocument


def prefix_for(roles: Iterable[str], process: ProcessDocument) -> str:
    """What a message of somebody who has these roles begins with, so that the room sees who speaks as what."""
    held = set(roles)
    for rule in process.war_room.channel_rules:
        for one in rule.prefixes:
            if held & set(one.roles):
                return one.prefix
    return ""
