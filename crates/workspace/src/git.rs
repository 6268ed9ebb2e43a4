//! How git is called: with which environment, settings and bounds.
//!
//! *Sealed* calls see no configuration but the repository's own and ours; everything that touches a
//! work tree or an object of an agent's is sealed. *Outside* calls see the user's configuration
//! (credential helpers, ssh, proxies) and happen only between our bare repositories and an address.

use crate::access::{Access, GitTokens, VARIABLE};
use crate::error::{Result, WorkspaceError};
use crate::id::CommitId;
use herder_oneshot::{Environment, Finished, OneShot, OneShotError};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a call may take that stays on this machine.
const LOCAL_LIMIT: Duration = Duration::from_secs(15 * 60);

/// How long a fetch or a push may take.
const OUTSIDE_LIMIT: Duration = Duration::from_secs(30 * 60);

/// The longest answer that is kept: the paths of a few million files.
const ANSWER_CAP: usize = 512 << 20;

/// Settings of every call: nothing of a repository's configuration makes git run a program.
const SETTINGS: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "push.recurseSubmodules=no",
    "push.gpgSign=false",
    "advice.detachedHead=false",
    // A connection that has gone dead ends after two minutes below 100 bytes a second.
    "http.lowSpeedLimit=100",
    "http.lowSpeedTime=120",
];

/// Settings of sealed calls: files are taken as git takes them by default on Linux, with the
/// `.gitattributes` of the tree for line ends but without any filter, and no name that another
/// system would take for `.git` is accepted.
const SEALED_SETTINGS: &[&str] = &[
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.untrackedCache=false",
    "core.autocrlf=false",
    "core.safecrlf=false",
    "core.fileMode=true",
    "core.symlinks=true",
    "core.quotePath=false",
    "core.protectHFS=true",
    "core.protectNTFS=true",
    "commit.gpgSign=false",
    "protocol.allow=never",
    "protocol.file.allow=always",
];

/// The variables of git's that an outside call keeps: who the user is, how to reach and to trust an
/// address.
const KEPT_GIT_VARIABLES: &[&str] = &[
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "GIT_ASKPASS",
    "GIT_PROXY_COMMAND",
    "GIT_PROXY_SSL_CAINFO",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "GIT_SSL_NO_VERIFY",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_EXEC_PATH",
];

/// The user's environment, for the calls that reach outside: fetch, push, listing a remote.
#[derive(Debug, Clone)]
pub struct UserEnvironment {
    variables: Vec<(OsString, OsString)>,
    tokens: Option<Arc<dyn GitTokens>>,
    /// Whether git leaves an address as it is; asked once for each. Clones share it.
    kept: Arc<Mutex<BTreeMap<String, bool>>>,
}

impl UserEnvironment {
    /// The environment of this process.
    pub fn of_this_process() -> Self {
        Self::of(std::env::vars_os())
    }

    /// An environment made of `variables`. What would point git at another repository than the one
    /// that is meant (`GIT_DIR` and the like) is left out.
    pub fn of(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let variables = variables.into_iter().filter(|(name, _)| is_kept(name)).collect();
        Self { variables, tokens: None, kept: Arc::default() }
    }

    /// Whether git would go to `url` itself, and not to another address that the user's configuration puts in its place
    /// (`url.*.insteadOf`, git-config(1)).
    ///
    /// # Errors
    /// Git cannot be run.
    pub(crate) fn keeps(&self, url: &str) -> Result<bool> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(url) {
            return Ok(*known);
        }
        let address = Git::outside("ls-remote", self).args(["--get-url", "--", url]).line()?;
        Ok(*kept.entry(url.to_owned()).or_insert(address == url))
    }

    /// The same with the forges' tokens: they go before the user's own credentials, at the addresses that they are for.
    #[must_use]
    pub fn with_tokens(mut self, tokens: Arc<dyn GitTokens>) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Where the user's programs keep their configuration, by the XDG Base Directory Specification.
    pub(crate) fn configuration_home(&self) -> Option<PathBuf> {
        let of =
            |wanted: &str| self.variables.iter().find(|(name, value)| name == wanted && !value.is_empty());
        let explicit = of("XDG_CONFIG_HOME").map(|(_, value)| PathBuf::from(value));
        explicit.or_else(|| of("HOME").map(|(_, value)| Path::new(value).join(".config")))
    }
}

