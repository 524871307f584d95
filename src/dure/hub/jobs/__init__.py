"""What waits for a worker: the queue, and the processes that jobs run in."""
