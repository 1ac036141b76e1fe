"""The coordinated operation, one module a task; :mod:`desk` is an agency's own open case."""
