//! What `doctor` says of the daemon, of the root of its clones, and of registered repositories.

use std::ffi::OsString;
use std::path::Path;

use herder_config::{Flags, GatePolicy, RepositoryConfig, UserConfig, resolve};
use herder_domain::cause::with_causes;
use herder_domain::event::Repo;
use herder_domain::finding::Finding;
use herder_domain::goal::GoalOptions;
use herder_executor::check_disk;
use herder_record::StateDir;
use herder_workspace::{
    Bare, CommitId, Mirror, RemoteCheck, TreeEntry, UserEnvironment, check_remote, lfs_program,
};

use crate::context::repository_config;
use crate::github;
use crate::lock::{Holder, VERSION, holder};
use crate::root;

/// Looks for the orchestrator of a state directory, and whether it is this program.
pub fn check_daemon(state: &StateDir) -> Finding {
    const SUBJECT: &str = "orchestrator";
    match holder(state) {
        Ok(None) => Finding::ok(SUBJECT, "none is at work; `herder up` starts one"),
        Ok(Some(holder)) => of_holder(&holder),
        Err(error) => {
            let detail = format!("failed to look at its lock: {error}");
            Finding::error(SUBJECT, detail, "look at the owner and mode of orchestrator.lock")
        }
    }
}

fn of_holder(holder: &Holder) -> Finding {
    const SUBJECT: &str = "orchestrator";
    let Some(process) = &holder.process else {
        return Finding::warning(
            SUBJECT,
            "one is at work, and its lock does not say which process it is",
            "`fuser -v orchestrator.lock` in the state directory names it",
        );
    };
    let version = holder.version.as_deref().unwrap_or("an earlier version");
    let detail = format!("process {} is at work (herder {version})", process.pid);
    let hint = "`herder down`, then `herder up` again; goals stay queued, no work is lost";
    if holder.version.as_deref() != Some(VERSION) {
        return Finding::warning(SUBJECT, format!("{detail}, and this is herder {VERSION}"), hint);
    }
    match process.runs_own_program() {
        Some(false) => {
            Finding::warning(SUBJECT, format!("{detail}, started from another file than this program"), hint)
        }
        Some(true) | None => Finding::ok(SUBJECT, detail),
    }
}

/// Looks at the directory that clones lie in.
pub fn check_root(root: &Path, state: &StateDir) -> Vec<Finding> {
    const SUBJECT: &str = "clones";
    let mut findings = check_disk(SUBJECT, root);
    if let Some(other) = root::owner_of(root).filter(|owner| owner.is_dir() && !is_same(owner, state.root()))
    {
        findings.push(Finding::error(
            SUBJECT,
            format!("{} belongs to the state directory {}", root.display(), other.display()),
            "give each state directory a root of its own: `herder up --root DIR`, or `root` in config.toml",
        ));
    }
    findings
}

fn is_same(one: &Path, other: &Path) -> bool {
    one == other || other.canonicalize().is_ok_and(|other| one == other)
}

/// Looks at a registered repository: its remote, and what its mirror's base branch holds for herder. Nothing
/// is fetched.
pub fn check_repo(
    state: &StateDir,
    repo: &Repo,
    user: &UserConfig,
    env: impl Fn(&str) -> Option<OsString>,
) -> Vec<Finding> {
    let subject = repo.id.short();
    let path = state.mirror(&repo.id);
    let asked = RemoteCheck { subject: &subject, url: &repo.url, base: &repo.base_branch, mirror: &path };
    let outside = outside(state, repo, user);
    let mut findings = check_remote(asked, &outside);
    if !path.is_dir() {
        return findings;
    }
    let mirror = match Mirror::open_or_create(&path, &repo.url, &outside) {
        Ok(mirror) => mirror,
        Err(error) => return with(findings, unreadable(&subject, &with_causes(&error))),
    };
    let base = match mirror.tip(&repo.base_branch) {
        Ok(base) => base,
        Err(error) => return with(findings, unreadable(&subject, &with_causes(&error))),
    };
    findings.extend(check_contents(&subject, (mirror.bare(), &base)));
    let (settings, said) = check_settings(&subject, (mirror.bare(), &base), repo, user, env);
    findings.push(said);
    findings.push(check_gate(&subject, (mirror.bare(), &base), settings));
    findings
}

