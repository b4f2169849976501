"""A sum and a count by key in Pathway, and the number of rows, on `out`. With `all`, every changed group leaves too."""

import sys

import pathway as pw


class Event(pw.Schema):
    key: str
    value: int


uri, autocommit = sys.argv[1], int(sys.argv[2])
input = pw.io.nats.read(uri, topic="in", schema=Event, format="json", autocommit_duration_ms=autocommit)
by_key = input.groupby(input.key).reduce(input.key, sum=pw.reducers.sum(input.value), n=pw.reducers.count())
rows = by_key.reduce(sum=pw.reducers.sum(by_key.n))
pw.io.nats.write(rows, uri, topic="out", format="json")
if "all" in sys.argv:
    pw.io.nats.write(by_key, uri, topic="groups", format="json")
pw.run(monitoring_level=pw.MonitoringLevel.NONE)
