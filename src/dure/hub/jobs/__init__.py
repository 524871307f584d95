"""What waits for a worker: the queue, the worker, the process of one job, and what is asked of it."""
