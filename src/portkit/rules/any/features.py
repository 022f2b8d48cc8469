# SPDX-License-Identifier: Apache-2.0
"""Rules made of data: a feature of CUDA (mappings/cuda/features.toml) that a target lacks or does
otherwise.

A family's module declares a rule with `feature_rule` and names the features that it speaks of.
There is one finding per feature and file: it points at the first use and holds every reference.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator

import msgspec

from portkit.languages.ptx.catalogue import load_catalogue, meaning
from portkit.languages.ptx.parser import parse_assembly
from portkit.model.errors import PortkitError
from portkit.model.plans import Finding
from portkit.model.reading import Reference
from portkit.model.spans import Span
from portkit.model.words import Action, Context, Effort, Kind, Reason, Severity
from portkit.rules.cxx.kernels import include_lines
from portkit.rules.registry import NEEDS, finding, rule
from portkit.rules.view import FileSource, FileView, RuleTarget, full_name
from portkit.targets.features import FeatureState
from portkit.vocab.data import mappings_folder
from portkit.vocab.vocabulary import Vocabulary

SHOWN = 5
_UNKNOWN = FeatureState("unknown")
_GRAVITY = {
    "none": Severity.ERROR,
    "differs": Severity.WARNING,
    "partial": Severity.WARNING,
    "unknown": Severity.INFO,
}
_EFFORT = {
    "none": Effort.DAYS,
    "differs": Effort.HOURS,
    "partial": Effort.HOURS,
    "unknown": Effort.MINUTES,
}
_SILENT = frozenset({Context.COMMENT, Context.STRING})


# Letters that nothing makes optional; and, where no parentheses are left, a choice.
_PLAIN, _CHOICE = re.compile(r"(?:[A-Za-z0-9_:/](?![?*{]))+"), re.compile(r"[|()]")


class Feature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A feature of CUDA: its title by language, and how its uses are told (whole-name patterns,
    libraries, PTX groups).

    `includes` is a pattern for headers that are not CUDA's own. `quiet`: a target that says nothing
    of it is taken to offer it.
    """

    title: dict[str, str]
    quiet: bool = False
    names: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    ptx: tuple[str, ...] = ()
    includes: str = ""


@functools.cache
def load_features() -> dict[str, Feature]:
    """Return every feature by id. Raises PortkitError when the file is missing or malformed."""
    path = mappings_folder() / "cuda" / "features.toml"
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), dict[str, Feature])
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PortkitError(
            f"unusable list of features: {error}", str(path), "reinstall portkit"
        ) from error
    for name, feature in found.items():
        if (
            feature.title.keys() != {"en", "zh"}
            or not set(feature.ptx) <= load_catalogue().groups.keys()
        ):
            raise PortkitError(
                f"feature {name}: needs a title in en and zh, and known PTX groups", str(path)
            )
    return found


class _Matcher:
    """How the uses of a feature are told. Its pattern is compiled for the first name that can fit:
    a run over a few files needs a few of a hundred.
    """

    def __init__(self, feature: Feature) -> None:
        self._names, self.libraries = feature.names, frozenset(feature.libraries)
        # names that fit begin with one of them; none can where nothing is said of names
        self.heads = tuple(map(_head, feature.names)) or (("",) if feature.libraries else ())

    @functools.cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        return re.compile("|".join(f"(?:{p})" for p in self._names), re.A) if self._names else None

    def fits(self, name: str) -> bool:
        """Return whether a full name that begins as it must belongs to the feature."""
        return self._pattern is None or self._pattern.fullmatch(name) is not None


def _head(pattern: str) -> str:
    """Return plain letters that all names begin with which fit a pattern; "" where that is not
    clear.
    """
    plain = _PLAIN.match(pattern)
    return "" if plain is None or _CHOICE.search(re.sub(r"\([^()]*\)", "", pattern)) else plain[0]


@functools.cache
def _told() -> list[tuple[str, tuple[str, ...], frozenset[str], Callable[[str], bool]]]:
    made = ((name, _Matcher(feature)) for name, feature in load_features().items())
    return [(name, told.heads, told.libraries, told.fits) for name, told in made]


@functools.cache
def features_of(name: str, library: str) -> tuple[str, ...]:
    """Return the features that a full name of a library belongs to."""
    return tuple(
        feature
        for feature, heads, libraries, fits in _told()
        if name.startswith(heads) and (not libraries or library in libraries) and fits(name)
    )


@functools.cache
def features_of_group(group: str) -> tuple[str, ...]:
    """Return the features that a group of PTX instructions belongs to."""
    return tuple(name for name, feature in load_features().items() if group in feature.ptx)


_CONTINUED = re.compile(r"\\[ \t\f\v]*(?:\r\n?|\n)")


