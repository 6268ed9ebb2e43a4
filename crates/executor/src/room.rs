//! Where a job lives: a private HOME and TMPDIR, package caches of herder's own, an environment that
//! names what is allowed and nothing else, and the sandbox that goes with them.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::sandbox::Sandbox;
use crate::toolchains::Toolchains;

/// Variables that name the system's trust in certificates; no secrets.
const TRUST: [&str; 14] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "PIP_CERT",
    "GIT_SSL_CAINFO",
    "HTTPLIB2_CA_CERTS",
    "CARGO_HTTP_CAINFO",
    "NIX_SSL_CERT_FILE",
    "NO_PROXY",
    "no_proxy",
    "TZ",
    "LC_ALL",
];

/// Variables that hold addresses of proxies and package indexes. One with a login in it (RFC 3986,
/// section 3.2.1) is a secret and left out.
const ADDRESSES: [&str; 10] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "npm_config_registry",
];

/// What pyenv is to do where its shims cannot be written: run the program, and not fail after a
/// package was installed because it has no shims yet. Read by `pyenv exec` before its own hooks.
const PYENV_HOOK: &str = "shift 1\n\
    case \"$PYENV_BIN_PATH\" in \"$PYENV_ROOT\"*) export PATH=\"$PYENV_BIN_PATH:$PATH\" ;; esac\n\
    exec \"$PYENV_COMMAND_PATH\" \"$@\"\n";

/// The package caches, by the variable that moves each into a directory of herder's.
const CACHES: [(&str, &str); 10] = [
    ("CARGO_HOME", "cargo"),
    ("npm_config_cache", "npm"),
    ("PIP_CACHE_DIR", "pip"),
    ("XDG_CACHE_HOME", "xdg"),
    ("GOPATH", "go"),
    ("GOCACHE", "go-build"),
    ("CCACHE_DIR", "ccache"),
    ("SCCACHE_DIR", "sccache"),
    ("GRADLE_USER_HOME", "gradle"),
    ("YARN_CACHE_FOLDER", "yarn"),
];

/// The directories of one job: short paths, since a socket's path has 108 bytes (unix(7)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    dir: PathBuf,
    caches: PathBuf,
}

impl Room {
    /// The room in `dir`, with package caches in `caches`, which several rooms may share.
    pub fn new(dir: impl Into<PathBuf>, caches: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), caches: caches.into() }
    }

    /// Makes its directories, private to the user.
    ///
    /// # Errors
    /// If one cannot be made.
    pub fn create(&self) -> io::Result<()> {
        let caches = CACHES.iter().map(|(_, name)| self.caches.join(name));
        for dir in [self.home(), self.tmp()].into_iter().chain(caches) {
            make(&dir)?;
        }
        let hooks = self.pyenv_hooks().join("exec");
        make(&hooks)?;
        std::fs::write(hooks.join("in-place.bash"), PYENV_HOOK)
    }

    fn pyenv_hooks(&self) -> PathBuf {
        // Beside the HOME, where no job can put a link in its place.
        self.dir.join("pyenv.d")
    }

    /// The directory that holds the others.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The directory of its package caches.
    pub fn caches(&self) -> &Path {
        &self.caches
    }

    /// The job's HOME.
    pub fn home(&self) -> PathBuf {
        self.dir.join("home")
    }

    /// The job's TMPDIR.
    pub fn tmp(&self) -> PathBuf {
        self.dir.join("tmp")
    }

    /// The job's environment: allow-listed, with `pass` naming what else to take over from this
    /// process. Variables that are not set, or not UTF-8, are left out.
    pub fn env(&self, toolchains: &Toolchains, pass: &[String]) -> BTreeMap<String, String> {
        let own = |name: &str| std::env::var(name).ok().map(|value| (name.to_owned(), value));
        let mut env = toolchains.env.clone();
        env.extend(TRUST.iter().chain(&["PATH", "LANG"]).filter_map(|name| own(name)));
        env.extend(ADDRESSES.iter().filter_map(|name| own(name)).filter(|(_, value)| !has_login(value)));
        if env.contains_key("PYENV_ROOT") {
            env.insert("PYENV_HOOK_PATH".into(), text(&self.pyenv_hooks()));
        }
        env.extend(CACHES.iter().map(|(name, dir)| ((*name).to_owned(), text(&self.caches.join(dir)))));
        env.extend(pass.iter().filter_map(|name| own(name)));
        env.entry("LANG".into()).or_insert_with(|| "C.UTF-8".into());
        env.insert("HOME".into(), text(&self.home()));
        env.insert("TMPDIR".into(), text(&self.tmp()));
        // A compiler cache has a server. At its usual port a gate would find the one of a run.
        env.insert("SCCACHE_SERVER_UDS".into(), text(&self.tmp().join("sccache.sock")));
        env.insert("TERM".into(), "dumb".into());
        env
    }

    /// The sandbox: the system and the toolchains to read; the room, the caches and `work` to write.
    pub fn sandbox(&self, work: &Path) -> Sandbox {
        let named = TRUST.iter().chain(&["PIP_FIND_LINKS"]);
        let trust = named.filter_map(std::env::var_os).map(PathBuf::from).filter(|path| path.is_absolute());
        let base = trust.fold(Sandbox::base(), Sandbox::reading);
        let base = base.reading(self.pyenv_hooks());
        base.writing(self.home()).writing(self.tmp()).writing(&self.caches).writing(work)
    }
}

/// Whether an address, or one of several, names a user.
fn has_login(addresses: &str) -> bool {
    addresses.contains('@')
}

fn make(dir: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_private_and_names_what_it_allows() {
        let dir = tempfile::tempdir().unwrap();
        let room = Room::new(dir.path().join("r"), dir.path().join("c"));
        room.create().unwrap();
        let env = room.env(&Toolchains::default(), &[]);
        assert_eq!(env["HOME"], room.home().to_str().unwrap());
        assert!(env["CARGO_HOME"].starts_with(dir.path().to_str().unwrap()));
        assert!(env["SCCACHE_DIR"].ends_with("/c/sccache") && env["SCCACHE_SERVER_UDS"].contains("/r/tmp/"));
        assert!(!env.contains_key("IS_SANDBOX") && !env.contains_key("ANTHROPIC_API_KEY"));
        assert!(has_login("http://user:password@proxy:3128") && !has_login("http://proxy:3128"));
        let work = dir.path().join("work");
        let sandbox = room.sandbox(&work);
        assert!(sandbox.write.contains(&work) && !sandbox.read.contains(&dir.path().to_path_buf()));
    }
}
