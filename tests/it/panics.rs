//! A panic in a closure of the user's ends the pipeline with an error, and lets everybody go.

use pathway::ErrorKind;
use pathway::prelude::*;

#[derive(Schema)]
struct Input {
    value: i64,
}

#[test]
fn whoever_waits_for_a_commit_is_let_go() {
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

        let error = running.join().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Panic);
        assert!(error.to_string().contains("seven"), "{error}");
    }
}
