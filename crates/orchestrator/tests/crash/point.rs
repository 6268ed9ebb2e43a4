//! The name of a point: who is about to do what to which kind of file.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use herder_testkit::intercept::{Call, Deed};

/// A process of the product, by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Orchestrator,
    Ralph,
    Keeper,
    Agent,
    /// What an agent or a keeper has started: a gate, a shell.
    Job,
}

/// What a repository has keepers run.
const SCRIPTS: [&str; 2] = ["check", "setup"];

/// Points of one kind. Two calls of one kind leave the same sorts of things behind: the same process, on
/// the same errand, at the same sort of file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    pub role: Role,
    /// The effect of the daemon's thread, or the command of a git below it.
    pub errand: String,
    /// The sort of file.
    pub place: String,
    /// What is done to it; nothing where that makes no difference, because nobody looks there yet.
    pub deed: Option<Deed>,
}

impl fmt::Display for Kind {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = format!("{:?}", self.role).to_lowercase();
        let deed = self.deed.map_or("any".to_owned(), |deed| format!("{deed:?}").to_lowercase());
        write!(to, "{role}:{}:{}:{deed}", self.errand, self.place)
    }
}

/// Whether a call may be a point of a kind that is written like this. It asks far less than [`Point::of`]: most
/// calls of a night are not the one that is waited for.
pub fn may_be(call: &Call, home: &Path, kind: &str) -> bool {
    let mut words = kind.split(':').skip(2);
    let (place, deed) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if deed != "any" && deed != format!("{:?}", call.deed()).to_lowercase() {
        return false;
    }
    // What is removed there counts as a draft, which only the thread's name tells.
    let is_found =
        |found: String| found == place || (place == "private/draft" && found.starts_with("private/"));
    place_of(call, home).is_some_and(|(found, _)| is_found(found))
}

/// A call that is a point, and the process that owns it.
pub struct Point {
    pub kind: Kind,
    /// The process whose role it is: of a git, the one that started it.
    pub owner: u32,
}

impl Point {
    /// The point that a call is; `None` for one that changes no file of the scene.
    pub fn of(call: &Call, home: &Path) -> Option<Self> {
        let process = call.process()?;
        let (place, deed) = place_of(call, home)?;
        let (role, owner, command) = ancestry(process)?;
        // A repository that is being removed is one thing, whatever it is made of.
        let is_removed = errand_of(&call.thread_name()) == "clean" && place.starts_with("private/");
        let place = if is_removed { "private/draft".to_owned() } else { place };
        let errand = match command {
            Some(command) => format!("git-{command}"),
            // Whoever tells a person is a program of that person's.
            None if place == "told" => "notify".to_owned(),
            None if role == Role::Orchestrator => errand_of(&call.thread_name()),
            None => "-".to_owned(),
        };
        let is_unseen = UNSEEN.iter().any(|unseen| place.ends_with(unseen));
        let deed = deed.filter(|_| !is_unseen);
        Some(Self { kind: Kind { role, errand, place, deed }, owner })
    }
}

/// The daemon names a thread after the key of its effect.
fn errand_of(thread: &str) -> String {
    match thread.split_once('/') {
        Some((verb, _)) => verb.to_owned(),
        None => "daemon".to_owned(),
    }
}

/// The role that a process has or works for, the process that has it, and the git command where it is one.
fn ancestry(process: u32) -> Option<(Role, u32, Option<String>)> {
    let (mut pid, mut command) = (process, None);
    for _ in 0..16 {
        let line = command_line(pid)?;
        if let Some(role) = role(&line) {
            return Some((role, pid, command));
        }
        if let Some(named) = git_command(&line) {
            command = Some(named);
        }
        pid = parent(pid)?;
    }
    None
}

fn role(line: &[String]) -> Option<Role> {
    let word = |at: usize| line.get(at).map(String::as_str).unwrap_or_default();
    let program = word(0).rsplit('/').next().unwrap_or_default();
    match (program, word(1)) {
        ("night", "up") => Some(Role::Orchestrator),
        ("herder-ralph", _) => Some(Role::Ralph),
        ("herder-keeper", _) => Some(Role::Keeper),
        (_, "replay-agent") => Some(Role::Agent),
        (_, script) if SCRIPTS.iter().any(|name| Path::new(script).ends_with(name)) => Some(Role::Job),
        _ => None,
    }
}

/// `fetch` of `git -c a=b --git-dir=c fetch ...`, and of what git starts for it.
fn git_command(line: &[String]) -> Option<String> {
    let program = line.first()?.rsplit('/').next()?;
    if let Some(helper) = program.strip_prefix("git-") {
        return Some(helper.to_owned());
    }
    if program != "git" {
        return None;
    }
    let is_command = |word: &&String| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            && !word.starts_with('-')
    };
    Some(line[1..].iter().find(is_command)?.clone())
}

fn command_line(pid: u32) -> Option<Vec<String>> {
    let raw = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    Some(String::from_utf8_lossy(&raw).split('\0').map(str::to_owned).collect())
}

