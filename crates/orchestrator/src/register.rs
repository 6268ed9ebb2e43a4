//! Registers repositories: those whose goals are rows here, and those whose goals are issues on their host.

use std::path::{Path, PathBuf};

use herder_config::{ForgeSettings, UserConfig};
use herder_domain::event::{Event, Repo};
use herder_domain::finding::Finding;
use herder_domain::fnv;
use herder_domain::forge::Home;
use herder_domain::repo::{BadRepoId, RepoId};
use herder_forge::write::label::LabelGap;
use herder_record::{RecordError, StateDir};
use herder_store::{AppendError, OpenError, Store, StoreError};
use herder_workspace::{Mirror, RemoteFacts, UserEnvironment, WorkspaceError, inspect_remote};
use jiff::Timestamp;

use crate::github::{self, ConnectError};

/// What `repo add` is asked.
#[derive(Clone, Debug, Default)]
pub struct AddRepo {
    /// A path or a URL.
    pub what: String,
    /// `owner/name`, where it is not to be taken from the origin or the path.
    pub name: Option<String>,
    /// The branch that goals land on, where it is not the default branch.
    pub base: Option<String>,
    /// Allows unattended pushes to another host.
    pub push: bool,
    /// Where its goals are to live.
    pub goals: GoalsAt,
}

/// Where the goals of a repository are to live.
#[derive(Clone, Debug, Default)]
pub enum GoalsAt {
    /// In herder's database, wherever the repository is.
    #[default]
    Here,
    /// On its host where this configuration knows the host as a GitHub, else in herder's database.
    HostIfKnown(Box<UserConfig>),
    /// On its host, which this configuration has to know as a GitHub.
    Host(Box<UserConfig>),
}

/// Why a repository cannot be registered.
#[derive(Debug, thiserror::Error)]
pub enum AddRepoError {
    /// It is none.
    #[error("{what:?} is not a git repository that can be read: {problem}")]
    NotARepository {
        /// As given.
        what: String,
        /// Git's words.
        problem: String,
    },
    /// Its address would bring a secret into the database and onto every command line.
    #[error(
        "the address on {host} holds a password or a token; take it out of the address and let git's \
         credential helper or ssh keep it"
    )]
    Credential {
        /// The host.
        host: String,
    },
    /// It has another name already, under which its goals are.
    #[error("{what:?} is registered already, as {name}")]
    AlreadyThere {
        /// As given.
        what: String,
        /// Its name.
        name: String,
    },
    /// It is registered, and its goals are elsewhere.
    #[error("{name} is registered already, and its goals live {}", match home {
        Home::Local => "in herder's database",
        Home::Github => "on its host",
    })]
    OtherHome {
        /// Its name.
        name: String,
        /// Where they live.
        home: Home,
    },
    /// Its host is none that goals can live on.
    #[error("{what:?} is not on a host that the configuration knows as a GitHub")]
    NoForge {
        /// As given.
        what: String,
    },
    /// Its host does not show it.
    #[error("failed to look at {name} on {host}: {why}")]
    Host {
        /// The host.
        host: String,
        /// Its name.
        name: String,
        /// The host's words.
        why: String,
    },
    /// herder cannot ask its host.
    #[error("failed to ask the host: {0}")]
    Connect(#[from] ConnectError),
    /// There is no commit to begin from.
    #[error("{what:?} has no branch yet; commit something first")]
    Empty {
        /// As given.
        what: String,
    },
    /// The base branch is not there.
    #[error("{what:?} has no branch {base:?}")]
    NoBase {
        /// As given.
        what: String,
        /// The branch.
        base: String,
    },
    /// Git would refuse to push.
    #[error(
        "branch {base:?} is checked out in {what:?}, so git refuses a push to it; make a bare clone \
         (git clone --bare {what} {what}.git), make it your origin and add that"
    )]
    CheckedOut {
        /// As given.
        what: String,
        /// The branch.
        base: String,
    },
    /// Its name is none.
    #[error(transparent)]
    BadName(#[from] BadRepoId),
    /// Git.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The database.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The state directory.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Registers a repository: its origin where it has one, else itself.
///
/// # Errors
/// [`AddRepoError`]; nothing is registered then.
pub fn add_repo(store: &mut Store, state: &StateDir, order: &AddRepo) -> Result<Repo, AddRepoError> {
    let user = UserEnvironment::of_this_process();
    let (repo, user) = match on_host(order, &user)? {
        Some((id, settings)) => github::look(state, order, id, &settings)?,
        None => (look(order, &user)?, user),
    };
    let known = store.repos()?;
    if let Some(other) = known.iter().find(|other| other.url == repo.url && other.id != repo.id) {
        return Err(AddRepoError::AlreadyThere { what: order.what.clone(), name: other.id.short() });
    }
    if let Some(same) = known.iter().find(|same| same.id == repo.id && same.home != repo.home) {
        return Err(AddRepoError::OtherHome { name: same.id.short(), home: same.home });
    }
    let mirror = Mirror::open_or_create(&state.mirror(&repo.id), &repo.url, &user)?;
    mirror.fetch(&user)?;
    if mirror.tip(&repo.base_branch).is_err() {
        return Err(AddRepoError::NoBase { what: order.what.clone(), base: repo.base_branch });
    }
    store.append(&Event::RepoAdded { repo: repo.clone() }, Timestamp::now())?;
    Ok(repo)
}

/// Whether something is done, or only shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// It is done.
    Do,
    /// What would be done is shown, and nothing is written anywhere.
    Show,
}

