"""Rules for single files: their first line, their length, and what they must not name."""

import re

from .tree import Finding, Guard

LINES = 400
REASON = "//! Long because "

# Programs that read like a user's file, and code that a test has written.
FIXTURES = re.compile(r"^ui-tests/(pass|fail)/|\.expanded\.rs$")

# An absolute path: nothing before it makes it part of a relative path or of a URL.
MACHINE_PATH = re.compile(r"(?:^|[^\w.~*}>-])/(?:work|root|home|Users)/")

# Crates and wheels come from wherever the user's cargo and pip are set up to look.
REGISTRY = re.compile(
    r"(?:static|index)\.crates\.io|pypi\.org|pythonhosted\.org|registry\.npmjs\.org|proxy\.golang\.org"
    r"|(?:extra-)?index-url|\breplace-with\b|\[registries\b|\[source\.|\bregistry\s*=\s*\""
    r"|\b(?:sparse|registry)\+(?!https://github\.com/rust-lang/crates\.io-index\b)https?:"
)

# A test waits for a condition, unless time itself is tested.
TEST = re.compile(r"(^|/)tests?/|/tests\.rs$")
SLEEP = re.compile(r"\b(?:thread|time)::sleep\(")
ALLOWED_SLEEP = "// Time must pass here: "


def first_line(tree):
    for path in tree.ending(".rs"):
        if not FIXTURES.search(path) and not (tree.text(path) or "").startswith("//!"):
            yield Finding(path, 1, "no first line", "open the file with `//! …`, which says what the file is")


def length(tree):
    for path in tree.ending(".rs"):
        if FIXTURES.search(path):
            continue
        text = tree.text(path) or ""
        count = text.count("\n")
        if count > LINES and f"\n{REASON}" not in f"\n{text}":
            fix = f"split the file by meaning, or give the reason in a line `{REASON}…`"
            yield Finding(path, LINES + 1, f"{count} lines are more than {LINES}", fix)


def never_named(pattern, what, fix):
    def check(tree):
        for path in tree.paths:
            # The patterns themselves stand in this folder.
            if not path.startswith(".ci/guards/") and pattern.search(tree.text(path) or ""):
                for number, line in tree.lines(path):
                    for match in pattern.finditer(line):
                        yield Finding(path, number, f"{what} `{match.group().strip()}`", fix)

    return check


def sleeps(tree):
    for path in tree.ending(".rs"):
        if not TEST.search(path) or FIXTURES.search(path):
            continue
        lines = tree.lines(path)
        for number, line in lines:
            above = [text.strip() for _, text in lines[max(0, number - 5) : number - 1]]
            if SLEEP.search(line) and not any(text.startswith(ALLOWED_SLEEP) for text in above):
                fix = f"wait for a condition (testkit's `wait_for`), or say why above it: `{ALLOWED_SLEEP}…`"
                yield Finding(path, number, "a test that sleeps", fix)


LONG = "//! A file.\n" + "\n" * LINES

GUARDS = [
    Guard(
        "first line",
        first_line,
        {"src/a.rs": "//! A file.\n", "ui-tests/fail/join/a.rs": "fn main() {}\n", "a.expanded.rs": "", "b.py": ""},
        [
            ({"src/b.rs": "use a;\n//! Too late.\n"}, ["src/b.rs:1: no first line"]),
            ({"src/b.rs": ""}, ["src/b.rs:1: no first line"]),
        ],
    ),
    Guard(
        "length",
        length,
        {"a.rs": LONG[:-1], "b.rs": LONG.replace("\n", f"\n{REASON}it is a table.\n", 1), "ui-tests/pass/c.rs": LONG},
        [({"tests/it/d.rs": LONG}, ["tests/it/d.rs:401: 401 lines are more than 400"])],
    ),
    Guard(
        "sleeps",
        sleeps,
        {
            "tests/it/a.rs": f"fn a() {{\n    {ALLOWED_SLEEP}the server waits.\n    thread::sleep(WAIT);\n}}\n",
            "core/src/a.rs": "thread::sleep(WAIT);",
        },
        [
            ({"tests/it/b.rs": "\nstd::thread::sleep(WAIT);"}, ["tests/it/b.rs:2: a test that sleeps"]),
            ({"core/src/a/tests.rs": "tokio::time::sleep(WAIT);"}, ["core/src/a/tests.rs:1: a test that sleeps"]),
        ],
    ),
    Guard(
        "machine paths",
        never_named(MACHINE_PATH, "a path of your machine,", "make it relative, or use the temporary folder"),
        {"a.md": "See `src/root/a.rs`, https://host/home/ and ../work/x.\n", "b.sh": "cd $HOME/work/a\n"},
        [({"c.rs": "//! A.\n// In /home/ada/c.\n"}, ["c.rs:2: a path of your machine, `/home/`"])],
    ),
    Guard(
        "registries",
        never_named(REGISTRY, "a registry,", "let cargo and pip look where they are set up to look"),
        {
            "Cargo.lock": 'source = "registry+https://github.com/rust-lang/crates.io-index"\n',
            "README.md": "https://crates.io/crates/pathway\n",
        },
        [
            ({"Cargo.lock": '\nsource = "sparse+https://host/"\n'}, ["Cargo.lock:2: a registry, `sparse+https:`"]),
            ({"pip.sh": "pip --index-url https://a\n"}, ["pip.sh:1: a registry, `index-url`"]),
            ({"a.md": "files.pythonhosted.org\n"}, ["a.md:1: a registry, `pythonhosted.org`"]),
        ],
    ),
]
