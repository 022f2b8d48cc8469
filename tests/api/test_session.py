# SPDX-License-Identifier: Apache-2.0
"""Session: what each call gives, that a tree is read once, that the command line says the same."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import portkit
from portkit import Options, Session
from portkit.cli.main import run_line
from portkit.model.errors import PortkitError
from portkit.model.plans import Plan
from portkit.model.words import Action
from portkit.run import contents, pipeline

ONE = Options(jobs=1)


def decided(plan: Plan) -> dict[str, Action]:
    """Return what happens to each name of a plan's only file."""
    (file,) = plan.files
    pairs = zip(file.scan.references, file.decisions, strict=True)
    return {ref.name: decision.action for ref, decision in pairs}


def test_nothing_is_loaded_before_it_is_asked_for() -> None:
    code = (
        "import sys, portkit\n"
        "assert portkit.__version__\n"
        "print(*sorted(m for m in sys.modules if m.startswith('portkit.')))\n"
        "from portkit import Options, Session\n"
        "assert Session.__module__ == 'portkit.api.session'\n"
        "print(*sorted(m for m in sys.modules if m in ('click', 'rich', 'jinja2', 'clang')))\n"
    )
    env = {"PYTHONPATH": str(Path(portkit.__file__).parent.parent)}
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, env=env, capture_output=True, check=True).stdout == b"\n\n"


def test_the_package_names_its_surface() -> None:
    assert {"Options", "Session", "__version__"} <= set(dir(portkit))
    stub = Path(portkit.__file__).with_suffix(".pyi").read_text(encoding="utf-8")
    assert str(sorted(portkit.__all__)).replace("'", '"') in stub
    with pytest.raises(AttributeError, match="no attribute 'Sesion'"):
        getattr(portkit, "Sesion")  # noqa: B009


def test_scan_plans_and_changes(tree: Path) -> None:
    session = Session(tree, ONE, "musa")
    assert [f.path for f in session.scan().files] == ["a.cu"]
    (plan,) = session.plans()
    assert (plan.target, session.root) == ("musa", tree)
    assert decided(plan) == {
        "cuda_runtime.h": Action.EDIT,
        "cudaMalloc": Action.EDIT,
        "cudaFree": Action.EDIT,
        "cudaMadeUp": Action.MANUAL,
    }
    (change,) = session.changes()
    assert change.before == (tree / "a.cu").read_bytes() == session.read("a.cu")
    assert b"musaMalloc(&p, 4); musaFree(p); cudaMadeUp(p)" in change.after
    assert session.migration().patch().startswith(b"diff --git a/a.cu b/a.cu\n")


