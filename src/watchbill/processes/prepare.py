"""Before the processes of `watchbill up` start: tables, this month's partitions, the first process, the given files,
the owner's link.
"""

import sys
from datetime import datetime
from pathlib import Path

import watchbill.bootstrap  # noqa: F401 - makes Django ready before tables are imported
from watchbill import composition, terminal_errors, upgrade
from watchbill.config import config, secret_key
from watchbill.domain.audit.contract import Actor
from watchbill.domain.organization_file.actions import apply_files
from watchbill.domain.people.account_actions import create_first_setup_link
from watchbill.engine.chores import prepare_partitions
from watchbill.ground.clock import DatabaseClock
from watchbill.processes import told_once
from watchbill.processes.first_process import begin_with_process

_UP = Actor(kind="system", label="watchbill up", via="cli")
# In the data directory, where nobody is at the terminal.
_OWNER_LINK = "owner-link"
_MADE = "made-by-apply"
_APPLY = Actor(kind="system", label="watchbill up --apply", via="cli")


def main() -> None:
    sys.excepthook = terminal_errors.show
    upgrade.migrate(say=_say)
    now = DatabaseClock().now()
    prepare_partitions(now=now)
    begin_with_process(now=now, say=_say)
    _apply(sys.argv[1:], now=now)
    _offer_owner_link(now=now)


def _offer_owner_link(*, now: datetime) -> None:
    """As long as there is no owner who could sign in. A link of an earlier start opens nothing any more."""
    file = config().data_dir / _OWNER_LINK
    link = create_first_setup_link(actor=_UP, now=now)
    if link is None:
        file.unlink(missing_ok=True)
        return
    _say(
        f"No owner can sign in yet. A link sets the owner's password, once, until {link.expires_at:%Y-%m-%d %H:%M} UTC."
    )
    told_once.tell([f"{config().base_url}/setup/{link.secret}"], about="It", file=file, say=_say)


def _apply(paths: list[str], *, now: datetime) -> None:
    """The files of `--apply`, taken together, at every start; what they say already is not written again."""
    if not paths:
        return
    files = [(path, Path(path).read_text(encoding="utf-8")) for path in paths]
    applied = apply_files(files, kinds=composition.contact_kinds(), secret_key=secret_key(), actor=_APPLY, now=now)
    for change in applied.changes:
        _say(str(change))
    if applied.made:
        lines = [f"Made, and shown only now: {made}" for made in applied.made]
        told_once.tell(lines, about="What was made with it", file=config().data_dir / _MADE, say=_say)


def _say(text: str) -> None:
    sys.stderr.write(f"watchbill: {text}\n")


if __name__ == "__main__":
    main()
