//! What `herder doctor` and `herder init` say of a GitHub and of a repository on it.

mod permits;

use herder_domain::finding::{Finding, Verdict};
use herder_domain::repo::RepoId;

use crate::budget::Resource;
use crate::client::{Asking, Client, Request};
use crate::lookup::{Lookup, Undone, Why};
use crate::read::repository::Repository;
use crate::read::rule::BranchRules;
use crate::site::Site;

/// Below this part of an allowance doctor warns: a fifth.
const LOW: u64 = 5;

/// The least that GraphQL can be asked.
const PROBE: &str = "query{rateLimit{cost limit remaining resetAt}}";

#[derive(serde::Deserialize)]
struct Limits {
    resources: Resources,
}

#[derive(serde::Deserialize)]
struct Resources {
    core: Left,
    graphql: Option<Left>,
}

#[derive(serde::Deserialize)]
struct Left {
    limit: u64,
    remaining: u64,
}

impl Client {
    /// Looks at the account: whether there is a token that the server takes, what it may do, how much is left, and by what
    /// the server can be asked. `GET /rate_limit` costs nothing, the question to GraphQL a point.
    pub fn check(&self) -> Vec<Finding> {
        let mut findings = self.check_account();
        let is_closed = findings.iter().any(|finding| finding.verdict == Verdict::Error);
        findings.extend((!is_closed).then(|| self.check_graphql()).flatten());
        findings
    }

    /// What follows where a server can be asked by REST alone; nothing where it has GraphQL, or nobody knows.
    fn check_graphql(&self) -> Option<Finding> {
        drop(self.query(PROBE, serde_json::Value::Null));
        (self.asking() == Asking::Rest).then(|| no_graphql(self.site()))
    }

    fn check_account(&self) -> Vec<Finding> {
        let subject = self.site().host().to_owned();
        let url = format!("{}/rate_limit", self.site().rest());
        let answer = match self.ask(&Request::get(url)) {
            Ok(answer) => answer,
            Err(undone) if undone.status() == Some(404) => return self.check_unlimited(&subject),
            Err(undone) => {
                let way_in = match self.is_app() {
                    true => "look at the app's client id, its installation and its key in [forge.HOST]",
                    false => "run `gh auth login`, or set GITHUB_TOKEN",
                };
                return vec![unusable(&subject, undone, way_in)];
            }
        };
        let source = self.token_source().unwrap_or_default();
        let mut findings = vec![Finding::ok(&subject, format!("the token of {source} is accepted"))];
        findings.extend(answer.scopes.as_deref().and_then(|scopes| scope_finding(&subject, scopes)));
        match answer.parse::<Limits>() {
            Ok(Limits { resources: Resources { core, graphql } }) => {
                findings.push(left(&subject, Resource::Core, &core));
                findings.extend(graphql.map(|graphql| left(&subject, Resource::Graphql, &graphql)));
            }
            Err(_) => {
                let detail = "the server does not say what is left of its rate limits";
                findings.push(Finding::warning(&subject, detail, ""));
            }
        }
        findings
    }

    /// An Enterprise server on which rate limits are off says 404 where it is asked for them:
    /// <https://docs.github.com/enterprise-server@latest/rest/rate-limit/rate-limit>.
    fn check_unlimited(&self, subject: &str) -> Vec<Finding> {
        match self.login() {
            Lookup::Present(login) => {
                let source = self.token_source().unwrap_or_default();
                let detail = format!("the token of {source} is accepted: it is {login}'s");
                vec![Finding::ok(subject, detail), Finding::ok(subject, "the server has no rate limits")]
            }
            Lookup::Gone => vec![Finding::error(subject, "the server does not say whose the token is", "")],
            Lookup::Unknown(why) => vec![Finding::error(subject, why.to_string(), "")],
        }
    }

    /// Looks at a repository: what its settings and the rules of its base branch mean for landing there.
    pub fn check_repo(&self, repo: &RepoId, base: &str) -> Vec<Finding> {
        let subject = repo.short();
        let facts = match self.repository(repo) {
            Lookup::Present(facts) => facts,
            Lookup::Gone => return vec![Finding::error(&subject, "there is no such repository", "")],
            Lookup::Unknown(why) => {
                let hint = "give the token access to it: for a fine-grained token choose the repository, and read and \
                            write for contents, issues and pull requests";
                return vec![Finding::error(&subject, why.to_string(), hint)];
            }
        };
        let mut findings = facts_findings(&subject, &facts);
        findings.extend(self.check_permits(repo, base, &facts));
        match self.branch_rules(repo, base) {
            Lookup::Present(rules) => {
                findings.extend(waits_for_a_person(&subject, base, &rules));
                findings.push(landing(&subject, base, &facts, &rules));
            }
            Lookup::Gone => {
                let detail = format!("there is no branch {base}");
                findings.push(Finding::error(&subject, detail, "name another base"));
            }
            Lookup::Unknown(why) => {
                let detail = format!("the rules of {base} are not known: {why}");
                findings.push(Finding::warning(&subject, detail, ""));
            }
        }
        findings
    }

