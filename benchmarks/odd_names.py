# SPDX-License-Identifier: Apache-2.0
"""CUDA that is no plain name in code, told from a tree's bytes with the word reader of cwords.py: cut
launches, names that macros paste, names in the literals of getenv, dlopen and system, PyTorch's
device words, libraries of templates, functions that a macro makes device functions.

It shares no code with portkit. Each kind yields what stands where; completeness.py holds it against
the report.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cwords import Token, is_string, tokens

IsCuda = Callable[[str], bool]
LIBRARIES = frozenset({"cutlass", "cute", "raft", "cudnn_frontend", "nvtx3"})
_LIBRARY_HEADER = re.compile(r"(?:cutlass|cute|raft|nvtx3)/.+|cudnn_frontend\w*\.h")
_LIBRARY_MACRO = re.compile(r"(?:CUTLASS|CUTE|RAFT|NVTX3)_[A-Z]\w*")
_ENVIRONMENT = frozenset(
    {"getenv", "secure_getenv", "setenv", "putenv", "unsetenv", "_putenv", "_putenv_s"}
    | {"_dupenv_s", "qgetenv", "qputenv", "GetEnvironmentVariableA", "SetEnvironmentVariableA"}
)
_LOADERS = frozenset(["dlopen", "LoadLibrary", "LoadLibraryA", "LoadLibraryExA"])
_LOOKERS = frozenset(["dlsym", "dlvsym", "GetProcAddress", "cuGetProcAddress"])
_RUNNERS = frozenset(
    ["system", "popen", "_popen", "execl", "execlp", "execv", "execvp", "posix_spawn"]
)
_VARIABLE = re.compile(r"((?:CUDA|NCCL|CUDNN|CUBLAS|CUBLASLT|NVSHMEM)_[A-Z0-9_]+)(?:=.*)?", re.S)
_SHARED = re.compile(
    r"(?:.*/)?(?:lib)?(?:cuda|cudart|nvcuda|cublas|cublasLt|cudnn|cufft|curand|cusolver|cusparse|nccl|nvrtc|"
    r"nvidia-ml|nvToolsExt|cupti|cufile|nvjpeg)(?:64|32)?[\w.-]*\.(?:so[.\d]*|dll|dylib)"
)
_TOOL = re.compile(r"(?<![\w.-])(?:nvcc|ptxas|cuobjdump|nvdisasm|fatbinary|nvidia-smi|nsys|ncu)\b")
_PREFIX = re.compile(
    r"(?:cuda|cublas|cudnn|cufft|curand|cusolver|cusparse|nccl|nvrtc|nvml)[A-Za-z]*|"
    r"(?:CUDA|CUBLAS|CUDNN|CUFFT|CURAND|CUSOLVER|CUSPARSE|NCCL|CU)_\w*"
)
_REGISTRATION = re.compile(r"(?:STABLE_)?TORCH_LIBRARY_IMPL(?:_EXPAND)?|REGISTER_CUDA_DISPATCH")
_TORCH = re.compile(rb'#[ \t]*include[ \t]*[<"](?:torch|ATen|c10)/')
_DEVICE = frozenset({"__device__", "__global__"})
_LONGEST = 40  # tokens between a macro and the function that it marks


class Odd(NamedTuple):
    """One thing of a file: its kind, its bytes, the name that it makes, and its line."""

    kind: str
    start: int
    end: int
    name: str
    line: int


class Macro(NamedTuple):
    """A definition: parameters (None for an object-like macro) and the texts of the body."""

    parameters: tuple[str, ...] | None
    body: tuple[str, ...]


class File(NamedTuple):
    """A file's tokens: those of code, and for each macro the place and tokens of its definition."""

    code: list[Token]
    macros: list[tuple[str, Macro, list[Token]]]


def read(data: bytes) -> File:
    """Split a file into the tokens of its code and its macros; other directives are left out."""
    code, macros, line = list[Token](), list[tuple[str, Macro, list[Token]]](), list[Token]()
    inside = False
    for token in tokens(data):
        if token.kind == "end":
            if inside and len(line) > 2 and line[1].text == "define":
                macros.append(_definition(line))
            inside, line = False, []
        elif token.text == "#" and token.first:
            inside, line = True, [token]
        elif inside:
            line.append(token)
        else:
            code.append(token)
    return File(code, macros)


def _definition(line: list[Token]) -> tuple[str, Macro, list[Token]]:
    name, at, parameters = line[2], 3, None
    if len(line) > 3 and line[3].text == "(" and line[3].start == name.end:
        closing = next((i for i, t in enumerate(line) if t.text == ")"), len(line) - 1)
        parameters = tuple(t.text for t in line[4:closing] if t.kind == "word")
        at = closing + 1
    body = line[at:]
    return name.text, Macro(parameters, tuple(t.text for t in body)), body


