# SPDX-License-Identifier: Apache-2.0
"""Turn collected evidence into a target's tables.

usage: python tools/import_evidence.py EVIDENCE_DIR PAIRS_DIR TARGET_DIR [VOCABULARY_DIR]
(portkit must be importable)

EVIDENCE_DIR holds mapping.tsv and unsupported.tsv (tab separated, no quoting); PAIRS_DIR the
aligned ports of that target, or `-`; TARGET_DIR is mappings/<target>, whose target.toml must exist.
What a machine cannot decide stands in TARGET_DIR/import.toml (see `Settings`): commits, short
source ids, chosen rows, patches. Rewritten there: <library>.csv, <library>.names, sources.toml,
constructs.toml, dropped.tsv (what makes no row, and why). Kept: target.toml, import.toml,
recipes.toml, <library>@<profile>.csv that no row of the evidence is marked for.

Evidence words become the two axes as docs/contract.md says. Of several targets for one name the
best evidenced is taken (existence, pairing, repositories it was seen in, agreement with the naming
rule) unless import.toml chooses; the note names the others. A row that the evidence marks as
corrupt is left out, so that the naming rule answers.
"""

from __future__ import annotations

import sys
from pathlib import Path

from evidence.importer import Importer
from evidence.other_languages import add_other_languages
from evidence.writer import write_tables
from portkit.vocab.data import mappings_folder
from portkit.vocab.vocabulary import Vocabulary


def main() -> None:
    """Read the arguments, write the tables, print what was counted."""
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    evidence, pairs, target = (Path(a) for a in sys.argv[1:4])
    vocabulary = Vocabulary(Path(sys.argv[4]) if len(sys.argv) == 5 else mappings_folder() / "cuda")
    importer = Importer(evidence, pairs if str(pairs) != "-" else None, target, vocabulary)
    importer.read_pairs()
    importer.read()
    add_other_languages(importer, evidence)
    importer.add_kept()
    importer.add_seen()
    importer.add_inferred()
    importer.unsupported()
    importer.apply_settings()
    write_tables(importer)
    print("\n".join(f"{n:6} {what}" for what, n in sorted(importer.count.items())))


if __name__ == "__main__":
    main()
