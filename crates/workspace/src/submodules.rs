//! Submodules: the commits that a tree names in other repositories, as plain files.
//!
//! `git submodule` is never called: what `.gitmodules` says comes with the tree and may be anything. Only
//! paths and addresses are read from it; the files of each pinned commit are taken from a mirror of ours and
//! written into the directory that git leaves empty. There is no repository in it, and no index knows of the
//! files: what is changed in them is no work. Submodules of submodules stay empty.

use crate::bare::Bare;
use crate::cached::{Cached, Hold, hold};
use crate::error::{Result, WorkspaceError};
use crate::git::{UserEnvironment, checked_url};
use crate::id::CommitId;
use crate::mirror::Mirror;
use crate::place::{make_parents, safe_name};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The file in a mirror that its users hold.
const USED: &str = "herder.used";

/// The file that names them.
const NAMES: &str = ".gitmodules";

/// What is refused where its address is.
const ADDRESS: &str = "the address of a submodule";

/// The mode of a commit of another repository in a tree.
const GITLINK: u32 = 0o160_000;

/// One submodule of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submodule {
    /// Its directory, from the top of the repository.
    pub path: PathBuf,
    /// The address of its repository.
    pub url: String,
    /// The commit that is pinned.
    pub commit: CommitId,
}

impl Bare {
    /// The submodules of a commit. Addresses that begin with `./` or `../` are taken from `url`, the
    /// repository's own. One whose address is not https, ssh or, where `url` is a path or a `file:` address
    /// itself, a path or `file:`, is refused.
    ///
    /// # Errors
    /// An address is refused, a path leads out of the tree, or git cannot read what names them.
    pub fn submodules(&self, commit: &CommitId, url: &str) -> Result<Vec<Submodule>> {
        let mut found = Vec::new();
        if !self.entry(commit, NAMES)?.is_some_and(|entry| entry.is_file()) {
            return Ok(found);
        }
        let blob = format!("{commit}:{NAMES}");
        let listed = self.git("config").args(["--blob", &blob, "--no-includes", "--list", "-z"]).answer()?;
        for (path, address) in named(&String::from_utf8_lossy(&listed)) {
            let Some(entry) = self.entry(commit, &path)?.filter(|entry| entry.mode == GITLINK) else {
                continue;
            };
            let url = address_of(&address, url, ADDRESS)?;
            found.push(Submodule { path: path.into(), url, commit: CommitId::parse(&entry.object)? });
        }
        Ok(found)
    }
}

/// Paths and addresses of the settings `submodule.NAME.path` and `.url`.
fn named(listed: &str) -> Vec<(String, String)> {
    let mut all: BTreeMap<&str, [Option<&str>; 2]> = BTreeMap::new();
    for record in listed.split('\0') {
        let Some((key, value)) = record.split_once('\n') else { continue };
        let Some((name, what)) = key.strip_prefix("submodule.").and_then(|key| key.rsplit_once('.')) else {
            continue;
        };
        match what {
            "path" => all.entry(name).or_default()[0] = Some(value),
            "url" => all.entry(name).or_default()[1] = Some(value),
            _ => {}
        }
    }
    all.into_values().filter_map(|[path, url]| Some((path?.to_owned(), url?.to_owned()))).collect()
}

/// The address that one like a submodule's means in a repository at `base` (gitmodules(5)); `what` it is of.
pub(crate) fn address_of(address: &str, base: &str, what: &'static str) -> Result<String> {
    let is_relative = address.starts_with("./") || address.starts_with("../");
    let url = if is_relative { neighbour(address, base, what)? } else { address.to_owned() };
    let is_local = |url: &str| url.starts_with('/') || url.starts_with("file://");
    let is_remote = url.starts_with("https://") || url.starts_with("ssh://") || is_scp(&url);
    let is_allowed = is_remote || is_local(&url) && is_local(base);
    if !is_allowed {
        return Err(refused(address, what));
    }
    checked_url(&url).map(ToOwned::to_owned)
}