@functools.cache
def _includes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return (feature, what is to be included)."""
    made = (
        (name, feature.includes) for name, feature in load_features().items() if feature.includes
    )
    return tuple((name, re.compile(pattern)) for name, pattern in made)


class Uses(msgspec.Struct):
    """Where a file uses a feature: indexes of references, and asm statements with the mnemonics
    that belong to it.
    """

    references: list[int] = []
    statements: list[tuple[Span, str]] = []


FEATURE_LEFT = (Reason.VENDOR_CODE, Reason.OTHER_VENDOR, Reason.SUPPRESSED)


def uses(view: FileView) -> dict[str, Uses]:
    """Return the features that a file uses. What portkit leaves alone, other vendors' branches
    among it, does not count.

    Use it through `view.decided(uses)`.
    """
    found = view.once(_spoken_of)
    left = set(view.because(*FEATURE_LEFT)) if found else ()
    if not left:
        return found
    kept = {
        name: Uses([i for i in used.references if i not in left], used.statements)
        for name, used in found.items()
    }
    return {name: used for name, used in kept.items() if used.references or used.statements}


NEEDS["features"] = lambda view: view.decided(uses)


def _spoken_of(source: FileSource) -> dict[str, Uses]:
    """Return the features that names, assembly and includes of a file speak of; a user's own names
    and plain text do not.
    """
    found: dict[str, Uses] = {}
    for index, ref in enumerate(source.references):
        if not ref.user and ref.context not in _SILENT:
            for name in _features_of(
                source.vocabulary, ref.name, ref.kind, ref.qualifier, ref.library
            ):
                found.setdefault(name, Uses()).references.append(index)
    for statement in source.scan.facts.asm:
        for instruction in parse_assembly(statement.text).instructions:
            for name in features_of_group(meaning(instruction).group):
                found.setdefault(name, Uses()).statements.append(
                    (statement.span, instruction.mnemonic)
                )
    text = source.data.decode("latin-1")
    if "\\" in text:
        text = _CONTINUED.sub("", text)
    for name, included in _includes():
        for include in source.once(include_lines) if included.search(text) else ():
            if included.fullmatch(include.spelling):
                found.setdefault(name, Uses()).statements.append((include.span, include.spelling))
    return found


@functools.lru_cache(maxsize=65536)
def _features_of(
    vocabulary: Vocabulary, name: str, kind: Kind, qualifier: str, library: str
) -> tuple[str, ...]:
    """Return the features that a reference belongs to, by its full name; a field's with its
    structure, as the vocabulary has it.
    """
    if kind is Kind.FIELD and not qualifier:
        entity = next(
            (e for e in vocabulary.get(name) if e.kind is kind and e.library == library), None
        )
        qualifier = entity.qualifier if entity is not None else ""
    return features_of(f"{qualifier}::{name}" if qualifier else name, library)


def features_of_reference(source: FileSource, ref: Reference) -> tuple[str, ...]:
    """Return the features that a reference of a file belongs to."""
    return _features_of(source.vocabulary, ref.name, ref.kind, ref.qualifier, ref.library)


def state_of(feature: str, target: RuleTarget) -> FeatureState:
    """Return what the target's table says of a feature; a feature that it does not name is unknown."""
    return target.features.get(feature, _UNKNOWN)


def feature_finding(
    id: str,
    feature: str,
    target: RuleTarget,
    span: Span,
    names: Iterable[str],
    references: tuple[int, ...] = (),
    *,
    live: bool = True,
) -> Finding | None:
    """Return the finding for uses of a feature at `span`, or None where the target offers the same."""
    state = state_of(feature, target)
    if state.status == "same" or (state.status == "unknown" and load_features()[feature].quiet):
        return None
    severity = Severity[state.severity.upper()] if state.severity else _GRAVITY[state.status]
    shown = list(dict.fromkeys(names))
    title, note = load_features()[feature].title, state.note
    args = {
        "feature": feature, "case": state.status, "target": target.id, "title": title["en"], "title_zh": title["zh"],
        "note": note.get("en", ""), "note_zh": note.get("zh", ""), "source": state.source,
        "names": ", ".join(shown[:SHOWN]) + (", ..." if len(shown) > SHOWN else ""), "count": str(len(references) or 1),
    }  # fmt: skip
    return finding(
        id, span, args, references, severity=severity if live else Severity.INFO,
        effort=_EFFORT[state.status], blocking=live and state.status == "none",
    )  # fmt: skip


_spoken: dict[str, tuple[str, ...]] = {}


def speaks_of(id: str, *features: str) -> None:
    """Note which features a rule speaks of, for `explain` and the documentation. `feature_rule`
    does so by itself.
    """
    _spoken[id] = features


def features_of_rule(id: str) -> tuple[str, ...]:
    """Return the features that a rule speaks of; none for rules that are not about features."""
    return _spoken.get(id, ())


def feature_rule(id: str, slug: str, *features: str) -> None:
    """Declare a rule that reports each of `features` where the target offers less than CUDA, once a
    feature and file.
    """
    speaks_of(id, *features)
    if unknown := set(features) - load_features().keys():
        raise ValueError(f"{id}: unknown features {', '.join(sorted(unknown))}")

    def check(view: FileView, target: RuleTarget) -> Iterator[Finding]:
        return feature_findings(id, features, view, target)

    check.__module__, check.__qualname__ = __name__, slug
    rule(id, slug, severity=Severity.ERROR, effort=Effort.HOURS, needs=("features",), scope="name")(
        check
    )


def feature_findings(
    id: str, features: Iterable[str], view: FileView, target: RuleTarget
) -> Iterator[Finding]:
    """Yield the findings of rule `id` for the features that a file uses and the target lacks or
    does otherwise.
    """
    for name in features:
        if (used := view.decided(uses).get(name)) is not None:
            yield from _report(id, name, used, view, target)


def _report(
    id: str, feature: str, used: Uses, view: FileView, target: RuleTarget
) -> Iterator[Finding]:
    statements = [(s, m) for s, m in used.statements if not view.ported(s, target)]
    if not used.references and not statements:
        return
    spans = [view.references[i].span for i in used.references] + [s for s, _ in statements]
    if state_of(feature, target).status == "unknown" and all(
        view.decisions[i].action is not Action.MANUAL for i in used.references
    ):
        # every name has a row that is accepted: what is not known of the whole is known of what is
        # used
        return
    names = [full_name(view.references[i]) for i in used.references] + [m for _, m in statements]
    live = any(view.live(i) for i in used.references) or bool(statements)
    made = feature_finding(
        id, feature, target, min(spans), names, tuple(used.references), live=live
    )
    if made is not None:
        yield made
