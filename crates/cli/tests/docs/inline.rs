//! Commands that a page only mentions, in the middle of a sentence: there is such a command, with such options.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Parser};

use crate::place;

/// The reference of commands, which another test keeps true.
const REFERENCE: &str = include_str!("../../../../docs/reference/commands.md");

/// What every command takes.
const GLOBAL: [&str; 4] = ["--json", "--repo", "--help", "--version"];

/// Commands that herder gives itself, and the word that stands for all others.
const INNER: [&str; 2] = ["keeper", "help"];

/// What is hidden from the reference: what an orchestrator says to a ralph, and a verb of the journal's.
const HIDDEN: [&str; 2] = ["ralph --run DIR", "goal spot-check"];

/// Each command's words with its section of the reference.
fn commands() -> BTreeMap<&'static str, &'static str> {
    let sections = REFERENCE.split("\n## `herder ").skip(1);
    sections.filter_map(|section| section.split_once('`')).collect()
}

/// What is wrong with a mention, behind `herder `.
pub fn complaint_of(mention: &str) -> Option<String> {
    complaint(&commands(), mention)
}

/// Finds mentions of what there is not, in all pages.
pub fn check(root: &Path, pages: &[PathBuf]) -> Result<(), String> {
    let commands = commands();
    let mut wrong = Vec::new();
    for path in pages {
        let text = fs_err::read_to_string(root.join(path)).unwrap();
        for (event, range) in Parser::new(&text).into_offset_iter() {
            let Event::Code(code) = event else { continue };
            let line = text[..range.start].matches('\n').count() + 1;
            let Some(mention) = code.strip_prefix("herder ") else { continue };
            wrong.extend(complaint(&commands, mention).map(|why| format!("{}: {why}", place(path, line))));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn complaint(commands: &BTreeMap<&str, &str>, mention: &str) -> Option<String> {
    let words: Vec<&str> = mention.split_whitespace().collect();
    let first = words.first()?;
    if HIDDEN.contains(&mention)
        || INNER.contains(first)
        || first.starts_with('-')
        || !first.chars().all(|c| c.is_ascii_lowercase() || c == '-')
    {
        return None;
    }
    let longest = (1..=words.len()).rev().map(|count| words[..count].join(" "));
    let group = |name: &str| commands.keys().any(|known| known.starts_with(&format!("{name} ")));
    let Some(section) = longest.into_iter().find_map(|name| commands.get(name.as_str())) else {
        let is_group = words.len() == 1 && group(first);
        return (!is_group).then(|| format!("there is no command `herder {mention}`"));
    };
    let flags = words.iter().filter(|word| word.starts_with("--") && word.len() > 2);
    let names = flags.map(|flag| flag.split('=').next().unwrap_or(flag).trim_end_matches([']', ',', '.']));
    names
        .filter(|flag| !GLOBAL.contains(flag) && !section.contains(&format!("`{flag}")))
        .map(|flag| format!("`herder {mention}` takes no {flag}"))
        .next()
}
