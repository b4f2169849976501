"""The tutorial's job in Pathway: the running sum of the integers on `in`, on `out`."""

import sys

import pathway as pw


class Input(pw.Schema):
    value: int


uri, autocommit = sys.argv[1], int(sys.argv[2])
input = pw.io.nats.read(uri, topic="in", schema=Input, format="json", autocommit_duration_ms=autocommit)
total = input.reduce(sum=pw.reducers.sum(input.value))
pw.io.nats.write(total, uri, topic="out", format="json")
pw.run(monitoring_level=pw.MonitoringLevel.NONE)
