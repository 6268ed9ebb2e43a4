//! What a branch asks of a pull request: protection and rulesets, as one.

use std::collections::BTreeSet;

use herder_domain::repo::RepoId;
use serde::Deserialize;

use crate::client::Client;
use crate::lookup::{Lookup, Missing};

/// What holds for a branch, by branch protection and by rulesets together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BranchRules {
    /// Whether there is any rule. Without one GitHub refuses automerge.
    pub is_protected: bool,
    /// Checks that have to be green.
    pub required_checks: BTreeSet<String>,
    /// Whether a pull request has to be up to date with the branch.
    pub is_strict: bool,
    /// Approving reviews that it takes.
    pub approvals: u64,
    /// Whether pull requests go through a merge queue.
    pub has_merge_queue: bool,
}

#[derive(Deserialize)]
struct Branch {
    commit: Tip,
    protected: bool,
    #[serde(default)]
    protection: Option<Summary>,
}

#[derive(Deserialize)]
struct Tip {
    sha: String,
}

#[derive(Deserialize)]
struct Summary {
    #[serde(default)]
    required_status_checks: Option<Checks>,
}

#[derive(Deserialize)]
struct Checks {
    #[serde(default)]
    contexts: Vec<String>,
    #[serde(default)]
    strict: bool,
}

#[derive(Deserialize)]
struct Protection {
    #[serde(default)]
    required_status_checks: Option<Checks>,
    #[serde(default)]
    required_pull_request_reviews: Option<Reviews>,
}

#[derive(Deserialize)]
struct Reviews {
    #[serde(default)]
    required_approving_review_count: u64,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Parameters {
    required_status_checks: Vec<Context>,
    strict_required_status_checks_policy: bool,
    required_approving_review_count: u64,
}

#[derive(Deserialize)]
struct Context {
    context: String,
}

impl Client {
    /// What holds for a branch. `Gone`: there is no such branch.
    ///
    /// Up to three requests. Only an admin may read a protection in full; to others the branch itself names its required
    /// checks, and approvals and strictness stay at what rulesets say.
    pub fn branch_rules(&self, repo: &RepoId, branch: &str) -> Lookup<BranchRules> {
        self.read_rules(repo, branch).into()
    }

    /// The tip of a branch.
    pub(crate) fn tip_of(&self, repo: &RepoId, branch: &str) -> Result<String, Missing> {
        let branch: Branch = self.read(repo, &format!("/branches/{}", crate::path::encode(branch)))?;
        Ok(branch.commit.sha)
    }

    fn read_rules(&self, repo: &RepoId, branch: &str) -> Result<BranchRules, Missing> {
        let branch = crate::path::encode(branch);
        let found: Branch = self.read(repo, &format!("/branches/{branch}"))?;
        let mut rules = BranchRules { is_protected: found.protected, ..BranchRules::default() };
        rules.check(found.protection.and_then(|summary| summary.required_status_checks));
        if found.protected {
            let full: Result<Protection, Missing> =
                self.read(repo, &format!("/branches/{branch}/protection"));
            match full {
                Ok(full) => {
                    rules.check(full.required_status_checks);
                    let reviews = full.required_pull_request_reviews;
                    rules.approvals = reviews.map_or(0, |reviews| reviews.required_approving_review_count);
                }
                // Protected by rulesets alone, or not for these eyes.
                Err(Missing::Gone) => {}
                Err(Missing::Unknown(why)) if is_refusal(&why) => {}
                Err(missing) => return Err(missing),
            }
        }
        let path = format!("/rules/branches/{branch}?per_page=100");
        match self.list_plain(repo, &path, |rule: &Rule| rule_key(rule)) {
            Ok(listing) => listing.whole()?.into_iter().for_each(|rule| rules.add(rule)),
            // An Enterprise server from before rulesets.
            Err(Missing::Gone) => {}
            Err(missing) => return Err(missing),
        }
        Ok(rules)
    }
}

/// Two rules of one kind may differ in what they ask.
fn rule_key(rule: &Rule) -> (String, Vec<String>, bool, u64) {
    let Parameters { required_status_checks, strict_required_status_checks_policy, .. } = &rule.parameters;
    let contexts = required_status_checks.iter().map(|check| check.context.clone()).collect();
    let approvals = rule.parameters.required_approving_review_count;
    (rule.kind.clone(), contexts, *strict_required_status_checks_policy, approvals)
}

fn is_refusal(why: &crate::Why) -> bool {
    matches!(why, crate::Why::Refused(refusal) if refusal.status == 403)
}

impl BranchRules {
    fn check(&mut self, checks: Option<Checks>) {
        if let Some(Checks { contexts, strict }) = checks {
            self.required_checks.extend(contexts);
            self.is_strict |= strict;
        }
    }

    fn add(&mut self, rule: Rule) {
        let Rule { kind, parameters } = rule;
        self.is_protected = true;
        self.has_merge_queue |= kind == "merge_queue";
        self.is_strict |= parameters.strict_required_status_checks_policy;
        self.approvals = self.approvals.max(parameters.required_approving_review_count);
        self.required_checks.extend(parameters.required_status_checks.into_iter().map(|check| check.context));
    }
}
