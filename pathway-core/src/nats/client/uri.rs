//! Parses NATS URIs.
//!
//! async-nats ignores the credentials in a URI, so they are extracted here.
//!
//! An error quotes the URI only if it has no `@`. Otherwise any part of it may belong to a password with a special character
//! that is not encoded.

use std::net::Ipv6Addr;

use percent_encoding::percent_decode_str;

use super::{Credentials, NatsUri, Server};
use crate::data::{Error, ErrorKind, Result};

const DEFAULT_PORT: u16 = 4222;

/// Why a URI cannot be used, without quoting it.
type Reason = &'static str;

pub(super) fn parse(text: &str) -> Result<NatsUri> {
    let text = text.trim();
    parse_servers(text).map_err(|reason| {
        let message = if text.contains('@') {
            format!("the NATS URI cannot be used: {reason} (it is not shown because it contains credentials)")
        } else if has_text_as_port(text) {
            format!("the NATS URI cannot be used: {reason} (it is not shown because that may be a password)")
        } else {
            format!("the NATS URI `{text}` cannot be used: {reason}")
        };
        Error::new(ErrorKind::Config, message)
    })
}

/// Whether there is something else where a port should be: a password, if the host was forgotten.
fn has_text_as_port(text: &str) -> bool {
    let mut pieces = text.split(',').map(|piece| piece.split_once("://").map_or(piece, |(_, rest)| rest));
    pieces.any(|piece| {
        let port = piece.split_once(':').map_or("", |(_, port)| port.trim().trim_end_matches('/'));
        !piece.starts_with('[') && !port.bytes().all(|byte| byte.is_ascii_digit() || byte == b':')
    })
}

fn parse_servers(text: &str) -> Result<NatsUri, Reason> {
    if text.is_empty() {
        return Err("it is empty; write one like nats://localhost:4222");
    }
    let mut uri = NatsUri { servers: Vec::new(), credentials: None, tls: false };
    for piece in text.split(',') {
        let (server, credentials) = server(piece.trim())?;
        uri.tls |= server.tls;
        uri.servers.push(server);
        if let Some(credentials) = credentials {
            if uri.credentials.as_ref().is_some_and(|first| *first != credentials) {
                return Err("its servers have different credentials; write one set, at the first server");
            }
            uri.credentials = Some(credentials);
        }
    }
    if uri.tls {
        uri.require_tls();
    }
    Ok(uri)
}

fn server(piece: &str) -> Result<(Server, Option<Credentials>), Reason> {
    if piece.is_empty() {
        return Err("its list has an empty server");
    }
    let (scheme, rest) = piece.split_once("://").unwrap_or(("nats", piece));
    let tls = match scheme.to_ascii_lowercase().as_str() {
        "nats" => false,
        "tls" => true,
        "ws" | "wss" => return Err("WebSocket connections are not supported; use nats:// or tls://"),
        _ => return Err("its scheme is unknown; use nats:// or tls://"),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains(['/', '?', '#']) {
        return Err("it has a path or a query, which NATS does not use (in a password, write / as %2F; \
                    for options, use `nats::Options`)");
    }
    let (credentials, address) = match rest.rsplit_once('@') {
        Some((userinfo, address)) => (Some(credentials(userinfo)?), address),
        None => (None, rest),
    };
    let (host, port) = address_of(address)?;
    Ok((Server { host, port, tls }, credentials))
}

fn credentials(userinfo: &str) -> Result<Credentials, Reason> {
    if userinfo.contains('@') {
        return Err("it has more than one `@`; in a password or a token, write it as %40");
    }
    match userinfo.split_once(':') {
        None if userinfo.is_empty() => Err("it has nothing before the `@`"),
        None => Ok(Credentials::Token(decode(userinfo)?)),
        Some(("", _)) => Err("it has no user before the password"),
        Some((_, password)) if password.contains(':') => {
            Err("it has more than one `:` before the `@`; in a password, write it as %3A")
        }
        Some((name, password)) => Ok(Credentials::User { name: decode(name)?, password: decode(password)? }),
    }
}

fn decode(text: &str) -> Result<String, Reason> {
    match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err("its decoded credentials are not UTF-8"),
    }
}

fn address_of(address: &str) -> Result<(String, u16), Reason> {
    if let Some(rest) = address.strip_prefix('[') {
        let (host, port) = rest.split_once(']').ok_or("a `[` is not closed")?;
        host.parse::<Ipv6Addr>().map_err(|_| "the text in brackets is not an IPv6 address")?;
        return match port.strip_prefix(':') {
            Some(port) => Ok((host.to_owned(), port_of(port)?)),
            None if port.is_empty() => Ok((host.to_owned(), DEFAULT_PORT)),
            None => Err("after `]` must come a `:` and a port"),
        };
    }
    let (host, port) = match address.split_once(':') {
        Some((_, port)) if port.contains(':') => {
            return Err("it has too many `:`; write an IPv6 address in brackets, as in nats://[::1]:4222");
        }
        Some((host, port)) => (host, port_of(port)?),
        None => (address, DEFAULT_PORT),
    };
    if host.is_empty() {
        return Err("it names no host; write one like nats://localhost:4222");
    }
    if !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) {
        return Err("its host contains a character that is not allowed in a host name");
    }
    Ok((host.to_owned(), port))
}

