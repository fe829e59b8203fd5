"""`python run.py --vens Herning,Aalborg` is `ven-actors run --vens Herning,Aalborg`."""

import sys

SET_UP = "python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt . && .venv/bin/python run.py"


def run() -> int:
    try:
        from ven_actors.cli import main  # noqa: PLC0415 - so that a missing library becomes a sentence
    except ModuleNotFoundError as error:
        sys.stderr.write(f"run.py: the library {error.name} is not installed here; set up once with:\n  {SET_UP}\n")
        return 2
    return main(["run", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(run())
