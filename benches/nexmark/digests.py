#!/usr/bin/env python3
"""The results of the Nexmark queries by DuckDB, as digests to compare the results of other systems with.

    python3 benches/nexmark/digests.py events.jsonl [q0 q1 ..] > digests.txt

`events.jsonl` has one event a line, with its `kind` and the generator's field names. Without names, all queries are computed.
Each line of the output is `QUERY EVENTS ROWS CRC32`: CRC32 is that of the rows of the result, each as one line of its columns
joined by `|`, the lines sorted bytewise. Times are milliseconds since 1970, and NULL is the empty text.

It needs `duckdb` from PyPI (tested with 2.0.1).
"""

import sys
import zlib

import duckdb

COLUMNS = {
    "kind": "VARCHAR",
    # Of persons.
    "id": "BIGINT",
    "name": "VARCHAR",
    "email_address": "VARCHAR",
    "credit_card": "VARCHAR",
    "city": "VARCHAR",
    "state": "VARCHAR",
    # Of auctions, with `id`.
    "item_name": "VARCHAR",
    "description": "VARCHAR",
    "initial_bid": "BIGINT",
    "reserve": "BIGINT",
    "expires": "BIGINT",
    "seller": "BIGINT",
    "category": "BIGINT",
    # Of bids.
    "auction": "BIGINT",
    "bidder": "BIGINT",
    "price": "BIGINT",
    "channel": "VARCHAR",
    "url": "VARCHAR",
    # Of all.
    "date_time": "BIGINT",
    "extra": "VARCHAR",
}

TABLES = """
CREATE TABLE person AS
    SELECT id, name, email_address, credit_card, city, state, date_time, extra FROM event WHERE kind = 'person';
CREATE TABLE auction AS
    SELECT id, item_name, description, initial_bid, reserve, date_time, expires, seller, category, extra
    FROM event WHERE kind = 'auction';
CREATE TABLE bid AS
    SELECT auction, bidder, price, channel, url, date_time, extra FROM event WHERE kind = 'bid';

CREATE MACRO day(ms) AS strftime(make_timestamp(ms * 1000), '%Y-%m-%d');
CREATE MACRO hour_minute(ms) AS strftime(make_timestamp(ms * 1000), '%H:%M');
CREATE MACRO ten_seconds(ms) AS ms - ms % 10000;

-- The winning bid of each auction.
CREATE VIEW winner AS
    SELECT A.id, A.item_name, A.description, A.initial_bid, A.reserve, A.date_time, A.expires, A.seller, A.category, A.extra,
           B.auction, B.bidder, B.price, B.date_time AS bid_time, B.extra AS bid_extra
    FROM auction A JOIN bid B ON A.id = B.auction AND B.date_time BETWEEN A.date_time AND A.expires
    QUALIFY row_number() OVER (PARTITION BY A.id ORDER BY B.price DESC, B.date_time, B.bidder, B.extra) = 1;

-- How often each auction was bid for, by the sliding windows of ten seconds every two seconds.
CREATE VIEW heat AS
    SELECT auction, count(*) AS num, date_time - date_time % 2000 - 2000 * step AS start
    FROM bid, range(5) AS steps(step)
    GROUP BY auction, start;

-- The bids of each bidder, with the number of the session that each belongs to.
CREATE VIEW visit AS
    SELECT bidder, date_time, sum(begins) OVER (PARTITION BY bidder ORDER BY date_time RANGE UNBOUNDED PRECEDING) AS session
    FROM (
        SELECT bidder, date_time,
               CASE WHEN date_time - lag(date_time) OVER (PARTITION BY bidder ORDER BY date_time) <= 10000 THEN 0 ELSE 1 END
                   AS begins
        FROM bid
    );
"""

# The statistics of the queries q15 and q16.
RANKS = ["TRUE", "price < 10000", "price >= 10000 AND price < 1000000", "price >= 1000000"]
STATISTICS = ", ".join(
    f"count({counted}) FILTER (WHERE {rank})" for counted in ["*", "DISTINCT bidder", "DISTINCT auction"] for rank in RANKS
)

