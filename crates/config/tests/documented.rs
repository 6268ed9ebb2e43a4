//! The pages that people read: every key is told of, and every example is taken as it stands.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so")]

use std::collections::BTreeSet;
use std::path::Path;

use herder_config::{Holds, KEYS, Place, RepositoryConfig, UserConfig};
use herder_domain::goal::GoalText;

const CONFIGURATION: &str = include_str!("../../../docs/configuration.md");
const GOALS: &str = include_str!("../../../docs/goals.md");

/// The blocks of a page that are fenced by exactly this line, without their fences.
fn blocks(page: &str, fence: &str) -> Vec<String> {
    let close: String = fence.chars().take_while(|c| *c == '`').collect();
    let mut lines = page.lines();
    let mut found = Vec::new();
    while lines.by_ref().any(|line| line == fence) {
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != close).collect();
        found.push(block.join("\n") + "\n");
    }
    found
}

/// The first two cells of the rows whose first cell is a key.
fn rows() -> BTreeSet<(&'static str, &'static str)> {
    let places = ["user", "both", "repository"];
    let cells = |line: &'static str| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        Some((cells.next()?.strip_suffix('`')?, cells.next()?))
    };
    CONFIGURATION.lines().filter_map(cells).filter(|(_, place)| places.contains(place)).collect()
}

#[test]
fn every_key_and_no_other_has_a_row_that_says_who_may_set_it() {
    let keys: BTreeSet<(&str, &str)> = KEYS
        .iter()
        .map(|key| match key.place {
            Place::User => (key.path, "user"),
            Place::Both => (key.path, "both"),
            Place::Repository => (key.path, "repository"),
        })
        .collect();
    let rows = rows();
    let missing: Vec<_> = keys.difference(&rows).collect();
    let wrong: Vec<_> = rows.difference(&keys).collect();
    assert!(missing.is_empty(), "docs/configuration.md has no row for {missing:?}");
    assert!(wrong.is_empty(), "docs/configuration.md has a row that is not true: {wrong:?}");
}

/// The keys that an item of the section about changes names.
fn named_as(item: &str) -> BTreeSet<&'static str> {
    let section = CONFIGURATION.split("\n## ").find(|part| part.starts_with("When a change holds")).unwrap();
    let lead = format!("**{item}**");
    let text = section.split("\n- ").find(|part| part.starts_with(&lead)).unwrap();
    let list = text.split("\n\n").next().unwrap();
    let words: BTreeSet<&str> = list.split('`').skip(1).step_by(2).collect();
    KEYS.iter().map(|key| key.path).filter(|path| words.contains(path)).collect()
}

#[test]
fn the_page_says_of_every_key_when_a_change_of_it_holds() {
    let items = [
        (Holds::AtOnce, "At once"),
        (Holds::NextRun, "In what begins from now on"),
        (Holds::Restart, "Only after a restart"),
    ];
    for (holds, item) in items {
        let keys: BTreeSet<_> = KEYS.iter().filter(|key| key.holds == holds).map(|key| key.path).collect();
        assert_eq!(named_as(item), keys, "docs/configuration.md, {item}");
    }
}

#[test]
fn every_example_of_a_file_is_one() {
    let examples = blocks(CONFIGURATION, "```toml");
    assert!(examples.len() >= 8, "{}", examples.len());
    for text in examples {
        let first = text.lines().next().unwrap_or_default();
        match first {
            "# ~/.config/herder/config.toml" => drop(UserConfig::parse(Path::new(first), &text).unwrap()),
            "# .ralph/config.toml" => drop(RepositoryConfig::parse(&text).unwrap()),
            _ => panic!("an example does not say which file it is: {text}"),
        }
    }
}

#[test]
fn every_example_of_a_goal_is_one() {
    let repo = "github.com/acme/app".parse().unwrap();
    let examples = blocks(GOALS, "````markdown");
    assert!(examples.len() >= 2, "{}", examples.len());
    for text in examples {
        GoalText::read(&repo, "An example", &text).unwrap_or_else(|error| panic!("{error}: {text}"));
    }
}
