//! Compares published messages with a recording and the stated differences, and lists missing and extra messages.

use pathway::testing::Published;
use serde_json::Value;

use super::recording::{Message, Recording, printable};

/// An intended difference to Pathway in the messages of one commit.
///
/// Payloads have a masked time, as in recordings.
pub(super) struct Difference {
    /// The heading of the guide's section that explains the difference.
    pub(super) entry: &'static str,
    /// The number of the commit, from 1, or [`UNCOMMITTED`].
    pub(super) commit: usize,
    /// Recorded messages that this crate does not publish.
    pub(super) theirs: &'static [&'static str],
    /// Messages that this crate publishes and Pathway did not.
    pub(super) ours: &'static [&'static str],
}

/// The commit number of messages after the last commit.
pub(super) const UNCOMMITTED: usize = usize::MAX;

/// Whether the pipeline's commits are those of the recording.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Marks {
    /// They are: the broker in memory ends each commit.
    Kept,
    /// One recorded commit can be several commits here, because a server does not mark commits.
    Lost,
}

/// Compares commit by commit, as multisets of messages with their headers: within a commit, Pathway orders removals and
/// insertions by its own hashes. Where the recorded output is sorted by columns, the order of the removals and that of the
/// insertions are compared, too.
pub(super) fn assert_same(recording: &Recording, differs: &[Difference], ours: &[Vec<Published>], marks: Marks) {
    assert_eq!(ours.len(), recording.commits.len(), "{}: commits", recording.name);
    if marks == Marks::Kept {
        check_minibatches(recording, differs);
    }
    let mut last = 0;
    for (index, (mut expected, ours)) in expected(recording, differs).into_iter().zip(ours).enumerate() {
        let place = format!("{}, commit {}", recording.name, index + 1);
        let stamped: Vec<_> = ours.iter().map(|message| Stamped::of(&place, message, marks)).collect();
        last = check_times(&place, &stamped, last, marks);
        if marks == Marks::Kept {
            assert!(stamped.is_sorted_by_key(|message| message.diff), "{place}: what goes comes first: {ours:?}");
        }
        let mut ours: Vec<_> = stamped.into_iter().map(|stamped| stamped.message).collect();
        let recorded = &recording.commits[index];
        // Where a difference is stated for a commit, its order is not compared.
        if marks == Marks::Kept && !recording.sort_by.is_empty() && expected == *recorded {
            for diff in ["1", "-1"] {
                let keys = |messages: &[Message]| sort_keys(messages, diff, &recording.sort_by);
                assert_eq!(keys(&ours), keys(recorded), "{place}: the order of the rows with diff {diff}");
            }
        }
        ours.sort();
        expected.sort();
        if ours != expected {
            let missing = without(&expected, &ours);
            let extra = without(&ours, &expected);
            panic!("{place} ({})\n  missing: {missing:#?}\n  too much: {extra:#?}", recording.description);
        }
    }
}

/// Checks that each commit of the recording is one minibatch of Pathway, as it has one time here, later than the one before.
/// Where a difference is stated for a commit, its minibatches are not compared.
fn check_minibatches(recording: &Recording, differs: &[Difference]) {
    let mut last = None;
    for (index, minibatches) in recording.minibatches.iter().enumerate() {
        let place = format!("{}, commit {}", recording.name, index + 1);
        let is_compared = differs.iter().all(|difference| difference.commit != index + 1);
        assert!(minibatches.len() <= 1 || !is_compared, "{place}: several minibatches, {minibatches:?}");
        assert!(minibatches.first().is_none_or(|first| last < Some(*first)), "{place}: a minibatch of two commits");
        last = last.max(minibatches.last().copied());
    }
}

/// The expected messages of each commit: the recorded ones, with the differences applied.
pub(super) fn expected(recording: &Recording, differs: &[Difference]) -> Vec<Vec<Message>> {
    let mut expected = recording.commits.clone();
    differs.iter().for_each(|difference| apply(recording, difference, &mut expected));
    expected
}

