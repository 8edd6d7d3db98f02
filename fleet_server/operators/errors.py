"""Refusals of the operators' room.

FleetError
├── NotSignedInError       401
├── ForbiddenError         403: the role or the form's token does not allow it
└── TooManyAttemptsError   429
"""

from fleet_server.errors import FleetError


class NotSignedInError(FleetError):
    """No session, no token, or a wrong password."""

    status = 401
    title = "Belum masuk"


class ForbiddenError(FleetError):
    """Signed in, but not allowed to do this."""

    status = 403
    title = "Tidak diizinkan"


class TooManyAttemptsError(FleetError):
    """Too many wrong passwords; wait."""

    status = 429
    title = "Terlalu banyak percobaan"
