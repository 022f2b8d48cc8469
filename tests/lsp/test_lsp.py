# SPDX-License-Identifier: Apache-2.0
"""`portkit lsp` with a real client over standard input and output: diagnostics, hover, code
actions, UTF-16 columns.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls", reason="pygls is not installed (portkit[lsp])")

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

from portkit.lsp.document import suppression

ROOT = Path(__file__).resolve().parents[2]
SOURCE = (
    "#include <cuda_runtime.h>\n"
    '/* 𠮷𠮷𠮷 你好 */ int f(void *p) { const char *s = "𠮷"; cudaFree(p); cudaFooBar(p); return 0; }\n'
    "#define TWICE(x) cudaMadeUp(x); \\\n  cudaFree(x)\n"
)


class Client:
    """A client that keeps the diagnostics and messages it got."""

    def __init__(self, tree: Path) -> None:
        self.tree, self.client = tree, LanguageClient("test", "1")
        self.got: asyncio.Queue[lsp.PublishDiagnosticsParams] = asyncio.Queue()
        self.said: list[str] = []

        @self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def diagnostics(params: lsp.PublishDiagnosticsParams) -> None:
            self.got.put_nowait(params)

        @self.client.feature(lsp.WINDOW_SHOW_MESSAGE)
        def message(params: lsp.ShowMessageParams) -> None:
            self.said.append(params.message)

    async def start(
        self,
        *arguments: str,
        encodings: list[lsp.PositionEncodingKind | str] | None = None,
        program: Sequence[str] = ("-m", "portkit"),
        locale: str | None = None,
        **variables: str,
    ) -> lsp.InitializeResult:
        env = {**os.environ, "HOME": str(self.tree.parent), "PORTKIT_LANG": "en", **variables}
        if (ROOT / "src").is_dir():
            env["PYTHONPATH"] = str(ROOT / "src")
        await self.client.start_io(sys.executable, *program, "lsp", "--stdio", *arguments, env=env)
        general = lsp.GeneralClientCapabilities(position_encodings=encodings)
        capabilities = lsp.ClientCapabilities(general=general)
        params = lsp.InitializeParams(capabilities, root_uri=self.tree.as_uri(), locale=locale)
        result = await self.client.initialize_async(params)
        self.client.initialized(lsp.InitializedParams())
        return result

    async def open(self, name: str) -> lsp.PublishDiagnosticsParams:
        self.begin(name, (self.tree / name).read_text(encoding="utf-8"))
        return await self.published()

    def begin(self, name: str, text: str) -> None:
        item = lsp.TextDocumentItem(self.uri(name), "cuda-cpp", 1, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))

    def change(self, name: str, version: int, text: str) -> None:
        versioned = lsp.VersionedTextDocumentIdentifier(uri=self.uri(name), version=version)
        changes = [lsp.TextDocumentContentChangeWholeDocument(text)]
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(versioned, changes))

    async def published(self) -> lsp.PublishDiagnosticsParams:
        return await asyncio.wait_for(self.got.get(), 20)

    def uri(self, name: str) -> str:
        return (self.tree / name).as_uri()

    def document(self, name: str) -> lsp.TextDocumentIdentifier:
        return lsp.TextDocumentIdentifier(self.uri(name))

    async def hover(self, name: str, line: int, character: int) -> lsp.Hover | None:
        return await self.client.text_document_hover_async(
            lsp.HoverParams(self.document(name), lsp.Position(line, character))
        )

    async def actions(
        self, name: str, line: int, character: int, only: list[str] | None = None
    ) -> dict[str, lsp.CodeAction]:
        place = lsp.Range(lsp.Position(line, character), lsp.Position(line, character))
        params = lsp.CodeActionParams(
            self.document(name), place, lsp.CodeActionContext([], only=only)
        )
        found = await self.client.text_document_code_action_async(params)
        return {a.title: a for a in found or [] if isinstance(a, lsp.CodeAction)}

    async def stop(self) -> None:
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await asyncio.wait_for(self.client.stop(), 30)


@pytest.fixture
def session(tmp_path: Path) -> Callable[..., None]:
    """Run an async test against a server for a tree of one file, a.cu, with MUSA configured."""
    tree = tmp_path / "tree é"
    tree.mkdir()
    (tree / "portkit.toml").write_text('targets = ["musa"]\n')
    (tree / "a.cu").write_text(SOURCE, encoding="utf-8")

    def run(test: Callable[[Client], Awaitable[None]], *arguments: str, **options: Any) -> None:
        async def whole() -> None:
            client = Client(tree)
            await client.start(*arguments, **options)
            try:
                await test(client)
            finally:
                await client.stop()

        asyncio.run(whole())

    return run


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def columns(line: int, name: str) -> tuple[int, int]:
    text = SOURCE.splitlines()[line]
    start = text.index(name)
    return units(text[:start]), units(text[: start + len(name)])


def applied(text: str, action: lsp.CodeAction) -> str:
    """Apply an action's edits to a text, by UTF-16 columns."""
    assert action.edit is not None and action.edit.document_changes is not None
    change = action.edit.document_changes[0]
    assert isinstance(change, lsp.TextDocumentEdit) and change.text_document.version is not None
    lines = text.splitlines(keepends=True)

    def offset(position: lsp.Position) -> int:
        line = lines[position.line].encode("utf-16-le")
        return sum(map(len, lines[: position.line])) + len(
            line[: 2 * position.character].decode("utf-16-le")
        )

    for edit in sorted(change.edits, key=lambda e: (-e.range.start.line, -e.range.start.character)):
        assert isinstance(edit, lsp.TextEdit)
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text