/// A repository on a host that was made ready for goals.
#[derive(Debug)]
pub struct Prepared {
    /// Its name.
    pub id: RepoId,
    /// The branch that goals land on; nothing where it is not known.
    pub base: Option<String>,
    /// The labels that it lacked, and that were made unless all was only to be shown.
    pub labels: Vec<LabelGap>,
    /// Whether it is registered.
    pub registration: Registration,
    /// What was looked at. With an error among them nothing more was done.
    pub findings: Vec<Finding>,
}

/// Whether a repository is registered.
#[derive(Debug)]
pub enum Registration {
    /// It was before.
    Before,
    /// It is now.
    Now(Box<Repo>),
    /// It is not.
    Not,
}

/// Makes a repository on a host ready for goals: its labels, with a look at all that keeps work from landing there, and
/// registers it. A second time finds nothing to do.
///
/// # Errors
/// [`AddRepoError`]; labels that were made before stay made.
pub fn prepare(
    state: &StateDir,
    what: &str,
    config: &UserConfig,
    intent: Intent,
) -> Result<Prepared, AddRepoError> {
    let goals = GoalsAt::Host(Box::new(config.clone()));
    let order = AddRepo { what: what.to_owned(), goals, ..AddRepo::default() };
    match on_host(&order, &UserEnvironment::of_this_process())? {
        Some((id, settings)) => github::prepare(state, &order, id, &settings, intent),
        None => Err(AddRepoError::NoForge { what: order.what }),
    }
}

/// The repository as it is to be registered with its goals in herder's database.
fn look(order: &AddRepo, user: &UserEnvironment) -> Result<Repo, AddRepoError> {
    let (url, facts) = address(order, user)?;
    refuse_credential(&url)?;
    let base = match order.base.clone().or_else(|| facts.default_branch.clone()) {
        Some(base) => base,
        None => return Err(AddRepoError::Empty { what: order.what.clone() }),
    };
    if facts.refuses_push_to(&base) {
        return Err(AddRepoError::CheckedOut { what: url, base });
    }
    let id = match &order.name {
        Some(name) => name_of(name, &url)?,
        None => id_of(&url, &facts)?,
    };
    let pushes = order.push || Path::new(&url).is_absolute();
    Ok(Repo { id, url, base_branch: base, pushes, home: Home::Local })
}

/// What is meant: the origin of a checkout, else what was given.
fn address(order: &AddRepo, user: &UserEnvironment) -> Result<(String, RemoteFacts), AddRepoError> {
    let given = absolute(&order.what);
    let facts = inspected(&given, order, user)?;
    let Some(origin) = facts.origin_url.clone().filter(|_| facts.is_bare == Some(false)) else {
        return Ok((given, facts));
    };
    let origin = relative_to(&origin, &facts);
    let facts = inspected(&origin, order, user)?;
    Ok((origin, facts))
}

/// The repository by the name of its host, where its goals are to live there.
fn on_host(order: &AddRepo, user: &UserEnvironment) -> Result<Option<(RepoId, ForgeSettings)>, AddRepoError> {
    let (config, is_must) = match &order.goals {
        GoalsAt::Here => return Ok(None),
        GoalsAt::HostIfKnown(config) => (config, false),
        GoalsAt::Host(config) => (config, true),
    };
    let found = named_on_host(order, user)?.and_then(|id| Some((config.forge(id.host())?, id)));
    match found {
        Some((settings, id)) => Ok(Some((id, settings))),
        None if is_must => Err(AddRepoError::NoForge { what: order.what.clone() }),
        None => Ok(None),
    }
}

