//! Labels: herder's own, and the one that shows where a goal stands.

use herder_domain::repo::{Number, RepoId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::budget::Load;
use crate::client::{Answer, Client};
use crate::lookup::{Undone, Why};
use crate::read::field;
use crate::read::issue::Issue;
use crate::wire::Method;

/// How far the server's clock is known: its `Date` is cut to seconds.
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// Where a goal stands, as its issue shows it. A landed, resolved or cancelled one shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StateLabel {
    /// Written.
    Draft,
    /// To be worked at.
    Queued,
    /// Worked at.
    Running,
    /// To be looked at by a person.
    SpotCheck,
    /// On its way into the base branch.
    Done,
    /// Given up; a person has to act.
    Stuck,
}

impl StateLabel {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Draft, Self::Queued, Self::Running, Self::SpotCheck, Self::Done, Self::Stuck];

    /// The label.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "goal:draft",
            Self::Queued => "goal:queued",
            Self::Running => "goal:running",
            Self::SpotCheck => "goal:spot-check",
            Self::Done => "goal:done",
            Self::Stuck => "goal:stuck",
        }
    }

    /// The state that a label shows, whatever its case: GitHub's labels have none.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|label| label.name().eq_ignore_ascii_case(name))
    }

    /// The states that an issue's labels show: one, or something to be repaired.
    pub fn of(labels: &[String]) -> Vec<Self> {
        labels.iter().filter_map(|name| Self::parse(name)).collect()
    }
}

/// A label as it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LabelSpec {
    /// The name.
    pub name: &'static str,
    /// Six hexadecimal digits.
    pub color: &'static str,
    /// At most 100 characters.
    pub description: &'static str,
}

const fn spec(name: &'static str, color: &'static str, description: &'static str) -> LabelSpec {
    LabelSpec { name, color, description }
}

/// All labels that herder writes or reads.
pub const LABELS: [LabelSpec; 9] = [
    spec("goal", "1d76db", "A goal for herder: what someone wants done"),
    spec("goal:draft", "ededed", "Written; not to be worked at yet"),
    spec("goal:queued", "fbca04", "To be worked at; put it on a draft or a stuck goal to have it run"),
    spec("goal:running", "0e8a16", "A ralph works at it; take it off to stop"),
    spec("goal:spot-check", "d876e3", "Finished; waits for a person's look"),
    spec("goal:done", "5319e7", "Its pull request is open and merges when it is green"),
    spec("goal:stuck", "b60205", "Given up; a person has to act"),
    spec("spot-check", "c5def5", "Asks for a person's look before it lands"),
    spec("story", "006b75", "Groups goals; closes itself when each of them is landed, resolved or cancelled"),
];

/// A label of herder's that a repository has not, or not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LabelGap {
    /// How it should be.
    #[serde(flatten)]
    pub spec: LabelSpec,
    /// What it lacks.
    pub lack: Lack,
}

/// What a label lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// It is not there.
    Missing,
    /// Its colour or its description is another.
    Different,
}

/// What a change of label left behind, and when: events of that time with these labels are our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relabeled {
    /// The labels now, as GitHub answered.
    pub labels: Vec<String>,
    /// Whether anything had to be changed.
    pub is_changed: bool,
    /// The server's time before, rounded down: GitHub's times are whole seconds.
    pub from: Timestamp,
    /// The server's time after, rounded up.
    pub until: Timestamp,
}

#[derive(Deserialize)]
struct Label {
    name: String,
    color: String,
    #[serde(default, deserialize_with = "field::text")]
    description: String,
}

impl Client {
    /// The labels of [`LABELS`] that a repository lacks, or that look different there.
    ///
    /// # Errors
    /// [`Undone::NotSent`]: its labels are not known.
    pub fn label_gaps(&self, repo: &RepoId) -> Result<Vec<LabelGap>, Undone> {
        let known = self.list_plain(repo, "/labels?per_page=100", |label: &Label| label.name.clone())?;
        let known = known.whole().map_err(Undone::NotSent)?;
        let gap = |spec: &LabelSpec| {
            let found = known.iter().find(|label| label.name.eq_ignore_ascii_case(spec.name));
            let lack = match found {
                None => Lack::Missing,
                Some(label) if label.color == spec.color && label.description == spec.description => {
                    return None;
                }
                Some(_) => Lack::Different,
            };
            Some(LabelGap { spec: *spec, lack })
        };
        Ok(LABELS.iter().filter_map(gap).collect())
    }