fn is_kept(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    !name.starts_with("GIT_") || KEPT_GIT_VARIABLES.contains(&name)
}

/// One call of git.
#[derive(Debug)]
pub(crate) struct Git {
    shot: OneShot,
    command: String,
    settings: Vec<OsString>,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    access: Option<Access>,
    cap: usize,
}

impl Git {
    /// A call that sees no configuration of the user's, no home and no terminal.
    pub(crate) fn sealed(command: &str) -> Self {
        let mut environment = Vec::new();
        if let Some(path) = std::env::var_os("PATH") {
            environment.push(("PATH".into(), path));
        }
        for (name, value) in [
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_SYSTEM", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_ATTR_NOSYSTEM", "1"),
        ] {
            environment.push((name.into(), value.into()));
        }
        let settings = SETTINGS.iter().chain(SEALED_SETTINGS);
        Self::new(command, environment, settings, LOCAL_LIMIT)
    }

    /// A call that sees the user's configuration; never with a work tree.
    pub(crate) fn outside(command: &str, user: &UserEnvironment) -> Self {
        let mut environment = user.variables.clone();
        // Nobody is there to answer: ssh asks a program that always refuses, instead of the terminal.
        environment.retain(|(name, _)| name != "SSH_ASKPASS" && name != "SSH_ASKPASS_REQUIRE");
        environment.push(("SSH_ASKPASS".into(), "/bin/false".into()));
        environment.push(("SSH_ASKPASS_REQUIRE".into(), "force".into()));
        Self::new(command, environment, SETTINGS.iter(), OUTSIDE_LIMIT)
    }

    /// An outside call that talks to the repository at `url`, with its forge's token where there is one.
    ///
    /// # Errors
    /// The address is unusable, or there should be a token and there is none.
    pub(crate) fn reaching(command: &str, url: &str, user: &UserEnvironment) -> Result<Self> {
        let access = Access::to(checked_url(url)?, user.tokens.as_ref())?;
        let mut git = Self::outside(command, user);
        if let Some(access) = &access {
            git.settings.extend(access.settings().into_iter().map(Into::into));
            git.environment.retain(|(name, _)| name != "GIT_ASKPASS");
        }
        git.access = access;
        Ok(git)
    }

    fn new<'a>(
        command: &str,
        mut environment: Vec<(OsString, OsString)>,
        settings: impl Iterator<Item = &'a &'a str>,
        limit: Duration,
    ) -> Self {
        for (name, value) in [
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_NO_REPLACE_OBJECTS", "1"),
            ("GIT_DEFAULT_REF_FORMAT", "files"),
            ("LC_ALL", "C"),
        ] {
            environment.push((name.into(), value.into()));
        }
        Self {
            shot: OneShot::new("git").time_limit(limit).directory("/"),
            command: command.to_owned(),
            settings: settings.map(Into::into).collect(),
            arguments: Vec::new(),
            environment,
            access: None,
            cap: ANSWER_CAP,
        }
    }

    /// One more setting, `name=value`.
    pub(crate) fn setting(mut self, setting: impl Into<OsString>) -> Self {
        self.settings.push(setting.into());
        self
    }

    /// The repository to work in.
    pub(crate) fn repository(self, git_dir: &Path) -> Self {
        self.variable("GIT_DIR", git_dir)
    }

    /// The directory of objects, instead of the repository's own.
    pub(crate) fn objects(self, directory: &Path) -> Self {
        self.variable("GIT_OBJECT_DIRECTORY", directory)
    }

    /// The work tree to work on.
    pub(crate) fn work_tree(mut self, directory: &Path) -> Self {
        self.shot = self.shot.directory(directory);
        self.variable("GIT_WORK_TREE", directory)
    }

    /// How long it may take, instead of the usual.
    pub(crate) fn time_limit(mut self, limit: Duration) -> Self {
        self.shot = self.shot.time_limit(limit);
        self
    }

    /// The directory to run in; the repository is found from there.
    pub(crate) fn in_directory(mut self, directory: &Path) -> Self {
        self.shot = self.shot.directory(directory);
        self
    }

    /// Another index file than the repository's.
    pub(crate) fn index(self, file: &Path) -> Self {
        self.variable("GIT_INDEX_FILE", file)
    }

    pub(crate) fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.into(), value.as_ref().to_owned()));
        self
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.arguments.push(arg.as_ref().to_owned());
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.shot = self.shot.stdin(bytes);
        self
    }

    /// Keeps at most `bytes` of the answer.
    pub(crate) fn cap(mut self, bytes: usize) -> Self {
        self.cap = bytes;
        self
    }

    /// Runs it, whatever its exit status; the answer may be cut at the cap.
    ///
    /// # Errors
    /// It cannot be run, outlives its time, or the forge does not take the token.
    pub(crate) fn finish(self) -> Result<Finished> {
        let Self { shot, command, settings, arguments, mut environment, access, cap } = self;
        // Only here, so that nothing that holds a call holds the token in the open.
        environment.extend(access.iter().map(|access| (VARIABLE.into(), access.value().into())));
        let settings = settings.into_iter().flat_map(|setting| [OsString::from("-c"), setting]);
        let finished = shot
            .args(settings)
            .arg(&command)
            .args(arguments)
            .environment(Environment::Cleared(environment))
            .stdout_cap(cap)
            .run()
            .map_err(|source| WorkspaceError::Git { command, source })?;
        let is_done = finished.status.success();
        let denied = access.filter(|_| !is_done).and_then(|access| access.denied(&finished.stderr.text()));
        denied.map_or(Ok(finished), Err)
    }

    /// Runs it; success and the whole answer are needed.
    pub(crate) fn answer(self) -> Result<Vec<u8>> {
        let (command, cap) = (self.command.clone(), self.cap);
        let finished = succeeded(self.finish()?, &command)?;
        if !finished.stdout.is_complete() {
            return Err(WorkspaceError::AnswerTooLarge { command, cap });
        }
        Ok(finished.stdout.bytes)
    }

    /// Runs it for its effect.
    pub(crate) fn done(self) -> Result<()> {
        let command = self.command.clone();
        succeeded(self.finish()?, &command).map(drop)
    }

    /// Runs it; the answer is one line.
    pub(crate) fn line(self) -> Result<String> {
        let command = self.command.clone();
        let answer = self.answer()?;
        String::from_utf8(answer)
            .map(|text| text.trim_end_matches('\n').to_owned())
            .map_err(|error| unparsable(&command, error.as_bytes()))
    }

    /// Runs it; the answer is the id of an object.
    pub(crate) fn object(self) -> Result<CommitId> {
        CommitId::parse(&self.line()?)
    }

    /// Runs a question that git answers by exit status: 0 yes, 1 no.
    pub(crate) fn yes_or_no(self) -> Result<bool> {
        let command = self.command.clone();
        let finished = self.finish()?;
        match finished.status.code() {
            Some(1) => Ok(false),
            _ => succeeded(finished, &command).map(|_| true),
        }
    }
}

