"""Find which hosts one party runs: links from files, cases and facts, clusters, reasons."""
