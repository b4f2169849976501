//! A recording of Pathway, read from `tests/vectors`: the input step by step, and the output commit by commit.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::{Map, Value};

/// One recorded run of Pathway.
pub(super) struct Recording {
    pub(super) name: String,
    pub(super) group: String,
    pub(super) description: String,
    pub(super) inputs: Vec<Input>,
    pub(super) steps: Vec<Step>,
    /// The output messages of each commit, in their order. The last list has the messages that belong to no commit.
    pub(super) commits: Vec<Vec<Message>>,
    /// The minibatches of Pathway in which the messages of each commit were written: usually one.
    pub(super) minibatches: Vec<BTreeSet<u64>>,
    /// The columns by which the output of each commit is sorted.
    pub(super) sort_by: Vec<String>,
}

/// An input table.
pub(super) struct Input {
    pub(super) subject: String,
    pub(super) columns: Vec<Column>,
}

/// A column of an input. The row that a case declares has its type.
#[derive(Debug, PartialEq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) path: Option<String>,
}

/// A step of the recorded run.
pub(super) enum Step {
    Publish { subject: String, payload: Vec<u8> },
    Commit,
}

/// A message whose time is masked as `@TIME@`, with headers sorted by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Message {
    pub(super) subject: String,
    pub(super) payload: String,
    pub(super) headers: Vec<(String, String)>,
}

/// The folder of the recordings.
pub(super) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

impl Recording {
    /// Reads a recording. A missing file or an unknown field fails the test.
    pub(super) fn load(name: &str) -> Self {
        let path = folder().join(format!("{name}.json"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let document = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));

        let mut fields = Fields::of(name, document);
        let steps: Vec<_> = fields.list("steps").into_iter().filter_map(|step| self::step(name, step)).collect();
        let marks = steps.iter().filter(|step| matches!(step, Step::Commit)).count();
        let mut commits = vec![Vec::new(); marks + 1];
        let mut minibatches = vec![BTreeSet::new(); marks + 1];
        for observed in fields.list("observed") {
            let (commit, minibatch, message) = self::observed(name, observed);
            let commit = commit.map_or(marks, |commit| commit - 1);
            commits[commit].push(message);
            minibatches[commit].insert(minibatch);
        }
        let sort_by = sort_by(&fields.text("output"));
        let recording = Recording {
            sort_by,
            name: fields.text("name"),
            group: fields.text("group"),
            description: fields.text("description"),
            inputs: fields.list("input").into_iter().map(|input| self::input(name, input)).collect(),
            steps,
            commits,
            minibatches,
        };
        assert_eq!(recording.name, name, "the file has the name of its recording");
        // These describe the recorded program, which each case states itself, and checks of the recording.
        for key in ["pipeline", "pathway_code", "terminate_on_error", "autocommit", "pathway_version"] {
            fields.take(key);
        }
        for key in ["times_all_even", "process_exit_code", "log_excerpt", "repeatability"] {
            fields.take(key);
        }
        fields.take_if_there("quirk");
        fields.end();
        recording
    }

    /// The number of input messages.
    pub(super) fn published(&self) -> u64 {
        self.steps.iter().map(|step| u64::from(matches!(step, Step::Publish { .. }))).sum()
    }
}

/// The columns in the `sort_by=[r.a, r.b]` of a recorded program's output.
fn sort_by(output: &str) -> Vec<String> {
    let columns =
        output.split_once("sort_by=[").and_then(|(_, rest)| rest.split_once(']')).map_or("", |(columns, _)| columns);
    let columns = columns.split(',').filter_map(|column| column.trim().strip_prefix("r."));
    columns.map(str::to_owned).collect()
}

fn input(name: &str, value: Value) -> Input {
    let mut fields = Fields::of(name, value);
    let bare = fields.text("format") != "json";
    let paths = fields.take("json_field_paths");
    if bare {
        // Plaintext and raw inputs have no schema.
        fields.take("columns");
        let input = Input { subject: fields.text("subject"), columns: Vec::new() };
        fields.end();
        return input;
    }
    let mut paths = Fields::of(name, paths);
    let column = |column| {
        let mut fields = Fields::of(name, column);
        let column = fields.text("name");
        for key in ["type", "primary_key"] {
            fields.take(key);
        }
        fields.take_if_there("default");
        fields.end();
        let path = paths.take_if_there(&column).map(|path| text(name, path));
        Column { name: column, path }
    };
    let columns = fields.list("columns").into_iter().map(column).collect();
    paths.end();
    let input = Input { subject: fields.text("subject"), columns };
    fields.end();
    input
}