/// What an address that begins with `./` or `../` means beside `base`.
fn neighbour(address: &str, base: &str, what: &'static str) -> Result<String> {
    let (mut url, mut rest) = (base.trim_end_matches('/').to_owned(), address);
    loop {
        if let Some(further) = rest.strip_prefix("../") {
            let parent = url.rfind(['/', ':']).filter(|at| *at > 0);
            url.truncate(parent.ok_or_else(|| refused(address, what))?);
            rest = further;
        } else if let Some(further) = rest.strip_prefix("./") {
            rest = further;
        } else {
            return Ok(format!("{url}/{rest}"));
        }
    }
}

/// Whether an address is of the form `user@host:path`, which is ssh. `ext::...` and the like are not.
fn is_scp(url: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let Some((host, path)) = url.split_once(':') else { return false };
    let Some((user, host)) = host.split_once('@') else { return false };
    let are_words = [user, host].iter().all(|part| part.starts_with(char::is_alphanumeric));
    are_words && user.chars().chain(host.chars()).all(is_word) && !path.starts_with(':')
}

fn refused(address: &str, what: &'static str) -> WorkspaceError {
    WorkspaceError::BadName { text: address.to_owned(), what }
}

/// Writes the files of submodules into `tree`, where nobody works, from mirrors in `mirrors`, which are made
/// and fetched as needed.
///
/// # Errors
/// A repository cannot be reached or lacks the pinned commit, a directory is not empty, or the disk refuses.
pub fn fill_submodules(
    submodules: &[Submodule],
    tree: &Path,
    mirrors: &Path,
    user: &UserEnvironment,
) -> Result<()> {
    for submodule in submodules {
        let (mirror, _used) = mirror_of(submodule, mirrors, user)?;
        if !mirror.bare().contains(&submodule.commit)? {
            mirror.fetch(user)?;
        }
        let dest = tree.join(&submodule.path);
        make_parents(tree, &dest)?;
        if dest.is_symlink() {
            return Err(WorkspaceError::NotPlainDirectory { path: dest });
        }
        mirror.bare().checkout(&submodule.commit, &dest)?;
    }
    Ok(())
}

/// The mirror of a submodule, kept from being cleared away for as long as the lock lives.
fn mirror_of(submodule: &Submodule, mirrors: &Path, user: &UserEnvironment) -> Result<(Mirror, File)> {
    let path = mirrors.join(format!("{}.git", safe_name(&submodule.url)));
    loop {
        let mirror = Mirror::open_or_create(&path, &submodule.url, user)?;
        match hold(&path.join(USED), Hold::Shared) {
            Ok(used) => return Ok((mirror, used)),
            // It went in between.
            Err(_) if !path.is_dir() => {}
            Err(error) => return Err(error),
        }
    }
}

/// The mirrors of submodules in `mirrors`.
///
/// # Errors
/// The directory cannot be read.
pub fn submodule_mirrors(mirrors: &Path) -> Result<Vec<Cached>> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(mirrors)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "git") {
            found.push(Cached { name: path.display().to_string(), lock: path.join(USED), paths: vec![path] });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_addresses_are_those_of_neighbours() {
        for (address, base, expected) in [
            ("../lib.git", "https://example.org/acme/app.git", "https://example.org/acme/lib.git"),
            ("../../other/lib", "https://example.org/acme/app", "https://example.org/other/lib"),
            ("./sub", "/srv/app.git", "/srv/app.git/sub"),
            ("../lib", "git@example.org:acme/app", "git@example.org:acme/lib"),
            ("https://example.org/x", "/srv/app", "https://example.org/x"),
            ("/srv/lib", "/srv/app", "/srv/lib"),
        ] {
            assert_eq!(address_of(address, base, ADDRESS).unwrap(), expected);
        }
    }

    #[test]
    fn addresses_that_run_programs_or_reach_into_this_machine_are_refused() {
        let base = "https://example.org/acme/app";
        for address in [
            "ext::sh -c touch% x",
            "fd::3",
            "-oProxyCommand=x",
            "/etc",
            "file:///etc",
            "git://example.org/x",
            "http://example.org/x",
            "../../../../../..",
            "a@b::c",
            "-u@host:x",
            "",
        ] {
            assert!(address_of(address, base, ADDRESS).is_err(), "{address}");
        }
    }
}
