"""`python -m raastof_geo.cli` is `raastof`."""

from raastof_geo.cli.app import main

if __name__ == "__main__":
    main()
