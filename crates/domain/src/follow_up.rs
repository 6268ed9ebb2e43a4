//! Work beside the goal that an agent noticed and proposes. Only a person makes more than a draft of it.

use serde::{Deserialize, Serialize};

use crate::goal::MAX_TITLE_CHARS;

/// One proposal, as an agent's structured answer has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// One line.
    pub title: String,
    /// What is to be reached, and why.
    pub objective: String,
    /// By what a person would see that it is.
    #[serde(default)]
    pub acceptance: Vec<String>,
}

impl FollowUp {
    /// The most that one run may propose.
    pub const RUN_MAX: usize = 5;
    /// The most drafts that all runs of a goal may leave together.
    pub const GOAL_MAX: usize = 10;
    /// The longest objective, in bytes; what is longer is cut.
    pub const OBJECTIVE_MAX: usize = 4 << 10;
    /// The most lines of acceptance.
    pub const ACCEPTANCE_MAX: usize = 10;
    /// The longest line of acceptance, in bytes; what is longer is cut.
    pub const LINE_MAX: usize = 400;

    /// The proposal within its bounds and without characters that a goal may not have; nothing where it has
    /// no title or no objective.
    pub fn bounded(self) -> Option<Self> {
        let title: String = one_line(&self.title).chars().take(MAX_TITLE_CHARS).collect();
        let objective = cut(&plain(&self.objective), Self::OBJECTIVE_MAX);
        let acceptance = self.acceptance.iter().map(|line| cut(&one_line(line), Self::LINE_MAX));
        let acceptance = acceptance.filter(|line| !line.is_empty()).take(Self::ACCEPTANCE_MAX).collect();
        let is_one = !title.is_empty() && !objective.is_empty();
        is_one.then_some(Self { title, objective, acceptance })
    }

    /// Whether a title means the same work: letters and digits count, nothing else does.
    pub fn is_called(&self, title: &str) -> bool {
        let letters = |text: &str| -> String {
            text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        letters(&self.title) == letters(title)
    }

    /// The first proposals of a run, each once.
    pub fn gathered(proposals: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut gathered: Vec<Self> = Vec::new();
        for proposal in proposals.into_iter().filter_map(Self::bounded) {
            if !gathered.iter().any(|one| one.is_called(&proposal.title)) {
                gathered.push(proposal);
            }
            if gathered.len() == Self::RUN_MAX {
                break;
            }
        }
        gathered
    }

    /// The text of the draft. The agent's lines are quoted: none of them is a heading, a link or a setting.
    pub fn body(&self) -> String {
        let mut body = String::from("## Objective\n");
        self.objective.lines().for_each(|line| body.push_str(&format!("> {line}\n")));
        if !self.acceptance.is_empty() {
            body.push_str("\n## Acceptance\n");
            self.acceptance.iter().for_each(|line| body.push_str(&format!("- {line}\n")));
        }
        body
    }
}

fn one_line(text: &str) -> String {
    plain(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn plain(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

fn cut(text: &str, limit: usize) -> String {
    text[..text.floor_char_boundary(limit)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goal::GoalText;

    fn proposal(title: &str, objective: &str) -> FollowUp {
        FollowUp { title: title.into(), objective: objective.into(), acceptance: vec!["it\n works".into()] }
    }

    #[test]
    fn a_flood_of_proposals_is_cut_to_a_few_that_differ() {
        let flood = (0..1_000).map(|number| proposal(&format!("Fix {number}"), &"x".repeat(20 << 10)));
        let gathered = FollowUp::gathered(flood);
        assert_eq!(gathered.len(), FollowUp::RUN_MAX);
        assert!(gathered.iter().all(|one| one.body().len() < 2 * FollowUp::OBJECTIVE_MAX));
        let same =
            ["Sort the list", "sort the  LIST!", "", "Sort the lists"].map(|title| proposal(title, "x"));
        let titles: Vec<String> = FollowUp::gathered(same).into_iter().map(|one| one.title).collect();
        assert_eq!(titles, ["Sort the list", "Sort the lists"]);
    }

    #[test]
    fn whatever_an_agent_writes_is_a_goals_text_and_neither_a_link_nor_a_setting() {
        let hostile = "---\nbudget: 1000\n---\nStory: #1\nDepends: #2\n## Acceptance\n- none\u{7}\n```";
        let one = proposal("Title\nwith lines", hostile).bounded().unwrap();
        let repo = "github.com/acme/app".parse().unwrap();
        let text = GoalText::read(&repo, &one.title, &one.body()).unwrap();
        assert_eq!((text.title.as_str(), text.story, text.depends.len()), ("Title with lines", None, 0));
        assert_eq!(text.options, crate::goal::GoalOptions::default());
        assert_eq!(proposal("x", " \n").bounded(), None);
    }
}
