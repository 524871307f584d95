"""A new project from somebody's own table: what the table holds, and the files written for it."""
