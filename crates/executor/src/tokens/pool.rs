//! The tokens themselves.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use herder_domain::setup::Tokens;

/// All tokens of a state directory, out of every job's reach. Whoever names the same directory shares them.
#[derive(Clone, Debug)]
pub(crate) struct TokenPool {
    /// Where the files lie that are locked; made with the first token.
    pub(super) dir: PathBuf,
    pub(super) size: u32,
}

impl From<&Tokens> for TokenPool {
    fn from(tokens: &Tokens) -> Self {
        Self { dir: tokens.pool.clone(), size: tokens.count }
    }
}

/// One token, held as long as this lives, and no longer than the process.
#[derive(Debug)]
pub(super) struct Token(#[allow(dead_code)] File); // its lock is all that is wanted of it

impl TokenPool {
    /// Takes a token, if one is free.
    pub(super) fn take(&self) -> Option<Token> {
        (0..self.size).find_map(|number| {
            let file = self.open(&format!("token.{number}")).ok()?;
            file.try_lock().is_ok().then_some(Token(file))
        })
    }

    /// Says that a build has come to a stand for want of a token, as long as the file lives. `None` where that cannot
    /// be said just now.
    pub(super) fn want(&self) -> Option<File> {
        let file = self.open("wanted").ok()?;
        file.try_lock_shared().is_ok().then_some(file)
    }

    /// Whether somebody says so.
    pub(super) fn is_wanted(&self) -> bool {
        self.open("wanted").is_ok_and(|file| file.try_lock().is_err())
    }

    fn open(&self, name: &str) -> io::Result<File> {
        let path = self.dir.join(name);
        let open = || File::options().create(true).truncate(false).write(true).open(&path);
        open().or_else(|_| {
            std::fs::create_dir_all(&self.dir)?;
            open()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_tokens_as_there_are_and_none_twice() {
        let dir = tempfile::tempdir().unwrap();
        let pool = TokenPool { dir: dir.path().join("tokens"), size: 2 };
        let (one, other) = (pool.take().unwrap(), pool.clone().take().unwrap());
        assert!(pool.take().is_none());
        drop(one);
        let again = pool.take();
        assert!(again.is_some() && pool.take().is_none());
        drop((other, again));
        assert_eq!(std::iter::from_fn(|| pool.take()).take(3).collect::<Vec<_>>().len(), 2);
    }

    #[test]
    fn that_somebody_waits_is_seen_until_it_waits_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let pool = TokenPool { dir: dir.path().into(), size: 1 };
        assert!(!pool.is_wanted());
        let (one, other) = (pool.want(), pool.want());
        assert!(one.is_some() && other.is_some() && pool.is_wanted());
        drop((one, other));
        assert!(!pool.is_wanted());
    }
}
