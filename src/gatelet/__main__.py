"""``python -m gatelet`` is the command ``gatelet``."""

from gatelet.cli import main

if __name__ == "__main__":
    main()
