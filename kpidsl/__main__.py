"""`python -m kpidsl` is the command `kpi`."""

from kpidsl.cli import main

if __name__ == "__main__":
    main()
