//! What a token may do in a repository, as far as that can be known without writing.
//!
//! A classic token names its scopes with every answer. An installation's token came with its permissions. A
//! fine-grained one names nothing: what it may read is tried, and of what it may write only the first write tells.

use herder_domain::finding::Finding;
use herder_domain::repo::RepoId;

use crate::client::Client;
use crate::lookup::{Missing, Why};
use crate::path::encode;
use crate::read::repository::Repository;
use crate::secret::TokenKind;

/// One permission that herder works with, as
/// <https://docs.github.com/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens> calls it.
struct Need {
    /// As an installation's token names it.
    key: &'static str,
    /// As the page shows it on which it is given.
    shown: &'static str,
    access: Access,
    weight: Weight,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

/// What comes of its absence.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// herder cannot work.
    Must,
    /// Something is left out: what.
    Less(&'static str),
}

const fn need(key: &'static str, shown: &'static str, access: Access, weight: Weight) -> Need {
    Need { key, shown, access, weight }
}

const NEEDS: [Need; 7] = [
    need("contents", "Contents", Access::Write, Weight::Must),
    need("issues", "Issues", Access::Write, Weight::Must),
    need("pull_requests", "Pull requests", Access::Write, Weight::Must),
    need("checks", "Checks", Access::Read, Weight::Must),
    need("statuses", "Commit statuses", Access::Read, Weight::Must),
    need("actions", "Actions", Access::Read, Weight::Less("no log of a red check goes into the next prompt")),
    need(
        "workflows",
        "Workflows",
        Access::Write,
        Weight::Less("a goal that changes .github/workflows cannot be pushed"),
    ),
];

/// What is read to see whether it may be: nothing is taken from the answers. `{}` stands for the base branch.
const PROBES: [(&str, &str); 5] = [
    ("Contents", "/commits/{}"),
    ("Issues", "/issues?state=all&per_page=1"),
    ("Pull requests", "/pulls?state=all&per_page=1"),
    ("Checks", "/commits/{}/check-runs?per_page=1"),
    ("Commit statuses", "/commits/{}/status?per_page=1"),
];

impl Access {
    fn words(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "read and write",
        }
    }

    fn is_in(self, granted: Option<&String>) -> bool {
        match (self, granted.map(String::as_str)) {
            (Self::Read, Some("read" | "write" | "admin")) | (Self::Write, Some("write" | "admin")) => true,
            (Self::Read | Self::Write, _) => false,
        }
    }
}

impl Client {
    /// Looks at what the token may do there; nothing where its scopes say so already.
    pub(super) fn check_permits(&self, repo: &RepoId, base: &str, facts: &Repository) -> Vec<Finding> {
        let subject = repo.short();
        match self.token().map(|token| token.kind()) {
            Ok(TokenKind::Installation) => self.installed_permits(&subject),
            Ok(TokenKind::FineGrained) => self.tried_permits(repo, base, facts),
            Ok(TokenKind::Scoped) | Err(_) => Vec::new(),
        }
    }

    fn installed_permits(&self, subject: &str) -> Vec<Finding> {
        let Some(granted) = self.permissions() else { return Vec::new() };
        let lacking: Vec<&Need> =
            NEEDS.iter().filter(|need| !need.access.is_in(granted.get(need.key))).collect();
        if lacking.is_empty() {
            return vec![Finding::ok(subject, "the app has every permission that herder uses")];
        }
        let finding = |need: &&Need| {
            let Need { shown, access, weight, .. } = need;
            let detail = format!("the app lacks the permission {shown}: {}", access.words());
            let hint = "give it to the app (its settings, Permissions & events), and accept it where it is installed";
            match weight {
                Weight::Must => Finding::error(subject, detail, hint),
                Weight::Less(what) => Finding::warning(subject, format!("{detail}; {what}"), hint),
            }
        };
        lacking.iter().map(finding).collect()
    }

    fn tried_permits(&self, repo: &RepoId, base: &str, facts: &Repository) -> Vec<Finding> {
        let subject = repo.short();
        let refused: Vec<&str> = PROBES
            .iter()
            .filter(|(_, path)| is_refused(self.get(repo, &path.replace("{}", &encode(base)))))
            .map(|(name, _)| *name)
            .collect();
        let page = format!("{}/settings/personal-access-tokens", web(facts));
        if refused.is_empty() {
            let detail = "the fine-grained token may read what herder reads; what it may write the first write shows: \
                          Contents, Issues and Pull requests need read and write";
            return vec![Finding::ok(subject, detail)];
        }
        let detail = format!("the fine-grained token may not read: {}", refused.join(", "));
        let hint = format!(
            "give it Contents, Issues and Pull requests (read and write), Checks, Commit statuses and Actions (read): {page}"
        );
        vec![Finding::error(subject, detail, hint)]
    }
}

/// Only a 403 says that it may not; an answer that did not come says nothing.
fn is_refused<T>(found: Result<T, Missing>) -> bool {
    matches!(found, Err(Missing::Unknown(Why::Refused(refusal))) if refusal.status == 403)
}

/// Where the site's pages begin.
fn web(facts: &Repository) -> &str {
    facts.html_url.strip_suffix(&format!("/{}", facts.full_name)).unwrap_or(&facts.html_url)
}
