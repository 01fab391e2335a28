"""Audit entries, by month. They are evidence: nothing here removes them."""

from watchbill.ground.partitions import MonthlyPartitions

ENTRIES = MonthlyPartitions(table="audit_entry", column="at")
