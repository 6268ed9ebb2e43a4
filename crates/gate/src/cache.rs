//! Green verdicts that hold for ever: same tree, same gate, same environment.

use std::path::PathBuf;

use fs_err as fs;
use herder_domain::fnv;

/// What a verdict depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheKey {
    /// The id of the tree that was checked.
    pub tree: String,
    /// The id of the base's `.ralph/` tree.
    pub gate: String,
    /// What else it ran with: the names of what was passed to it, the version of herder.
    pub environment: String,
}

impl CacheKey {
    /// A file name; tree ids are hexadecimal, the rest is folded into a number by its hash.
    fn file_name(&self) -> String {
        let rest = format!("{}\0{}", self.gate, self.environment);
        let hash = fnv::hash(rest.as_bytes());
        let tree: String = self.tree.chars().filter(char::is_ascii_hexdigit).collect();
        format!("{tree}-{hash:016x}")
    }
}

/// Green verdicts on disk. Red ones are not kept: a red gate may be the weather's fault.
#[derive(Clone, Debug)]
pub struct Cache {
    dir: PathBuf,
}

impl Cache {
    /// The cache in a directory, which is made when something is kept.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Whether this was green before.
    pub fn is_green(&self, key: &CacheKey) -> bool {
        self.dir.join(key.file_name()).is_file()
    }

    /// Remembers a green verdict. A cache that cannot be written only costs time.
    pub fn keep_green(&self, key: &CacheKey) {
        let _ = fs::create_dir_all(&self.dir);
        let _ = fs::write(self.dir.join(key.file_name()), format!("{key:?}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_same_question_is_answered_from_the_cache() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path().join("gates"));
        let key = CacheKey { tree: "ab12".into(), gate: "cd34".into(), environment: "e".into() };
        assert!(!cache.is_green(&key));
        cache.keep_green(&key);
        assert!(cache.is_green(&key));
        assert!(!cache.is_green(&CacheKey { environment: "other".into(), ..key.clone() }));
        assert!(!cache.is_green(&CacheKey { gate: "cd35".into(), ..key.clone() }));
        assert!(!cache.is_green(&CacheKey { tree: "ab13".into(), ..key }));
    }
}
