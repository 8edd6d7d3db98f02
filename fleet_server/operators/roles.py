"""Who an operator is and what the role allows."""

from dataclasses import dataclass
from enum import StrEnum

from fleet_server.operators.errors import ForbiddenError


class Role(StrEnum):
    """Each role may do all that the ones before may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


_ORDER = tuple(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The person or program behind a request."""

    operator_id: int
    name: str
    role: Role
    csrf_token: str
    """Empty for API tokens, which no browser sends by itself."""

    def may(self, role: Role) -> bool:
        """Whether this identity has at least ``role``."""
        return _ORDER.index(self.role) >= _ORDER.index(role)

    def require(self, role: Role) -> None:
        """Stop an identity below ``role``.

        Raises:
            ForbiddenError: The role is too low.
        """
        if not self.may(role):
            raise ForbiddenError(
                "Peran Anda «%(own)s» tidak boleh melakukan ini; perlu «%(needed)s».",
                own=self.role,
                needed=role,
            )
