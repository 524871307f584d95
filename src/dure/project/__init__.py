"""What an author writes: forms, cases, rounds, KPIs and the project that holds them; how a project is found and loaded."""
