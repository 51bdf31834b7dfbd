"""The recording in the README: real commands, run in a terminal of their own, as an animated SVG.

    python -m tests.benchmarks.recording REPOSITORY NAME docs/first-minute.svg

REPOSITORY is a git repository (a bare one will do). It is cloned as NAME into a temporary folder,
in which the commands of SCENE are run one after the other, on a pseudo terminal with an empty home.
What they print is kept with the moment at which each line was complete; nothing is edited but the
folder's path, and a pause is shown as MAX_PAUSE_SECONDS at most. A program that shows no animation
shows the last screen.
"""

from __future__ import annotations

import argparse
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import time
from fcntl import ioctl
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.color import Color
    from rich.style import Style
    from rich.text import Text

SCENE = (
    "lumen-hooks install",
    'lumen-hooks search "where is the session cookie signed" -n 2',
    "git worktree add -q ../fix -b fix && cd ../fix",
    "lumen-hooks search --exact -w open_session -n 4",
    "lumen-hooks status --all",
)

SHOWN_AS = "/src"
"""What the temporary folder is called in the picture."""

COLUMNS, ROWS = 92, 30
TYPED_SECONDS = 0.9
"""From one command's end to the next one's start."""

MAX_PAUSE_SECONDS = 2.0
LAST_SECONDS = 6.0
"""How long the last screen stays before it begins again."""

TOGETHER_SECONDS = 0.08
"""Lines that came so close after each other appear at once."""

_CELL_WIDTH, _LINE_HEIGHT, _FONT_SIZE = 8.4, 19, 14
_MARGIN = 14
_BACKGROUND, _FOREGROUND = "#1b1f24", "#d0d7de"
_CONSOLE = Console()
_FONTS = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"


class Line(NamedTuple):
    """A line of the terminal, and when it was complete (seconds from the start)."""

    at: float
    text: Text


