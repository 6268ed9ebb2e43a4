//! The text of a backlog, taken apart.

use std::collections::BTreeMap;

use super::order::refuse_cycles;
use super::{Backlog, BacklogGoal, BacklogLink, BacklogStory, BadBacklog};
use crate::goal::KEYS;
use crate::goal::outline::{Line, lines};
use crate::repo::{GoalRef, RepoId};

impl Backlog {
    /// Reads the backlog of `repo`. The goals' texts are taken as they are: whether each can be a goal is asked of
    /// [`GoalText::read`](crate::goal::GoalText::read) and [`lint`](crate::goal::lint).
    ///
    /// # Errors
    /// [`BadBacklog`], the first thing that is wrong.
    pub fn read(repo: &RepoId, text: &str) -> Result<Self, BadBacklog> {
        let text = text.replace("\r\n", "\n");
        let Parts { stories, goals: parts } = Parts::of(&text);
        let names = names(&parts)?;
        let goals = parts.iter().map(|part| part.goal(repo, &names)).collect::<Result<Vec<_>, _>>()?;
        if goals.is_empty() {
            return Err(BadBacklog::Empty);
        }
        let backlog = Self { stories, goals };
        refuse_cycles(&backlog)?;
        Ok(backlog)
    }
}

/// The text by what its lines belong to.
#[derive(Default)]
struct Parts<'t> {
    stories: Vec<BacklogStory>,
    goals: Vec<Part<'t>>,
}

/// A goal's lines.
struct Part<'t> {
    line: usize,
    title: &'t str,
    story: Option<usize>,
    /// Before the first section.
    head: Vec<Line<'t>>,
    sections: Vec<Line<'t>>,
}

impl<'t> Parts<'t> {
    fn of(text: &'t str) -> Self {
        let mut parts = Self::default();
        let mut is_in_goal = false;
        for line in lines(text, 1) {
            if let Some(title) = line.heading(1) {
                let title = title.to_owned();
                parts.stories.push(BacklogStory { line: line.number, title, body: String::new() });
                is_in_goal = false;
            } else if let Some(title) = line.heading(2) {
                let story = parts.stories.len().checked_sub(1);
                let (head, sections) = (Vec::new(), Vec::new());
                parts.goals.push(Part { line: line.number, title, story, head, sections });
                is_in_goal = true;
            } else if is_in_goal {
                parts.goals.iter_mut().last().into_iter().for_each(|goal| goal.push(line));
            } else if let Some(story) = parts.stories.last_mut() {
                push(&mut story.body, line.text);
            }
        }
        parts.stories.iter_mut().for_each(|story| story.body = tidied(&story.body));
        parts
    }
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// Without empty lines around it.
fn tidied(text: &str) -> String {
    let text = text.trim_end().trim_start_matches('\n');
    if text.is_empty() { String::new() } else { format!("{text}\n") }
}

/// Lines `Key: value` of a goal's head that say something to herder beside the keys of a front matter.
const OWN_KEYS: [&str; 3] = ["id", "depends", "spot-check"];

impl<'t> Part<'t> {
    fn push(&mut self, line: Line<'t>) {
        if self.sections.is_empty() && line.heading(3).is_none() {
            self.head.push(line);
        } else {
            self.sections.push(line);
        }
    }

    /// The values of a key in the head, with their lines.
    fn values(&self, key: &str) -> impl Iterator<Item = (usize, &'t str)> {
        self.head.iter().filter_map(move |line| {
            let (found, value) = keyed(line)?;
            (found == key).then_some((line.number, value))
        })
    }

    fn goal(&self, repo: &RepoId, names: &Names) -> Result<BacklogGoal, BadBacklog> {
        let mut depends = Vec::new();
        for (line, list) in self.values("depends") {
            for name in separated(list) {
                depends.push(link(repo, names, line, &name)?);
            }
        }
        let mut wants_spot_check = false;
        for (line, value) in self.values("spot-check") {
            wants_spot_check = match value.to_lowercase().as_str() {
                "yes" => true,
                "no" => false,
                _ => return Err(BadBacklog::SpotCheck { line, value: value.to_owned() }),
            };
        }
        let (line, title, body) = (self.line, self.title.to_owned(), self.body());
        Ok(BacklogGoal { line, title, body, story: self.story, depends, wants_spot_check })
    }

    /// The text of a goal: options become a front matter, sections are raised by one level.
    fn body(&self) -> String {
        let (mut matter, mut text) = (String::new(), String::new());
        for line in &self.head {
            match keyed(line) {
                Some((key, value)) if KEYS.contains(&key.as_str()) => {
                    push(&mut matter, &format!("{key}: {value}"));
                }
                Some(_) => {}
                None => push(&mut text, line.text),
            }
        }
        text = tidied(&text);
        if !text.is_empty() {
            text.push('\n');
        }
        for line in &self.sections {
            let is_heading = !line.is_code && line.text.starts_with("###");
            push(&mut text, line.text.get(usize::from(is_heading)..).unwrap_or_default());
        }
        let text = tidied(&text);
        if matter.is_empty() { text } else { format!("---\n{matter}---\n\n{text}") }
    }
}

/// A line `Key: value` whose key means something, the key in small letters.
fn keyed<'t>(line: &Line<'t>) -> Option<(String, &'t str)> {
    let (key, value) = line.text.split_once(':').filter(|_| !line.is_code)?;
    let key = key.to_lowercase();
    let is_known = OWN_KEYS.contains(&key.as_str()) || KEYS.contains(&key.as_str());
    is_known.then_some((key, value.trim()))
}

/// Each name of a goal, its title and its `Id:`, with the goal's place and the name's line.
type Names = BTreeMap<String, (usize, usize)>;

fn names(parts: &[Part<'_>]) -> Result<Names, BadBacklog> {
    let mut names = Names::new();
    for (place, part) in parts.iter().enumerate() {
        let ids = part.values("id");
        for (line, name) in std::iter::once((part.line, part.title)).chain(ids) {
            match names.insert(plain(name), (place, line)) {
                Some((other, first)) if other != place => {
                    return Err(BadBacklog::SameName { line, name: name.to_owned(), first });
                }
                Some(_) | None => {}
            }
        }
    }
    Ok(names)
}

fn plain(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn link(repo: &RepoId, names: &Names, line: usize, name: &str) -> Result<BacklogLink, BadBacklog> {
    if let Some((place, _)) = names.get(&plain(name)) {
        return Ok(BacklogLink::Here(*place));
    }
    let number = Some(name).filter(|name| name.contains('#')).and_then(|name| GoalRef::read(repo, name).ok());
    number.map(BacklogLink::Elsewhere).ok_or_else(|| BadBacklog::UnknownName { line, name: name.to_owned() })
}

/// The parts of a list with commas between them; a comma in double quotes is none.
fn separated(list: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut is_quoted = false;
    for c in list.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => parts.push(String::new()),
            c => parts.iter_mut().last().into_iter().for_each(|part| part.push(c)),
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}
