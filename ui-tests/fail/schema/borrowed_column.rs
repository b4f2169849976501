use pathway::Schema;

#[derive(Schema)]
struct Order<'a> {
    city: &'a str,
}

fn main() {}
