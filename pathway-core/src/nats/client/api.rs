//! JetStream's API: requests and answers in JSON.
//!
//! async-nats has it too, behind a feature that adds seven crates to the dependencies. A pipeline needs six requests, and
//! it pulls and publishes by itself in any case, because backpressure and acknowledgements depend on how that is done.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::{Client, Message, RequestErrorKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{ApiPrefix, StoredMessage, StreamInfo};
use crate::telemetry::{Level, report};

/// How long one answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(200);
/// When a request that waits for its answer is reported: first after this, then less and less often.
const FIRST_REPORT: Duration = Duration::from_secs(5);
const LONGEST_REPORT_INTERVAL: Duration = Duration::from_secs(60);

/// JetStream's API over one connection.
pub(crate) struct Api {
    client: Client,
    prefix: ApiPrefix,
    /// The source's or sink's name.
    name: Arc<str>,
}

/// Why a request has no result.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// Another attempt may succeed: the reason.
    Temporary(String),
    /// The server refuses the request.
    Refused {
        /// Why, as `err_code`: one of the constants below, or another.
        code: u64,
        /// The server's description.
        description: String,
    },
}

/// The `error` of an answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ErrorResponse {
    code: u64,
    err_code: u64,
    description: String,
}

/// Which message of a stream is fetched.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum MessageRequest<'a> {
    /// The one with this sequence.
    At { seq: u64 },
    /// The first one with this sequence or a higher one that matches a subject.
    Next { seq: u64, next_by_subj: &'a str },
    /// The last one of a subject.
    Last { last_by_subj: &'a str },
}

#[derive(Serialize)]
struct SubjectsRequest {
    subjects_filter: &'static str,
}

#[derive(Deserialize)]
struct Response {
    error: Option<ErrorResponse>,
}

impl ApiError {
    pub(crate) const NO_MESSAGE: u64 = 10037;
    pub(crate) const CONSUMER_NOT_FOUND: u64 = 10014;
    pub(crate) const STREAM_NOT_FOUND: u64 = 10059;
    /// The consumer may not have as many unacknowledged messages as the request says.
    const MAX_ACK_PENDING_EXCEEDED: u64 = 10121;
    /// An account, a stream or a server has as much as it may have: resources of the account, resources of the server,
    /// consumers, memory, storage.
    const LIMITS: [u64; 5] = [10002, 10023, 10026, 10028, 10047];
    /// Another consumer of a work queue has the same messages: all of them, or some.
    const NOT_UNIQUE: [u64; 2] = [10099, 10100];
    /// JetStream is not enabled, for the account or at all.
    const NOT_ENABLED: [u64; 2] = [10039, 10076];

    /// Whether the server refused the request with this code.
    pub(crate) fn has_code(&self, wanted: u64) -> bool {
        matches!(self, ApiError::Refused { code, .. } if *code == wanted)
    }

    /// Whether the server has refused the request, so that it has no effect.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, ApiError::Refused { .. })
    }

    /// Whether the account that was asked has no JetStream.
    pub(crate) fn is_not_enabled(&self) -> bool {
        matches!(self, ApiError::Refused { code, .. } if Self::NOT_ENABLED.contains(code))
    }

    /// Whether another consumer of the work queue has these messages.
    pub(crate) fn is_not_unique(&self) -> bool {
        matches!(self, ApiError::Refused { code, .. } if Self::NOT_UNIQUE.contains(code))
    }

    /// Whether a limit is met that may not be met later.
    pub(crate) fn is_limit(&self) -> bool {
        matches!(self, ApiError::Refused { code, .. } if Self::LIMITS.contains(code))
    }

    /// How many unacknowledged messages a consumer may have, if the request had more than that. The server writes:
    /// `consumer max ack pending exceeds system limit of 1000`.
    pub(crate) fn max_ack_pending(&self) -> Option<u64> {
        match self {
            ApiError::Refused { code: Self::MAX_ACK_PENDING_EXCEEDED, description } => {
                description.rsplit(' ').next()?.parse().ok()
            }
            _ => None,
        }
    }
}

