"""Why a row could not be worked on, although nothing is wrong with what it says."""

from multiprocessing import parent_process

from optout_cli.errors import Location, Problem

_MAX_ERROR = 300  # characters of a library's own message that a Problem shows


def killed_problem(location: Location) -> Problem:
    """Report a row that killed the process that worked on it."""
    message = "the process that worked on this row was killed"
    hint = "if memory ran out, try again with --jobs 1"
    return Problem("worker-killed", message, location, hint)


def unexpected_problem(error: Exception, location: Location) -> Problem:
    """Report an error that no code expects, whether it is optout's or a library's."""
    if isinstance(error, MemoryError):
        message = "there is not enough memory for its letters"
        hint = "try it with --jobs 1" if parent_process() else None  # only a worker shares memory
        return Problem("out-of-memory", message, location, hint)
    text = " ".join(str(error).split())[:_MAX_ERROR]
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    message = ": ".join(filter(None, (f"optout failed with {type(error).__name__}", shown)))
    hint = "this is a bug: report it with its traceback, and leave the row out until it is fixed"
    if isinstance(error, OSError):
        hint = "check the disk or the file that it names, and run the command again"
    return Problem("internal-error", message, location, hint)
