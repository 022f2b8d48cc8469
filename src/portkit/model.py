# SPDX-License-Identifier: Apache-2.0
"""The values that every stage of portkit passes along.

All are frozen. Offsets: bytes of the file as read, 0-based, half open; lines and columns are for reports. No I/O, no API name here.
"""

from __future__ import annotations

import enum

import msgspec

from portkit.printable import printable


class Span(msgspec.Struct, frozen=True, gc=False, order=True, array_like=True):
    """Half-open byte range [start, end) of one file's bytes as read from disk."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def contains(self, other: Span) -> bool:
        """Return whether `other` lies wholly inside this range."""
        return self.start <= other.start and other.end <= self.end


class _Number(enum.IntEnum):
    __hash__ = int.__hash__  # Enum's own is a Python function, and counting hashes all the time


class _Word(enum.StrEnum):
    __hash__ = str.__hash__


class Proof(_Number):
    """How sure it is that a reference is CUDA's (the first axis)."""

    SPELLING = 1  # only the letters
    LIKELY = 2  # the syntax fits, no user declaration of the name is in sight
    PROVED = 3  # Clang resolved it to a CUDA declaration


class Exists(_Number):
    """How it is known that a target name exists (first half of the second axis)."""

    RULE = 1  # only derived by the naming rule
    TABLE = 2  # only in a vendor's rename table
    DOC = 3  # named in the vendor's documents
    USAGE = 4  # used in working code
    HEADER = 5  # declared or exported by the vendor
    USER = 6  # the user's own table says so


class Pairs(_Number):
    """How it is known that a target name is the equivalent (second half of the second axis)."""

    NO = 0  # known to differ: needs a recipe or a person
    ALIKE = 1  # the same name but for the prefix
    TABLE = 2  # the vendor says so
    USAGE = 3  # a port replaced the one by the other
    USER = 4  # the user's own table says so


class Status(_Word):
    """What a mapping row says. A name without a row is unknown, which is not unsupported."""

    MAPPED = "mapped"
    SAME = "same"
    DROPPED = "dropped"
    MANUAL = "manual"
    NONE = "none"


class Severity(_Number):
    """How bad a finding is."""

    INFO = 1
    WARNING = 2
    ERROR = 3


class Effort(_Word):
    """The order of magnitude of the work behind a finding."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"


class Rung(_Word):
    """Which reader of the ladder settled a reference."""

    LEX = "lex"
    SYNTAX = "syntax"
    CLANG = "clang"


class Parse(_Word):
    """How far the reading of a file got."""

    CLANG = "clang"
    SYNTAX = "syntax"
    LEX = "lex"
    LIMIT = "limit"
    FAILED = "failed"
    SKIPPED = "skipped"


class Kind(_Word):
    """What a CUDA name is."""

    FUNCTION = "function"
    TYPE = "type"
    FIELD = "field"
    ENUMERATOR = "enumerator"
    MACRO = "macro"
    DEVICE_FUNCTION = "device_function"
    BUILTIN = "builtin"  # built-in variables and keywords: threadIdx, __global__
    NAMESPACE = "namespace"
    HEADER = "header"
    LINK_LIBRARY = "link_library"
    ENVIRONMENT = "environment"
    UNKNOWN = "unknown"  # of CUDA's shape, but not in the vocabulary


class Context(_Word):
    """Where in the code a reference stands."""

    CALL = "call"
    TYPE = "type"
    MEMBER = "member"  # a field, after . or ->, or in a designated initialiser
    NAME = "name"  # any other use in active code
    INACTIVE = "inactive"  # in a preprocessor branch that is not compiled
    MACRO = "macro"  # in the body of a macro definition
    PASTE = "paste"  # an operand of ##
    DEFINED = "defined"  # #ifdef X, #ifndef X, defined(X)
    CONDITION = "condition"  # compared or used as a value in #if / #elif
    DIRECTIVE = "directive"  # #undef X, #pragma, and the name that a #define defines
    INCLUDE = "include"
    STRING = "string"  # a symbol, library or source text inside a string literal
    COMMENT = "comment"


class Action(_Word):
    """The decision's kind: every reference gets exactly one."""

    EDIT = "edit"
    MANUAL = "manual"
    KEEP = "keep"


class Reason(_Word):
    """Why a decision was taken. A closed set; JSON consumers may rely on it."""

    MAPPED = "mapped"  # edit
    NO_EQUIVALENT = "no-equivalent"  # manual, as all up to `conflict`: a source says that the target has none
    UNKNOWN = "unknown"  # no row: neither supported nor unsupported is known
    UNPROVEN = "unproven"  # the row's evidence lies below the accepted floor
    DIFFERS = "differs"  # the row is known to differ in order, value or meaning
    ROW_MANUAL = "row-manual"  # the row asks for a person
    RECIPE = "recipe"  # a recipe would mend the call, but cannot be applied to it safely
    SPELLING_ONLY = "spelling-only"  # only the letters say that it is CUDA
    GUARD_VALUE = "guard-value"  # a version or architecture macro used as a value
    PASTE_OPERAND = "token-pasting"
    IN_STRING = "in-string"
    KERNEL_BODY = "kernel-body"  # in device code of a target whose kernels are another language
    AMBIGUOUS = "ambiguous"  # on the way back: several CUDA names have this one name there
    CONFLICT = "conflict"  # its edit overlaps another one
    SAME_SPELLING = "same-spelling"  # keep, as all that follow
    AS_IS = "as-is"  # the profile compiles CUDA by a wrapper, which has the name
    COMPAT_HEADER = "compat-header"  # the generated header of `--strategy header` renames it
    DROPPED = "dropped"  # harmless on the target: accepted and ignored there
    USER_DECLARED = "user-declared"
    PROJECT_HEADER = "project-header"
    NOT_SELECTED = "not-selected"
    VENDOR_CODE = "vendor-code"  # the file or branch is already ported
    COMPILER_GUARD = "compiler-guard"
    SUPPRESSED = "suppressed"
    IN_COMMENT = "comment"


