//! A column can be used by value without `.clone()`.

use pathway::prelude::*;

use super::{Order, rows};

fn shout(word: String) -> String {
    word.to_uppercase()
}

fn label(order: Order) -> String {
    format!("{}-{}", order.city, order.id)
}

#[test]
#[expect(clippy::let_and_return, reason = "a column can be bound to a variable first")]
fn columns_can_be_taken_by_value_everywhere() {
    let rows = rows(|orders| {
        let rome = filter!(o in orders => o.city == "Rome");
        select!(o in rome => {
            whole: o.city,
            argument: shout(o.city),
            method_argument: "x".to_owned().replace('x', &o.city),
            left_operand: o.city + "!",
            tuple: (o.city, o.id),
            array: Vec::from([o.city]),
            list: vec![o.city, o.city],
            choice: if o.id > 2 { o.city } else { String::new() },
            arm: match o.note { Some(_) => o.city, None => String::new() },
            block: { let city = o.city; city },
            closure: Some(1).map(|_| o.city),
            row: label(o),
        })
    });
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    let rome = || "Rome".to_owned();
    assert_eq!([&row.whole, &row.method_argument, &row.arm, &row.choice, &row.block], [&rome(); 5]);
    assert_eq!((&*row.argument, &*row.left_operand, &*row.row), ("ROME", "Rome!", "Rome-4"));
    assert_eq!((&row.tuple, &row.array, &row.list), (&(rome(), 4), &vec![rome()], &vec![rome(), rome()]));
    assert_eq!(row.closure, Some(rome()));
}

#[test]
fn columns_can_be_borrowed() {
    let rows = rows(|orders| {
        let rome = filter!(o in orders => o.city == "Rome" && o.note != Some("x".into()));
        select!(o in rome => {
            reference: str::len(&o.city) as i64,
            receiver: o.city.len() as i64,
            scrutinee: match &o.note { Some(note) => note.len() as i64, None => 0 },
            if_let: if let Some(note) = &o.note { note.len() as i64 } else { 0 },
            format: format!("{} {}", o.city, o.id),
            comparison: &*o.city < o.note.as_deref().unwrap_or(""),
            whole: format!("{:?}", o).len() > 10,
            negated: -o.price,
        })
    });
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((row.reference, row.receiver, row.scrutinee, row.if_let), (4, 4, 4, 4));
    assert_eq!((&*row.format, row.comparison, row.whole, row.negated), ("Rome 4", true, true, -40.0));
}
