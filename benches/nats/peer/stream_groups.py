"""How often each value of a stream has come, in Pathway: into a stream. The number of rows leaves on `out`.

With a directory, Pathway persists there, every ten seconds.
"""

import sys

import pathway as pw


class Input(pw.Schema):
    value: int


uri, stream, topic, out, autocommit = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])
rows = pw.io.nats.read(
    uri, topic=topic, schema=Input, format="json", autocommit_duration_ms=autocommit, jetstream_stream_name=stream, name="src"
)
counts = rows.groupby(rows.value).reduce(rows.value, n=pw.reducers.count())
pw.io.nats.write(counts, uri, topic="groups", format="json")
pw.io.nats.write(counts.reduce(sum=pw.reducers.sum(counts.n)), uri, topic=out, format="json")
config = None
if len(sys.argv) > 6:
    backend = pw.persistence.Backend.filesystem(sys.argv[6])
    config = pw.persistence.Config(backend, snapshot_interval_ms=10_000)
pw.run(monitoring_level=pw.MonitoringLevel.NONE, persistence_config=config)
