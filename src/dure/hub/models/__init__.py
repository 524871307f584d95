"""Methods that answer: projects as the hub knows them, promotion, processes, the log of predictions, monitoring."""
