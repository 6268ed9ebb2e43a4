//! Files that a person keeps beside the repository, such as `.env.test`: copied into clones and checkouts.
//!
//! The repository names them, the user's configuration says where they come from, and no snapshot takes
//! them.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use herder_config::EnvironmentSettings;
use herder_workspace::{Bare, CommitId, make_parents};

use crate::act::ActError;

/// The largest file that is copied, in bytes: these are settings, not data.
const MAX: u64 = 16 << 20;

/// The files and where each comes from.
pub(crate) fn sources(settings: &EnvironmentSettings) -> Result<Vec<(PathBuf, PathBuf)>, ActError> {
    let Some(from) = &settings.files_from else {
        return match settings.files.first() {
            Some(file) => Err(ActError::Environment(format!(
                "the repository asks for the file {file}; say where it is: `[repo.\"owner/name\"]` \
                 `files_from = \"DIRECTORY\"` in config.toml"
            ))),
            None => Ok(Vec::new()),
        };
    };
    Ok(settings.files.iter().map(|file| (PathBuf::from(file), from.join(file))).collect())
}

/// Copies them into `tree`, the files of `commit`, which is none that an agent works in now.
pub(super) fn copy(
    sources: &[(PathBuf, PathBuf)],
    tree: &Path,
    (bare, commit): (&Bare, &CommitId),
) -> Result<(), ActError> {
    for (name, source) in sources {
        if bare.has_path(commit, &name.to_string_lossy())? {
            return Err(ActError::Environment(format!(
                "the repository has a file {} of its own; take it out of `setup.files`",
                name.display()
            )));
        }
        let bytes = read(source).map_err(|error| {
            ActError::Environment(format!("{} cannot be copied: {error}", source.display()))
        })?;
        let target = tree.join(name);
        make_parents(tree, &target)?;
        match fs_err::remove_file(&target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&target)?;
        file.write_all(&bytes)?;
    }
    Ok(())
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX {
        return Err(io::Error::other(format!("it has more than {MAX} bytes")));
    }
    Ok(bytes)
}
