# SPDX-License-Identifier: Apache-2.0
"""Trees made to run a program, or to hide files, through git. Each attack is played.

`ran` is the file that the attacker's program makes. Where plain git falls for an attack the test
first shows that it does, so that it cannot pass for want of an attack.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from portkit.files import programs
from portkit.files.changes import changed_lines
from portkit.files.discovery import dirty_files
from portkit.files.discovery import discover as _discover
from portkit.files.git import git_top
from portkit.files.git_settings import configuration, read_settings
from portkit.languages.registry import Reads
from portkit.model.errors import PortkitError
from portkit.vocab.vocabulary import load_vocabulary

discover = functools.partial(_discover, reads=Reads(load_vocabulary()))

SECOND = [(2, 2)]
WHOLE = [(1, 1 << 60)]


def git(folder: Path, *arguments: str, **environment: str) -> str:
    command = ["git", "-c", "user.name=n", "-c", "user.email=n@example.org", *arguments]
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, **environment}
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, env=env)
    return done.stdout.decode()


def attempt(folder: Path, *arguments: str) -> None:
    """Run git as a user would, whatever comes of it."""
    subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with two files committed; `a.cu` has a second line since, `new.cu` is untracked."""
    root = tmp_path / "tree"
    (root / "sub").mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    for name in ("a.cu", "sub/b.cu"):
        (root / name).write_text("first\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "one")
    (root / "a.cu").write_text("first\nsecond\n")
    (root / "new.cu").write_text("x\n")
    return root


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    return tmp_path / "RAN"


@pytest.fixture
def evil(tmp_path: Path, ran: Path) -> Path:
    """The attacker's program: leaves its mark and passes its input on."""
    program = tmp_path / "evil.sh"
    program.write_text(f"#!/bin/sh\n: > '{ran}'\nexec cat\n")
    program.chmod(0o755)
    return program


def rels(*paths: Path, root: Path | None = None) -> list[str]:
    return [file.rel for file in discover(list(paths), root=root).files]


def check_tree(tree: Path) -> None:
    """Ask all that portkit asks git; the answers are those of the honest tree."""
    assert rels(tree) == ["a.cu", "new.cu", "sub/b.cu"]
    assert rels(tree / "sub") == ["sub/b.cu"]
    assert changed_lines(tree, "HEAD") == {"a.cu": SECOND, "new.cu": WHOLE}
    assert dirty_files(tree, ["new.cu", "sub/b.cu"]) == ["a.cu", "new.cu"]


# --- a folder that looks like a bare repository
# ----------------------------------------------------


@pytest.fixture
def bare(tree: Path, evil: Path) -> Path:
    """`sub` holds what makes a repository, with a filter that runs the program and an own root."""
    other = tree.parent / "other"
    shutil.copytree(tree / "sub", other)
    git(other, "init", "-q", "-b", "main")
    (other / ".gitattributes").write_text("* filter=evil\n")
    git(other, "add", "-A")
    git(other, "commit", "-qm", "theirs")
    for name in ("HEAD", "index", "objects", "refs"):
        source = other / ".git" / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tree / "sub" / name)
    config = (
        f"[core]\nrepositoryformatversion = 0\nbare = false\nworktree = .\n[filter "
        f"\"evil\"]\nclean = '{evil}'\nsmudge = '{evil}'\n"
    )
    (tree / "sub/config").write_text(config)
    (tree / "sub/.gitattributes").write_text("* filter=evil\n")
    (tree / "sub/portkit.toml").write_text("")
    os.utime(tree / "sub/b.cu", (1, 1))
    return tree / "sub"


def test_a_bare_repository_in_the_tree_is_a_folder(bare: Path, ran: Path) -> None:
    attempt(bare, "status")
    assert ran.exists(), "plain git falls for it"
    ran.unlink()
    assert rels(bare) == ["b.cu"]
    assert discover([bare]).root == bare
    assert "b.cu" not in changed_lines(bare, "HEAD")
    assert changed_lines(bare, "HEAD")["config"] == WHOLE
    assert dirty_files(bare, ["b.cu"]) == []
    (bare / "b.cu").write_text("first\nsecond\n")
    assert changed_lines(bare, "HEAD")["b.cu"] == WHOLE
    assert dirty_files(bare, ["b.cu"]) == ["b.cu"]
    assert not ran.exists()