class Reference(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One place that names something of CUDA's. `span`: the name; of an include the spelling without its quotes.
    `library` is empty and `kind` UNKNOWN for a name of CUDA's shape only; `proof` is None when it is the user's own (`user` is True).
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
    """One use of a macro in a preprocessor condition. `span` is the test, e.g. the bytes of `__CUDA_ARCH__ >= 800`."""

    span: Span
    macro: str
    operator: str  # one of "<", "<=", ">", ">=", "==", "!=", "" (used as a value), "defined"
    value: str  # the other operand as written; the macro always stands on the left after normalising
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
    """A function definition with an execution-space specifier. `span`: its body; `calls`: names called there, sorted, no namespaces."""

    span: Span
    name: str
    space: str  # "global" or "device"
    calls: tuple[str, ...] = ()


class MacroDefinition(msgspec.Struct, frozen=True, gc=False):
    """A #define of the file. `body` is the byte range of the replacement list, `first` its first word."""

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


class FileFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Target-free facts about a file that rules look at."""

    conditions: tuple[Condition, ...] = ()
    launches: tuple[Launch, ...] = ()
    asm: tuple[AsmStatement, ...] = ()
    kernels: tuple[Kernel, ...] = ()
    macros: tuple[MacroDefinition, ...] = ()
    marks: tuple[tuple[str, Span], ...] = ()  # suppression and exclusion comments
    guards: tuple[tuple[str, Span], ...] = ()  # (macro, range of the branch that it switches on)
    identifiers: tuple[str, ...] = ()  # words that are target or vendor macros of any kind


class FileScan(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one file says about CUDA, for no target. `path`: POSIX, relative to the root; `references`: by span."""

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


class Skipped(msgspec.Struct, frozen=True):
    """A file or folder that discovery left out, and why."""

    path: str
    reason: str  # vendored | generated | symlink-outside | submodule | excluded | unreadable | binary | folders-outside
    files: int = 1


class Scan(msgspec.Struct, frozen=True):
    """The scan of a tree. `root` is an absolute path and is never written into a report."""

    root: str
    path_base: str  # config | git | argument
    files: tuple[FileScan, ...]
    skipped: tuple[Skipped, ...] = ()
    clang: str = ""
    vocabulary: str = ""


class Row(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One mapping of a CUDA name to a target name, with its evidence."""

    name: str
    target: str
    kind: Kind
    status: Status
    exists: Exists
    pairs: Pairs
    library: str = ""
    sources: tuple[str, ...] = ()
    recipe: str = ""
    note: str = ""
    derived: bool = False  # made by the naming rule, not listed in a table
    ambiguous: tuple[str, ...] = ()  # on the way back to CUDA: the other names there that it may stand for


class Decision(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What happens to one reference."""

    action: Action
    reason: Reason
    replacement: str = ""
    row: Row | None = None
    detail: str = ""  # of a recipe: its kind where it was applied, or why it was not


class Edit(msgspec.Struct, frozen=True, gc=False, order=True):
    """Replace `span` by `new`. `expect` is what must stand there now: a mismatch is an error, never a guess."""

    span: Span
    expect: bytes
    new: bytes
    group: str = ""  # edits of one group are applied together or not at all


def overlap(one: Edit, other: Edit) -> bool:
    """Return whether two edits want the same bytes, or the same place to insert at."""
    left, right = one.span, other.span
    return left == right or (left.start < right.end and right.start < left.end)


class Finding(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A work item. `args` fill the rule's text; `references` are indexes into the file's references."""

    rule: str
    severity: Severity
    effort: Effort
    span: Span
    args: dict[str, str] = {}
    references: tuple[int, ...] = ()
    blocking: bool = False
    fingerprint: str = ""
    content: str = ""  # the fingerprint without the path
    exempt: str = ""  # why the gate leaves it out: baseline, since
    suppressed: str = ""  # the reason given, or "yes"
    fix: tuple[Edit, ...] = ()
    fix_safe: bool = False


class Move(msgspec.Struct, frozen=True):
    """A file that gets another name (paths are POSIX, relative to the root)."""

    source: str
    destination: str


class FilePlan(msgspec.Struct, frozen=True):
    """The plan of one file. `decisions[i]` belongs to `scan.references[i]`."""

    scan: FileScan
    decisions: tuple[Decision, ...]
    edits: tuple[Edit, ...]
    findings: tuple[Finding, ...]


class Plan(msgspec.Struct, frozen=True):
    """What one target asks of a tree."""

    target: str
    profile: str
    files: tuple[FilePlan, ...]
    findings: tuple[tuple[str, Finding], ...] = ()  # of the tree: (path or "", finding)
    moves: tuple[Move, ...] = ()
    created: tuple[tuple[str, bytes], ...] = ()


class PortkitError(Exception):
    """A user's mistake or a refusal: exit code 2, and one line whatever is in it. `path`: the file, `hint`: what to do."""

    def __init__(self, message: str, path: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message, self.path, self.hint = message, path, hint

    def __str__(self) -> str:
        where, advice = f"{self.path}: " if self.path else "", f" ({self.hint})" if self.hint else ""
        return printable(f"{where}{self.message}{advice}")
