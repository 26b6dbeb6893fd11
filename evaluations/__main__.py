"""``python -m evaluations``."""

from evaluations.cli import main

if __name__ == "__main__":
    main()
