//! Look-ups and neighbours of rows.

use pathway::prelude::*;

use super::compare::Difference;
use super::replay::vectors;

#[derive(Schema)]
struct Keyed {
    #[schema(primary_key)]
    k: i64,
    a: i64,
}

/// A row, and the keys of those beside it.
#[derive(Schema)]
struct Linked {
    k: i64,
    a: i64,
    prev: Option<i64>,
    next: Option<i64>,
}

vectors! {
    pkdup_ix: |t: Table<Keyed>| join!(r in t, me in t on r.k == me.k => { k: r.k, a: r.a, me: me.a }), differs &[
        looks_up(2, &[
            r#"{"k":1,"a":1,"me":1,"diff":-1,"time":@TIME@}"#,
            r#"{"k":1,"a":10,"me":10,"diff":1,"time":@TIME@}"#,
        ]),
        looks_up(4, &[r#"{"k":2,"a":7,"me":7,"diff":1,"time":@TIME@}"#]),
    ], rejects 0;
    pkdup_sort: |t: Table<Keyed>| {
        let key = |row: Option<&Keyed>| row.map(|row| row.k);
        t.group_by(|_| ()).neighbours(
            |r| r.a,
            move |r, prev, next| Linked { k: r.k, a: r.a, prev: key(prev), next: key(next) },
        )
    }, differs &[
        Difference {
            entry: "A primary key is an upsert",
            commit: 2,
            theirs: &[
                r#"{"k":1,"a":1,"prev":null,"next":"^YYY4HABTRW7T8VX2Q429ZYV70W","diff":1,"time":@TIME@}"#,
                r#"{"k":1,"a":1,"prev":"^YYY4HABTRW7T8VX2Q429ZYV70W","next":null,"diff":1,"time":@TIME@}"#,
                r#"{"k":1,"a":10,"prev":null,"next":"^YYY4HABTRW7T8VX2Q429ZYV70W","diff":1,"time":@TIME@}"#,
                r#"{"k":1,"a":10,"prev":"^YYY4HABTRW7T8VX2Q429ZYV70W","next":null,"diff":1,"time":@TIME@}"#,
            ],
            ours: &[r#"{"k":1,"a":10,"prev":null,"next":null,"diff":1,"time":@TIME@}"#],
        },
        Difference {
            entry: "A primary key is an upsert",
            commit: 3,
            theirs: &[
                r#"{"k":1,"a":1,"prev":"^YYY4HABTRW7T8VX2Q429ZYV70W","next":null,"diff":1,"time":@TIME@}"#,
                r#"{"k":1,"a":10,"prev":null,"next":"^YYY4HABTRW7T8VX2Q429ZYV70W","diff":1,"time":@TIME@}"#,
                r#"{"k":1,"a":10,"prev":"^YYY4HABTRW7T8VX2Q429ZYV70W","next":null,"diff":3,"time":@TIME@}"#,
            ],
            ours: &[],
        },
        Difference {
            entry: "A row has no id of its own",
            commit: 4,
            theirs: &[
                r#"{"k":1,"a":1,"prev":null,"next":"^YYY4HABTRW7T8VX2Q429ZYV70W","diff":-1,"time":@TIME@}"#,
                r#"{"k":1,"a":10,"prev":"^YYY4HABTRW7T8VX2Q429ZYV70W","next":null,"diff":-4,"time":@TIME@}"#,
                r#"{"k":1,"a":1,"prev":"^YYY4HABTRW7T8VX2Q429ZYV70W","next":null,"diff":-2,"time":@TIME@}"#,
                r#"{"k":1,"a":10,"prev":null,"next":"^YYY4HABTRW7T8VX2Q429ZYV70W","diff":-2,"time":@TIME@}"#,
                r#"{"k":1,"a":1,"prev":"^Z3QWT294JQSHPSR8KTPG9ECE4W","next":null,"diff":2,"time":@TIME@}"#,
                r#"{"k":1,"a":10,"prev":null,"next":"^Z3QWT294JQSHPSR8KTPG9ECE4W","diff":2,"time":@TIME@}"#,
                r#"{"k":1,"a":1,"prev":null,"next":"^Z3QWT294JQSHPSR8KTPG9ECE4W","diff":1,"time":@TIME@}"#,
                r#"{"k":1,"a":10,"prev":"^Z3QWT294JQSHPSR8KTPG9ECE4W","next":null,"diff":4,"time":@TIME@}"#,
                r#"{"k":2,"a":7,"prev":"^YYY4HABTRW7T8VX2Q429ZYV70W","next":"^YYY4HABTRW7T8VX2Q429ZYV70W","diff":1,"time":@TIME@}"#,
            ],
            ours: &[
                r#"{"k":1,"a":10,"prev":null,"next":null,"diff":-1,"time":@TIME@}"#,
                r#"{"k":1,"a":10,"prev":2,"next":null,"diff":1,"time":@TIME@}"#,
                r#"{"k":2,"a":7,"prev":null,"next":1,"diff":1,"time":@TIME@}"#,
            ],
        },
    ], rejects 0;
}

/// Pathway's program has ended before this commit.
const fn looks_up(commit: usize, ours: &'static [&'static str]) -> Difference {
    Difference { entry: "A look-up is a join", commit, theirs: &[], ours }
}

#[derive(Schema)]
struct Order {
    id: i64,
    customer: i64,
}

#[derive(Schema)]
struct Customer {
    #[schema(primary_key)]
    id: i64,
    name: String,
}

/// A key that is missing, as with `ix` and with `ix(.., optional=True)`: the name appears when the customer does.
#[test]
fn a_look_up_of_a_missing_key() {
    let pipeline = Pipeline::new();
    let orders = pipeline.commits([(1, 7), (2, 8)].map(|(id, customer)| vec![Change::insert(Order { id, customer })]));
    let customers =
        pipeline.commits([vec![], vec![], vec![Change::insert(Customer { id: 8, name: "Ada".to_owned() })]]);
    let strict = join!(o in orders, c in customers on o.customer == c.id => { o.id, c.name }).collect();
    let optional =
        join!(o in orders, c? in customers on o.customer == c.id => { o.id, name: c.map(|c| c.name.clone()) })
            .collect();
    pipeline.run().unwrap();
    let strict: Vec<_> = strict.changes().iter().map(|(_, row, diff)| (row.id, row.name.clone(), *diff)).collect();
    assert_eq!(strict, [(2, "Ada".to_owned(), 1)]);
    let optional: Vec<_> = optional.changes().iter().map(|(_, row, diff)| (row.id, row.name.clone(), *diff)).collect();
    assert_eq!(optional, [(1, None, 1), (2, None, 1), (2, None, -1), (2, Some("Ada".to_owned()), 1)]);
}