    /// Looks whether a repository has herder's labels as they should be. A goal whose label is missing cannot be shown.
    pub fn check_labels(&self, repo: &RepoId) -> Finding {
        let subject = repo.short();
        match self.label_gaps(repo) {
            Ok(gaps) if gaps.is_empty() => Finding::ok(subject, "the labels of goals are there"),
            Ok(gaps) => {
                let names: Vec<&str> = gaps.iter().map(|gap| gap.spec.name).collect();
                let detail = format!("labels are missing or look different: {}", names.join(", "));
                Finding::warning(subject, detail, format!("`herder init {}` makes them", repo.short()))
            }
            Err(undone) => Finding::warning(subject, format!("its labels are not known: {undone}"), ""),
        }
    }
}

fn unusable(subject: &str, undone: Undone, way_in: &str) -> Finding {
    let is_refused = undone.status() == Some(401);
    let why = undone.why();
    let hint = match &why {
        Why::NoToken(_) => way_in,
        Why::Refused(_) if is_refused => "the token has expired or was revoked: make a new one",
        Why::NoConnection(_) | Why::TimedOut => "look at the network, HTTPS_PROXY and SSL_CERT_FILE",
        Why::Budget { .. }
        | Why::Limited { .. }
        | Why::Malformed(_)
        | Why::Moved { .. }
        | Why::Refused(_)
        | Why::Server { .. }
        | Why::Shifted
        | Why::Unproven { .. } => "",
    };
    Finding::error(subject, why.to_string(), hint)
}

/// Classic tokens name their scopes; fine-grained ones and apps do not, and are seen by what a repository allows.
fn scope_finding(subject: &str, scopes: &str) -> Option<Finding> {
    let scopes: Vec<&str> = scopes.split(',').map(str::trim).filter(|scope| !scope.is_empty()).collect();
    if scopes.is_empty() {
        return None;
    }
    if !scopes.iter().any(|scope| *scope == "repo" || *scope == "public_repo") {
        let detail =
            format!("the token's scopes are {}: without `repo` nothing can be written", scopes.join(", "));
        return Some(Finding::error(subject, detail, "run `gh auth refresh --scopes repo,workflow`"));
    }
    if !scopes.contains(&"workflow") {
        let detail =
            "the token lacks the scope `workflow`: a goal that changes .github/workflows cannot be pushed";
        return Some(Finding::warning(subject, detail, "run `gh auth refresh --scopes repo,workflow`"));
    }
    Some(Finding::ok(subject, format!("the token's scopes are {}", scopes.join(", "))))
}

fn left(subject: &str, resource: Resource, left: &Left) -> Finding {
    let Left { limit, remaining } = left;
    let detail = format!("{remaining} of {limit} are left of this hour's allowance for {resource}");
    if remaining.saturating_mul(LOW) < *limit {
        return Finding::warning(
            subject,
            detail,
            "another program uses this account; give herder a GitHub App",
        );
    }
    Finding::ok(subject, detail)
}

/// What a server without GraphQL means, by name.
fn no_graphql(site: &Site) -> Finding {
    let detail = format!(
        "there is no GraphQL at {}: changes are looked for by REST, repository by repository; herder merges by itself \
         when green; when a text was edited is not known, so somebody else's issue may have to be queued twice",
        site.graphql()
    );
    Finding::warning(site.host(), detail, "a newer Enterprise server has it; else look at forge.HOST.graphql")
}

fn facts_findings(subject: &str, facts: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    if facts.archived {
        findings.push(Finding::error(subject, "the repository is archived", "remove it: herder repo remove"));
    }
    if !facts.has_issues {
        let hint = format!("turn them on: {}/settings", facts.html_url);
        findings.push(Finding::error(subject, "the repository has no issues", hint));
    }
    if !facts.permissions.push {
        let detail = "the token's account may not write";
        findings.push(Finding::error(subject, detail, format!("{}/settings/access", facts.html_url)));
    }
    findings
}

/// Rules that no token can keep.
fn waits_for_a_person(subject: &str, base: &str, rules: &BranchRules) -> Option<Finding> {
    let approvals = rules.approvals;
    let detail =
        format!("{base} wants {approvals} approving reviews: a person has to look at every pull request");
    (approvals > 0)
        .then(|| Finding::warning(subject, detail, "as you wish; an approval lets it merge by itself"))
}

/// How finished work comes home.
fn landing(subject: &str, base: &str, facts: &Repository, rules: &BranchRules) -> Finding {
    if rules.has_merge_queue {
        return Finding::ok(subject, format!("work lands on {base} through the merge queue"));
    }
    let settings = &facts.html_url;
    match (facts.allow_auto_merge, rules.is_protected) {
        (Some(true), true) if rules.required_checks.is_empty() => Finding::warning(
            subject,
            format!("no check is required on {base}, so GitHub merges whatever the checks come to"),
            format!("require your checks: {settings}/settings/branches"),
        ),
        (Some(true), true) => Finding::ok(subject, format!("work lands on {base} by automerge")),
        (Some(true), false) => Finding::warning(
            subject,
            format!(
                "{base} has no rules, so GitHub refuses automerge and herder merges by itself when green"
            ),
            format!("require your checks: {settings}/settings/branches"),
        ),
        (Some(false) | None, _) => Finding::warning(
            subject,
            "automerge is not allowed, so herder merges by itself when green",
            format!("allow it: {settings}/settings (Pull Requests, Allow auto-merge)"),
        ),
    }
}
