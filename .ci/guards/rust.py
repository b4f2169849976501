"""Which paths a Rust file names: enough of a lexer, and no more."""

import re
from bisect import bisect

# Comments and literals, in which nothing is named. Block comments nest, so only their start is here.
BLANK = re.compile(
    r"""//[^\n]*|/\*|\bb?r(#*)".*?"\1|"(?:\\.|[^"\\])*"|'(?:\\.[^'\n]*|[^'\\\n])'""",
    re.S,
)
TOKEN = re.compile(r"[A-Za-z_]\w*|::|[{},;.*$]|[^\sA-Za-z_]")
IDENTIFIER = re.compile(r"[A-Za-z_]")


def without_comments(text):
    """The same text with comments and literals blanked; lines keep their numbers."""
    out, position = [], 0
    while match := BLANK.search(text, position):
        out.append(text[position : match.start()])
        end = match.end()
        if match.group() == "/*":
            depth = 1
            while depth and (edge := re.compile(r"/\*|\*/").search(text, end)):
                depth += 1 if edge.group() == "/*" else -1
                end = edge.end()
            end = len(text) if depth else end
        # Not quite nothing: what stands before and after a literal must not become one token.
        out.append(re.sub(r"[^\n]", " ", text[match.start() : end]))
        position = end
    out.append(text[position:])
    return "".join(out)


def paths(text, module):
    """Yields `(line, segments)` for each path. A path from the crate's root starts with `crate`.

    `module` is the file's own module, as segments: `super` is resolved against it and against modules within the file.
    """
    text = without_comments(text)
    starts = [match.end() for match in re.finditer("\n", text)]
    tokens = [(match.group(), match.start()) for match in TOKEN.finditer(text)] + [(";", len(text))]
    words = [word for word, _ in tokens]

    def line(index):
        return bisect(starts, tokens[index][1]) + 1

    # The modules within the file that are open, each with the depth of braces at which it ends.
    inline, depth, index = [], 0, 0
    while index < len(words):
        word = words[index]
        if word == "{":
            depth += 1
            if words[index - 2] == "mod":
                inline.append((words[index - 1], depth))
        elif word == "}":
            if inline and inline[-1][1] == depth:
                inline.pop()
            depth -= 1
        elif word == "use" or (IDENTIFIER.match(word) and words[index - 1] not in ("::", ".")) or word == "::":
            here = [*module, *(name for name, _ in inline)]
            begin = index + 1 if word == "use" else index
            found, index = tree(words, begin, [], line, word == "use")
            yield from ((number, resolve(segments, here)) for number, segments in found)
            continue
        index += 1


def tree(words, index, before, line, braces):
    """The paths of one use tree (with `braces`), or one path; and the index behind it."""
    segments, at = [], index
    if words[index] == "::":
        index += 1
    while index < len(words):
        word = words[index]
        if word == "$":
            index += 1
        elif braces and word == "{":
            found, index = [], index + 1
            while words[index] != "}" and index < len(words) - 1:
                inner, index = tree(words, index, before + segments, line, True)
                found += inner
                index += words[index] == ","
            return found, index + 1
        elif IDENTIFIER.match(word) or (braces and word == "*"):
            segments.append(word)
            at, index = (index if len(segments) == 1 else at), index + 1
            if words[index : index + 1] != ["::"] or not (IDENTIFIER.match(words[index + 1]) or braces):
                break
            index += 1
        else:
            break
    if braces and words[index] == "as":
        index += 2
    # `use a::{self}` is `a`.
    whole = [segment for segment in before + segments if segment != "self" or not before]
    return [(line(at), whole)], max(index, at + 1)


def resolve(segments, module):
    """Turns leading `self` and `super` into a path from the crate's root."""
    if segments and segments[0] in ("self", "super"):
        up = sum(1 for segment in segments if segment == "super")
        rest = [segment for segment in segments if segment not in ("self", "super")]
        return ["crate", *module[: max(0, len(module) - up)], *rest]
    return segments
