# SPDX-License-Identifier: Apache-2.0
"""Rows that no reference can reach: each row's name is written once in a small source, all are read
together, and what is read is asked of the targets.
"""

from __future__ import annotations

import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from portkit.api.options import Options
from portkit.api.session import Session
from portkit.model.reading import Reference
from portkit.model.rows import Row
from portkit.model.words import Kind
from portkit.quick.known import answer_of
from portkit.targets.rows import key_of, split
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Entity, Vocabulary

_SHARE = 400  # names of one source: many enough to be quick, few enough for the workers to share
_LINK = f"{Kind.LINK_LIBRARY}:"
_ANY = "struct pk_value { template <class T> operator T() const; };\n"


def unreachable(targets: Sequence[Target], vocabulary: Vocabulary) -> Iterator[str]:
    """Yield a line for each row of a C++ table that no reference gets: its table, and its name.

    One tree is read for all targets: what a reference is does not depend on any. What all profiles
    of a target share is asked of one of them.
    """
    rows, first = {}, set[str]()
    for target in targets:
        rows[target.spec] = [*_rows(target)]
        if target.id not in first:
            rows[target.spec] += _named(target, vocabulary)
        first.add(target.id)
    each = {(row.name, row.kind): row for listed in rows.values() for row, _ in listed}
    met = _read(each.values(), vocabulary)
    for target in targets:
        wanted = {_last(row) for row, _ in rows[target.spec]}
        got = set(_got(target, (r for r in met if r.name in wanted)))
        for row, table in rows[target.spec]:
            if (row.name, row.kind) not in got:
                yield f"{target.folder / table}: {row.name}: no reference gets this row of a {row.kind}"


def _read(rows: Iterable[Row], vocabulary: Vocabulary) -> list[Reference]:
    """Return the references of sources that name the rows, equal ones once."""
    with tempfile.TemporaryDirectory(prefix="portkit-reach-") as scratch:
        root = Path(scratch)
        for name, text in sources(rows, vocabulary).items():
            (root / name).write_text(text, encoding="utf-8")
        files = Session(root, Options(root=root, cache=False)).scan().files
    references = (r for file in files for r in file.references if not r.user)
    return list({(r.name, r.kind, r.library, r.qualifier): r for r in references}.values())


def _last(row: Row) -> str:
    return row.name if row.kind is Kind.HEADER else row.name.rpartition("::")[2]


def _got(target: Target, references: Iterable[Reference]) -> Iterator[tuple[str, Kind]]:
    """What rows the references get: those that a table lists."""
    for r in references:
        row = target.row(r.name, r.kind, r.library, r.qualifier)
        if row is not None and not row.derived:
            yield row.name, row.kind


def _rows(target: Target) -> Iterator[tuple[Row, str]]:
    """Each row of the CSV tables, with its table."""
    for _, file, line in target.table.lines.values():
        name, _, kind, *_ = split(line)
        row = target.table.row(key_of(name, kind))
        if row is not None and row.kind is not Kind.LINK_LIBRARY:  # `query` answers these
            yield row, Path(file).name


def _named(target: Target, vocabulary: Vocabulary) -> Iterator[tuple[Row, str]]:
    """Each name of the compact tables, with its table."""
    for name, group in target.table.bulk.items():
        bare = (e for e in vocabulary.get(name) if not e.qualifier or e.kind is Kind.FIELD)
        entity = next(bare, None)
        kind, library = (entity.kind, entity.library) if entity else (Kind.UNKNOWN, group.library)
        row = target.row(name, kind, library)
        if row is not None and row.name == name:
            yield row, Path(group.path).name


def sources(rows: Iterable[Row], vocabulary: Vocabulary) -> dict[str, str]:
    """Return sources that name each row once, by file name: those of a library share its headers."""
    headers, lines = defaultdict[str, set[str]](set), defaultdict[str, list[str]](list)
    for row in rows:
        entity = _entity(row, vocabulary)
        library = entity.library if entity is not None else row.library
        own = vocabulary.libraries.get(library)
        headers[library] |= {*(own.headers[:1] if own is not None else ())}
        if entity is not None and entity.header:
            headers[library].add(entity.header)
        lines[library].append(_use(row, entity, len(lines[library])))
    files = {}
    for library, uses in lines.items():
        head = "".join(f"#include <{h}>\n" for h in sorted(headers[library])) + _ANY
        for start in range(0, len(uses), _SHARE):
            body = "".join(uses[start : start + _SHARE])
            files[f"{library}_{start // _SHARE}.cu"] = head + body
    return files


def _entity(row: Row, vocabulary: Vocabulary) -> Entity | None:
    scope = row.name.rpartition("::")[0]
    known = vocabulary.get(_last(row))
    scopes = {scope, vocabulary.same_names.get(scope, scope)}
    fits = [e for e in known if e.kind is row.kind and (not scope or e.qualifier in scopes)]
    return next(iter(fits or known), None)


def _use(row: Row, entity: Entity | None, number: int) -> str:
    """Return one use of a row's name, as its kind is used."""
    name = row.name
    if entity is not None and "::" not in name and entity.kind is not Kind.FIELD:
        name = f"{entity.qualifier}::{name}" if entity.qualifier else name
    body = f"inline void pk_{number}(pk_value v) {{ %s; }}\n"
    match row.kind:
        case Kind.HEADER:
            return f"#include <{name}>\n"
        case Kind.ENVIRONMENT:
            return body % f'getenv("{name}")'
        case Kind.NAMESPACE:
            return body % f"{name}::pk_name()"
        case Kind.TYPE:
            return f"inline void pk_{number}({name} const *p);\n"
        case Kind.FUNCTION | Kind.DEVICE_FUNCTION:
            if row.kind is Kind.DEVICE_FUNCTION:
                body = f"__device__ {body}"
            least = re.match(r"\d+", entity.arity) if entity is not None else None
            return body % f"{name}({', '.join(['v'] * int(least.group() if least else 1))})"
        case Kind.FIELD:
            struct, _, last = name.rpartition("::")
            struct = struct or (entity.qualifier if entity is not None else "")
            return f"inline void pk_{number}({struct} *p) {{ p->{last}; p->{last}(); }}\n"
        case Kind.MACRO:
            return f"#ifdef {name}\n#endif\n" + body % f"(void)({name})"
        case _:
            return body % name


def unanswered(targets: Iterable[Target], vocabulary: Vocabulary) -> Iterator[str]:
    """Yield a line for each row of a link, build, Python or framework table that `query` does not
    answer.
    """
    for target in targets:
        links = [line for key, line in target.table.lines.items() if key.startswith(_LINK)]
        named = [(split(line)[0], file) for _, file, line in links]
        for name, file in (*named, *target.others.names()):
            (row,) = answer_of(name, vocabulary, [target])["targets"]
            if row["status"] == "unknown" and "others" not in row:
                yield f"{file}: {name}: query does not answer it"
