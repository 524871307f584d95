"""What is shown of evidence: the board, the map, files and zips of evidence, cases that stay hidden."""
