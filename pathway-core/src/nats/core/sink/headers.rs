//! The headers of a message, in a fixed order: `pathway_time`, `pathway_diff`, then its own.

use async_nats::HeaderMap;
use async_nats::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StringDeserializer};

use crate::connector::sink::{MessageMeta, OutgoingMessage, validate};

const TIME: HeaderName = HeaderName::from_static("pathway_time");
const MESSAGE_ID: &str = "Nats-Msg-Id";

/// Makes the headers of messages, which go onto the wire in the order in which they are given.
///
/// async-nats keeps headers in a hash map and writes them in that map's order, which is another for each map. A map
/// with one entry has one order: so all headers are one value of the first one's name, with the line ends between
/// them. Only our own code puts line ends there; what comes from data [is looked through](validate::header) before.
///
/// Most messages of a parcel have the same headers. Those of the last time are kept, one map for each diff, so that a
/// message costs one clone.
pub(crate) struct HeaderTemplate {
    gone: Ready,
    come: Ready,
}

/// Headers of one diff, and the time that they say.
struct Ready {
    map: HeaderMap,
    time: u64,
}

impl HeaderTemplate {
    pub(crate) fn new() -> Self {
        HeaderTemplate { gone: Ready::new(0, -1), come: Ready::new(0, 1) }
    }

    /// The headers of a letter of a commit with that time.
    pub(crate) fn headers(&mut self, time: u64, letter: &OutgoingMessage) -> HeaderMap {
        let (ready, diff) = if letter.come { (&mut self.come, 1) } else { (&mut self.gone, -1) };
        match letter.label.as_deref() {
            Some(label) if label.bare => lines(None, label, None, None),
            Some(label) if !label.headers.is_empty() || label.message_id.is_some() => {
                lines(Some((time, diff)), label, None, None)
            }
            _ => {
                if ready.time != time {
                    *ready = Ready::new(time, diff);
                }
                ready.map.clone()
            }
        }
    }

    /// The same with an id, unless the letter has one of its own, and with a condition, if any: a header and its value.
    pub(crate) fn identified(
        time: u64,
        letter: &OutgoingMessage,
        id: &str,
        condition: Option<(&str, &str)>,
    ) -> HeaderMap {
        let none = MessageMeta::default();
        let label = letter.label.as_deref().unwrap_or(&none);
        let stamp = (!label.bare).then_some((time, if letter.come { 1 } else { -1 }));
        lines(stamp, label, Some(id), condition)
    }
}

impl Ready {
    fn new(time: u64, diff: i64) -> Self {
        Ready { map: lines(Some((time, diff)), &MessageMeta::default(), None, None), time }
    }
}

/// The headers of one message.
fn lines(
    stamp: Option<(u64, i64)>,
    label: &MessageMeta,
    id: Option<&str>,
    condition: Option<(&str, &str)>,
) -> HeaderMap {
    let mut lines = Lines::default();
    if let Some((time, diff)) = stamp {
        lines.add("pathway_time", &time.to_string());
        lines.add("pathway_diff", &diff.to_string());
    }
    label.headers.iter().for_each(|(name, value)| lines.add(name, value));
    if let Some(id) = label.message_id.as_deref().or(id) {
        lines.add(MESSAGE_ID, id);
    }
    if let Some((name, value)) = condition {
        lines.add(name, value);
    }
    lines.finish()
}

/// Header lines, of which the first one's name stands apart.
#[derive(Default)]
struct Lines {
    first: Option<HeaderName>,
    text: String,
}

impl Lines {
    /// Adds a header. One that can't be is left out: it is refused before it comes here.
    fn add(&mut self, name: &str, value: &str) {
        if validate::header(name, value).is_some() {
            return;
        }
        match &self.first {
            Some(_) => ["\r\n", name, ": "].iter().for_each(|piece| self.text.push_str(piece)),
            None if name == "pathway_time" => self.first = Some(TIME),
            None => match name.parse() {
                Ok(name) => self.first = Some(name),
                Err(_) => return,
            },
        }
        self.text.push_str(value);
    }

    fn finish(self) -> HeaderMap {
        let mut map = HeaderMap::new();
        let Some(name) = self.first else { return map };
        // The way past the look for line ends, which are ours.
        let text: StringDeserializer<Error> = self.text.into_deserializer();
        if let Ok(value) = HeaderValue::deserialize(text) {
            map.insert(name, value);
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(map: &HeaderMap) -> String {
        map.iter().map(|(name, values)| format!("{name}: {}\r\n", values[0])).collect()
    }

    fn letter(come: bool, label: Option<MessageMeta>) -> OutgoingMessage {
        OutgoingMessage { payload: 0..0, come, label: label.map(Box::new) }
    }

    #[test]
    fn the_order_is_fixed() {
        let mut template = HeaderTemplate::new();
        for n in 0..100 {
            for (time, come) in [(n, false), (n, true), (n + 2, true), (n + 2, false)] {
                let diff = if come { "1" } else { "-1" };
                let plain = wire(&template.headers(time, &letter(come, None)));
                assert_eq!(plain, format!("pathway_time: {time}\r\npathway_diff: {diff}\r\n"));

                let headers = ["z", "a", "m", "b"].map(|name| (name.into(), format!("<{name}>"))).to_vec();
                let label = MessageMeta { headers, message_id: Some("id".to_owned()), ..MessageMeta::default() };
                let own = wire(&template.headers(time, &letter(come, Some(label))));
                assert_eq!(own, plain + "z: <z>\r\na: <a>\r\nm: <m>\r\nb: <b>\r\nNats-Msg-Id: id\r\n");
            }
        }
    }

    #[test]
    fn no_data_reaches_the_wire_as_a_line_of_its_own() {
        let bad = [("a", "x\r\ny: z"), ("b", "x\n"), ("c\r\nd", "x"), ("e:f", "x"), ("", "x")];
        let headers = bad.map(|(name, value)| (name.into(), value.to_owned())).to_vec();
        let label =
            MessageMeta { headers, message_id: Some("1\r\n2".to_owned()), bare: true, ..MessageMeta::default() };
        assert_eq!(wire(&HeaderTemplate::new().headers(0, &letter(true, Some(label)))), "");
    }
}