@pytest.mark.parametrize("config", ["", "[core]\nworktree = .\n", "[core]\nbare = true\n", None])
@pytest.mark.parametrize("with_index", [True, False])
def test_it_hides_nothing(bare: Path, config: str | None, with_index: bool) -> None:
    (bare / "config").unlink()
    if config is not None:
        (bare / "config").write_text(config)
    if not with_index:
        (bare / "index").unlink()
    (bare / "info").mkdir()
    (bare / "info/exclude").write_text("*\n")
    (bare / "portkit.toml").unlink()
    (bare / "c.cu").write_text("x\n")
    assert rels(bare) == ["sub/b.cu", "sub/c.cu"]
    assert rels(bare.parent) == ["a.cu", "new.cu", "sub/b.cu", "sub/c.cu"]
    assert "c.cu" in changed_lines(bare, "HEAD")


def test_it_is_none_without_a_repository_around(bare: Path) -> None:
    shutil.rmtree(bare.parent / ".git")
    (bare / "info").mkdir()
    (bare / "info/exclude").write_text("*\n")
    assert rels(bare) == ["b.cu"]
    assert dirty_files(bare) is None
    with pytest.raises(PortkitError, match="needs git and a git tree"):
        changed_lines(bare, "HEAD")


# --- a hostile configuration, as in an unpacked archive
# ----------------------------------------------

ATTRIBUTES = "* filter=evil diff=evil merge=evil\n"
# (what the configuration says, what plain git does that falls for it; none: it takes more than
# reading)
CONFIGURATIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "filter clean": ("[filter \"evil\"]\nclean = '{evil}'\n", ("diff", "HEAD")),
    "filter process": ("[filter \"evil\"]\nprocess = '{evil}'\nrequired\n", ("diff", "HEAD")),
    "filter with a dot and an equals sign": ("[filter \"e=v.i l\"]\nclean = '{evil}'\n", ()),
    "textconv": ("[diff \"evil\"]\ntextconv = '{evil}'\n", ("diff", "HEAD")),
    "diff command": ("[diff \"evil\"]\ncommand = '{evil}'\n", ("diff", "HEAD")),
    "external diff": ("[diff]\nexternal = '{evil}'\n", ("diff", "HEAD")),
    "file system monitor": ("[core]\nfsmonitor = '{evil}'\n", ("status",)),
    "hooks": ("[core]\nhooksPath = {hooks}\n", ("update-index", "--refresh")),
    "include": ("[include]\npath = {included}\n", ("diff", "HEAD")),
    "conditional include": ('[includeIf "gitdir:/"]\npath = {included}\n', ("diff", "HEAD")),
    "alias": ("[alias]\nls-files = !{evil}\nstatus = !{evil}\nfoo = !{evil}\n", ("foo",)),
    "pager": ("[core]\npager = '{evil}'\n[pager]\ndiff = '{evil}'\n", ()),
    "programs": (
        "[core]\nsshCommand = '{evil}'\ngitProxy = '{evil}'\naskPass = '{evil}'\neditor = '{evil}'\n"
        "alternateRefsCommand = '{evil}'\n[credential]\nhelper = '!{evil}'\n[gpg]\nprogram = '{evil}'\n"
        "[uploadpack]\npackObjectsHook = '{evil}'\n[sequence]\neditor = '{evil}'\n",
        (),
    ),
    "split over files": ("[extensions]\nworktreeConfig\n", ("diff", "HEAD")),
}


