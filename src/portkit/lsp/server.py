# SPDX-License-Identifier: Apache-2.0
"""The language server: diagnostics, hover and code actions over `document`. Imports pygls: load it
only for `lsp`.

Documents are analysed in the background. Whoever asked about a text that has changed meanwhile gets
nothing.
"""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls import uris
from pygls.lsp.server import LanguageServer

from portkit import __version__
from portkit.lsp.background import Background
from portkit.lsp.document import Analysis, all_edits, analyse, edits_at, said, suppression
from portkit.model.errors import PortkitError
from portkit.model.spans import Span
from portkit.model.words import Severity
from portkit.report.i18n import catalog, choose_language
from portkit.rules.texts import load_text, message

DELAY = 0.3  # seconds without a key stroke before a changed text is read again
_LEVELS = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.INFO: lsp.DiagnosticSeverity.Information,
}
FIX_ALL = "source.fixAll.portkit"


class Server(LanguageServer):
    """The server. A text of a document is known by its version and by what was last opened or saved
    before it.
    """

    def __init__(self, targets: Sequence[str], language: str | None) -> None:
        super().__init__("portkit", __version__)
        self.targets, self._chosen = tuple(targets), language
        self.speak(None)
        self._background: Background[Analysis] = Background()
        self._turns: dict[str, int] = {}
        self._told: set[str] = set()

    def speak(self, locale: str | None) -> None:
        """Take the language: the one chosen, else PORTKIT_LANG's, else the client's, else the
        environment's.
        """
        own = os.environ.get("PORTKIT_LANG")
        environ = {"PORTKIT_LANG": locale} if locale and not own else None
        self.language = choose_language(self._chosen, environ)
        self.words = catalog(self.language)

    def state(self, uri: str) -> tuple[int, int] | None:
        """Return what tells a document's present text and settings from earlier ones; None when it
        is not open.
        """
        version = self.workspace.get_text_document(uri).version
        return None if version is None else (self._turns.get(uri, 0), version)

    def renew(self, uri: str) -> None:
        """Make nothing known of a document: it was opened, saved or closed, and its settings may be
        others.
        """
        self._turns[uri] = self._turns.get(uri, 0) + 1
        self._background.forget(uri)

    async def look(self, uri: str) -> Analysis | None:
        """Return the analysis of a document's present text.

        None: it has changed by the time that there is one, or its settings are at fault, which is
        said once.
        """
        state = self.state(uri)
        name = uris.to_fs_path(uri) if uri.startswith("file:") else None
        path = Path(name) if name else None
        if state is None or path is None or not path.is_file():
            return None  # never saved: there is no folder whose settings would hold
        work = functools.partial(
            analyse, path, self.workspace.get_text_document(uri).source, self.targets
        )
        try:
            analysis = await self._background.result(uri, state, work)
        except PortkitError as error:
            self.tell(str(error))
            return None
        if analysis is None or self.state(uri) != state:
            return None
        if not analysis.plans and not self.targets:
            self.tell(self.words("lsp_no_target"))
        return analysis

    def tell(self, text: str) -> None:
        """Show a message, once."""
        if text not in self._told:
            self._told.add(text)
            self.window_show_message(
                lsp.ShowMessageParams(lsp.MessageType.Warning, f"portkit: {text}")
            )

    async def publish(self, uri: str) -> None:
        """Send the diagnostics of a document's present text, unless another one takes its place
        before they are known.
        """
        state = self.state(uri)
        analysis = await self.look(uri)
        if state is None or self.state(uri) != state:
            return
        found = [] if analysis is None else self.diagnostics(analysis)
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, found, state[1]))

    def end(self) -> None:
        """Begin no analysis any more."""
        self._background.close()

    def diagnostics(self, analysis: Analysis) -> list[lsp.Diagnostic]:
        """Return the findings as diagnostics; what the baseline knows is a hint only."""
        several = len(analysis.plans) > 1
        made = []
        for plan, item in analysis.findings():
            text = message(item, self.language)
            made.append(
                lsp.Diagnostic(
                    self.range(analysis, item.span),
                    f"{plan.target}@{plan.profile}: {text}" if several else text,
                    severity=lsp.DiagnosticSeverity.Hint if item.exempt else _LEVELS[item.severity],
                    code=item.rule,
                    source="portkit",
                    data={
                        "fingerprint": item.fingerprint,
                        "target": f"{plan.target}@{plan.profile}",
                    },
                )
            )
        return made

    def position(self, analysis: Analysis, offset: int) -> lsp.Position:
        """Return a byte offset as line and column in the units agreed on, UTF-16 unless the client
        asked otherwise.
        """
        line, before = analysis.place(offset)
        return lsp.Position(line, self.workspace.position_codec.client_num_units(before))

    def range(self, analysis: Analysis, span: Span) -> lsp.Range:
        """Return a span as a range; an empty one at the start covers the first line."""
        if span.end > span.start:
            return lsp.Range(self.position(analysis, span.start), self.position(analysis, span.end))
        line, before = analysis.place(span.start)
        whole = self.workspace.position_codec.client_num_units(analysis.line(line))
        return lsp.Range(
            lsp.Position(line, self.workspace.position_codec.client_num_units(before)),
            lsp.Position(line, whole),
        )

    def offset(self, analysis: Analysis, position: lsp.Position) -> int:
        """Return the byte offset of a position of the client's."""
        units, text = self.workspace.position_codec, analysis.line(position.line)
        count, points = 0, 0
        for char in text:
            if count >= position.character:
                break
            count += units.client_num_units(char)
            points += 1
        return analysis.offset(position.line, points)

    async def hover(self, params: lsp.HoverParams) -> lsp.Hover | None:
        """Return what the name at a position becomes, with its evidence, and what is found there."""
        analysis = await self.look(params.text_document.uri)
        if analysis is None:
            return None
        at = self.offset(analysis, params.position)
        blocks: list[str] = []
        span: Span | None = None
        for _, target, file, index, ref, decision in analysis.references(at, at):
            if not blocks:
                span = ref.span
                proof = ref.proof.name.lower() if ref.proof is not None else self.words("lsp_own")
                library = ref.library or self.words("lsp_no_library")
                blocks.append(
                    self.words(
                        "lsp_name", name=ref.name, kind=ref.kind.value, library=library, proof=proof
                    )
                )
            found = [f for f in file.findings if index in f.references and not f.suppressed]
            notes = [f"{f.rule}: {message(f, self.language)}" for f in found]
            blocks.append("  \n".join([*said(target, ref, decision, self.words), *notes]))
        for plan, item in analysis.findings():
            if item.span.start <= at < item.span.end and not item.references:
                span = span or item.span
                title = load_text(item.rule, self.language).title
                blocks.append(
                    f"**{plan.target}@{plan.profile}** {item.rule}, {title}: {message(item, self.language)}"
                )
        if span is None:
            return None
        content = lsp.MarkupContent(lsp.MarkupKind.Markdown, "\n\n".join(blocks))
        return lsp.Hover(content, self.range(analysis, span))

    async def actions(self, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        """Return what can be done at a range: apply an edit or a fix, apply all of a target's,
        suppress a finding.
        """
        uri = params.text_document.uri
        analysis = await self.look(uri)
        if analysis is None:
            return []
        span = Span(
            self.offset(analysis, params.range.start), self.offset(analysis, params.range.end)
        )
        wanted = params.context.only
        made: list[lsp.CodeAction] = []
        for plan, _, file in analysis.plans:
            spec = f"{plan.target}@{plan.profile}"
            for changes in edits_at(file, span):
                place, new = changes[0]
                old = analysis.data[place.start : place.end].decode("utf-8", "replace")
                more = self.words("lsp_more", count=len(changes) - 1) if len(changes) > 1 else ""
                title = self.words(
                    "lsp_replace", old=repr(old), new=repr(new), more=more, target=spec
                )
                made.append(self._action(uri, analysis, title, changes))
            everything = all_edits(file)
            if everything:
                title = self.words("lsp_apply_all", count=len(everything), target=spec)
                made.append(self._action(uri, analysis, title, everything, FIX_ALL))
        seen: set[tuple[int, str]] = set()
        language = next((file.scan.language for _, _, file in analysis.plans), "")
        for _, item in analysis.findings():
            if item.span.start > span.end or span.start > item.span.end:
                continue
            if item.fix:
                changes = [(e.span, e.new.decode("utf-8", "replace")) for e in item.fix]
                made.append(
                    self._action(uri, analysis, self.words("lsp_fix", rule=item.rule), changes)
                )
            line = analysis.place(item.span.start)[0]
            if language and (line, item.rule) not in seen:
                seen.add((line, item.rule))
                points, text = suppression(analysis.line(line), item.rule, language)
                at = analysis.offset(line, points)
                made.append(
                    self._action(
                        uri,
                        analysis,
                        self.words("lsp_suppress", rule=item.rule),
                        [(Span(at, at), text)],
                    )
                )
        return [a for a in made if _asked(wanted, a.kind)]

    def _action(
        self,
        uri: str,
        analysis: Analysis,
        title: str,
        changes: Sequence[tuple[Span, str]],
        kind: str = lsp.CodeActionKind.QuickFix,
    ) -> lsp.CodeAction:
        edits = [
            lsp.TextEdit(self.range(analysis, s) if len(s) else self._point(analysis, s.start), new)
            for s, new in changes
        ]
        version = self.workspace.get_text_document(uri).version
        document = lsp.OptionalVersionedTextDocumentIdentifier(uri=uri, version=version)
        return lsp.CodeAction(
            title,
            kind=kind,
            edit=lsp.WorkspaceEdit(document_changes=[lsp.TextDocumentEdit(document, edits)]),
        )

    def _point(self, analysis: Analysis, offset: int) -> lsp.Range:
        return lsp.Range(self.position(analysis, offset), self.position(analysis, offset))


def _asked(wanted: Sequence[str] | None, kind: Any) -> bool:
    word = str(getattr(kind, "value", kind))
    return not wanted or any(
        word == str(w)
        or word.startswith(f"{getattr(w, 'value', w)}.")
        or word == getattr(w, "value", w)
        for w in wanted
    )


def make_server(targets: Sequence[str], language: str | None) -> Server:
    """Return a server for `targets`, or for those that each document's settings name. `language`:
    None is the client's.
    """
    server = Server(targets, language)

    @server.feature(lsp.INITIALIZE)
    def initialize(ls: Server, params: lsp.InitializeParams) -> None:
        ls.speak(params.locale)

    @server.feature(lsp.SHUTDOWN)
    def shutdown(ls: Server, params: None) -> None:
        ls.end()

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def opened(ls: Server, params: lsp.DidOpenTextDocumentParams) -> None:
        ls.renew(params.text_document.uri)
        await ls.publish(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    async def saved(ls: Server, params: lsp.DidSaveTextDocumentParams) -> None:
        ls.renew(params.text_document.uri)  # the settings may be what was saved
        await ls.publish(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(ls: Server, params: lsp.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        state = ls.state(uri)
        await asyncio.sleep(DELAY)
        if ls.state(uri) == state:  # not closed, and nothing typed or saved since
            await ls.publish(uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: Server, params: lsp.DidCloseTextDocumentParams) -> None:
        ls.renew(params.text_document.uri)
        ls.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(params.text_document.uri, [])
        )

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    async def hover(ls: Server, params: lsp.HoverParams) -> lsp.Hover | None:
        return await ls.hover(params)

    @server.feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        lsp.CodeActionOptions(
            code_action_kinds=[lsp.CodeActionKind.QuickFix, lsp.CodeActionKind.SourceFixAll]
        ),
    )
    async def actions(ls: Server, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        return await ls.actions(params)

    return server
