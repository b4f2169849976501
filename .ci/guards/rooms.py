"""Arrows between the rooms of the engine: ARCHITECTURE.md has the table, and the code keeps to it."""

import re

from . import rust
from .tree import Finding, Guard, table

PAGE = "ARCHITECTURE.md"
SOURCE = "pathway-core/src/"
ENTRY = re.compile(r"`([\w-]+)/?`(?::\s*((?:`\w+`\s*)+))?")

# Reading a clock is written like a crate in the table.
CLOCK = "clock"
CLOCKS = {"Instant", "SystemTime", "Timestamp", "DateTimeUtc", "Zoned"}


def rooms(tree):
    """Each room with its line, the rooms that it may name (with the items, where not all), and what it has alone."""
    parsed = {}
    for number, cells in table(tree, PAGE, "room"):
        name = cells[0].strip("`/ ")
        may = {room: set(re.findall(r"\w+", items)) for room, items in ENTRY.findall(cells[2])}
        alone = {crate.replace("-", "_") for crate, _ in ENTRY.findall(cells[3])}
        parsed[name] = (number, may, alone)
    return parsed


def table_is_one_way(tree):
    known = rooms(tree)
    above = set()
    for name, (number, may, _) in known.items():
        for other in sorted(may.keys() - above):
            why = "stands below it" if other in known else "is no room"
            what = f"`{name}/` may name `{other}/`, which {why}"
            yield Finding(PAGE, number, what, "a room names only rooms above it")
        above.add(name)
    there = {path[len(SOURCE) :].split("/")[0] for path in tree.paths if path.startswith(SOURCE)}
    for name in sorted(there - known.keys() - {"lib.rs"}):
        yield Finding(PAGE, 1, f"no row for `{SOURCE}{name}`", "add it to the table of rooms, or move it into one")
    for name in sorted(known.keys() - there):
        yield Finding(PAGE, known[name][0], f"a row for `{name}/`, which is not there", "take the row out")


def named(tree, known):
    """Every path that the rooms name: `(file, line, room, segments)`."""
    for path in tree.ending(".rs"):
        room, _, rest = path.removeprefix(SOURCE).partition("/")
        if path.startswith(SOURCE) and room in known:
            module = [room, *(part for part in rest.removesuffix(".rs").split("/") if part != "mod")]
            for line, segments in rust.paths(tree.text(path), module):
                yield path, line, room, segments


def reads_clock(segments):
    return any(pair[0] in CLOCKS and pair[1] == "now" for pair in zip(segments, segments[1:]))


def arrows(tree):
    known = rooms(tree)
    owners = {}
    for name, (_, _, alone) in known.items():
        for crate in alone:
            owners.setdefault(crate, []).append(name)
    used = {name: set() for name in known}
    for path, line, room, segments in named(tree, known):
        yield from (Finding(path, line, *finding) for finding in problems(room, segments, known, owners))
        used[room].add(CLOCK if reads_clock(segments) else "::".join(segments[:2]) + "::")
        used[room].add("::".join(segments[:3]) + "::")
    for name, (line, may, alone) in known.items():
        rights = {f"`{other}/`": f"crate::{other}::" for other in may}
        rights |= {f"`{other}::{item}`": f"crate::{other}::{item}::" for other in may for item in may[other]}
        rights |= {f"`{crate}`": CLOCK if crate == CLOCK else f"{crate}::" for crate in alone}
        for shown, path in sorted(rights.items()):
            if not any(use.startswith(path) for use in used[name]):
                yield Finding(PAGE, line, f"`{name}/` does not name {shown}", "take it out of the row")


def problems(room, segments, known, owners):
    """What is wrong with a path that a room names: `(what, fix)`."""
    if segments[:1] == ["crate"] and len(segments) > 1:
        other, item = segments[1], segments[2:3]
        may = known[room][1]
        if other == room:
            return
        if other not in may:
            yield f"`{room}/` names `{other}/`", f"see the table of rooms in {PAGE}: move the code, or turn the arrow"
        elif may[other] and item and item[0] not in may[other]:
            allowed = ", ".join(f"`{name}`" for name in sorted(may[other]))
            yield f"`{room}/` names `{other}::{item[0]}`", f"of `{other}/` it may name {allowed} (table in {PAGE})"
    crate = segments[0] if segments else ""
    if CLOCK in owners and reads_clock(segments):
        crate = CLOCK
    if crate in owners and room not in owners[crate] and (len(segments) > 1):
        places = ", ".join(f"`{name}/`" for name in owners[crate])
        yield f"`{room}/` names `{crate}`", f"only {places} may (table in {PAGE})"


TABLE = """
| room | what lives there | may name | alone |
|---|---|---|---|
| `data/` | nouns | – | |
| `flow/` | streams | `data/` | `timely` |
| `plan/` | plans | `data/`, `flow/` | |
| `nats/` | ends | `data/`, `plan/`: `Table` `Pipeline` | `async-nats`, `clock` |
"""


