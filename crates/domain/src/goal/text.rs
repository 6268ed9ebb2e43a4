//! A goal's text: front matter, links, `## Objective`, `## Acceptance`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::agent::Reasoning;
use crate::duration::Span;
use crate::repo::{GoalRef, Number, RepoId};

/// The longest body that is taken, in bytes: what GitHub takes for an issue's body.
pub const MAX_BODY_BYTES: usize = 65_536;

/// The longest title that is taken, in characters: what GitHub takes for an issue's title.
pub const MAX_TITLE_CHARS: usize = 256;

/// What a goal's front matter may ask for; what is absent comes from flags and configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GoalOptions {
    /// The coding agent's name.
    pub agent: Option<String>,
    /// The model's name.
    pub model: Option<String>,
    /// How much to think.
    pub reasoning: Option<Reasoning>,
    /// Working time of one run.
    pub duration: Option<Span>,
    /// Wall time of one run.
    pub max_age: Option<Span>,
    /// Higher goes first; 0 where it is not said.
    pub priority: Option<i32>,
    /// US dollars of one run.
    pub budget: Option<f64>,
    /// No run begins before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// No run begins from this time on; among goals of one priority the earliest comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
}

/// A goal's text, read.
#[derive(Clone, Debug, PartialEq)]
pub struct GoalText {
    /// One line.
    pub title: String,
    /// The whole text as it was written.
    pub body: String,
    /// The first line `Story: #42`.
    pub story: Option<Number>,
    /// The line `Depends: #12, owner/repo#13`.
    pub depends: Vec<GoalRef>,
    /// The front matter.
    pub options: GoalOptions,
}

/// Why a text cannot be a goal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadGoalText {
    /// No title, or more than a line.
    #[error("the title must be one line of 1 to {MAX_TITLE_CHARS} characters")]
    Title,
    /// Too much.
    #[error("the body has {bytes} bytes, more than the {MAX_BODY_BYTES} that an issue may have")]
    TooLong {
        /// How much there is.
        bytes: usize,
    },
    /// Not text.
    #[error("line {line} holds a control character (U+{code:04X})")]
    ControlCharacter {
        /// From 1.
        line: usize,
        /// The character's number.
        code: u32,
    },
    /// The one section that must be there is not.
    #[error("there is no \"## Objective\" with text below it")]
    NoObjective,
    /// A front matter that is not closed.
    #[error("the front matter opened in line 1 by \"---\" has no closing \"---\"")]
    OpenFrontMatter,
    /// An unknown or repeated key.
    #[error("{key:?} is not a key of a goal's front matter{hint}", hint = hint(near))]
    UnknownKey {
        /// As written.
        key: String,
        /// The key that may have been meant.
        near: Option<&'static str>,
    },
    /// A value that does not fit its key.
    #[error("front matter {key}: {reason}")]
    BadValue {
        /// The key.
        key: &'static str,
        /// What is wrong with its value.
        reason: String,
    },
    /// A link that names nothing.
    #[error("{text:?} names no goal; write #12 or owner/repo#12")]
    BadLink {
        /// As written.
        text: String,
    },
}

impl BadGoalText {
    /// The name of the rule that is broken.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::TooLong { .. } => "too-long",
            Self::ControlCharacter { .. } => "control-character",
            Self::NoObjective => "no-objective",
            Self::OpenFrontMatter => "open-front-matter",
            Self::UnknownKey { .. } => "unknown-key",
            Self::BadValue { .. } => "bad-value",
            Self::BadLink { .. } => "bad-link",
        }
    }

    /// What to do about it, one sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Title => "say it with --title, or in a first line \"# Title\" of a file",
            Self::TooLong { .. } => "put what is long into a file of the repository and name it",
            Self::ControlCharacter { .. } => "a goal is plain text: leave the character out",
            Self::NoObjective => {
                "write \"## Objective\", a line with what is wanted, then \"## Acceptance\" and a list"
            }
            Self::OpenFrontMatter => "close it with a line \"---\", or begin with another line",
            Self::UnknownKey { .. } => {
                "it takes agent, model, reasoning, duration, max_age, priority, budget, not_before, deadline"
            }
            Self::BadValue { .. } => "an option that is left out comes from flags and configuration",
            Self::BadLink { .. } => "`herder goal list` and `herder story list` show the numbers",
        }
    }
}

fn hint(near: &Option<&'static str>) -> String {
    near.map(|key| format!("; did you mean {key:?}?")).unwrap_or_default()
}

/// The keys of a front matter.
pub const KEYS: [&str; 9] =
    ["agent", "model", "reasoning", "duration", "max_age", "priority", "budget", NOT_BEFORE, DEADLINE];

/// The key of [`GoalOptions::not_before`].
pub const NOT_BEFORE: &str = "not_before";

