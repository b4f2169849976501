//! A row of one column, which a plaintext or raw payload can fill.

#[derive(Schema)]
struct Line {
    text: String,
}
