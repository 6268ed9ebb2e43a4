//! How a suite ended, and the table that says so.

use std::time::Duration;

/// How a suite ended.
#[derive(Debug)]
pub enum Outcome {
    /// All its tests passed.
    Passed,
    /// A test failed, or could not be built, or there was none.
    Failed,
    /// Something that it needs is not on this machine.
    Skipped {
        /// What is missing, as a sentence.
        reason: String,
    },
    /// Its tests are not in the tree (yet), so it says nothing about this commit.
    NotPresent {
        /// The file that is not there.
        file: String,
    },
}

/// One line of the table.
pub struct Row {
    /// The suite's name.
    pub suite: &'static str,
    /// Whether the suite may be skipped in CI.
    pub is_live: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// How long that took, installation included.
    pub time: Duration,
}

impl Row {
    /// Whether this row makes the whole call fail: in CI a skip is as bad as a red test, because nobody
    /// reads a green log.
    #[must_use]
    pub fn is_failure(&self, is_ci: bool) -> bool {
        match &self.outcome {
            Outcome::Failed => true,
            Outcome::Skipped { .. } => is_ci && !self.is_live,
            Outcome::Passed | Outcome::NotPresent { .. } => false,
        }
    }

    fn result(&self) -> (&'static str, &str) {
        match &self.outcome {
            Outcome::Passed => ("passed", ""),
            Outcome::Failed => ("FAILED", ""),
            Outcome::Skipped { reason } => ("skipped", reason),
            Outcome::NotPresent { file } => ("not present", file),
        }
    }
}

/// The table of suites: name, result, seconds, and why where that is not plain. In CI live suites that were
/// skipped are named once more below it.
#[must_use]
pub fn table(rows: &[Row], is_ci: bool) -> String {
    let mut text = format!("{:<14} {:<12} {:>8}\n", "suite", "result", "seconds");
    for row in rows {
        let (result, why) = row.result();
        let line = format!("{:<14} {result:<12} {:>8.1}  {why}", row.suite, row.time.as_secs_f64());
        text += line.trim_end();
        text += "\n";
    }
    let unseen: Vec<&str> = rows
        .iter()
        .filter(|row| row.is_live && matches!(row.outcome, Outcome::Skipped { .. }))
        .map(|row| row.suite)
        .collect();
    if is_ci && !unseen.is_empty() {
        text += &format!("live suites not run here: {}\n", unseen.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(suite: &'static str, is_live: bool, outcome: Outcome) -> Row {
        Row { suite, is_live, outcome, time: Duration::from_millis(1500) }
    }

    fn skipped() -> Outcome {
        Outcome::Skipped { reason: "npm is not on PATH".to_owned() }
    }

    #[test]
    fn a_skip_fails_in_ci_only() {
        assert!(row("real", false, skipped()).is_failure(true));
        assert!(!row("real", false, skipped()).is_failure(false));
    }

    #[test]
    fn a_live_suite_may_be_skipped_in_ci_and_is_named() {
        let rows = [row("live-forge", true, skipped())];
        assert!(!rows[0].is_failure(true));
        assert!(table(&rows, true).contains("live suites not run here: live-forge"));
    }

    #[test]
    fn a_suite_that_is_not_in_the_tree_is_not_called_passed() {
        let absent = Outcome::NotPresent { file: "tests/scene.rs".to_owned() };
        let text = table(&[row("scene", false, absent)], false);
        assert!(text.contains("not present") && !text.contains("passed"), "{text}");
    }

    #[test]
    fn the_table_gives_result_seconds_and_reason() {
        let text = table(&[row("real", false, skipped())], false);
        assert!(text.contains("real           skipped           1.5  npm is not on PATH\n"), "{text}");
    }
}
