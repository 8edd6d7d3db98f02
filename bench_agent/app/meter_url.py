"""One entry of ``power.meters``: takes the URL apart, says what is wrong with it and the cure (POW-R7)."""

import difflib
from urllib.parse import parse_qsl, urlsplit

from bench_agent.errors import SettingsError

KEY = "power.meters"


class MeterUrl:
    """A URL and its parameters. What a builder asks for is what is allowed; ``finish`` refuses the rest."""

    def __init__(self, text: str) -> None:
        """Raises SettingsError when ``text`` is no URL or a parameter stands there twice."""
        self.text = text
        try:
            parts = urlsplit(text)
            pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        except ValueError as err:
            raise self.wrong(str(err), "write it like vedirect:///dev/ttyUSB0") from err
        self.scheme = parts.scheme
        self._place = parts.netloc
        self._path = parts.path
        self._left = dict(pairs)
        self._asked: list[str] = []
        if len(self._left) != len(pairs):
            raise self.wrong("a parameter is there twice", "keep one")

    def wrong(self, problem: str, cure: str) -> SettingsError:
        """An error that names the key and this URL."""
        return SettingsError(f"key {KEY!r}: {self.text!r}: {problem}. Cure: {cure}.")

    def device(self) -> str:
        """Path of a device file; the URL has three slashes before it."""
        if self._place or not self._path.startswith("/") or self._path == "/":
            raise self.wrong("names no device", f"write {self.scheme}:///dev/ttyUSB0")
        return self._path

    def name(self, example: str) -> str:
        """What stands directly behind the colon."""
        if self._place or not self._path or self._path.startswith("/"):
            raise self.wrong("names nothing behind the colon", f"write {example}")
        return self._path

    def nothing(self) -> None:
        """Nothing may stand between the slashes and the parameters."""
        if self._place or self._path:
            raise self.wrong(f"{self._place + self._path!r} means nothing", f"write {self.scheme}://")

    def text_of(self, name: str) -> str | None:
        """Value of parameter ``name``, None if it is not there."""
        self._asked.append(name)
        return self._left.pop(name, None)

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """Whole number of parameter ``name``, ``low`` to ``high``; 0x… is hexadecimal."""
        text = self.text_of(name)
        if text is None:
            return default
        try:
            value = int(text, 0)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            raise self.wrong(f"{name}={text} is wrong", f"use a whole number, {low} to {high}")
        return value

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """Number of parameter ``name``, above ``low``, up to ``high``."""
        text = self.text_of(name)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low < value <= high:
            raise self.wrong(f"{name}={text} is wrong", f"use a number above {low:g}, up to {high:g}")
        return value

    def flag(self, name: str) -> bool:
        """Whether parameter ``name`` is 1; not there or 0 is no."""
        return bool(self.whole(name, 0, 0, 1))

    def finish(self) -> None:
        """Refuse parameters nobody asked for."""
        for name in self._left:
            near = difflib.get_close_matches(name, self._asked, n=1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            allowed = f"allowed are {', '.join(sorted(self._asked))}" if self._asked else "leave it out"
            raise self.wrong(f"unknown parameter {name!r}.{meant}".rstrip("."), allowed)
