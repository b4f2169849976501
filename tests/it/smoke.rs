//! smoke
use pathway::prelude::*;
#[derive(Schema, Clone, Debug, PartialEq)]
struct Input {
    value: i64,
}

#[test]
fn broker_sum() -> pathway::Result<()> {
    for workers in [1, 2, 4] {
        let broker = pathway::testing::Broker::new();
        let pipeline = Pipeline::new();
        let input = nats::read(&pipeline, &broker, "connector_example").json::<Input>();
        let total = reduce!(row in input => { sum: sum(row.value) });
        nats::write(&total, &broker, "sum").json();
        let seen = total.collect();
        let big = filter!(t in total => t.sum > 3).collect();
        let running = pipeline.start_with(workers)?;
        for value in 0..5 {
            broker.publish("connector_example", format!(r#"{{"value": {value}}}"#));
            broker.commit();
        }
        for p in broker.published("sum") {
            println!("{} {:?}", p.text(), p.headers);
        }
        println!(
            "{:?} {}",
            seen.changes().iter().map(|(c, r, d)| (*c, r.sum, *d)).collect::<Vec<_>>(),
            big.rows().len()
        );
        assert_eq!(seen.rows()[0].sum, 10);
        broker.close();
        running.join()?;
    }
    Ok(())
}
