"""Run the command line as `python -m optout_cli`."""

from optout_cli.cli import main

main()
