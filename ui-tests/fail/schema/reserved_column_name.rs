use pathway::Schema;

#[derive(Schema)]
struct Event {
    time: i64,
    #[schema(rename = "diff")]
    difference: i64,
}

fn main() {}
