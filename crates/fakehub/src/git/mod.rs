//! The objects: one real bare repository for each repository of the hub, worked on by git itself.

mod commit;
mod http;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use herder_testkit::http::lock;
use tempfile::TempDir;

pub use commit::{Commit, FileChange, Person};
pub use http::{Cgi, CgiAnswer, Service};

/// The object id that means "no such ref" to git.
pub const NOTHING: &str = "0000000000000000000000000000000000000000";

/// Refuses what the hub has written down as refused, in GitHub's words.
const UPDATE_HOOK: &str = r#"#!/bin/sh
if grep -qxF "$1" "$GIT_DIR/hub-refused" 2>/dev/null; then
    echo "error: GH006: Protected branch update failed for $1." >&2
    exit 1
fi
"#;

/// All bare repositories, in a directory that goes with this value.
pub struct Git {
    root: TempDir,
    /// Held while a push runs, so that each change of a ref has one author.
    pushes: Mutex<BTreeMap<String, Arc<Mutex<()>>>>,
    commits: Mutex<BTreeMap<String, Commit>>,
}

impl Default for Git {
    /// An empty place.
    fn default() -> Git {
        let root = tempfile::Builder::new().prefix("hub").tempdir().expect("a temporary directory");
        Git { root, pushes: Mutex::default(), commits: Mutex::default() }
    }
}

impl Git {
    /// The directory above all repositories.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Where the repository of this key lies.
    pub fn path(&self, key: &str) -> PathBuf {
        self.root.path().join(format!("{key}.git"))
    }

    /// The lock that pushes to this repository take.
    pub fn push_lock(&self, key: &str) -> Arc<Mutex<()>> {
        lock(&self.pushes).entry(key.to_owned()).or_default().clone()
    }

    /// Makes a bare repository with one commit on `branch`, and returns that.
    pub fn init(&self, key: &str, branch: &str, files: &[(&str, &str)]) -> String {
        let path = self.path(key);
        fs_err::create_dir_all(&path).expect("a directory for a repository");
        let path = path.to_str().expect("a path of the hub's own is text");
        self.must(key, &["init", "--quiet", "--bare", "--initial-branch", branch, path]);
        for (name, value) in [
            ("http.receivepack", "true"),
            ("uploadpack.allowFilter", "true"),
            ("uploadpack.allowAnySHA1InWant", "true"),
            ("gc.auto", "0"),
            ("receive.autogc", "false"),
        ] {
            self.must(key, &["config", name, value]);
        }
        let hook = self.path(key).join("hooks/update");
        fs_err::create_dir_all(self.path(key).join("hooks")).expect("a directory for hooks");
        write_program(&hook);
        let tree = self.tree_upon(key, None, files);
        let first = self.commit_tree(key, &tree, &[], "Begin", "hub <hub@example.com>");
        self.must(key, &["update-ref", &format!("refs/heads/{branch}"), &first]);
        first
    }

    /// Stores a text.
    pub fn blob(&self, key: &str, text: &str) -> String {
        self.feed(key, &["hash-object", "-w", "--stdin"], text)
    }

    /// Stores a tree: that of a commit, or an empty one, with these texts at their paths. A text that begins with `#!`
    /// is a program.
    pub fn tree_upon(&self, key: &str, commit: Option<&str>, files: &[(&str, &str)]) -> String {
        let index = tempfile::NamedTempFile::new_in(self.root()).expect("a file for an index");
        let index = index.path().with_extension("index");
        let run = |args: &[&str], input: &str| {
            let mut command = self.command(key, args);
            command.env("GIT_INDEX_FILE", &index);
            text(finish(&mut command, input))
        };
        if let Some(commit) = commit {
            run(&["read-tree", commit], "");
        }
        let line = |(path, text): &(&str, &str)| {
            let mode = if text.starts_with("#!") { "100755" } else { "100644" };
            format!("{mode} {}\t{path}\n", self.blob(key, text))
        };
        let lines: String = files.iter().map(line).collect();
        run(&["update-index", "--add", "--index-info"], &lines);
        let tree = run(&["write-tree"], "");
        let _ = fs_err::remove_file(&index);
        tree
    }

