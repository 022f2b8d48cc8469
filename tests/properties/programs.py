# SPDX-License-Identifier: Apache-2.0
"""Small random programs of declarations, uses, macros and namespaces, in which names of CUDA's, of
a target's and of the project's own meet; and headers that declare CUDA's and the target's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import strategies as st

from portkit.model.words import Kind
from portkit.targets.target import Target
from portkit.vocab.vocabulary import Vocabulary

# What a header declares: names in braces are CUDA's, or what they become.
_HEADER = (
    "struct {CUstream_st};",
    "typedef struct {CUstream_st} *{cudaStream_t};",
    "typedef struct {CUstream_st} *{CUstream};",
    "enum {cudaError_t} {{ {cudaSuccess} = 0, {cudaErrorInvalidValue} = 1, {cudaErrorUnknown} = 9 }};",
    "enum {CUresult} {{ {CUDA_SUCCESS} = 0, {CUDA_ERROR_INVALID_VALUE} = 1 }};",
    "{cudaError_t} {cudaMalloc}(void **, unsigned long);",
    "{cudaError_t} {cudaFree}(void *);",
    "{cudaError_t} {cudaDeviceSynchronize}();",
    "{cudaError_t} {cudaStreamSynchronize}({cudaStream_t});",
    "{CUresult} {cuStreamSynchronize}({CUstream});",
    "{CUresult} {cuInit}(unsigned);",
)
_NAME = re.compile(r"\{(\w+)\}")
TYPES = ("cudaStream_t", "cudaError_t", "CUresult", "CUstream", "int", "void *", "float *")
VALUES = ("cudaSuccess", "cudaErrorInvalidValue", "CUDA_SUCCESS", "CUDA_ERROR_INVALID_VALUE", "0")
CALLS = (
    "cudaFree(nullptr)",
    "cudaDeviceSynchronize()",
    "cudaStreamSynchronize(nullptr)",
    "cuStreamSynchronize(nullptr)",
    "cuInit(0)",
)
OWN = ("cudaFree", "cudaMalloc", "cudaSuccess", "cudaStream_t", "CUresult", "cudaDeviceSynchronize")
PLAIN = ("run", "pool", "value", "state")


def header(vocabulary: Vocabulary, target: Target | None) -> str:
    """Return the header of CUDA's names, or of what they become on a target. What becomes nothing
    is not declared; two that become one are declared once.
    """
    lines, declared = ["#pragma once"], set[str]()
    for template in _HEADER:
        names = _NAME.findall(template.replace("{{", "").replace("}}", ""))
        becomes = {name: _becomes(name, vocabulary, target) for name in names}
        if any(not to for to in becomes.values()):
            continue
        line = template.format(**becomes)
        new = {line} if "(" in line or "typedef" in line else {becomes[n] for n in names}
        if not new & declared:
            lines.append(line)
        declared |= new
    return "\n".join(lines) + "\n"


def _becomes(name: str, vocabulary: Vocabulary, target: Target | None) -> str:
    if target is None:
        return name
    entity = next((e for e in vocabulary.get(name) if e.kind is not Kind.FIELD), None)
    if entity is None:
        return ""
    row = target.row(name, entity.kind, entity.library)
    return row.target if row is not None else ""


@st.composite
def programs(draw: st.DrawFn, taken: Sequence[str]) -> str:
    """Draw the text of a program behind its include. `taken`: the target's names, some of which the
    project has already.
    """
    parts = draw(st.lists(_part([*PLAIN, *OWN, *taken]), min_size=1, max_size=6))
    lines = [part.replace("@", str(number)) for number, part in enumerate(parts)]
    return "\n".join(lines) + "\n"


def _part(names: Sequence[str]) -> st.SearchStrategy[str]:
    name, type_ = st.sampled_from(names), st.sampled_from(TYPES)
    value, call = st.sampled_from(VALUES), st.sampled_from(CALLS)

    def made(template: str) -> st.SearchStrategy[str]:
        return st.builds(template.format, name=name, other=name, type=type_, value=value, call=call)

    return st.one_of(*map(made, _PARTS))


# One declaration or use each; `@` becomes a number of its own.
_PARTS = (
    "int use@() {{ return (int){call}; }}",
    "bool good@() {{ return {call} == {value}; }}",
    "static int over({type} x) {{ return (int){call}; }}",
    "static int over@({type} {name}) {{ return {call} ? 1 : 2; }}",
    "struct Own@ {{ int {name}; int get() {{ return {name} + (int){call}; }} }};",
    "struct Has@ {{ int {name}(int x) {{ return x; }} int go() {{ return {name}(1); }} }};",
    "enum class Kind@ {{ {name}, other }};\nint kind@(Kind@ k) {{ return k == Kind@::{name}; }}",
    "namespace own@ {{ inline int {name}(int x) {{ return x; }} }}\nint in@() {{ return own@::{name}(1); }}",
    "namespace own {{ inline int {name}() {{ return 1; }} inline int two@() {{ return {name}(); }} }}",
    "int local@() {{ int {name} = 3; return {name}; }}",
    "int hides@() {{ int {name} = (int){call}; return {name} + (int){call}; }}",
    "#define DO@ {call}\nint does@() {{ return (int)DO@; }}",
    "#define CHECK@(x) ((x) == {value})\nbool checks@() {{ return CHECK@({call}); }}",
    "#define EACH@(X) X({name}) X({other}@)\nstruct List@ {{\n#define ONE(f) int f;\n  EACH@(ONE)\n#undef ONE\n}};",
    "template <class T> struct Tag@;\ntemplate <> struct Tag@<{type}> {{ static const int v = 1; }};",
    "template <class T> struct Tag;\ntemplate <> struct Tag<{type}> {{ static const int v = 1; }};",
    "int label@(int c) {{ switch (c) {{ case {value}: return 1; default: return 2; }} }}",
    "int pair@(int c) {{ switch (c) {{ case cudaErrorInvalidValue: return 1; case {value}: return 2; }} return 0; }}",
    "using Alias@ = {type};\nint takes@(Alias@ a) {{ return (int){call}; }}",
    "int takes_two@({type} {name}, int x) {{ return x + (int){call}; }}",
    "template <class T> int generic@(T t) {{ return t.{name} + (int){call}; }}",
    "auto lambda@ = [](int {name}) {{ return {name} + (int){call}; }};",
    "#ifdef OTHER\nint off@() {{ return (int){call}; }}\n#endif",
    "extern int {name}_count@;\nint counts@() {{ return (int)({call}); }}",
)
