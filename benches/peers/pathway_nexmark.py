"""Queries of the Nexmark benchmark in Pathway from PyPI.

    python3 pathway_nexmark.py <query> <events.jsonl> <events a commit>

Measured is the time from the moment in which Pathway asks the connectors for rows until the run ends. The rows are parsed before,
and are in memory as dictionaries. Included is what Pathway's Python connectors need to pass them to the engine, one call a row:
an application with rows of its own in memory has no faster way. The result is computed, and goes to Pathway's null sink; a
second run, which is not measured, collects it. Each table has a connector, which commits after each `<events a commit>` events
of all tables; Pathway does not align the commits of two connectors.
"""

import logging
import threading
import time
from collections import Counter

import pathway as pw

import harness

CATEGORY = 10
STATES = ["or", "id", "ca"]


# A column must not be called `id` in Pathway.
class Person(pw.Schema):
    person_id: int
    name: str
    email_address: str
    credit_card: str
    city: str
    state: str
    date_time: int
    extra: str


class Auction(pw.Schema):
    auction_id: int
    item_name: str
    description: str
    initial_bid: int
    reserve: int
    date_time: int
    expires: int
    seller: int
    category: int
    extra: str


class Bid(pw.Schema):
    auction: int
    bidder: int
    price: int
    channel: str
    url: str
    date_time: int
    extra: str


SCHEMAS = {"person": Person, "auction": Auction, "bid": Bid}


def q1(bid):
    """Bids with their price in another currency."""
    return bid.select(bid.auction, bid.bidder, price=bid.price * 908 // 1000, date_time=bid.date_time, extra=bid.extra)


def q3(person, auction):
    """Who sells in a category, in some states."""
    auctions = auction.filter(auction.category == CATEGORY)
    state = person.state
    persons = person.filter((state == STATES[0]) | (state == STATES[1]) | (state == STATES[2]))
    return auctions.join(persons, auctions.seller == persons.person_id).select(
        persons.name, persons.city, persons.state, auctions.auction_id
    )


def q4(auction, bid):
    """The average of the highest prices of the auctions, by category."""
    valid = (
        auction.join(bid, auction.auction_id == bid.auction)
        .filter((bid.date_time >= auction.date_time) & (bid.date_time <= auction.expires))
        .select(auction.auction_id, auction.category, bid.price)
    )
    highest = valid.groupby(valid.auction_id, valid.category).reduce(valid.category, price=pw.reducers.max(valid.price))
    return highest.groupby(highest.category).reduce(
        highest.category, average=pw.reducers.sum(highest.price) // pw.reducers.count()
    )


def q5(bid):
    """The auctions with the most bids of each sliding window."""
    window = pw.temporal.sliding(hop=2_000, duration=10_000)
    counts = bid.windowby(bid.date_time, window=window, instance=bid.auction).reduce(
        auction=pw.this._pw_instance, start=pw.this._pw_window_start, num=pw.reducers.count()
    )
    most = counts.groupby(counts.start).reduce(counts.start, num=pw.reducers.max(counts.num))
    return counts.join(most, counts.start == most.start, counts.num == most.num).select(
        counts.auction, counts.num, counts.start
    )


def q8(person, auction):
    """Persons who open an auction in the window in which they are registered."""
    pairs = person.window_join(
        auction, person.date_time, auction.date_time, pw.temporal.tumbling(10_000), person.person_id == auction.seller
    ).select(person.person_id, person.name, start=pw.this._pw_window_start)
    return pairs.groupby(pairs.person_id, pairs.name, pairs.start).reduce(pairs.person_id, pairs.name, pairs.start)


# The queries, with the tables that they read and the columns of their results.
QUERIES = {
    "q1": (q1, ["bid"], ["auction", "bidder", "price", "date_time", "extra"]),
    "q3": (q3, ["person", "auction"], ["name", "city", "state", "auction_id"]),
    "q4": (q4, ["auction", "bid"], ["category", "average"]),
    "q5": (q5, ["bid"], ["auction", "num", "start"]),
    "q8": (q8, ["person", "auction"], ["person_id", "name", "start"]),
}


class Start:
    """The time of the first call, whichever thread makes it."""

    def __init__(self):
        self.lock, self.time = threading.Lock(), None

    def call(self):
        with self.lock:
            self.time = self.time or time.perf_counter()


class Rows(pw.io.python.ConnectorSubject):
    """The rows of one table, in commits."""

    def __init__(self, commits, started):
        super().__init__()
        self.commits, self.started = commits, started

    def run(self):
        self.started.call()
        while self.commits:
            for row in self.commits.popleft():
                self.next(**row)
            self.commit()


def main():
    arguments = harness.Arguments(QUERIES)
    query, kinds, columns = QUERIES[arguments.query]
    commits, events = harness.load(arguments.path, arguments.commit, {kind: kind for kind in kinds})
    for kind in kinds:
        for row in (row for rows in commits[kind] for row in rows if "id" in row):
            row[f"{kind}_id"] = row.pop("id")
    logging.disable(logging.WARNING)
    started = Start()
    tables = [
        pw.io.python.read(Rows(commits[kind], started), schema=SCHEMAS[kind], autocommit_duration_ms=None, name=kind)
        for kind in kinds
    ]
    result = query(*tables)
    if arguments.check:
        rows = Counter()

        def on_change(key, row, time, is_addition):
            rows[tuple(row[column] for column in columns)] += 1 if is_addition else -1

        pw.io.subscribe(result, on_change)
        pw.run(monitoring_level=pw.MonitoringLevel.NONE)
        harness.print_result(rows.elements())
        return
    pw.io.null.write(result)
    base = harness.status("VmRSS")
    pw.run(monitoring_level=pw.MonitoringLevel.NONE)
    seconds = time.perf_counter() - started.time
    harness.print_measured("pathway", arguments, events, seconds, base, harness.status("VmHWM"))


if __name__ == "__main__":
    main()