fn port_of(text: &str) -> Result<u16, Reason> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits && port != 0 => Ok(port),
        _ => Err("its port is not a number from 1 to 65535 (in a password, write , as %2C and : as %3A)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The servers and the credentials in full, which only a test may show.
    fn read(text: &str) -> String {
        match parse(text) {
            Err(error) => error.to_string(),
            Ok(uri) => match uri.credentials() {
                None => uri.to_string(),
                Some(Credentials::Token(token)) => format!("{uri} token {token}"),
                Some(Credentials::User { name, password }) => format!("{uri} user {name} password {password}"),
                Some(other) => format!("{uri} {other}"),
            },
        }
    }

    #[test]
    fn servers_are_parsed() {
        for (text, expected) in [
            ("nats://localhost:4222", "nats://localhost:4222"),
            ("  nats://localhost/ ", "nats://localhost:4222"),
            ("NATS://Host_1.example:1", "nats://Host_1.example:1"),
            ("localhost", "nats://localhost:4222"),
            ("127.0.0.1:65535", "nats://127.0.0.1:65535"),
            ("nats://[::1]", "nats://[::1]:4222"),
            ("[::1]:5222", "nats://[::1]:5222"),
            ("nats://a:1, nats://b:2", "nats://a:1,nats://b:2"),
            ("a,b", "nats://a:4222,nats://b:4222"),
            ("tls://a", "tls://a:4222"),
            ("tls://a,b", "tls://a:4222,tls://b:4222"),
            ("b,tls://a", "tls://b:4222,tls://a:4222"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn credentials_are_parsed() {
        for (text, expected) in [
            ("nats://u:p@h", "nats://h:4222 user u password p"),
            ("u:p@h:1", "nats://h:1 user u password p"),
            ("nats://u:@h", "nats://h:4222 user u password "),
            ("nats://t0ken@h", "nats://h:4222 token t0ken"),
            ("nats://u%40x:p%3A%2F%2C%20%C3%A9@h", "nats://h:4222 user u@x password p:/, é"),
            ("nats://u:100%@h", "nats://h:4222 user u password 100%"),
            ("nats://u:p@a:1,b:2", "nats://a:1,nats://b:2 user u password p"),
            ("a:1,nats://u:p@b:2", "nats://a:1,nats://b:2 user u password p"),
            ("nats://u:p@a:1,nats://u:p@b:2", "nats://a:1,nats://b:2 user u password p"),
            ("tls://t@[::1]:1", "tls://[::1]:1 token t"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn errors_say_why_a_uri_cannot_be_used() {
        for (text, expected) in [
            ("", "it is empty"),
            ("  ", "it is empty"),
            ("nats://", "it names no host"),
            ("nats://:4222", "it names no host"),
            ("http://h", "its scheme is unknown"),
            ("://h", "its scheme is unknown"),
            ("ws://h", "WebSocket"),
            ("WSS://h", "WebSocket"),
            ("nats://h:", "its port"),
            ("nats://h:0", "its port"),
            ("nats://h:65536", "its port"),
            ("nats://h:+1", "its port"),
            ("nats://h:4222x", "its port"),
            ("nats://h/stream", "a path or a query"),
            ("nats://h?x=1", "a path or a query"),
            ("nats://a,,b", "an empty server"),
            ("nats://a,", "an empty server"),
            ("nats://h h", "not allowed in a host name"),
            ("nats://h\u{e9}", "not allowed in a host name"),
            ("nats://[::1", "`[` is not closed"),
            ("nats://[zz]", "not an IPv6 address"),
            ("nats://[::1]4222", "after `]`"),
            ("nats://::1:4222", "too many `:`"),
        ] {
            let message = read(text);
            assert!(message.contains(expected), "{text}: {message}");
            let is_shown = message.contains(&format!("`{}`", text.trim()));
            assert!(is_shown != has_text_as_port(text) || text.trim().is_empty(), "{message}");
        }
    }

    #[test]
    fn no_error_shows_a_secret() {
        for text in [
            "nats://@h",
            "user:s3cret",
            "tls://user:s3cret/",
            "h,user:s3cret",
            "nats://:s3cret@h",
            "nats://u:s3cret@",
            "nats://u:s3cret@h:port",
            "nats://u:s3cret@h:s3cret",
            "http://u:s3cret@h",
            "s3cret://u@h",
            "nats://u:s3cret@s3cret@h",
            "nats://u:a:s3cret@h",
            "nats://u:s3cret/s3cret@h",
            "nats://u:s3cret,s3cret@h",
            "nats://u:s3cret?@h",
            "nats://u:s3cret%ff@h",
            "nats://u:s3cret@a,nats://u:other@b",
            "nats://s3cret@a,nats://other@b",
            "nats://u:s3cret@h/x",
        ] {
            let error = parse(text).expect_err(text);
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        }
        for (text, identity) in [("nats://u:s3cret@h", "user `u`"), ("nats://s3cret@h", "a token")] {
            let uri = parse(text).expect("a URI");
            assert!(!format!("{uri} {uri:?} {}", uri.identity()).contains("s3cret"));
            assert_eq!(uri.identity(), identity);
        }
    }

    /// A URI that is accepted, written out, is parsed to the same servers.
    #[test]
    fn random_text_is_accepted_or_refused() {
        const PIECES: [&str; 24] = [
            "nats", "tls", "ws", "://", ":", "@", "/", ",", "[", "]", "::1", "4222", "65536", "%40", "%", "%ff", " ",
            "h", "a.b", "é", "?", "#", "\0", "\r\n",
        ];
        let mut accepted = 0;
        for _ in 0..50_000 {
            let text: String = (0..fastrand::usize(..9)).map(|_| PIECES[fastrand::usize(..PIECES.len())]).collect();
            if let Ok(uri) = parse(&text) {
                accepted += 1;
                let again = parse(&uri.to_string()).expect(&text);
                assert_eq!(again.servers(), uri.servers(), "{text}");
                for server in uri.servers() {
                    server.to_string().parse::<async_nats::ServerAddr>().expect(&text);
                }
            }
        }
        assert!(accepted > 100, "{accepted}");
    }
}
