//! The names of sources, sinks and operators: a name that the user gives stays as it is, or is an error at start.

use pathway::ErrorKind;
use pathway::io::{CommitBatch, Failure, RowSender, Sink, SourceSettings};
use pathway::prelude::*;
use pathway::testing::Broker;

use super::{By, Number, number};
use crate::support::assert_error;

/// Takes rows, and has a name.
struct Named(&'static str);

impl Sink for Named {
    type Item = Number;

    fn name(&self) -> String {
        self.0.to_owned()
    }

    fn write(&mut self, _: CommitBatch<Number>) -> Result<(), Failure> {
        Ok(())
    }
}

fn source(pipeline: &Pipeline, settings: SourceSettings) -> Table<Number> {
    pipeline.source(By(settings, |rows: &RowSender<Number>| Ok(rows.insert(number(1))?)))
}

/// Declares something with a name.
type Declare = fn(&Pipeline, &'static str);

/// Nothing is connected: there is no server at this address.
const URI: &str = "nats://127.0.0.1:1";

fn numbers(pipeline: &Pipeline) -> Table<Number> {
    pipeline.rows([number(1)])
}

/// All that can be named: what it is, how an error describes it, and how it is declared.
const ALL: [(&str, &str, Declare); 9] = [
    ("source", ", which reads `in`", |it, name| drop(nats::read(it, URI, "in").name(name).json::<Number>())),
    ("source", ", which reads `in`", |it, name| {
        drop(nats::read(it, URI, "in").jetstream("IN").name(name).json::<Number>());
    }),
    ("source", ", which reads `limits`", |it, name| {
        drop(nats::read(it, URI, "limits").kv().name(name).json::<Number>())
    }),
    ("source", "", |it, name| drop(source(it, SourceSettings::new().name(name)))),
    ("sink", ", which writes to `out`", |it, name| nats::write(&numbers(it), URI, "out").name(name).json()),
    ("sink", ", which writes into the stream `OUT`", |it, name| {
        nats::write(&numbers(it), URI, "").subject(|_| "out.1".into()).jetstream("OUT").name(name).json();
    }),
    ("sink", ", which writes into the bucket `limits`", |it, name| {
        nats::write(&numbers(it), URI, "limits").kv(|_| "key".into()).name(name).json();
    }),
    ("sink", "", |it, name| numbers(it).sink(Named(name))),
    ("operator", "", |it, name| drop(numbers(it).filter(|_| true).named(name))),
];

#[test]
fn a_name_that_two_nodes_have_is_an_error_that_names_both() {
    for (first, first_place, declare_first) in ALL {
        for (second, second_place, declare_second) in ALL {
            let pipeline = Pipeline::new();
            declare_first(&pipeline, "totals");
            declare_second(&pipeline, "totals");
            let error = pipeline.start().map(drop).expect_err("two nodes of one name");
            let words = [
                &format!("{second} `totals`{second_place}: the {first} `totals`{first_place}"),
                "has the same name",
                "give one of the two another name (`name",
            ];
            assert_error(&error, ErrorKind::Config, &words.map(|word| word as &str));
        }
    }
}

#[test]
fn a_given_name_that_another_node_has_by_default_is_an_error() {
    for (kind, place, declare) in ALL {
        let pipeline = Pipeline::new();
        let numbers = nats::read(&pipeline, URI, "totals").json::<Number>();
        declare(&pipeline, "totals");
        drop(numbers);
        let error = pipeline.start().map(drop).expect_err("two nodes of one name");
        let words = format!("{kind} `totals`{place}: the source `totals`, which has it by default, has the same name");
        assert_error(&error, ErrorKind::Config, &[&words]);
    }
}

#[test]
fn given_names_stay_and_default_names_get_numbers() {
    let (pipeline, broker) = (Pipeline::new(), Broker::new());
    let numbers = nats::read(&pipeline, &broker, "numbers").name("totals").json::<Number>();
    // An operator gives up its default name when it gets another one.
    let positive = numbers.filter(|n| n.value > 0).named("positive");
    let totals = reduce!(n in positive => { sum: sum(n.value) }).named("reduce");
    nats::write(&totals, &broker, "totals").json();
    nats::write(&totals, &broker, "totals").name("totals-3").json();
    nats::write(&totals, &broker, "totals").json();
    numbers.filter(|_| true).sink(Named("filter"));
    let running = pipeline.start().expect("a running pipeline");
    broker.close();
    let stats = running.join().expect("an end");
    assert_eq!(stats.sources[0].name, "totals");
    let sinks: Vec<_> = stats.sinks.iter().map(|sink| sink.name.as_str()).collect();
    assert_eq!(sinks, ["totals-2", "totals-3", "totals-4", "filter"]);
    let operators: Vec<_> = stats.operators.iter().map(|operator| operator.name.as_str()).collect();
    assert_eq!(operators, ["positive", "reduce", "filter-2"]);
}
