"""A project that answers: one request, a file, a table of many."""
