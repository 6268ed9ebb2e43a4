//! The state directory and the places in it.

use std::ffi::OsString;
use std::fs::File;
use std::path::{self, Path, PathBuf};
use std::sync::Arc;

use herder_domain::repo::RepoId;
use herder_domain::run::RunId;
use rustix::fs::Access;

use crate::error::RecordError;
use crate::files;
use crate::redact::{RedactingWriter, Redactor};

/// Where everything of herder's lies: `$RALPH_DIR`, by default `~/.local/state/ralph`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDir {
    root: PathBuf,
}

impl StateDir {
    /// The directory that the environment names; `env` looks a variable up. Nothing is touched.
    pub fn from_env(env: impl Fn(&str) -> Option<OsString>) -> Result<Self, RecordError> {
        let set = |name| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let root = set("RALPH_DIR").or_else(|| set("HOME").map(|home| home.join(".local/state/ralph")));
        Ok(Self::at(root.ok_or(RecordError::NoHome)?))
    }

    /// The directory at a path; a relative one is taken from the current directory.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        let given = path.into();
        Self { root: path::absolute(&given).unwrap_or(given) }
    }

    /// Makes the directory and its parts, private; a directory that cannot be written is refused.
    ///
    /// The root keeps its mode where it exists: it may be shared on purpose. What we make in it is
    /// private in any case.
    pub fn create(&self) -> Result<(), RecordError> {
        let refuse = |source| RecordError::NotWritable { path: self.root.clone(), source };
        files::make_dir(&self.root).map_err(|error| match error {
            RecordError::Io { source, .. } => refuse(source),
            other => other,
        })?;
        self.is_writable().map_err(refuse)?;
        for part in [self.logs(), self.runs(), self.root.join("mirrors"), self.root.join("vault")] {
            files::make_dir(&part)?;
        }
        Ok(())
    }

    pub(crate) fn is_writable(&self) -> std::io::Result<()> {
        Ok(rustix::fs::access(&self.root, Access::WRITE_OK | Access::EXEC_OK)?)
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The database: journal, outbox, embedded goals. It belongs to the store.
    pub fn database(&self) -> PathBuf {
        self.root.join("herder.db")
    }

    /// Verdicts of gates that hold for others, too.
    pub fn gates(&self) -> PathBuf {
        self.root.join("gates")
    }

    /// The build tokens that all jobs share.
    pub fn tokens(&self) -> PathBuf {
        self.root.join("tokens")
    }

    /// One line for every run that ended.
    pub fn stats(&self) -> PathBuf {
        self.root.join("stats.jsonl")
    }

    /// Logs of herder's own.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// The orchestrator's log.
    pub fn orchestrator_log(&self) -> PathBuf {
        self.logs().join("orchestrator.log")
    }

    /// Opens the orchestrator's log for adding to it, redacted line by line.
    pub fn open_orchestrator_log(
        &self,
        redactor: Arc<Redactor>,
    ) -> Result<RedactingWriter<File>, RecordError> {
        Ok(RedactingWriter::new(redactor, files::open_append(&self.orchestrator_log())?))
    }

    /// A repository's bare mirror, a cache.
    pub fn mirror(&self, repo: &RepoId) -> PathBuf {
        self.bare("mirrors", repo)
    }

    /// A repository's vault, which loses nothing.
    pub fn vault(&self, repo: &RepoId) -> PathBuf {
        self.bare("vault", repo)
    }

    /// The repositories that have a vault, whether or not anything else knows of them, in order.
    pub fn vaults(&self) -> Result<Vec<RepoId>, RecordError> {
        self.repos_in("vault", ".git")
    }

    /// The repositories that have a mirror, in order.
    pub fn mirrors(&self) -> Result<Vec<RepoId>, RecordError> {
        self.repos_in("mirrors", ".git")
    }

    /// The repositories that have templates, in order.
    pub fn templated(&self) -> Result<Vec<RepoId>, RecordError> {
        self.repos_in("templates", "")
    }

    /// The repositories of which set-ups or builds are kept, in order.
    pub fn set_up(&self) -> Result<Vec<RepoId>, RecordError> {
        self.repos_in("setups", "")
    }

    fn repos_in(&self, kind: &str, ending: &str) -> Result<Vec<RepoId>, RecordError> {
        let mut found = Vec::new();
        for host in files::names(&self.root.join(kind))? {
            for owner in files::names(&self.root.join(kind).join(&host))? {
                for name in files::names(&self.root.join(kind).join(&host).join(&owner))? {
                    let name = name.strip_suffix(ending).unwrap_or_default();
                    // What is no name of a repository is not ours.
                    found.extend(RepoId::new(&host, &owner, name).ok());
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// A repository's templates, which clones are copied from; a cache.
    pub fn templates(&self, repo: &RepoId) -> PathBuf {
        self.place("templates", repo, "")
    }

    /// Mirrors of the repositories that submodules name; a cache.
    pub fn submodules(&self) -> PathBuf {
        self.root.join("submodules")
    }

    /// What the set-ups of a repository have made; a cache.
    pub fn setups(&self, repo: &RepoId) -> PathBuf {
        self.place("setups", repo, "")
    }

    fn bare(&self, kind: &str, repo: &RepoId) -> PathBuf {
        self.place(kind, repo, ".git")
    }

    fn place(&self, kind: &str, repo: &RepoId, ending: &str) -> PathBuf {
        self.root.join(kind).join(repo.host()).join(repo.owner()).join(format!("{}{ending}", repo.name()))
    }

    /// The run directories.
    pub fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// The directory of one run.
    pub fn run(&self, run: &RunId) -> PathBuf {
        self.runs().join(run.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn env(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
    }

    #[test]
    fn the_environment_names_the_place() {
        let chosen = StateDir::from_env(env(&[("RALPH_DIR", "/s"), ("HOME", "/h")])).unwrap();
        assert_eq!(chosen.root(), Path::new("/s"));
        let usual = StateDir::from_env(env(&[("RALPH_DIR", ""), ("HOME", "/h")])).unwrap();
        assert_eq!(usual.stats(), Path::new("/h/.local/state/ralph/stats.jsonl"));
        assert!(StateDir::from_env(env(&[])).unwrap_err().to_string().contains("RALPH_DIR"));
    }

    #[test]
    fn everything_is_made_private() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::at(dir.path().join("a/b"));
        state.create().unwrap();
        state.create().unwrap();
        for path in [state.root().into(), state.runs(), state.logs(), state.root().join("vault")] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn a_place_that_cannot_be_written_is_refused_in_one_sentence() {
        let error = StateDir::at("/proc/ralph").create().unwrap_err();
        assert!(matches!(error, RecordError::NotWritable { .. }), "{error}");
        assert!(error.to_string().contains("RALPH_DIR"), "{error}");
    }

    #[test]
    fn the_orchestrators_log_is_added_to_without_secrets() {
        use std::io::Write;

        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::at(dir.path());
        state.create().unwrap();
        let redactor = Arc::new(Redactor::new(["hunter2-x"]).unwrap());
        for _ in 0..2 {
            let mut log = state.open_orchestrator_log(Arc::clone(&redactor)).unwrap();
            log.write_all(b"saw hunter2-x\n").unwrap();
        }
        assert_eq!(fs::read_to_string(state.orchestrator_log()).unwrap(), "saw [redacted]\n".repeat(2));
    }

    #[test]
    fn repositories_are_known_by_their_vaults_alone() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::at(dir.path());
        assert_eq!(state.vaults().unwrap(), []);
        let repo: RepoId = "example.org/acme/app".parse().unwrap();
        fs::create_dir_all(state.vault(&repo)).unwrap();
        fs::write(state.root().join("vault/stray"), "").unwrap();
        assert_eq!(state.vaults().unwrap(), [repo]);
        assert_eq!(state.mirrors().unwrap(), []);
    }

    #[test]
    fn repositories_have_their_own_places() {
        let state = StateDir::at("/s");
        let repo = "example.org/acme/app".parse().unwrap();
        assert_eq!(state.mirror(&repo), Path::new("/s/mirrors/example.org/acme/app.git"));
        assert_eq!(state.vault(&repo), Path::new("/s/vault/example.org/acme/app.git"));
        assert_eq!(state.templates(&repo), Path::new("/s/templates/example.org/acme/app"));
    }
}
