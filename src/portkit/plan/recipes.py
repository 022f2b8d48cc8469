# SPDX-License-Identifier: Apache-2.0
"""Recipes carried out: the edits that go with a rename where the target's call is not CUDA's with
another name.

The rename and what the recipe adds are one group. Where a recipe cannot be carried out safely the
reference is left to a person, with the reason in its decision. Edits of names inside of arguments
that move are part of what is moved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from portkit.languages.cxx.letters.directives import read_directives
from portkit.languages.cxx.letters.lexer import lex, mask
from portkit.model.plans import Decision
from portkit.model.reading import FileScan, Reference
from portkit.model.rows import Row
from portkit.model.spans import Edit, Span
from portkit.model.words import Action, Reason, Status
from portkit.plan.arity import Fitting, unfit
from portkit.plan.by_name import why_not_by_name
from portkit.plan.calls import Call
from portkit.plan.draft import Draft, RecipeRefused
from portkit.plan.macros import TreeMacros
from portkit.plan.site import Site, include_line
from portkit.targets.recipes import (
    HOLE,
    AnyRecipe,
    ByName,
    Drop,
    Fill,
    IncludeAdd,
    Insert,
    Overload,
    Reorder,
    Split,
    ValueMap,
    VersionPredicate,
    mends,
)
from portkit.vocab.vocabulary import Vocabulary

# A cast to a pointer, an address that needs none, a plain name.
_CASTED = re.compile(rb"\(\s*(?:const\s+)?\w[\w:]*(?:\s+const)?\s*\*+\s*\)|\w+_cast\s*<")
_SIMPLE = re.compile(rb"[\w:]+")


def apply_recipes(
    file: FileScan,
    data: bytes,
    decisions: tuple[Decision, ...],
    edits: list[Edit],
    recipes: Mapping[str, AnyRecipe],
    vocabulary: Vocabulary,
    macros: TreeMacros,
    fitting: Fitting,
) -> tuple[tuple[Decision, ...], list[Edit]]:
    """Return decisions and edits with every recipe carried out, or its reference left to a person.

    `edits` are the plain renames of all `edit` decisions. Nothing is opened when no row names a
    recipe that mends.
    """
    wanted = [
        i
        for i, d in enumerate(decisions)
        if d.action is Action.EDIT and d.row is not None and mends(recipes, d.row.recipe)
    ]
    if not wanted:
        return decisions, edits
    lexed = lex(mask(data, file.encoding))
    directives = read_directives(lexed)
    result, draft = list(decisions), Draft(data, edits)
    headers: dict[str, None] = {}
    for index in reversed(wanted):  # an inner call comes before the one around it
        ref, decision = file.references[index], decisions[index]
        row = decision.row
        assert row is not None
        recipe = recipes[row.recipe]
        site = Site(file, ref, data, lexed, directives, vocabulary, macros)
        trial = draft.copy()
        try:
            if not isinstance(recipe, ByName):  # a plain rename: a call around it may take it along
                trial.join(ref.span, site.group)
            other = _other(recipe, ref, fitting)
            _carry_out(recipe, site, trial, result, headers, other)
        except RecipeRefused as refused:
            misfit = fitting.misfit(ref, decision)
            if recipe.optional and not misfit:
                continue
            draft.remove(ref.span)
            result[index] = (
                unfit(decision, misfit)
                if misfit and recipe.optional and refused.why == "count"
                else Decision(Action.MANUAL, Reason.RECIPE, decision.replacement, row, refused.why)
            )
            continue
        changed = {(e.span, e.new) for e in trial.edits} != {(e.span, e.new) for e in draft.edits}
        if not changed and (misfit := fitting.misfit(ref, decision)):
            draft.remove(ref.span)
            result[index] = unfit(decision, misfit)
            continue
        draft = trial
        made, to = row, decision.replacement
        if changed and other is not None:
            made, to = msgspec.structs.replace(other, recipe=row.recipe), other.target
        detail = _kind(recipe) if changed or isinstance(recipe, ByName) else ""
        result[index] = Decision(Action.EDIT, Reason.MAPPED, to, made, detail)
    return tuple(result), _with_headers(draft.edits, list(headers), data)


def _kind(recipe: AnyRecipe) -> str:
    return str(recipe.__struct_config__.tag)


def _other(recipe: AnyRecipe, ref: Reference, fitting: Fitting) -> Row | None:
    """Return the row of the function that an overload is, where it has a target."""
    if not isinstance(recipe, Overload):
        return None
    row = fitting.target.row(recipe.function, ref.kind, ref.library)
    return row if row is not None and row.status is Status.MAPPED and row.target else None


def _carry_out(
    recipe: AnyRecipe,
    site: Site,
    draft: Draft,
    decisions: list[Decision],
    headers: dict[str, None],
    other: Row | None,
) -> None:
    match recipe:
        case Reorder():
            _reorder(recipe, site.call(), site, draft)
        case Drop():
            _drop(recipe, site.call(), site, draft)
        case Insert():
            _insert(recipe, site.call(), site, draft)
        case Fill():
            _fill(recipe, site.call(), site, draft)
        case Overload():
            _overload(recipe, site.call(), site, draft, other)
        case ValueMap():
            _value(recipe, site.call(), site, draft, decisions)
        case Split():
            _split(recipe, site.call(), site, draft)
        case VersionPredicate():
            _predicate(recipe, site.call(), site, draft)
        case ByName():
            why = why_not_by_name(site.ref, site.file.references, site.lexed.bare)
            if why:
                raise RecipeRefused(why)
        case IncludeAdd():
            if site.inactive:
                raise RecipeRefused("not-proved")
            missing = [
                h for h in recipe.headers if h not in {i.spelling for i in site.directives.includes}
            ]
            if missing:
                at = include_line(site.directives, site.lexed)
                draft.add(Edit(Span(at, at), b"", "\n".join(missing).encode("ascii"), site.group))
                headers.update(dict.fromkeys(missing))


def _reorder(recipe: Reorder, call: Call, site: Site, draft: Draft) -> None:
    _check_count(recipe, call, site)
    moved = [(at, source) for at, source in enumerate(recipe.order) if at != source]
    texts = {source: draft.take(call.arguments[source]) for _, source in moved}
    for at, source in moved:
        draft.replace(call.arguments[at], texts[source], site.group)


def _check_count(recipe: AnyRecipe, call: Call, site: Site) -> None:
    if not (recipe.speaks_of(len(call.arguments)) and site.has_arity(len(call.arguments))):
        raise RecipeRefused("count")


def _drop(recipe: Drop, call: Call, site: Site, draft: Draft) -> None:
    arguments = call.arguments
    _check_count(recipe, call, site)
    # the others were left to their defaults
    gone = {i for i in recipe.arguments if i < len(arguments)}
    if any(site.has_effect(arguments[i]) for i in gone):
        raise RecipeRefused("effect")
    for index in sorted(gone):
        span = arguments[index]
        if all(i in gone for i in range(index)):
            span = Span(
                span.start, arguments[index + 1].start if index + 1 < len(arguments) else span.end
            )
        else:
            span = Span(arguments[index - 1].end, span.end)
        draft.take(span)
        draft.replace(span, b"", site.group)


def _insert(recipe: Insert, call: Call, site: Site, draft: Draft) -> None:
    arguments, least = call.arguments, site.least_arity
    if recipe.at == least and len(arguments) > least and site.has_arity(len(arguments)):
        return  # CUDA has an optional argument there, and it was given
    _check_count(recipe, call, site)
    if recipe.at > len(arguments):
        raise RecipeRefused("count")
    text = recipe.text.encode("ascii")
    if recipe.at:
        draft.insert(arguments[recipe.at - 1].end, b", " + text, site.group)
    else:
        draft.insert(call.start + 1, text + (b", " if arguments else b""), site.group)


def _fill(recipe: Fill, call: Call, site: Site, draft: Draft) -> None:
    arguments = call.arguments
    _check_count(recipe, call, site)
    missing = recipe.values[max(len(arguments) - recipe.at, 0) :]
    if len(arguments) < recipe.at:
        raise RecipeRefused("count")
    for position, kind in recipe.cast.items():
        if int(position) < len(arguments):
            _cast(arguments[int(position)], kind, site, draft)
    if missing:
        text = "".join(f", {value}" for value in missing)
        draft.insert(arguments[-1].end, text.encode("ascii"), site.group)


def _cast(argument: Span, kind: str, site: Site, draft: Draft) -> None:
    """Have an argument be of a type, unless a cast of its own says what it is."""
    if _CASTED.match(site.data[argument.start : argument.end]):
        return
    simple = _SIMPLE.fullmatch(site.data[argument.start : argument.end]) is not None
    draft.insert(argument.start, f"({kind})".encode("ascii") + b"(" * (not simple), site.group)
    if not simple:
        draft.insert(argument.end, b")", site.group)


def _overload(recipe: Overload, call: Call, site: Site, draft: Draft, other: Row | None) -> None:
    if not site.has_arity(len(call.arguments)) or other is None:
        raise RecipeRefused("count")
    if recipe.speaks_of(len(call.arguments)):
        name = site.ref.span
        draft.take(name, own=site.group)
        draft.replace(name, other.target.encode("ascii"), site.group)


def _value(
    recipe: ValueMap, call: Call, site: Site, draft: Draft, decisions: list[Decision]
) -> None:
    _check_count(recipe, call, site)
    if recipe.argument >= len(call.arguments):
        raise RecipeRefused("count")
    span = call.arguments[recipe.argument]
    new = recipe.values.get(" ".join(site.data[span.start : span.end].decode("latin-1").split()))
    if new is None:
        raise RecipeRefused("value")
    draft.take(span)
    draft.replace(span, new.encode("ascii"), site.group)
    for index, ref in enumerate(site.file.references):
        if ref.span == span and not ref.user:
            decisions[index] = Decision(
                Action.EDIT, Reason.MAPPED, new, decisions[index].row, "value-map"
            )


def _split(recipe: Split, call: Call, site: Site, draft: Draft) -> None:
    arguments, used = call.arguments, recipe.used
    _check_count(recipe, call, site)
    if any(i >= len(arguments) for i in used):
        raise RecipeRefused("count")
    if not site.is_statement(call):
        raise RecipeRefused("statement")
    once = {i for i in range(len(arguments)) if used.count(i) == 1}
    if any(site.has_effect(a) for i, a in enumerate(arguments) if i not in once):
        raise RecipeRefused("effect")
    texts = [draft.take(a) for a in arguments]
    calls = [HOLE.sub(lambda m: texts[int(m[1])].decode("latin-1"), text) for text in recipe.into]
    whole = Span(site.ref.span.start, call.end)
    draft.take(whole, own=site.group)
    draft.replace(whole, "; ".join(calls).encode("latin-1"), site.group)


def _predicate(recipe: VersionPredicate, call: Call, site: Site, draft: Draft) -> None:
    lines = site.own_lines(call)
    eol = site.eol
    before = draft.take(lines, own=site.group)
    other = draft.with_name(lines, site.ref.span, recipe.otherwise.encode("ascii"))
    new = (
        f"#if {recipe.condition}".encode("ascii")
        + eol
        + before
        + b"#else"
        + eol
        + other
        + b"#endif"
        + eol
    )
    draft.replace(lines, new, site.group)


def _with_headers(edits: list[Edit], headers: list[str], data: bytes) -> list[Edit]:
    """Make all additions of includes one text at one place, so that their groups share it."""
    if not headers:
        return edits
    eol = "\r\n" if b"\r\n" in data else "\n"
    text = "".join(f"#include <{h}>{eol}" for h in sorted(headers)).encode("ascii")
    listed = {h.encode("ascii") for h in headers}
    ours = [e for e in edits if not len(e.span) and e.new and set(e.new.split(b"\n")) <= listed]
    lead = (
        eol.encode("ascii")
        if ours
        and ours[0].span.start
        and data[ours[0].span.start - 1 : ours[0].span.start] != b"\n"
        else b""
    )
    return [Edit(e.span, e.expect, lead + text, e.group) if e in ours else e for e in edits]
