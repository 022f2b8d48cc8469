# SPDX-License-Identifier: Apache-2.0
"""One line a rule, as `explain` shows it, in a file: so that the answer needs no rule to be loaded.

`python -m portkit.rules.summary` writes it anew; a test holds it against the rules. One that it
lacks takes the long way.
"""

from __future__ import annotations

from pathlib import Path

FILE = Path(__file__).parent / "text" / "summary.tsv"


def summary_text() -> str:
    """Return the file's text: id, tab, slug with severity and effort; sorted."""
    from portkit.rules.registry import all_rules

    return "".join(
        f"{r.id}\t{r.slug}, {r.severity.name.lower()}, {r.effort.value}\n"
        for r in all_rules().values()
    )


if __name__ == "__main__":
    FILE.write_text(summary_text(), encoding="utf-8", newline="\n")
