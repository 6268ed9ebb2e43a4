//! What is wrong with a goal's text, and what will go wrong with it at night.

use serde::Serialize;

use super::outline::{Line, lines};
use super::text::{has_objective, is_setting, is_title, link, parts, refuse_control, set};
use super::{BadGoalText, GoalOptions, MAX_BODY_BYTES};
use crate::repo::RepoId;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It cannot be queued so.
    Error,
    /// It can be queued, and a person will wish to have written it otherwise.
    Warning,
}

/// Something that is wrong with a goal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The rule's name.
    pub rule: &'static str,
    /// The line of the body, from 1, where it is one line's fault.
    pub line: Option<usize>,
    /// One sentence without a full stop.
    pub message: String,
    /// What to do about it; empty where the message says it.
    pub hint: &'static str,
}

impl Finding {
    /// What cannot be queued so.
    pub fn error(rule: &'static str, message: impl Into<String>, hint: &'static str) -> Self {
        Self { severity: Severity::Error, rule, line: None, message: message.into(), hint }
    }

    /// What had better be written otherwise.
    pub fn warning(rule: &'static str, message: impl Into<String>, hint: &'static str) -> Self {
        Self { severity: Severity::Warning, ..Self::error(rule, message, hint) }
    }

    /// The same, at a line.
    #[must_use]
    pub fn at(self, line: usize) -> Self {
        Self { line: Some(line), ..self }
    }
}

/// Words that no gate can check, whoever reads them.
const VAGUE: [&str; 22] = [
    "nice",
    "nicer",
    "clean",
    "cleaner",
    "good",
    "better",
    "proper",
    "properly",
    "fast",
    "faster",
    "robust",
    "user-friendly",
    "intuitive",
    "modern",
    "elegant",
    "reasonable",
    "appropriate",
    "etc",
    "improved",
    "readable",
    "maintainable",
    "scalable",
];

/// The fewest words of an objective that say what is wanted.
const OBJECTIVE_WORDS_MIN: usize = 4;
/// More words than this are more than one goal.
const OBJECTIVE_WORDS_MAX: usize = 400;
/// More items than this are more than one goal.
const ITEMS_MAX: usize = 12;

/// Looks at a goal of `repo`: all errors, and what is only unwise, by line.
pub fn lint(repo: &RepoId, title: &str, body: &str) -> Vec<Finding> {
    let body = &body.replace("\r\n", "\n");
    let mut found = Vec::new();
    if !is_title(title) {
        found.push(of(&BadGoalText::Title, None));
    }
    if body.len() > MAX_BODY_BYTES {
        found.push(of(&BadGoalText::TooLong { bytes: body.len() }, None));
    }
    if let Err(error) = refuse_control(body) {
        let line = if let BadGoalText::ControlCharacter { line, .. } = &error { Some(*line) } else { None };
        found.push(of(&error, line));
    }
    match parts(body) {
        Err(error) => found.push(of(&error, Some(1))),
        Ok((matter, text)) => {
            found.extend(front_matter(matter.unwrap_or_default()));
            let first = matter.map_or(1, |matter| matter.lines().count() + 3);
            found.extend(of_text(repo, text, &lines(text, first)));
        }
    }
    found.sort_by_key(|finding| (finding.line, finding.severity));
    found
}

fn of(error: &BadGoalText, line: Option<usize>) -> Finding {
    let (rule, hint) = (error.rule(), error.hint());
    Finding { line, ..Finding::error(rule, error.to_string(), hint) }
}

fn front_matter(matter: &str) -> Vec<Finding> {
    let settings = matter.lines().enumerate().filter(|(_, line)| is_setting(line));
    settings
        .filter_map(|(index, line)| {
            let error = set(&mut GoalOptions::default(), line.trim()).err()?;
            Some(of(&error, Some(index + 2)))
        })
        .collect()
}

fn of_text(repo: &RepoId, text: &str, lines: &[Line<'_>]) -> Vec<Finding> {
    let mut found = links(repo, lines);
    if has_objective(text) {
        found.extend(objective(lines));
    } else {
        found.push(of(&BadGoalText::NoObjective, None));
    }
    found.extend(acceptance(lines));
    found.extend(lines.iter().filter_map(placeholder));
    if let Some(last) = lines.last().filter(|last| last.is_code && !last.text.trim().ends_with(['`', '~'])) {
        let hint = "close it with the same backticks on a line of their own";
        found.push(Finding::warning("open-fence", "a block of code is not closed", hint).at(last.number));
    }
    found
}

fn links(repo: &RepoId, lines: &[Line<'_>]) -> Vec<Finding> {
    let head = lines.iter().take_while(|line| line.heading(2).is_none()).count();
    let (head, rest) = lines.split_at(head);
    let read = |line: &Line<'_>| link(repo, line.text, &mut None, &mut Vec::new());
    let bad = head.iter().filter_map(|line| Some(of(&read(line).err()?, Some(line.number))));
    let is_link = |line: &&Line<'_>| {
        !line.is_code && ["Story:", "Depends:"].iter().any(|word| line.text.starts_with(word))
    };
    let late = rest.iter().filter(is_link).map(|line| {
        let message = "a line \"Story:\" or \"Depends:\" below a heading is not read";
        Finding::warning("link-below-heading", message, "put it before the first \"## \"").at(line.number)
    });
    bad.chain(late).collect()
}

/// The lines of a section, and the line of its heading.
fn section<'l, 't>(lines: &'l [Line<'t>], name: &str) -> Option<(usize, &'l [Line<'t>])> {
    let is_it = |line: &Line<'_>| line.heading(2).is_some_and(|title| title.eq_ignore_ascii_case(name));
    let start = lines.iter().position(is_it)?;
    let rest = &lines[start + 1..];
    let end = rest.iter().position(|line| line.heading(2).is_some()).unwrap_or(rest.len());
    Some((lines[start].number, &rest[..end]))
}

