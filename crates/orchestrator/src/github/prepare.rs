//! A repository made ready for goals, and looked at again: its labels, what the token may do, how work lands.

use herder_config::UserConfig;
use herder_domain::event::Repo;
use herder_domain::finding::{Finding, Verdict};
use herder_domain::repo::RepoId;
use herder_forge::{Client, Lookup};
use herder_record::StateDir;
use herder_store::Store;

use super::connect;
use crate::register::{self, AddRepo, AddRepoError, Intent, Prepared, Registration};

/// Makes ready what `order` names on its host.
pub(crate) fn prepare(
    state: &StateDir,
    order: &AddRepo,
    id: RepoId,
    settings: &herder_config::ForgeSettings,
    intent: Intent,
) -> Result<Prepared, AddRepoError> {
    let client = connect(settings, &state.database())?;
    let known = known(state, &id)?;
    let mut prepared = Prepared {
        base: known.as_ref().map(|repo| repo.base_branch.clone()),
        labels: Vec::new(),
        registration: Registration::Not,
        findings: client.check(),
        id,
    };
    if has_error(&prepared.findings) {
        return Ok(prepared);
    }
    prepared.base = prepared.base.or_else(|| default_branch(&client, &prepared.id));
    // Where there is no base, this look says why.
    let base = prepared.base.clone().unwrap_or_default();
    prepared.findings.extend(client.check_repo(&prepared.id, &base));
    if has_error(&prepared.findings) {
        return Ok(prepared);
    }
    let gaps = match intent {
        Intent::Do => client.ensure_labels(&prepared.id),
        Intent::Show => client.label_gaps(&prepared.id),
    };
    match gaps {
        Ok(gaps) => prepared.labels = gaps,
        Err(undone) => {
            let detail = format!("its labels were not made: {undone}");
            let hint = "the token needs Issues: read and write (a classic one: repo)";
            prepared.findings.push(Finding::error(prepared.id.short(), detail, hint));
            return Ok(prepared);
        }
    }
    prepared.registration = match (known, intent) {
        (Some(_), Intent::Do | Intent::Show) => Registration::Before,
        (None, Intent::Show) => Registration::Not,
        (None, Intent::Do) => {
            state.create()?;
            let repo = register::add_repo(&mut Store::open(&state.database())?, state, order)?;
            Registration::Now(Box::new(repo))
        }
    };
    Ok(prepared)
}

/// What is registered of this name, in a database that a look does not make.
fn known(state: &StateDir, id: &RepoId) -> Result<Option<Repo>, AddRepoError> {
    if !state.database().exists() {
        return Ok(None);
    }
    Ok(Store::open(&state.database())?.repos()?.into_iter().find(|repo| repo.id == *id))
}

fn default_branch(client: &Client, id: &RepoId) -> Option<String> {
    match client.repository(id) {
        Lookup::Present(facts) => Some(facts.default_branch),
        Lookup::Gone | Lookup::Unknown(_) => None,
    }
}

fn has_error(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.verdict == Verdict::Error)
}

/// Looks at the hosts of these repositories, and at each of them there: token, rate limits, rules, labels.
pub(crate) fn check(state: &StateDir, repos: &[&Repo], config: &UserConfig) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut hosts: Vec<&str> = repos.iter().map(|repo| repo.id.host()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    for host in hosts {
        let Some(settings) = config.forge(host) else {
            let detail = "the configuration does not know this host, on which goals live";
            findings.push(Finding::error(host, detail, format!("give it a table [forge.{host:?}]")));
            continue;
        };
        let client = match connect(&settings, &state.database()) {
            Ok(client) => client,
            Err(error) => {
                findings.push(Finding::error(
                    host,
                    error.to_string(),
                    "docs/configuration.md tells of the keys",
                ));
                continue;
            }
        };
        let of_host = client.check();
        let is_closed = has_error(&of_host);
        findings.extend(of_host);
        if is_closed {
            continue;
        }
        for repo in repos.iter().filter(|repo| repo.id.host() == host) {
            let seen = client.check_repo(&repo.id, &repo.base_branch);
            let labels = (!has_error(&seen)).then(|| client.check_labels(&repo.id));
            findings.extend(seen.into_iter().chain(labels));
        }
    }
    findings
}
