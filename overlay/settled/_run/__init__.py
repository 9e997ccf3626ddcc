"""Does what the core decides: clocks, threads and tasks."""
