# SPDX-License-Identifier: Apache-2.0
"""Write the pages docs/targets/<target>.md, coverage.md and their Chinese twins from the tables.

usage: python tools/target_pages.py [OUT]      (portkit must be importable; OUT: docs/targets)

Everything comes from mappings/, save the traps of docs/targets/traps/<target>[.zh].md, which are
written by hand and taken in as they are. The same tables give the same bytes; a test holds the
pages to them.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

from portkit.model.rows import Row
from portkit.model.words import Exists, Kind, Pairs, Status
from portkit.rules.any.features import load_features as titles
from portkit.targets.expanded import AMBIGUOUS, ambiguous, expanded
from portkit.targets.target import Target, available_targets, load_file, load_target
from portkit.vocab.data import mappings_folder
from portkit.vocab.vocabulary import Vocabulary, load_vocabulary

ROOT = Path(__file__).resolve().parent.parent
GRADES = (Exists.HEADER, Exists.USAGE, Exists.DOC, Exists.TABLE, Exists.RULE)
WANTED = "more than five traps, each behind `- ` (CONTRIBUTING.md, Add a target)"
Count = Counter[str]
Words = dict[str, str]
TEXT: dict[str, Words] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Return a Markdown table, or nothing without rows."""
    if not rows:
        return []
    cells = [head, ["---"] * len(head), *rows]
    return [
        "",
        *("| " + " | ".join(c.replace("|", "\\|") for c in row) + " |" for row in cells),
        "",
    ]


def code(names: list[str] | tuple[str, ...]) -> str:
    """Return names as code, one after the other."""
    return ", ".join(f"`{n}`" for n in names)


def coverage(target: Target, vocabulary: Vocabulary) -> dict[str, Count]:
    """Return by library how many names of the vocabulary have which grade, are manual, none, made
    by the rule only, unknown.
    """
    found: dict[str, Count] = defaultdict(Counter)
    for name in vocabulary.names:
        for entity in vocabulary.get(name):
            found[entity.library]["all"] += 1
    for _, _, library, row in expanded(target, vocabulary):
        found[library]["derived" if row.derived else outcome(row)] += 1
    for count in found.values():
        count["unknown"] = 2 * count["all"] - sum(count.values())
    return dict(sorted(found.items()))


def outcome(row: Row) -> str:
    """Return in which column of the coverage a row stands."""
    if row.status is Status.NONE:
        return "none"
    if row.status is Status.MANUAL or row.pairs is Pairs.NO:
        return "manual"
    return row.exists.name.lower()


def total(counts: dict[str, Count]) -> Count:
    """Return the sum over the libraries."""
    return sum(counts.values(), Counter())


def figures(count: Count) -> list[str]:
    """Return the cells of one row of the coverage."""
    keys = [*(g.name.lower() for g in GRADES), "manual", "none", "derived", "unknown"]
    return [str(count["all"]), *(str(count[k] or "-") for k in keys)]


def rows_of(target: Target) -> list[Row]:
    """Return the rows of the CSV tables, in order of their names."""
    rows = [row for key in target.table.lines if (row := target.table.row(key)) is not None]
    return sorted(rows, key=lambda r: (r.library, r.name))


def exceptions(target: Target, words: Words) -> list[str]:
    """Names that are not what the naming rule gives, by library: all that change, without a rule."""
    irregular: dict[str, list[str]] = defaultdict(list)
    for row in rows_of(target):
        derived = target.naming.derive(row.name.rpartition("::")[2])
        if (
            row.status is Status.MAPPED
            and row.kind is not Kind.HEADER
            and row.target.rpartition("::")[2] != derived
            and row.target != row.name
        ):
            irregular[row.library].append(f"`{row.name}` → `{row.target}`")
    rows = [[library, str(len(names)), "<br>".join(names)] for library, names in irregular.items()]
    return table([words["library"], words["count"], words["names"]], rows) or [
        "",
        words["nothing"],
        "",
    ]


def recipes(target: Target, words: Words, chinese: bool) -> list[str]:
    """Recipes with the rows that name them, then the rows that are known to differ and have none."""
    users: dict[str, list[str]] = defaultdict(list)
    differ: dict[str, list[str]] = defaultdict(list)
    for row in rows_of(target):
        if row.recipe:
            users[row.recipe].append(row.name)
        elif row.pairs is Pairs.NO and row.status is Status.MAPPED:
            differ[row.library].append(row.name)
    rows = []
    for name, recipe in target.recipes.items():
        kind = type(recipe).__struct_config__.tag
        if users[name]:
            shown = code(users[name][:6]) + (
                f" … ({len(users[name])})" if len(users[name]) > 6 else ""
            )
            rows.append(
                [f"`{name}`", str(kind), shown, (chinese and recipe.note_zh) or recipe.note]
            )
    lines = table([words["recipe"], words["kind"], words["names"], words["note"]], rows)
    others = table(
        [words["library"], words["count"], words["differ"]],
        [[k, str(len(v)), code(v)] for k, v in differ.items()],
    )
    return lines + others or ["", words["nothing"], ""]


