//! `herder init`: what a repository needs, drafted from what lies in it. Nothing is ever overwritten.

mod on_host;

use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use herder_config::RepositoryConfig;
use herder_domain::cause::with_causes;
use herder_domain::finding::{Finding, Verdict};
use herder_workspace::{UserEnvironment, inspect_remote};
use serde::Serialize;
use serde_json::json;

use crate::args::Init;
use crate::call::Call;
use crate::failure::{Failure, Kind};
use crate::output::{Reply, encoded};

const DIR: &str = ".ralph";
const CHECK: &str = ".ralph/check";
const CONFIG: &str = ".ralph/config.toml";

/// One file of `.ralph/`, and what became of it.
#[derive(Debug, Serialize)]
struct File {
    path: &'static str,
    did: Did,
    /// What was drafted; nothing where the file was there.
    text: Option<String>,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Did {
    /// It is new.
    Written,
    /// It would be new.
    WouldWrite,
    /// It was there, and is as it was.
    Kept,
}

/// Makes ready what is meant: a checkout, or a repository by its name on its host.
pub fn init(call: &Call, args: &Init) -> Result<Reply, Failure> {
    match on_host::is_meant(&args.what) {
        true => on_host::init(call, args),
        false => draft(args),
    }
}

/// Drafts what is missing and looks at what is there.
fn draft(args: &Init) -> Result<Reply, Failure> {
    let top = top(Path::new(&args.what))?;
    refuse_odd_dir(&top)?;
    let draft = herder_gate::draft(&top).map_err(|error| unreadable(&error))?;
    let drafts = [(CHECK, draft.script, 0o755), (CONFIG, herder_config::repository_template(), 0o644)];
    let mut files = Vec::new();
    for (path, text, mode) in drafts {
        files.push(written(&top, path, text, mode, args.dry_run)?);
    }
    let findings = [check_gate(&top), check_config(&top)].concat();
    let next = next_steps(&files);
    let json = json!({
        "top": top.display().to_string(),
        "found": draft.found,
        "files": encoded(&files)?,
        "findings": encoded(&findings)?,
        "next": next,
    });
    let reply = Reply::one(&json, text(&top, &draft.found, &files, &findings, &next))?;
    let wrong = findings.iter().find(|finding| finding.verdict == Verdict::Error);
    Ok(match wrong {
        Some(wrong) => {
            let failure = Failure::new(Kind::Config, wrong.detail.clone());
            reply.but(failure.hint(wrong.hint.clone().unwrap_or_default()))
        }
        None => reply,
    })
}

/// The top of the repository that a directory lies in.
fn top(path: &Path) -> Result<PathBuf, Failure> {
    let none = |why: String| {
        Failure::not_found(format!("{} is in no git repository: {why}", path.display()))
            .hint("`git init` makes one; `herder init PATH` names another directory")
    };
    let real = fs_err::canonicalize(path).map_err(|error| none(error.to_string()))?;
    let text = real.to_str().ok_or_else(|| none("its name is not UTF-8".to_owned()))?;
    let facts = inspect_remote(text, &UserEnvironment::of_this_process())?;
    if facts.is_bare == Some(true) {
        return Err(Failure::refused(format!("{} is a bare repository, without files", path.display()))
            .hint("call `herder init` in a clone of it"));
    }
    facts.top.filter(|_| facts.is_repository).ok_or_else(|| none(facts.problem.unwrap_or_default()))
}

/// A link would have us write somewhere else.
fn refuse_odd_dir(top: &Path) -> Result<(), Failure> {
    match std::fs::symlink_metadata(top.join(DIR)) {
        Ok(entry) if !entry.is_dir() => Err(Failure::refused(format!("{DIR} is there, and is no directory"))
            .hint("move it away; herder wants a directory of that name")),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn unreadable(error: &std::io::Error) -> Failure {
    Failure::environment(format!("failed to look at the repository: {error}"))
        .hint("look at the owner and mode of its files")
}

/// Writes a draft where there is nothing yet.
fn written(top: &Path, path: &'static str, text: String, mode: u32, dry: bool) -> Result<File, Failure> {
    let place = top.join(path);
    if std::fs::symlink_metadata(&place).is_ok() {
        return Ok(File { path, did: Did::Kept, text: None });
    }
    if dry {
        return Ok(File { path, did: Did::WouldWrite, text: Some(text) });
    }
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(top.join(DIR))?;
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&place)?;
        file.write_all(text.as_bytes())
    };
    write().map_err(|error| {
        Failure::environment(format!("failed to write {}: {error}", place.display()))
            .hint("look at the owner and mode of the directory, and at the room on its disk")
    })?;
    Ok(File { path, did: Did::Written, text: Some(text) })
}

fn check_gate(top: &Path) -> Vec<Finding> {
    let Ok(found) = std::fs::metadata(top.join(CHECK)) else { return Vec::new() };
    if !found.is_file() || found.permissions().mode() & 0o111 == 0 {
        let hint = format!("chmod +x {CHECK}");
        return vec![Finding::error("gate", format!("{CHECK} is no executable file"), hint)];
    }
    vec![Finding::ok("gate", format!("{CHECK} is there and can be executed"))]
}

fn check_config(top: &Path) -> Vec<Finding> {
    let Ok(text) = fs_err::read_to_string(top.join(CONFIG)) else { return Vec::new() };
    match RepositoryConfig::parse(&text) {
        Ok(_) => vec![Finding::ok("config", format!("{CONFIG} is understood"))],
        Err(error) => {
            let detail = format!("failed to {}", with_causes(&error));
            vec![Finding::error("config", detail, "docs/configuration.md tells of every key")]
        }
    }
}

fn next_steps(files: &[File]) -> Vec<String> {
    let mut steps = vec!["./.ralph/check".to_owned()];
    if files.iter().any(|file| file.did != Did::Kept) {
        steps.push("git add .ralph && git commit -m 'Add the gate'".to_owned());
    }
    steps.extend(["git push".to_owned(), "herder repo add .".to_owned()]);
    steps
}

fn text(top: &Path, found: &[String], files: &[File], findings: &[Finding], next: &[String]) -> String {
    let mut text = format!("{}\n", top.display());
    match found.is_empty() {
        true => text.push_str("found nothing that tells how it is checked\n"),
        false => found.iter().for_each(|found| text.push_str(&format!("found {found}\n"))),
    }
    for file in files {
        let word = match file.did {
            Did::Written => "wrote",
            Did::WouldWrite => "would write",
            Did::Kept => "kept",
        };
        text.push_str(&format!("{word} {}\n", file.path));
        if file.did == Did::WouldWrite
            && let Some(draft) = &file.text
        {
            draft.lines().for_each(|line| text.push_str(&format!("  | {line}\n")));
        }
    }
    for finding in findings.iter().filter(|finding| finding.verdict != Verdict::Ok) {
        text.push_str(&format!("{}: {}\n", finding.verdict.word(), finding.detail));
    }
    text.push_str("read the files, try the check, then:\n");
    next.iter().for_each(|step| text.push_str(&format!("  {step}\n")));
    text
}
