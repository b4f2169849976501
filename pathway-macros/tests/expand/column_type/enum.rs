//! An enum of plain names.

#[derive(ColumnType)]
#[column(rename_all = "kebab-case")]
enum State {
    Open,
    InTransit,
    #[column(rename = "done")]
    Delivered,
}