fn step(name: &str, value: Value) -> Option<Step> {
    let mut fields = Fields::of(name, value);
    let step = if let Some(message) = fields.take_if_there("publish") {
        let mut fields = Fields::of(name, message);
        let (subject, payload) = (fields.text("subject"), sent(&mut fields));
        fields.end();
        Some(Step::Publish { subject, payload })
    } else if let Some(mark) = fields.take_if_there("commit") {
        assert_eq!(mark, true, "{name}: a commit of all inputs");
        Some(Step::Commit)
    } else {
        // A pause between two bursts. Here a commit separates them.
        fields.take("sleep_s");
        None
    };
    fields.end();
    step
}

/// The payload of an input message.
fn sent(fields: &mut Fields) -> Vec<u8> {
    if let Some(base64) = fields.take_if_there("payload_b64") {
        return decode_base64(&text(&fields.of, base64));
    }
    if fields.has("payload_len") {
        return long(fields, "\"}").into_bytes();
    }
    fields.text("payload_utf8").into_bytes()
}

/// An output message, the number of its commit, if it belongs to one, and that of its minibatch.
fn observed(name: &str, value: Value) -> (Option<usize>, u64, Message) {
    let mut fields = Fields::of(name, value);
    let mark = fields.take("after_commit");
    let commit = mark.as_u64().and_then(|commit| usize::try_from(commit).ok()).filter(|&commit| commit > 0);
    assert!(commit.is_some() || mark == "uncommitted", "{name}: after_commit {mark}");
    let payload = if fields.has("payload_len") {
        let tail = fields.text("payload_tail_utf8");
        long(&mut fields, &tail)
    } else if let Some(base64) = fields.take_if_there("payload_b64") {
        printable(&decode_base64(&text(name, base64)))
    } else {
        fields.text("payload_utf8")
    };
    let pair = |pair: Value| match pair {
        Value::Array(pair) => <[_; 2]>::try_from(pair).map(|pair| pair.map(|part| text(name, part))).map(Into::into),
        other => Err(vec![other]),
    };
    let headers: Result<Vec<(String, String)>, _> = fields.list("headers").into_iter().map(pair).collect();
    let mut headers = headers.unwrap_or_else(|headers| panic!("{name}: headers {headers:?}"));
    headers.sort();
    let message = Message { subject: fields.text("subject"), payload, headers };
    let minibatch =
        fields.take("time_index").as_u64().unwrap_or_else(|| panic!("{name}: a minibatch without a number"));
    // The same headers in wire order, which is random in Pathway.
    fields.take("header_block_utf8");
    fields.end();
    (commit, minibatch, message)
}

/// A payload as text. Bytes that are not UTF-8 are escaped.
pub(super) fn printable(payload: &[u8]) -> String {
    std::str::from_utf8(payload).map_or_else(|_| payload.escape_ascii().to_string(), str::to_owned)
}

/// A payload recorded as head, tail and length. The last letter of the head repeats in between.
fn long(fields: &mut Fields, tail: &str) -> String {
    let head = fields.text("payload_head_utf8");
    let length = fields.take("payload_len").as_u64().and_then(|length| usize::try_from(length).ok());
    // The recorded length counts the digits of the time, but the recorded tail has the mask.
    let known = head.len() + tail.replace("@TIME@", "1700000000000").len();
    let fill = length.and_then(|length| length.checked_sub(known));
    let (Some(fill), Some(letter)) = (fill, head.chars().next_back()) else {
        panic!("{}: a long payload that does not add up", fields.of);
    };
    head.clone() + &letter.to_string().repeat(fill) + tail
}

fn decode_base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        let value = ALPHABET.iter().position(|&known| known == letter).expect("a letter of base64");
        (bits, held) = (bits << 6 | u32::try_from(value).expect("six bits"), held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held).to_le_bytes()[0]);
        }
    }
    bytes
}

fn text(name: &str, value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => panic!("{name}: expected a text, found {other}"),
    }
}

/// The fields of an object that have not been read yet.
struct Fields {
    of: String,
    left: Map<String, Value>,
}

impl Fields {
    fn of(name: &str, value: Value) -> Self {
        match value {
            Value::Object(left) => Fields { of: name.to_owned(), left },
            other => panic!("{name}: expected an object, found {other}"),
        }
    }

    fn has(&self, key: &str) -> bool {
        self.left.contains_key(key)
    }

    fn take_if_there(&mut self, key: &str) -> Option<Value> {
        self.left.remove(key)
    }

    fn take(&mut self, key: &str) -> Value {
        self.take_if_there(key).unwrap_or_else(|| panic!("{}: no field `{key}`", self.of))
    }

    fn text(&mut self, key: &str) -> String {
        text(&self.of.clone(), self.take(key))
    }

    fn list(&mut self, key: &str) -> Vec<Value> {
        match self.take(key) {
            Value::Array(list) => list,
            other => panic!("{}: `{key}` is no list: {other}", self.of),
        }
    }

    /// Checks that all fields have been read, so that no part of a recording is ignored.
    fn end(self) {
        let left: Vec<_> = self.left.keys().collect();
        assert!(left.is_empty(), "{}: fields that the replay does not understand: {left:?}", self.of);
    }
}
