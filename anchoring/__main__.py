"""`python -m anchoring`: verify, inspect and audit with the base dependencies alone."""

import sys

from anchoring.cli import main

if __name__ == "__main__":
    sys.exit(main())