def room_files(**texts):
    files = {f"{SOURCE}{name}/mod.rs": "" for name in ("data", "flow", "plan", "nats")}
    files |= {f"{SOURCE}{name.replace('__', '/')}.rs": text for name, text in texts.items()}
    return {PAGE: TABLE, f"{SOURCE}lib.rs": "mod data;", **files}


def turned(room, why):
    """The first room may name another one."""
    change = {PAGE: TABLE.replace("nouns | –", f"nouns | `{room}/`")}
    return change, [f"{PAGE}:4: `data/` may name `{room}/`, which {why}"]


def unused(file, text, line, what):
    """A room no longer uses what its row allows."""
    room = file.split("__")[0]
    change = {f"{SOURCE}{file.replace('__', '/')}.rs": text}
    return change, [f"{PAGE}:{line}: `{room}/` does not name `{what}`"]


def breaks(file, text, *expected):
    return {f"{SOURCE}{file}": text}, [f"{SOURCE}{file}:{line}" for line in expected]


GUARDS = [
    Guard(
        "room table",
        table_is_one_way,
        room_files(),
        [
            turned("nats", "stands below it"),
            turned("data", "stands below it"),
            turned("date", "is no room"),
            ({f"{SOURCE}extra/mod.rs": ""}, [f"{PAGE}:1: no row for `{SOURCE}extra`"]),
            ({f"{SOURCE}extra.rs": ""}, [f"{PAGE}:1: no row for `{SOURCE}extra.rs`"]),
            ({f"{SOURCE}data/mod.rs": None}, [f"{PAGE}:4: a row for `data/`, which is not there"]),
        ],
    ),
    Guard(
        "arrows",
        arrows,
        room_files(
            data__a="""
                // use crate::plan;
                /* a /* b */ use crate::flow; */
                /// [`crate::nats`]
                const A: &str = "crate::nats";
                fn a<'a>() { r#"crate::flow"# }
            """,
            flow__b="use crate::data::{self, a::{B, C}};\nuse timely::D;\nmod c { use super::super::super::data::E; }",
            plan__c="use crate::{data::A, flow::{B, timely}};\nfn c(now: Instant) { flow.timely::<u8>() }",
            nats__d="""
                use crate::plan::{Table, Pipeline as P};
                use crate::data::A;
                use async_nats::Client;
                fn d() { Instant::now(); crate::plan::Table::<A>::new() }
            """,
        ),
        [
            breaks("data/x.rs", "\nuse crate::flow::A;", "2: `data/` names `flow/`"),
            breaks("data/x.rs", "use crate::{\n  data::A,\n  plan::{B, C},\n};", *["3: `data/` names `plan/`"] * 2),
            breaks("data/x.rs", "fn a() {\n  let _ = crate::nats::read();\n}", "2: `data/` names `nats/`"),
            breaks("data/x.rs", "macro_rules! a { () => { $crate::plan::Table } }", "1: `data/` names `plan/`"),
            breaks("data/x.rs", "use super::super::plan::A;", "1: `data/` names `plan/`"),
            breaks("data/x.rs", "mod tests {\n  use super::super::super::plan::A;\n}", "2: `data/` names `plan/`"),
            breaks("data/x.rs", "#[cfg(test)]\nmod tests { fn a() { crate::flow::a() } }", "2: `data/` names `flow/`"),
            breaks("data/x.rs", "fn a() -> &'static str { \"\" }\nuse crate::flow;", "2: `data/` names `flow/`"),
            breaks("nats/x.rs", "use crate::plan::{Table,\nNode};", "2: `nats/` names `plan::Node`"),
            breaks("nats/x.rs", "use crate::plan::*;", "1: `nats/` names `plan::*`"),
            breaks("plan/x.rs", "use timely::A;", "1: `plan/` names `timely`"),
            breaks("plan/x.rs", "fn a() { ::timely::execute() }", "1: `plan/` names `timely`"),
            breaks("plan/x.rs", "use {async_nats::A, bytes::B};", "1: `plan/` names `async_nats`"),
            breaks("plan/x.rs", "fn a() { std::time::Instant::now() }", "1: `plan/` names `clock`"),
            breaks("plan/x.rs", "fn a() { x(Instant::now()) }", "1: `plan/` names `clock`"),
            unused("plan__c", "use crate::flow::B;", 6, "data/"),
            unused("nats__d", "use crate::{data::A, plan::Table}; fn d() { async_nats::a(Instant::now()) }", 7, "plan::Pipeline"),
            unused("nats__d", "use crate::{data::A, plan::{Pipeline, Table}}; use async_nats::A;", 7, "clock"),
            unused("flow__b", "use crate::data::A;", 5, "timely"),
        ],
    ),
]