def test_diagnostics_on_open_change_save_and_close(session: Callable[..., None]) -> None:
    async def test(client: Client) -> None:
        first = await client.open("a.cu")
        unknown = next(d for d in first.diagnostics if "cudaFooBar" in d.message)
        start, end = columns(1, "cudaFooBar")
        assert (
            unknown.code == "PK102"
            and unknown.source == "portkit"
            and unknown.severity is lsp.DiagnosticSeverity.Warning
        )
        assert unknown.range == lsp.Range(lsp.Position(1, start), lsp.Position(1, end))

        client.change("a.cu", 2, SOURCE.replace("cudaFooBar(p);", ""))
        second = await client.published()
        assert second.version == 2 and not any(
            "cudaFooBar" in d.message for d in second.diagnostics
        )
        assert any("cudaMadeUp" in d.message for d in second.diagnostics)

        (client.tree / "portkit.toml").write_text('targets = ["musa", "maca"]\n')
        client.client.text_document_did_save(lsp.DidSaveTextDocumentParams(client.document("a.cu")))
        third = await client.published()
        assert {d.message.split(":")[0] for d in third.diagnostics} == {"musa@mp_31", "maca@native"}

        client.client.text_document_did_close(
            lsp.DidCloseTextDocumentParams(client.document("a.cu"))
        )
        assert not (await client.published()).diagnostics

    session(test)


def test_hover_says_what_a_name_becomes_and_why(session: Callable[..., None]) -> None:
    async def test(client: Client) -> None:
        await client.open("a.cu")
        start, end = columns(1, "cudaFree")
        hover = await client.hover("a.cu", 1, start + 3)
        assert hover is not None and isinstance(hover.contents, lsp.MarkupContent)
        text = hover.contents.value
        assert "`cudaFree`: function of runtime, proved" in text and "becomes `musaFree`" in text
        assert "exists: " in text and "source: " in text
        assert hover.range == lsp.Range(lsp.Position(1, start), lsp.Position(1, end))
        unknown = await client.hover("a.cu", 1, columns(1, "cudaFooBar")[0])
        assert unknown is not None and isinstance(unknown.contents, lsp.MarkupContent)
        assert (
            "needs a person (unknown)" in unknown.contents.value
            and "PK102" in unknown.contents.value
        )
        assert await client.hover("a.cu", 1, columns(1, "return")[0]) is None
        assert await client.hover("a.cu", 99, 0) is None

    session(test)


def test_actions_apply_edits(session: Callable[..., None]) -> None:
    async def test(client: Client) -> None:
        await client.open("a.cu")
        found = await client.actions("a.cu", 1, columns(1, "cudaFree")[0] + 1)
        one = found["Replace 'cudaFree' by 'musaFree' (musa@mp_31)"]
        assert applied(SOURCE, one) == SOURCE.replace("cudaFree(p)", "musaFree(p)")
        everything = next(a for title, a in found.items() if title.startswith("Apply all"))
        assert applied(SOURCE, everything) == SOURCE.replace("cudaFree", "musaFree").replace(
            "cuda_runtime", "musa_runtime"
        )
        only = await client.actions("a.cu", 1, columns(1, "cudaFree")[0], only=["source.fixAll"])
        assert list(only) == [everything.title] and everything.kind == "source.fixAll.portkit"

    session(test)