QUERIES = {
    # Bids as they are.
    "q0": "SELECT auction, bidder, price, date_time, extra FROM bid",
    # Bids with their price in another currency.
    "q1": "SELECT auction, bidder, price * 908 // 1000, date_time, extra FROM bid",
    # Bids for some auctions.
    "q2": "SELECT auction, price FROM bid WHERE auction % 123 = 0",
    # Who sells in a category, in some states.
    "q3": """
        SELECT P.name, P.city, P.state, A.id
        FROM auction A JOIN person P ON A.seller = P.id
        WHERE A.category = 10 AND P.state IN ('or', 'id', 'ca')
    """,
    # The average of the highest prices of the auctions, by category.
    "q4": """
        SELECT category, sum(highest) // count(*)
        FROM (
            SELECT A.id, A.category, max(B.price) AS highest
            FROM auction A JOIN bid B ON A.id = B.auction AND B.date_time BETWEEN A.date_time AND A.expires
            GROUP BY A.id, A.category
        )
        GROUP BY category
    """,
    # The auctions with the most bids of each sliding window.
    "q5": "SELECT auction, num, start FROM heat QUALIFY num = max(num) OVER (PARTITION BY start)",
    # The average of the winning bids of the last ten auctions of each seller.
    "q6": """
        SELECT seller, sum(price) // count(*)
        FROM (
            SELECT seller, price
            FROM winner
            QUALIFY row_number() OVER (PARTITION BY seller ORDER BY bid_time DESC, id DESC) <= 10
        )
        GROUP BY seller
    """,
    # The highest bids of each tumbling window.
    "q7": """
        SELECT auction, price, bidder, date_time, extra
        FROM bid
        QUALIFY price = max(price) OVER (PARTITION BY ten_seconds(date_time))
    """,
    # Persons who open an auction in the window in which they are registered.
    "q8": """
        SELECT DISTINCT P.id, P.name, ten_seconds(P.date_time)
        FROM person P JOIN auction A ON A.seller = P.id AND ten_seconds(A.date_time) = ten_seconds(P.date_time)
    """,
    # The winning bid of each auction.
    "q9": """
        SELECT id, item_name, description, initial_bid, reserve, date_time, expires, seller, category, extra,
               auction, bidder, price, bid_time, bid_extra
        FROM winner
    """,
    # Bids with their day and minute.
    "q10": "SELECT auction, bidder, price, date_time, extra, day(date_time), hour_minute(date_time) FROM bid",
    # How often each bidder bids in a session. Bids at most ten seconds apart are in the same session.
    "q11": """
        SELECT bidder, count(*), min(date_time), max(date_time)
        FROM visit
        GROUP BY bidder, session
    """,
    # How often each bidder bids in a tumbling window (in the standard, one of the processing time).
    "q12": """
        SELECT bidder, count(*), ten_seconds(date_time) AS start, ten_seconds(date_time) + 10000
        FROM bid
        GROUP BY bidder, start
    """,
    # Bids joined with a table that does not change.
    "q13": """
        SELECT B.auction, B.bidder, B.price, B.date_time, S.value
        FROM bid B JOIN (SELECT key, 'value-' || key AS value FROM range(10000) AS keys(key)) S ON B.auction % 10000 = S.key
    """,
    # Computed columns.
    "q14": """
        SELECT auction, bidder, converted,
               CASE WHEN hour >= 8 AND hour <= 18 THEN 'dayTime'
                    WHEN hour <= 6 OR hour >= 20 THEN 'nightTime'
                    ELSE 'otherTime' END,
               date_time, extra, length(extra) - length(replace(extra, 'c', ''))
        FROM (SELECT *, price * 908 // 1000 AS converted, hour(make_timestamp(date_time * 1000)) AS hour FROM bid)
        WHERE converted > 1000000 AND converted < 50000000
    """,
    # Statistics of the bids, by day.
    "q15": f"SELECT day(date_time) AS day, {STATISTICS} FROM bid GROUP BY day",
    # The same by channel and day.
    "q16": f"""
        SELECT channel, day(date_time) AS day, max(hour_minute(date_time)), {STATISTICS}
        FROM bid
        GROUP BY channel, day
    """,
    # Statistics of the prices, by auction and day.
    "q17": f"""
        SELECT auction, day(date_time) AS day, {", ".join(f"count(*) FILTER (WHERE {rank})" for rank in RANKS)},
               min(price), max(price), sum(price) // count(*), sum(price)
        FROM bid
        GROUP BY auction, day
    """,
    # The last bid of each bidder for each auction.
    "q18": """
        SELECT auction, bidder, price, channel, url, date_time, extra
        FROM bid
        QUALIFY row_number() OVER (
            PARTITION BY bidder, auction ORDER BY date_time DESC, price, channel, url, extra) = 1
    """,
    # The ten highest bids of each auction.
    "q19": """
        SELECT auction, bidder, price, channel, url, date_time, extra,
               row_number() OVER (PARTITION BY auction ORDER BY price DESC, bidder, date_time, extra) AS rank
        FROM bid
        QUALIFY rank <= 10
    """,
    # Bids with their auction, of a category.
    "q20": """
        SELECT B.auction, B.bidder, B.price, B.channel, B.url, B.date_time, B.extra, A.item_name, A.description, A.initial_bid,
               A.reserve, A.date_time, A.expires, A.seller, A.category, A.extra
        FROM bid B JOIN auction A ON B.auction = A.id
        WHERE A.category = 10
    """,
    # Bids with the number of their channel, by its name or from the URL.
    "q21": """
        SELECT auction, bidder, price, channel, channel_id
        FROM (
            SELECT *, CASE lower(channel) WHEN 'apple' THEN '0' WHEN 'google' THEN '1'
                                          WHEN 'facebook' THEN '2' WHEN 'baidu' THEN '3'
                                          ELSE nullif(regexp_extract(url, '(&|^)channel_id=([^&]*)', 2), '') END AS channel_id
            FROM bid
        )
        WHERE channel_id IS NOT NULL
    """,
    # Bids with the folders of their URL.
    "q22": """
        SELECT auction, bidder, price, channel, split_part(url, '/', 4), split_part(url, '/', 5), split_part(url, '/', 6)
        FROM bid
    """,
}


