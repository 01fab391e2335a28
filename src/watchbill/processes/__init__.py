"""The processes of an instance: one module each, run by `python -m`."""
