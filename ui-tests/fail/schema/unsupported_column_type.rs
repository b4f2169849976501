use pathway::Schema;

#[derive(Schema)]
struct Connection {
    id: i64,
    socket: std::net::TcpStream,
}

fn main() {}
