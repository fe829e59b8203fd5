"""Everything this program raises on purpose.

FleetError
├── UsageError                 exit 2: an option or a configuration key is wrong
├── DataError                  exit 2: a file (HDF5, SQLite, CSV) is broken, hostile or of another make
├── StateError                 exit 2: the state folder is in use, fenced, or belongs to another VTN
└── VtnError                   one VEN's trouble with its VTN; never ends the fleet
    ├── VtnUnreachable         nothing was sent, or it is certain that nothing arrived
    │   └── VtnBusy            nothing was sent, because the VTN has asked for time (Retry-After)
    ├── VtnAmbiguous           bytes went out and no complete answer came back
    ├── VtnNonsense            an answer that is too large, cut off, or not what the standard says
    ├── CredentialsRefused     the token endpoint or the VTN does not accept who we are
    └── VtnRefused             a complete answer with an error status; carries it
"""


class FleetError(Exception):
    """Base of all errors raised on purpose; the message says what, which value, which limit and what to do."""


class UsageError(FleetError):
    """An option, environment variable or configuration key is wrong."""


class DataError(FleetError):
    """A file that the fleet reads is broken, hostile, or not what it should be."""


class StateError(FleetError):
    """The state folder is in use by another process, fenced off, or belongs to another VTN."""


class VtnError(FleetError):
    """Trouble of one VEN with its VTN."""


class VtnUnreachable(VtnError):  # noqa: N818 - named after the state the VTN is in
    """No connection, or no byte of the request went out."""


class VtnBusy(VtnUnreachable):
    """The VTN, or the token endpoint, has asked for time, and it is not over: `retry_after_s` is what is left of it."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class VtnAmbiguous(VtnError):  # noqa: N818 - named after the state the request is in
    """Bytes went out and no complete answer came back: the VTN may or may not have acted."""


class VtnNonsense(VtnError):  # noqa: N818 - named after what the VTN said
    """An answer that is too large, cut off, or not what the standard says."""


class CredentialsRefused(VtnError):  # noqa: N818 - named after what the VTN did
    """The token endpoint, or the VTN after one renewal, does not accept these credentials.

    `words` are the message without `remedy`, which is what to do about it where the refusal tells that.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{message}; {remedy}" if remedy else message)
        self.words, self.remedy = message, remedy


class VtnRefused(VtnError):  # noqa: N818 - named after what the VTN did
    """A complete answer with an error status.

    `retry_after_s` is what a `Retry-After` header asked for, in seconds, if there was one.
    """

    def __init__(self, message: str, *, status: int, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s