/// The key of [`GoalOptions::deadline`].
pub const DEADLINE: &str = "deadline";

impl GoalText {
    /// Reads a goal of `repo` from its title and body.
    pub fn read(repo: &RepoId, title: &str, body: &str) -> Result<Self, BadGoalText> {
        let title = title.trim();
        if !is_title(title) {
            return Err(BadGoalText::Title);
        }
        if body.len() > MAX_BODY_BYTES {
            return Err(BadGoalText::TooLong { bytes: body.len() });
        }
        let body = body.replace("\r\n", "\n");
        refuse_control(&body)?;
        let (options, rest) = front_matter(&body)?;
        let (story, depends) = links(repo, rest)?;
        if !has_objective(rest) {
            return Err(BadGoalText::NoObjective);
        }
        Ok(Self { title: title.into(), story, depends, options, body })
    }
}

/// Whether a text can be a title: one line of 1 to [`MAX_TITLE_CHARS`] characters.
pub fn is_title(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().count() <= MAX_TITLE_CHARS && !text.chars().any(char::is_control)
}

pub(super) fn refuse_control(body: &str) -> Result<(), BadGoalText> {
    for (index, line) in body.lines().enumerate() {
        if let Some(c) = line.chars().find(|c| c.is_control() && *c != '\t') {
            return Err(BadGoalText::ControlCharacter { line: index + 1, code: u32::from(c) });
        }
    }
    Ok(())
}

/// The front matter without its lines of dashes, and what stands behind it.
pub(super) fn parts(body: &str) -> Result<(Option<&str>, &str), BadGoalText> {
    match body.strip_prefix("---\n").map(split_front_matter) {
        None => Ok((None, body)),
        Some(Some((matter, text))) => Ok((Some(matter), text)),
        Some(None) => Err(BadGoalText::OpenFrontMatter),
    }
}

/// Whether a line of a front matter says something.
pub(super) fn is_setting(line: &str) -> bool {
    !line.trim().is_empty() && !line.trim().starts_with('#')
}

fn front_matter(body: &str) -> Result<(GoalOptions, &str), BadGoalText> {
    let mut options = GoalOptions::default();
    let (matter, text) = parts(body)?;
    for line in matter.unwrap_or_default().lines().filter(|line| is_setting(line)) {
        set(&mut options, line)?;
    }
    refuse_no_time(&options)?;
    Ok((options, text))
}

fn split_front_matter(rest: &str) -> Option<(&str, &str)> {
    let mut offset = 0;
    for line in rest.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        if line.trim() == "---" {
            return Some((&rest[..start], &rest[offset..]));
        }
    }
    None
}

pub(super) fn set(options: &mut GoalOptions, line: &str) -> Result<(), BadGoalText> {
    let (key, value) = line.split_once([':', '=']).unwrap_or((line, ""));
    let (key, value) = (key.trim(), value.trim().trim_matches('"'));
    match key {
        "agent" => options.agent = Some(word("agent", value)?),
        "model" => options.model = Some(word("model", value)?),
        "reasoning" => options.reasoning = Some(parsed("reasoning", value)?),
        "duration" => options.duration = Some(parsed("duration", value)?),
        "max_age" => options.max_age = Some(parsed("max_age", value)?),
        "priority" => options.priority = Some(parsed("priority", value)?),
        "budget" => options.budget = Some(dollars(value)?),
        NOT_BEFORE => options.not_before = Some(moment(NOT_BEFORE, value)?),
        DEADLINE => options.deadline = Some(moment(DEADLINE, value)?),
        _ => return Err(BadGoalText::UnknownKey { key: key.into(), near: nearest(key) }),
    }
    Ok(())
}

fn word(key: &'static str, value: &str) -> Result<String, BadGoalText> {
    let is_word = !value.is_empty() && value.len() <= 100 && !value.starts_with('-');
    if is_word && value.chars().all(|c| !c.is_whitespace()) {
        return Ok(value.into());
    }
    Err(BadGoalText::BadValue { key, reason: format!("{value:?} is not a name") })
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    key: &'static str,
    value: &str,
) -> Result<T, BadGoalText> {
    value.parse().map_err(|e: T::Err| BadGoalText::BadValue { key, reason: e.to_string() })
}

fn dollars(value: &str) -> Result<f64, BadGoalText> {
    let amount: f64 = parsed("budget", value.trim_start_matches('$'))?;
    if amount.is_finite() && amount > 0.0 {
        return Ok(amount);
    }
    Err(BadGoalText::BadValue { key: "budget", reason: format!("{value:?} is not an amount of US dollars") })
}

