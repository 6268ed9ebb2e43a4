//! Writing a backup: a tar archive, compressed, with a sum for each file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::manifest::{self, Manifest, Sum};

type Packed = GzEncoder<BufWriter<File>>;

/// A backup that is being written, under another name until it is whole.
pub(super) struct Archive {
    tar: tar::Builder<Packed>,
    sums: BTreeMap<String, Sum>,
    partial: Partial,
    file: PathBuf,
}

/// The unfinished file; it is removed unless it became the backup.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Archive {
    pub(super) fn create(file: &Path) -> io::Result<Self> {
        let mut name = file.as_os_str().to_owned();
        name.push(".partial");
        let partial = PathBuf::from(name);
        let out = File::options().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
        let packed = GzEncoder::new(BufWriter::new(out), Compression::fast());
        let mut tar = tar::Builder::new(packed);
        tar.follow_symlinks(false);
        Ok(Self { tar, sums: BTreeMap::new(), partial: Partial(partial), file: file.to_owned() })
    }

    /// Adds a file as it is now: one that grows meanwhile is taken up to its present end.
    pub(super) fn file(&mut self, name: &str, path: &Path) -> io::Result<()> {
        let file = fs_err::File::open(path)?;
        let bytes = file.metadata()?.len();
        let mut header = header(tar::EntryType::Regular, bytes);
        let mut summed = Summed { inner: file.take(bytes), hash: Sha256::new(), bytes: 0, of: bytes };
        self.tar.append_data(&mut header, name, &mut summed)?;
        self.sums.insert(name.to_owned(), summed.sum());
        Ok(())
    }

    /// Adds a file that may be missing, or vanish at this moment.
    pub(super) fn optional(&mut self, name: &str, path: &Path) -> io::Result<()> {
        match path.symlink_metadata() {
            Ok(found) if found.is_file() => match self.file(name, path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                done => done,
            },
            // Links, sockets and the like are nothing that herder made to be kept.
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Adds a directory with what lies in it, as far as it is wanted; `is_wanted` is asked with the path below
    /// the directory. The last name comes first: of a git directory that is written meanwhile, refs are read
    /// before the objects that they name.
    pub(super) fn tree(
        &mut self,
        name: &str,
        root: &Path,
        is_wanted: &dyn Fn(&Path) -> bool,
    ) -> io::Result<()> {
        let mut waiting = vec![PathBuf::new()];
        while let Some(below) = waiting.pop() {
            let mut names = match names(&root.join(&below)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                names => names?,
            };
            names.sort_unstable();
            let mut inner = Vec::new();
            for entry in names.iter().rev() {
                let path = below.join(entry);
                if !is_wanted(&path) {
                    continue;
                }
                let Some(in_archive) = Path::new(name).join(&path).to_str().map(str::to_owned) else {
                    continue;
                };
                let place = root.join(&path);
                if place.symlink_metadata().is_ok_and(|found| found.is_dir()) {
                    let mut header = header(tar::EntryType::Directory, 0);
                    self.tar.append_data(&mut header, &in_archive, io::empty())?;
                    inner.push(path);
                } else {
                    self.optional(&in_archive, &place)?;
                }
            }
            // A stack gives back what was put on it last.
            waiting.extend(inner.into_iter().rev());
        }
        Ok(())
    }

    /// Ends the backup; gives its number of files, their bytes, and its own.
    pub(super) fn finish(self, manifest: Manifest) -> io::Result<(usize, u64, u64)> {
        let Self { mut tar, sums, partial, file } = self;
        let totals = (sums.len(), sums.values().map(|sum| sum.bytes).sum());
        let text = serde_json::to_vec_pretty(&Manifest { files: sums, ..manifest })?;
        let mut header = header(tar::EntryType::Regular, text.len() as u64);
        tar.append_data(&mut header, manifest::NAME, text.as_slice())?;
        let mut out = tar.into_inner()?.finish()?;
        out.flush()?;
        let out = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        out.sync_all()?;
        let packed = out.metadata()?.len();
        fs_err::rename(&partial.0, &file)?;
        Ok((totals.0, totals.1, packed))
    }
}

fn header(kind: tar::EntryType, bytes: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(bytes);
    header.set_mode(if kind == tar::EntryType::Directory { 0o700 } else { 0o600 });
    header
}

fn names(directory: &Path) -> io::Result<Vec<PathBuf>> {
    fs_err::read_dir(directory)?.map(|entry| Ok(PathBuf::from(entry?.file_name()))).collect()
}

/// A reader that sums up what goes through it. A file that became shorter meanwhile is filled up with zeros:
/// the archive has promised its size already.
struct Summed<R> {
    inner: R,
    hash: Sha256,
    bytes: u64,
    of: u64,
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = self.inner.read(buffer)?;
        if count == 0 && self.bytes < self.of {
            count = buffer.len().min(usize::try_from(self.of - self.bytes).unwrap_or(usize::MAX));
            buffer[..count].fill(0);
        }
        self.hash.update(&buffer[..count]);
        self.bytes += count as u64;
        Ok(count)
    }
}

impl<R> Summed<R> {
    fn sum(self) -> Sum {
        Sum { bytes: self.bytes, sha256: hex(self.hash.finalize().as_slice()) }
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