def test_actions_suppress_and_the_finding_goes(session: Callable[..., None]) -> None:
    async def test(client: Client) -> None:
        await client.open("a.cu")
        text, version = SOURCE, 1
        for line, name in ((1, "cudaFooBar"), (2, "cudaMadeUp")):
            found = await client.actions("a.cu", line, columns(line, name)[0])
            text = applied(text, found["Suppress PK102 on this line"])
            version += 1
            client.change("a.cu", version, text)
            left = await client.published()
            assert not any(name in d.message for d in left.diagnostics), text
        assert "cudaMadeUp(x); /* portkit: ignore[PK102] */ \\\n" in text

    session(test)


def test_utf8_columns_when_the_client_asks(session: Callable[..., None]) -> None:
    async def test(client: Client) -> None:
        first = await client.open("a.cu")
        unknown = next(d for d in first.diagnostics if "cudaFooBar" in d.message)
        line = SOURCE.splitlines()[1]
        assert unknown.range.start.character == len(line[: line.index("cudaFooBar")].encode())

    session(test, encodings=[lsp.PositionEncodingKind.Utf8])


def test_settings_at_fault_are_said_once(session: Callable[..., None]) -> None:
    async def test(client: Client) -> None:
        (client.tree / "portkit.toml").write_text("target = ['musa']\n")
        assert not (await client.open("a.cu")).diagnostics
        client.client.text_document_did_save(lsp.DidSaveTextDocumentParams(client.document("a.cu")))
        assert not (await client.published()).diagnostics
        assert len(client.said) == 1 and "did you mean 'targets'?" in client.said[0]
        (client.tree / "portkit.toml").write_text("")
        client.client.text_document_did_save(lsp.DidSaveTextDocumentParams(client.document("a.cu")))
        await client.published()
        assert "no target" in client.said[-1]

    session(test)


def test_targets_of_the_command_line(session: Callable[..., None]) -> None:
    async def test(client: Client) -> None:
        await client.open("a.cu")
        hover = await client.hover("a.cu", 1, columns(1, "cudaFree")[0])
        assert hover is not None and isinstance(hover.contents, lsp.MarkupContent)
        assert "mcFree" in hover.contents.value and "musaFree" not in hover.contents.value

    session(test, "--to", "maca")


def texts(hover: lsp.Hover | None) -> str:
    assert hover is not None and isinstance(hover.contents, lsp.MarkupContent)
    return hover.contents.value


# The server, but for a text with WAIT the analysis waits for a file; each analysis is written down
# as it begins.
HELD = """
import sys, time
from pathlib import Path
import portkit.lsp.server as server
folder, analyse = Path(sys.argv.pop(1)), server.analyse
def held(path, text, targets):
    with (folder / "begun").open("a") as out:
        print(text.partition(chr(10))[0], file=out)
    while "WAIT" in text and not (folder / "gate").exists():
        time.sleep(0.01)
    return analyse(path, text, targets)
server.analyse = held
from portkit.cli.start import main
main()
"""


@pytest.fixture
def held(tmp_path: Path) -> dict[str, Any]:
    """Options of a session whose server waits with a text that says so, until tmp_path/gate is
    there.
    """
    return {"program": ("-c", HELD, str(tmp_path))}


def test_the_editor_is_answered_while_a_text_is_read(
    session: Callable[..., None], held: dict[str, Any], tmp_path: Path
) -> None:
    async def test(client: Client) -> None:
        (client.tree / "b.cu").write_text(SOURCE, encoding="utf-8")
        await client.open("a.cu")
        client.begin("b.cu", f"// WAIT\n{SOURCE}")
        assert "musaFree" in texts(await client.hover("a.cu", 1, columns(1, "cudaFree")[0]))
        assert await client.actions("a.cu", 1, columns(1, "cudaFree")[0])
        assert client.got.empty()
        (tmp_path / "gate").touch()
        late = await client.published()
        assert late.uri == client.uri("b.cu") and late.diagnostics

    session(test, **held)


