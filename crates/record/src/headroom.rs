//! What was measured of this machine last, for whoever asks why a goal waits: a file that is written anew every few
//! seconds while anything is at work.

use std::path::PathBuf;

use herder_domain::capacity::Headroom;

use crate::error::RecordError;
use crate::files::{self, Durability};
use crate::redact::Redactor;
use crate::state_dir::StateDir;

/// What the file is called.
const HEADROOM: &str = "capacity.json";

impl StateDir {
    fn headroom_path(&self) -> PathBuf {
        self.root().join(HEADROOM)
    }

    /// Writes what was measured. After a power cut it may be an older one.
    ///
    /// # Errors
    /// If the file cannot be replaced.
    pub fn write_headroom(&self, headroom: &Headroom, redactor: &Redactor) -> Result<(), RecordError> {
        files::replace_json(&self.headroom_path(), headroom, redactor, Durability::Lazy)
    }

    /// Removes what an orchestrator was about to write there when it was killed.
    ///
    /// # Errors
    /// If the state directory cannot be looked through.
    pub fn remove_headroom_drafts(&self) -> Result<(), RecordError> {
        files::remove_drafts_of(self.root(), HEADROOM)
    }

    /// What was measured last; nothing where nothing was, or where another version of herder wrote it.
    ///
    /// # Errors
    /// If the file is there and cannot be read.
    pub fn headroom(&self) -> Result<Option<Headroom>, RecordError> {
        match files::read_json(&self.headroom_path()) {
            Err(RecordError::Malformed { .. }) => Ok(None),
            read => read,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use herder_domain::measure::{HostSample, Measured, Pressures, RunSample, Sample};
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn what_was_measured_is_read_again_and_a_broken_file_is_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::at(dir.path());
        assert_eq!(state.headroom().unwrap(), None);
        let host = HostSample {
            cores: 2,
            pressure: Pressures::default(),
            own_pressure: Pressures::default(),
            memory_total: Measured::Known(8),
            memory_available: Measured::Unknown,
            busy: Measured::Known(Duration::from_millis(1_500)),
            load: Measured::Absent,
            runnable: Measured::Absent,
            disks: [("/tmp".into(), Measured::Absent)].into(),
        };
        let run = RunSample { cpu: Measured::Known(Duration::from_secs(1)), ..RunSample::default() };
        let runs = [("app-1-1".to_owned().try_into().unwrap(), run)].into();
        let headroom = Headroom::of(&Sample { at: Timestamp::UNIX_EPOCH, host, runs });
        state.write_headroom(&headroom, &Redactor::new::<&str>([]).unwrap()).unwrap();
        assert_eq!(state.headroom().unwrap(), Some(headroom));
        std::fs::write(state.headroom_path(), "{\"at\":").unwrap();
        assert_eq!(state.headroom().unwrap(), None);
        let (draft, other) =
            (dir.path().join(".capacity.json.4711-0.new"), dir.path().join(".other.4711-0.new"));
        [&draft, &other].into_iter().for_each(|path| std::fs::write(path, "{").unwrap());
        state.remove_headroom_drafts().unwrap();
        assert!(!draft.exists() && other.exists(), "another's draft is left alone");
    }
}
