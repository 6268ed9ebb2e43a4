//! Commits written in this process, as the loose objects that git would write (gitformat-commit as
//! git-commit-tree(1) makes it).

use crate::bare::Bare;
use crate::error::{Result, WorkspaceError};
use crate::id::{CommitId, Identity, Signature};
use crate::packing::Durability;
use flate2::{Compression, write::ZlibEncoder};
use sha2::Digest;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

/// Makes a commit object. One that is there already is written again: what prunes objects goes by age.
pub(crate) fn commit(
    bare: &Bare,
    tree: &CommitId,
    parent: Option<&CommitId>,
    message: &str,
    signature: &Signature,
) -> Result<CommitId> {
    let parent = parent.map(|parent| format!("parent {parent}\n")).unwrap_or_default();
    let (who, at) = (person(&signature.who)?, signature.at.as_second());
    // Git takes no NUL in a message.
    let message = message.replace('\0', "\u{fffd}");
    let text =
        format!("tree {tree}\n{parent}author {who} {at} +0000\ncommitter {who} {at} +0000\n\n{message}");
    let object = object("commit", text.as_bytes());
    let id = name_of(&object, tree.object_format())?;
    write_loose(bare, id.as_str(), &object, Durability::Synced)?;
    Ok(id)
}

/// An object as it is named and packed: its kind, its length, its content.
pub(crate) fn object(kind: &str, content: &[u8]) -> Vec<u8> {
    [format!("{kind} {}\0", content.len()).as_bytes(), content].concat()
}

/// The name of an [`object`] where names are of `format` (`sha1`, `sha256`).
pub(crate) fn name_of(object: &[u8], format: &str) -> Result<CommitId> {
    CommitId::parse(&match format {
        "sha256" => hex(&sha2::Sha256::digest(object)),
        _ => hex(&sha1::Sha1::digest(object)),
    })
}

/// Writes an object beside its place, under a name that `git prune` takes for one of git's own, and renames it. One that a
/// ref may name is to be synced: the ref may outlive a power cut.
pub(crate) fn write_loose(bare: &Bare, id: &str, object: &[u8], durability: Durability) -> Result<()> {
    let (directory, name) = id.split_at(2);
    let directory = bare.path().join("objects").join(directory);
    let mut beside = tempfile::Builder::new();
    beside.prefix("tmp_obj_").permissions(std::fs::Permissions::from_mode(0o444));
    let begin = || fs_err::create_dir_all(&directory).and_then(|()| beside.tempfile_in(&directory));
    let file = match begin() {
        // git removes a directory whose last object it has packed, in between.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => begin()?,
        begun => begun?,
    };
    let mut packed = ZlibEncoder::new(file, Compression::fast());
    packed.write_all(object)?;
    let written = packed.finish()?;
    match durability {
        Durability::Synced => written.as_file().sync_data()?,
        Durability::Lazy => {}
    }
    written.persist(directory.join(name)).map_err(|error| error.error)?;
    Ok(())
}

/// `name <address>`, without what git leaves out of either (git's ident.c).
fn person(who: &Identity) -> Result<String> {
    let (name, email) = (plain(&who.name), plain(&who.email));
    if name.is_empty() {
        return Err(WorkspaceError::BadName { text: who.name.clone(), what: "an author's name" });
    }
    Ok(format!("{name} <{email}>"))
}

fn plain(text: &str) -> String {
    let is_crud = |c: char| c <= ' ' || ",:;<>\"\\'".contains(c);
    text.trim_matches(is_crud).chars().filter(|c| !matches!(c, '\n' | '<' | '>' | '\0')).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(format: &str) -> (tempfile::TempDir, Bare, CommitId) {
        let dir = tempfile::tempdir().unwrap();
        let bare = Bare::create(&dir.path().join("a.git"), format).unwrap();
        let tree = bare.git("mktree").object().unwrap();
        (dir, bare, tree)
    }

    fn by_git(
        bare: &Bare,
        tree: &CommitId,
        parent: Option<&CommitId>,
        message: &str,
        who: &Identity,
    ) -> CommitId {
        let mut git = bare.git("commit-tree");
        for role in ["AUTHOR", "COMMITTER"] {
            git = git.variable(&format!("GIT_{role}_NAME"), &who.name);
            git = git.variable(&format!("GIT_{role}_EMAIL"), &who.email);
            git = git.variable(&format!("GIT_{role}_DATE"), "@1750000000 +0000");
        }
        let parents = parent.into_iter().flat_map(|parent| ["-p", parent.as_str()]);
        git.arg(tree.as_str()).args(parents).args(["-F", "-"]).stdin(message).object().unwrap()
    }

    #[test]
    fn a_commit_is_the_one_that_git_would_make() {
        let at = jiff::Timestamp::from_second(1_750_000_000).unwrap();
        for format in ["sha1", "sha256"] {
            let (_dir, bare, tree) = repository(format);
            let mut parent = None;
            for (name, email, message) in [
                ("Ada", "ada@example.org", "A message\n\nwith a body\n"),
                (" Ada Lovelace, ", "<ada@example.org>", "no end of line"),
                ("\"Ada\" <x>\ny", "", "\n\n"),
                ("Grace 'Amazing' H\u{f6}pper", " g@h ", "\u{e4}\u{20ac}\r\n"),
                ("a;b:c", "a\\b", " "),
            ] {
                let who = Identity { name: name.into(), email: email.into() };
                let signature = Signature { who: who.clone(), at };
                let ours = commit(&bare, &tree, parent.as_ref(), message, &signature).unwrap();
                assert_eq!(
                    ours,
                    by_git(&bare, &tree, parent.as_ref(), message, &who),
                    "{name:?} {message:?}"
                );
                parent = Some(ours);
            }
            bare.git("fsck").args(["--strict", "--no-dangling"]).done().unwrap();
        }
    }

    #[test]
    fn git_reads_what_was_written_and_a_name_of_nothing_is_refused() {
        let (_dir, bare, tree) = repository("sha1");
        let who = |name: &str| Identity { name: name.into(), email: "a@b".into() };
        let signature = |name: &str| Signature { who: who(name), at: jiff::Timestamp::UNIX_EPOCH };
        let made = commit(&bare, &tree, None, "nul \0 here", &signature("Ada")).unwrap();
        let text = bare.git("cat-file").args(["commit", made.as_str()]).answer().unwrap();
        assert!(String::from_utf8(text).unwrap().ends_with("\n\nnul \u{fffd} here"));
        assert!(commit(&bare, &tree, None, "x", &signature(" <,> ")).is_err());
    }
}
