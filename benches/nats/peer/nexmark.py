"""A query of Nexmark in Pathway: out of streams, and to the subject `results`. How many rows it has read leaves on `out`."""

import pathlib
import sys

import pathway as pw

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "peers"))
from pathway_nexmark import QUERIES, SCHEMAS  # noqa: E402

uri, out, autocommit, name = sys.argv[1], sys.argv[4], int(sys.argv[5]), sys.argv[6]
query, kinds, _ = QUERIES[name]
# A column must not be called `id` in Pathway.
paths = {"person": {"person_id": "/id"}, "auction": {"auction_id": "/id"}, "bid": None}


def read(kind):
    stream = f"{kind}s".upper()
    return pw.io.nats.read(
        uri,
        topic=f"nexmark.{stream}",
        schema=SCHEMAS[kind],
        format="json",
        autocommit_duration_ms=autocommit,
        json_field_paths=paths[kind],
        jetstream_stream_name=stream,
        name=kind,
    )


tables = [read(kind) for kind in kinds]
pw.io.nats.write(query(*tables), uri, topic="results", format="json")
rows = pw.Table.concat_reindex(*(table.select(n=1) for table in tables))
pw.io.nats.write(rows.reduce(sum=pw.reducers.count()), uri, topic=out, format="json")
pw.run(monitoring_level=pw.MonitoringLevel.NONE)
