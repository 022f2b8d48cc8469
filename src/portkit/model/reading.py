# SPDX-License-Identifier: Apache-2.0
"""What reading a tree yields: references, facts and issues of files. Nothing of any target."""

from __future__ import annotations

import msgspec

from portkit.model.spans import Span
from portkit.model.words import Context, Kind, Parse, Proof, Rung


class Reference(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One place that names something of CUDA's. `span`: the name; of an include the spelling
    without its quotes. `library` is empty and `kind` UNKNOWN for a name of CUDA's shape only;
    `proof` is None when it is the user's own (`user` is True).
    """

    span: Span
    name: str
    kind: Kind
    context: Context
    rung: Rung
    proof: Proof | None = None
    library: str = ""
    qualifier: str = ""
    user: bool = False
    project: bool = False  # an include that resolves inside the project
    guard: str = ""  # vendor macro that guards the inactive or active branch around it, as written


class Condition(msgspec.Struct, frozen=True, gc=False):
    """One use of a macro in a preprocessor condition. `span` is the test, e.g. the bytes of
    `__CUDA_ARCH__ >= 800`.
    """

    span: Span
    macro: str
    operator: str  # one of "<", "<=", ">", ">=", "==", "!=", "" (used as a value), "defined"
    # the other operand as written; the macro always stands on the left after normalising
    value: str
    directive: str


class Launch(msgspec.Struct, frozen=True, gc=False):
    """A kernel launch `kernel<<<...>>>(...)`. `span` covers `<<<` to `>>>`."""

    span: Span
    kernel: str


class AsmStatement(msgspec.Struct, frozen=True, gc=False):
    """An inline assembly statement. `span` runs from the keyword to the closing parenthesis."""

    span: Span
    text: str  # the concatenated string literals of the template, decoded
    in_macro: bool = False


class Kernel(msgspec.Struct, frozen=True, gc=False):
    """A function definition with an execution-space specifier. `span`: its body; `calls`: names
    called there, sorted, no namespaces; `scope`: the class that it is a member of, "" for none;
    `callees`: the calls by what they are called on: `name`, `Class::name` (or another qualifier's),
    `.name` for a member of what is not known; `namespace`: the innermost one around it that has a
    name.
    """

    span: Span
    name: str
    space: str  # "global" or "device"
    calls: tuple[str, ...] = ()
    scope: str = ""
    callees: tuple[str, ...] = ()
    namespace: str = ""


class MacroDefinition(msgspec.Struct, frozen=True, gc=False):
    """A #define of the file. `body` is the byte range of the replacement list, `first` its first
    word.
    """

    name: str
    span: Span  # of the name
    body: Span
    parameters: tuple[str, ...] | None = None  # None for an object-like macro
    first: str = ""


class Issue(msgspec.Struct, frozen=True, gc=False):
    """Something that the reading itself ran into: the raw form of a PK9xx finding."""

    rule: str
    span: Span
    args: dict[str, str] = {}


class Gate(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A test of Python code whose outcome depends on the platform. `span`: the test.

    `asks`: available | capability | version | presence; `operator` and `value` of a compare with a
    literal, as written; a capability's literal is `value` with a dot between major and minor.
    """

    span: Span
    name: str
    asks: str
    operator: str = ""
    value: str = ""


class SourceText(msgspec.Struct, frozen=True, gc=False):
    """A literal that a call compiles as CUDA: its bytes with its quotes, and the call."""

    span: Span
    call: str


class PythonFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a Python file says beside its references. `modules`: those that it imports, and the
    platforms of a framework that it names; `before` and `after`: where an import can stand before
    and behind the first import of the framework that code runs into, -1 for nowhere; `asides`:
    strings with a word of CUDA's that name no device; `texts`: CUDA source in literals.
    """

    modules: tuple[str, ...] = ()
    before: int = -1
    after: int = -1
    asides: int = 0
    gates: tuple[Gate, ...] = ()
    texts: tuple[SourceText, ...] = ()


class FileFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Target-free facts about a file that rules look at."""

    conditions: tuple[Condition, ...] = ()
    launches: tuple[Launch, ...] = ()
    asm: tuple[AsmStatement, ...] = ()
    kernels: tuple[Kernel, ...] = ()
    macros: tuple[MacroDefinition, ...] = ()
    marks: tuple[tuple[str, Span], ...] = ()  # suppression and exclusion comments
    guards: tuple[tuple[str, Span], ...] = ()  # (macro, range of the branch that it switches on)
    # of a branch of `guards` that a comparison opens: its start, the macro, a number that does
    values: tuple[tuple[int, str, str], ...] = ()
    # heads of kernels and device functions, of mere declarations too: up to the body or semicolon
    heads: tuple[Span, ...] = ()
    # of a file with issues whose language is not C++: no part of fingerprints
    comments: tuple[Span, ...] = ()
    # CUDA's names that the file defines for a linker, and the files that are likely linked with it
    owned: tuple[tuple[str, Span], ...] = ()
    joined: tuple[str, ...] = ()
    # names of CUDA's that the file declares together, and defines nowhere: `typedef struct a *b;`
    redeclared: tuple[tuple[str, ...], ...] = ()
    # of a file that nvcc compiles: the headers outside of the tree that it sees before its first
    # word that needs what nvcc includes by itself, or up to one that brings it; None: of any other
    bare: tuple[str, ...] | None = None
    leans: bool = False  # that word stands in a header of the project
    # literals that hold source text for a compiler at run time; adjacent ones are one
    sources: tuple[Span, ...] = ()
    foreign: tuple[Span, ...] = ()  # includes of headers of a platform that is no target
    # words of the code that look like names of a target's platform, and how often each stands there
    ported: tuple[tuple[str, int], ...] = ()
    # names that are CUDA's where one unit reads the file, and the project's where another does
    disputed: tuple[Span, ...] = ()
    # integers behind names that the file uses; of the files that it includes, functions and macros
    # on warps and names for numbers: what each is (letters.lane_helpers), with blanks between
    constants: dict[str, int] = {}
    helpers: dict[str, str] = {}
    python: PythonFacts | None = None


class FileScan(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one file says about CUDA, for no target. `path`: POSIX, relative to the root;
    `references`: by span.
    """

    path: str
    sha256: str
    size: int
    lines: int
    encoding: str
    parse: Parse
    references: tuple[Reference, ...] = ()
    facts: FileFacts = FileFacts()
    issues: tuple[Issue, ...] = ()
    path_bytes: str = ""  # hex of the name when `path`, its printable form, is another text
    language: str = "cxx"  # NAME of the language that read it; "" for none


class Skipped(msgspec.Struct, frozen=True):
    """A file or folder that discovery left out, and why. `words`: CUDA's in it, roughly."""

    path: str
    # vendored | generated | symlink-outside | submodule | excluded | ignored | unreadable | binary |
    # folders-outside
    reason: str
    files: int = 1
    words: int = 0


class Unread(msgspec.Struct, frozen=True):
    """Files of one kind that no language reads, and that hold CUDA: `words` of it, roughly, where
    there are words. `paths`: the first of them, sorted.
    """

    kind: str
    files: int
    words: int
    paths: tuple[str, ...]


class Scan(msgspec.Struct, frozen=True):
    """The scan of a tree. `root` is an absolute path and is never written into a report."""

    root: str
    path_base: str  # config | git | argument
    files: tuple[FileScan, ...]
    skipped: tuple[Skipped, ...] = ()
    clang: str = ""
    vocabulary: str = ""
    unread: tuple[Unread, ...] = ()
