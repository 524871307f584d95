"""The rule of a verdict and its parts: no text for people, no files."""
