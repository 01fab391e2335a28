"""The engine's process: fires timers and sends pages."""

from watchbill.composition import run_engine
from watchbill.processes.beginning import begin

if __name__ == "__main__":
    begin("engine")
    run_engine()
