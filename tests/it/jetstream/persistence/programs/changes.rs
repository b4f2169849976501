//! Sources of changes whose rows have other columns.

use super::*;

/// What a program makes of these changes of orders.
fn changes<R: Schema>(store: &Store, changes: &[&str]) -> pathway::Result<(Vec<String>, u64)> {
    let broker = Broker::new();
    let pipeline = Pipeline::named("changes").persist(Persistence::from(store));
    let orders = nats::read(&pipeline, &broker, "orders").changes::<R>();
    nats::write(&orders, &broker, "out").json();
    let running = pipeline.start()?;
    changes.iter().for_each(|change| broker.publish("orders", *change));
    broker.commit();
    broker.close();
    let stats = running.join()?;
    let published = broker.published("out");
    Ok((published.iter().map(|message| without_time(&message.text())).collect(), stats.sources[0].rejected))
}

/// It has no row, but hashes of them.
#[test]
fn a_source_of_changes_knows_its_rows_when_they_get_columns() {
    #[derive(Clone, Schema)]
    struct Sale {
        city: String,
        price: i64,
    }
    #[derive(Clone, ColumnType)]
    struct Tag(Option<String>);
    #[derive(Clone, Schema)]
    struct MoreSale {
        note: Option<String>,
        tag: Tag,
        price: i64,
        #[schema(default = 3)]
        count: i64,
        city: String,
    }
    #[derive(Clone, Schema)]
    struct LessSale {
        city: String,
    }
    let store = Store::new();
    let sales = [r#"{"city": "Oslo", "price": 1, "diff": 1}"#, r#"{"city": "Rome", "price": 2, "diff": 1}"#];
    let (published, _) = changes::<Sale>(&store, &sales).unwrap();
    assert_eq!(published, [inserted(r#""city":"Oslo","price":1"#), inserted(r#""city":"Rome","price":2"#)]);
    let error = changes::<LessSale>(&store, &[]).expect_err("a column is gone");
    assert_error(
        &error,
        ErrorKind::Persistence,
        &["its input is a row without the column `price`", ".rebuild(\"orders\")"],
    );
    let removals = [
        r#"{"city": "Oslo", "price": 1, "diff": -1}"#,
        r#"{"city": "Oslo", "price": 1, "diff": -1}"#,
        r#"{"city": "Rome", "price": 2, "count": 4, "diff": -1}"#,
        r#"{"city": "Rome", "price": 2, "count": 3, "note": "x", "diff": -1}"#,
        r#"{"city": "Rome", "price": 2, "count": 3, "diff": -1}"#,
    ];
    let (published, rejected) = changes::<MoreSale>(&store, &removals).unwrap();
    let row = |city, price| removed(&format!(r#""note":null,"tag":null,"price":{price},"count":3,"city":"{city}""#));
    assert_eq!((published, rejected), (vec![row("Oslo", 1), row("Rome", 2)], 3));
}
