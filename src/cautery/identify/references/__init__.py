"""References: what probes are compared with, in memory, in files and as live windows."""
