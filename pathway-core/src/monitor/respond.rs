//! The answer to each path.

use bytes::Bytes;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode};
use serde::Serialize;

use super::body::Whole;
use super::page;
use super::request::{Refused, check};
use crate::observation::Observed;
use crate::telemetry::{PROMETHEUS_CONTENT_TYPE, prometheus_text};

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
/// For all but the page: a browser runs and loads nothing.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// What is sent.
struct Answer {
    status: StatusCode,
    content_type: &'static str,
    policy: String,
    body: Bytes,
}

/// The response to a request. `is_loopback` says whether the server listens on a loopback address.
pub(super) fn respond<B>(request: &Request<B>, observed: &dyn Observed, is_loopback: bool) -> Response<Whole> {
    let answer = match check(request, is_loopback) {
        Ok(()) => answer(request.uri().path(), observed),
        Err(Refused { status, reason }) => Answer::text(status, reason),
    };
    let Answer { status, content_type, policy, body } = answer;
    let mut response = Response::new(Whole::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    headers.insert(HeaderName::from_static("referrer-policy"), HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    // It is made of ASCII.
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(NOTHING));
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

fn answer(path: &str, observed: &dyn Observed) -> Answer {
    match path {
        "/" => {
            let (body, policy) = page::page();
            Answer { policy, ..Answer::new(StatusCode::OK, HTML, body) }
        }
        "/metrics" => Answer::new(StatusCode::OK, PROMETHEUS_CONTENT_TYPE, prometheus_text(&observed.stats())),
        "/live" => health(observed.stuck().into_iter().collect()),
        "/ready" => health(observed.missing()),
        "/stats.json" => Answer::json(&observed.snapshot()),
        "/graph.json" => Answer::json(observed.graph()),
        _ => Answer::text(
            StatusCode::NOT_FOUND,
            "there are /, /metrics, /live, /ready, /stats.json and /graph.json".to_owned(),
        ),
    }
}

fn health(problems: Vec<String>) -> Answer {
    if problems.is_empty() {
        Answer::text(StatusCode::OK, "ok".to_owned())
    } else {
        Answer::text(StatusCode::SERVICE_UNAVAILABLE, problems.join("\n"))
    }
}

impl Answer {
    fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Answer { status, content_type, policy: NOTHING.to_owned(), body: body.into() }
    }

    fn text(status: StatusCode, mut text: String) -> Self {
        text.push('\n');
        Answer::new(status, TEXT, text)
    }

    fn json(value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Answer::new(StatusCode::OK, JSON, body),
            Err(error) => Answer::text(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        }
    }
}
