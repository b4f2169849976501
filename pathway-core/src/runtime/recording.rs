//! What the commit loop says to a recording, beside what arrives.

use super::commit_loop::{CommitLoop, is_preloaded};
use crate::data::Result;
use crate::persistence::{Beginning, RecordedSource, Recorder};
use crate::plan::{Control, Declaration};

/// Opens the recording of a pipeline, if it has one, before its state is opened, and its sources start.
///
/// # Errors
/// The directory is in use, or of something else, such as the state.
pub(super) fn open(name: &str, declaration: &mut Declaration, control: &Control) -> Result<()> {
    if let Some(recording) = declaration.recording.take() {
        recording.check_place(declaration.persistence.as_ref())?;
        control.set_recorder(Recorder::open(&recording, name)?);
    }
    Ok(())
}

impl CommitLoop<'_> {
    /// Says what the sources are, before the first commit.
    pub(super) fn begin_recording(&self) {
        let Some(recorder) = self.control.recorder() else { return };
        let state = self.control.persistent();
        let checkpoint = state.and_then(|state| state.checkpoint());
        let sources = self.sources.iter().map(|source| {
            let name = source.name().to_string();
            let before = checkpoint.into_iter().flat_map(|it| &it.sources).find(|before| before.start.name == name);
            let has_ended = before.is_some_and(|before| before.has_ended);
            let (columns, is_static) = (source.columns(), is_preloaded(&**source));
            // Its state has the first contents of a bucket.
            let has_snapshot = checkpoint.is_some() && source.has_first_contents();
            RecordedSource { name, columns, is_bucket: source.is_bucket(), is_static, has_ended, has_snapshot }
        });
        recorder.begin(Beginning {
            state: state.map(|state| &**state),
            sources: sources.collect(),
            calls: self.calls.clone(),
            catching_up: checkpoint.is_some_and(|checkpoint| checkpoint.catching_up),
        });
    }

    /// Records which sources have ended, if the operators of this program need not know: those of another one may.
    pub(super) fn record_ends(&self) {
        let Some(recorder) = self.control.recorder().filter(|_| self.ends.is_none()) else { return };
        if !self.control.is_stopping() {
            let ended = self.sources.iter().enumerate().filter(|(_, source)| source.is_finished());
            recorder.add_ends(ended.map(|(number, _)| number as u32).collect());
        }
    }
}
