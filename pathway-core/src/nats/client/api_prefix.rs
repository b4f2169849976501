//! Whose JetStream a source or sink uses: the server's own, that of another domain, or that of another account.

use std::sync::Arc;

use super::{ApiError, NatsUri};
use crate::connector::subject::check_publish_subject;
use crate::data::{Error, ErrorKind, Result};

/// What the user has said about it. At most one of them can be honoured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ApiSettings {
    pub(crate) domain: Option<String>,
    pub(crate) api_prefix: Option<String>,
}

/// Whose JetStream is used. Its API has the subjects that begin with [`ApiPrefix::subject`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum ApiPrefix {
    /// Whichever answers on the server.
    #[default]
    Own,
    /// That of this domain.
    Domain(Arc<str>),
    /// That whose API is imported with this prefix.
    Custom(Arc<str>),
}

impl ApiSettings {
    /// # Errors
    /// The domain or the prefix is invalid, or both are given.
    pub(crate) fn check(&self) -> Result<ApiPrefix> {
        match (&self.domain, &self.api_prefix) {
            (None, None) => Ok(ApiPrefix::Own),
            (Some(domain), None) => check_domain(domain).map(|()| ApiPrefix::Domain(domain.as_str().into())),
            (None, Some(prefix)) => check_prefix(prefix).map(|()| ApiPrefix::Custom(prefix.as_str().into())),
            (Some(domain), Some(prefix)) => Err(config_error(format!(
                "both `.domain({domain:?})` and `.api_prefix({prefix:?})` are set, and only one JetStream can be meant: \
                 remove one of the two (a domain is short for the prefix `$JS.<domain>.API`)"
            ))),
        }
    }
}

fn check_domain(domain: &str) -> Result<()> {
    let is_token =
        !domain.is_empty() && !domain.contains(|c: char| c.is_whitespace() || c.is_control() || ".*>".contains(c));
    if is_token {
        return Ok(());
    }
    let domain = domain.escape_debug();
    let message =
        format!("`{domain}` cannot be a JetStream domain: it must be one token, without white space, `.`, `*` and `>`");
    Err(config_error(message))
}

fn check_prefix(prefix: &str) -> Result<()> {
    check_publish_subject(prefix).map_err(|error| {
        let message = "`api_prefix` needs the tokens before `STREAM` and `CONSUMER` of an imported API, such as \
                       `JS.other.API`, without a dot or `>` at the end";
        config_error(message.to_owned()).with_source(error)
    })
}

fn config_error(message: String) -> Error {
    Error::new(ErrorKind::Config, message)
}

impl ApiPrefix {
    /// The subject of an endpoint, such as `STREAM.INFO.ORDERS`.
    pub(crate) fn subject(&self, endpoint: &str) -> String {
        match self {
            ApiPrefix::Own => format!("$JS.API.{endpoint}"),
            ApiPrefix::Domain(domain) => format!("$JS.{domain}.API.{endpoint}"),
            ApiPrefix::Custom(prefix) => format!("{prefix}.{endpoint}"),
        }
    }

    /// The subject to which a key of a bucket is put. Buckets have subjects of their own, which leaf nodes do not pass on: in
    /// another domain, they are part of its API.
    pub(crate) fn put_subject(&self, subject: &str) -> String {
        match self {
            ApiPrefix::Own => subject.to_owned(),
            _ => self.subject(subject),
        }
    }