/// Takes any exit status but 0 as an error.
pub(crate) fn succeeded(finished: Finished, command: &str) -> Result<Finished> {
    if finished.status.success() {
        return Ok(finished);
    }
    let (status, stderr) = (finished.status, finished.stderr.text());
    let source = OneShotError::Failed { program: "git".to_owned(), status, stderr };
    Err(WorkspaceError::Git { command: command.to_owned(), source })
}

/// The error for an answer that was not understood.
pub(crate) fn unparsable(command: &str, answer: &[u8]) -> WorkspaceError {
    let shown = &answer[..answer.len().min(200)];
    WorkspaceError::Unparsable {
        command: command.to_owned(),
        answer: String::from_utf8_lossy(shown).into_owned(),
    }
}

/// Refuses what git would take for an option.
pub(crate) fn checked_url(url: &str) -> Result<&str> {
    if url.is_empty() || url.starts_with('-') || url.contains(['\n', '\0']) {
        return Err(WorkspaceError::BadName { text: url.to_owned(), what: "a repository's address" });
    }
    Ok(url)
}

/// Refuses what git would not take for a branch, by the rules of `git help check-ref-format`.
pub(crate) fn checked_branch(branch: &str) -> Result<&str> {
    let bad_part = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
    let bad_char = |c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c);
    let is_bad = branch.starts_with('-')
        || branch.ends_with('.')
        || branch == "@"
        || branch.contains("..")
        || branch.contains("@{")
        || branch.contains(bad_char)
        || branch.split('/').any(bad_part);
    if is_bad {
        return Err(WorkspaceError::BadName { text: branch.to_owned(), what: "a branch" });
    }
    Ok(branch)
}