/// The person's environment for git, with the token for a repository whose goals live on its host.
fn outside(state: &StateDir, repo: &Repo, user: &UserConfig) -> UserEnvironment {
    let settings = (!repo.home.is_local()).then(|| user.forge(repo.id.host())).flatten();
    // What is wrong with the settings stands among the findings of the host.
    let client = settings.and_then(|settings| github::connect(&settings, &state.database()).ok());
    client.map_or_else(UserEnvironment::of_this_process, github::outside)
}

/// Looks at the hosts that goals of these repositories live on, and at the repositories there: the token and what it may
/// do, what is left of the rate limits, the labels, and who merges. Nothing is written.
pub fn check_forges(state: &StateDir, repos: &[&Repo], config: &UserConfig) -> Vec<Finding> {
    let there: Vec<&Repo> = repos.iter().copied().filter(|repo| !repo.home.is_local()).collect();
    github::check_hosts(state, &there, config)
}

/// What is needed for files that lie beside the repository, where it has any.
fn check_contents(subject: &str, (bare, base): (&Bare, &CommitId)) -> Option<Finding> {
    if !bare.uses_lfs(base).unwrap_or(false) {
        return None;
    }
    Some(match lfs_program() {
        Some(program) => Finding::ok(subject, format!("files in Git LFS, written by {}", program.display())),
        None => Finding::error(
            subject,
            "it keeps files in Git LFS, and git-lfs is not installed here: no goal of it can run",
            "install git-lfs (Debian: apt-get install git-lfs)",
        ),
    })
}

fn with(mut findings: Vec<Finding>, one: Finding) -> Vec<Finding> {
    findings.push(one);
    findings
}

fn unreadable(subject: &str, why: &str) -> Finding {
    Finding::warning(subject, format!("its mirror cannot be used: {why}"), "remove it; it is made anew")
}

/// What the base branch holds in `.ralph/config.toml`, and what it says of a missing gate.
fn check_settings(
    subject: &str,
    at: (&Bare, &CommitId),
    repo: &Repo,
    user: &UserConfig,
    env: impl Fn(&str) -> Option<OsString>,
) -> (GatePolicy, Finding) {
    let resolved = repository_config(at).map_err(|error| with_causes(&error)).and_then(|repository| {
        let is_said = repository != RepositoryConfig::empty();
        let options = GoalOptions::default();
        let resolved = resolve(&options, &Flags::default(), Some(&repo.id), &repository, user, env);
        resolved.map(|resolved| (is_said, resolved)).map_err(|error| with_causes(&error))
    });
    match resolved {
        Ok((is_said, resolved)) => {
            let file = if is_said { ".ralph/config.toml is understood" } else { "no settings of its own" };
            let detail = format!("{file}; agent {}, model {}", resolved.agent.value, resolved.model.value);
            (resolved.gate.value, Finding::ok(subject, detail))
        }
        Err(why) => {
            let hint =
                "`herder config explain --repo` shows who said what; a change counts once it is pushed";
            (GatePolicy::Required, Finding::error(subject, format!("its settings: {why}"), hint))
        }
    }
}

fn check_gate(subject: &str, (bare, base): (&Bare, &CommitId), policy: GatePolicy) -> Finding {
    const PATH: &str = ".ralph/check";
    match (bare.entry(base, PATH), policy) {
        (Ok(Some(entry)), _) if is_program(&entry) => Finding::ok(subject, "the gate .ralph/check is there"),
        (Ok(Some(_)), _) => Finding::error(
            subject,
            "the gate .ralph/check is no executable file",
            "`git update-index --chmod=+x .ralph/check`, commit, push",
        ),
        (Ok(None), GatePolicy::Waived) => {
            Finding::warning(subject, "there is no gate, and work lands without one, as it wishes", "")
        }
        (Ok(None), GatePolicy::Required) => Finding::warning(
            subject,
            "there is no gate, so that a person has to look at all work",
            "`herder init` in a checkout drafts .ralph/check; commit it, push it",
        ),
        (Err(error), _) => unreadable(subject, &with_causes(&error)),
    }
}

fn is_program(entry: &TreeEntry) -> bool {
    // A link is looked at when the gate is asked.
    !entry.is_file() || entry.mode & 0o111 != 0
}