/// A time is the same one wherever the text is read, so it names its distance from UTC.
fn moment(key: &'static str, value: &str) -> Result<Timestamp, BadGoalText> {
    let reason = || {
        format!(
            "{value:?} is not a time with its distance from UTC; write 2026-11-24T22:00Z or 2026-11-24 23:00+01:00"
        )
    };
    value.parse().map_err(|_| BadGoalText::BadValue { key, reason: reason() })
}

/// A goal that may only begin when it may begin no more never does.
fn refuse_no_time(options: &GoalOptions) -> Result<(), BadGoalText> {
    match options.not_before.zip(options.deadline) {
        Some((not_before, deadline)) if not_before >= deadline => Err(BadGoalText::BadValue {
            key: DEADLINE,
            reason: format!("{deadline:.0} leaves no time after not_before, {not_before:.0}"),
        }),
        Some(_) | None => Ok(()),
    }
}

/// The key that shares the longest prefix, if that is at least half of it.
fn nearest(key: &str) -> Option<&'static str> {
    let shared =
        |known: &str| known.bytes().zip(key.bytes()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    KEYS.into_iter().filter(|known| shared(known) * 2 >= known.len()).max_by_key(|known| shared(known))
}

impl GoalText {
    /// A goal's text with a setting of its front matter, or without it.
    pub fn with_setting(body: &str, key: &str, value: Option<&str>) -> String {
        let (matter, rest) = parts(body).unwrap_or((None, body));
        let is_other = |line: &&str| line.split([':', '=']).next().is_none_or(|name| name.trim() != key);
        let others = matter.unwrap_or_default().lines().filter(is_other).map(str::to_owned);
        let lines: Vec<String> = others.chain(value.map(|value| format!("{key}: {value}"))).collect();
        if lines.is_empty() {
            return rest.to_owned();
        }
        format!("---\n{}\n---\n{rest}", lines.join("\n"))
    }

    /// A goal's text with links that were named beside it as lines of its own, behind its front matter.
    pub fn with_links(body: &str, story: Option<Number>, depends: &[&GoalRef]) -> String {
        let (matter, rest) = parts(body).unwrap_or((None, body));
        let mut text = matter.map(|matter| format!("---\n{matter}---\n")).unwrap_or_default();
        text.extend(story.map(|story| format!("Story: #{story}\n")));
        if !depends.is_empty() {
            let names: Vec<String> = depends.iter().map(ToString::to_string).collect();
            text.push_str(&format!("Depends: {}\n", names.join(", ")));
        }
        if story.is_some() || !depends.is_empty() {
            text.push('\n');
        }
        text + rest
    }
}

fn links(repo: &RepoId, text: &str) -> Result<(Option<Number>, Vec<GoalRef>), BadGoalText> {
    let mut story = None;
    let mut depends = Vec::new();
    let head = text.lines().take_while(|line| !line.trim_start().starts_with("## "));
    for line in head {
        link(repo, line, &mut story, &mut depends)?;
    }
    depends.sort();
    depends.dedup();
    Ok((story, depends))
}

/// Reads a line of the head, if it is one that links.
pub(super) fn link(
    repo: &RepoId,
    line: &str,
    story: &mut Option<Number>,
    depends: &mut Vec<GoalRef>,
) -> Result<(), BadGoalText> {
    if let Some(link) = line.strip_prefix("Story:") {
        *story = Some(GoalRef::read(repo, link)?.number);
    } else if let Some(list) = line.strip_prefix("Depends:") {
        depends.extend(GoalRef::read_list(repo, list)?);
    }
    Ok(())
}

impl GoalRef {
    /// Reads `#12`, `12` or `owner/repo#12`, as written in a goal of `repo`.
    pub fn read(repo: &RepoId, text: &str) -> Result<Self, BadGoalText> {
        let bad = || BadGoalText::BadLink { text: text.trim().into() };
        let (place, number) = text.trim().rsplit_once('#').unwrap_or(("", text.trim()));
        let number = number.parse::<u64>().ok().filter(|n| *n > 0).ok_or_else(bad)?;
        let repo = match place.matches('/').count() {
            0 if place.is_empty() => repo.clone(),
            1 => format!("{}/{place}", repo.host()).parse().map_err(|_| bad())?,
            _ => place.parse().map_err(|_| bad())?,
        };
        Ok(Self::new(repo, number))
    }

    /// Reads a list of such links, separated by commas.
    pub fn read_list(repo: &RepoId, text: &str) -> Result<Vec<Self>, BadGoalText> {
        text.split(',').filter(|part| !part.trim().is_empty()).map(|part| Self::read(repo, part)).collect()
    }
}

pub(super) fn has_objective(text: &str) -> bool {
    let mut lines = text.lines().skip_while(|line| !is_heading(line, "objective"));
    lines.next().is_some()
        && lines.take_while(|line| !line.starts_with("## ")).any(|line| !line.trim().is_empty())
}