fn apply(recording: &Recording, difference: &Difference, expected: &mut [Vec<Message>]) {
    let Difference { entry, commit, theirs, ours } = difference;
    let place = format!("{}, commit {commit}, difference \"{entry}\"", recording.name);
    let index = if *commit == UNCOMMITTED { expected.len() - 1 } else { commit - 1 };
    let expected = &mut expected[index];
    for payload in *theirs {
        let recorded = expected.iter().position(|message| message.payload == *payload);
        let recorded = recorded.unwrap_or_else(|| panic!("{place}: {payload} is not in the recording"));
        expected.swap_remove(recorded);
    }
    for payload in *ours {
        let (_, diff) = members(payload).unwrap_or_else(|| panic!("{place}: {payload} has no diff and time"));
        let headers = [("pathway_diff", diff), ("pathway_time", MASK)];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        expected.push(Message { subject: "out".to_owned(), payload: (*payload).to_owned(), headers });
    }
}

/// A published message with a masked time.
struct Stamped {
    message: Message,
    diff: i64,
    time: u64,
}

const MASK: &str = "@TIME@";

impl Stamped {
    fn of(place: &str, published: &Published, marks: Marks) -> Self {
        let names: Vec<_> = published.headers.iter().map(|(name, _)| name.as_str()).collect();
        if marks == Marks::Kept {
            assert_eq!(names[..2], ["pathway_time", "pathway_diff"], "{place}: headers, in order");
        }
        let payload = printable(&published.payload);
        let header = |name| published.header(name).unwrap_or_else(|| panic!("{place}: no {name}: {payload}"));
        let (time, diff) = (header("pathway_time"), header("pathway_diff"));
        // The end of a JSON payload has the same values.
        if let Some(members) = members(&payload) {
            assert_eq!(members, (time, diff), "{place}: the headers of {payload}");
        }
        let mask = |(name, value): &(String, String)| {
            (name.clone(), if name == "pathway_time" { MASK.to_owned() } else { value.clone() })
        };
        let mut headers: Vec<_> = published.headers.iter().map(mask).collect();
        headers.sort();
        let (recording, _) = place.split_once(',').expect("a place names its recording");
        let subject = published.subject.strip_prefix(recording).and_then(|subject| subject.strip_prefix('.'));
        let subject = subject.expect("a subject of this recording").to_owned();
        let message = Message { subject, payload: payload.replace(time, MASK), headers };
        let number = "a number on the wire";
        Stamped { message, diff: diff.parse().expect(number), time: time.parse().expect(number) }
    }
}

/// The `time` and the `diff` at the end of a payload.
fn members(payload: &str) -> Option<(&str, &str)> {
    let (row, time) = payload.strip_suffix('}')?.rsplit_once(",\"time\":")?;
    let (_, diff) = row.rsplit_once("\"diff\":")?;
    Some((time, diff))
}

/// The values of the sorting columns, in the order of the messages that insert rows or remove them.
fn sort_keys(messages: &[Message], diff: &str, columns: &[String]) -> Vec<Vec<Value>> {
    let of_diff = messages.iter().filter(|message| members(&message.payload).is_some_and(|(_, own)| own == diff));
    let documents =
        of_diff.filter_map(|message| serde_json::from_str::<Value>(&message.payload.replace(MASK, "0")).ok());
    documents.map(|document| columns.iter().map(|column| document[column].clone()).collect()).collect()
}

/// Checks that the messages of a commit have one time, even and later than the previous one, and returns it.
fn check_times(place: &str, messages: &[Stamped], last: u64, marks: Marks) -> u64 {
    let mut now = last;
    for (index, Stamped { message, time, .. }) in messages.iter().enumerate() {
        assert_eq!(time % 2, 0, "{place}: the time of {message:?} is even");
        match (index, marks) {
            (0, _) => assert!(*time > last, "{place}: {time} is not later than the commit before, {last}"),
            (_, Marks::Kept) => assert_eq!(*time, now, "{place}: one time"),
            (_, Marks::Lost) => assert!(*time >= now, "{place}: time does not go back"),
        }
        now = *time;
    }
    now
}

/// The elements of one sorted list that the other does not have.
fn without(list: &[Message], other: &[Message]) -> Vec<String> {
    let mut other = other.to_vec();
    let mut left = Vec::new();
    for message in list {
        match other.iter().position(|known| known == message) {
            Some(known) => drop(other.swap_remove(known)),
            None => left.push(format!("{} {} {:?}", message.subject, message.payload, message.headers)),
        }
    }
    left
}
