"""Stateless form tokens: HMAC of a secret, the address and a 10-minute slot (HOT-R25)."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from pathlib import Path

_SLOT_S = 600
_SLOTS_VALID = 3
_SECRET_BYTES = 32


class FormTokens:
    """Makes and checks tokens; one is valid for at most 30 minutes."""

    def __init__(self, secret: bytes, monotonic_s: Callable[[], float]) -> None:
        self._secret = secret
        self._monotonic_s = monotonic_s

    def make(self, ip: str) -> str:
        """Make the token for a form shown to ``ip`` now."""
        return self._token(ip, self._slot())

    def is_valid(self, ip: str, token: str) -> bool:
        """Whether ``token`` was made for ``ip`` in this or the two slots before."""
        given = token.encode("utf-8", errors="replace")
        slot = self._slot()
        checks = [
            hmac.compare_digest(self._token(ip, slot - age).encode(), given) for age in range(_SLOTS_VALID)
        ]
        return any(checks)

    def _slot(self) -> int:
        return int(self._monotonic_s() // _SLOT_S)

    def _token(self, ip: str, slot: int) -> str:
        return hmac.new(self._secret, f"{ip} {slot}".encode(), hashlib.sha256).hexdigest()


def load_or_make_secret(path: Path | None) -> bytes:
    """Read the secret of this boot, or make one with mode 0600; without a path it dies with the process."""
    if path is None:
        return secrets.token_bytes(_SECRET_BYTES)
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = path.read_bytes()
        if len(kept) == _SECRET_BYTES:
            return kept
        path.unlink()  # torn by a power cut: old forms merely have to be shown again
        return load_or_make_secret(path)
    with os.fdopen(file, "wb") as secret_file:
        made = secrets.token_bytes(_SECRET_BYTES)
        secret_file.write(made)
    return made
