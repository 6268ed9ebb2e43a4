//! What a piece of work asks of the machine whatever else goes on there: processes forked, programs started, files
//! synced, bytes written, as strace tells it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use herder_testkit::pairs::Failure;

/// The calls that are counted.
const CALLS: &str = "trace=execve,clone,clone3,fork,vfork,fsync,fdatasync,syncfs,\
                     write,pwrite64,writev,copy_file_range,sendfile";

/// Sums over all processes of a piece of work.
#[derive(Debug, Default)]
pub struct Counts {
    /// How many processes were made (fork(2), vfork(2), and clone(2) but for threads).
    pub forks: usize,
    /// How many threads were made.
    pub threads: usize,
    /// How often each program was started; git with its command.
    pub programs: BTreeMap<String, usize>,
    /// How often each sort of file or directory was synced.
    pub syncs: BTreeMap<String, usize>,
    /// Bytes written into files below the scene's directory.
    pub bytes: u64,
}

impl Counts {
    /// Runs a command to its end and counts what it and all that it starts do below `top`.
    ///
    /// # Errors
    /// strace or the command fails.
    pub fn of(command: &Command, top: &Path) -> Result<Self, Failure> {
        let trace = top.join("trace");
        let mut strace = Command::new("strace");
        strace
            .args(["-f", "--seccomp-bpf", "-qq", "-y", "-s", "256", "-e", CALLS, "-e", "signal=none", "-o"])
            .arg(&trace);
        strace.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => strace.env(name, value),
                None => strace.env_remove(name),
            };
        }
        if let Some(cwd) = command.get_current_dir() {
            strace.current_dir(cwd);
        }
        let status = strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        if !status.success() {
            return Err(format!("{command:?} under strace ended with {status}").into());
        }
        let text = String::from_utf8_lossy(&fs_err::read(trace)?).into_owned();
        Ok(Self::read(&text, &top.display().to_string()))
    }

    /// How many programs were started.
    pub fn started(&self) -> usize {
        self.programs.values().sum()
    }

    /// How many syncs there were.
    pub fn synced(&self) -> usize {
        self.syncs.values().sum()
    }

    fn read(trace: &str, top: &str) -> Self {
        let (mut counts, mut begun) = (Self::default(), BTreeMap::new());
        for line in trace.lines() {
            let Some((pid, call)) = line.split_once(' ') else { continue };
            let call = call.trim_start();
            // A call that others came between stands in two lines.
            if let Some(beginning) = call.strip_suffix("<unfinished ...>") {
                begun.insert(pid, beginning);
            } else if let Some((_, end)) =
                call.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>"))
            {
                let whole = format!("{}{end}", begun.remove(pid).unwrap_or_default());
                counts.add(&whole, top);
            } else {
                counts.add(call, top);
            }
        }
        counts
    }

    fn add(&mut self, call: &str, top: &str) {
        let Some((name, rest)) = call.split_once('(') else { return };
        let Some(result) = rest.rsplit_once(" = ").and_then(|(_, result)| result.split(' ').next()) else {
            return;
        };
        let Ok(result) = result.split('<').next().unwrap_or_default().parse::<i64>() else { return };
        if result < 0 {
            return;
        }
        match name {
            "execve" => *self.programs.entry(program(rest)).or_default() += 1,
            "clone" | "clone3" if rest.contains("CLONE_THREAD") => self.threads += 1,
            "clone" | "clone3" | "fork" | "vfork" => self.forks += 1,
            "fsync" | "fdatasync" | "syncfs" => {
                *self.syncs.entry(file(rest.split(')').next().unwrap_or_default(), top)).or_default() += 1;
            }
            "write" | "pwrite64" | "writev" if is_below(rest.split('>').next(), top) => {
                self.bytes += result.unsigned_abs();
            }
            "copy_file_range" if is_below(rest.split('>').nth(1), top) => self.bytes += result.unsigned_abs(),
            "sendfile" if is_below(rest.split('>').next(), top) => self.bytes += result.unsigned_abs(),
            _ => {}
        }
    }
}

fn is_below(descriptor: Option<&str>, top: &str) -> bool {
    descriptor.and_then(|text| text.split_once('<')).is_some_and(|(_, path)| path.starts_with(top))
}

/// The words of a call in quotes.
fn words(call: &str) -> Vec<&str> {
    call.split('"').skip(1).step_by(2).collect()
}

/// `git` with its command, `herder` with its own, other programs by name.
fn program(call: &str) -> String {
    let words = words(call);
    let name = words.first().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let mut args = words.iter().skip(2);
    match name {
        "git" => {
            let mut command = "";
            while let Some(arg) = args.next() {
                match *arg {
                    "-c" => drop(args.next()),
                    arg if arg.starts_with('-') => {}
                    arg => {
                        command = arg;
                        break;
                    }
                }
            }
            format!("git {command}")
        }
        "exe" | "herder" => format!("herder {}", args.next().unwrap_or(&"")),
        name => name.to_owned(),
    }
}

/// A path without what differs from goal to goal.
fn file(descriptor: &str, top: &str) -> String {
    let path = descriptor.split_once('<').map_or("", |(_, path)| path.trim_end().trim_end_matches('>'));
    let path = path.strip_prefix(top).unwrap_or(path);
    let name = |part: &str| {
        let is_run = part.starts_with("app-");
        let part = part.split_once("tmp_").map_or(part, |(_, end)| end.split('_').next().unwrap_or(end));
        if let Some(kind) = object(part) {
            return kind;
        }
        match part.strip_prefix('.').and_then(|part| part.strip_suffix(".new")) {
            Some(draft) => draft.rsplit_once('.').map_or(draft, |(name, _)| name).to_owned(),
            None if is_run => "RUN".to_owned(),
            None => part.split_once("scratch-").map_or(part, |_| "scratch").to_owned(),
        }
    };
    path.split('/').filter(|part| !part.is_empty()).map(name).collect::<Vec<_>>().join("/")
}

/// What names an object or a pack of git by its hash, without the hash.
fn object(part: &str) -> Option<String> {
    let is_hash = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let pack = part.strip_prefix("pack-").and_then(|rest| rest.split_once('.'));
    match pack {
        Some((hash, kind)) if is_hash(hash) => Some(format!("PACK.{kind}")),
        None if part.len() == 2 && is_hash(part) => Some("XX".to_owned()),
        Some(_) | None => None,
    }
}
