"""Before the processes of `watchbill up` start: tables, this month's partitions, the owner's link, the given files."""

import sys

import watchbill.bootstrap  # noqa: F401 - makes Django ready before tables are imported
from watchbill import terminal_errors, upgrade
from watchbill.domain.access.models import Role, User
from watchbill.engine.chores import prepare_partitions
from watchbill.ground.clock import DatabaseClock


def main() -> None:
    sys.excepthook = terminal_errors.show
    upgrade.migrate(say=_say)
    now = DatabaseClock().now()
    prepare_partitions(now=now)
    if not User.objects.filter(role=Role.OWNER, is_active=True).exists():
        _say("There is no owner yet.")


def _say(text: str) -> None:
    sys.stderr.write(f"watchbill: {text}\n")


if __name__ == "__main__":
    main()
