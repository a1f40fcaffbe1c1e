"""`python -m engine.service`: see `engine.service.process`."""

import sys

from engine.service.process import main

if __name__ == "__main__":
    sys.exit(main())
