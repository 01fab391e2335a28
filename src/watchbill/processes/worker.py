"""The worker's process: chores and errands, all that may be late without hurting anyone."""

from datetime import timedelta

import watchbill.bootstrap  # noqa: F401 - makes Django ready before tables are imported
from watchbill.composition import build_errands, listeners
from watchbill.config import config, database_url, wakeup_url
from watchbill.engine.chores import Retention
from watchbill.engine.metrics import serve_metrics
from watchbill.engine.worker import run
from watchbill.ground.clock import DatabaseClock, SystemClock
from watchbill.processes.beginning import begin

if __name__ == "__main__":
    begin("worker")
    serve_metrics(config().worker_metrics_port)
    run(
        clock=DatabaseClock(),
        dsn=database_url(),
        wakeup_dsn=wakeup_url(),
        retention=Retention(events=timedelta(days=config().events_retention_days)),
        errands=build_errands(),
        listeners=listeners(clock=SystemClock()),
    )
