"""The running sum of the integers in a stream, in Pathway: as `sum.py`, out of JetStream."""

import sys

import pathway as pw


class Input(pw.Schema):
    value: int


uri, stream, topic, out, autocommit = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])
rows = pw.io.nats.read(
    uri, topic=topic, schema=Input, format="json", autocommit_duration_ms=autocommit, jetstream_stream_name=stream, name="src"
)
total = rows.reduce(sum=pw.reducers.sum(rows.value))
pw.io.nats.write(total, uri, topic=out, format="json")
pw.run(monitoring_level=pw.MonitoringLevel.NONE)