def load(path):
    """A database with the events of a file, and how many they are."""
    database = duckdb.connect()
    database.execute(
        "CREATE TEMP TABLE event AS SELECT * FROM read_json(?, format = 'newline_delimited', columns = ?)", [path, COLUMNS]
    )
    database.execute(TABLES)
    (events,) = database.execute("SELECT count(*) FROM event").fetchone()
    database.execute("DROP TABLE event")
    return database, events


def digest(database, query):
    """The number of rows of a query's result, and their digest."""
    # By position, because columns of two tables may have the same name.
    columns = [f"c{number}" for number in range(len(database.execute(f"DESCRIBE {query}").fetchall()))]
    line = " || '|' || ".join(f"coalesce(CAST({column} AS VARCHAR), '')" for column in columns)
    result = database.execute(f"SELECT {line} AS line FROM ({query}) AS result({', '.join(columns)}) ORDER BY line")
    rows, crc = 0, 0
    while lines := result.fetchmany(10_000):
        rows += len(lines)
        crc = zlib.crc32("".join(f"{line}\n" for (line,) in lines).encode(), crc)
    return rows, f"{crc:08x}"


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    database, events = load(sys.argv[1])
    for name in sys.argv[2:] or QUERIES:
        rows, crc = digest(database, QUERIES[name])
        print(name, events, rows, crc, flush=True)


if __name__ == "__main__":
    main()