    /// Stores a commit. `person` is `name <address>`.
    pub fn commit_tree(
        &self,
        key: &str,
        tree: &str,
        parents: &[&str],
        message: &str,
        person: &str,
    ) -> String {
        let (name, address) = person.split_once(" <").unwrap_or((person, "nobody@example.com>"));
        let mut args = vec!["commit-tree", tree];
        for parent in parents {
            args.extend(["-p", parent]);
        }
        let mut command = self.command(key, &args);
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), name);
            command.env(format!("GIT_{role}_EMAIL"), address.trim_end_matches('>'));
        }
        // As git ends it.
        let end = if message.ends_with('\n') { "" } else { "\n" };
        text(finish(&mut command, &format!("{message}{end}")))
    }

    /// All refs with what they point at.
    pub fn refs(&self, key: &str) -> BTreeMap<String, String> {
        let lines = self.must(key, &["for-each-ref", "--format=%(objectname) %(refname)"]);
        let parse = |line: &str| line.split_once(' ').map(|(sha, name)| (name.to_owned(), sha.to_owned()));
        lines.lines().filter_map(parse).collect()
    }

    /// Moves a ref if it is where it is thought to be ([`NOTHING`] for a new one); whether it was.
    pub fn update_ref(&self, key: &str, name: &str, new: &str, old: &str) -> bool {
        let args = match new {
            NOTHING => vec!["update-ref", "-d", name, old],
            new => vec!["update-ref", name, new, old],
        };
        self.run(key, &args).status.success()
    }

    /// Whether there is such an object.
    pub fn has(&self, key: &str, object: &str) -> bool {
        self.run(key, &["cat-file", "-e", object]).status.success()
    }

    /// The commit that a name means, in git's own words for names.
    pub fn resolve(&self, key: &str, name: &str) -> Option<String> {
        let found = self.run(key, &["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")]);
        found.status.success().then(|| text(found))
    }

    /// Whether `descendant` contains `ancestor`.
    pub fn contains(&self, key: &str, descendant: &str, ancestor: &str) -> bool {
        self.run(key, &["merge-base", "--is-ancestor", ancestor, descendant]).status.success()
    }

    /// The commit from which both come.
    pub fn merge_base(&self, key: &str, one: &str, other: &str) -> Option<String> {
        let found = self.run(key, &["merge-base", one, other]);
        found.status.success().then(|| text(found))
    }

    /// The tree of both together; `None` when they conflict.
    pub fn merge_tree(&self, key: &str, base: &str, head: &str) -> Option<String> {
        let merged = self.run(key, &["merge-tree", "--write-tree", "--no-messages", base, head]);
        merged.status.success().then(|| text(merged))
    }

    /// Refuses pushes to these refs from now on.
    pub fn refuse(&self, key: &str, refs: &[String]) {
        let lines: String = refs.iter().map(|name| format!("{name}\n")).collect();
        fs_err::write(self.path(key).join("hub-refused"), lines).expect("a list of refused refs");
    }

    /// What git prints.
    ///
    /// # Panics
    /// When git refuses.
    pub fn must(&self, key: &str, args: &[&str]) -> String {
        let output = self.run(key, args);
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        text(output)
    }

    fn feed(&self, key: &str, args: &[&str], input: &str) -> String {
        text(finish(&mut self.command(key, args), input))
    }

    fn run(&self, key: &str, args: &[&str]) -> Output {
        finish(&mut self.command(key, args), "")
    }

    fn command(&self, key: &str, args: &[&str]) -> Command {
        let mut command = sealed("git");
        command.arg("--git-dir").arg(self.path(key)).args(args).current_dir(self.root());
        command.env("GIT_AUTHOR_NAME", "hub").env("GIT_AUTHOR_EMAIL", "hub@example.com");
        command.env("GIT_COMMITTER_NAME", "hub").env("GIT_COMMITTER_EMAIL", "hub@example.com");
        command
    }
}

/// A program without the person's settings.
fn sealed(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("LC_ALL", "C");
    command
}

fn finish(command: &mut Command, input: &str) -> Output {
    use std::io::Write;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("git can be started");
    let mut stdin = child.stdin.take().expect("standard input is a pipe");
    // Short inputs only: they fit into the pipe, so nothing has to be read meanwhile.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("git ends")
}

fn text(output: Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// Writes the hook by another process: a thread beside this one that forks while the file is open for writing
/// would keep it from being started.
fn write_program(path: &Path) {
    let script = r#"cat > "$0" && chmod 755 "$0""#;
    let mut command = sealed("sh");
    command.args(["-c", script]).arg(path);
    assert!(finish(&mut command, UPDATE_HOOK).status.success(), "a hook can be written");
}
