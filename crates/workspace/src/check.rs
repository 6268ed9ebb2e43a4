//! Whether this machine's git is good enough, and whether a remote answers, for `herder doctor`.

use std::path::Path;
use std::time::Duration;

use herder_domain::cause::with_causes;
use herder_domain::finding::Finding;

use crate::bare::Bare;
use crate::error::{Result, WorkspaceError};
use crate::git::{Git, UserEnvironment, unparsable};
use crate::id::CommitId;
use crate::mirror::BRANCHES;
use crate::push::tip_of;
use crate::remote::inspect_remote;

/// The oldest git that works: `merge-tree --write-tree` came with it.
const OLDEST: (u32, u32) = (2, 38);

/// How long a remote may take to say where a branch is, when a person waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Looks for git.
pub fn check() -> Finding {
    match version() {
        Ok(version) => Finding::ok("git", format!("git {version}")),
        Err(error) => {
            let hint = format!("install git {}.{} or later", OLDEST.0, OLDEST.1);
            Finding::error("git", with_causes(&error), hint)
        }
    }
}

/// The version of git, for example `2.47.3`.
fn version() -> Result<String> {
    let line = Git::sealed("version").line()?;
    let version = line.strip_prefix("git version ").and_then(|rest| rest.split(' ').next());
    let version = version.ok_or_else(|| unparsable("version", line.as_bytes()))?;
    let mut numbers = version.split('.').map_while(|number| number.parse::<u32>().ok());
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found < OLDEST {
        let needed = format!("{}.{}", OLDEST.0, OLDEST.1);
        return Err(WorkspaceError::GitTooOld { found: version.to_owned(), needed });
    }
    Ok(version.to_owned())
}

/// A registered repository, as it is looked at.
#[derive(Clone, Copy, Debug)]
pub struct RemoteCheck<'a> {
    /// What the findings are about.
    pub subject: &'a str,
    /// Its address.
    pub url: &'a str,
    /// The branch that work lands on.
    pub base: &'a str,
    /// Its mirror, which need not be there.
    pub mirror: &'a Path,
}

/// Asks a remote for its base branch and compares the mirror with it. Nothing is fetched or written.
pub fn check_remote(asked: RemoteCheck<'_>, user: &UserEnvironment) -> Vec<Finding> {
    let RemoteCheck { subject, url, base, .. } = asked;
    let tip = match tip_of(url, base, Some(PATIENCE), user) {
        Ok(Some(tip)) => tip,
        Ok(None) => {
            let detail = format!("{url} has no branch {base:?}");
            return vec![Finding::error(
                subject,
                detail,
                "`herder repo add PATH --base BRANCH` names another",
            )];
        }
        Err(error) => {
            let detail = format!("{url} does not answer: {}", with_causes(&error));
            return vec![Finding::error(
                subject,
                detail,
                "look at the address, the network and the credential",
            )];
        }
    };
    let mut findings = vec![reached(asked, &tip)];
    let facts = inspect_remote(url, user);
    if facts.is_ok_and(|facts| facts.refuses_push_to(base)) {
        let detail = format!("{base} is checked out in {url}, so that git refuses a push to it");
        findings.push(Finding::error(subject, detail, "check another branch out there"));
    }
    findings
}

fn reached(asked: RemoteCheck<'_>, tip: &CommitId) -> Finding {
    let RemoteCheck { subject, url, base, mirror } = asked;
    let known = Bare::at(mirror).resolve(&format!("{BRANCHES}/{base}"));
    let at = match known {
        Ok(Some(known)) if known == *tip => "as it is in the mirror".to_owned(),
        Ok(_) => "ahead of the mirror, which is fetched before a run".to_owned(),
        Err(error) => {
            let detail = format!("the mirror {} cannot be read: {}", mirror.display(), with_causes(&error));
            return Finding::warning(subject, detail, "remove it; it is a cache and is made anew");
        }
    };
    let short: String = tip.as_str().chars().take(12).collect();
    Finding::ok(subject, format!("{url} answers; {base} is at {short}, {at}"))
}
