"""Who may do what: accounts, permissions, what stands before every route."""
