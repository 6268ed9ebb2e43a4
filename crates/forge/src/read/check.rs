//! What checks say of a commit: check runs and statuses as one, with the end of what a failed one printed.

use herder_domain::repo::RepoId;
use serde::Deserialize;

use crate::client::{Answer, Client};
use crate::listing::Listing;
use crate::lookup::{Lookup, Missing, Why};

/// How a check stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckState {
    /// Green, neutral or skipped: nothing to object.
    Passed,
    /// Not done yet.
    Pending,
    /// Red, cancelled, out of time, or in need of somebody.
    Failed,
}

/// One check of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name; required checks are named by it.
    pub name: String,
    /// How it stands.
    pub state: CheckState,
    /// Its word for that: `failure`, `timed_out`, ...
    pub word: String,
    /// What it says about it.
    pub summary: String,
    /// Where to look.
    pub url: Option<String>,
    /// The number of the job whose log can be read, for a check run of GitHub Actions.
    pub job: Option<u64>,
}

#[derive(Deserialize)]
struct Runs {
    total_count: usize,
    check_runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    id: u64,
    name: String,
    status: String,
    conclusion: Option<String>,
    details_url: Option<String>,
    #[serde(default)]
    output: Output,
    #[serde(default)]
    app: Option<App>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Output {
    title: Option<String>,
    summary: Option<String>,
}

#[derive(Deserialize)]
struct App {
    slug: Option<String>,
}

#[derive(Deserialize)]
struct Combined {
    statuses: Vec<Status>,
}

#[derive(Deserialize)]
struct Status {
    id: u64,
    context: String,
    state: String,
    description: Option<String>,
    target_url: Option<String>,
}

impl Run {
    fn check(self) -> Check {
        let word = self.conclusion.unwrap_or(self.status);
        let state = match word.as_str() {
            "success" | "neutral" | "skipped" => CheckState::Passed,
            "queued" | "in_progress" | "waiting" | "requested" | "pending" => CheckState::Pending,
            _ => CheckState::Failed,
        };
        let is_actions = self.app.and_then(|app| app.slug).is_some_and(|slug| slug == "github-actions");
        let said = [self.output.title, self.output.summary].into_iter().flatten().collect::<Vec<_>>();
        Check {
            name: self.name,
            state,
            word,
            summary: said.join("\n"),
            url: self.details_url,
            job: is_actions.then_some(self.id),
        }
    }
}

impl Status {
    fn check(self) -> Check {
        let state = match self.state.as_str() {
            "success" => CheckState::Passed,
            "pending" => CheckState::Pending,
            _ => CheckState::Failed,
        };
        Check {
            name: self.context,
            state,
            word: self.state,
            summary: self.description.unwrap_or_default(),
            url: self.target_url,
            job: None,
        }
    }
}

impl Client {
    /// All checks of a commit, each as it stands last. Empty means that nothing has reported yet, or never will:
    /// which, the branch's rules say.
    pub fn checks(&self, repo: &RepoId, sha: &str) -> Lookup<Vec<Check>> {
        self.all_checks(repo, sha).into()
    }

    fn all_checks(&self, repo: &RepoId, sha: &str) -> Result<Vec<Check>, Missing> {
        let sha = crate::path::encode(sha);
        let total = std::cell::Cell::new(0);
        let runs = |answer: &Answer| {
            let page: Runs = answer.parse()?;
            total.set(page.total_count);
            Ok(page.check_runs)
        };
        let rest = format!("/commits/{sha}/check-runs?filter=latest&per_page=100");
        let runs = unless_lacking(self.list(repo, &rest, runs, |run: &Run| run.id))?;
        if runs.as_ref().is_some_and(|runs| runs.len() < total.get()) {
            return Err(Why::Shifted.into());
        }
        let statuses = |answer: &Answer| Ok(answer.parse::<Combined>()?.statuses);
        let rest = format!("/commits/{sha}/status?per_page=100");
        let statuses = unless_lacking(self.list(repo, &rest, statuses, |status: &Status| status.id))?;
        if runs.is_none() && statuses.is_none() {
            return Err(Missing::Gone);
        }
        let runs = runs.into_iter().flatten().map(Run::check);
        Ok(runs.chain(statuses.into_iter().flatten().map(Status::check)).collect())
    }

    /// The last `most` bytes of what a job printed. `Gone`: GitHub keeps logs for a while only.
    ///
    /// The log is a file on another host, to which the answer redirects; the token stays here.
    pub fn log_tail(&self, repo: &RepoId, job: u64, most: usize) -> Lookup<String> {
        let log = match self.get(repo, &format!("/actions/jobs/{job}/logs")) {
            Ok(answer) => Ok(answer.body),
            Err(Missing::Unknown(Why::Moved { to })) => self.file_at(&to).map_err(Missing::Unknown),
            Err(missing) => Err(missing),
        };
        Lookup::from(log).map(|log| tail(&log, most))
    }
}

/// All of a list; nothing where the server does not have such lists, which some lack of the two.
fn unless_lacking<T>(listing: Result<Listing<T>, Missing>) -> Result<Option<Vec<T>>, Missing> {
    match listing {
        Ok(listing) => Ok(Some(listing.whole()?)),
        Err(Missing::Gone) => Ok(None),
        Err(missing) => Err(missing),
    }
}

/// The end of a log, beginning with a whole line.
fn tail(log: &[u8], most: usize) -> String {
    let from = log.len().saturating_sub(most);
    let cut = log.get(from..).unwrap_or_default();
    let skip = if from == 0 { 0 } else { cut.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1) };
    String::from_utf8_lossy(cut.get(skip..).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_begins_with_a_whole_line() {
        assert_eq!(tail(b"one\ntwo\nthree\n", 100), "one\ntwo\nthree\n");
        assert_eq!(tail(b"one\ntwo\nthree\n", 8), "three\n");
        assert_eq!(tail(b"", 8), "");
    }
}
