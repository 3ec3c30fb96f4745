"""Programs and their letter kinds, read from the template folders, and the particulars of a letter.

A program is a folder with a `program.yaml`; a user's folder adds programs and, field by field,
changes shipped ones. A name that begins with `_` is never a program or a letter.
"""

from optout_cli.programs.load import Programs, load_programs
from optout_cli.programs.particulars import particulars_from, particulars_type

__all__ = ["Programs", "load_programs", "particulars_from", "particulars_type"]