def test_diagnostics_of_an_old_text_are_never_sent(
    session: Callable[..., None], held: dict[str, Any], tmp_path: Path
) -> None:
    async def test(client: Client) -> None:
        client.begin("a.cu", f"// 1 WAIT\n{SOURCE}")
        while not (tmp_path / "begun").exists():
            await asyncio.sleep(0.01)
        hovers = []
        for version in (2, 3):
            client.change("a.cu", version, f"// {version}\n{SOURCE}")
            hovers.append(asyncio.create_task(client.hover("a.cu", 2, columns(1, "cudaFree")[0])))
            await asyncio.sleep(0)
        await asyncio.sleep(1)  # longer than the server waits after a key stroke
        assert client.got.empty()
        (tmp_path / "gate").touch()
        assert (await client.published()).version == 3
        assert await hovers[0] is None and "musaFree" in texts(await hovers[1])
        assert "musaFree" in texts(await client.hover("a.cu", 2, columns(1, "cudaFree")[0]))
        assert client.got.empty()
        assert (tmp_path / "begun").read_text().splitlines() == ["// 1 WAIT", "// 3"]

    session(test, **held)


def test_a_closed_document_gets_no_diagnostics(
    session: Callable[..., None], held: dict[str, Any], tmp_path: Path
) -> None:
    async def test(client: Client) -> None:
        client.begin("a.cu", f"// WAIT\n{SOURCE}")
        client.client.text_document_did_close(
            lsp.DidCloseTextDocumentParams(client.document("a.cu"))
        )
        assert not (await client.published()).diagnostics
        client.begin("a.cu", "int other;\n")  # the same version of another text
        (tmp_path / "gate").touch()
        reopened = await client.published()
        assert reopened.version == 1 and not reopened.diagnostics
        assert await client.hover("a.cu", 0, 4) is None and client.got.empty()

    session(test, **held)


@pytest.mark.parametrize(
    ("chinese", "arguments", "options"),
    [
        (True, (), {"locale": "zh-CN", "PORTKIT_LANG": ""}),
        (True, (), {"locale": "zh-cn", "PORTKIT_LANG": "", "LC_ALL": "C"}),
        (True, (), {"PORTKIT_LANG": "", "LC_ALL": "zh_CN.UTF-8"}),
        (True, (), {"locale": "en", "PORTKIT_LANG": "zh"}),
        (True, ("--lang", "zh"), {"locale": "en", "PORTKIT_LANG": "en"}),
        (False, (), {"locale": "fr", "PORTKIT_LANG": "", "LC_ALL": "zh_CN.UTF-8"}),
        (False, ("--lang", "en"), {"locale": "zh-CN", "PORTKIT_LANG": "zh"}),
    ],
)
def test_the_editors_language(
    session: Callable[..., None], chinese: bool, arguments: tuple[str, ...], options: dict[str, str]
) -> None:
    async def test(client: Client) -> None:
        first = await client.open("a.cu")
        hover = texts(await client.hover("a.cu", 1, columns(1, "cudaFooBar")[0]))
        titles = await client.actions("a.cu", 1, columns(1, "cudaFooBar")[0])
        shown = (
            [d.message for d in first.diagnostics if d.code == "PK102"]
            + list(filter(None, hover.splitlines()[:3]))
            + list(titles)
        )
        assert len(shown) > 5
        assert all(any("\u4e00" <= c <= "\u9fff" for c in text) is chinese for text in shown), shown

    session(test, *arguments, **options)


def test_without_pygls_the_error_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "pygls.py").write_text("raise ImportError('No module named pygls', name='pygls')\n")
    path = os.pathsep.join([str(tmp_path), str(ROOT / "src")])
    done = subprocess.run(
        [sys.executable, "-m", "portkit", "lsp"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (
        done.returncode == 2
        and "pip install '.[lsp]'" in done.stderr
        and "Traceback" not in done.stderr
    )


def test_suppression_of_a_line_that_goes_on() -> None:
    assert suppression("  f(); ", "PK1") == (6, "  // portkit: ignore[PK1]")
    assert suppression("  f();  \\", "PK1") == (6, " /* portkit: ignore[PK1] */")