def main(argv: Sequence[str]) -> None:
    """Run the scene and write the picture."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.recording", description=__doc__
    )
    parser.add_argument("repository", help="what git can clone")
    parser.add_argument("name", help="what its folder is called")
    parser.add_argument("picture", type=Path, help="the SVG to write")
    chosen = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(os.path.realpath(made))
        top = folder / chosen.name
        subprocess.run(["git", "clone", "-q", chosen.repository, str(top)], check=True)
        lines = list(_played(top, _environment(folder)))
    picture = drawn(lines, f"{', '.join(SCENE)}: a recording")
    chosen.picture.write_text(picture, encoding="utf-8")
    print(f"{chosen.picture}: {len(lines)} lines, {len(picture.encode()):,} bytes")


def _environment(folder: Path) -> dict[str, str]:
    home = folder / "home"
    home.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return kept | {
        "PATH": os.path.dirname(sys.executable) + os.pathsep + kept.get("PATH", os.defpath),
        "HOME": str(home),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "PYTHONPATH": os.fspath(Path(__file__).parents[2]),
    }


def _played(top: Path, environment: dict[str, str]) -> Iterator[Line]:
    """Run the commands in their order, each where the one before went."""
    decoder = AnsiDecoder()
    clock = 0.0
    place = str(top)
    gone_to = top.parent / "place"
    for command in SCENE:
        prompt = f"\x1b[1;32m{os.path.basename(place)}\x1b[0m \x1b[1m$ {command}\x1b[0m"
        yield Line(clock, decoder.decode_line(prompt))
        clock += TYPED_SECONDS
        kept = f"{command}; code=$?; pwd >{gone_to}; exit $code"
        before = 0.0
        for seconds, raw in _run(kept, place, environment):
            clock += min(seconds - before, MAX_PAUSE_SECONDS)
            before = seconds
            shown = raw.replace(str(top.parent), SHOWN_AS)
            text = decoder.decode_line(shown)
            rows = text.divide(range(COLUMNS, len(text), COLUMNS))
            yield from (Line(clock, row) for row in rows)
        yield Line(clock, decoder.decode_line(""))
        clock += TYPED_SECONDS
        place = gone_to.read_text(encoding="utf-8").strip()


def _run(command: str, place: str, environment: dict[str, str]) -> Iterator[tuple[float, str]]:
    """Each line that a command prints on a terminal, and after how many seconds it is complete."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    started = time.monotonic()
    process = subprocess.Popen(
        ["bash", "-c", command],
        cwd=place,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    rest = b""
    while True:
        try:
            read = os.read(ours, 65536)
        except OSError:  # Linux's way to say that the other end is closed
            break
        if not read:
            break
        *lines, rest = (rest + read).split(b"\n")
        for line in lines:
            yield time.monotonic() - started, line.decode("utf-8", "replace").rstrip("\r")
    os.close(ours)
    if process.wait():
        sys.exit(f"{command}: exit code {process.returncode}")


def drawn(lines: Sequence[Line], title: str) -> str:
    """An SVG that shows the lines as they came, on a screen of ROWS lines that scrolls.

    Each state of the screen stands beside the one before, as on a strip of film, and the strip is
    moved in steps.
    """
    ends = [
        number
        for number, line in enumerate(lines, 1)
        if number == len(lines) or lines[number].at - line.at > TOGETHER_SECONDS
    ]
    width = COLUMNS * _CELL_WIDTH + 2 * _MARGIN
    height = ROWS * _LINE_HEIGHT + 2 * _MARGIN
    total = lines[-1].at + LAST_SECONDS
    steps = "".join(
        f"{100 * (lines[end - 1].at if number else 0) / total:.2f}%"
        f"{{transform:translateX({-number * width:g}px)}}"
        for number, end in enumerate(ends)
    )
    styles: dict[str, str] = {}
    defined = "".join(
        f'<g id="l{number}">{_line(line.text, styles)}</g>' for number, line in enumerate(lines)
    )
    strip = "".join(
        f'<use href="#l{shown}" x="{number * width + _MARGIN:g}" '
        f'y="{_MARGIN + _FONT_SIZE + row * _LINE_HEIGHT}"/>'
        for number, end in enumerate(ends)
        for row, shown in enumerate(range(max(0, end - ROWS), end))
        if lines[shown].text.plain.strip()
    )
    classes = "".join(f".{name}{{{rule}}}" for rule, name in styles.items())
    last = -(len(ends) - 1) * width
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" '
        f'width="{width:g}" height="{height}" role="img" xml:space="preserve" '
        f'font-family="{_FONTS}" font-size="{_FONT_SIZE}" fill="{_FOREGROUND}">'
        f"<title>{escape(title)}</title><style>{classes}"
        f"#s{{animation:s {total:.1f}s step-end infinite}}"
        "@media(prefers-reduced-motion:reduce){#s{animation:none}}"
        f"@keyframes s{{{steps}}}</style><defs>{defined}</defs>"
        f'<rect width="100%" height="100%" rx="8" fill="{_BACKGROUND}"/>'
        f'<g id="s" transform="translate({last:g})">{strip}</g></svg>\n'
    )


def _line(text: Text, styles: dict[str, str]) -> str:
    """The pieces of a line, each at its column, so that no font's widths can shift them."""
    parts = []
    edges = (edge for span in text.spans for edge in (span.start, span.end))
    for start, end in pairwise(sorted({0, len(text.plain), *edges})):
        piece = text.plain[start:end]
        shown = piece.strip()
        if not shown:
            continue
        rule = _rule(text.get_style_at_offset(_CONSOLE, start))
        name = styles.setdefault(rule, f"c{len(styles)}") if rule else ""
        looks = f' class="{name}"' if name else ""
        length = f' textLength="{len(shown) * _CELL_WIDTH:g}"' if len(shown) > 1 else ""
        column = start + len(piece) - len(piece.lstrip())
        x = f' x="{column * _CELL_WIDTH:g}"' if column else ""
        parts.append(f"<text{x}{length}{looks}>{escape(shown, quote=False)}</text>")
    return "".join(parts)


def _rule(style: Style) -> str:
    rules = []
    if style.color is not None and not style.color.is_default:
        rules.append(f"fill:{_hex(style.color)}")
    if style.bold:
        rules.append("font-weight:bold")
    if style.italic:
        rules.append("font-style:italic")
    if style.dim:
        rules.append("opacity:.6")
    return ";".join(rules)


def _hex(color: Color) -> str:
    return color.get_truecolor(DIMMED_MONOKAI).hex


if __name__ == "__main__":
    main(sys.argv[1:])
