"""Queries of the Nexmark benchmark in Bytewax from PyPI.

    python3 bytewax_nexmark.py <query> <events.jsonl> <events a batch>

Measured is the run of the dataflow. The events are parsed before, and are in memory as dictionaries, with their time as a
`datetime`, which Bytewax's windows need. Bytewax has no commits: the source returns the events in batches of the given number.
The sink drops the result; a second run, which is not measured, collects it. Windows close by the times of the events alone, and
the last ones at the end of the input; so the result does not depend on how fast the dataflow is.
"""

import time
from collections import deque
from datetime import datetime, timedelta, timezone

import bytewax.operators as op
import bytewax.operators.windowing as win
from bytewax.dataflow import Dataflow
from bytewax.inputs import DynamicSource, StatelessSourcePartition
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main

import harness

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
SLIDE, LENGTH = timedelta(seconds=2), timedelta(seconds=10)


class Batches(StatelessSourcePartition):
    """The events in batches."""

    def __init__(self, batches):
        self.batches = batches

    def next_batch(self):
        if not self.batches:
            raise StopIteration
        return self.batches.popleft()


class Events(DynamicSource):
    def __init__(self, batches):
        self.batches = batches

    def build(self, step_id, worker_index, worker_count):
        return Batches(self.batches)


class Collected(StatelessSinkPartition):
    """Adds the results to a list, or drops them if there is none."""

    def __init__(self, rows):
        self.rows = rows

    def write_batch(self, items):
        if self.rows is not None:
            self.rows.extend(items)


class Sink(DynamicSink):
    def __init__(self, rows):
        self.rows = rows

    def build(self, step_id, worker_index, worker_count):
        return Collected(self.rows)


def event_clock():
    """A clock that only events move. By default, the time that passes while the dataflow runs closes windows, too."""
    return win.EventClock(
        lambda event: event["at"], timedelta(0), now_getter=lambda: EPOCH, to_system_utc=lambda _: None
    )


def q1(bid):
    """Bids with their price in another currency."""
    return op.map(
        "convert", bid, lambda b: (b["auction"], b["bidder"], b["price"] * 908 // 1000, b["date_time"], b["extra"])
    )


def hottest(best, counted):
    """The auctions with the most bids among those seen, and the number of their bids."""
    auction, count = counted
    auctions, most = best
    if count > most:
        return [auction], count
    if count == most:
        auctions.append(auction)
    return best


def q5(bid):
    """The auctions with the most bids of each sliding window."""
    windower = win.SlidingWindower(LENGTH, SLIDE, EPOCH)
    counts = win.count_window("count", bid, event_clock(), windower, lambda b: str(b["auction"]))
    # The number of a window counts from 1970 in steps of two seconds.
    by_window = op.map("by_window", counts.down, lambda item: (str(item[1][0]), (item[0], item[1][1])))
    most = op.fold_final("most", by_window, lambda: ([], 0), hottest)
    return op.flat_map(
        "rows", most, lambda item: [(auction, item[1][1], int(item[0]) * 2_000) for auction in item[1][0]]
    )


def seen(state, event):
    """The name of a person, if it is registered in the window, and whether the person has opened an auction."""
    name, has_auction = state
    return (name, True) if "seller" in event else (event["name"], has_auction)


def q8(events):
    """Persons who open an auction in the window in which they are registered.

    Both kinds are in one stream: with two sources, one could run ahead, and the other's events would be too late for the window.
    """
    windower = win.TumblingWindower(LENGTH, EPOCH)
    by_person = op.key_on("by_person", events, lambda event: str(event["seller" if "seller" in event else "id"]))
    windows = win.fold_window(
        "seen",
        by_person,
        event_clock(),
        windower,
        lambda: (None, False),
        seen,
        lambda one, other: (one[0] or other[0], one[1] or other[1]),
        ordered=False,
    )
    both = op.filter("both", windows.down, lambda item: item[1][1][0] is not None and item[1][1][1])
    return op.map("rows", both, lambda item: (int(item[0]), item[1][1][0], item[1][0] * 10_000))


# The queries, with the kinds of events that they read.
QUERIES = {
    "q1": (q1, ["bid"]),
    "q5": (q5, ["bid"]),
    "q8": (q8, ["person", "auction"]),
}


def main():
    arguments = harness.Arguments(QUERIES)
    query, kinds = QUERIES[arguments.query]
    commits, events = harness.load(arguments.path, arguments.commit, {kind: "events" for kind in kinds})
    # Bytewax waits after an empty batch.
    batches = deque(batch for batch in commits["events"] if batch)
    commits.clear()
    for batch in batches:
        for event in batch:
            event["at"] = EPOCH + timedelta(milliseconds=event["date_time"])
    rows = [] if arguments.check else None
    flow = Dataflow("nexmark")
    op.output("out", query(op.input("in", flow, Events(batches))), Sink(rows))
    base = harness.status("VmRSS")
    start = time.perf_counter()
    run_main(flow)
    seconds = time.perf_counter() - start
    peak = harness.status("VmHWM")
    if arguments.check:
        harness.print_result(rows)
    else:
        harness.print_measured("bytewax", arguments, events, seconds, base, peak)


if __name__ == "__main__":
    main()
