//! The file system below a directory: whether it is one that herder can rely on, and how much room it has.

use std::path::{Path, PathBuf};

use herder_domain::finding::Finding;
use herder_domain::measure::{DiskRoom, Measured};
use rustix::fs::{StatVfs, statfs, statvfs};

const GIB: u64 = 1 << 30;

/// Less than this is an error: a run's files alone may need it.
const BYTES_NEEDED: u64 = GIB / 4;

/// Less than this is told: one large clone needs it.
const BYTES_WANTED: u64 = 5 * GIB;

/// Less than this is an error, where a file system counts its inodes at all.
const INODES_NEEDED: u64 = 1_000;

/// Less than this is told: one large clone needs it.
const INODES_WANTED: u64 = 100_000;

/// How far a kind of file system can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reliance {
    /// Locks, renames and fsync mean what they say.
    Full,
    /// All of it is gone after a restart.
    UntilRestart,
    /// Its locks and its shared memory are those of other machines, or of nobody.
    None,
}

/// Kinds by their magic number (statfs(2), linux/magic.h).
const KINDS: [(u64, &str, Reliance); 18] = [
    (0xEF53, "ext4", Reliance::Full),
    (0x5846_5342, "xfs", Reliance::Full),
    (0x9123_683E, "btrfs", Reliance::Full),
    (0x2FC1_2FC1, "zfs", Reliance::Full),
    (0xF2F5_2010, "f2fs", Reliance::Full),
    (0xCA45_1A4E, "bcachefs", Reliance::Full),
    (0x794C_7630, "overlayfs", Reliance::Full),
    (0x0102_1994, "tmpfs", Reliance::UntilRestart),
    (0x8584_58F6, "ramfs", Reliance::UntilRestart),
    (0x6969, "nfs", Reliance::None),
    (0x517B, "smb", Reliance::None),
    (0xFF53_4D42, "cifs", Reliance::None),
    (0xFE53_4D42, "smb2", Reliance::None),
    (0x0102_1997, "9p", Reliance::None),
    (0x00C3_6400, "ceph", Reliance::None),
    (0x0BD0_0BD0, "lustre", Reliance::None),
    (0x5346_414F, "afs", Reliance::None),
    (0x4750_4653, "gpfs", Reliance::None),
];

/// Looks at the file system of a directory, or of the nearest one above it that is there.
pub fn check_disk(subject: &str, directory: &Path) -> Vec<Finding> {
    let Some(place) = existing(directory) else {
        return vec![Finding::error(subject, format!("there is no {}", directory.display()), "make it")];
    };
    let (kind, space) = match (statfs(&place), statvfs(&place)) {
        (Ok(kind), Ok(space)) => (kind, space),
        (Err(error), _) | (_, Err(error)) => {
            let detail = format!("the file system of {} cannot be looked at: {error}", place.display());
            return vec![Finding::warning(subject, detail, "")];
        }
    };
    // The magic number is a signed word on most machines.
    let kind = of_kind(subject, &place, kind.f_type as u64 & 0xFFFF_FFFF);
    vec![kind, finding(room_of(&space), subject, &place)]
}

/// The room on the file system of a directory, or of the nearest one above it that is there.
pub(crate) fn room(directory: &Path) -> Measured<DiskRoom> {
    let space = existing(directory).and_then(|place| statvfs(&place).ok());
    space.map_or(Measured::Unknown, |space| Measured::Known(room_of(&space)))
}

fn room_of(space: &StatVfs) -> DiskRoom {
    DiskRoom {
        bytes: space.f_bavail.saturating_mul(space.f_frsize),
        inodes: (space.f_files > 0).then_some(space.f_favail),
    }
}

fn existing(directory: &Path) -> Option<PathBuf> {
    directory.ancestors().find(|place| place.is_dir()).map(Path::to_path_buf)
}

fn of_kind(subject: &str, place: &Path, magic: u64) -> Finding {
    let known = KINDS.iter().find(|(number, ..)| *number == magic);
    let place = place.display();
    match known {
        Some((_, name, Reliance::Full)) => Finding::ok(subject, format!("{place} is on {name}")),
        Some((_, name, Reliance::UntilRestart)) => Finding::warning(
            subject,
            format!("{place} is on {name}: all of it is gone after a restart"),
            "use a directory on a disk for what is to be kept",
        ),
        Some((_, name, Reliance::None)) => Finding::error(
            subject,
            format!("{place} is on {name}, whose locks cannot be relied on"),
            "use a directory on a disk of this machine: RALPH_DIR for the state, `root` for clones",
        ),
        None => Finding::ok(subject, format!("{place} is on a file system of kind {magic:#x}")),
    }
}

fn finding(room: DiskRoom, subject: &str, place: &Path) -> Finding {
    let inodes = room.inodes.map(|inodes| format!(" and {inodes} inodes")).unwrap_or_default();
    let (whole, tenth) = (room.bytes / GIB, room.bytes % GIB * 10 / GIB);
    let detail = format!("{whole}.{tenth} GiB{inodes} are free below {}", place.display());
    let hint = "make room there, or choose a directory on a larger disk";
    let is_below = |bytes, inodes| room.bytes < bytes || room.inodes.is_some_and(|free| free < inodes);
    if is_below(BYTES_NEEDED, INODES_NEEDED) {
        Finding::error(subject, detail, hint)
    } else if is_below(BYTES_WANTED, INODES_WANTED) {
        Finding::warning(subject, detail, hint)
    } else {
        Finding::ok(subject, detail)
    }
}

#[cfg(test)]
mod tests {
    use herder_domain::finding::Verdict;

    use super::*;

    #[test]
    fn a_directory_that_is_not_there_yet_is_looked_at_where_it_will_be() {
        let dir = tempfile::tempdir().unwrap();
        let found = check_disk("state", &dir.path().join("a/b/c"));
        assert_eq!(found.len(), 2);
        assert!(found[0].detail.contains(dir.path().to_str().unwrap()), "{found:?}");
        assert!(found[1].detail.contains("GiB"), "{found:?}");
    }

    #[test]
    fn a_file_system_of_the_network_is_refused() {
        let verdict = |magic| of_kind("state", Path::new("/s"), magic).verdict;
        assert_eq!(verdict(0x6969), Verdict::Error);
        assert_eq!(verdict(0x0102_1994), Verdict::Warning);
        assert_eq!(verdict(0xEF53), Verdict::Ok);
        assert_eq!(verdict(0x1234), Verdict::Ok);
    }

    #[test]
    fn little_room_is_told_and_none_is_an_error() {
        let verdict = |bytes, inodes| finding(DiskRoom { bytes, inodes }, "state", Path::new("/s")).verdict;
        assert_eq!(verdict(10 * GIB, Some(1_000_000)), Verdict::Ok);
        assert_eq!(verdict(10 * GIB, None), Verdict::Ok);
        assert_eq!(verdict(GIB, None), Verdict::Warning);
        assert_eq!(verdict(10 * GIB, Some(5_000)), Verdict::Warning);
        assert_eq!(verdict(1, None), Verdict::Error);
        assert_eq!(verdict(10 * GIB, Some(0)), Verdict::Error);
    }
}
