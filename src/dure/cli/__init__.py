"""The command line: a file a group of commands, each loaded when it is used."""
