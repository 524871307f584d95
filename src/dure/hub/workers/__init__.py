"""What a worker does: one run at a time, each in a process of its own."""
