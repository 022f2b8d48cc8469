# SPDX-License-Identifier: Apache-2.0
"""Which files .gitattributes marks as generated or vendored, with or without git."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from portkit.files.git import attributed
from portkit.files.git_view import GitView
from portkit.files.patterns import MOST, Pattern, bytewise, file_lines
from portkit.files.regular import PATTERNS_BYTES, read_regular

_MARKS = {"linguist-generated": "generated", "linguist-vendored": "vendored"}
_FILE = ".gitattributes"
_BLANKS = " \t\r"
_QUOTED = r'"(?:[^"\\]|\\(?:[abfnrtv"\\]|[0-3][0-7]{2}))*"'
_LINE = re.compile(rf"[{_BLANKS}]*(?P<pattern>{_QUOTED}|[^{_BLANKS}]+)(?P<rest>.*)", re.DOTALL)
_IS_QUOTED = re.compile(_QUOTED, re.DOTALL).fullmatch
_WORD = re.compile(r"[-!]?(?P<name>[A-Za-z0-9_.][-A-Za-z0-9_.]*)(?:=.*)?", re.DOTALL)
_ESCAPE = re.compile(r"\\([0-3][0-7]{2}|.)", re.DOTALL)
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_Marks = dict[str, bool]  # which of `_MARKS` are set, or taken back


def marked(
    folder: Path,
    names: Sequence[str],
    listing: Sequence[str],
    by_git: GitView | None,
    unreadable: Callable[[str], None] = lambda _: None,
) -> dict[str, str]:
    """Return {name: "generated" or "vendored"} for those of `names` that are marked.

    `names` and `listing` (all files, searched for .gitattributes) are relative to `folder`.
    `by_git` asks git instead. `unreadable` is told each .gitattributes that could not be read;
    git tells nobody.
    """
    if by_git is not None:
        return {
            name: _MARKS[mark]
            for name, mark in attributed(by_git, folder, names, tuple(_MARKS)).items()
        }
    files = [name for name in listing if name == _FILE or name.endswith("/" + _FILE)]
    files.sort(key=lambda name: (name.count("/"), name))
    said: dict[str, _Marks] = {}
    for file in files:
        try:
            rules = _read(folder / file)
        except OSError:
            unreadable(file)
            continue
        _apply(rules, file.removesuffix(_FILE), names if rules else (), said)
    reasons = ((name, _reason(marks)) for name, marks in said.items())
    return {name: reason for name, reason in reasons if reason}


def _apply(
    rules: list[tuple[Pattern, _Marks]], prefix: str, names: Sequence[str], said: dict[str, _Marks]
) -> None:
    """Add to what is `said` of the names what the rules of the folder `prefix` say: each overrules
    those before it.
    """
    for name in names:
        if not name.startswith(prefix):
            continue
        seen = bytewise(name.removeprefix(prefix))
        last = seen.rpartition("/")[2]
        for pattern, marks in rules:
            if pattern.fits(seen if pattern.anchored else last):
                said.setdefault(name, {}).update(marks)


def _reason(marks: _Marks) -> str:
    return next((reason for mark, reason in _MARKS.items() if marks.get(mark)), "")


def _read(file: Path) -> list[tuple[Pattern, _Marks]]:
    """Return what each line says of the marks, in file order. Raises OSError."""
    lines = file_lines(read_regular(file, PATTERNS_BYTES, follow=False))
    rules = [rule for line in lines for rule in _rule(line)]
    if len(rules) > MOST:
        raise OSError(f"more than {MOST} patterns")
    return rules


def _rule(line: str) -> Iterator[tuple[Pattern, _Marks]]:
    """Yield what a line says of the marks.

    It speaks of files alone: a pattern for folders says nothing of what is in them.
    """
    parts = _LINE.match(line.partition("\0")[0])
    if parts is None or parts["pattern"].startswith(("#", "[attr]", "!")):
        return
    marks: _Marks = {}
    for word in re.findall(rf"[^{_BLANKS}]+", parts["rest"]):
        spelt = _WORD.fullmatch(word)
        if spelt is None:
            return  # as with git: such a line says nothing at all
        if spelt["name"] in _MARKS:
            marks[spelt["name"]] = not word.startswith(("-", "!")) and word.partition("=")[2] in (
                "",
                "true",
            )
    text = parts["pattern"]
    pattern = Pattern(_unquoted(text) if _IS_QUOTED(text) else text)
    if marks and not pattern.negative and not pattern.folder_only:
        yield pattern, marks


def _unquoted(text: str) -> str:
    """Return a name that is quoted as in C."""

    def letter(match: re.Match[str]) -> str:
        said = match[1]
        return chr(int(said, 8)) if len(said) == 3 else _LETTERS.get(said, said)

    return _ESCAPE.sub(letter, text[1:-1])
