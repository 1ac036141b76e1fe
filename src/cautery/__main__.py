"""``python -m cautery`` is the command ``cautery``."""

from cautery.cli import main

if __name__ == "__main__":
    main()
