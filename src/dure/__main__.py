"""`python -m dure` is `dure`."""

from dure.cli.app import main

if __name__ == "__main__":
    main()