fn is_heading(line: &str, name: &str) -> bool {
    line.strip_prefix("## ").is_some_and(|rest| rest.trim().eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_are_named_beside_a_text_are_read_from_it_again() {
        let repo: RepoId = "github.com/acme/app".parse().unwrap();
        let other: RepoId = "github.com/acme/lib".parse().unwrap();
        let (here, there) = (GoalRef::new(repo.clone(), 3), GoalRef::new(other, 4));
        for body in ["## Objective\nDo it.\n", "---\npriority: 3\n---\n## Objective\nDo it.\n"] {
            assert_eq!(GoalText::with_links(body, None, &[]), body);
            let text = GoalText::with_links(body, Some(Number(2)), &[&here, &there]);
            let read = GoalText::read(&repo, "Do it", &text).unwrap();
            assert_eq!((read.story, read.depends), (Some(Number(2)), vec![here.clone(), there.clone()]));
            assert_eq!(read.options, GoalText::read(&repo, "Do it", body).unwrap().options);
        }
    }

    fn read(body: &str) -> Result<GoalText, BadGoalText> {
        GoalText::read(&"acme/app".parse().unwrap(), "T", body)
    }

    #[test]
    fn a_whole_text_is_read() {
        let text = "---\nmodel: opus\nreasoning: high\nduration: 1h30m\npriority: 3\nbudget: $2.50\n---\n\
                    Story: #42\nDepends: #12, other/repo#13\n\n## Objective\nDo it.\n\n## Acceptance\n- done\n";
        let goal = read(text).unwrap();
        assert_eq!(goal.story, Some(Number(42)));
        assert_eq!(goal.depends.len(), 2);
        assert!(goal.depends.contains(&GoalRef::new("other/repo".parse().unwrap(), 13)));
        assert_eq!(goal.options.model.as_deref(), Some("opus"));
        assert_eq!(goal.options.budget, Some(2.5));
        assert_eq!(goal.body, text);
    }

    #[test]
    fn times_are_read_wherever_they_were_written() {
        let text =
            "---\nnot_before: 2026-11-24 23:00+01:00\ndeadline: 2026-11-25T06:00Z\n---\n## Objective\nx";
        let options = read(text).unwrap().options;
        assert_eq!(options.not_before, Some("2026-11-24T22:00:00Z".parse().unwrap()));
        assert_eq!(options.deadline, Some("2026-11-25T06:00:00Z".parse().unwrap()));
    }

    #[test]
    fn a_setting_is_written_replaced_and_taken_out_where_the_front_matter_is() {
        let plain = "## Objective\nx\n";
        let with = GoalText::with_setting(plain, DEADLINE, Some("2026-11-25T06:00:00Z"));
        assert_eq!(with, "---\ndeadline: 2026-11-25T06:00:00Z\n---\n## Objective\nx\n");
        assert_eq!(GoalText::with_setting(&with, DEADLINE, None), plain);
        let two = GoalText::with_setting(&with, "model", Some("opus"));
        let later = GoalText::with_setting(&two, DEADLINE, Some("2026-11-26T06:00:00Z"));
        assert_eq!(later, "---\nmodel: opus\ndeadline: 2026-11-26T06:00:00Z\n---\n## Objective\nx\n");
        assert!(read(&later).is_ok());
    }

    #[test]
    fn what_cannot_be_a_goal_is_refused_in_one_sentence() {
        let cases = [
            ("", "## Objective"),
            ("## Objective\n\n## Acceptance\n- x\n", "## Objective"),
            ("---\nmodel: x\n## Objective\nx", "closing"),
            ("---\nmodle: x\n---\n## Objective\nx", "did you mean \"model\""),
            ("---\nduration: soon\n---\n## Objective\nx", "1h30m"),
            ("---\nbudget: -1\n---\n## Objective\nx", "dollars"),
            ("---\ndeadline: tomorrow\n---\n## Objective\nx", "2026-11-24T22:00Z"),
            ("---\nnot_before: 2026-11-24T22:00\n---\n## Objective\nx", "distance from UTC"),
            (
                "---\nnot_before: 2026-11-24T22:00Z\ndeadline: 2026-11-24 23:00+01:00\n---\n## Objective\nx",
                "leaves no time",
            ),
            ("Depends: twelve\n## Objective\nx", "#12"),
            ("## Objective\nx\u{1b}[2J", "U+001B"),
        ];
        for (body, expected) in cases {
            let error = read(body).unwrap_err().to_string();
            assert!(error.contains(expected), "{body:?}: {error}");
        }
        let long = format!("## Objective\n{}", "x".repeat(10 << 20));
        assert!(matches!(read(&long), Err(BadGoalText::TooLong { .. })));
    }
}
