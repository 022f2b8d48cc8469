# SPDX-License-Identifier: Apache-2.0
"""A target's import.toml, and the short ids of sources."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

PART = re.compile(
    r"(?:use: )?(?:(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<commit>\w+))?:(?P<path>[\w./@+*-]*[A-Za-z][\w./@+*-]*)"
    r"|(?P<site>[\w-]+(?:\.[\w-]+)+)/(?P<page>[\w./-]+))(?P<rest>.*)",
    re.A,
)
BARE = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<commit>\w+))?", re.A)
INDEX = re.compile(r"index ids? (\d+)")
COPY = re.compile(r"index ids? (\d+)", re.A)
BRANCH = re.compile(r"\(branch [\w.-]+\)", re.A)  # a commit needs none
OWN = re.compile(r"product source ids? ([\w-]+)", re.A)  # of a table made before
THREAD = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+) (?P<what>(?:PR|issue) \d+).*", re.A)
# What evidence notes say of how they were gathered, not of the name.
NOISE = re.compile(
    r"source alias \([^)]*\)|observed in \d+ repo\(s\), e\.g\. \S+|observed=0 "
    r"\([^)]*\)|CONFLICT[^;]*|GitHub-stored copy, "
    r"|index id \d+|unchanged(?=;|$)|Python-source rule[^;]*|substring rule[^;]*(?:; torchada applies[^;]*)?"
    r"|PyTorch extension rule|regex rule in source|NO EQUIVALENT: "
    r"|pair inferred by the prefix rule(?:; target name seen)?|\(see other row\)"
)


class Settings:
    """TARGET_DIR/import.toml, all parts optional.

    commits: repository -> commit read. ids: short id -> source as the evidence spells it, or {what,
    repo, commit, path}. corrupt: regexes of notes of rows to leave out. frameworks: regexes of
    sources that speak of frameworks, not of CUDA. profiles: regex of a note -> profile (a row may
    belong to several). differs: regexes of notes of rows whose pairing is known to differ. rows:
    whole rows (the columns as keys) that replace the evidence's. patches: {profile?, library?,
    name?: regex, exists?: word, status?: word, note?: regex in it, set: {column: value}, replace?:
    [regex, text] in the target} applied to every row that fits. drop: name -> why it makes no row.
    aliases: regex of a source -> short id. noise: regexes of what notes say again and again, left
    out. seen: {profile, source, names}: names that a vendor's code for that profile uses as CUDA
    spells them. seen_sources: profile -> source of `<profile>-seen.tsv`; seen_files: regex of where
    such a line says that a name stands -> short id of that file, before those of the profile; inferred_source: of
    `inferred-<profile>.tsv`. weak: regexes of notes of rows whose source does not have the name
    itself: by rule only. wrapped: stem of an aligned port -> profile whose wrapper builds it: what
    it keeps says nothing of the others. forwards: {profile, to, libraries, same?, source, note}: a
    wrapper compiles CUDA onto another profile's names, or its compiler is of one family, so that it
    may well have what that one has (`same`: only what keeps its spelling); such rows exist by rule
    only.
    """

    def __init__(self, path: Path) -> None:
        facts = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        self.commits: dict[str, str] = facts.get("commits", {})
        self.ids: dict[str, Any] = facts.get("ids", {})
        self.corrupt = re.compile("|".join(facts.get("corrupt", ["TABLE BUG"])))
        self.frameworks = re.compile("|".join(facts.get("frameworks", [])) or r"(?!)")
        self.differs = re.compile("|".join(facts.get("differs", [])) or r"(?!)", re.I)
        self.profiles: dict[str, str] = facts.get("profiles", {})
        self.rows: list[dict[str, str]] = facts.get("rows", [])
        self.patches: list[dict[str, Any]] = facts.get("patches", [])
        self.drop: dict[str, str] = facts.get("drop", {})
        self.noise = re.compile("|".join(facts.get("noise", [])) or r"(?!)")
        self.seen: list[dict[str, Any]] = facts.get("seen", [])
        self.wrapped: dict[str, str] = facts.get("wrapped", {})
        self.seen_sources: dict[str, str] = facts.get("seen_sources", {})
        self.seen_files: dict[str, str] = facts.get("seen_files", {})
        self.inferred_source: str = facts.get("inferred_source", "")
        self.weak = re.compile("|".join(facts.get("weak", [])) or r"(?!)")
        self.forwards: list[dict[str, Any]] = facts.get("forwards", [])
        self.aliases: dict[str, str] = facts.get("aliases", {})


class Sources:
    """Short ids for where a fact was seen."""

    def __init__(self, settings: Settings) -> None:
        self.commits, self.entries, self._by_text = (
            settings.commits,
            dict[str, dict[str, str]](),
            dict[str, str](),
        )
        for short, source in settings.ids.items():
            self.entries[short] = self._entry(source) if isinstance(source, str) else source
            if isinstance(source, str):
                self._by_text[source] = short
        self._aliases = [
            (re.compile(pattern), short) for pattern, short in settings.aliases.items()
        ]

    def _entry(self, text: str) -> dict[str, str]:
        text = BRANCH.sub("", text)
        thread, match = THREAD.fullmatch(text), PART.fullmatch(text)
        if thread is not None:
            return thread.groupdict()
        bare = BARE.fullmatch(text)
        if bare is not None and (bare["commit"] or bare["repo"] in self.commits):
            return {"repo": bare["repo"], "commit": self._commit(bare["repo"], bare["commit"])}
        if match is None:
            return {"what": NOISE.sub("", COPY.sub(r"stored copy \1", text)).strip(" ,")}
        if match["site"]:
            return {"repo": match["site"], "path": match["page"]}
        path, _, commit = match["path"].partition("@")
        entry = {
            "repo": match["repo"],
            "commit": self._commit(match["repo"], match["commit"] or commit),
            "path": path,
        }
        rest = NOISE.sub("", match["rest"]).strip(" ,()")
        return {
            k: v
            for k, v in (
                entry | {"what": rest if not re.fullmatch(r"(?::\d+)?(?:L\d+\W*)*", rest) else ""}
            ).items()
            if v
        }

    def _commit(self, repo: str, given: str | None) -> str:
        """Return the commit read, by its one spelling where the evidence shortens it otherwise."""
        read, given = self.commits.get(repo, ""), given or ""
        return read if read.startswith(given) or (read and given.startswith(read)) else given

    def port(self, stem: str) -> str:
        self.entries.setdefault(
            f"port-{stem}",
            {"what": f"whole files before and after a public port, aligned name by name: {stem}"},
        )
        return f"port-{stem}"

    def ids(self, text: str) -> list[str]:
        found = []
        for part in (p.strip() for p in re.split(r";(?![^(]*\))| vs ", text) if p.strip()):
            own = OWN.search(part)
            known = own[1] if own and own[1] in self.entries else ""
            known = (
                known
                or next((short for pattern, short in self._aliases if pattern.search(part)), "")
                or self._index(part)
            )
            if known:
                found.append(known)
                continue
            part = re.sub(r" \((?:PyPI|file since|\d+|[^)]*rows)[^)]*\)| L\d+.*| #L\d+.*", "", part)
            if part not in self._by_text:
                entry = self._entry(part)
                self._by_text[part] = next(
                    (i for i, e in self.entries.items() if e == entry), ""
                ) or self._new(entry)
            found.append(self._by_text[part])
        return list(dict.fromkeys(found))

    def _index(self, part: str) -> str:
        """Return an id for an answer of a text index whose repository could not be resolved, or an
        empty string.
        """
        match = INDEX.match(part)
        if match is None:
            return ""
        what = f"a public text; which repository it is from is not known (stored copy {match[1]})"
        self.entries.setdefault(f"index-{match[1]}", {"what": what})
        return f"index-{match[1]}"

    def _new(self, entry: dict[str, str]) -> str:
        words = entry.get("what", "")
        if "repo" in entry:
            owner = "doc" if entry["repo"].startswith("docs.") else entry["repo"].split("/")[-1]
            words = f"{owner} {Path(entry.get('path', '')).stem} {words}"
        base = "-".join(re.findall(r"[A-Za-z0-9_]+", words)[:5])[:40] or "source"
        short, n = base, 2
        while short in self.entries:
            short, n = f"{base}-{n}", n + 1
        self.entries[short] = entry
        return short


def toml_string(text: str) -> str:
    """Return `text` as a TOML basic string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", " ") + '"'