fn parent(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// The living processes of a role among these.
pub fn with_role(pids: &[u32], wanted: Role) -> Vec<u32> {
    let has_role = |pid: &&u32| command_line(**pid).is_some_and(|line| role(&line) == Some(wanted));
    pids.iter().filter(has_role).copied().collect()
}

/// The sort of file that a call is about, and what it does there.
fn place_of(call: &Call, home: &Path) -> Option<(String, Option<Deed>)> {
    let deed = call.deed();
    if deed == Deed::Signal {
        return Some(("process".to_owned(), Some(deed)));
    }
    let path = call.path().ok()?;
    if deed == Deed::Execute {
        // A git that starts has done nothing yet: the point before its first write is the same.
        let is_own = path == Path::new("/proc/self/exe")
            || path.ends_with("examples/night")
            || SCRIPTS.iter().any(|name| path.ends_with(name));
        return is_own.then(|| ("program".to_owned(), Some(deed)));
    }
    Some((place(&plain(path.strip_prefix(home).ok()?)), Some(deed)))
}

/// Sorts of files that nobody looks at before something else, a point of its own, has named them.
const UNSEEN: &[&str] = &["draft", "objects", "room", "cache", "files", "clone-git"];

/// A path without its `.` components.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, Component::CurDir)).collect()
}

fn place(path: &Path) -> String {
    let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
    match parts.as_slice() {
        ["state", "runs"] => "runs".to_owned(),
        ["state", "runs", _] => "run".to_owned(),
        ["state", "runs", _, name, ..] if is_draft(name) => "private/draft".to_owned(),
        ["state", "runs", _, "git", rest @ ..] => format!("private/{}", in_git(rest)),
        ["state", "runs", _, "gate", ..] => "run/gate".to_owned(),
        ["state", "runs", _, name] => format!("run/{}", file(name)),
        ["state", area @ ("mirrors" | "vault"), rest @ ..] if rest.iter().any(|part| is_draft(part)) => {
            format!("{area}/draft")
        }
        ["state", area @ ("mirrors" | "vault"), rest @ ..] => {
            format!("{area}/{}", in_git(rest.get(3..).unwrap_or_default()))
        }
        ["state", "templates", rest @ ..] => format!("templates/{}", in_template(rest)),
        ["state", name] => format!("state/{}", file(name)),
        ["state", area, ..] => format!("state/{area}"),
        ["home", ".ralphs", ".run", ..] => "room".to_owned(),
        ["home", ".ralphs", ".cache", ..] => "cache".to_owned(),
        ["home", ".ralphs", "local", _, _, name, ..] if is_draft(name) => "clone/draft".to_owned(),
        ["home", ".ralphs", "local", _, _, _, ".git", ..] => "clone-git".to_owned(),
        ["home", ".ralphs", "local", _, _, _] => "clone".to_owned(),
        ["home", ".ralphs", "local", _, _, _, _, ..] => "clone/files".to_owned(),
        ["home", ".ralphs", ..] => "root".to_owned(),
        ["home", "told"] => "told".to_owned(),
        ["r.git", rest @ ..] => format!("origin/{}", in_git(rest)),
        _ => "elsewhere".to_owned(),
    }
}

/// A directory or file that is built under a name which nobody knows.
fn is_draft(name: &str) -> bool {
    let has_tail = [".new", ".removing-"].iter().any(|mark| name.contains(mark)) && name.starts_with('.');
    let heads = [".herder-new-", "herder.scratch-", "tmp_objdir"];
    has_tail || heads.iter().any(|head| name.starts_with(head))
}

fn in_template(parts: &[&str]) -> String {
    match parts {
        [.., "new"] | [_, _, _, _, "new", ..] => "draft".to_owned(),
        [_, _, _, _, "now", "tree", ..] => "files".to_owned(),
        parts => parts.last().map_or_else(String::new, |name| file(name)),
    }
}

fn in_git(parts: &[&str]) -> String {
    if parts.iter().any(|part| is_draft(part)) {
        return "draft".to_owned();
    }
    match parts {
        [] => "top".to_owned(),
        ["objects", ..] => "objects".to_owned(),
        ["refs", rest @ ..] => {
            let is_lock = rest.last().is_some_and(|last| last.ends_with(".lock"));
            let area: Vec<&str> = rest
                .iter()
                .take(2)
                .filter(|part| part.bytes().all(|byte| byte.is_ascii_lowercase()))
                .copied()
                .collect();
            format!("refs/{}{}", area.join("/"), if is_lock { ".lock" } else { "" })
        }
        [name, ..] => file(name),
    }
}

/// A file's name without what is different in each night.
fn file(name: &str) -> String {
    if name.starts_with('.') && name.ends_with(".new") {
        return name.split('.').nth(1).map_or("new".to_owned(), |stem| format!("{stem}.new"));
    }
    name.to_owned()
}
