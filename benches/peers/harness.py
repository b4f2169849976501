"""What the programs for Pathway and Bytewax share: they read the events, and print what a run has needed and its result."""

import json
import subprocess
import sys
import zlib
from collections import deque

USAGE = "usage: {} <query> <events.jsonl> <events a commit, 0 for all in one>\nqueries: {}"


class Arguments:
    """The command line. With `--check`, which a program gives to its second run, the result is computed and nothing measured."""

    def __init__(self, queries):
        try:
            self.query, self.path, commit, *rest = sys.argv[1:]
            self.commit = int(commit)
        except ValueError:
            sys.exit(USAGE.format(sys.argv[0], ", ".join(queries)))
        self.check = rest == ["--check"]
        if self.query not in queries or (rest and not self.check):
            sys.exit(USAGE.format(sys.argv[0], ", ".join(queries)))


def load(path, commit, streams):
    """The events in commits, without their kind, and the number of all events in the file.

    `streams` says for each kind that is read to which stream its events belong. A stream is a queue of lists: one list for each
    commit, with its events in the order of the file.
    """
    commits = {stream: deque() for stream in streams.values()}
    number = 0
    with open(path) as file:
        for number, line in enumerate(file):
            if number == 0 or (commit and number % commit == 0):
                for queue in commits.values():
                    queue.append([])
            event = json.loads(line)
            if (stream := streams.get(event.pop("kind"))) is not None:
                commits[stream][-1].append(event)
    return commits, number + 1


def status(name):
    """A number of KiB that the system knows of this process."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(f"{name}:"))


def print_result(rows):
    """In a second run: how many rows the result has, and the CRC-32 of its sorted lines. A row is a tuple."""
    lines = sorted("|".join("" if column is None else str(column) for column in row).encode() + b"\n" for row in rows)
    print(json.dumps({"rows": len(lines), "digest": f"{zlib.crc32(b''.join(lines)):08x}"}))


def print_measured(system, arguments, events, seconds, base, peak):
    """In the first run: what it has needed, with the result of a second run in a process of its own."""
    second = subprocess.run([sys.executable, *sys.argv, "--check"], stdout=subprocess.PIPE, check=True)
    measured = {
        "system": system,
        "query": arguments.query,
        "events": events,
        "commit": arguments.commit,
        "workers": 1,
        "seconds": round(seconds, 6),
        "peak_kib": peak,
        "base_kib": base,
    }
    print(json.dumps(measured | json.loads(second.stdout.splitlines()[-1]), separators=(",", ":")))
