# SPDX-License-Identifier: Apache-2.0
"""The ladder: joins what the lexer, Clang and the syntax tree say of a file into its references."""

from __future__ import annotations

import re
from collections.abc import Mapping

from portkit.languages.cxx.letters.lexer import code_before
from portkit.languages.cxx.letters.lines import BLANKS
from portkit.languages.cxx.letters.source import Candidate, SourceFile, Zone
from portkit.languages.cxx.settle.entities import NamedEntities
from portkit.languages.cxx.settle.scopes import OwnScopes, through_alias
from portkit.languages.cxx.values.preprocessor import guards_around
from portkit.languages.cxx.values.reading import FileVerdicts, Ownership, Substitutes, Verdict
from portkit.model.reading import Issue, Reference
from portkit.model.spans import Span
from portkit.model.words import Context, Kind, Proof, Rung
from portkit.vocab.vocabulary import Entity, Vocabulary

_STATEMENT = re.compile(r"\s*\([^;{}]*\)\s*;")


class Ladder:
    """Settles the candidates of one file. `declared` are words that the project declares somewhere
    in sight.
    """

    def __init__(
        self,
        source: SourceFile,
        vocabulary: Vocabulary,
        clang: FileVerdicts,
        declared: Mapping[str, str],
        syntax: bool,
        substitutes: Substitutes = Substitutes(),  # noqa: B008 - a frozen value
        ownership: Ownership = Ownership(),  # noqa: B008 - a frozen value
    ) -> None:
        self.source, self.vocabulary, self.clang, self.declared = (
            source,
            vocabulary,
            clang,
            declared,
        )
        self.substitutes, self.ownership = substitutes, ownership
        self.use_syntax = syntax
        self.scopes = OwnScopes(
            source, clang, syntax, substitutes, ownership, vocabulary.arch_macros
        )
        self.named = NamedEntities(source, vocabulary)
        self._guarding = [b for b in source.directives.branches if b.guard and b.guard != "1"]
        self._nevers = [b.span for b in source.directives.branches if b.never]
        self.issues: list[Issue] = []
        self.disputed: list[Span] = []  # names with two owners

    def settle(self, candidates: list[Candidate]) -> list[Reference]:
        """Return the references among `candidates` (sorted by offset)."""
        self._bind_namespaces(candidates)
        differing = {d.start for d in self.clang.differing}
        found = [
            r
            for c in candidates
            if c.offset not in differing and (r := self._settle(c)) is not None
        ]
        disagreed = set(self.clang.disagreed)
        self.disputed += [
            Span(c.offset, c.end)
            for c in candidates
            if c.offset in disagreed and c.word not in self.substitutes.words
        ]
        return sorted(found, key=lambda r: r.span)

    def _bind_namespaces(self, candidates: list[Candidate]) -> None:
        """A namespace right before a name that Clang bound to CUDA's declaration in it is that
        namespace.
        """
        verdicts = self.clang.verdicts
        for c, following in zip(reversed(candidates[:-1]), reversed(candidates[1:]), strict=True):
            if not c.sense.namespace or c.after != ":" or c.zone is not Zone.CODE:
                continue
            bound = (
                verdicts.get(following.offset) is Verdict.CUDA
                and following.scope.split("::")[-1] == c.word
            )
            if bound and verdicts.get(c.offset, Verdict.UNRESOLVED) is Verdict.UNRESOLVED:
                verdicts[c.offset] = Verdict.CUDA

    def _settle(self, c: Candidate) -> Reference | None:
        if c.zone is Zone.CODE:  # nearly all are
            return self._code(c)
        match c.zone:
            case Zone.STRING:
                return self._reference(c, Context.STRING, Rung.LEX, Proof.LIKELY)
            case Zone.PASTE:
                plain = c.weak and not self.vocabulary.is_stem(c.word)
                return (
                    None if plain else self._reference(c, Context.PASTE, Rung.LEX, Proof.SPELLING)
                )
            case Zone.PARAMETER:
                return None if c.weak else self._user(c, Context.MACRO, Rung.LEX)
            case Zone.DEFINES | Zone.DIRECTIVE:
                return self._directive(c)
            case Zone.CONDITION:
                return self._condition(c)
            case _:
                return self._macro_body(c)

    def _directive(self, c: Candidate) -> Reference | None:
        if c.weak:
            return None
        if c.word in self.declared or (c.zone is Zone.DEFINES and not self.scopes.stands_in(c)):
            return self._user(c, Context.DIRECTIVE, Rung.LEX)
        return self._reference(c, Context.DIRECTIVE, Rung.LEX, Proof.LIKELY)

    def _condition(self, c: Candidate) -> Reference | None:
        if c.weak:
            return None
        condition = next(
            (x for x in self.source.directives.conditions if x.span.start <= c.offset < x.span.end),
            None,
        )
        context = (
            Context.DEFINED
            if condition is not None and condition.operator == "defined"
            else Context.CONDITION
        )
        if c.word in self.declared:
            return self._user(c, context, Rung.LEX)
        read = self.clang.seen and not self.clang.inactive(c.offset)
        proof = Proof.PROVED if read and c.entities else Proof.LIKELY
        return self._reference(c, context, Rung.CLANG if read else Rung.LEX, proof)

    def _macro_body(self, c: Candidate) -> Reference | None:
        if c.member and not (c.scope or c.named):
            return None if c.weak or c.sense.fields else self._user(c, Context.MACRO, Rung.LEX)
        if self._foreign_scope(c) or c.word in self.declared:
            return None if c.weak else self._user(c, Context.MACRO, Rung.LEX)
        if (told := self._expanded(c)) is not None:
            return told
        if c.weak and not self._named_scope(c):
            return None
        return self._reference(c, Context.MACRO, Rung.LEX, Proof.LIKELY)

    def _expanded(self, c: Candidate) -> Reference | None:
        """What a word of a macro's body is by the uses of the macro; where there are none, by the
        declarations around. None: it is nobody's but CUDA's.
        """
        verdict = self.clang.verdicts.get(c.offset, Verdict.UNRESOLVED)
        moves = c.word in self.substitutes.words
        if verdict is Verdict.CUDA:
            return self._reference(c, Context.MACRO, Rung.CLANG, Proof.PROVED)
        if verdict is Verdict.MIXED or (verdict is Verdict.USER and moves):
            return self._reference(c, Context.MACRO, Rung.CLANG, Proof.LIKELY)
        if verdict is Verdict.USER:
            return self._user(c, Context.MACRO, Rung.CLANG)
        if c.word not in self.ownership.around or moves or c.scope == "::":
            return None
        if self.ownership.unsure:
            return self._reference(c, Context.MACRO, Rung.LEX, Proof.SPELLING)
        return self._user(c, Context.MACRO, Rung.LEX)

    def _code(self, c: Candidate) -> Reference | None:
        verdict, sense = self.clang.verdicts.get(c.offset, Verdict.UNRESOLVED), c.sense
        if (sense.inner or (sense.weak and verdict is Verdict.UNRESOLVED)) and not (
            self._named_scope(c) or self._is_type_here(c)
        ):
            # an inner namespace's name by itself, such as `std`, or a plain word that nothing
            # speaks for
            return None
        if verdict is Verdict.DECLARES and (_is_written_as_type(c) or self._is_bare_call(c)):
            # `UNKNOWN_MACRO cudaError_t f(...)`: Clang takes the macro for the type; `cudaFoo();`
            # in a part of a function
            verdict = Verdict.UNRESOLVED
        if verdict is Verdict.CUDA and c.sense.types and c.word in self.ownership.meant:
            # a type has one meaning; which of its declarations a use refers to depends on the release
            verdict = Verdict.USER
        if verdict is Verdict.CUDA:
            if not c.named and through_alias(c, self.source, self.vocabulary):
                return None if c.weak else self._user(c, self._context(c), Rung.CLANG)
            if self._user_namespace(c) or c.offset in self.ownership.tags:
                return self._user(c, self._context(c), Rung.CLANG)
            return self._reference(c, self._context(c), Rung.CLANG, Proof.PROVED)
        inactive = self._never(c.offset) or self.clang.skips(c.offset)
        if not inactive:
            match verdict:
                case Verdict.MIXED:
                    return self._reference(c, self._context(c), Rung.CLANG, Proof.LIKELY)
                case Verdict.USER | Verdict.DECLARES:
                    if self._moves(c) or (verdict is Verdict.USER and self._is_guarded(c)):
                        return self._reference(c, self._context(c), Rung.CLANG, Proof.LIKELY)
                    return None if c.weak else self._user(c, self._context(c), Rung.CLANG)
                case Verdict.OTHER:
                    return None
        return self._by_syntax(c, inactive)

    def _moves(self, c: Candidate) -> bool:
        """Is it a name that the project only declares in CUDA's place, or again?"""
        return c.word in self.substitutes.words and not (
            c.member or c.scope not in ("", "::") or self.scopes.shadows(c)
        )

    def _is_guarded(self, c: Candidate) -> bool:
        """Is it CUDA's function but for some architectures, for which the project has one?"""
        return c.word in self.ownership.guarded and not (c.member or c.scope not in ("", "::"))

    def _is_type_here(self, c: Candidate) -> bool:
        """Is a plain word written as a type, in code that nothing compiles of a file that includes
        the type's header?
        """
        if not (c.sense.types and c.sense.anywhere) or c.scope or not _is_written_as_type(c):
            return False
        if not self.clang.skips(c.offset):
            return False
        headers = {e.header for e in c.entities if e.header and not e.qualifier}
        return any(include.spelling in headers for include in self.source.directives.includes)

    def _by_syntax(self, c: Candidate, inactive: bool) -> Reference | None:
        context = Context.INACTIVE if inactive else self._context(c)
        rung = Rung.SYNTAX if self.use_syntax else Rung.LEX
        if c.member:
            if c.sense.field:
                return None if c.weak else self._reference(c, context, rung, self._member_proof(c))
            return None if c.weak else self._user(c, context, rung)
        if self._foreign_scope(c) or self._user_namespace(c) or self._leads_nowhere(c):
            return None if c.weak else self._user(c, context, rung)
        if c.weak and not (self._named_scope(c) or self._is_type_here(c)):
            return None
        if c.sense.namespace and c.after == "{":
            return None  # `namespace a::b {`: what the project puts there is its own
        root = c.scope.split("::")[0] if c.named else ""
        if root in self.declared if root else self._is_own(c, inactive):
            if self._has_a_part(c, inactive):
                return self._reference(c, context, rung, Proof.SPELLING)
            return None if c.weak else self._user(c, context, rung)
        # words alone do not see who declares what
        fits = self.use_syntax and c.entities and (c.weak or self._fits(c))
        proof = Proof.LIKELY if fits and not self.scopes.is_beside(c) else Proof.SPELLING
        return self._reference(c, context, rung, proof)

    def _is_own(self, c: Candidate, inactive: bool) -> bool:
        """Does the project declare a word that Clang did not settle, where it can be meant?"""
        moves = c.word in self.substitutes.words
        if not moves and c.word in self.ownership.in_sight:
            return True
        if (
            c.scope == "::" and c.entities
        ):  # what a namespace, a class or a function has is not meant
            return False
        if c.word in self.declared or self.scopes.shadows(c):
            return True
        return inactive and not moves and self.scopes.hides(c)

    def _has_a_part(self, c: Candidate, inactive: bool) -> bool:
        """Is it a name that Clang looked for in vain in a namespace of CUDA's that the project opens,
        as seen by a file that is no part of what the project has of that library?
        """
        return (
            c.named
            and not inactive
            and self.clang.seen
            and not c.sense.namespace
            and c.scope.split("::")[0] not in self.source.rel.split("/")[:-1]
        )

    def _member_proof(self, c: Candidate) -> Proof:
        """A field's name of CUDA's shape behind . or -> is likely CUDA's where nothing of the
        project has that name.
        """
        others = (o.word == c.word and o.is_alone for o in self.source.candidates)
        seen = c.word in self.declared or self.scopes.shadows(c) or any(others)
        return Proof.SPELLING if seen else Proof.LIKELY

    def _leads_nowhere(self, c: Candidate) -> bool:
        """`word::` of a word that is only functions of CUDA's: the project's scope, or an
        attribute's.
        """
        code = self.source.lexed.code
        return (
            c.after == ":"
            and c.sense.functions
            and code.startswith("::", self.source.directives.after(code, c.end))
        )

    def _is_bare_call(self, c: Candidate) -> bool:
        """A statement `f(...);` outside of all braces: Clang takes it for a declaration without a
        type.
        """
        if c.member or c.scope or not c.sense.functions:
            return False
        code = self.source.lexed.code
        before = code[: code_before(code, c.offset)]
        directive = before[before.rfind("\n") + 1 :].lstrip(BLANKS).startswith("#")
        begins = directive or not before or before[-1] in ";}"
        return (
            begins
            and before.count("{") == before.count("}")
            and _STATEMENT.match(code, c.end) is not None
        )

    def _fits(self, c: Candidate) -> bool:
        """Does the syntax around the word fit what the vocabulary says it is?"""
        if c.sense.functions and not c.scope:
            return (
                c.after in ("(", "<", ")", ",", ";", "}", ":", "?", "=", "&", "|") or c.after == ""
            )
        return True

    def _never(self, offset: int) -> bool:
        return bool(self._nevers) and any(span.start <= offset < span.end for span in self._nevers)

    def _user_namespace(self, c: Candidate) -> bool:
        """A namespace that the project itself opens under a CUDA namespace's name is the project's."""
        return c.sense.namespace and c.word in self.declared

    def _foreign_scope(self, c: Candidate) -> bool:
        if not c.scope or c.scope == "::":
            return False
        first = c.scope.split("::")[0]
        if first in self.vocabulary.namespaces and first not in self.declared:
            return False
        return not any(
            e.qualifier == c.scope or e.qualifier.endswith("::" + c.scope) for e in c.entities
        )

    def _named_scope(self, c: Candidate) -> bool:
        """Is the word qualified by the CUDA namespace that has it, or is it such a namespace
        followed by `::`?
        """
        return c.named or (c.sense.outermost and c.after == ":" and c.scope in ("", "::"))

    def _context(self, c: Candidate) -> Context:
        if c.member:
            return Context.MEMBER
        entity = self.entity(c)
        if entity is not None and entity.kind is Kind.TYPE:
            return Context.TYPE
        if c.after == "(":
            return Context.CALL
        return Context.NAME

    def entity(self, c: Candidate) -> Entity | None:
        """Return the vocabulary's entity that fits a candidate best."""
        sense = c.sense
        if not sense.entities:
            return None
        if (owned := self._owned(c)) is not None:
            return owned
        if c.member and (field := self.named.field(c.word, c.entities)) is not None:
            return field
        if not sense.shared:
            return sense.best
        return self.named.in_scope(c) or self.named.in_sight(c.entities) or sense.best

    def _owned(self, c: Candidate) -> Entity | None:
        """The entity of that name in the scope that Clang found it in."""
        if (owner := self.clang.owners.get(c.offset)) is None:
            return None
        return self.named.owned(c, owner)

    def _reference(
        self, c: Candidate, context: Context, rung: Rung, proof: Proof | None, user: bool = False
    ) -> Reference:
        entity = self.entity(c)
        return Reference(
            Span(c.offset, c.end),
            c.word,
            entity.kind
            if entity
            else (Kind.LINK_LIBRARY if c.zone is Zone.STRING and "." in c.word else Kind.UNKNOWN),
            context,
            rung,
            proof,
            entity.library if entity else c.shape,
            self._qualifier(c, entity),
            user,
            False,
            guards_around(self._guarding, c.offset) if self._guarding else "",
        )

    def _qualifier(self, c: Candidate, entity: Entity | None) -> str:
        """The namespace of a name; of a field its struct, where Clang knows it or the file names
        it.
        """
        if entity is None:
            return c.scope if c.named else ""
        guessed = entity.kind is Kind.FIELD and self._owned(c) is None
        return "" if guessed and entity.qualifier not in self.source.words else entity.qualifier

    def _user(self, c: Candidate, context: Context, rung: Rung) -> Reference:
        return self._reference(c, context, rung, None, user=True)


def _is_written_as_type(c: Candidate) -> bool:
    """A CUDA type with another word right behind it is in a type's place, where nothing is declared
    by its name.
    """
    return c.sense.types and (c.after.isalpha() or c.after == "_")