/// The result of a request, as its answer has it.
pub(crate) fn parse<T: DeserializeOwned>(answer: &Message) -> Result<T, ApiError> {
    if answer.status.is_some_and(|status| status.as_u16() == 503) {
        return Err(ApiError::Temporary("nobody answers".to_owned()));
    }
    let unreadable = |error| ApiError::Temporary(format!("an answer that cannot be read: {error}"));
    let response: Response = serde_json::from_slice(&answer.payload).map_err(unreadable)?;
    match response.error {
        Some(error) => Err(error.into()),
        None => serde_json::from_slice(&answer.payload).map_err(unreadable),
    }
}

impl From<ErrorResponse> for ApiError {
    fn from(error: ErrorResponse) -> Self {
        let ErrorResponse { code, err_code, description } = error;
        let description = if description.is_empty() { "no reason given".to_owned() } else { description };
        match code {
            // No leader, a cluster that is starting, a server that is busy.
            408 | 429 | 503 if !Self::NOT_ENABLED.contains(&err_code) => ApiError::Temporary(description),
            _ => ApiError::Refused { code: err_code, description },
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ApiError::Temporary(reason) => f.write_str(reason),
            ApiError::Refused { description, .. } => f.write_str(description),
        }
    }
}

impl Api {
    pub(super) fn new(client: Client, prefix: ApiPrefix, name: Arc<str>) -> Self {
        Api { client, prefix, name }
    }

    /// Sends a request once. An empty body is sent as `None`.
    pub(crate) async fn request<T: DeserializeOwned>(
        &self,
        endpoint: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, ApiError> {
        let payload = body.map(serde_json::to_vec).transpose();
        let payload = payload.map_err(|error| ApiError::Temporary(error.to_string()))?.unwrap_or_default();
        let answer = self.client.request(self.prefix.subject(endpoint), payload.into());
        let answer = match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) if error.kind() == RequestErrorKind::NoResponders => {
                return Err(ApiError::Temporary(self.prefix.no_answer()));
            }
            Ok(Err(error)) => return Err(ApiError::Temporary(error.to_string())),
            Err(_) => return Err(ApiError::Temporary(format!("no answer within {} s", ANSWER_TIMEOUT.as_secs()))),
        };
        self::parse(&answer)
    }

    /// Sends a request until it is answered, for at most `limit`; without a limit, forever. A long wait is reported.
    pub(crate) async fn request_with_retry<T: DeserializeOwned>(
        &self,
        endpoint: &str,
        body: Option<&impl Serialize>,
        limit: Option<Duration>,
    ) -> Result<T, ApiError> {
        let (start, mut report_after) = (Instant::now(), FIRST_REPORT);
        loop {
            match self.request(endpoint, body).await {
                Err(ApiError::Temporary(reason)) if limit.is_none_or(|limit| start.elapsed() + PAUSE < limit) => {
                    let waited = start.elapsed();
                    if waited >= report_after {
                        let seconds = waited.as_secs();
                        let message = format_args!("no answer to {endpoint} for {seconds} s: {reason}; retrying");
                        report(Level::Warn, &self.name, message);
                        report_after = waited + waited.clamp(FIRST_REPORT, LONGEST_REPORT_INTERVAL);
                    }
                }
                outcome => return outcome,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    pub(crate) async fn stream_info(&self, stream: &str, limit: Option<Duration>) -> Result<StreamInfo, ApiError> {
        self.request_with_retry(&format!("STREAM.INFO.{stream}"), None::<&()>, limit).await
    }

    /// A stream, with the subjects of all its messages. The server lists at most 100 000.
    pub(crate) async fn stored_subjects(&self, stream: &str) -> Result<StreamInfo, ApiError> {
        let request = SubjectsRequest { subjects_filter: ">" };
        self.request_with_retry(&format!("STREAM.INFO.{stream}"), Some(&request), Some(ANSWER_TIMEOUT)).await
    }

    /// A message of a stream.
    pub(crate) async fn stored_message(
        &self,
        stream: &str,
        request: MessageRequest<'_>,
    ) -> Result<StoredMessage, ApiError> {
        self.request_with_retry(&format!("STREAM.MSG.GET.{stream}"), Some(&request), Some(ANSWER_TIMEOUT)).await
    }
}
