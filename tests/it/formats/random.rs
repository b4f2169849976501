//! Random bytes for every decoder, and random rows written and read back. A failure prints its seed;
//! `PATHWAY_TEST_SEED=7 cargo test --test it formats::random` runs that seed alone.

use pathway::prelude::*;
use pathway::testing::Broker;

use crate::support::join;
use crate::support::random::{Random, chosen_seed};

const SEEDS: u64 = 20;

impl Random {
    fn chance<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(3) > 0).then(|| make(self))
    }

    fn text(&mut self) -> String {
        const PIECES: [&str; 12] = ["a", "é", "\"", "\\", "\n", "\0", "\u{2028}", "🦀", " ", "{", ",", "\r"];
        (0..self.below(6)).map(|_| self.pick(&PIECES)).collect()
    }

    /// Random bytes, mixed with pieces that the decoders interpret.
    fn payload(&mut self) -> Vec<u8> {
        const PIECES: [&[u8]; 16] = [
            b"{",
            b"}",
            b"\"i\"",
            b":",
            b"-1",
            b",",
            b"\"diff\"",
            b"1",
            b"[",
            b"]",
            b"\\u00",
            b"\xff",
            b" ",
            b"null",
            b"1e999",
            b"\"",
        ];
        let mut payload = Vec::new();
        for _ in 0..self.below(24) {
            match self.below(4) {
                0 => payload.push(self.next().to_le_bytes()[0]),
                _ => payload.extend_from_slice(self.pick(&PIECES)),
            }
        }
        payload
    }
}

fn each_seed(run: impl Fn(&mut Random)) {
    for seed in chosen_seed().map_or(0..SEEDS, |seed| seed..seed + 1) {
        println!("seed {seed}");
        run(&mut Random::new(seed));
    }
}

#[derive(ColumnType, Clone, Copy, Debug, PartialEq)]
enum Kind {
    Retail,
    Wholesale,
}

#[derive(Schema, Debug, PartialEq)]
struct Every {
    b: bool,
    i: i64,
    small: i8,
    u: u64,
    f: f64,
    g: f32,
    s: String,
    bytes: Bytes,
    json: Option<Json>,
    at: DateTimeUtc,
    naive: DateTimeNaive,
    span: SignedDuration,
    maybe: Option<String>,
    list: Vec<Option<i64>>,
    pair: (String, f64),
    kind: Kind,
}

impl Every {
    fn random(random: &mut Random) -> Self {
        let at = DateTimeUtc::from_nanosecond(i128::from(random.next() as i64)).expect("within the years of jiff");
        let naive = jiff_utc(DateTimeUtc::from_nanosecond(i128::from(random.next() as i64)).expect("a moment"));
        let float = |random: &mut Random| Some(f64::from_bits(random.next())).filter(|f| f.is_finite()).unwrap_or(-0.5);
        Every {
            b: random.below(2) == 0,
            i: random.next() as i64,
            small: random.next() as i8,
            u: random.next(),
            f: float(random),
            g: Some(f32::from_bits(random.next() as u32)).filter(|g| g.is_finite()).unwrap_or(1.5),
            s: random.text(),
            bytes: random.payload().into(),
            json: random.chance(|random| Json(serde_json::json!({ random.text(): [random.next(), random.text()] }))),
            at,
            naive,
            span: SignedDuration::from_nanos(random.next() as i64),
            maybe: random.chance(Random::text),
            list: (0..random.below(4)).map(|_| random.chance(|random| random.next() as i64)).collect(),
            pair: (random.text(), float(random)),
            kind: if random.below(2) == 0 { Kind::Retail } else { Kind::Wholesale },
        }
    }
}

fn jiff_utc(at: DateTimeUtc) -> DateTimeNaive {
    pathway::jiff::tz::Offset::UTC.to_datetime(at)
}

/// Every message becomes a row or a rejection, and none ends the pipeline.
#[test]
fn arbitrary_bytes_are_decoded_or_rejected() {
    each_seed(|random| {
        let (broker, pipeline) = (Broker::new(), Pipeline::new());
        let read = || nats::read(&pipeline, &broker, "in.*").dead_letter("dead");
        let (texts, raws) = (read().plaintext().collect(), read().raw().collect());
        let (rows, changes) = (read().json::<Every>().collect(), read().changes::<Number>().collect());
        let running = pipeline.start().expect("a running pipeline");
        const MESSAGES: usize = 300;
        for _ in 0..MESSAGES {
            let headers = random.chance(|random| ("pathway_diff", random.text()));
            broker.publish_with_headers("in.x", headers, random.payload());
        }
        broker.commit();
        let stats = running.stats();
        broker.close();
        join(running).expect("the pipeline ends without an error");
        for source in &stats.sources {
            assert_eq!(source.received, MESSAGES as u64, "{source:?}");
            assert_eq!(source.rows + source.rejected, source.received, "{source:?}");
            assert_eq!(source.dead_letters, source.rejected, "{source:?}");
        }
        assert_eq!(raws.rows().len(), MESSAGES);
        let seen = [texts.rows().len() as u64, rows.rows().len() as u64];
        assert_eq!(seen, [stats.sources[0].rows, stats.sources[2].rows]);
        drop(changes);
        let rejected: u64 = stats.sources.iter().map(|source| source.rejected).sum();
        assert_eq!(broker.published("dead").len() as u64, rejected);
    });
}

#[derive(Schema)]
struct Number {
    i: i64,
}

/// Insertions and removals are read back as they were written.
#[test]
fn arbitrary_rows_survive_a_round_trip() {
    each_seed(|random| {
        let (broker, pipeline) = (Broker::new(), Pipeline::new());
        let (feed, rows) = pipeline.input::<Every>();
        nats::write(&rows, &broker, "rows").json();
        let current = nats::read(&pipeline, &broker, "rows").changes::<Every>().collect();
        let ever = nats::read(&pipeline, &broker, "rows").json::<Every>().collect();
        let seen = rows.collect();
        let running = pipeline.start().expect("a running pipeline");
        let drawn: Vec<_> = (0..100).map(|_| Every::random(random)).collect();
        for row in &drawn {
            feed.insert(pathway::schema::Datum::clone_datum(row));
        }
        feed.commit();
        drawn.iter().step_by(2).for_each(|row| feed.remove(pathway::schema::Datum::clone_datum(row)));
        feed.commit();
        broker.commit();
        broker.close();
        drop(feed);
        join(running).expect("the pipeline ends without an error");
        assert_eq!(current.rows(), seen.rows());
        assert_eq!((current.rows().len(), ever.rows().len()), (50, 150));
    });
}