def test_a_tree_is_read_once(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    whole = pipeline.scan_paths

    def counted(*args: object) -> object:
        seen.append(args[2])
        return whole(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("portkit.api.reading.scan_paths", counted)
    session = Session([tree], ONE, ["musa", "maca"])
    assert len(session.plans()) == len(session.assessments()) == len(session.document().plans) == 2
    assert session.changes("musa") and session.changes("maca") and session.scan().files
    assert len(seen) == 1 and seen[0] is not None  # planned while it was read


def test_plans_are_the_same_however_they_are_asked_for(tree: Path) -> None:
    ahead, after = Session([tree], ONE, ["musa"]), Session([tree], ONE, ["musa"])
    after.scan()
    assert ahead.plans() == after.plans()


def test_the_report_is_that_of_the_command_line(
    tree: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    options = Options.load([tree]).given(jobs=1)
    for form in ("json", "text", "sarif"):
        out = io.StringIO()
        Session([tree], options, ["musa"]).report(form, out, colour=False)
        assert run_line(["report", str(tree), "--to", "musa", "-j", "1", "--format", form]) == 0
        assert out.getvalue() == capfd.readouterr().out and out.getvalue()


def test_the_document_has_what_the_json_has(tree: Path) -> None:
    session = Session([tree], ONE, ["musa"])
    (plan,) = session.document().plans
    ref = next(r for r in plan.files[0].references if r.decision == "manual")
    assert (ref.name, ref.line, ref.column) == ("cudaMadeUp", 2, 51)
    assert plan.summary.readiness == session.assessments()[0][1].summary.readiness


def test_reports_go_to_files_and_speak_a_language(tree: Path, tmp_path: Path) -> None:
    session = Session([tree], Options(jobs=1, language="zh"), ["musa"])
    session.report("markdown", tmp_path / "r.md")
    session.report("markdown", str(tmp_path / "zh.md"), language="zh")
    english, chinese = ((tmp_path / n).read_text(encoding="utf-8") for n in ("r.md", "zh.md"))
    assert english.isascii() != chinese.isascii()
    text = io.StringIO()
    session.report("text", text)
    assert not text.getvalue().isascii()


def test_a_copy_is_written_outside_and_only_there(tree: Path, tmp_path: Path) -> None:
    session, before = Session([tree], ONE, ["musa"]), (tree / "a.cu").read_bytes()
    copied = session.migration().copy_to(tmp_path / "out")
    assert (copied.files, copied.left_out) == (2, ())  # the configuration too
    assert b"musaMalloc" in (tmp_path / "out" / "a.cu").read_bytes()
    assert (tree / "a.cu").read_bytes() == before
    with pytest.raises(PortkitError, match="not empty"):
        session.migration().copy_to(tmp_path / "out")
    with pytest.raises(PortkitError, match="is the tree itself"):
        session.migration().copy_to(tree, force=True)


def test_writing_over_the_tree_can_be_undone(tree: Path, capfd: pytest.CaptureFixture[str]) -> None:
    migration, before = Session([tree], ONE, ["musa"]).migration(), (tree / "a.cu").read_bytes()
    with pytest.raises(PortkitError, match="not in a git tree; nothing was written"):
        migration.write_in_place()
    assert (tree / "a.cu").read_bytes() == before
    assert migration.write_in_place(allow_dirty=True) == 1
    assert b"musaMalloc" in (tree / "a.cu").read_bytes()
    assert Session([tree], ONE, ["musa"]).changes() == []
    assert run_line(["migrate", str(tree), "--undo"]) == 0 and "1 files" in capfd.readouterr().err
    assert (tree / "a.cu").read_bytes() == before


def test_the_way_back(tree: Path) -> None:
    before = (tree / "a.cu").read_bytes()
    (tree / "a.cu").write_bytes(Session([tree], ONE, ["musa"]).changes()[0].after)
    session = Session([tree], ONE, source="musa")
    assert [t.spec for t in session.targets] == ["cuda@from-musa-mp_31"]
    assert [c.after for c in session.changes()] == [before]


def test_header_strategy_creates_and_renames_nothing(tree: Path) -> None:
    migration = Session([tree], Options(jobs=1, strategy="header"), ["musa"]).migration()
    assert migration.changes == [] and migration.remade == []
    assert {path.split("/")[0] for path, _ in migration.created} == {"portkit_compat"}


def test_texts_stand_in_for_files(tree: Path) -> None:
    texts = {(tree / "a.cu").resolve(): b"void g() { cudaDeviceSynchronize(); }\n"}
    session = Session([tree / "a.cu"], ONE, ["musa"], texts=texts)
    assert list(decided(session.plans()[0])) == ["cudaDeviceSynchronize"]
    assert b"musaDeviceSynchronize" in session.changes()[0].after


def test_progress_and_warnings_are_called(tree: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    warned: list[str] = []
    session = Session([tree], ONE, progress=lambda done, total: told.append((done, total)))
    session.scan()
    assert told and told[-1] == (1, 1)
    (tmp_path / "empty").mkdir()
    empty = Session([tmp_path / "empty"], ONE, ["musa"], warn=warned.append)
    assert empty.scan().files == () and [p.files for p in empty.plans()] == [()]
    assert warned == ["nothing found to read"]


def test_known_findings_are_exempt(tree: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "known.json"
    line = ["baseline", str(tree), "--to", "musa", "-j", "1", "--write", "--baseline"]
    assert run_line([*line, str(baseline)]) == 0
    found = [f for p in Session([tree], ONE, ["musa"]).plans() for f in p.files[0].findings]
    options = Options(jobs=1, baseline=baseline)
    known = Session([tree], options, ["musa"]).plans()[0].files[0].findings
    assert found and {f.exempt for f in found} == {""} and {f.exempt for f in known} == {"baseline"}


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda tree: Session([tree], ONE).plans(), "no target"),
        (lambda tree: Session([tree], ONE, ["mussa"]).plans(), "unknown target 'mussa'"),
        (lambda tree: Session([tree / "no"], ONE).scan(), "no: "),
        (lambda tree: Session([tree], ONE, ["musa", "maca"]).changes(), "says not which target"),
        (lambda tree: Session([tree], ONE, ["musa"]).changes("maca"), "no target of this session"),
        (lambda tree: Session([tree], ONE, ["musa"]).report("word"), "unknown format 'word'"),
        (lambda tree: Session([tree], Options(compile_db=tree)).scan(), "no compile database"),
    ],
)
def test_a_mistake_is_one_line(tree: Path, act: Callable[[Path], object], said: str) -> None:
    with pytest.raises(PortkitError) as error:
        act(tree)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_a_file_that_changed_meanwhile_is_refused(
    tree: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(contents, "HELD_BYTES", 0)  # else small files stay in memory as they were
    session = Session([tree], ONE, ["musa"])
    session.plans()
    (tree / "a.cu").write_text("int x;\n", encoding="utf-8")
    with pytest.raises(PortkitError, match=r"a\.cu: changed while portkit ran"):
        session.changes()