def gaps(target: Target, words: Words, chinese: bool) -> list[str]:
    """Libraries and families that are not there, single names without an equivalent, features that
    are not offered.
    """
    families = [
        [
            ", ".join(e.libraries) or words["any"],
            f"`{e.names}`" if e.names else words["all"],
            (chinese and e.note_zh) or e.note,
        ]
        for e in target.missing
    ]
    single: dict[str, list[str]] = defaultdict(list)
    for row in rows_of(target):
        if row.status is Status.NONE:
            single[row.library].append(row.name)
    language = "zh" if chinese else "en"
    offered = [
        [titles()[name].title[language], words[f"is {state.status}"], state.note.get(language, "")]
        for name, state in sorted(target.features.items())
        if state.status in ("none", "differs", "partial") and name in titles()
    ]
    lines = table([words["library"], words["names"], words["note"]], families)
    lines += table(
        [words["library"], words["count"], words["without"]],
        [[k, str(len(v)), code(v)] for k, v in single.items()],
    )
    return lines + table([words["feature"], words["state"], words["note"]], offered)


def section(
    target: Target, counts: dict[str, Count], words: Words, chinese: bool, level: str
) -> list[str]:
    """Coverage, exceptions, recipes and gaps of one profile."""
    head = [
        words["library"],
        words["in cuda"],
        *(g.name.lower() for g in GRADES),
        *(words[w] for w in ("manual", "none", "derived", "unknown")),
    ]
    rows = [[library, *figures(c)] for library, c in counts.items() if c["all"] != c["unknown"]]
    rest = [library for library, c in counts.items() if c["all"] == c["unknown"]]
    lines = [
        f"{level} {words['coverage']}",
        *table(head, [*rows, [f"**{words['sum']}**", *figures(total(counts))]]),
    ]
    if rest:
        lines += [words["untouched"].format(names=", ".join(rest)), ""]
    ruled = "exceptions" if target.naming.replacements else "no rule"
    lines += [f"{level} {words[ruled]}", *exceptions(target, words)]
    lines += [f"{level} {words['recipes']}", *recipes(target, words, chinese)]
    lines += [f"{level} {words['missing']}", *gaps(target, words, chinese)]
    return [*lines, f"{level} {words['way back']}", "", way_back(target, words), ""]


def way_back(target: Target, words: Words) -> str:
    """Return how many names lead back to several; the list of them is there where some do."""
    path = f"mappings/{target.id}/{AMBIGUOUS}"
    count = len(ambiguous(target))
    return words["clashes"].format(count=count, path=path) if count else words["no clashes"]


def page(
    name: str, counted: dict[str, dict[str, Count]], vocabulary: Vocabulary, chinese: bool
) -> str:
    """Return a target's page. `counted`: the coverage by target@profile."""
    words, file = TEXT["zh" if chinese else "en"], load_file(name)
    targets = [load_target(f"{name}@{p}") for p in file.profiles]
    other = f"[English]({name}.md)" if chinese else f"[中文]({name}.zh.md)"
    lines = [
        f"# {file.name.zh if chinese else file.name.en}",
        "",
        other,
        "",
        words["made"],
        "",
        f"## {words['profiles']}",
    ]
    head = [words["profile"], words["cards"], words["flag"], words["does"], words["rows"]]
    lines += table(
        head,
        [
            [
                f"`{t.spec}`",
                t.facts.cards or "",
                f"`{t.facts.arch_flag or ''}`",
                words["as is" if t.as_is else "renames"],
                str(len(t.table.cells)),
            ]
            for t in targets
        ],
    )
    traps = traps_file(name, chinese).read_text(encoding="utf-8").rstrip("\n")
    lines += [f"## {words['traps']}", "", traps, ""]
    shown = [t for t in targets if t.spec in counted]
    same = [t.spec for t in targets if t.spec not in counted]
    for target in shown:
        level = "##"
        if len(shown) > 1:
            lines += [f"## {target.spec}", ""]
            level = "###"
        elif same:
            lines += [words["like"].format(spec=target.spec, others=", ".join(same)), ""]
        lines += section(target, counted[target.spec], words, chinese, level)
    return "\n".join([*lines, *left_out(name, words)]).rstrip("\n") + "\n"


