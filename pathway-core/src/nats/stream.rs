//! JetStream at both ends: what is said of a stream when it is declared.

use std::sync::Arc;
use std::thread::JoinHandle;

use super::client::{NatsUri, Options, check_publish_subject};
use super::jetstream::sink::StreamPublisher;
use super::jetstream::source::{Start, StreamReader};
use super::server::{ServerSink, SinkSubject};
use super::{Read, Write};
use crate::connector::sink::{Sink, SinkLink};
use crate::connector::source::{Source, SourceLink};
use crate::data::{Result, Schema};

/// A stream to be read, and how; see [`Read::jetstream`].
///
/// ```
/// use pathway::nats::{self, Start};
///
/// let orders = nats::stream("ORDERS").start(Start::LastPerSubject);
/// # let _ = orders;
/// ```
pub fn stream(name: impl Into<String>) -> Stream {
    Stream { name: name.into(), start: Start::All, durable: None }
}

/// A stream to be read, and how; made by [`stream`], or from its name.
#[derive(Clone, Debug)]
#[must_use = "it is to be given to `.jetstream(..)`"]
pub struct Stream {
    pub(super) name: String,
    pub(super) start: Start,
    durable: Option<String>,
}

impl Stream {
    /// Where in the stream to begin. Default: with the oldest message that is there.
    ///
    /// A consumer that is there already, because it stays or was [given](Stream::durable), goes on where it stood.
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// A consumer to read with, in place of one of the pipeline's own: a pull consumer with explicit acknowledgements,
    /// which must be there, and must read what is asked for. Programs that are given the same one share its messages.
    ///
    /// ```
    /// use pathway::nats;
    ///
    /// let orders = nats::stream("ORDERS").durable("billing");
    /// # let _ = orders;
    /// ```
    pub fn durable(mut self, name: impl Into<String>) -> Self {
        self.durable = Some(name.into());
        self
    }
}

impl From<&str> for Stream {
    fn from(name: &str) -> Self {
        stream(name)
    }
}

impl From<String> for Stream {
    fn from(name: String) -> Self {
        stream(name)
    }
}

impl Read {
    /// Reads from a stream instead of from the subject itself: what was published before is there too, and a break of
    /// the connection loses nothing. The subject says which messages of the stream; an empty one, all.
    ///
    /// A stream that keeps its messages up to limits is read from its oldest message on, each time the pipeline starts,
    /// each message exactly once; what is read is not acknowledged, and other readers are not affected.
    /// Of a work queue, and a stream that keeps messages by interest, a message is acknowledged when its commit is
    /// through and all that was written for it has been confirmed. What is not acknowledged when the program dies comes
    /// again in the next run. The consumer is named after the pipeline and the source; two programs that would share one
    /// by accident are told so when they start.
    ///
    /// A broker in memory has no streams: there, the subject is read.
    ///
    /// ```
    /// use pathway::prelude::*;
    /// use pathway::nats::Start;
    ///
    /// #[derive(Schema)]
    /// struct Order { price: f64 }
    ///
    /// let pipeline = Pipeline::named("orders-service");
    /// let orders = nats::read(&pipeline, "nats://localhost:4222", "orders.>").jetstream("ORDERS").json::<Order>();
    /// let new = nats::read(&pipeline, "nats://localhost:4222", "orders.eu")
    ///     .jetstream(nats::stream("ORDERS").start(Start::New))
    ///     .json::<Order>();
    /// # let _ = (orders, new);
    /// # std::mem::forget(pipeline);
    /// ```
    pub fn jetstream(mut self, stream: impl Into<Stream>) -> Self {
        self.jetstream = Some(stream.into());
        self
    }
}

/// A stream to be read, as declared.
pub(super) struct StreamSource {
    pub(super) uri: String,
    pub(super) subject: String,
    pub(super) options: Options,
    pub(super) stream: Stream,
    /// The pipeline's name.
    pub(super) pipeline: Arc<str>,
}

impl Source for StreamSource {
    fn start(self: Box<Self>, link: SourceLink) -> Result<JoinHandle<()>> {
        let StreamSource { uri, subject, options, stream, pipeline } = *self;
        let endpoint = NatsUri::parse(&uri)?;
        let mut reader = StreamReader::new(endpoint, &stream.name, &subject, &pipeline, &link.name)?
            .options(options)
            .start_at(stream.start);
        if let Some(durable) = stream.durable {
            reader = reader.durable(&durable)?;
        }
        Box::new(reader).start(link)
    }
}

impl<R: Schema> Write<R> {
    /// Writes into a stream: each message is acknowledged when it is stored, and stored once within the stream's window
    /// for duplicates (`Nats-Msg-Id`), also when it is sent again after a break.
    ///
    /// Up to 4 000 messages are under way at a time. Where the stream is full or the server is busy, the pipeline waits
    /// and sends again what was refused. Nothing is lost, and the order is kept where nobody else writes into the
    /// stream. A stream that is missing or does not take the subject is an error at the start.
    ///
    /// A broker in memory has no streams: there, the subject is written to.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema)]
    /// struct Total { sum: i64 }
    ///
    /// let pipeline = Pipeline::new();
    /// let totals = pipeline.rows([Total { sum: 45 }]);
    /// nats::write(&totals, "nats://localhost:4222", "totals.all").jetstream("TOTALS").json();
    /// # std::mem::forget(pipeline);
    /// ```
    pub fn jetstream(mut self, stream: impl Into<String>) -> Self {
        self.jetstream = Some(stream.into());
        self
    }
}

/// A stream to be written to, as declared.
pub(super) struct StreamSink {
    pub(super) core: ServerSink,
    pub(super) stream: String,
}

impl Sink for StreamSink {
    fn start(self: Box<Self>, link: SinkLink) -> Result<JoinHandle<()>> {
        let ServerSink { uri, subject, options, dead_letters } = self.core;
        let subject = match subject {
            SinkSubject::All(subject) => subject,
            SinkSubject::Own => "".into(),
        };
        let given = [(!subject.is_empty()).then_some(&subject), dead_letters.as_ref().map(|dead| &dead.subject)];
        given.into_iter().flatten().try_for_each(|subject| check_publish_subject(subject))?;
        let publisher = StreamPublisher::new(NatsUri::parse(&uri)?, &self.stream, subject)?.options(options);
        Box::new(publisher.dead_letters(dead_letters)).start(link)
    }
}
