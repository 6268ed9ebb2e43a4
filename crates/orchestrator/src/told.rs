//! What the orchestrator tells while it works: one line each.

use std::fmt;

use herder_domain::event::{Event, What};
use herder_domain::frost::Chill;
use herder_domain::gate::Refusal;
use herder_domain::judge::Judgement;
use herder_domain::landing::Bounce;
use herder_domain::repo::GoalRef;
use herder_domain::sight::Heard;
use jiff::Timestamp;

/// Something worth a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// Which goal it is about, where it is about one.
    pub goal: Option<GoalRef>,
    /// What happened.
    pub text: String,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.at.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S");
        match &self.goal {
            Some(goal) => write!(f, "{time}  {goal}  {}", self.text),
            None => write!(f, "{time}  {}", self.text),
        }
    }
}

impl Told {
    /// A line about no goal.
    pub(crate) fn note(at: Timestamp, text: impl Into<String>) -> Self {
        Self { at, goal: None, text: text.into() }
    }

    /// The line of an event; most events of a run's inner life are not worth one.
    pub(crate) fn of(event: &Event, at: Timestamp) -> Option<Self> {
        match event {
            Event::Goal(happening) => {
                Some(Self { at, goal: Some(happening.goal.clone()), text: of_goal(&happening.what)? })
            }
            Event::StoryClosed { story } => Some(Self {
                at,
                goal: Some(story.clone()),
                text: "story closed: every goal is settled".into(),
            }),
            Event::AccountParked { agent, until, why } => {
                let until = until.map_or_else(|| "a person acts".to_owned(), |at| format!("{at:.0}"));
                Some(Self::note(at, format!("account of {agent} parked until {until}: {why}")))
            }
            Event::RepoAiling { repo, ailment } => Some(Self::note(at, format!("{repo} {ailment}"))),
            Event::RepoMended { repo } => Some(Self::note(at, format!("{repo} is well again"))),
            Event::RepoAdded { .. }
            | Event::StoryCreated { .. }
            | Event::StoryEdited { .. }
            | Event::StoryReopened { .. }
            | Event::AccountFreed { .. }
            | Event::Paused { .. }
            | Event::Resumed { .. }
            | Event::MaxSet { .. }
            | Event::DownAsked { .. } => None,
        }
    }
}

fn of_goal(what: &What) -> Option<String> {
    Some(match what {
        What::RunOrdered { run, attempt } => format!("running (attempt {attempt}, run {run})"),
        What::RunReported { run, outcome } => format!("run {run} ended: {}", outcome.sentence()),
        What::RunJudged { judgement, .. } | What::BounceJudged { judgement, .. } => of_judgement(judgement)?,
        What::Landed { commit, known, .. } if !known.is_empty() => {
            format!("done: landed as {} with no new failure", short(commit))
        }
        What::Landed { commit, .. } => format!("done: landed as {}", short(commit)),
        What::GateFlaked { flake, .. } => format!("the gate is flaky: {flake}"),
        What::BaseFoundRed { refusal, .. } => of_red_base(refusal),
        What::LandingBounced { bounce, .. } => of_bounce(bounce),
        What::WorkOffered { offer, .. } => format!("done: pull request #{} offers it", offer.pull),
        What::WorkShown { offer: Some(offer), .. } => format!("pull request #{} shows it", offer.pull),
        What::LandingSeen { standing, .. } => format!("its pull request: {}", standing.sentence()),
        What::LandingPostponed { until, why, .. } => format!("landing postponed until {until:.0}: {why}"),
        What::GoalTaken { by } => format!("{by} takes it"),
        What::RunHeld { run } => format!("its workspace is a person's (run {run})"),
        What::GoalGiven { end, .. } => format!("given back: {}", end.word()),
        What::UndoOrdered { undo, .. } => format!("{} wants it undone", undo.by),
        What::Undone { commit, .. } => format!("undone by {}", short(commit)),
        What::UndoRefused { trouble, .. } => format!("not undone: {trouble}"),
        What::GoalOverdue { deadline } => format!("not begun before its deadline, {deadline:.0}"),
        What::GoalQuarantined { error } => format!("quarantined: {error}"),
        What::GoalHeard { heard } => of_heard(heard),
        What::GoalShelved { by } => format!("{by} took it off the queue"),
        What::GoalElsewhere { owner, .. } => format!("{owner} has it"),
        What::GoalReopened => "opened again".into(),
        What::GoalNotQueued { why, .. } => format!("not queued: {why}"),
        What::GoalTold { text } => format!("told: {}", text.lines().next().unwrap_or_default()),
        What::RunFrozen { why: Chill::Person { by }, .. } => format!("frozen by {by}"),
        What::RunFrozen { why: Chill::Memory { lack }, .. } => format!("frozen: {lack}"),
        What::RunThawed { .. } => "thawed".into(),
        What::GoalCreated { .. }
        | What::GoalEdited { .. }
        | What::GoalPrioritized { .. }
        | What::GoalMoved { .. }
        | What::GoalLinked { .. }
        | What::GoalHeld { .. }
        | What::GoalReleased
        | What::GoalSeen { .. }
        | What::GoalShown { .. }
        | What::GoalAnnounced { .. }
        | What::GoalMislabelled { .. }
        | What::GoalQueued
        | What::GoalRetried
        | What::GoalCancelled
        | What::GoalResolved
        | What::GoalApproved
        | What::GoalRejected { .. }
        | What::GoalAnswered { .. }
        | What::RunClaimed { .. }
        | What::RunPrepared { .. }
        | What::RunLaunched { .. }
        | What::RunCollected { .. }
        | What::RunClosed { .. }
        | What::WorkShown { offer: None, .. }
        | What::LandingWithdrawn { .. } => return None,
    })
}