/// The name on its host of what is meant; nothing where that is on this machine.
fn named_on_host(order: &AddRepo, user: &UserEnvironment) -> Result<Option<RepoId>, AddRepoError> {
    let what = absolute(&order.what);
    let url = if !Path::new(&what).is_absolute() {
        what
    } else {
        let facts = inspected(&what, order, user)?;
        match facts.origin_url.clone().filter(|_| facts.is_bare == Some(false)) {
            Some(origin) => relative_to(&origin, &facts),
            None => return Ok(None),
        }
    };
    // `OWNER/NAME` and `HOST/OWNER/NAME` are no address that git knows.
    match url.parse::<RepoId>() {
        Ok(id) => Ok(Some(id)),
        Err(_) if host_of(&url).is_none() => Ok(None),
        Err(_) => {
            refuse_credential(&url)?;
            Ok(Some(id_of(&url, &RemoteFacts::default())?))
        }
    }
}

/// `https://user:token@host/...`; a user name alone, as ssh has it, is no secret, but for http it is one.
fn refuse_credential(url: &str) -> Result<(), AddRepoError> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Ok(());
    };
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rsplit_once('@') {
        Some((who, host)) if scheme.starts_with("http") || who.contains(':') => {
            Err(AddRepoError::Credential { host: host.to_owned() })
        }
        Some(_) | None => Ok(()),
    }
}

fn inspected(what: &str, order: &AddRepo, user: &UserEnvironment) -> Result<RemoteFacts, AddRepoError> {
    let facts = inspect_remote(what, user)?;
    if facts.is_repository {
        return Ok(facts);
    }
    let problem = facts.problem.clone().unwrap_or_else(|| "nothing is there".into());
    Err(AddRepoError::NotARepository { what: order.what.clone(), problem })
}

/// A path as an absolute one, a URL as it is.
fn absolute(what: &str) -> String {
    let path = what.strip_prefix("file://").unwrap_or(what);
    match std::fs::canonicalize(path) {
        Ok(real) => real.display().to_string(),
        Err(_) => what.to_owned(),
    }
}

/// An origin that is a relative path is meant from the top of its repository.
fn relative_to(origin: &str, facts: &RemoteFacts) -> String {
    let is_path = origin.starts_with("./") || origin.starts_with("../");
    match &facts.top {
        Some(top) if is_path => absolute(&top.join(origin).display().to_string()),
        Some(_) | None => absolute(origin),
    }
}

fn name_of(name: &str, url: &str) -> Result<RepoId, AddRepoError> {
    match name.split('/').collect::<Vec<_>>().as_slice() {
        [owner, name] => Ok(RepoId::new(host_of(url).unwrap_or("local"), owner, name)?),
        _ => Ok(name.parse()?),
    }
}

fn host_of(url: &str) -> Option<&str> {
    if Path::new(url).is_absolute() {
        return None;
    }
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
    rest.split(['/', ':']).next().filter(|host| !host.is_empty())
}

/// `host/owner/name` of a URL; `local/<parent>/<name>-<hash>` of a path.
fn id_of(url: &str, facts: &RemoteFacts) -> Result<RepoId, AddRepoError> {
    if let Some(host) = host_of(url) {
        let path = url.trim_end_matches('/').trim_end_matches(".git");
        let mut parts = path.rsplit(['/', ':']);
        let (name, owner) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        return Ok(RepoId::new(host, owner, name)?);
    }
    let top = facts.top.clone().unwrap_or_else(|| PathBuf::from(url));
    let name = top.file_stem().map(|name| safe(&name.to_string_lossy())).unwrap_or_default();
    let parent = top.parent().and_then(Path::file_name).map(|name| safe(&name.to_string_lossy()));
    let hash = fnv::short_name(top.as_os_str().as_encoded_bytes());
    let parent = parent.filter(|parent| !parent.is_empty()).unwrap_or_else(|| "root".into());
    Ok(RepoId::new("local", &parent, &format!("{name}-{hash}"))?)
}

fn safe(text: &str) -> String {
    let text: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    text.trim_matches(['.', '-']).chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_secret_is_refused_without_repeating_it() {
        for bad in
            ["https://me:hunter2@example.org/a/b", "https://ghp_x@example.org/a/b", "ssh://g:hunter2@h/a/b"]
        {
            let error = refuse_credential(bad).unwrap_err().to_string();
            assert!(!error.contains("hunter2") && !error.contains("ghp_x"), "{error}");
        }
        for good in
            ["https://example.org/a/b", "ssh://git@example.org/a/b", "git@example.org:a/b", "/srv/a@b"]
        {
            assert!(refuse_credential(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_name_is_taken_from_the_address() {
        let facts = RemoteFacts::default();
        for url in [
            "https://example.org/acme/app.git",
            "git@example.org:acme/app.git",
            "ssh://git@example.org/acme/app",
        ] {
            assert_eq!(id_of(url, &facts).unwrap().to_string(), "example.org/acme/app", "{url}");
        }
    }
}
