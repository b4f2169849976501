//! How far the streams of sinks have the output.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::manifest::OutputPosition;
use crate::data::Commit;

/// The last sequences of streams after commits.
#[derive(Debug, Default)]
pub(super) struct SinkPositions {
    sinks: HashMap<Arc<str>, Position>,
    /// The commits before this one are in the open checkpoint.
    mark: Commit,
}

#[derive(Debug)]
struct Position {
    /// The last commit with messages that the stream has, and the sequence of its last message.
    latest: (Commit, u64),
    /// The sequence after the last commit that is in the open checkpoint, once the stream has a later one.
    before_mark: Option<u64>,
}

impl SinkPositions {
    /// A sink's stream has the commits up to this one.
    pub(super) fn set(&mut self, sink: &Arc<str>, commit: Commit, sequence: u64) {
        let Some(position) = self.sinks.get_mut(sink) else {
            self.sinks.insert(Arc::clone(sink), Position { latest: (commit, sequence), before_mark: None });
            return;
        };
        if position.latest.0 < self.mark && commit >= self.mark {
            position.before_mark = Some(position.latest.1);
        }
        position.latest = (commit, sequence);
    }

    /// A checkpoint begins: the commits before this one are in it, and no later commit has any output yet.
    pub(super) fn begin_checkpoint(&mut self, commit: Commit) {
        self.mark = commit;
        self.sinks.values_mut().for_each(|position| position.before_mark = None);
    }

    /// The sequences after the commits that are in the open checkpoint. A sink that had no message in this run by then is left
    /// as it is.
    pub(super) fn update(&self, outputs: &mut BTreeMap<String, OutputPosition>) {
        for (sink, Position { latest: (commit, sequence), before_mark }) in &self.sinks {
            if let Some(sequence) = if *commit < self.mark { Some(*sequence) } else { *before_mark } {
                outputs.get_mut(&**sink).into_iter().for_each(|output| output.last = sequence);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_has_the_sequence_after_its_last_commit() {
        let (mut positions, sinks) = (SinkPositions::default(), ["a", "b", "c", "d"].map(Arc::<str>::from));
        let position = |last| OutputPosition { stream: "S".to_owned(), created: "now".to_owned(), last };
        let mut bases: BTreeMap<_, _> = sinks.iter().map(|sink| (sink.to_string(), position(100))).collect();
        let lasts = |bases: &BTreeMap<String, OutputPosition>| bases.values().map(|it| it.last).collect::<Vec<_>>();
        positions.set(&sinks[0], 1, 101);
        positions.set(&sinks[1], 2, 110);
        positions.begin_checkpoint(3);
        positions.set(&sinks[0], 4, 130);
        positions.set(&sinks[0], 5, 140);
        positions.set(&sinks[2], 4, 150);
        positions.update(&mut bases);
        assert_eq!(lasts(&bases), [101, 110, 100, 100]);
        positions.begin_checkpoint(6);
        positions.set(&sinks[0], 6, 170);
        positions.update(&mut bases);
        assert_eq!(lasts(&bases), [140, 110, 150, 100]);
    }
}
