"""What an evaluation found, as tables for a terminal and for a model card, and as one JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.table import Table

from engine.errors import InputError


@dataclass(frozen=True)
class Section:
    """One table with what must be known to read it."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()  # sentences
    command: str = ""  # that made the figures

    def table(self) -> Table:
        table = Table(*self.header, title=self.title, title_justify="left")
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        """A heading of the third level, the table, the notes and the command."""
        lines = [f"### {self.title}", "", _line(self.header), _line(("---",) * len(self.header))]
        lines += [_line(row) for row in self.rows]
        for note in self.notes:
            lines += ["", note]
        if self.command:
            lines += ["", f"Made by `{self.command}`."]
        return "\n".join(lines) + "\n"


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


@dataclass
class Results:
    """Sections and bare figures by the name of the part that made them."""

    weights: str  # fingerprint of the files and of the code that painted
    quick: bool  # a small run, to see that everything works: its figures say little
    day: str  # of the last part, as 2025-01-31
    sections: dict[str, Section] = field(default_factory=dict)
    figures: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def write(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n")


def read_results(file: Path) -> Results:
    """Raises `InputError` when there is no such file or when it is something else."""
    try:
        values = json.loads(file.read_text())
        sections = {
            part: Section(
                row["title"],
                tuple(row["header"]),
                tuple(tuple(cells) for cells in row["rows"]),
                tuple(row["notes"]),
                row["command"],
            )
            for part, row in values["sections"].items()
        }
        return Results(values["weights"], values["quick"], values["day"], sections, values["figures"])
    except OSError as error:
        raise InputError(
            f"{file} cannot be read: write it with `python -m engine.lab.evaluation --json` first."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{file} does not hold the results of an evaluation.") from error
