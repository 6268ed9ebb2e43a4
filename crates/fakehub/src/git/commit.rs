//! Commits as values, and what lies between two of them.

use herder_testkit::http::lock;
use jiff::Timestamp;

use super::Git;

/// Who wrote or stored a commit.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// When.
    pub at: Timestamp,
}

/// A commit.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// Its id.
    pub sha: String,
    /// Its tree.
    pub tree: String,
    /// Where it comes from.
    pub parents: Vec<String>,
    /// Who wrote it.
    pub author: Person,
    /// Who stored it.
    pub committer: Person,
    /// The whole message.
    pub message: String,
}

impl Commit {
    /// The first line of the message.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }
}

/// One file that differs.
#[derive(Debug, Clone)]
pub struct FileChange {
    /// Its path.
    pub path: String,
    /// `added`, `removed`, `modified`.
    pub status: &'static str,
    /// Lines that came.
    pub additions: u64,
    /// Lines that went.
    pub deletions: u64,
    /// Its blob afterwards.
    pub sha: Option<String>,
    /// The difference as GitHub shows it: from the first `@@` on.
    pub patch: Option<String>,
}

impl Git {
    /// A commit; `None` when there is none of this id.
    pub fn commit(&self, key: &str, sha: &str) -> Option<Commit> {
        if let Some(known) = lock(&self.commits).get(sha) {
            return Some(known.clone());
        }
        let output = self.run(key, &["cat-file", "commit", sha]);
        let commit = output.status.success().then(|| parse(sha, &String::from_utf8_lossy(&output.stdout)))?;
        lock(&self.commits).insert(sha.to_owned(), commit.clone());
        Some(commit)
    }

    /// What `head` has and `base` lacks, oldest first.
    pub fn between(&self, key: &str, base: &str, head: &str) -> Vec<String> {
        let range = format!("{base}..{head}");
        self.must(key, &["rev-list", "--reverse", &range]).lines().map(str::to_owned).collect()
    }

    /// All that a commit comes from, newest first.
    pub fn history(&self, key: &str, tip: &str) -> Vec<String> {
        self.must(key, &["rev-list", tip]).lines().map(str::to_owned).collect()
    }

    /// The files in which two commits differ.
    pub fn changes(&self, key: &str, from: &str, to: &str) -> Vec<FileChange> {
        let raw = self.must(key, &["diff-tree", "-r", "--no-renames", "--abbrev=40", from, to]);
        let counts = self.must(key, &["diff-tree", "-r", "--no-renames", "--numstat", from, to]);
        raw.lines()
            .zip(counts.lines())
            .filter_map(|(raw, counts)| self.change(key, raw, counts, from, to))
            .collect()
    }

    fn change(&self, key: &str, raw: &str, counts: &str, from: &str, to: &str) -> Option<FileChange> {
        let (facts, path) = raw.split_once('\t')?;
        let facts: Vec<&str> = facts.split(' ').collect();
        let status = match *facts.get(4)? {
            "A" => "added",
            "D" => "removed",
            _ => "modified",
        };
        let mut counts = counts.split('\t').map(|count| count.parse().unwrap_or(0));
        let (additions, deletions) = (counts.next()?, counts.next()?);
        let patch = self.must(key, &["diff-tree", "-p", "--no-renames", from, to, "--", path]);
        let patch = patch.find("@@").map(|start| patch[start..].to_owned());
        let blob = *facts.get(if status == "removed" { 2 } else { 3 })?;
        let (path, sha) = (path.to_owned(), Some(blob.to_owned()));
        Some(FileChange { path, status, additions, deletions, sha, patch })
    }
}

fn parse(sha: &str, text: &str) -> Commit {
    let (head, message) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut commit =
        Commit { sha: sha.to_owned(), message: message.trim_end().to_owned(), ..Commit::default() };
    for line in head.lines() {
        match line.split_once(' ') {
            Some(("tree", tree)) => commit.tree = tree.to_owned(),
            Some(("parent", parent)) => commit.parents.push(parent.to_owned()),
            Some(("author", person)) => commit.author = parse_person(person),
            Some(("committer", person)) => commit.committer = parse_person(person),
            _ => {}
        }
    }
    commit
}

fn parse_person(text: &str) -> Person {
    let (name, rest) = text.split_once(" <").unwrap_or((text, ""));
    let (email, rest) = rest.split_once("> ").unwrap_or((rest, ""));
    let seconds = rest.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let at = Timestamp::from_second(seconds).unwrap_or_default();
    Person { name: name.to_owned(), email: email.to_owned(), at }
}
