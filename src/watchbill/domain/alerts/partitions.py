"""Raw events, by month."""

from watchbill.ground.partitions import MonthlyPartitions

EVENTS = MonthlyPartitions(table="alerts_event", column="received_at")
