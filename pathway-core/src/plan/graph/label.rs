//! What a picture says of a node, in few words.

use super::GraphNode;

/// The most characters of a line. A row of twenty primary keys is not for a picture.
const LONGEST: usize = 48;

impl GraphNode {
    /// The lines below the name: what has made the node, with its parameters; where it reads or writes.
    pub(super) fn details(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match (self.verb.as_str(), &self.stream) {
            // Of a subject, its name says enough.
            ("nats", _) => {}
            ("kv", Some(bucket)) => lines.push(format!("bucket {bucket}")),
            (_, Some(stream)) => lines.push(format!("stream {stream}")),
            // `reduce-2`
            (verb, None) if is_made_of(&self.name, verb) => {}
            (verb, None) => lines.push(verb.replace('_', " ")),
        }
        lines.extend(self.subject.iter().filter(|subject| !is_made_of(&self.name, subject)).cloned());
        lines.extend(self.parameters.iter().cloned());
        lines.iter().map(|line| shortened(line)).collect()
    }
}

/// Whether a name is this word, perhaps with a number that makes it unique.
fn is_made_of(name: &str, word: &str) -> bool {
    let rest = name.strip_prefix(word);
    rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('-').is_some_and(|rest| rest.parse::<u32>().is_ok()))
}

pub(super) fn shortened(line: &str) -> String {
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line.to_owned(),
    }
}
