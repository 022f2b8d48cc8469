# SPDX-License-Identifier: Apache-2.0
"""Inline assembly that compilers see, behind whatever text stands before it and however it is
spelt.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from portkit.files.compflags import CompileFlags, read_flags
from portkit.languages.cxx.letters.assembly import asm_statements
from portkit.languages.cxx.letters.brackets import Brackets
from portkit.languages.cxx.letters.escapes import decoded, spelt
from portkit.languages.cxx.letters.source import SourceFile, read_source
from portkit.languages.cxx.values.reading import UnitFlags
from portkit.languages.ptx.parser import HOLE, parse_assembly
from portkit.model.reading import AsmStatement
from portkit.run.pipeline import scan_paths
from portkit.run.scan_options import ScanOptions
from portkit.vocab.vocabulary import load_vocabulary

BARRIER = "bar.sync 1;"
KERNEL = f'__global__ void k() {{ asm volatile("{BARRIER}"); }}'


def read(code: str | bytes, encoding: str = "utf-8") -> SourceFile:
    data = code.encode() if isinstance(code, str) else code
    return read_source("a.cu", "a.cu", data, encoding, load_vocabulary())


def statements(code: str | bytes) -> tuple[AsmStatement, ...]:
    source = read(code)
    return asm_statements(source, Brackets(source.lexed, source.directives))


def templates(code: str | bytes) -> list[str]:
    return [s.text for s in statements(code)]


DIRECTIVES = (
    "#pragma foo.",
    "#pragma foo::",
    "#pragma foo. // what",
    "#pragma foo. /* what\n*/",
    "#pragma foo \\\n.",
    "%:pragma a ->",
    "#define DOT .",
    "#define D ::",
    "#define R ->",
    "#define OPEN (",
    "#define CLOSE )",
    "#define BEGIN {",
    "#undef X .",
    '#ident "x" .',
    "# 1 .",
    "#.",
    "#if 1\n#else .\n#endif .",
)


@pytest.mark.parametrize("line", DIRECTIVES)
def test_a_directive_is_no_code_before_a_statement(line: str) -> None:
    assert templates(f'__global__ void k() {{\n{line}\nasm("{BARRIER}"); }}') == [BARRIER]


@pytest.mark.parametrize("line", DIRECTIVES)
def test_a_directive_is_no_code_within_a_statement(line: str) -> None:
    code = f'__global__ void k() {{ asm\n{line}\nvolatile\n{line}\n("{BARRIER}"\n{line}\n); }}'
    found = statements(code)
    assert [s.text for s in found] == [BARRIER] and found[0].span.end == code.index("; }")


@pytest.mark.parametrize("line", ['#define X ")"', "#pragma a:", "#ifdef X", '#ident ":"'])
def test_what_directives_may_add_to_a_template_is_unknown(line: str) -> None:
    (text,) = templates(f'__global__ void k() {{ asm("a;"\n{line}\n"{BARRIER}"); }}')
    assert text == f"a;{HOLE}{BARRIER}"


@pytest.mark.parametrize("before", ["x.", "x->", "x::", "x.\n#pragma y\n", "x::\n#define D {\n"])
def test_a_member_is_no_statement(before: str) -> None:
    assert statements(f'void f() {{ {before}asm("{BARRIER}"); }}') == ()


@pytest.mark.parametrize(
    ("line", "scope", "member"),
    [
        ("#endif", "", False),
        ("#define D x::", "", False),
        ("#define R ->", "", False),
        ("#pragma foo.", "", False),
        ("x.\n#pragma foo", "", True),
        ("ns::\n#pragma foo", "ns", False),
    ],
)
def test_a_directive_makes_nothing_of_a_name(line: str, scope: str, member: bool) -> None:
    (found,) = [c for c in read(f"{line}\ncudaMalloc(&p, n);").candidates if c.word == "cudaMalloc"]
    assert (found.scope, found.member) == (scope, member)


@pytest.mark.parametrize(
    ("line", "scope"), [("#endif", "::"), ("#define A b", "::"), ("#pragma c\n#undef d", "::")]
)
def test_the_global_scope_behind_a_directive(line: str, scope: str) -> None:
    (found,) = [
        c for c in read(f"{line}\n::cudaMalloc(&p, n);").candidates if c.word == "cudaMalloc"
    ]
    assert found.scope == scope


def test_nothing_follows_in_a_macro_body_but_its_own_line() -> None:
    (found,) = [c for c in read("#define A cudaMalloc\n(x);").candidates if c.word == "cudaMalloc"]
    assert found.after == ""
    (found,) = [
        c for c in read("cudaMalloc\n#define A =\n(x);").candidates if c.word == "cudaMalloc"
    ]
    assert found.after == "("


WIDE = ("\u00a0", "\u3000", "\u0085", "\u2002", " \u00a0", "\u00a0 ", "\t\u2028", "\u205f")


@pytest.mark.parametrize("blank", WIDE)
def test_a_wide_blank_behind_a_backslash_joins_no_lines(blank: str) -> None:
    assert templates(f"// x \\{blank}\n{KERNEL}") == [BARRIER]


@pytest.mark.parametrize("blank", ["", " ", "\t", "\f", "\v", " \t "])
def test_a_plain_blank_behind_a_backslash_joins_lines(blank: str) -> None:
    assert templates(f"// x \\{blank}\n{KERNEL}") == []


HEADERS = (
    "#include <a/*b>",
    "#include<a/*b>",
    "#include_next <a/*b>",
    "#import <a/*>",
    "#embed <a/*b>",
    "#/**/include <a/*b>",
    "#include /* x\n*/ <a/*b>",
    "/* x */ # include <a//*b>",
    "#inc\\\nlude <a/*b>",
    "#include\\\n<a/*b>",
    "#include <a/\\\n*b>",
    "#include <a/*b\\\nc>",
    "\ufeff#include <a/*b>",
    "%:include <a/*b>",
    '#include <a"b>',
    "#include <a'b>",
    '#include <R"(b>',
    "#if __has_include(<a/*b>)\n#endif",
    "#if X && __has_include_next( <a/*b> )\n#endif",
    "#if __has_embed(<a/*b>)\n#endif",
    "#if 1\n#elif \\\n__has_include \\\n(<a/*b>)\n#endif",
)


@pytest.mark.parametrize("line", HEADERS)
def test_no_comment_and_no_literal_starts_in_the_name_of_a_header(line: str) -> None:
    assert templates(f"{line}\n{KERNEL}\n/* */") == [BARRIER]


@pytest.mark.parametrize(
    "line",
    [
        "#define X <a/*b>",
        "int x = a <b/*c>",
        "x; #include <a/*b>",
        "f(include <a/*b>)",
        "#pragma <a/*b>",
    ],
)
def test_elsewhere_a_comment_starts(line: str) -> None:
    assert templates(f"{line}\n{KERNEL}\n/* */") == []


def test_the_name_in_a_comment_is_none() -> None:
    assert templates(f"/* \n#include <a/*b>\n */ {KERNEL}") == [BARRIER]
    assert templates(f'// #include <a"b>\n{KERNEL}') == [BARRIER]


ESCAPES = [
    r"\n",
    r"\12",
    r"\012",
    r"\x0a",
    r"\xA",
    r"\r",
    r"\u000a",
    r"\U0000000A",
    r"\o{12}",
    r"\x{a}",
    r"\N{LINE FEED}",
]


@pytest.mark.parametrize("escape", ESCAPES)
def test_an_escape_ends_a_comment_of_a_template(escape: str) -> None:
    (text,) = templates(f'__global__ void k() {{ asm("// foo{escape} bar.sync 1;"); }}')
    assert [i.mnemonic for i in parse_assembly(text).instructions] == ["bar.sync"]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r"/* \52/", "/* */"),
        (r"a\\n", r"a\n"),
        (r"\"", '"'),
        (r"\q", "q"),
        (r"\ud800", "\ufffd"),
        (r"\x110000", "\ufffd"),
        (r"\N{NO}", "\ufffd"),
    ],
)
def test_escapes_of_a_literal(written: str, text: str) -> None:
    assert decoded(written) == text


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ('"" CODE', HOLE),
        ('"bar." #x', f"bar.{HOLE}"),
        ('"a;" CODE : "=r"(x)', f"a;{HOLE}"),
        ('CODE : "=r"(x)', HOLE),
        ('("a;") : "=r"(x) : "r"(y)', "a;"),
        ('"a;" :: "r"(y)', "a;"),
    ],
)
def test_what_macros_add_at_the_end_of_a_template_is_unknown(written: str, text: str) -> None:
    assert templates(f"__global__ void k() {{ asm({written}); }}") == [text]


def test_a_raw_string_has_no_escapes() -> None:
    assert templates('__global__ void k() { asm(R"(// a\\n bar.sync 1;)"); }') == [
        "// a\\n bar.sync 1;"
    ]


def test_what_a_macro_adds_may_end_a_comment() -> None:
    (text,) = templates('__global__ void k() { asm("// foo" NL "bar.sync 1;"); }')
    assert parse_assembly(text).instructions or parse_assembly(text).unread


MACROS = [
    (r"#define \u00e9x asm", r"\u00e9x"),
    ("#define é asm", "é"),
    ("#define é asm", r"\u00e9"),
    (r"#define \U000000e9 asm", "é"),
    (r"#define \u{e9} asm", "é"),
    ("#define $ asm", "$"),
    ("#define a$b __asm__", "a$b"),
    ("#define é asm\n#define x é", "x"),
    ("#define P(a,b) a##b", "P(as,m)"),
    ("#define P(a,b) a%:%:b", "P(as, m)"),
    ("#define é(a,b) a##b", "é(as,m)"),
    ("#define P(a,b,c) a##b##c", "P(a,s,m)"),
    ("#define A(x) x##m", "A(as)"),
    ("#define A(x) __as ## x", "A(m__)"),
    ("#define C_(a,b) a##b\n#define C(a,b) C_(a,b)", "C(__as, m__)"),
    ("#define C_(a,b) a##b\n#define C(a,b) C_(a,b)\n#define L as", "C(L, m)"),
    ("#define P(...) P_(__VA_ARGS__)\n#define P_(x,y) x ## y", "P(as,m)"),
    ("#define P(x...) P_(x)\n#define P_(x,y) x ## y", "P(as,m)"),
    ("#define K as##m", "K"),
    ("#define C_(a,b) a##b\n#define C(a,b) C_(a,b)\n#define K C(as,m)", "K"),
    ('#include "join.h"', "JOIN(as, m)"),
    ('#include "join.h"', "JOIN(__asm, __)"),
    ('#include "join.h"', "END(as)"),
]


@pytest.mark.parametrize(("line", "used"), MACROS)
def test_a_macro_that_makes_the_keyword(line: str, used: str) -> None:
    assert templates(f'{line}\n__global__ void k() {{ {used} volatile("{BARRIER}"); }}') == [
        BARRIER
    ]


def test_a_keyword_pasted_in_a_body_is_told_of_where_nothing_uses_it() -> None:
    assert templates("#define K() as##m\n") == [HOLE]
    assert templates("#define K as##m volatile\n") == [HOLE]


def test_a_keyword_that_uses_elsewhere_complete_is_told_of() -> None:
    assert templates('#define M(p, x) p##m("bar." #x)\n') == [f"bar.{HOLE}"]
    assert templates('#define M(p, x) __##p volatile ("bar." #x)\n') == [f"bar.{HOLE}"]
    assert templates('#include "m.h"\nvoid f() { M(as, m); }') == [HOLE]


@pytest.mark.parametrize(
    "code",
    [
        '#define M(p) log_##p("x")',
        '#define M(a, b) a##b("x")',
        "int f(int a, int sm) { g(a, sm); s = m; }",
        "#define J(a,b) a##b\nint J(a,s); m J(as, sm);",
        "#define J(a,b) a##b##_##a\nint J(as,m);",
        "#define J(a,sm) a##sm\nint J(x,y);",
        "#define L(x) L(x##m) L(x)\nint L(a); int as;",
    ],
)
def test_what_makes_no_keyword_is_no_statement(code: str) -> None:
    assert statements(code) == ()


def test_the_numbers_of_letters_in_names() -> None:
    assert spelt(r"\u00e9x") == "é".encode().decode("latin-1") + "x"
    assert spelt("x$") == "x$"


@pytest.mark.parametrize(
    ("words", "replaced"),
    [
        (["-std=c++14"], True),
        (["-std=c++11"], True),
        (["--std", "c++03"], True),
        (["-std=c99"], True),
        (["-std=c17"], True),
        (["-ansi"], True),
        (["-trigraphs"], True),
        (["-Xcompiler", "-trigraphs"], True),
        ([], False),
        (["-std=c++17"], False),
        (["-std=gnu++14"], False),
        (["-std=c23"], False),
    ],
)
def test_which_commands_replace_trigraphs(words: list[str], replaced: bool) -> None:
    assert read_flags(["nvcc", *words], "/x").trigraphs is replaced
    assert not CompileFlags().trigraphs


def told(
    folder: Path, files: dict[str, str | bytes], trigraphs: bool = False
) -> dict[str, set[str]]:
    """Return the cases of PK913 by file."""
    for name, text in files.items():
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    options = ScanOptions(root=folder, jobs=1, flags=UnitFlags(trigraphs=trigraphs))
    found = scan_paths([folder], options).scan.files
    return {f.path: {i.args["case"] for i in f.issues if i.rule == "PK913"} for f in found}


TRIGRAPHS = {
    "comment.cu": f"// x ??/\n__global__ void g() {{}}\n{KERNEL}",
    "string.cu": f'__global__ void g() {{}}\nconst char *p = "??/"; {KERNEL} const char *q = "; ";',
    "define.cu": '??=define ASM asm\n__global__ void k() { ASM("bar.sync 1;"); }',
    "include.cu": "??=include <cuda_runtime.h>\n__global__ void k() {}",
    "template.cu": '__global__ void k() { asm("// foo ??/n bar.sync 1;"); }',
    "header.h": f"// x ??/\n{KERNEL}",
    "unit.cu": '#include "header.h"\n',
    "text.cu": '__global__ void k() {}\nconst char *p = "what??!"; // why ??!',
}
HARMLESS = {"unit.cu", "text.cu"}


@pytest.mark.parametrize("replaced", [True, False])
def test_trigraphs_that_change_code_are_told_of_where_they_are_replaced(
    tmp_path: Path, replaced: bool
) -> None:
    found = told(tmp_path, dict(TRIGRAPHS), replaced)
    assert {name for name, cases in found.items() if "trigraphs" in cases} == (
        TRIGRAPHS.keys() - HARMLESS if replaced else set()
    )


NOTE = "// 中文注释这里是说明文字\n".encode("gbk") * 3
ENCODED = {
    "string.cu": NOTE + b'const char *s = "\xd6\\"; /* ";\n' + KERNEL.encode() + b"\n/* */\n",
    "comment.cu": NOTE + b"// \xd6\\\n" + KERNEL.encode() + b"\n",
    "word.cu": NOTE + b"// \xd6\\\ncudaMalloc(&p, n);\n",
    "letter.cu": NOTE + b'const char *s = "\xd6\x40 \xd6a";\n' + KERNEL.encode(),
    "template.cu": NOTE + b'__global__ void k() { asm("// \xd6a\\n bar.sync 1;"); }',
    "escape.cu": NOTE + b'__global__ void k() { asm("// \xd6\\n bar.sync 1;"); }',
}


def test_what_a_gb_encoding_hides_is_told_of(tmp_path: Path) -> None:
    found = told(tmp_path, dict(ENCODED))
    assert {name for name, cases in found.items() if "bytes" in cases} == {
        "string.cu",
        "comment.cu",
        "word.cu",
        "escape.cu",
    }


def test_names_of_headers_are_read_both_ways(tmp_path: Path) -> None:
    files = {
        "skipped.cu": f"#if 0\n#include <a/*b>\n#endif\n{KERNEL}\n/* */",
        "slashes.cu": f"#include <a//b.h>\n{KERNEL}",
        "quoted.cu": f'#include "a\\"/*"\n{KERNEL}\n/*"*/',
        "plain.cu": f"#include <a.h>\n{KERNEL}",
    }
    found = told(tmp_path, dict(files))
    assert {name for name, cases in found.items() if "headers" in cases} == {
        "skipped.cu",
        "quoted.cu",
    }


def test_assembly_that_only_clang_sees_is_told_of(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        {
            "join.h": "#define FIRST as\n#define REST m\n#define J_(a, b) a##b\n#define J(a, b) J_(a, b)\n",
            "a.cu": f'#include "join.h"\n__global__ void k() {{ J(FIRST, REST) volatile("{BARRIER}"); }}\n',
            "b.cu": f'#include "join.h"\nvoid g(const char *);\n__global__ void k() {{ g("{BARRIER}"); }}\n',
        },
    )
    assert found == {"join.h": set(), "a.cu": {"code"}, "b.cu": set()}


def test_a_statement_that_clang_reads_otherwise_is_told_of(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        {"a.cu": '__global__ void g() {}\n#error use a/*.h\nvoid f() { asm(""); }\n/* */\n'},
    )
    assert found["a.cu"] == {"code"}
