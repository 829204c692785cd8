"""The one tree of errors that a user can mend.

    SBERTLabError            catch this one: its text is a sentence for a person
    ├── FileError            a file cannot be read as a corpus
    ├── ModelError           an encoder is unknown, not at hand, or refused
    ├── DataError            the data does not fit what was asked of it
    ├── WorkspaceError       the workspace, or a corpus in it, is missing or locked
    └── Cancelled            the user stopped a long action

Everything else that is raised is a bug and should be seen as one.
"""


class SBERTLabError(Exception):
    """Something a user can mend; `str(error)` says what is wrong and the way out."""


class FileError(SBERTLabError):
    """A file cannot be read as a corpus."""


class ModelError(SBERTLabError):
    """An encoder is unknown, not at hand on this machine, or refused for safety."""


class DataError(SBERTLabError):
    """The data does not fit what was asked of it (too few rows, no labels, a bad parameter)."""


class WorkspaceError(SBERTLabError):
    """The workspace, or a corpus in it, is missing, locked or unreadable."""


class Cancelled(SBERTLabError):
    """The user stopped a long action; what was finished is kept."""