fn of_red_base(refusal: &Refusal) -> String {
    if refusal.failures.is_empty() {
        return "the base branch is red itself, and its gate does not name what fails".into();
    }
    format!("the base branch is red itself: {}", refusal.in_a_line())
}

fn of_heard(heard: &Heard) -> String {
    match &heard.refusal {
        None => format!("{} said {}", heard.by, heard.said),
        Some(why) => format!("{} said {}, which is not followed: {why}", heard.by, heard.said),
    }
}

fn of_bounce(bounce: &Bounce) -> String {
    match bounce {
        Bounce::Red(refusal) if !refusal.failures.is_empty() => {
            format!("bounced: the landing gate is red: {}", refusal.in_a_line())
        }
        Bounce::Red(_) => "bounced: the landing gate is red".into(),
        Bounce::Undecided(_) => "bounced: the landing gate is red, and so is the base".into(),
        Bounce::Conflict { files } => format!("bounced: conflict in {}", files.join(", ")),
        Bounce::NoContents { files } => {
            format!("bounced: nobody has the contents that Git LFS should keep of {}", files.join(", "))
        }
        Bounce::ChecksRed(refusal) => format!("bounced: checks are red: {}", refusal.in_a_line()),
        Bounce::ChangesRequested { .. } => "bounced: reviewers want it otherwise".into(),
        Bounce::ClosedUnmerged => "bounced: its pull request was closed".into(),
        Bounce::Empty => "bounced: nothing is left to land".into(),
        Bounce::Undeliverable { why } => format!("landing given up: {why}"),
    }
}

fn of_judgement(judgement: &Judgement) -> Option<String> {
    Some(match judgement {
        Judgement::Land => "accepted: landing".into(),
        Judgement::SpotCheck { why } => {
            format!("spot-check: {}", why.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        }
        Judgement::Requeue { retry_at: Some(at), .. } => format!("queued again, not before {at:.0}"),
        Judgement::Requeue { retry_at: None, .. } => "queued again".into(),
        Judgement::Stuck { cause, .. } => format!("stuck: {}", cause.as_str()),
        Judgement::Draft { note } => format!("back to draft: {note}"),
        Judgement::PutBack => "as it was before it was taken".into(),
        Judgement::Nothing => return None,
    })
}

/// A commit as people read it.
pub(crate) fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}
