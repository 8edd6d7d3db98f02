"""What agent and player say to each other: one JSON object a line over a Unix socket (SIG-R63)."""

import msgspec


class Prepare(msgspec.Struct, frozen=True, kw_only=True, tag="prepare"):
    """Open a file without showing it."""

    play_id: int
    file: str
    """Name inside the media folder; never a path (SIG-R59)."""
    duration_ms: int


class Start(msgspec.Struct, frozen=True, kw_only=True, tag="start"):
    """Show what was prepared under this id."""

    play_id: int


class Stop(msgspec.Struct, frozen=True, kw_only=True, tag="stop"):
    """End the showing at once; ``ended`` with reason ``stopped`` follows."""


class Quit(msgspec.Struct, frozen=True, kw_only=True, tag="quit"):
    """End the process."""


Command = Prepare | Start | Stop | Quit


class Prepared(msgspec.Struct, frozen=True, kw_only=True, tag="prepared"):
    """The file is open."""

    play_id: int


class FirstPicture(msgspec.Struct, frozen=True, kw_only=True, tag="first_picture"):
    """The first picture stands on the screen."""

    play_id: int


class Beat(msgspec.Struct, frozen=True, kw_only=True, tag="beat"):
    """Sent four times a second while something plays: silence means a hang (SIG-R68)."""

    play_id: int
    media_ms: int
    pictures: int


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """The showing is over."""

    play_id: int
    reason: str
    """``end``, ``stopped`` or ``error``."""
    shown_ms: int
    pictures: int


class Failure(msgspec.Struct, frozen=True, kw_only=True, tag="error"):
    """A command could not be obeyed."""

    play_id: int
    code: str
    """``no_file`` or ``not_prepared``."""


Event = Prepared | FirstPicture | Beat | Ended | Failure

_commands: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)
_events: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def parse_command(line: bytes) -> Command:
    """One command.

    Raises:
        msgspec.DecodeError: Not a command.
    """
    return _commands.decode(line)


def parse_event(line: bytes) -> Event:
    """One event.

    Raises:
        msgspec.DecodeError: Not an event.
    """
    return _events.decode(line)


def render_line(message: Command | Event) -> bytes:
    """The message as one line."""
    return msgspec.json.encode(message) + b"\n"
