//! What need not be asked again: green verdicts on work, and what the gate says of the base branch.
//!
//! A red verdict on work is not kept, for it may be the weather's fault. What is said of a commit of the base
//! branch is kept either way, since many goals are compared with it; it was asked twice before.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use fs_err as fs;
use herder_domain::fnv;
use herder_domain::gate::BaseSaid;
use herder_domain::setup::Setup;

/// How often it is looked whether somebody else has done with a question.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What the name of an answer ends with until it is complete.
const DRAFT: &str = ".new";

/// What a gate runs with, beside the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The names of the variables that are passed to it.
    pub pass: Vec<String>,
    /// What prepared the files for it, as far as the files themselves do not tell; empty where nothing
    /// did. The place for the hash of a repository's `.ralph/setup`.
    pub setup: String,
}

impl Environment {
    /// Where a run is carried out in that way.
    pub fn of_run(setup: &Setup) -> Self {
        let landing = Self::of_landing(setup);
        Self { setup: format!("{}\n{}", setup.surroundings(), landing.setup), ..landing }
    }

    /// Where the work of a run that is carried out in that way is to land.
    pub fn of_landing(setup: &Setup) -> Self {
        let files = setup.furnished.iter().flat_map(|furnished| &furnished.files);
        let files = files.map(|(name, source)| (name.as_path(), source.as_path()));
        Self { pass: setup.pass.clone(), setup: contents(files) }
    }

    /// One text that is the same for the same environment and the same version of herder.
    fn text(&self) -> String {
        format!("{} {} {}", env!("CARGO_PKG_VERSION"), self.pass.join(","), self.setup)
    }
}

/// What files of the person's hold that jobs are given beside git's, as one text whatever their order; empty where there are none. One that
/// cannot be read counts as empty: whoever copies it says so.
pub fn contents<'a>(files: impl IntoIterator<Item = (&'a Path, &'a Path)>) -> String {
    let one = |(name, source): (&Path, &Path)| {
        format!("{}={:016x}", name.display(), fnv::hash(&fs::read(source).unwrap_or_default()))
    };
    let mut all: Vec<String> = files.into_iter().map(one).collect();
    all.sort();
    all.join("\n")
}

/// What a verdict on work depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheKey {
    /// The id of the tree that was checked.
    pub tree: String,
    /// The id of the base's tree, which holds the gate.
    pub gate: String,
    /// What else it ran with.
    pub environment: Environment,
}

/// What the gate's word on a commit of the base branch depends on: the gate is part of its tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseKey {
    /// The id of its tree.
    pub tree: String,
    /// What else it ran with.
    pub environment: Environment,
    /// Where it was asked.
    pub surroundings: Surroundings,
}

/// In whose home and package caches a gate was asked. What an agent wrote may lie in a run's, so what is said
/// there never counts for a landing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surroundings {
    /// Those of landings, which no agent reaches.
    Landing,
    /// Those of a run.
    Run,
    /// Those of a person who asks by hand: neither files beside the repository's own nor programs need be a run's,
    /// so what is said there counts for nobody else.
    ByHand {
        /// The hash of their PATH.
        path: u64,
    },
}

impl CacheKey {
    fn file_name(&self) -> String {
        file_name(&self.tree, &format!("{}\0{}", self.gate, self.environment.text()))
    }
}

impl BaseKey {
    fn file_name(&self) -> String {
        let whose = match self.surroundings {
            Surroundings::Landing => "base".to_owned(),
            Surroundings::Run => "base-in-run".to_owned(),
            Surroundings::ByHand { path } => format!("base-by-hand-{path:016x}"),
        };
        format!("{}.{whose}", file_name(&self.tree, &self.environment.text()))
    }
}

/// A file name: tree ids are hexadecimal, the rest is folded into a number by its hash.
fn file_name(tree: &str, rest: &str) -> String {
    let tree: String = tree.chars().filter(char::is_ascii_hexdigit).collect();
    format!("{tree}-{:016x}", fnv::hash(rest.as_bytes()))
}

/// Answers on disk. A cache that cannot be read or written only costs time.
#[derive(Clone, Debug)]
pub struct Cache {
    dir: PathBuf,
}

