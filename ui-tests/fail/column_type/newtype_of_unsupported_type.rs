use pathway::ColumnType;

#[derive(ColumnType)]
struct Socket(std::net::TcpStream);

fn main() {}
