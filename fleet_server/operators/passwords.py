"""Passwords and random tokens. Argon2id with the library's costs (RFC 9106, low-memory profile)."""

import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash(secrets.token_hex(16))
MIN_PASSWORD_LENGTH = 10


def hash_password(password: str) -> str:
    """Hash a password for storage; takes tens of milliseconds on purpose."""
    return _HASHER.hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    """Check a password. ``None`` (no such operator) takes as long, so that names cannot be probed."""
    try:
        _HASHER.verify(password_hash or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def make_token() -> str:
    """Make an unguessable token, 256 bits."""
    return secrets.token_urlsafe(32)


def token_sha256(token: str) -> str:
    """Digest under which a token is stored; tokens have full entropy, so a fast hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
