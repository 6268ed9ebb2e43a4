//! `herder goal lint`.

use std::path::Path;

use herder_domain::goal::{Finding, Goal, GoalDocument, MAX_BODY_BYTES, Severity};
use herder_store::GoalFilter;
use serde::Serialize;

use super::editor::read_text;
use super::{Subject, findings, load};
use crate::args::{Lint, Reference};
use crate::call::{Call, Opened};
use crate::failure::Failure;
use crate::output::{Reply, counted};
use crate::place;

/// A finding with what it is about.
#[derive(Debug, Serialize)]
struct Item {
    /// The file, or the goal.
    about: String,
    #[serde(flatten)]
    finding: Finding,
}

/// Says what is wrong with goals; errors make the command fail.
pub fn lint(call: &Call, args: &Lint) -> Result<Reply, Failure> {
    let mut opened = call.open()?;
    let mut items = Vec::new();
    for what in &args.what {
        items.extend(of_argument(call, &mut opened, what)?);
    }
    if args.all {
        let repo = place::scope(call, &opened.store)?;
        let states = ["draft", "queued"].map(str::to_owned).to_vec();
        for goal in opened.store.goals(&GoalFilter { repo, states, ..GoalFilter::default() })? {
            items.extend(of_goal(call, &opened, &goal)?);
        }
    }
    let errors = items.iter().filter(|item| item.finding.severity == Severity::Error).count();
    let summary = counted(errors, items.len() - errors);
    let text: String = items.iter().map(line).collect();
    if errors == 0 {
        return Reply::list(&items, format!("{text}{summary}\n"));
    }
    let failure = Failure::refused(summary).hint("what is wrong with a goal keeps it from being queued well");
    Ok(Reply::list(&items, text)?.but(failure))
}

fn of_argument(call: &Call, opened: &mut Opened, what: &str) -> Result<Vec<Item>, Failure> {
    let path = Path::new(what);
    if what == "-" || path.exists() {
        return of_file(call, opened, path);
    }
    let reference: Reference = what.parse().map_err(|_| {
        Failure::not_found(format!("{what:?} is neither a file nor a goal"))
            .hint("write a path, or a number such as 42 or owner/name#42")
    })?;
    let id = place::goal(call, &opened.store, &reference)?;
    of_goal(call, opened, &load(opened, &id)?)
}

/// A file without a title is called by its own name.
fn of_file(call: &Call, opened: &mut Opened, path: &Path) -> Result<Vec<Item>, Failure> {
    let text = read_text(&path.display().to_string(), path, MAX_BODY_BYTES as u64)?;
    let (repo, _) = place::home(call, opened)?;
    let titled = GoalDocument::read(&text).title;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let title = if titled.is_empty() { stem } else { titled };
    // The title's line stays where it is, so that the lines are those of the file.
    let subject = Subject { repo: &repo, id: None, title: &title, body: &text, depends: &[], story: None };
    Ok(items(&path.display().to_string(), findings(call, opened, &subject)?))
}

fn of_goal(call: &Call, opened: &Opened, goal: &Goal) -> Result<Vec<Item>, Failure> {
    Ok(items(&goal.id.to_string(), findings(call, opened, &goal.into())?))
}

fn items(about: &str, findings: Vec<Finding>) -> Vec<Item> {
    findings.into_iter().map(|finding| Item { about: about.to_owned(), finding }).collect()
}

fn line(item: &Item) -> String {
    let Finding { severity, rule, line, message, hint } = &item.finding;
    let word = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let line = line.map(|line| format!(":{line}")).unwrap_or_default();
    let hint = if hint.is_empty() { String::new() } else { format!("    {hint}\n") };
    format!("{}{line}: {word}: {message} [{rule}]\n{hint}", item.about)
}
