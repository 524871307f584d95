"""What `dure check` looks at: the promises of a project, by subject, and the level computed from them."""