/// The right to ask a question that others have, too; given back when dropped.
#[derive(Debug)]
pub struct Turn(#[expect(dead_code, reason = "closing the file gives its lock back")] Option<File>);

impl Cache {
    /// The cache in a directory, which is made when something is kept.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Its directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether this was green before.
    pub fn is_green(&self, key: &CacheKey) -> bool {
        self.dir.join(key.file_name()).is_file()
    }

    /// Remembers a green verdict.
    pub fn keep_green(&self, key: &CacheKey) {
        self.keep(&key.file_name(), format!("{key:?}\n").as_bytes());
    }

    /// What the gate said of a commit of the base branch.
    pub fn base(&self, key: &BaseKey) -> Option<BaseSaid> {
        let text = fs::read(self.dir.join(key.file_name())).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Remembers what the gate said of a commit of the base branch.
    pub fn keep_base(&self, key: &BaseKey, said: &BaseSaid) {
        if let Ok(text) = serde_json::to_vec(said) {
            self.keep(&key.file_name(), &text);
        }
    }

    /// Waits until nobody else asks about this commit of the base branch, or until `is_called_off`. Whoever
    /// comes second finds the answer of the first.
    pub fn turn(&self, key: &BaseKey, is_called_off: impl Fn() -> bool) -> Turn {
        let open = || {
            fs::create_dir_all(&self.dir).ok()?;
            File::create(self.dir.join(format!("{}-lock", key.file_name()))).ok()
        };
        // Without a lock the question may be asked twice, and that is all.
        let Some(file) = open() else { return Turn(None) };
        while matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)) && !is_called_off() {
            thread::sleep(LOOK_AGAIN);
        }
        Turn(Some(file))
    }

    /// Removes what those who were killed had begun to write. Who writes at this moment has to ask again, and
    /// that is all.
    pub fn sweep(&self) {
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_name().as_encoded_bytes().ends_with(DRAFT.as_bytes()))
        {
            let _ = fs::remove_file(entry.path());
        }
    }

    /// Written beside its place and renamed: several processes keep what they find, and read it.
    fn keep(&self, name: &str, bytes: &[u8]) {
        let new = self.dir.join(format!("{name}.{}{DRAFT}", std::process::id()));
        let write = || -> std::io::Result<()> {
            fs::create_dir_all(&self.dir)?;
            fs::File::create(&new)?.write_all(bytes)?;
            fs::rename(&new, self.dir.join(name))
        };
        let _ = write();
    }
}

#[cfg(test)]
mod tests {
    use herder_domain::gate::{Refusal, Said};

    use super::*;

    fn with(pass: &str) -> Environment {
        Environment { pass: vec![pass.into()], setup: String::new() }
    }

    #[test]
    fn other_contents_of_a_persons_file_are_another_environment() {
        let dir = tempfile::tempdir().unwrap();
        let (name, source) = (Path::new(".env.test"), dir.path().join("settings"));
        fs::write(&source, "one").unwrap();
        let one = contents([(name, source.as_path())]);
        assert_eq!(contents([(name, source.as_path())]), one);
        fs::write(&source, "two").unwrap();
        assert_ne!(contents([(name, source.as_path())]), one);
        assert_eq!(contents([]), "", "as it was kept before there were any");
    }

    #[test]
    fn only_the_very_same_question_is_answered_from_the_cache() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path().join("gates"));
        let key = CacheKey { tree: "ab12".into(), gate: "cd34".into(), environment: with("A") };
        assert!(!cache.is_green(&key));
        cache.keep_green(&key);
        assert!(cache.is_green(&key));
        let set_up = Environment { setup: "5e7".into(), ..with("A") };
        assert!(!cache.is_green(&CacheKey { environment: with("B"), ..key.clone() }));
        assert!(!cache.is_green(&CacheKey { environment: set_up, ..key.clone() }));
        assert!(!cache.is_green(&CacheKey { gate: "cd35".into(), ..key.clone() }));
        assert!(!cache.is_green(&CacheKey { tree: "ab13".into(), ..key }));
    }

    #[test]
    fn what_is_said_of_a_base_is_kept_red_or_green_and_a_runs_word_is_not_a_landings() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path().join("gates"));
        let surroundings = Surroundings::Landing;
        let key = BaseKey { tree: "ab12".into(), environment: with("A"), surroundings };
        assert_eq!(cache.base(&key), None);
        for said in [Said::No(Refusal::unnamed("1 failed")), Said::Yes] {
            let said = BaseSaid { said, since: "ab12".into() };
            cache.keep_base(&key, &said);
            assert_eq!(cache.base(&key), Some(said));
        }
        for surroundings in [Surroundings::Run, Surroundings::ByHand { path: 1 }] {
            let key = BaseKey { surroundings, ..key.clone() };
            assert_eq!(cache.base(&key), None);
            cache.keep_base(&key, &BaseSaid { said: Said::Yes, since: "ab12".into() });
        }
        let elsewhere = Surroundings::ByHand { path: 2 };
        assert_eq!(cache.base(&BaseKey { surroundings: elsewhere, ..key.clone() }), None, "another PATH");
        fs::write(dir.path().join("gates").join(key.file_name()), "{\"said\":").unwrap();
        assert_eq!(cache.base(&key), None, "what cannot be read was never asked");
    }

    #[test]
    fn what_was_never_written_to_its_end_is_swept_and_answers_stay() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path());
        let key = CacheKey { tree: "ab12".into(), gate: "cd34".into(), environment: with("A") };
        cache.keep_green(&key);
        let draft = dir.path().join(format!("{}.1.new", key.file_name()));
        fs::write(&draft, "{").unwrap();
        cache.sweep();
        assert!(cache.is_green(&key) && !draft.exists());
    }

    #[test]
    fn whoever_comes_second_waits_unless_the_question_is_called_off() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path());
        let surroundings = Surroundings::Run;
        let key = BaseKey { tree: "ab12".into(), environment: with("A"), surroundings };
        let first = cache.turn(&key, || false);
        drop(cache.turn(&key, || true));
        let second = std::thread::scope(|scope| {
            let second = scope.spawn(|| cache.turn(&key, || false));
            drop(first);
            second.join().unwrap()
        });
        drop(second);
    }
}