@pytest.mark.parametrize("kind", CONFIGURATIONS)
def test_a_configuration_runs_nothing(tree: Path, ran: Path, evil: Path, kind: str) -> None:
    text, falls_for_it = CONFIGURATIONS[kind]
    hooks = tree.parent / "hooks"
    hooks.mkdir()
    shutil.copy(evil, hooks / "post-index-change")
    included = tree.parent / "included"
    included.write_text(f"[filter \"evil\"]\nclean = '{evil}'\n")
    (tree / ".git/config.worktree").write_text(f"[filter \"evil\"]\nclean = '{evil}'\n")
    config = tree / ".git/config"
    config.write_text(config.read_text() + text.format(evil=evil, hooks=hooks, included=included))
    if kind == "split over files":
        config.write_text(
            config.read_text().replace("repositoryformatversion = 0", "repositoryformatversion = 1")
        )
    (tree / ".git/info/attributes").write_text(ATTRIBUTES)
    os.utime(tree / "sub/b.cu", (1, 1))
    if falls_for_it:
        attempt(tree, *falls_for_it)
        assert ran.exists(), "plain git falls for it"
        ran.unlink()
        os.utime(tree / "sub/b.cu", (2, 2))
    # A file with a filter of which nothing is known counts as changed, and as a whole.
    assert rels(tree) == ["a.cu", "new.cu", "sub/b.cu"]
    assert rels(tree / "sub") == ["sub/b.cu"]
    assert changed_lines(tree, "HEAD") == {"a.cu": WHOLE, "new.cu": WHOLE}
    assert dirty_files(tree, ["new.cu", "sub/b.cu"]) == ["a.cu", "new.cu"]
    assert not ran.exists()


@pytest.mark.parametrize("url", ["{folder}/nowhere", "ext::{evil}", "file://{folder}", "evil::x"])
def test_a_missing_object_is_not_fetched(tree: Path, ran: Path, evil: Path, url: str) -> None:
    blob = git(tree, "rev-parse", "HEAD:a.cu").strip()
    (tree / ".git/objects" / blob[:2] / blob[2:]).unlink()
    config = tree / ".git/config"
    config.write_text(
        "[core]\nrepositoryformatversion = 1\n[extensions]\npartialClone = evil\n"
        f"[remote \"evil\"]\nurl = {url.format(folder=tree.parent, evil=evil)}\npromisor = true\n"
        f"uploadpack = '{evil}'\nvcs = evil\n[protocol]\nallow = always\n[protocol \"ext\"]\nallow = always\n"
    )  # fmt: skip
    assert rels(tree) == ["a.cu", "new.cu", "sub/b.cu"]
    assert dirty_files(tree) == ["a.cu"]
    with pytest.raises(PortkitError, match=r"git cannot read the repository: unable to read \w+"):
        changed_lines(tree, "HEAD")
    assert not ran.exists()


@pytest.mark.parametrize("value", ["/", "../..", "sub", "/nonexistent/x"])
def test_a_work_tree_elsewhere_is_not_this_one(tree: Path, value: str) -> None:
    git(tree, "config", "core.worktree", value)
    assert rels(tree) == ["a.cu", "new.cu", "sub/b.cu"]
    assert dirty_files(tree) is None


def test_a_work_tree_that_is_named_counts(tree: Path) -> None:
    git(tree, "config", "core.worktree", "..")
    (tree / ".git/sub").mkdir()
    git(tree, "config", "core.worktree", str(tree))
    check_tree(tree)


def test_broken_settings_are_one_line(tree: Path) -> None:
    (tree / ".git/config").write_text("[core\n")
    with pytest.raises(
        PortkitError, match="git cannot read the repository: fatal: bad config line 1"
    ):
        discover([tree])
    (tree / ".git/config").write_text(
        "[core]\nrepositoryformatversion = 1\n[extensions]\nweird = 1\n"
    )
    with pytest.raises(PortkitError, match="git cannot read the repository: warning: unknown"):
        dirty_files(tree)
    for listed in (
        b"local\0extensions.weird\n1\0local\0core.repositoryformatversion\n1",
        b"local\0core.repositoryformatversion\n2",
    ):
        with pytest.raises(PortkitError, match="does not know this form of git repository: "):
            configuration(read_settings(listed), False)


# --- .git that is a file, a link, or one too many
# ----------------------------------------------------


