//! Reads a bucket: finds out where its keys begin, and reads its stream.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{self, Either};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::bucket::{self, Bucket};
use crate::connector::Failure;
use crate::connector::source::{MessageSender, Source, SourceSettings, Undecoded};
use crate::data::Result;
use crate::nats::client::{Api, ApiPrefix, Dialer, NatsUri, Options, SessionEnd, runtime};
use crate::nats::jetstream::source::{Start, StreamReader};

/// A reader of a bucket, which may be a mirror of another one: the subjects of a mirror's keys are those of its origin.
#[derive(Clone, Debug)]
pub(crate) struct BucketReader {
    pub(crate) uri: NatsUri,
    pub(crate) options: Options,
    pub(crate) api: ApiPrefix,
    pub(crate) bucket: Bucket,
    /// The pipeline's name.
    pub(crate) pipeline: Arc<str>,
}

/// What a stream's description says of its origin.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Description {
    config: Config,
    state: State,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Config {
    mirror: Option<Mirror>,
}

#[derive(Deserialize)]
struct Mirror {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct State {
    subjects: Option<HashMap<String, IgnoredAny>>,
}

/// Asks for the subjects, too.
#[derive(Serialize)]
struct WithSubjects {
    subjects_filter: &'static str,
}

impl Source for BucketReader {
    type Item = Undecoded;

    fn settings(&self) -> SourceSettings {
        SourceSettings::new().reports_waiting()
    }

    fn run(self, sender: &MessageSender) -> Result<(), Failure> {
        let link = sender.link();
        let runtime = runtime()?;
        let prefix = runtime.block_on(async {
            match future::select(pin!(link.control.stopped()), pin!(self.key_prefix(&link.name))).await {
                Either::Left(_) => Ok(None),
                Either::Right((prefix, _)) => prefix.map(Some),
            }
        });
        runtime.shutdown_background();
        let Some(prefix) = prefix? else { return Ok(()) };
        let BucketReader { uri, options, api, bucket, pipeline } = self;
        let reader = StreamReader::new(uri, &bucket.stream, &format!("{prefix}>"), &pipeline, &link.name)?;
        let reader = reader.options(options).api(api, &pipeline, &link.name);
        reader.start_at(Start::LastPerSubject).without_prefix(&prefix).of_bucket().run(sender)
    }
}

impl BucketReader {
    /// How many messages wait in async-nats for a subscription: answers of the API.
    const CAPACITY: usize = 64;
    /// How long the answers may take. The reader of the stream reports what it cannot be asked.
    const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

    /// What the subjects of the keys begin with.
    async fn key_prefix(&self, name: &Arc<str>) -> Result<String> {
        let mut dialer = Dialer::new(self.uri.clone(), self.options.clone(), Arc::clone(name), Self::CAPACITY);
        loop {
            let mut connection = dialer.connect(false).await?;
            let api = connection.api(&self.api);
            match connection.until_lost(self.origin_prefix(&api)).await {
                Ok(origin) => return Ok(origin.unwrap_or_else(|| self.bucket.prefix.clone())),
                Err(SessionEnd::Failed(error)) => return Err(error),
                Err(_) => dialer.connection_lost(&connection.server, Duration::ZERO, None),
            }
        }
    }

    /// What the subjects of the keys begin with in a mirror: as the stored ones do, or else as in the bucket that it mirrors.
    async fn origin_prefix(&self, api: &Api) -> Option<String> {
        let endpoint = format!("STREAM.INFO.{}", self.bucket.stream);
        let timeout = Some(Self::ANSWER_TIMEOUT);
        let found = api.request_with_retry::<Description>(&endpoint, None::<&()>, timeout).await.ok()?;
        let mirror = found.config.mirror?;
        let body = WithSubjects { subjects_filter: "$KV.*.>" };
        let stored = api.request_with_retry::<Description>(&endpoint, Some(&body), timeout).await.ok()?.state.subjects;
        let stored = stored.and_then(|subjects| subjects.into_keys().next());
        stored.and_then(|subject| bucket::prefix_of(&subject)).or_else(|| bucket::prefix_in(&mirror.name))
    }
}
