//! Repositories to work on: a bare origin made of a few literals, and questions about what landed in it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Who commits, and when: in seconds since 1970.
const PERSON: &str = "Ada";
const ADDRESS: &str = "ada@example.com";
const DAY: u32 = 1_769_947_200;

/// Path of the gate inside a repository.
const GATE: &str = ".ralph/check";

/// Collects the files of a repository's first commit.
pub struct TargetRepoBuilder {
    origin: PathBuf,
    files: BTreeMap<String, Vec<u8>>,
}

/// A bare repository with branch `main`, that stands for the origin somebody owns.
pub struct TargetRepo {
    origin: PathBuf,
}

impl TargetRepo {
    /// Begins a repository `<dir>/<name>.git`.
    pub fn builder(dir: &Path, name: &str) -> TargetRepoBuilder {
        TargetRepoBuilder { origin: dir.join(format!("{name}.git")), files: BTreeMap::new() }
    }

    /// A bare repository `<dir>/<name>.git` whose `main` is what `source` has checked out, with its whole history:
    /// for tests that want real code to work on.
    pub fn copy_of(source: &Path, dir: &Path, name: &str) -> TargetRepo {
        let origin = dir.join(format!("{name}.git"));
        init_bare(&origin);
        let source = source.canonicalize().unwrap();
        run_git(
            &origin,
            [OsStr::new("fetch"), "-q".as_ref(), source.as_os_str(), "HEAD:refs/heads/main".as_ref()],
        );
        TargetRepo { origin: origin.canonicalize().unwrap() }
    }

    /// Path of the bare repository; git takes it as a URL.
    pub fn path(&self) -> &Path {
        &self.origin
    }

    /// Commit id of a branch, `None` when there is no such branch.
    pub fn tip(&self, branch: &str) -> Option<String> {
        let revision = format!("refs/heads/{branch}^{{commit}}");
        self.ask(["rev-parse", "--verify", "--quiet", &revision]).map(|text| text.trim().to_owned())
    }

    /// Names of all branches, sorted.
    pub fn branches(&self) -> Vec<String> {
        lines(&self.git(["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads"]))
    }

    /// Subjects of the commits of `main`, newest first.
    pub fn log(&self) -> Vec<String> {
        lines(&self.git(["log", "--format=%s", "main"]))
    }

    /// The whole message of a revision.
    pub fn message(&self, revision: &str) -> String {
        self.git(["log", "-1", "--format=%B", revision])
    }

    /// Contents of a file at the tip of `branch`, `None` when there is no such branch or file.
    pub fn file_at(&self, branch: &str, path: &str) -> Option<String> {
        self.ask(["cat-file", "blob", &format!("refs/heads/{branch}:{path}")])
    }

    /// All files at the tip of `branch` with their contents.
    pub fn contents_at(&self, branch: &str) -> BTreeMap<String, String> {
        let paths = self.files_at(branch);
        let asked: String = paths.iter().map(|path| format!("{branch}:{path}\n")).collect();
        let told = tell_git(&self.origin, ["cat-file", "--batch=%(objectsize)"], asked.as_bytes());
        let mut rest = told.as_str();
        let mut next = || {
            let (size, tail) = rest.split_once('\n').unwrap();
            let (contents, tail) = tail.split_at(size.parse().unwrap());
            rest = &tail[1..];
            contents.to_owned()
        };
        paths.into_iter().map(|path| (path, next())).collect()
    }

    /// Paths of all files at the tip of `branch`.
    pub fn files_at(&self, branch: &str) -> Vec<String> {
        lines(&self.git(["ls-tree", "-r", "--name-only", "--full-tree", branch]))
    }

    /// The commits of `main` with a trailer `key`, newest first: commit id and the trailer's value.
    pub fn commits_with_trailer(&self, key: &str) -> Vec<(String, String)> {
        let format = format!("--format=%H %(trailers:key={key},valueonly,separator=%x2C)");
        lines(&self.git(["log", &format, "main"]))
            .iter()
            .filter_map(|line| line.split_once(' '))
            .filter(|(_, value)| !value.is_empty())
            .map(|(commit, value)| (commit.to_owned(), value.to_owned()))
            .collect()
    }

