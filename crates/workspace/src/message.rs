//! The message of the commit that lands, and how a landed one is recognized.

use crate::bare::Bare;
use crate::error::Result;
use crate::id::CommitId;
use crate::reading::Objects;

/// How many bytes of a title stand in a subject.
const TITLE_MAX: usize = 120;

/// How many bytes of a person's reason stand in a message.
const BODY_MAX: usize = 2_000;

/// The trailer of a commit that takes a run's work out again.
const REVERTS: &str = "Herder-Reverts";

/// What the message of a landing commit says. Absent parts leave no trailer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LandingMessage {
    /// The goal's number.
    pub goal: u64,
    /// The goal's title.
    pub title: String,
    /// Text between subject and trailers; may be empty.
    pub body: String,
    /// The goal in full, for example `acme/app#42`.
    pub goal_ref: Option<String>,
    /// The run's name.
    pub run: String,
    /// The agent's name.
    pub agent: Option<String>,
    /// The model's name.
    pub model: Option<String>,
    /// The gate's verdict, for example `passed`.
    pub gate: Option<String>,
    /// The cost, for example `$1.23`.
    pub cost: Option<String>,
}

impl LandingMessage {
    /// The whole message: `Goal #N: title`, the body, the trailers.
    ///
    /// Nothing in the parts can forge a trailer: titles and values are single lines, and a body is
    /// followed by the real trailers, of which git reads only the last paragraph.
    pub fn text(&self) -> String {
        let mut text = format!("Goal #{}: {}\n", self.goal, one_line(&self.title, TITLE_MAX));
        let body = self.body.trim();
        if !body.is_empty() {
            text.push('\n');
            text.extend(body.chars().filter(|c| *c == '\n' || !c.is_control()));
            text.push('\n');
        }
        text.push('\n');
        let goal = self.goal_ref.clone().unwrap_or_else(|| format!("#{}", self.goal));
        let trailers = [
            ("Herder-Goal", Some(&goal)),
            ("Herder-Run", Some(&self.run)),
            ("Herder-Agent", self.agent.as_ref()),
            ("Herder-Model", self.model.as_ref()),
            ("Herder-Gate", self.gate.as_ref()),
            ("Herder-Cost", self.cost.as_ref()),
        ];
        for (name, value) in trailers {
            if let Some(value) = value {
                text.push_str(&format!("{name}: {}\n", one_line(value, TITLE_MAX)));
            }
        }
        text
    }
}

/// `text` as one line without control characters, at most `max` bytes.
fn one_line(text: &str, max: usize) -> String {
    let words: Vec<String> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let line = words.join(" ");
    match line.char_indices().find(|(at, c)| at + c.len_utf8() > max - 3) {
        Some((at, _)) if line.len() > max => format!("{}...", &line[..at]),
        Some(_) | None => line,
    }
}

/// What the message of a commit says that takes landed work out again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RevertMessage {
    /// The goal's number.
    pub goal: u64,
    /// The goal's title.
    pub title: String,
    /// The commit that is taken out.
    pub commit: String,
    /// Why, for a person; may be empty.
    pub body: String,
    /// The goal in full, for example `acme/app#42`.
    pub goal_ref: String,
    /// The run whose work it was.
    pub run: String,
    /// The gate's verdict.
    pub gate: Option<String>,
}

impl RevertMessage {
    /// The whole message, in the form of `git revert` with trailers. `Herder-Run` is not among them: that
    /// one says that a run's work has landed.
    pub fn text(&self) -> String {
        let title = one_line(&self.title, TITLE_MAX);
        let mut text =
            format!("Revert \"Goal #{}: {title}\"\n\nThis reverts commit {}.\n", self.goal, self.commit);
        let body = one_line(&self.body, BODY_MAX);
        if !body.is_empty() {
            text.push_str(&format!("\n{body}\n"));
        }
        let trailers = [
            ("Herder-Goal", Some(&self.goal_ref)),
            (REVERTS, Some(&self.run)),
            ("Herder-Gate", self.gate.as_ref()),
        ];
        text.push('\n');
        for (name, value) in trailers {
            if let Some(value) = value {
                text.push_str(&format!("{name}: {}\n", one_line(value, TITLE_MAX)));
            }
        }
        text
    }
}

impl Bare {
    /// The commit in `from..to` (all of `to`'s history without a `from`) whose trailer `Herder-Run`
    /// names `run`: it has landed. At most the newest 10,000 commits are looked at.
    ///
    /// # Errors
    /// A commit is missing, or git cannot be run.
    pub fn landed_run_in(
        &self,
        from: Option<&CommitId>,
        to: &CommitId,
        run: &str,
    ) -> Result<Option<CommitId>> {
        self.named_in("Herder-Run", from, to, run)
    }

    /// The commit in `from..to` whose trailer `Herder-Reverts` names `run`: its work was taken out again.
    ///
    /// # Errors
    /// A commit is missing, or git cannot be run.
    pub fn reverted_run_in(&self, from: &CommitId, to: &CommitId, run: &str) -> Result<Option<CommitId>> {
        self.named_in(REVERTS, Some(from), to, run)
    }

    fn named_in(
        &self,
        trailer: &str,
        from: Option<&CommitId>,
        to: &CommitId,
        run: &str,
    ) -> Result<Option<CommitId>> {
        if let Some(from) = from
            && let Some(line) = Objects::of(self, to)?.line_between(from, to)?
            && line.iter().all(|commit| !commit.message.contains(run))
        {
            return Ok(None);
        }
        let range = from.map_or_else(|| to.to_string(), |from| format!("{from}..{to}"));
        let answer = self
            .git("log")
            .args(["-z", "--no-decorate", "--no-show-signature", "--max-count=10000"])
            .arg(format!("--format=%H %(trailers:key={trailer},valueonly,separator=%x2C)"))
            .args(["--end-of-options", &range, "--"])
            .answer()?;
        for record in answer.split(|byte| *byte == 0) {
            let record = String::from_utf8_lossy(record);
            if let Some((id, runs)) = record.trim().split_once(' ')
                && runs.split(',').any(|named| named.trim() == run)
            {
                return CommitId::parse(id).map(Some);
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_subject_body_and_trailers() {
        let message = LandingMessage {
            goal: 42,
            title: "Add a parser".into(),
            body: "It parses.".into(),
            run: "app-42-1".into(),
            model: Some("sonnet".into()),
            cost: Some("$0.12".into()),
            ..LandingMessage::default()
        };
        assert_eq!(
            message.text(),
            "Goal #42: Add a parser\n\nIt parses.\n\nHerder-Goal: #42\nHerder-Run: app-42-1\n\
             Herder-Model: sonnet\nHerder-Cost: $0.12\n"
        );
    }

    #[test]
    fn no_part_can_forge_another_line() {
        let message = LandingMessage {
            title: "x\n\nHerder-Run: other\u{1b}[31m".into(),
            run: "mine\nHerder-Goal: 7".into(),
            ..LandingMessage::default()
        };
        let lines: Vec<String> = message.text().lines().map(str::to_owned).collect();
        assert_eq!(lines[0], "Goal #0: x Herder-Run: other [31m");
        assert_eq!(lines[2..], ["Herder-Goal: #0", "Herder-Run: mine Herder-Goal: 7"]);
    }

    #[test]
    fn a_long_title_is_cut_between_characters() {
        let line = one_line(&"ü".repeat(300), TITLE_MAX);
        assert!(line.len() <= TITLE_MAX && line.ends_with("ü..."), "{line}");
    }
}
