"""What people send: kept by its hash, inspected in a sandbox, gone when its time is over."""