class Tree:
    """What the files of a tree say together: its macros, and which of them mark device code."""

    def __init__(self, files: Mapping[str, File], opened: set[str], headers: set[str]) -> None:
        """`opened`: namespaces that the tree opens; `headers`: the base names of its files."""
        self.macros: dict[str, list[Macro]] = defaultdict(list)
        for file in files.values():
            for name, macro, _ in file.macros:
                if macro not in self.macros[name]:
                    self.macros[name].append(macro)
        self.opened, self.headers = opened, headers
        self.device = self._marking()

    def _marking(self) -> set[str]:
        found = set[str]()
        while True:
            more = {
                name
                for name, macros in self.macros.items()
                if name not in found
                and any(
                    m.parameters is None
                    and (_DEVICE | found) & {*m.body}
                    and not {";", "{"} & {*m.body}
                    for m in macros
                )
            }
            if not more:
                return found
            found |= more


def odd_names(data: bytes, file: File, tree: Tree, is_cuda: IsCuda) -> Iterator[Odd]:
    """Yield what is CUDA's in a file and no plain name in code."""
    yield from _cut_launches(file.code)
    yield from _pasted(file, tree, is_cuda)
    yield from _handed(file.code, is_cuda)
    if _TORCH.search(data):
        yield from _torch(file.code)
    yield from _libraries(file.code, tree)
    yield from _device_functions(file.code, tree)


def _cut_launches(code: Sequence[Token]) -> Iterator[Odd]:
    for i in range(1, len(code) - 2):
        if [t.text for t in code[i : i + 3]] != ["<"] * 3 or code[i - 1].text in ("<", "operator"):
            continue
        for k in range(i + 3, min(len(code) - 3, i + 200)):
            if code[k].text in (";", "{", "}"):
                break
            if [t.text for t in code[k : k + 4]] == [">", ">", ">", "("]:
                cut = code[i + 2].end - code[i].start > 3 or code[k + 2].end - code[k].start > 3
                if cut:
                    start, end = code[i].start, code[k + 2].end
                    yield Odd("cut launch", start, end, code[i - 1].text, code[i].line)
                break


def _pasted(file: File, tree: Tree, is_cuda: IsCuda) -> Iterator[Odd]:
    for _, macro, body in file.macros:
        parameters = macro.parameters or ()
        for one, two, three in zip(body, body[1:], body[2:], strict=False):
            at_rest = one.kind == "word" and one.text not in parameters
            given = two.text == "##" and three.text in parameters
            if given and at_rest and _PREFIX.fullmatch(one.text):
                yield Odd("paste operand", one.start, one.end, one.text, one.line)
    code = file.code
    for i, token in enumerate(code[:-1]):
        if token.kind != "word" or token.text not in tree.macros or code[i + 1].text != "(":
            continue
        closing = _closing(code, i + 1)
        given = _arguments(code, i + 1, closing)
        written = {t.text for t in code[i : closing + 1]}
        made = set[str]()
        _expand(token.text, given, tree, made, 0)
        for name in sorted(made - written):
            if is_cuda(name):
                yield Odd("pasted name", token.start, code[closing].end, name, token.line)


def _closing(code: Sequence[Token], opening: int) -> int:
    depth = 0
    for i in range(opening, min(len(code), opening + 400)):
        depth += (code[i].text == "(") - (code[i].text == ")")
        if not depth:
            return i
    return opening


def _arguments(code: Sequence[Token], opening: int, closing: int) -> list[tuple[str, ...]]:
    found: list[list[str]] = [[]]
    depth = 0
    for token in code[opening + 1 : closing]:
        depth += (token.text in "([{") - (token.text in ")]}")
        if token.text == "," and not depth:
            found.append([])
        else:
            found[-1].append(token.text)
    return [tuple(words) for words in found]


def _expand(
    name: str, given: Sequence[tuple[str, ...]], tree: Tree, made: set[str], depth: int
) -> None:
    """Add the words that a macro with these arguments pastes, directly or by those that it uses."""
    for macro in tree.macros[name] if depth < 5 else ():
        if macro.parameters is None or len(macro.parameters) != len(given):
            continue
        handed = dict(zip(macro.parameters, given, strict=True))
        words, whole = list[str](), list[str]()
        joins = False
        for text in macro.body:
            if text == "##":
                joins = True
                continue
            if joins and whole and words and whole[-1] == words[-1]:
                whole.pop()  # a chain goes on
            parts = list(handed.get(text, (text,)))
            if not joins and text in handed and len(parts) == 1 and depth:
                parts = _constant(parts[0], tree)
            if joins and words and parts:
                longer = words.pop() + parts.pop(0)
                words.append(longer)
                whole.append(longer)
            words += parts
            joins = False
        made.update(whole)
        for i, word in enumerate(words[:-1]):
            if word in tree.macros and words[i + 1] == "(" and word != name:
                end, inner, level = i + 1, [list[str]()], 0
                for end in range(i + 1, len(words)):
                    level += (words[end] == "(") - (words[end] == ")")
                    if not level:
                        break
                    if words[end] == "," and level == 1:
                        inner.append([])
                    elif end > i + 1:
                        inner[-1].append(words[end])
                spelled = [tuple(_constant(a[0], tree) if len(a) == 1 else a) for a in inner]
                _expand(word, spelled, tree, made, depth + 1)


