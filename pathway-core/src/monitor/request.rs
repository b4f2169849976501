//! Which requests are answered: GET and HEAD, and on a loopback address only those that are meant for it.

use std::net::IpAddr;

use hyper::header::HOST;
use hyper::{Method, Request, StatusCode};

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) reason: String,
}

/// Refuses a request whose answer could get into the wrong hands, or that is none of ours.
///
/// A page of any site can make its name resolve to 127.0.0.1, and would then be of the same origin as this server (DNS
/// rebinding); the browser still says the name in `Host`.
pub(super) fn check<B>(request: &Request<B>, is_loopback: bool) -> Result<(), Refused> {
    let refused = |status, reason: &str| Err(Refused { status, reason: reason.to_owned() });
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return refused(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are allowed");
    }
    let header = request.headers().get(HOST).map(|host| host.to_str().unwrap_or_default());
    let host = request.uri().authority().map(|authority| authority.as_str()).or(header);
    // No browser leaves it out.
    match host {
        Some(host) if is_loopback && !is_loopback_host(host) => refused(
            StatusCode::FORBIDDEN,
            "this server listens on a loopback address, and the request names another host: ask for localhost",
        ),
        _ => Ok(()),
    }
}

/// Whether a `Host` is this machine: an address, or `localhost`, perhaps with a port.
fn is_loopback_host(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(address, _)| address),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, uri: &str, host: Option<&str>) -> Request<()> {
        let request = Request::builder().method(method).uri(uri);
        let request = host.into_iter().fold(request, |request, host| request.header(HOST, host));
        request.body(()).expect("a request")
    }

    fn status(request: &Request<()>, is_loopback: bool) -> u16 {
        check(request, is_loopback).map_or_else(|refused| refused.status.as_u16(), |()| 200)
    }

    #[test]
    fn a_loopback_address_answers_only_requests_that_name_it() {
        for host in ["localhost", "LocalHost:20000", "127.0.0.1:20000", "127.9.8.7", "[::1]", "[::1]:20000"] {
            assert_eq!(status(&request("GET", "/", Some(host)), true), 200, "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:20000",
            "127.0.0.1.evil.example",
            "localhost.evil:1",
            "",
            "[::2]",
            "[",
            "10.0.0.1",
        ] {
            assert_eq!(status(&request("GET", "/", Some(host)), true), 403, "{host}");
            assert_eq!(status(&request("GET", "/", Some(host)), false), 200, "{host}");
        }
        assert_eq!(status(&request("GET", "http://evil.example/", Some("localhost")), true), 403);
        assert_eq!(status(&request("GET", "/", None), true), 200);
    }

    #[test]
    fn nothing_can_be_changed() {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"] {
            let uri = if method == "CONNECT" { "localhost:1" } else { "/" };
            assert_eq!(status(&request(method, uri, Some("localhost")), true), 405, "{method}");
        }
        assert_eq!(status(&request("HEAD", "/", Some("localhost")), true), 200);
    }
}
