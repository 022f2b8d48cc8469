# SPDX-License-Identifier: Apache-2.0
"""Print how the expanded tables of the targets differ between two states; one line of a naming rule
can change thousands of names.

usage: python tools/expanded_table.py [--against REV|FOLDER] [--target T[@PROFILE]]... [--limit N] [--exit-code]
       python tools/expanded_table.py --ambiguous          (portkit must be importable)

The expanded table is what a target says of every name of the CUDA vocabulary: its rows, and for the
rest what the naming rule makes. `--against` is a git revision of this repository or another folder
of mappings (default: HEAD), the other side the working tree. Of each target and profile are printed
the counts of both sides and the lines that come and go, at most N a profile (default: all). With
--exit-code the status is 1 when anything differs.

`--ambiguous` writes mappings/<target>/ambiguous.tsv anew: the target names that stand for several
CUDA names.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from portkit.targets.expanded import ALL, AMBIGUOUS, HEAD, ambiguous, in_order, lines
from portkit.targets.target import available_targets, load_file, load_target
from portkit.vocab.vocabulary import Vocabulary

ROOT = Path(__file__).resolve().parent.parent


def specs(mappings: Path, wanted: list[str]) -> list[str]:
    """Return target@profile of every target in a folder, or of the wanted ones."""
    found = [
        f"{name}@{profile}"
        for name in available_targets(mappings)
        for profile in load_file(name, mappings).profiles
    ]
    return [s for s in found if not wanted or s in wanted or s.partition("@")[0] in wanted]


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file of a folder by its name; no folder has none."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return {file.name: file.read_bytes() for file in files if file.is_file()}


def changed(before: Path, after: Path, wanted: list[str]) -> list[str]:
    """Return the target@profile of either folder of mappings whose own files or the vocabulary's
    are not the same bytes: only these can say something else. The others are named.
    """
    found = dict.fromkeys([*specs(before, wanted), *specs(after, wanted)])
    if contents(before / "cuda") != contents(after / "cuda"):
        return list(found)
    targets = dict.fromkeys(spec.partition("@")[0] for spec in found)
    differ = {t for t in targets if contents(before / t) != contents(after / t)}
    for spec in found:
        if spec.partition("@")[0] not in differ:
            print(f"{spec}: the same files")
    return [spec for spec in found if spec.partition("@")[0] in differ]


def tables(mappings: Path, wanted: list[str]) -> dict[str, list[str]]:
    """Return the expanded tables of a folder of mappings by target@profile."""
    there = [spec for spec in specs(mappings, []) if spec in wanted]
    entities = in_order(Vocabulary(mappings / "cuda")) if there else []
    return {spec: lines(load_target(spec, mappings), entities) for spec in there}


def checked_out(revision: str, folder: Path) -> Path:
    """Return the mappings of a git revision, unpacked below `folder`. Ends the script when git does
    not know it.
    """
    done = subprocess.run(
        ["git", "-C", str(ROOT), "archive", revision, "mappings"], capture_output=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr.decode(errors="replace").strip())
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder / "mappings"


def show(before: dict[str, list[str]], after: dict[str, list[str]], limit: int | None) -> bool:
    """Print the differences; return whether there are any."""
    different = False
    for spec in sorted(before.keys() | after.keys()):
        old, new = before.get(spec, []), after.get(spec, [])
        gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
        print(
            f"{spec}: {len(old)} names before, {len(new)} after; {sum(gone.values())} lines "
            f"gone, {sum(come.values())} come"
        )
        signed: list[tuple[str, str]] = [(line, "-") for line in gone] + [
            (line, "+") for line in come
        ]
        changes = sorted(signed, key=lambda c: (c[0].split("\t")[0], c[1] == "+", c[0]))
        for line, sign in changes[:limit]:
            print(f"{sign} {line}")
        if limit is not None and len(changes) > limit:
            print(f"  ... and {len(changes) - limit} more")
        different = different or bool(changes)
    return different


def write_ambiguous(mappings: Path) -> None:
    """Write every target's list of ambiguous names; no file where there are none."""
    for name in available_targets(mappings):
        profiles = list(load_file(name, mappings).profiles)
        found: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
        for profile in profiles:
            for entry in ambiguous(load_target(f"{name}@{profile}", mappings)).items():
                found[entry].append(profile)
        rows = sorted(
            (new, ALL if there == profiles else " ".join(there), " ".join(names))
            for (new, names), there in found.items()
        )
        path = mappings / name / AMBIGUOUS
        if rows:
            path.write_text(
                "\n".join([HEAD, *("\t".join((p, new, names)) for new, p, names in rows)]) + "\n",
                encoding="utf-8",
            )
        else:
            path.unlink(missing_ok=True)
        print(f"{path.relative_to(mappings.parent)}: {len(rows)} lines")


def main() -> None:
    """Read the arguments and do it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--against", default="HEAD", metavar="REV|FOLDER")
    parser.add_argument("--target", action="append", default=[], metavar="T[@PROFILE]")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--exit-code", action="store_true")
    parser.add_argument("--ambiguous", action="store_true")
    options = parser.parse_args()
    mappings = ROOT / "mappings"
    if options.ambiguous:
        write_ambiguous(mappings)
        return
    with tempfile.TemporaryDirectory() as folder:
        other = (
            Path(options.against)
            if Path(options.against).is_dir()
            else checked_out(options.against, Path(folder))
        )
        wanted = changed(other, mappings, options.target)
        before = tables(other, wanted)
    different = show(before, tables(mappings, wanted), options.limit)
    sys.exit(1 if different and options.exit_code else 0)


if __name__ == "__main__":
    main()