    /// Makes the labels that are missing and mends those that look different. Returns what was lacking.
    ///
    /// A second time finds nothing to do. A label that somebody made at the same moment is taken as it is.
    ///
    /// # Errors
    /// [`Undone`]; what was made before stays made.
    pub fn ensure_labels(&self, repo: &RepoId) -> Result<Vec<LabelGap>, Undone> {
        let gaps = self.label_gaps(repo)?;
        for gap in &gaps {
            self.fill(repo, gap)?;
        }
        Ok(gaps)
    }

    fn fill(&self, repo: &RepoId, gap: &LabelGap) -> Result<(), Undone> {
        let LabelSpec { name, color, description } = gap.spec;
        let done = match gap.lack {
            Lack::Different => {
                let path = format!("/labels/{}", crate::path::encode(name));
                let body = json!({ "color": color, "description": description });
                self.write(Method::Patch, repo, &path, body, Load::Write)
            }
            Lack::Missing => {
                let body = json!({ "name": name, "color": color, "description": description });
                self.write(Method::Post, repo, "/labels", body, Load::Write)
            }
        };
        match done {
            Ok(_) => Ok(()),
            Err(Undone::Refused(refusal)) if refusal.message.contains("already_exists") => Ok(()),
            Err(undone) => Err(undone),
        }
    }

    /// Leaves of the `goal:*` labels only this one, or none, and all other labels as they are: one request, whose
    /// answer is checked.
    ///
    /// A second one finds the label there and sends nothing. A label that a person changes between the reading and the
    /// writing, a fraction of a second, is overwritten: GitHub has no compare-and-swap for labels. The timeline shows it,
    /// and where it was one of states, the next look follows it.
    ///
    /// # Errors
    /// [`Undone`]; [`Undone::Unknown`] also where the answer shows other labels than were written.
    pub fn set_state_label(
        &self,
        repo: &RepoId,
        number: Number,
        state: Option<StateLabel>,
    ) -> Result<Relabeled, Undone> {
        let from = self.server_now().checked_sub(SECOND).unwrap_or(Timestamp::MIN);
        let issue: Issue = self.read(repo, &format!("/issues/{number}"))?;
        let wanted = wanted(&issue.labels, state);
        if wanted == issue.labels {
            return Ok(Relabeled { labels: issue.labels, is_changed: false, from, until: from });
        }
        let path = format!("/issues/{number}/labels");
        let answer = self.write(Method::Put, repo, &path, json!({ "labels": wanted }), Load::Write)?;
        let labels = names(&answer).map_err(Undone::Unknown)?;
        if StateLabel::of(&labels) != state.into_iter().collect::<Vec<_>>() {
            let shown = labels.join(", ");
            return Err(Undone::Unknown(Why::Malformed(format!("the labels are now {shown}"))));
        }
        let until = self.server_now().checked_add(SECOND).unwrap_or(Timestamp::MAX);
        Ok(Relabeled { labels, is_changed: true, from, until: until.max(from) })
    }
}

/// The labels that are to stay, and the one of the state.
fn wanted(labels: &[String], state: Option<StateLabel>) -> Vec<String> {
    let shown = StateLabel::of(labels);
    if shown.iter().copied().eq(state) {
        return labels.to_vec();
    }
    let others = labels.iter().filter(|name| StateLabel::parse(name).is_none());
    others.cloned().chain(state.map(|state| state.name().to_owned())).collect()
}

fn names(answer: &Answer) -> Result<Vec<String>, Why> {
    let labels: Vec<Label> = answer.parse()?;
    Ok(labels.into_iter().map(|label| label.name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn one_label_of_the_state_stays_and_all_others_too() {
        let state = Some(StateLabel::Running);
        assert_eq!(wanted(&labels(&["goal", "goal:queued", "bug"]), state), ["goal", "bug", "goal:running"]);
        assert_eq!(wanted(&labels(&["goal:queued", "Goal:Stuck"]), state), ["goal:running"]);
        assert_eq!(wanted(&labels(&["Goal:Running", "goal"]), state), ["Goal:Running", "goal"]);
        assert_eq!(wanted(&labels(&["goal", "goal:done"]), None), ["goal"]);
        assert_eq!(wanted(&labels(&["goal:unheard-of"]), None), ["goal:unheard-of"]);
    }

    #[test]
    fn every_state_has_a_label_that_is_made() {
        for state in StateLabel::ALL {
            assert!(LABELS.iter().any(|spec| spec.name == state.name()));
        }
        for LabelSpec { color, description, .. } in LABELS {
            assert!(color.len() == 6 && description.len() <= 100);
        }
    }
}