    /// Somebody else pushes a commit to `branch` (made from `main` when missing); returns its id.
    /// A file given as `None` is deleted.
    pub fn push(&self, branch: &str, message: &str, files: &[(&str, Option<&str>)]) -> String {
        let work = tempfile::tempdir().unwrap();
        run_git(work.path(), ["clone", "--quiet", &self.origin.to_string_lossy(), "."]);
        let start = if self.tip(branch).is_some() { branch } else { "main" };
        run_git(work.path(), ["checkout", "--quiet", "-B", branch, &format!("origin/{start}")]);
        for (path, contents) in files {
            match contents {
                Some(contents) => write_file(work.path(), path, contents.as_bytes()),
                None => fs_err::remove_file(work.path().join(path)).unwrap(),
            }
        }
        commit_all(work.path(), message);
        run_git(work.path(), ["push", "--quiet", "origin", branch]);
        self.tip(branch).unwrap()
    }

    /// # Panics
    /// When `git fsck --strict` finds anything wrong.
    #[track_caller]
    pub fn assert_sound(&self) {
        self.git(["fsck", "--strict", "--no-dangling"]);
    }

    /// Runs git in the bare repository and returns its output.
    ///
    /// # Panics
    /// When git fails, with its message.
    #[track_caller]
    pub fn git<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        run_git(&self.origin, args)
    }

    fn ask<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Option<String> {
        let output = git_command(&self.origin).args(args).output().unwrap();
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl TargetRepoBuilder {
    /// Adds a file. What begins with `#!` becomes executable.
    pub fn file(mut self, path: &str, contents: impl AsRef<[u8]>) -> TargetRepoBuilder {
        self.files.insert(path.to_owned(), contents.as_ref().to_owned());
        self
    }

    /// Adds the gate `.ralph/check`: a shell script, run with `set -eu` in the checkout, exit 0 accepts.
    pub fn gate(self, script: &str) -> TargetRepoBuilder {
        self.file(GATE, format!("#!/bin/sh\nset -eu\n{script}\n"))
    }

    /// Makes the repository with one commit, whose id is the same in every test with the same files.
    pub fn build(self) -> TargetRepo {
        init_bare(&self.origin);
        tell_git(&self.origin, ["fast-import", "--quiet"], &self.stream());
        TargetRepo { origin: self.origin.canonicalize().unwrap() }
    }

    /// The commit in the words of git-fast-import(1).
    fn stream(&self) -> Vec<u8> {
        let mut stream =
            format!("commit refs/heads/main\ncommitter {PERSON} <{ADDRESS}> {DAY} +0000\n").into_bytes();
        stream.extend(b"data 6\nBegin\n\n");
        for (path, contents) in &self.files {
            stream.extend(format!("M {:o} inline {path}\ndata {}\n", mode(contents), contents.len()).bytes());
            stream.extend(contents);
            stream.push(b'\n');
        }
        stream
    }
}

/// The permissions of a file: what begins with `#!` is a program.
fn mode(contents: &[u8]) -> u32 {
    if contents.starts_with(b"#!") { 0o755 } else { 0o644 }
}

fn init_bare(origin: &Path) {
    fs_err::create_dir_all(origin).unwrap();
    run_git(origin, ["init", "--bare", "--quiet", "--initial-branch=main", "."]);
}

fn write_file(tree: &Path, path: &str, contents: &[u8]) {
    let path = tree.join(path);
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(&path, contents).unwrap();
    fs_err::set_permissions(&path, std::fs::Permissions::from_mode(mode(contents))).unwrap();
}

fn commit_all(tree: &Path, message: &str) {
    run_git(tree, ["add", "--all", "--force", "."]);
    run_git(tree, ["commit", "--quiet", "--allow-empty", "--message", message]);
}

#[track_caller]
fn run_git<S: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = S>) -> String {
    tell_git(dir, args, b"")
}

