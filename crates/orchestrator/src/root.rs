//! One state directory for each root. Clones are called after repository, goal and attempt, so two
//! state directories that shared a root would remove each other's work.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use herder_workspace::ROOT_OWNER;

/// Takes a root for a state directory; gives the other state directory that has it, where one has.
/// The claim of one that is gone is void.
pub(crate) fn claim(root: &Path, state: &Path) -> io::Result<Option<PathBuf>> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(root)?;
    let state = state.canonicalize()?;
    let file = root.join(ROOT_OWNER);
    match owner(&file)? {
        Some(owner) if owner == state => Ok(None),
        Some(owner) if owner.is_dir() => Ok(Some(owner)),
        Some(_) | None => {
            let mut file =
                OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(file)?;
            file.write_all(state.as_os_str().as_bytes())?;
            Ok(None)
        }
    }
}

/// The state directory that a root belongs to, where one has taken it.
pub(crate) fn owner_of(root: &Path) -> Option<PathBuf> {
    owner(&root.join(ROOT_OWNER)).ok().flatten()
}

fn owner(file: &Path) -> io::Result<Option<PathBuf>> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(Some(PathBuf::from(std::ffi::OsStr::from_bytes(&bytes)))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_belongs_to_one_state_directory_as_long_as_that_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let (root, one, two) = (dir.path().join("root"), dir.path().join("one"), dir.path().join("two"));
        std::fs::create_dir(&one).unwrap();
        std::fs::create_dir(&two).unwrap();
        assert_eq!(claim(&root, &one).unwrap(), None);
        assert_eq!(claim(&root, &one).unwrap(), None);
        assert_eq!(claim(&root, &two).unwrap(), Some(one.canonicalize().unwrap()));
        std::fs::remove_dir(&one).unwrap();
        assert_eq!(claim(&root, &two).unwrap(), None);
    }
}