def _constant(word: str, tree: Tree) -> list[str]:
    """Return what an object-like macro of one word stands for, or the word itself."""
    bodies = {m.body for m in tree.macros.get(word, ()) if m.parameters is None}
    return [next(iter(bodies))[0]] if len(bodies) == 1 and len(next(iter(bodies))) == 1 else [word]


def _handed(code: Sequence[Token], is_cuda: IsCuda) -> Iterator[Odd]:
    for i, token in enumerate(code[:-2]):
        if token.kind != "word" or code[i + 1].text != "(":
            continue
        if token.text not in _ENVIRONMENT | _LOADERS | _LOOKERS | _RUNNERS:
            continue
        for given in code[i + 2 : _closing(code, i + 1)]:
            if not is_string(given):
                continue
            text = given.text[given.text.index('"') + 1 : -1]
            if token.text in _ENVIRONMENT and (told := _VARIABLE.fullmatch(text)):
                yield Odd("environment", given.start, given.end, told[1], given.line)
            elif token.text in _LOADERS and _SHARED.fullmatch(text):
                yield Odd("library in a literal", given.start, given.end, text, given.line)
            elif token.text in _LOOKERS and text.isidentifier() and is_cuda(text):
                yield Odd("symbol in a literal", given.start, given.end, text, given.line)
            elif token.text in _RUNNERS and (tool := _TOOL.search(text)):
                yield Odd("program in a literal", given.start, given.end, tool[0], given.line)


def _torch(code: Sequence[Token]) -> Iterator[Odd]:
    texts = [t.text for t in code]
    for i, token in enumerate(code):
        before, behind = texts[max(0, i - 3) : i], texts[i + 1 : i + 2]
        told = token.text == "kCUDA"
        told |= (
            token.text == "CUDA"
            and before[-2:] == [":", ":"]
            and (before[:1] in (["DeviceType"], ["DispatchKey"]))
        )
        told |= (
            token.text in ("is_cuda", "cuda")
            and behind == ["("]
            and (before[-1:] == ["."] or before[-2:] == ["-", ">"])
        )
        if told:
            yield Odd("torch", token.start, token.end, token.text, token.line)
        elif _REGISTRATION.fullmatch(token.text) and behind == ["("]:
            for key in code[i + 2 : _closing(code, i + 1)]:
                if re.fullmatch(r"\w*CUDA", key.text):
                    yield Odd("torch", key.start, key.end, key.text, key.line)


def _libraries(code: Sequence[Token], tree: Tree) -> Iterator[Odd]:
    for i, token in enumerate(code[:-2]):
        if token.kind == "include":
            top = token.text.split("/")[-1]
            if _LIBRARY_HEADER.fullmatch(token.text) and top not in tree.headers:
                yield Odd("library header", token.start, token.end, token.text, token.line)
        elif token.text in LIBRARIES - tree.opened and code[i + 1].text == code[i + 2].text == ":":
            if not (i and code[i - 1].text in (".", ":")):
                yield Odd("library namespace", token.start, token.end, token.text, token.line)
        elif _LIBRARY_MACRO.fullmatch(token.text) and token.text not in tree.macros:
            yield Odd("library macro", token.start, token.end, token.text, token.line)


def _device_functions(code: Sequence[Token], tree: Tree) -> Iterator[Odd]:
    """Yield the bodies of functions whose heads hold a macro that means a device function."""
    behind = 0
    for i, token in enumerate(code):
        if token.text not in tree.device or token.kind != "word" or i < behind:
            continue
        name, depth, angles = "", 0, 0
        for k in range(i + 1, min(len(code), i + 400)):
            text = code[k].text
            if text in ";}=" and not depth and not (text == "=" and name):
                break
            if text == "(":
                last = code[k - 1]
                if not depth and not name and last.kind == "word" and last.text not in tree.device:
                    name = last.text
                depth += 1
            elif text == ")":
                depth -= 1
                if depth < 0:
                    break
            elif text == "{" and not depth:
                if name and (code[k - 1].text in (")", "const", "noexcept", "override", "final")):
                    yield Odd("device macro", code[k].start, code[k].end, name, code[k].line)
                    behind = k
                break
            angles += (text == "<") - (text == ">")