/// Runs git with something to read.
#[track_caller]
fn tell_git<S: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = S>, input: &[u8]) -> String {
    let mut git = git_command(dir);
    git.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut git = git.spawn().unwrap();
    let mut pipe = git.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // One that has failed reads no more: it says why.
        scope.spawn(move || drop(pipe.write_all(input)));
        said_by(git, dir)
    })
}

#[track_caller]
fn said_by(git: Child, dir: &Path) -> String {
    let output = git.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git failed in {}: {complaint}", dir.display());
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// git that sees no configuration but the repository's, as a fixed person on a fixed day.
fn git_command(dir: &Path) -> Command {
    let mut git = Command::new("git");
    git.env_clear().current_dir(dir);
    let day = format!("{DAY} +0000");
    for (name, value) in [
        ("PATH", std::env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".to_owned()).as_str()),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", PERSON),
        ("GIT_AUTHOR_EMAIL", ADDRESS),
        ("GIT_AUTHOR_DATE", day.as_str()),
        ("GIT_COMMITTER_NAME", PERSON),
        ("GIT_COMMITTER_EMAIL", ADDRESS),
        ("GIT_COMMITTER_DATE", day.as_str()),
    ] {
        git.env(name, value);
    }
    git
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(dir: &Path) -> TargetRepo {
        TargetRepo::builder(dir, "toy").gate("test -f done").file("README.md", "toy\n").build()
    }

    #[test]
    fn a_repository_of_literals_has_its_gate_executable() {
        let dir = tempfile::tempdir().unwrap();
        let repo = sample(dir.path());
        assert_eq!(repo.log(), ["Begin"]);
        assert_eq!(repo.files_at("main"), [".ralph/check", "README.md"]);
        assert_eq!(repo.file_at("main", "README.md").as_deref(), Some("toy\n"));
        assert!(repo.git(["ls-tree", "-r", "main", GATE]).starts_with("100755"));
        repo.assert_sound();
    }

    #[test]
    fn all_contents_of_a_branch_are_told_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let repo = sample(dir.path());
        repo.push("main", "Odd", &[("a b", Some("")), ("c", Some("3\n\n7\nblob"))]);
        let contents: Vec<_> = repo.contents_at("main").into_iter().collect();
        let text = |path: &str| (path.to_owned(), repo.file_at("main", path).unwrap());
        assert_eq!(contents, [GATE, "README.md", "a b", "c"].map(text));
    }

    #[test]
    fn the_same_literals_give_the_same_commit() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        assert_eq!(sample(one.path()).tip("main"), sample(two.path()).tip("main"));
    }

    #[test]
    fn a_copy_has_the_whole_history_and_leaves_its_source_alone() {
        let dir = tempfile::tempdir().unwrap();
        let source = sample(dir.path());
        source.push("main", "Second", &[("a", Some("b"))]);
        let copy = TargetRepo::copy_of(source.path(), dir.path(), "copy");
        assert_eq!(copy.log(), ["Second", "Begin"]);
        copy.push("main", "Third", &[]);
        assert_eq!(source.log(), ["Second", "Begin"]);
    }

    #[test]
    fn a_push_by_somebody_else_is_seen_with_its_trailers() {
        let dir = tempfile::tempdir().unwrap();
        let repo = sample(dir.path());
        let message = "Goal #7: finish\n\nHerder-Goal: 7\nHerder-Run: r1\n";
        let pushed = repo.push("main", message, &[("done", Some("")), ("README.md", None)]);
        assert_eq!(repo.commits_with_trailer("Herder-Run"), [(pushed, "r1".to_owned())]);
        assert_eq!(repo.log(), ["Goal #7: finish", "Begin"]);
        assert_eq!(repo.file_at("main", "README.md"), None);
    }

    #[test]
    fn a_missing_branch_or_file_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let repo = sample(dir.path());
        assert_eq!(repo.tip("goal-1"), None);
        assert_eq!(repo.file_at("goal-1", "README.md"), None);
        repo.push("goal-1", "Try", &[("a", Some("b"))]);
        assert_eq!(repo.branches(), ["goal-1", "main"]);
        assert_eq!(repo.file_at("goal-1", "a").as_deref(), Some("b"));
    }
}
