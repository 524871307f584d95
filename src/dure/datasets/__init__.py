"""Where a project's data come from: a declared source, its four origins, and what a trial is handed."""