def left_out(name: str, words: Words) -> list[str]:
    """Return the section on evidence that makes no row, of a target whose tables the importer
    makes.
    """
    path = mappings_folder() / name / "dropped.tsv"
    if not path.is_file():
        return []
    dropped = path.read_text(encoding="utf-8").splitlines()[1:]
    reasons = Counter(line.split("\t")[2].partition(":")[0] for line in dropped)
    return [
        f"## {words['dropped']}",
        "",
        words["reasons"].format(count=len(dropped), path=f"mappings/{name}/dropped.tsv"),
        *table(
            [words["reason"], words["count"]],
            [[reason, str(n)] for reason, n in sorted(reasons.items())],
        ),
    ]


def traps_file(name: str, chinese: bool) -> Path:
    """Return the file of a target's traps, which somebody writes."""
    return ROOT / "docs" / "targets" / "traps" / f"{name}{'.zh' if chinese else ''}.md"


def overview(counted: dict[str, dict[str, Count]], chinese: bool) -> str:
    """Return the page that sets targets, libraries and evidence side by side, with the counts of
    the evidence files.
    """
    words = TEXT["zh" if chinese else "en"]
    other = "[English](coverage.md)" if chinese else "[中文](coverage.zh.md)"
    head = [
        *(g.name.lower() for g in GRADES),
        *(words[w] for w in ("manual", "none", "derived", "unknown")),
    ]
    lines = [
        f"# {words['overview']}",
        "",
        other,
        "",
        words["made"],
        "",
        f"## {words['by evidence']}",
    ]
    lines += table(
        [words["profile"], words["in cuda"], *head],
        [[f"`{spec}`", *figures(total(c))] for spec, c in counted.items()],
    )
    lines += [words["cells"], "", f"## {words['by library']}"]
    libraries = sorted({library for c in counted.values() for library in c})
    rows = [
        [library, *(cell(c.get(library, Counter())) for c in counted.values())]
        for library in libraries
    ]
    lines += table(
        [words["library"], *(f"`{spec}`" for spec in counted)],
        [r for r in rows if any(c != "-" for c in r[1:])],
    )
    lines += [f"## {words['evidence files']}", "", words["account"]]
    for name in available_targets():
        path = mappings_folder() / name / "evidence.tsv"
        if not path.is_file():
            continue  # its tables are written by hand
        said = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        lines += ["", f"### {name}", *table([words.get(f"file {c}", c) for c in said[0]], said[1:])]
    return "\n".join(lines).rstrip("\n").replace("\n\n\n", "\n\n") + "\n"


def cell(count: Count) -> str:
    """Return one library's figures for one target in short: header/usage/doc/table/rule, then what
    is left.
    """
    grades = "/".join(str(count[g.name.lower()]) for g in GRADES)
    rest = [
        f"{sign}{count[key]}"
        for sign, key in (("m", "manual"), ("n", "none"), ("r", "derived"))
        if count[key]
    ]
    return "-" if grades == "0/0/0/0/0" and not rest else " ".join([grades, *rest])


def pages() -> dict[str, str]:
    """Return every page by its file name."""
    vocabulary = load_vocabulary()
    counted: dict[str, dict[str, dict[str, Count]]] = {}
    for name in available_targets():
        file = load_file(name)
        different = [
            p for p, own in file.profiles.items() if file.default_profile in ("", p) or own.as_is
        ]
        counted[name] = {
            f"{name}@{p}": coverage(load_target(f"{name}@{p}"), vocabulary) for p in different
        }
    found = {}
    for chinese in (False, True):
        end = ".zh.md" if chinese else ".md"
        for name, own in counted.items():
            found[f"{name}{end}"] = page(name, own, vocabulary, chinese)
        found[f"coverage{end}"] = overview(
            {spec: c for own in counted.values() for spec, c in own.items()}, chinese
        )
    return found


def main() -> None:
    """Write the pages; ends with a line on each file of traps that nobody wrote yet."""
    traps = [traps_file(name, zh) for name in available_targets() for zh in (False, True)]
    if missing := [path.relative_to(ROOT).as_posix() for path in traps if not path.is_file()]:
        sys.exit("\n".join(f"{path} is not there: {WANTED}" for path in missing))
    out = Path(sys.argv[1]) if len(sys.argv) == 2 else ROOT / "docs" / "targets"
    out.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (out / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