def with_git_elsewhere(tree: Path, kind: str) -> None:
    """Move the repository away and leave what leads to it."""
    place = tree if kind == "inside" else tree.parent
    (tree / ".git").rename(place / "evil.git")
    if kind == "inside":
        (tree / ".git").write_text("gitdir: evil.git\n")
        (tree / ".gitignore").write_text("evil.git\n.gitignore\n")
    elif kind == "file":
        (tree / ".git").write_text("gitdir: ../evil.git\n")
    elif kind == "link":
        (tree / ".git").symlink_to("../evil.git")
    else:
        (tree.parent / "pointer").write_text(f"gitdir: {tree.parent}/evil.git")
        (tree / ".git").symlink_to("../pointer")


@pytest.mark.parametrize("kind", ["inside", "file", "link", "link to a file"])
def test_a_git_that_leads_elsewhere(tree: Path, ran: Path, evil: Path, kind: str) -> None:
    git(tree, "config", "filter.evil.clean", str(evil))
    (tree / ".git/info/attributes").write_text("new.cu filter=evil\n")
    with_git_elsewhere(tree, kind)
    assert rels(tree) == ["a.cu", "new.cu", "sub/b.cu"]
    changed = changed_lines(tree, "HEAD")
    assert (changed["a.cu"], changed["new.cu"]) == (SECOND, WHOLE)
    assert dirty_files(tree, ["new.cu", "sub/b.cu"]) == ["a.cu", "new.cu"]
    assert not ran.exists()


@pytest.mark.parametrize(
    "content", ["", "gitdir: nowhere\n", "gitdir: \0\n", "x" * 9999, "gitdir: .git\n"]
)
def test_a_git_that_is_none_is_told(tree: Path, content: str) -> None:
    shutil.rmtree(tree / ".git")
    (tree / ".git").write_text(content)
    found = discover([tree])
    assert [file.rel for file in found.files] == ["a.cu", "new.cu", "sub/b.cu"]
    assert [(s.path, s.reason) for s in found.skipped] == [(".git", "unreadable")]
    assert dirty_files(tree) is None


def test_a_repository_does_not_take_over_what_the_one_around_it_tracks(
    tree: Path, ran: Path, evil: Path
) -> None:
    git(tree / "sub", "init", "-q")
    git(tree / "sub", "config", "filter.evil.clean", str(evil))
    git(tree / "sub", "commit", "-q", "--allow-empty", "-m", "theirs")
    (tree / "sub/.git/info/exclude").write_text("*\n")
    (tree / "sub/.gitattributes").write_text("* filter=evil\n")
    (tree / "sub/c.cu").write_text("x\n")
    assert rels(tree) == ["a.cu", "new.cu", "sub/b.cu", "sub/c.cu"]
    assert sorted(rels(tree / "sub")) == ["b.cu", "c.cu"]
    assert changed_lines(tree / "sub", "HEAD") == {".gitattributes": WHOLE, "c.cu": WHOLE}
    assert changed_lines(tree / "sub", "main")["c.cu"] == WHOLE
    assert dirty_files(tree / "sub", ["b.cu", "c.cu"]) == ["c.cu"]
    assert not ran.exists()


def test_nested_repositories_keep_their_own(tree: Path) -> None:
    """A submodule, a clone that is not tracked, one that is ignored, further work trees."""
    other = tree.parent / "other"
    git(tree, "clone", "-q", str(tree), str(other))
    git(
        tree,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        str(other),
        "module",
    )
    git(tree, "clone", "-q", str(tree), "clone")
    (tree / ".git/info/exclude").write_text("ignored\nlinked\n")
    git(tree, "clone", "-q", str(tree), "ignored/clone")
    git(tree, "worktree", "add", "-q", "linked", "-b", "further")
    git(tree, "worktree", "add", "-q", "--detach", str(tree.parent / "beside"))
    folders = [tree / name for name in ("module", "clone", "ignored/clone", "linked", "../beside")]
    for folder in folders:
        (folder / "a.cu").write_text("first\nsecond\n")
        (folder / "new.cu").write_text("x\n")
        check_tree(folder.resolve())
        assert discover([folder]).root == folder.resolve()
    assert rels(tree) == ["a.cu", "new.cu", "sub/b.cu"]
    reasons = {(s.path, s.reason) for s in discover([tree]).skipped}
    assert reasons == {
        ("module", "submodule"),
        ("clone", "submodule"),
        (".", "ignored"),
    }


