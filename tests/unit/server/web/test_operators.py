"""Rules of sign-in that need no server."""

import pytest

from fleet_server.operators.errors import ForbiddenError, TooManyAttemptsError
from fleet_server.operators.limit import MAX_FAILURES_PER_NAME, WINDOW_S, SignInLimit
from fleet_server.operators.passwords import hash_password, password_matches
from fleet_server.operators.roles import Identity, Role


def test_only_the_right_password_of_a_known_operator_matches() -> None:
    stored = hash_password("sandi-yang-panjang")
    assert password_matches(stored, "sandi-yang-panjang")
    assert not password_matches(stored, "sandi-yang-lain")
    assert not password_matches(None, "sandi-yang-panjang")


def test_password_is_not_readable_in_its_hash() -> None:
    assert "sandi-yang-panjang" not in hash_password("sandi-yang-panjang")
    assert hash_password("sandi-yang-panjang") != hash_password("sandi-yang-panjang")


def test_too_many_wrong_passwords_make_a_name_wait_until_the_window_has_passed() -> None:
    limit = SignInLimit()
    for _ in range(MAX_FAILURES_PER_NAME):
        limit.check("ani", "10.0.0.1", 100.0)
        limit.fail("ani", "10.0.0.1", 100.0)
    with pytest.raises(TooManyAttemptsError, match="menit"):
        limit.check("ani", "10.0.0.2", 100.0 + WINDOW_S - 1)
    limit.check("budi", "10.0.0.1", 101.0)
    limit.check("ani", "10.0.0.1", 100.0 + WINDOW_S)


def test_a_good_password_forgets_the_wrong_ones_before() -> None:
    limit = SignInLimit()
    for _ in range(MAX_FAILURES_PER_NAME - 1):
        limit.fail("ani", "10.0.0.1", 1.0)
    limit.succeed("ani")
    limit.fail("ani", "10.0.0.1", 2.0)
    limit.check("ani", "10.0.0.1", 3.0)


@pytest.mark.parametrize(
    ("own", "needed", "allowed"),
    [
        (Role.VIEWER, Role.VIEWER, True),
        (Role.VIEWER, Role.EDITOR, False),
        (Role.EDITOR, Role.VIEWER, True),
        (Role.EDITOR, Role.ADMIN, False),
        (Role.ADMIN, Role.EDITOR, True),
    ],
)
def test_a_role_may_do_what_lower_roles_may(own: Role, needed: Role, allowed: bool) -> None:
    identity = Identity(operator_id=1, name="ani", role=own, csrf_token="")
    assert identity.may(needed) is allowed
    if not allowed:
        with pytest.raises(ForbiddenError):
            identity.require(needed)
