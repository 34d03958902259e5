"""The command line: what may be asked, how it is answered, what is said of wrong usage."""

from raastof_geo.cli.app import main, run_command

__all__ = ["main", "run_command"]