def test_a_broken_repository_further_out_has_no_say(tree: Path) -> None:
    inner = tree / "inner"
    git(tree, "clone", "-q", str(tree), "inner")
    (tree / ".git/config").write_text("[core\n")
    assert rels(inner) == ["a.cu", "sub/b.cu"]


def test_a_home_that_is_a_repository(tree: Path) -> None:
    home = tree.parent
    git(home, "init", "-q")
    (home / ".gitignore").write_text("*\n!.profile\n")
    (home / ".profile").write_text("")
    git(home, "add", "-A")
    check_tree(tree)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_a_git_of_somebody_elses_does_not_count(tree: Path) -> None:
    shared = tree.parent
    git(shared, "init", "-q")
    (shared / ".git/info/exclude").write_text("*\n")
    (shared / ".gitignore").write_text("*\n")
    shutil.rmtree(tree / ".git")
    os.chown(shared / ".git", 54321, -1)
    assert git_top(tree) is None
    assert rels(tree) == ["a.cu", "new.cu", "sub/b.cu"]
    assert discover([tree]).path_base == "argument"
    # A checkout of one user that another one reads, as in a container: its folder is the owner's
    # too.
    os.chown(shared, 54321, -1)
    assert git_top(tree) == shared


# --- the environment
# -----------------------------------------------------------------------------------


ENVIRONMENTS = {
    "config": {
        "GIT_CONFIG_COUNT": "2",
        **{"GIT_CONFIG_KEY_0": "filter.evil.clean", "GIT_CONFIG_VALUE_0": "{evil}"},
        **{"GIT_CONFIG_KEY_1": "core.fsmonitor", "GIT_CONFIG_VALUE_1": "{evil}"},
    },
    "parameters": {"GIT_CONFIG_PARAMETERS": "'core.fsmonitor'='{evil}' 'diff.external'='{evil}'"},
    "external diff": {"GIT_EXTERNAL_DIFF": "{evil}", "GIT_PAGER": "{evil}", "GIT_DIFF_OPTS": "-u3"},
    "index of a partial commit": {"GIT_INDEX_FILE": ".git/next-index-1.lock"},
    "folder of a hook": {"GIT_DIR": ".git", "GIT_PREFIX": "sub/", "GIT_INDEX_FILE": ".git/index"},
    "another work tree": {
        "GIT_DIR": "/nowhere",
        "GIT_WORK_TREE": "/",
        "GIT_COMMON_DIR": "/nowhere",
    },
    "other objects": {
        "GIT_OBJECT_DIRECTORY": "/nowhere",
        "GIT_NAMESPACE": "x",
        "GIT_SHALLOW_FILE": "/x",
    },
    "other patterns": {
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_ICASE_PATHSPECS": "1",
        "GIT_CONFIG": "/nowhere",
    },
    "traces": {"GIT_TRACE": "{evil}", "GIT_TRACE2_EVENT": "{evil}", "GIT_TRACE_SETUP": "2"},
}


