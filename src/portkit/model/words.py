# SPDX-License-Identifier: Apache-2.0
"""The closed sets of words that portkit speaks in: how sure, how good, how bad, what, where, why."""

from __future__ import annotations

import enum


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
    LINKED = 5  # imported by a binary that the vendor built and published: the name, not how it is called
    HEADER = 6  # declared or exported by the vendor
    USER = 7  # the user's own table says so


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
    # of Python: a name of a framework's, and what a string says to one
    ATTRIBUTE = "attribute"
    DEVICE = "device"
    BACKEND = "backend"
    DISPATCH_KEY = "dispatch_key"
    EXTENSION = "extension"  # what builds an extension
    UNKNOWN = "unknown"  # of CUDA's shape, but not in the vocabulary
    # of build files, as all that follow (packages and tools of Python's too); a library that they
    # link is a LINK_LIBRARY
    LANGUAGE = "language"  # CUDA as a language of a build system
    PACKAGE = "package"  # what a build looks for: find_package, a package of a distribution
    IMPORTED_TARGET = "imported_target"  # CUDA::cudart
    COMMAND = "command"  # a command or function that only CUDA's builds have
    FLAG = "flag"  # an option of nvcc's, with its value
    ARCH = "arch"  # a number of NVIDIA's architectures: sm_80, 80
    SOURCE = "source"  # a device source in a list of a build
    VARIABLE = "variable"
    PROPERTY = "property"
    CONDITION = "condition"  # what asks whether a file is CUDA's: a generator expression
    TOOL = "tool"  # a program: nvcc, nvidia-smi
    PATH = "path"  # a place of a CUDA toolkit
    IMAGE = "image"  # a container image
    KEY = "key"  # of an extension's build: nvcc in extra_compile_args


BUILD_LIBRARY = "build"  # `Reference.library` of every reference of a build file


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
    BUILD = "build"  # anywhere in a build file
    # of Python
    IMPORT = "import"
    ARGUMENT = "argument"  # a string that a parameter takes, or that a name for it is given
    DEFAULT = "default"  # the value of a parameter that is not given
    COMPARE = "compare"  # a string that is compared with


class Action(_Word):
    """The decision's kind: every reference gets exactly one."""

    EDIT = "edit"
    MANUAL = "manual"
    KEEP = "keep"


class Reason(_Word):
    """Why a decision was taken. A closed set; JSON consumers may rely on it."""

    MAPPED = "mapped"  # edit
    # manual, as all up to `structure`: a source says that the target has none
    NO_EQUIVALENT = "no-equivalent"
    UNKNOWN = "unknown"  # no row: neither supported nor unsupported is known
    UNPROVEN = "unproven"  # the row's evidence lies below the accepted floor
    DIFFERS = "differs"  # the row is known to differ in order, value or meaning
    ROW_MANUAL = "row-manual"  # the row asks for a person
    NOT_FOUND = "not-found"  # looked for where the target's names stand, and not found; not denied
    RECIPE = "recipe"  # a recipe would mend the call, but cannot be applied to it safely
    ARITY = "arity"  # the target's function takes another number of arguments
    SPELLING_ONLY = "spelling-only"  # only the letters say that it is CUDA
    GUARD_VALUE = "guard-value"  # a version or architecture macro used as a value
    PASTE_OPERAND = "token-pasting"
    IN_STRING = "in-string"
    KERNEL_BODY = "kernel-body"  # in device code of a target whose kernels are another language
    HEADER_GUARD = "header-guard"  # a test of an include guard that no header of the target shows
    HELD = "held"  # stands or falls with a name that is left: of its condition, of what it guards
    AMBIGUOUS = "ambiguous"  # on the way back: several CUDA names have this one name there
    CONFLICT = "conflict"  # its edit overlaps another one
    BREAKS = "breaks"  # a compiler holds something against the output with it
    TWO_OWNERS = "two-owners"  # CUDA's in one place of the tree, the project's in another
    STRUCTURE = "structure"  # of a build: what stands around it cannot be rewritten surely
    SAME_SPELLING = "same-spelling"  # keep, as all that follow
    ASSUMED_SAME = "assumed-same"  # no source speaks of it; the target's data say why it may be
    PASTED = "pasted"  # a macro makes the target's name of a name that is renamed beside it
    AS_IS = "as-is"  # the profile compiles CUDA by a wrapper, which has the name
    COMPAT_HEADER = "compat-header"  # the generated header of `--strategy header` renames it
    ROUTE = "route"  # the module that the route imports makes it work as spelt
    DROPPED = "dropped"  # harmless on the target: accepted and ignored there
    USER_DECLARED = "user-declared"
    PROJECT_HEADER = "project-header"
    NOT_SELECTED = "not-selected"
    VENDOR_CODE = "vendor-code"  # the file or branch is already ported
    OTHER_VENDOR = "other-vendor"  # the file or branch is another vendor's: no part of this port
    SUPPRESSED = "suppressed"
    IN_COMMENT = "comment"


class Silenced(_Word):
    """What silences a finding."""

    COMMENT = "comment"  # in the source
    OPTION = "option"  # --select, --ignore and their keys, per path too
    FIX = "fix"  # it was mended in this run
