"""The command line, as a test calls it."""

from raastof_geo.cli import run_command
from raastof_geo.language import speaking


def run(*arguments: object, language: str = "en") -> int:
    """Run a command in a language, and give its exit code."""
    with speaking(language):
        return run_command([str(argument) for argument in arguments])