@pytest.mark.parametrize("kind", ENVIRONMENTS)
def test_the_environment_of_a_hook(
    tree: Path, ran: Path, evil: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in ENVIRONMENTS[kind].items():
        monkeypatch.setenv(key, value.format(evil=evil))
    before = evil.read_bytes()
    check_tree(tree)
    assert not ran.exists()
    assert evil.read_bytes() == before


def test_settings_of_the_environment_count(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`git -c core.excludesFile=... commit` hands its settings to the hook."""
    rules = tree.parent / "rules"
    rules.write_text("new.cu\n")
    for key, value in (("COUNT", "1"), ("KEY_0", "core.excludesFile"), ("VALUE_0", str(rules))):
        monkeypatch.setenv(f"GIT_CONFIG_{key}", value)
    assert rels(tree) == ["a.cu", "sub/b.cu"]


# --- a git that is not git
# -----------------------------------------------------------------------------


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a program called git in front; it answers `git config --list` as git does."""
    folder = tmp_path / "bin"
    folder.mkdir()
    real = shutil.which("git")

    def make(script: str) -> None:
        program = folder / "git"
        program.write_text(
            f'#!/bin/sh\ncase "$*" in *" config "*) exec {real} "$@";; esac\n{script}\n'
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return make


@pytest.mark.parametrize(
    "script",
    [
        "exec sleep 1000",
        "trap '' TERM; while :; do sleep 1; done",
        "sleep 1000 & exit 0",
        "exec >&- 2>&-; sleep 1000",
    ],
    ids=["sleeps", "minds no signal", "leaves a child that holds its output", "closes its output"],
)
def test_a_git_that_hangs(
    tree: Path, fake: Callable[[str], None], script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "SECONDS", 0.5)
    fake(script)
    for ask in (
        lambda: discover([tree]),
        lambda: dirty_files(tree),
        lambda: changed_lines(tree, "HEAD"),
    ):
        with pytest.raises(PortkitError, match=r"git did not end within 0\.5 seconds"):
            ask()


def test_a_git_that_prints_without_end(
    tree: Path, fake: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portkit.files.git_view.MOST", 1 << 20)
    fake("exec yes")
    with pytest.raises(PortkitError, match="git printed more than 1 MiB"):
        discover([tree])
    monkeypatch.setattr(programs, "SECONDS", 0.5)
    fake("yes >&2")
    with pytest.raises(PortkitError, match="did not end within"):
        discover([tree])


@pytest.mark.parametrize(
    "name", ["../o.cu", "/o.cu", "a/../../o.cu", "./a.cu", "x//a.cu", ".git/a.cu", "s/.GIT/a.cu"]
)
def test_names_that_git_prints_lie_in_the_tree(
    tree: Path, fake: Callable[[str], None], name: str
) -> None:
    (tree.parent / "o.cu").write_text("x\n")
    fake(f"printf 'a.cu\\0{name}\\0'")
    with pytest.raises(PortkitError, match="names a file outside of its tree"):
        discover([tree])


@pytest.mark.parametrize(
    "output",
    ["", "nonsense", "\\0\\0\\0", "0123456789\\n", "--upload-pack=x\\n", ":1 2 3 4 M\\0a\\0"],
)
def test_nonsense_is_an_error_or_nothing(
    tree: Path, fake: Callable[[str], None], output: str
) -> None:
    fake(f"printf -- '{output}'")
    with pytest.raises(PortkitError, match="git knows no revision 'HEAD'"):
        changed_lines(tree, "HEAD")
    if output.strip("\\0"):
        with pytest.raises(PortkitError, match="git lists its index in an unknown form"):
            dirty_files(tree)
    commit = "0" * 40
    fake(f"case \"$*\" in *rev-parse*) echo {commit};; *) printf -- '{output}';; esac")
    if output:
        with pytest.raises(PortkitError, match="git lists changes in an unknown form"):
            changed_lines(tree, "HEAD")


def test_words_of_git_are_no_orders(tree: Path, fake: Callable[[str], None]) -> None:
    fake("printf '\\033[31m::error::x\\r\\n::error::y\\n' >&2; exit 3")
    with pytest.raises(PortkitError) as raised:
        discover([tree])
    assert "git cannot read the repository: ?[31m::error::x? (" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_git_is_not_looked_for_in_the_tree(
    tree: Path, ran: Path, evil: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(evil, tree / "git")
    monkeypatch.chdir(tree)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}{os.environ['PATH']}")
    assert rels(tree) == ["a.cu", "new.cu", "sub/b.cu"]
    assert not ran.exists()


def test_without_git_the_tree_is_read(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tree.parent))
    found = discover([tree])
    assert [file.rel for file in found.files] == ["a.cu", "new.cu", "sub/b.cu"]
    assert not found.skipped
    assert dirty_files(tree) is None


# --- a hostile index, and files that are none
# ----------------------------------------------------------


def rename_in_index(tree: Path, old: bytes, new: bytes) -> None:
    """Write a name into the index that git would not."""
    index = tree / ".git/index"
    body = index.read_bytes()[:-20].replace(old, new)
    index.write_bytes(body + hashlib.sha1(body).digest())


@pytest.mark.parametrize("name", [b"../o.cu\0", b"/oooo.cu", b".git/cu\0"[:8]])
def test_an_index_names_no_file_outside(tree: Path, name: bytes) -> None:
    (tree.parent / "o.cu").write_text("x\n")
    rename_in_index(tree, b"sub/b.cu", name)
    with pytest.raises(PortkitError, match=r"\.git/index: names a file outside of its tree"):
        discover([tree])


def test_no_file_behind_a_link_is_read(tree: Path) -> None:
    outside = tree.parent / "outside"
    (tree / "sub").rename(outside)
    (tree / "sub").symlink_to(outside)
    found = discover([tree])
    assert [file.rel for file in found.files] == ["a.cu", "new.cu"]
    assert [(s.path, s.reason) for s in found.skipped] == [("sub", "symlink-outside")]
    assert "sub/b.cu" not in found.tree


@pytest.mark.parametrize(
    "name", ["info/exclude", "packed-refs", "FETCH_HEAD", "info/attributes", "shallow"]
)
def test_a_pipe_in_the_repository_is_passed_over(tree: Path, name: str) -> None:
    (tree / ".git" / name).unlink(missing_ok=True)
    os.mkfifo(tree / ".git" / name)
    check_tree(tree)


@pytest.mark.parametrize("name", ["HEAD", "index"])
def test_a_repository_with_a_pipe_for_its_heart_is_none(tree: Path, name: str) -> None:
    (tree / ".git" / name).unlink()
    os.mkfifo(tree / ".git" / name)
    found = discover([tree])
    assert [file.rel for file in found.files] == ["a.cu", "new.cu", "sub/b.cu"]
    assert (found.skipped[0].path, found.skipped[0].reason) == (".git", "unreadable")


SPECIAL = [
    "refs/heads/topic",
    "refs/tags/deep/er",
    "objects/info/alternates",
    "config",
    "config.worktree",
]


@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "link to a device"])
@pytest.mark.parametrize("name", SPECIAL)
def test_git_is_not_started_where_it_would_wait(
    tree: Path, name: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tree / ".git" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    if kind == "link to a device":
        place.symlink_to("/dev/zero")
    else:
        pipe = place if kind == "pipe" else tree.parent / "pipe"
        os.mkfifo(pipe)
        if pipe != place:
            place.symlink_to(pipe)
    started = list[object]()
    monkeypatch.setattr("portkit.files.git_view.run_program", lambda *given: started.append(given))
    for ask in (
        lambda: discover([tree]),
        lambda: dirty_files(tree),
        lambda: changed_lines(tree, "topic"),
    ):
        with pytest.raises(PortkitError, match="is no regular file"):
            ask()
    assert not started


KEYS = [
    *("[core]\nexcludesFile = {place}", "[core]\nattributesFile = {place}"),
    *("[include]\npath = {place}", '[includeIf "gitdir:/"]\npath = {place}'),
    '[includeIf "onbranch:main"]\npath = {place}',
]


@pytest.mark.parametrize("where", ["{tree}/p", "../p", "../../link", "~/p"])
@pytest.mark.parametrize("text", KEYS)
def test_a_pipe_that_the_repository_names_is_not_opened(
    tree: Path, text: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time is short so that a git that waits is an error, not a long test."""
    monkeypatch.setattr(programs, "SECONDS", 30.0)
    monkeypatch.setenv("HOME", str(tree))
    for name in ("p", "sub/p"):
        os.mkfifo(tree / name)
    (tree.parent / "link").symlink_to(tree / "p")
    config = tree / ".git/config"
    said = text.format(place=where.format(tree=tree))
    config.write_text(f"{config.read_text()}\n{said}\n")
    check_tree(tree)


@pytest.mark.parametrize("text", KEYS[:3])
@pytest.mark.parametrize("exists", [True, False])
def test_a_file_elsewhere_that_the_repository_names_has_no_say(
    tree: Path, text: str, exists: bool
) -> None:
    host = tree.parent / "host"
    if exists:
        host.write_text(
            "[core]\nexcludesFile = host\n"
            if "include" in text
            else "new.cu\nnew.cu linguist-generated\n"
        )
    config = tree / ".git/config"
    config.write_text(f"{config.read_text()}\n{text.format(place=host)}\n")
    check_tree(tree)


def test_a_file_in_the_tree_that_the_repository_names_counts(tree: Path) -> None:
    (tree / "rules").write_text("new.cu\n")
    git(tree, "config", "core.excludesFile", "rules")
    assert rels(tree) == ["a.cu", "sub/b.cu"]


def test_files_that_the_user_includes_count(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rules").write_text("new.cu\n")
    (tmp_path / "more").write_text("[core]\nexcludesFile = ~/rules\n")
    (tmp_path / "settings").write_text("[include]\npath = more\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "settings"))
    assert rels(tree) == ["a.cu", "sub/b.cu"]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no device of zeros here")
def test_git_does_not_take_all_memory(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("resource")
    monkeypatch.setattr(programs, "MEMORY", 1 << 28)
    (tree / "large").write_bytes(b"")
    os.truncate(tree / "large", 1 << 40)
    (tree / ".git/refs/heads/topic").symlink_to(tree / "large")
    with pytest.raises(PortkitError, match="git knows no revision 'topic': fatal: Out of memory"):
        changed_lines(tree, "topic")


# --- what .gitattributes and content say about lines
# -----------------------------------------------------


@pytest.mark.parametrize(
    "attribute", ["-diff", "binary", "diff=x", "diff=cpp", "-text", "[attr]diff -diff"]
)
def test_attributes_hide_no_changed_line(tree: Path, attribute: str) -> None:
    (tree / ".gitattributes").write_text(f"* {attribute}\n*.cu {attribute}\n")
    assert changed_lines(tree, "HEAD")["a.cu"] == SECOND


def test_a_zero_byte_hides_no_changed_line(tree: Path) -> None:
    (tree / "a.cu").write_text("first\nsecond \0\n")
    assert changed_lines(tree, "HEAD")["a.cu"] == SECOND


@pytest.mark.parametrize(
    "content", [b"// a\rint b;\rfirst\nsecond\n", b"\xff\xfef\0\n\0\x0a\x01\n\0"]
)
def test_lines_that_git_counts_otherwise(tree: Path, content: bytes) -> None:
    """A carriage return alone ends a line here, and two bytes of UTF-16 may hold a line feed."""
    (tree / "a.cu").write_bytes(content)
    assert changed_lines(tree, "HEAD")["a.cu"] == WHOLE


def test_lines_of_a_patch_are_no_headers(tree: Path) -> None:
    (tree / "a.cu").write_text(
        "first\n++ b/sub/b.cu\n@@ -1 +1,999 @@\ndiff --git a/q b/q\n-- a/x\n"
    )
    assert changed_lines(tree, "HEAD") == {"a.cu": [(2, 5)], "new.cu": WHOLE}


# --- what is left behind
# -----------------------------------------------------------------------------------


def test_nothing_is_left_in_the_temporary_folder(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tree.parent / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)
    before = {path.name: path.lstat().st_mtime_ns for path in (tree / ".git").iterdir()}
    check_tree(tree)
    with pytest.raises(PortkitError):
        changed_lines(tree, "nowhere")
    assert not list(temporary.iterdir())
    assert {path.name: path.lstat().st_mtime_ns for path in (tree / ".git").iterdir()} == before


def test_few_modules_start_programs(repository: Path) -> None:
    package = repository / "src/portkit"
    starts = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if any(
            word in path.read_text(encoding="utf-8")
            for word in ("import subprocess", "os.system", "Popen", "execv")
        )
    }
    # the last ones run what `build-check` was asked to run
    check = {f"buildcheck/{name}.py" for name in ("commands", "empty", "stand_in")}
    assert starts == {"files/programs.py", "run/compiler.py", *check}
