//! JetStream's API: requests and answers in JSON.
//!
//! async-nats has all of it, too, behind a feature with five more dependencies. What a pipeline needs of it are five
//! requests; how messages flow is ours in any case, because back-pressure and acknowledgements depend on it.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use async_nats::{Client, RequestErrorKind};
use serde_json::Value;

use super::{Connection, PermissionError, StreamInfo};

/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(200);

/// JetStream's API over one connection.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
}

/// Why there is no good answer.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// There may be one in a moment: the reason.
    Away(String),
    /// The answer is no.
    Refused {
        /// What kind of no: one of the `err_code`s below, or another.
        code: u64,
        /// The server's words.
        description: String,
    },
}

impl ApiError {
    pub(crate) const CONSUMER_NOT_FOUND: u64 = 10014;
    pub(crate) const STREAM_NOT_FOUND: u64 = 10059;
    /// JetStream is not enabled, for the account or at all.
    const NOT_ENABLED: [u64; 2] = [10039, 10076];

    /// Whether it is a no of this kind.
    pub(crate) fn is(&self, wanted: u64) -> bool {
        matches!(self, ApiError::Refused { code, .. } if *code == wanted)
    }

    /// Reads the `error` of an answer.
    pub(crate) fn of(error: &Value) -> Self {
        let description = error["description"].as_str().unwrap_or("no reason given").to_owned();
        let code = error["err_code"].as_u64().unwrap_or_default();
        match error["code"].as_u64() {
            // No leader, a cluster that is starting, a server that is busy.
            Some(408 | 429 | 503) if !Self::NOT_ENABLED.contains(&code) => ApiError::Away(description),
            _ => ApiError::Refused { code, description },
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ApiError::Away(reason) => f.write_str(reason),
            ApiError::Refused { description, .. } => f.write_str(description),
        }
    }
}

impl Api {
    pub(crate) fn new(client: Client) -> Self {
        Api { client }
    }

    /// Asks once.
    async fn ask(&self, verb: &str, body: &Value) -> Result<Value, ApiError> {
        let payload = if body.is_null() { String::new() } else { body.to_string() };
        let asked = self.client.request(format!("$JS.API.{verb}"), payload.into());
        let answer = match tokio::time::timeout(ANSWER, asked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) if error.kind() == RequestErrorKind::NoResponders => {
                return Err(ApiError::Away("JetStream does not answer; is it enabled (`nats-server -js`)?".to_owned()));
            }
            Ok(Err(error)) => return Err(ApiError::Away(error.to_string())),
            Err(_) => return Err(ApiError::Away(format!("no answer within {} s", ANSWER.as_secs()))),
        };
        let answer: Value = serde_json::from_slice(&answer.payload)
            .map_err(|error| ApiError::Away(format!("an answer that is no JSON: {error}")))?;
        match answer.get("error") {
            Some(error) => Err(ApiError::of(error)),
            None => Ok(answer),
        }
    }

    /// Asks until there is an answer; for ever where there is no limit.
    pub(crate) async fn request_with_retry(
        &self,
        verb: &str,
        body: &Value,
        limit: Option<Duration>,
    ) -> Result<Value, ApiError> {
        let start = Instant::now();
        loop {
            match self.ask(verb, body).await {
                Err(ApiError::Away(_)) if limit.is_none_or(|limit| start.elapsed() + PAUSE < limit) => {}
                outcome => return outcome,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    pub(crate) async fn stream(&self, stream: &str, limit: Option<Duration>) -> Result<StreamInfo, ApiError> {
        let info = self.request_with_retry(&format!("STREAM.INFO.{stream}"), &Value::Null, limit).await?;
        Ok(StreamInfo::of(&info))
    }
}

/// What kept work at a connection from its end.
pub(crate) enum Interruption {
    /// The connection broke.
    Lost,
    /// We may not use a subject: such a request has no answer.
    Denied(PermissionError),
}

/// Does work to its end, unless the connection breaks or refuses a subject.
pub(crate) async fn until_lost<T>(
    connection: &mut Connection,
    work: impl Future<Output = T>,
) -> Result<T, Interruption> {
    let mut work = pin!(work);
    let mut lost = pin!(connection.lost());
    std::future::poll_fn(|cx| {
        if let Poll::Ready(notice) = connection.poll_notice(cx) {
            return Poll::Ready(Err(Interruption::Denied(notice)));
        }
        if lost.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(Interruption::Lost));
        }
        work.as_mut().poll(cx).map(Ok)
    })
    .await
}
