//! The part of a sandbox that every job shares: the system, the devices, the toolchains.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::cgroup::subdirectories;
use crate::sandbox::Sandbox;

/// What the system itself consists of.
const SYSTEM: [&str; 13] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/opt",
    "/proc",
    "/sys",
    "/nix/store",
    "/dev/urandom",
];
const DEVICES: [&str; 6] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/ptmx", "/dev/shm"];

/// Toolchain managers: the variable that names their home, and where it is in the user's home
/// without that variable. A private HOME hides the latter from them, so jobs are given the former.
const MANAGERS: [(&str, &str); 9] = [
    ("RUSTUP_HOME", ".rustup"),
    ("PYENV_ROOT", ".pyenv"),
    ("NVM_DIR", ".nvm"),
    ("FNM_DIR", ".local/share/fnm"),
    ("VOLTA_HOME", ".volta"),
    ("SDKMAN_DIR", ".sdkman"),
    ("RBENV_ROOT", ".rbenv"),
    ("ASDF_DATA_DIR", ".asdf"),
    ("MISE_DATA_DIR", ".local/share/mise"),
];
/// Further variables that name a toolchain.
const NAMED: [&str; 3] = ["GOROOT", "JAVA_HOME", "DOTNET_ROOT"];
/// Directories of programs in the user's home.
const PROGRAMS: [&str; 4] = [".cargo/bin", ".bun/bin", ".deno/bin", ".local/bin"];
/// Programs whose installation is readable wherever on the PATH they are.
const TOOLS: [&str; 14] = [
    "git", "node", "npm", "python3", "cargo", "rustc", "go", "java", "ruby", "cc", "make", "cmake", "bash",
    "sh",
];

/// The toolchains of a user: what of them may be read, and the variables by which they are found
/// although a job has another HOME.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toolchains {
    /// Directories to read.
    pub read: Vec<PathBuf>,
    /// Variables for a job's environment, such as `RUSTUP_HOME`.
    pub env: BTreeMap<String, String>,
}

impl Toolchains {
    /// The toolchains that this process's environment names and that exist.
    pub fn detect() -> Self {
        Self::in_environment(|name| std::env::var(name).ok())
    }

    /// The toolchains that an environment names and that exist. Never the home directory as a
    /// whole, nor anything above it.
    pub fn in_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let home = variable("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
        let mut found = Self::default();
        for (name, default) in MANAGERS {
            let named = variable(name).map(PathBuf::from);
            if let Some(path) = named.or_else(|| Some(home.as_ref()?.join(default))) {
                found.add_named(name, path, home.as_deref());
            }
        }
        for name in NAMED {
            if let Some(path) = variable(name) {
                found.add_named(name, PathBuf::from(path), home.as_deref());
            }
        }
        if let Some(home) = &home {
            PROGRAMS.iter().for_each(|path| found.add(home.join(path), Some(home)));
        }
        for directory in std::env::split_paths(&variable("PATH").unwrap_or_default()) {
            TOOLS.iter().for_each(|tool| found.add_installation(&directory.join(tool), home.as_deref()));
            found.add(directory, home.as_deref());
        }
        found
    }

    fn add_named(&mut self, name: &str, path: PathBuf, home: Option<&Path>) {
        if !path.is_dir() || is_above(&path, home) {
            return;
        }
        self.env.extend(path.to_str().map(|text| (name.to_owned(), text.to_owned())));
        self.add(path, home);
    }

    fn add(&mut self, path: PathBuf, home: Option<&Path>) {
        if path.is_absolute() && path.is_dir() && !is_above(&path, home) && !self.read.contains(&path) {
            self.read.push(path);
        }
    }

    /// Where a program really lies: `X/bin/node` belongs to an installation in `X`.
    fn add_installation(&mut self, program: &Path, home: Option<&Path>) {
        let Ok(real) = program.canonicalize() else { return };
        let Some(directory) = real.parent() else { return };
        let prefix = directory.parent().filter(|_| directory.ends_with("bin"));
        let is_narrow =
            |prefix: &&Path| !is_above(prefix, home) && !is_shared(prefix, home) && !is_everybodys(prefix);
        self.add(prefix.filter(is_narrow).unwrap_or(directory).to_owned(), home);
    }
}

/// Whether a path is the root, the home or something above it; also by its real name.
fn is_above(path: &Path, home: Option<&Path>) -> bool {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let is = |home: &Path| home.starts_with(path) || home.starts_with(&real);
    real == Path::new("/")
        || home.is_some_and(|home| is(home) || home.canonicalize().is_ok_and(|home| is(&home)))
}

/// Whether a prefix in the home holds more than one installation, such as `~/.local` and `~/.cargo`,
/// where credentials lie beside programs.
fn is_shared(prefix: &Path, home: Option<&Path>) -> bool {
    home.is_some_and(|home| {
        let real = home.canonicalize().unwrap_or_else(|_| home.to_owned());
        prefix.parent() == Some(home) || prefix.parent() == Some(&real)
    })
}

