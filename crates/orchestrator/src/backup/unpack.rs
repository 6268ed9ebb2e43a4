//! Reading a backup: everything into an empty directory, each file compared with its sum.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};

use super::archive::hex;
use super::manifest::{self, FORMAT, Manifest, Sum};
use super::restore::RestoreError;

/// The longest manifest that is read, in bytes: a million files.
const MANIFEST_MAX: u64 = 256 << 20;

/// Unpacks a backup into a directory, or says what is wrong with it.
pub(super) fn unpack(file: &Path, into: &Path) -> Result<Manifest, RestoreError> {
    let input = fs_err::File::open(file)?;
    let mut tar = tar::Archive::new(GzDecoder::new(BufReader::new(input)));
    let (mut sums, mut manifest) = (BTreeMap::new(), None);
    for entry in tar.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let name = safe_name(&entry.path().map_err(damaged)?)?;
        let kind = entry.header().entry_type();
        if kind.is_dir() {
            make_dir(&into.join(&name))?;
        } else if kind.is_file() && name == manifest::NAME {
            let mut text = Vec::new();
            entry.by_ref().take(MANIFEST_MAX).read_to_end(&mut text).map_err(damaged)?;
            manifest = Some(read_manifest(&text)?);
        } else if kind.is_file() {
            let sum = write(&mut entry, &into.join(&name))?;
            sums.insert(name, sum);
        } else {
            return Err(RestoreError::Damaged(format!("{name:?} is neither file nor directory")));
        }
    }
    let manifest = manifest.ok_or_else(|| RestoreError::Damaged("its manifest is missing".to_owned()))?;
    compare(&manifest, &sums)?;
    Ok(manifest)
}

fn damaged(error: io::Error) -> RestoreError {
    RestoreError::Damaged(error.to_string())
}

/// A name that stays below the directory it is unpacked into.
fn safe_name(path: &Path) -> Result<String, RestoreError> {
    let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    let name = path.to_str().filter(|name| is_plain && !name.is_empty());
    name.map(str::to_owned).ok_or_else(|| RestoreError::Damaged(format!("it holds the path {path:?}")))
}

fn read_manifest(text: &[u8]) -> Result<Manifest, RestoreError> {
    /// What every manifest has, whatever its format.
    #[derive(serde::Deserialize)]
    struct Head {
        format: u32,
        herder: String,
    }
    let broken = |error: serde_json::Error| RestoreError::Damaged(format!("its manifest: {error}"));
    let Head { format, herder } = serde_json::from_slice(text).map_err(broken)?;
    if format > FORMAT {
        return Err(RestoreError::Newer { herder });
    }
    serde_json::from_slice(text).map_err(broken)
}

fn make_dir(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn write(input: &mut impl Read, path: &PathBuf) -> Result<Sum, RestoreError> {
    make_dir(path.parent().unwrap_or(path))?;
    let mut out = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; 256 << 10];
    loop {
        let count = input.read(&mut buffer).map_err(damaged)?;
        if count == 0 {
            out.sync_all()?;
            return Ok(Sum { bytes, sha256: hex(hash.finalize().as_slice()) });
        }
        hash.update(&buffer[..count]);
        bytes += count as u64;
        out.write_all(&buffer[..count])?;
    }
}

fn compare(manifest: &Manifest, found: &BTreeMap<String, Sum>) -> Result<(), RestoreError> {
    let differs = |name: &&String| manifest.files.get(*name) != found.get(*name);
    match manifest.files.keys().chain(found.keys()).find(differs) {
        Some(name) => Err(RestoreError::Damaged(format!("{name:?} is not as the manifest has it"))),
        None => Ok(()),
    }
}
