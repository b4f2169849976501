"""What guards work on: the files of a tree, and findings in them."""

import subprocess
from collections import namedtuple
from functools import cached_property


class Finding(namedtuple("Finding", "file line what fix")):
    """A broken rule. `line` counts from 1."""

    def __str__(self):
        return f"{self.file}:{self.line}: {self.what} – {self.fix}"


class Guard(namedtuple("Guard", "name check good bad")):
    """A rule, with a tree (path → text) that keeps it, and changes to that tree that break it.

    `bad` is a list of `(change, expected)`: a change replaces or adds files (None removes one), and `expected` has the
    findings up to their ` – `.
    """


class Tree:
    """Paths with `/`, relative to the root, and the text of each file (None if it is not UTF-8)."""

    def __init__(self, paths, read):
        self.paths = sorted(paths)
        self._read = read
        self._texts = {}

    @staticmethod
    def of(files):
        files = {path: text for path, text in files.items() if text is not None}
        return Tree(files, files.get)

    @staticmethod
    def of_repository(root):
        """The files that Git tracks, and the new ones that it does not ignore."""
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        output = subprocess.run(command, cwd=root, check=True, capture_output=True).stdout.decode()
        paths = {path for path in output.split("\0") if path and (root / path).is_file()}

        def read(path):
            try:
                return (root / path).read_bytes().decode()
            except UnicodeDecodeError:
                return None

        return Tree(paths, read)

    def text(self, path):
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def lines(self, path):
        """Numbered lines; none if the file is not text."""
        return list(enumerate((self.text(path) or "").split("\n"), start=1))

    def ending(self, *endings):
        return [path for path in self.paths if path.endswith(endings)]

    @cached_property
    def folders(self):
        """Every folder that holds a file, at any depth."""
        return {path.rsplit("/", n)[0] for path in self.paths for n in range(1, path.count("/") + 1)}


def table(tree, page, header):
    """The rows of a page's table: `(line, cells)`. `header` is the text of its first cell."""
    rows, inside = [], False
    for number, line in tree.lines(page):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else None
        if cells is None:
            inside = False
        elif inside and not set(line) <= set("|-: "):
            rows.append((number, cells))
        elif cells[0] == header:
            inside = True
    return rows
