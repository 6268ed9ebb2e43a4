//! Object databases that this thread has open. To open one lists its packs and maps their indices, and a landing asks the
//! same two of them some twenty questions.
//!
//! What was not there is looked for anew each time, so one that stays open misses nothing that comes later. It is kept by
//! its thread alone, which here belongs to one effect, and for the directory that was opened, not for its name.

use std::cell::RefCell;
use std::path::Path;
use std::time::SystemTime;

/// So many are kept open; a landing uses three.
const OPEN_MAX: usize = 4;

/// What tells a directory from another one that takes its place later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    made: Option<SystemTime>,
}

struct Opened {
    identity: Identity,
    hash: gix_hash::Kind,
    odb: gix_odb::Handle,
}

thread_local! {
    static OPENED: RefCell<Vec<Opened>> = const { RefCell::new(Vec::new()) };
}

/// The object database in the directory `objects`.
pub(crate) fn open(objects: &Path, hash: gix_hash::Kind) -> std::io::Result<gix_odb::Handle> {
    let identity = Identity::of(objects)?;
    let is_it = |one: &&Opened| one.identity == identity && one.hash == hash;
    let known = OPENED.with_borrow(|opened| opened.iter().find(is_it).map(|one| one.odb.clone()));
    if let Some(odb) = known {
        return Ok(odb);
    }
    let odb = gix_odb::at(objects, hash)?;
    OPENED.with_borrow_mut(|opened| {
        if opened.len() == OPEN_MAX {
            opened.remove(0);
        }
        opened.push(Opened { identity, hash, odb: odb.clone() });
    });
    Ok(odb)
}

impl Identity {
    fn of(directory: &Path) -> std::io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        let found = std::fs::metadata(directory)?;
        Ok(Self { device: found.dev(), inode: found.ino(), made: found.created().ok() })
    }
}
