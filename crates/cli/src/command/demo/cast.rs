//! Who appears: the stories and the goals, what each is to show, and who works on them.

use std::ffi::OsStr;

use herder_agent::replay::script;
use herder_agent::{AgentError, OWN_PROGRAM, Registry};
use herder_domain::goal::GoalText;
use herder_domain::repo::{GoalRef, RepoId};
use herder_store::{NewGoal, Store};
use jiff::Timestamp;

use super::proof::Proof;
use crate::args::Player;
use crate::call::{env, env_text};
use crate::failure::{Failure, Kind};

/// The stories.
const STORIES: [&str; 2] = ["Texts", "Numbers"];

/// A goal before it is written down.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// One line.
    pub title: &'static str,
    /// Objective, acceptance and script.
    text: &'static str,
    /// Which of [`STORIES`] it belongs to.
    story: usize,
    /// The title of the goal that has to land first.
    depends: Option<&'static str>,
    /// A person is to look before it lands.
    wants_spot_check: bool,
    /// What is to come of it.
    pub expected: Expected,
}

/// What is to come of a goal.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// Its last state, by its word.
    pub state: &'static str,
    /// How many runs it takes; any number where nobody can know.
    pub runs: Option<usize>,
    /// What its files have to show.
    pub proof: Proof,
}

/// A goal that was written down and queued.
#[derive(Clone, Debug)]
pub struct Queued {
    /// Where it is.
    pub id: GoalRef,
    /// What it was before.
    pub part: Part,
}

/// The goals of one demo.
#[derive(Clone, Debug)]
pub struct Cast {
    /// Who works.
    pub player: Player,
    parts: Vec<Part>,
}

macro_rules! text {
    ($name:literal) => {
        include_str!(concat!("goals/", $name, ".md"))
    };
}

/// A goal that lands by its first run.
const fn lands(title: &'static str, text: &'static str, story: usize) -> Part {
    let expected = Expected { state: "done", runs: Some(1), proof: Proof::None };
    Part { title, text, story, depends: None, wants_spot_check: false, expected }
}

impl Part {
    const fn after(self, title: &'static str) -> Self {
        Self { depends: Some(title), ..self }.shows("done", 1, Proof::After(title))
    }

    const fn shows(self, state: &'static str, runs: usize, proof: Proof) -> Self {
        Self { expected: Expected { state, runs: Some(runs), proof }, ..self }
    }

    const fn with_a_look(self) -> Self {
        Self { wants_spot_check: true, ..self }
    }

    /// The same for an agent that reads no script and whose deeds nobody can foretell.
    fn unscripted(self) -> Self {
        Self { expected: Expected { runs: None, ..self.expected }, ..self }
    }
}

const PARTS: [Part; 12] = [
    lands("Cut the blanks off a text", text!("trim"), 0),
    lands("Count words", text!("words"), 0).after("Cut the blanks off a text"),
    lands("Capitals for titles", text!("title"), 0).after("Count words"),
    lands("Repeat a text", text!("repeat"), 0).shows("done", 1, Proof::Repaired),
    lands("Remember what a command printed", text!("cached"), 0).shows("done", 1, Proof::AskedTwice),
    lands("Pad a text", text!("pad"), 0),
    lands("Round a number", text!("round"), 1).shows("stuck", 3, Proof::PostMortem),
    lands("Keep a number within bounds", text!("clamp"), 1).shows("done", 1, Proof::Waited),
    lands("The biggest number", text!("biggest"), 1).with_a_look().shows("spot-check", 1, Proof::None),
    lands("Roman numerals", text!("roman"), 1).shows("spot-check", 1, Proof::Question("roman 0 prints N")),
    lands("Add numbers up", text!("sum"), 1),
    lands("Leap years", text!("leap"), 1),
];

/// What an agent without a script is given: small, and independent of each other.
const UNSCRIPTED: [&str; 3] = ["Cut the blanks off a text", "Repeat a text", "Leap years"];

impl Cast {
    /// The goals for an agent.
    ///
    /// # Errors
    /// The agent is not installed, or nobody says how it is to log in.
    pub fn of(player: Player) -> Result<Self, Failure> {
        let parts = match player {
            Player::Replay => PARTS.to_vec(),
            Player::Claude => {
                is_ready("claude")?;
                let chosen = PARTS.into_iter().filter(|part| UNSCRIPTED.contains(&part.title));
                chosen.map(|part| part.shows("done", 1, Proof::None).unscripted()).collect()
            }
        };
        Ok(Self { player, parts })
    }

    /// How many goals there are.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// How many runs have to have begun before the orchestrator is killed: late enough that some have ended,
    /// early enough that on a slow machine, where landings lag behind, there is still work for all.
    pub fn begun_before_the_kill(&self) -> u32 {
        match self.player {
            Player::Replay => 6,
            Player::Claude => 2,
        }
    }

    /// Writes stories and goals down and queues them.
    pub fn queue(&self, store: &mut Store, repo: &RepoId) -> Result<Vec<Queued>, Failure> {
        let mut stories = Vec::new();
        for title in STORIES {
            stories.push(store.create_story(repo, title, "", Timestamp::now())?.number);
        }
        let mut queued: Vec<Queued> = Vec::new();
        for part in &self.parts {
            let earlier = queued.iter().filter(|earlier| part.depends == Some(earlier.part.title));
            let new = NewGoal {
                text: self.text(part, repo)?,
                story: stories.get(part.story).copied(),
                depends: earlier.map(|earlier| earlier.id.clone()).collect(),
                wants_spot_check: part.wants_spot_check,
                is_queued: true,
            };
            let id = store.create_goal(repo, new, Timestamp::now())?;
            queued.push(Queued { id, part: *part });
        }
        Ok(queued)
    }

    fn text(&self, part: &Part, repo: &RepoId) -> Result<GoalText, Failure> {
        let text = match self.player {
            Player::Replay => part.text.to_owned(),
            Player::Claude => script::around(part.text),
        };
        Ok(GoalText::read(repo, part.title, &text)?)
    }
}

/// Whether an agent could be started.
fn is_ready(name: &str) -> Result<(), Failure> {
    let check = || -> Result<(), AgentError> {
        let agent = Registry::new(OWN_PROGRAM.into(), [])?.agent(name)?;
        agent.find(env("PATH").as_deref().unwrap_or(OsStr::new("")))?;
        agent.credential(&env_text)?;
        Ok(())
    };
    check().map_err(|error| {
        Failure::new(Kind::Environment, error.to_string()).hint("`herder demo` alone needs no agent at all")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_can_be_played() {
        for part in PARTS {
            assert!(script::of(part.text).is_ok(), "{}", part.title);
        }
    }

    #[test]
    fn every_dependency_is_there_before_its_dependent() {
        for (place, part) in PARTS.iter().enumerate() {
            let before = PARTS[..place].iter().map(|part| part.title).collect::<Vec<_>>();
            assert!(part.depends.is_none_or(|title| before.contains(&title)), "{}", part.title);
        }
    }

    #[test]
    fn an_agent_without_a_script_sees_none() {
        let cast = Cast { player: Player::Claude, parts: PARTS.to_vec() };
        let repo = "demo/textkit".parse().unwrap();
        for part in &cast.parts {
            let text = cast.text(part, &repo).unwrap();
            assert!(text.body.contains("## Acceptance") && !text.body.contains("replay"), "{}", part.title);
        }
    }
}
