//! Object databases that this thread has open. To open one lists its packs and maps their indices, and a landing asks the
//! same two of them some twenty questions.
//!
//! What was not there is looked for anew each time, so one that stays open misses nothing that comes later. It is kept by
//! its thread alone, for a moment, and for the directory that was opened, not for its name.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use gix_odb::store::init::{Options, Slots};

/// So many are kept open; a landing uses three.
const OPEN_MAX: usize = 4;

/// For so long they are: most of a landing's questions come within it, and what git has removed is given up after it.
const OPEN_FOR: Duration = Duration::from_secs(2);

/// So many packs it can know of, those of its alternates included. No repository of ours comes to a tenth of that.
const PACKS_MAX: u16 = 1_024;

/// What tells a directory from another one that takes its place later.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Identity {
    path: PathBuf,
    device: u64,
    inode: u64,
    made: Option<SystemTime>,
}

struct Opened {
    identity: Identity,
    hash: gix_hash::Kind,
    at: Instant,
    odb: gix_odb::Handle,
}

thread_local! {
    static OPENED: RefCell<Vec<Opened>> = const { RefCell::new(Vec::new()) };
}

/// The object database in the directory `objects`.
pub(crate) fn open(objects: &Path, hash: gix_hash::Kind) -> std::io::Result<gix_odb::Handle> {
    let identity = Identity::of(objects)?;
    let is_it = |one: &&Opened| one.identity == identity && one.hash == hash;
    let known = OPENED.with_borrow_mut(|opened| {
        opened.retain(|one| one.at.elapsed() < OPEN_FOR);
        opened.iter().find(is_it).map(|one| one.odb.clone())
    });
    if let Some(odb) = known {
        return Ok(odb);
    }
    let options = Options { slots: Slots::Given(PACKS_MAX), ..Options::default() };
    let odb = gix_odb::at_opts(objects, hash, None, options)?;
    OPENED.with_borrow_mut(|opened| {
        if opened.len() == OPEN_MAX {
            opened.remove(0);
        }
        opened.push(Opened { identity, hash, at: Instant::now(), odb: odb.clone() });
    });
    Ok(odb)
}

impl Identity {
    fn of(directory: &Path) -> std::io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        let found = std::fs::metadata(directory)?;
        Ok(Self {
            path: directory.to_owned(),
            device: found.dev(),
            inode: found.ino(),
            made: found.created().ok(),
        })
    }
}
