"""`python -m raastof_geo.cli` is `raastof`."""

from raastof_geo.cli.commands import main

if __name__ == "__main__":
    main()
