"""``python -m gitreg``: the command line."""

from gitreg.cli import main

if __name__ == "__main__":
    main()
