//! The picture of a pipeline: everything that was declared, in the order of the declaration.

use crate::support::Input;
use pathway::prelude::*;
use pathway::stats::{Graph, GraphEdge, GraphRole};
use pathway::testing::Broker;
use pathway::windows::session;

#[derive(Schema)]
struct Order {
    #[schema(primary_key)]
    id: i64,
    city: String,
    price: f64,
    at: DateTimeUtc,
}

#[derive(Schema)]
struct Click {
    user: i64,
    at: DateTimeUtc,
}

fn service() -> Pipeline {
    let uri = "nats://alice:secret-word@127.0.0.1:4222";
    let pipeline = Pipeline::named("service");
    let orders = nats::read(&pipeline, uri, "orders.>").jetstream("ORDERS").dead_letter("orders.bad").json::<Order>();
    let clicks = nats::read(&pipeline, uri, "clicks").name("web clicks").json::<Click>();
    let rates = nats::read(&pipeline, uri, "rates").kv().json::<Input>();
    let large = filter!(o in orders => o.price > 100.0);
    let cities = reduce!(o in large by o.city => { o.city, total: sum(o.price), n: count() }).named("cities");
    let hours = reduce!(c in clicks by c.user window tumbling(c.at, 1.hours()) as w => { c.user, w.start, n: count() });
    let visits = clicks
        .window(|c| c.at, session(30.minutes()).allowed_lateness(1.hours()).emit_on_close())
        .group_by(|c| c.user)
        .reduce(pathway::reducers::Count, |_| (), |user, _, n| Input { value: user + n });
    let rated = join!(c? in cities, r in rates on c.n == r.value => { total: c.map(|c| c.total), rate: r.value });
    nats::write(&rated, uri, "rated").jetstream("OUT").json();
    nats::write(&hours, uri, "hours").kv(|row| row.user.to_string()).json();
    nats::write(&visits, uri, "").subject(|row| format!("visits.{}", row.value)).name("visits").json();
    visits.subscribe(|_| ());
    pipeline
}

#[test]
fn everything_that_was_declared_is_there() {
    let expected = r##"flowchart LR
    n0[("<b>orders.#gt;</b><br/>stream ORDERS<br/>primary key id")]
    n1[("<b>web clicks</b><br/>clicks")]
    n2[("<b>rates</b><br/>bucket rates")]
    n3["<b>filter</b>"]
    n4["<b>cities</b><br/>reduce<br/>by o.city"]
    n5["<b>window</b><br/>tumbling 1h<br/>by c.user"]
    n6["<b>window-2</b><br/>session with a gap of 30m<br/>allowed lateness 1h<br/>emitted on close"]
    n7["<b>join</b><br/>right<br/>on c.n == r.value"]
    n8[/"<b>rated</b><br/>stream OUT"/]
    n9[/"<b>hours</b><br/>bucket hours"/]
    n10[/"<b>visits</b>"/]
    n11[/"<b>subscribe</b>"/]
    n12[/"<b>orders.#gt;-dead-letters</b><br/>dead letters<br/>orders.bad"/]
    n0 --> n3
    n3 --> n4
    n1 --> n5
    n1 --> n6
    n4 --> n7
    n2 --> n7
    n7 --> n8
    n5 --> n9
    n6 --> n10
    n6 --> n11
    n0 -.-> n12
"##;
    let (pipeline, again) = (service(), service());
    assert_eq!(pipeline.graph().to_mermaid(), expected);
    assert_eq!(again.graph(), pipeline.graph());
    for text in [pipeline.graph().to_dot(), serde_json::to_string(&pipeline.graph()).expect("JSON")] {
        assert!(!text.contains("secret-word") && !text.contains("alice"), "{text}");
    }
    std::mem::forget([pipeline, again]);
}

#[test]
fn nodes_have_their_columns_and_read_only_nodes_before_them() {
    let pipeline = service();
    let Graph { nodes, edges, .. } = pipeline.graph();
    let columns = |number: usize| {
        let column = |column: &pathway::stats::GraphColumn| format!("{}: {}", column.name, column.type_name);
        nodes[number].columns.iter().map(column).collect::<Vec<_>>()
    };
    assert_eq!(columns(0), ["id: i64", "city: String", "price: f64", "at: DateTimeUtc"]);
    assert_eq!(columns(4), ["city: String", "total: f64", "n: i64"]);
    assert_eq!(columns(7), ["total: Option<f64>", "rate: i64"]);
    assert!(nodes[0].columns[0].primary_key && !nodes[0].columns[1].primary_key);
    assert_eq!((nodes[0].row.as_str(), nodes[0].role), ("Order", GraphRole::Source));
    assert_eq!((nodes[4].verb.as_str(), nodes[4].is_named, nodes[3].is_named), ("reduce", true, false));
    assert_eq!(nodes[0].dead_letters.as_deref(), Some("orders.bad"));
    for GraphEdge { from, to, .. } in edges {
        assert!(from < to && to < nodes.len());
    }
    std::mem::forget(pipeline);
}

/// `buffer` of two sources has an event time of its own, which is no operator to users.
#[test]
fn an_operator_is_one_node() {
    let broker = Broker::new();
    let pipeline = Pipeline::new();
    let read = |subject: &str| nats::read(&pipeline, &broker, subject).json::<Click>();
    let both = read("a").concat(&read("b"));
    let later = both.buffer(|c| c.at, 5.minutes()).named("later");
    nats::write(&later, &broker, "c").json();
    let graph = pipeline.graph();
    let names: Vec<_> = graph.nodes.iter().map(|node| (node.name.as_str(), node.verb.as_str())).collect();
    assert_eq!(names, [("a", "nats"), ("b", "nats"), ("concat", "concat"), ("later", "buffer"), ("c", "nats")]);
    assert_eq!(graph.nodes[3].parameters, ["5m"]);
    let running = pipeline.start().expect("a start");
    let stats = running.stats();
    assert!(stats.operators.iter().all(|operator| names.iter().any(|(name, _)| *name == operator.name)), "{stats:?}");
    broker.close();
    running.join().expect("an end");
}
