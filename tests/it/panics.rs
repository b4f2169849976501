//! A panic in a user's closure ends the pipeline with an error, and no thread keeps waiting.

use pathway::ErrorKind;
use pathway::prelude::*;

use crate::support::{Input, assert_error};

#[test]
fn a_panic_releases_a_waiting_commit() {
    for workers in [1, 2] {
        let pipeline = Pipeline::new();
        let (feed, input) = pipeline.input::<Input>();
        let fine = input.filter(|row| if row.value == 7 { panic!("seven") } else { true });
        let total = reduce!(row in fine by row.value % 2 => { odd: row.value % 2, sum: sum(row.value) });
        let seen = total.collect();
        let running = pipeline.start_with(workers).unwrap();

        feed.insert(Input { value: 1 });
        feed.commit();
        assert_eq!(seen.rows().len(), 1);
        feed.insert(Input { value: 7 });
        feed.commit();

        assert_error(&running.join().unwrap_err(), ErrorKind::Panic, &["seven"]);
    }
}