    /// A subject as the stream gets it: the opposite of [`put_subject`](ApiPrefix::put_subject).
    pub(crate) fn stored_subject<'a>(&self, subject: &'a str) -> &'a str {
        if *self == ApiPrefix::Own {
            return subject;
        }
        subject.strip_prefix(&*self.subject("")).filter(|subject| subject.starts_with("$KV.")).unwrap_or(subject)
    }

    /// A stream's or a source's name that is unique over all domains and accounts.
    pub(crate) fn qualify(&self, name: &str) -> String {
        match self {
            ApiPrefix::Own => name.to_owned(),
            ApiPrefix::Domain(domain) => format!("{name}-{domain}"),
            ApiPrefix::Custom(prefix) => format!("{name}-{}", prefix.replace('.', "_")),
        }
    }

    /// Where its JetStream is, to follow a noun: ` in domain `hub``.
    pub(crate) fn place(&self) -> String {
        match self {
            ApiPrefix::Own => String::new(),
            ApiPrefix::Domain(domain) => format!(" in domain `{domain}`"),
            ApiPrefix::Custom(prefix) => format!(" behind the API `{prefix}`"),
        }
    }

    /// Options of the `nats` command that choose the same JetStream.
    pub(crate) fn nats_options(&self) -> String {
        match self {
            ApiPrefix::Own => String::new(),
            ApiPrefix::Domain(domain) => format!(" --js-domain {domain}"),
            ApiPrefix::Custom(prefix) => format!(" --js-api-prefix {prefix}"),
        }
    }

    /// Why nobody answers, perhaps.
    pub(crate) fn no_answer(&self) -> String {
        match self {
            ApiPrefix::Own => {
                "JetStream does not answer; is it enabled (`nats-server -js`)? Name that of another domain with \
                               `.domain(..)`"
                    .to_owned()
            }
            ApiPrefix::Domain(domain) => format!(
                "no JetStream of domain `{domain}` answers: check the name in `.domain(..)`, and the leaf node connection \
                 to that domain"
            ),
            ApiPrefix::Custom(prefix) => format!(
                "no JetStream answers at `{prefix}`: check `.api_prefix(..)`, and that the account imports the API with \
                 this prefix"
            ),
        }
    }

    /// What to check where a consumer sends nothing.
    pub(crate) fn silence_hint(&self) -> &'static str {
        match self {
            ApiPrefix::Custom(_) => {
                " (the other account must export `$JS.API.CONSUMER.MSG.NEXT.>` with `response_type: stream`, or only the \
                 first message of each request arrives)"
            }
            _ => "",
        }
    }

    /// What to say where the account has no JetStream.
    pub(crate) fn not_enabled(&self, error: &ApiError) -> String {
        match self {
            ApiPrefix::Own => format!(
                "{error}; enable it for this account, or name another domain with `.domain(..)` or an imported API with \
                 `.api_prefix(..)`"
            ),
            _ => error.to_string(),
        }
    }

    /// What to say if JetStream is not enabled any more.
    pub(crate) fn no_longer_enabled(&self, error: &ApiError) -> String {
        format!(
            "{error}: the account{} has lost JetStream while the pipeline ran; enable it again in the server's \
             configuration (`jetstream: enabled`), and start the pipeline again",
            self.place()
        )
    }

    /// What to say where there is no such stream. `answers` is the domain of the server, and `hint` how to create it.
    pub(crate) fn no_stream(&self, server: &NatsUri, answers: Option<&str>, hint: &str) -> String {
        let own =
            answers.filter(|_| *self == ApiPrefix::Own).map(|domain| format!(", where domain `{domain}` answers"));
        let place = if *self == ApiPrefix::Own { own.unwrap_or_default() } else { self.place() };
        let elsewhere = match self {
            ApiPrefix::Own => {
                "; name its domain with `.domain(..)` if it is in another one, or the prefix of another \
                               account's API with `.api_prefix(..)`"
            }
            ApiPrefix::Domain(_) => "; without `.domain(..)`, the server's own domain is asked",
            ApiPrefix::Custom(_) => "; without `.api_prefix(..)`, the own account is asked",
        };
        format!("there is no such stream at {server}{place}{hint}{elsewhere}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(domain: Option<&str>, api_prefix: Option<&str>) -> Result<ApiPrefix> {
        let own = |text: Option<&str>| text.map(str::to_owned);
        ApiSettings { domain: own(domain), api_prefix: own(api_prefix) }.check()
    }

    #[test]
    fn subjects_begin_with_the_prefix() {
        for (domain, prefix, expected) in [
            (None, None, ["$JS.API.X", "$KV.b.k"]),
            (Some("hub"), None, ["$JS.hub.API.X", "$JS.hub.API.$KV.b.k"]),
            (None, Some("JS.other.API"), ["JS.other.API.X", "JS.other.API.$KV.b.k"]),
        ] {
            let api = check(domain, prefix).expect("a prefix");
            assert_eq!([api.subject("X"), api.put_subject("$KV.b.k")], expected);
            assert_eq!(api.stored_subject(expected[1]), "$KV.b.k");
            assert_eq!(api.stored_subject("a.b"), "a.b");
        }
        assert_eq!(check(Some("hub"), None).expect("a domain").qualify("p"), "p-hub");
        assert_eq!(check(None, Some("JS.other.API")).expect("a prefix").qualify("p"), "p-JS_other_API");
    }

    #[test]
    fn what_cannot_be_honoured_is_refused() {
        for (domain, prefix, expected) in [
            (Some(""), None, "cannot be a JetStream domain"),
            (Some("a.b"), None, "cannot be a JetStream domain"),
            (Some("a b"), None, "cannot be a JetStream domain"),
            (Some(">"), None, "cannot be a JetStream domain"),
            (None, Some(""), "`JS.other.API`"),
            (None, Some("JS.other.API."), "`JS.other.API`"),
            (None, Some("JS.other.API.>"), "`JS.other.API`"),
            (None, Some("JS. API"), "`JS.other.API`"),
            (Some("hub"), Some("JS.other.API"), "remove one of the two"),
        ] {
            let error = check(domain, prefix).expect_err(expected);
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn a_missing_stream_says_who_was_asked_and_how_to_ask_another() {
        let server = NatsUri::parse("nats://h").expect("a URI");
        let text = ApiPrefix::Own.no_stream(&server, Some("leaf"), "; create it");
        for part in ["at nats://h:4222, where domain `leaf` answers; create it; ", "`.domain(..)`"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let text = ApiPrefix::Domain("hub".into()).no_stream(&server, Some("leaf"), "");
        assert!(text.contains("at nats://h:4222 in domain `hub`; without"), "{text}");
    }
}
