//! `windows.json`: what agents reported of their accounts' usage windows, for the time after the runs that were told of it.

use std::path::PathBuf;

use herder_domain::usage_window::UsageWindows;

use crate::error::RecordError;
use crate::files::{self, Durability};
use crate::redact::Redactor;
use crate::state_dir::StateDir;

/// Its name in the state directory.
const WINDOWS: &str = "windows.json";

impl StateDir {
    fn windows_path(&self) -> PathBuf {
        self.root().join(WINDOWS)
    }

    /// Writes what is known of usage windows. After a power cut it may be older.
    ///
    /// # Errors
    /// If the file cannot be replaced.
    pub fn write_windows(&self, windows: &UsageWindows, redactor: &Redactor) -> Result<(), RecordError> {
        files::replace_json(&self.windows_path(), windows, redactor, Durability::Lazy)
    }

    /// Removes what an orchestrator was about to write there when it was killed.
    ///
    /// # Errors
    /// If the state directory cannot be looked through.
    pub fn remove_windows_drafts(&self) -> Result<(), RecordError> {
        files::remove_drafts_of(self.root(), WINDOWS)
    }

    /// What was known of usage windows last; nothing where nothing was, or where another version of herder wrote it.
    ///
    /// # Errors
    /// If the file is there and cannot be read.
    pub fn windows(&self) -> Result<UsageWindows, RecordError> {
        match files::read_json(&self.windows_path()) {
            Err(RecordError::Malformed { .. }) => Ok(UsageWindows::new()),
            read => read.map(Option::unwrap_or_default),
        }
    }
}

#[cfg(test)]
mod tests {
    use herder_domain::usage_window::{UsageWindow, WindowState};
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn what_was_reported_is_read_again_and_a_broken_file_is_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::at(dir.path());
        assert!(state.windows().unwrap().is_empty());
        let (name, at) = ("five_hour".to_owned(), Timestamp::UNIX_EPOCH);
        let window =
            UsageWindow { name, state: WindowState::Spent, used: Some(1.0), resets_at: at, seen_at: at };
        let windows: UsageWindows = [("claude".to_owned(), vec![window])].into();
        state.write_windows(&windows, &Redactor::new::<&str>([]).unwrap()).unwrap();
        assert_eq!(state.windows().unwrap(), windows);
        std::fs::write(state.windows_path(), "{\"claude\":").unwrap();
        assert!(state.windows().unwrap().is_empty());
        let draft = dir.path().join(".windows.json.4711-0.new");
        std::fs::write(&draft, "{").unwrap();
        state.remove_windows_drafts().unwrap();
        assert!(!draft.exists());
    }
}
