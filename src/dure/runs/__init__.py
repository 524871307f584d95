"""One run from a name to a folder of evidence, and the same run again."""