/// Whether all users put their files there, as in `/tmp`: a `/tmp/bin` on the PATH makes no installation of it.
fn is_everybodys(prefix: &Path) -> bool {
    const STICKY_AND_OPEN: u32 = 0o1002;
    std::fs::metadata(prefix).is_ok_and(|found| found.mode() & STICKY_AND_OPEN == STICKY_AND_OPEN)
}

impl Sandbox {
    /// The system, its devices and the user's toolchains; the user's home is in it only as far as
    /// it holds toolchains.
    pub fn base() -> Self {
        Self::base_without(&[])
    }

    /// As [`Sandbox::base`], for a system in which `hidden` directories (the state directory, for
    /// example) lie in a place that is readable otherwise. The home is always hidden.
    pub fn base_without(hidden: &[PathBuf]) -> Self {
        let home = std::env::home_dir().filter(|home| home.is_absolute());
        let hidden: Vec<PathBuf> = hidden.iter().cloned().chain(home).map(real).collect();
        let resolver = Path::new("/etc/resolv.conf").canonicalize().ok();
        let system = SYSTEM.iter().map(PathBuf::from).chain(["/dev/random".into()]).chain(resolver);
        let mut read: Vec<PathBuf> = system.flat_map(|path| without(path, &hidden)).collect();
        read.extend(Toolchains::detect().read);
        Self { read, write: DEVICES.iter().map(PathBuf::from).collect() }
    }
}

fn real(path: PathBuf) -> PathBuf {
    path.canonicalize().unwrap_or(path)
}

/// A directory, or what is in it beside the hidden ones: an allow-list has no exceptions.
fn without(path: PathBuf, hidden: &[PathBuf]) -> Vec<PathBuf> {
    if hidden.iter().any(|hidden| path.starts_with(hidden)) {
        return Vec::new();
    }
    if !hidden.iter().any(|hidden| hidden.starts_with(&path)) {
        return vec![path];
    }
    subdirectories(&path).into_iter().flat_map(|child| without(child, hidden)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(home: &Path, more: &[(&str, String)]) -> Toolchains {
        Toolchains::in_environment(|name| match name {
            "HOME" => home.to_str().map(str::to_owned),
            other => more.iter().find(|(name, _)| *name == other).map(|(_, value)| value.clone()),
        })
    }

    fn home_with(directories: &[&str]) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        for directory in directories {
            fs_err::create_dir_all(home.path().join(directory)).unwrap();
        }
        home
    }

    #[test]
    fn a_toolchain_in_the_home_is_read_and_named() {
        let home = home_with(&[".rustup", ".cargo/bin", ".ssh"]);
        let found = detect(home.path(), &[]);
        assert_eq!(found.read, [home.path().join(".rustup"), home.path().join(".cargo/bin")]);
        assert_eq!(found.env["RUSTUP_HOME"], home.path().join(".rustup").to_str().unwrap());
    }

    #[test]
    fn neither_the_home_nor_what_is_above_it_is_ever_read() {
        let home = home_with(&["inner"]);
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let above = text(home.path().parent().unwrap());
        let path = format!("{}:/:{above}", text(home.path()));
        let found =
            detect(home.path(), &[("PATH", path), ("RUSTUP_HOME", text(home.path())), ("NVM_DIR", above)]);
        assert_eq!(found, Toolchains::default());
    }

    #[test]
    fn an_installation_is_read_whole_but_not_a_directory_shared_with_credentials() {
        let home = home_with(&["node-22/bin", "x/node-24/bin", ".shared/bin"]);
        for directory in ["x/node-24/bin", ".shared/bin"] {
            fs_err::write(home.path().join(directory).join("node"), "").unwrap();
        }
        let path = |directory: &str| home.path().join(directory).to_str().unwrap().to_owned();
        let found =
            detect(home.path(), &[("PATH", format!("{}:{}", path("x/node-24/bin"), path(".shared/bin")))]);
        assert!(found.read.contains(&home.path().canonicalize().unwrap().join("x/node-24")));
        assert!(!found.read.contains(&home.path().join(".shared")));
        assert!(found.read.contains(&home.path().join(".shared/bin")));
    }

    #[test]
    fn a_directory_of_everybodys_files_is_no_installation() {
        let home = home_with(&["x/all/bin"]);
        let all = home.path().canonicalize().unwrap().join("x/all");
        fs_err::write(all.join("bin/node"), "").unwrap();
        fs_err::set_permissions(&all, std::os::unix::fs::PermissionsExt::from_mode(0o1777)).unwrap();
        let found = detect(home.path(), &[("PATH", all.join("bin").to_str().unwrap().to_owned())]);
        assert_eq!(found.read, [all.join("bin")]);
    }

    #[test]
    fn a_directory_with_something_hidden_in_it_becomes_its_other_children() {
        let root = home_with(&["a/b", "a/secret/x", "c"]);
        let hidden = [root.path().join("a/secret")];
        let mut left = without(root.path().to_owned(), &hidden);
        left.sort();
        assert_eq!(left, [root.path().join("a/b"), root.path().join("c")]);
        assert_eq!(without(root.path().join("a/secret/x"), &hidden), Vec::<PathBuf>::new());
    }
}
