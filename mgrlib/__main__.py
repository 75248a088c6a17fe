"""`python -m mgrlib`: the command line."""

import sys

from mgrlib.cli import main

if __name__ == "__main__":
    sys.exit(main())
