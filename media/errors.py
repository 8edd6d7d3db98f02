"""Errors of the media rules and the media pipeline.

MediaError
├── SnapshotError        a snapshot cannot be used; the message says why
└── MediaRejectedError   an uploaded file cannot be shown; has a code and two sentences for the uploader
"""


class MediaError(Exception):
    """Root of everything ``media`` raises on purpose."""


class SnapshotError(MediaError, ValueError):
    """A snapshot is refused; the message says why (SIG-R1)."""


class MediaRejectedError(MediaError, ValueError):
    """An uploaded file cannot become an asset (SIG-R52).

    Attributes:
        code: One of the codes of SIG-R52.
        message_id: What to do, in Indonesian.
        message_en: The same in English.
    """

    def __init__(self, code: str, message_id: str, message_en: str) -> None:
        super().__init__(f"{code}: {message_en}")
        self.code = code
        self.message_id = message_id
        self.message_en = message_en
