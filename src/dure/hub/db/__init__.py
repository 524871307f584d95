"""The hub's store: its tables, their migrations, how it is opened."""
