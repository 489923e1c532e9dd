"""`python -m modelry` is `modelry`."""

from modelry.cli import main

if __name__ == "__main__":
    main()