fn objective(lines: &[Line<'_>]) -> Option<Finding> {
    let (number, section) = section(lines, "objective")?;
    let words =
        section.iter().filter(|line| !line.is_code).flat_map(|line| line.text.split_whitespace()).count();
    let has_code = section.iter().any(|line| line.is_code);
    let finding = if words > OBJECTIVE_WORDS_MAX {
        let message = format!("the objective has {words} words: that is more than one goal");
        Finding::warning("too-big", message, "write several goals, with `Depends:` between them")
    } else if words < OBJECTIVE_WORDS_MIN && !has_code {
        let message = format!("the objective has only {words} words");
        Finding::warning("vague-objective", message, "say what shall be true afterwards, and where")
    } else {
        return None;
    };
    Some(finding.at(number))
}

fn acceptance(lines: &[Line<'_>]) -> Vec<Finding> {
    let Some((number, section)) = section(lines, "acceptance") else {
        let message = "there is no \"## Acceptance\"";
        return vec![Finding::warning("no-acceptance", message, "list what has to be true, one item each")];
    };
    let items: Vec<_> = section.iter().filter_map(|line| Some((line.number, line.item()?))).collect();
    let mut found = Vec::new();
    if items.is_empty() {
        let hint = "write each thing that has to be true behind \"- \"";
        found.push(Finding::warning("no-acceptance", "\"## Acceptance\" lists nothing", hint).at(number));
    }
    if items.len() > ITEMS_MAX {
        let message = format!("\"## Acceptance\" has {} items: that is more than one goal", items.len());
        let hint = "write several goals, with `Depends:` between them";
        found.push(Finding::warning("too-big", message, hint).at(number));
    }
    found.extend(items.into_iter().filter_map(|(number, item)| uncheckable(number, item)));
    found
}

fn uncheckable(number: usize, item: &str) -> Option<Finding> {
    let is_word = |c: char| c.is_alphanumeric() || c == '-';
    let plain = without_code(item).to_lowercase();
    let word = plain.split(|c| !is_word(c)).find(|word| VAGUE.contains(word))?;
    let message = format!("no gate can check {word:?}: {item:?}");
    let hint = "say what a test, a command or a look would show";
    Some(Finding::warning("uncheckable", message, hint).at(number))
}

/// What stands between backticks is a name, not a wish.
fn without_code(item: &str) -> String {
    item.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

fn placeholder(line: &Line<'_>) -> Option<Finding> {
    if line.is_code {
        return None;
    }
    let plain = without_code(line.text);
    let found = ["TODO", "TBD", "FIXME", "XXX", "???"].into_iter().find(|mark| plain.contains(mark))?;
    let message = format!("{found:?} is left in the text");
    Some(Finding::warning("placeholder", message, "decide it, or the agent will").at(line.number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(body: &str) -> Vec<(&'static str, Option<usize>)> {
        let repo = "acme/app".parse().unwrap();
        lint(&repo, "Sort it", body).iter().map(|finding| (finding.rule, finding.line)).collect()
    }

    const SOUND: &str =
        "## Objective\nThe list is sorted by date.\n\n## Acceptance\n- a test sorts three entries\n";

    #[test]
    fn a_sound_goal_has_no_findings() {
        assert_eq!(rules(SOUND), []);
        assert_eq!(rules(&format!("---\nmodel: opus\n---\nDepends: #3\n\n{SOUND}")), []);
    }

    #[test]
    fn every_error_is_found_with_its_line() {
        let text = "---\nmodle: opus\n# fine\nduration: soon\n---\nDepends: twelve\n\nx\n";
        let expected = [
            ("no-objective", None),
            ("no-acceptance", None),
            ("unknown-key", Some(2)),
            ("bad-value", Some(4)),
            ("bad-link", Some(6)),
        ];
        assert_eq!(rules(text), expected);
        assert_eq!(rules("---\nmodel: x\n"), [("open-front-matter", Some(1))]);
        assert!(rules(&SOUND.replace("date", "\u{7}")).contains(&("control-character", Some(2))));
    }

    #[test]
    fn what_is_unwise_is_a_warning() {
        let cases = [
            ("The list is sorted by date", "Sort", ("vague-objective", Some(1))),
            ("- a test sorts three entries\n", "", ("no-acceptance", Some(4))),
            ("a test sorts", "the code is clean,", ("uncheckable", Some(5))),
            ("by date", "by TODO", ("placeholder", Some(2))),
            ("## Acceptance", "Depends: #2\n## Acceptance", ("link-below-heading", Some(4))),
        ];
        for (old, new, expected) in cases {
            assert_eq!(rules(&SOUND.replace(old, new)), [expected], "{new}");
        }
        assert_eq!(rules(&SOUND.replace("date", &"word ".repeat(500))), [("too-big", Some(1))]);
        assert_eq!(rules(&(SOUND.to_owned() + &"- x is 1\n".repeat(12))), [("too-big", Some(4))]);
        assert_eq!(rules(&(SOUND.to_owned() + "```\nx\n")), [("open-fence", Some(7))]);
    }

    #[test]
    fn what_stands_between_backticks_is_a_name() {
        assert_eq!(rules(&SOUND.replace("a test sorts", "`make clean` sorts")), []);
    }
}
