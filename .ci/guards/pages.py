"""Rules for pages: what they link is there, and what is there is linked."""

import re
from posixpath import dirname, normpath

from .tree import Finding, Guard, table

LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`]+)`")
GUIDE = "docs/guide/README.md"
MAP = "CONTRIBUTING.md"

# In these pages, a path in backticks is a file or folder of the repository, from one of these folders.
MAPS = ["ARCHITECTURE.md", "CONTRIBUTING.md"]
BASES = ["", "pathway-core/src/", "pathway-macros/src/"]
# How many files a message may visit on its way from the socket to an operator, and from an operator to the socket.
MOST_FILES = 18
# What a build makes, which Git ignores.
MADE = {"target/"}
NAMED = re.compile(r"^\.?[\w-][\w./-]*(?:\.(?:rs|md|toml|json|stderr)|/)$")


def prose(tree, page):
    """The lines of a page outside its code blocks."""
    fenced = False
    for number, line in tree.lines(page):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, line


def links(tree):
    for page in tree.ending(".md"):
        for number, line in prose(tree, page):
            for target in LINK.findall(CODE.sub("", line)):
                path = normpath(f"{dirname(page)}/{target.split('#')[0]}".lstrip("/"))
                outside = re.match(r"[a-z]+:|#", target) or "::" in target
                if not outside and path not in tree.paths and path not in tree.folders and path != ".":
                    yield Finding(page, number, f"a link to `{target}`, which is not there", "name a file that is")


def guide(tree):
    linked = {f"docs/guide/{target}" for target in LINK.findall(tree.text(GUIDE) or "")}
    for page in tree.ending(".md"):
        if page.startswith("docs/guide/") and page != GUIDE and page not in linked:
            yield Finding(page, 1, "a page of the guide that nothing links", f"add it to {GUIDE}")


def folders(tree):
    rows = {}
    for number, cells in table(tree, MAP, "folder"):
        rows.setdefault(cells[0].strip("`").rstrip("/"), number)
    there = {path.split("/")[0] for path in tree.paths if "/" in path}
    for name in sorted(there - rows.keys()):
        yield Finding(MAP, 1, f"no line for the folder `{name}/`", "add it to the table of folders")
    for name in sorted(rows.keys() - there):
        yield Finding(MAP, rows[name], f"a line for `{name}/`, which is not there", "take the line out")


def named_files(tree):
    for page in MAPS:
        for number, line in tree.lines(page):
            for name in CODE.findall(line):
                places = [f"{base}{name}".rstrip("/") for base in BASES]
                known = any(place in tree.paths or place in tree.folders for place in places)
                if NAMED.match(name) and not known and name not in MADE:
                    yield Finding(page, number, f"`{name}` is not there", "name a file or folder that is")


def life_of_a_message(tree):
    """Each way is a section of a numbered list, one file an item."""
    way, files = None, []
    for number, line in [*tree.lines(MAPS[0]), (0, "#")]:
        if line.startswith("#"):
            if len(files) > MOST_FILES:
                what = f"{len(files)} files are more than {MOST_FILES}"
                yield Finding(MAPS[0], way, what, "let a message visit fewer files")
            way, files = number, []
        elif match := re.match(r"\d+\. `([\w/.]+\.rs)`", line):
            if match[1] in files:
                yield Finding(MAPS[0], number, f"`{match[1]}` for the second time", "let a message go one way only")
            files.append(match[1])


def pages(paths):
    return {path: "" for path in paths.split()}


GUARDS = [
    Guard(
        "links",
        links,
        {
            "README.md": "[a](docs/a.md#b) [b](https://host/x) `[c](d)` [d](docs) [e](#f)\n```\n[f](g)\n```\n",
            "docs/a.md": "[r](../README.md)\n",
        },
        [({"docs/a.md": "\n[b](b.md)\n"}, ["docs/a.md:2: a link to `b.md`, which is not there"])],
    ),
    Guard(
        "guide",
        guide,
        {GUIDE: "[a](a.md)\n", "docs/guide/a.md": "", "docs/macros/b.md": ""},
        [({"docs/guide/b.md": ""}, ["docs/guide/b.md:1: a page of the guide that nothing links"])],
    ),
    Guard(
        "top-level folders",
        folders,
        {MAP: "| folder | what |\n|---|---|\n| `src/` | code |\n", "src/lib.rs": ""},
        [
            ({"extra/a": ""}, ["CONTRIBUTING.md:1: no line for the folder `extra/`"]),
            ({"src/lib.rs": None}, ["CONTRIBUTING.md:3: a line for `src/`, which is not there"]),
        ],
    ),
    Guard(
        "files that maps name",
        named_files,
        {
            "ARCHITECTURE.md": "`data/error.rs` `src/lib.rs` `data/` `Vec<u8>` `data/<verb>.rs` `a / b` `target/`\n",
            **pages("pathway-core/src/data/error.rs src/lib.rs"),
        },
        [
            ({"CONTRIBUTING.md": "\n`table/join.rs`\n"}, ["CONTRIBUTING.md:2: `table/join.rs` is not there"]),
            ({"CONTRIBUTING.md": "`tables/`\n"}, ["CONTRIBUTING.md:1: `tables/` is not there"]),
        ],
    ),
    Guard(
        "life of a message",
        life_of_a_message,
        {"ARCHITECTURE.md": "# A\n" + "".join(f"1. `a{n}.rs`: b.\n" for n in range(18)) + "## B\n1. `a1.rs`: b.\n"},
        [
            (
                {"ARCHITECTURE.md": "\n# A\n" + "".join(f"1. `a{n}.rs`: b.\n" for n in range(19))},
                ["ARCHITECTURE.md:2: 19 files are more than 18"],
            ),
            (
                {"ARCHITECTURE.md": "# A\n1. `a.rs`: b.\n2. `b.rs`: c.\n3. `a.rs`: d.\n"},
                ["ARCHITECTURE.md:4: `a.rs` for the second time"],
            ),
        ],
    ),
]
