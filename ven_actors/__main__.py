import sys

from ven_actors.cli import main

if __name__ == "__main__":
    sys.exit(main())
