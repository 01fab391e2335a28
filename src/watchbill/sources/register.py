"""Every source there is. A new one is a module with `kind`, `label` and `parse`, a line here, and its kind."""

from watchbill.domain.alerts.contract import Source
from watchbill.sources import alertmanager, generic, pagerduty_events_v2

SOURCES: tuple[Source, ...] = (pagerduty_events_v2, alertmanager, generic)

BY_KIND = {source.kind: source for source in SOURCES}
