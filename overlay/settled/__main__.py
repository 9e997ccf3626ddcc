"""`python -m settled`: the `settled` command."""

from settled.cli import main

if __name__ == "__main__":
    main()
