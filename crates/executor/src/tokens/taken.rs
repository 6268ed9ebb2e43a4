//! How many tokens are in use, seen from beside: nobody is kept from one meanwhile.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// How many tokens of the pool in a directory are held; `None` where the kernel does not tell (`/proc/locks`, proc(5)).
pub fn tokens_taken(pool: &Path) -> Option<usize> {
    let locks = fs::read_to_string("/proc/locks").ok()?;
    // Without the directory no token was ever taken.
    let Ok(entries) = fs::read_dir(pool) else { return Some(0) };
    let is_token =
        |entry: &fs::DirEntry| entry.file_name().to_str().is_some_and(|name| name.starts_with("token."));
    let tokens = entries
        .filter_map(Result::ok)
        .filter(is_token)
        .filter_map(|entry| Some(entry.metadata().ok()?.ino()));
    let locked: BTreeSet<u64> = locks.lines().filter_map(locked).collect();
    Some(tokens.filter(|inode| locked.contains(inode)).count())
}

/// The inode that a line tells an exclusive flock(2) of. Somebody who waits for one (`->`) has none.
fn locked(line: &str) -> Option<u64> {
    let mut words = line.split_whitespace().skip(1);
    let is_ours = (words.next()?, words.next()?, words.next()?) == ("FLOCK", "ADVISORY", "WRITE");
    let inode = words.nth(1)?.rsplit(':').next()?;
    is_ours.then(|| inode.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::pool::TokenPool;
    use super::*;

    #[test]
    fn tokens_that_are_held_are_counted_and_none_is_taken_for_that() {
        let dir = tempfile::tempdir().unwrap();
        let pool = TokenPool { dir: dir.path().join("tokens"), size: 3 };
        assert_eq!(tokens_taken(&pool.dir), Some(0));
        let held = [pool.take().unwrap(), pool.take().unwrap()];
        assert_eq!(tokens_taken(&pool.dir), Some(2));
        drop(held);
        assert_eq!(tokens_taken(&pool.dir), Some(0));
    }

    #[test]
    fn a_line_of_the_kernel_names_its_inode() {
        assert_eq!(locked("12: FLOCK  ADVISORY  WRITE 4242 fe:00:131 0 EOF"), Some(131));
        assert_eq!(locked("12: -> FLOCK  ADVISORY  WRITE 4242 fe:00:131 0 EOF"), None);
        assert_eq!(locked("13: POSIX  ADVISORY  WRITE 4242 fe:00:131 0 EOF"), None);
    }
}
