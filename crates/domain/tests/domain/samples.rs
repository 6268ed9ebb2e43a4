//! One sample of everything that has variants.

mod judging;
mod outcomes;

use herder_domain::ailment::{Ailing, Ailment};
use herder_domain::capacity::{Farewell, Shortage, Slots};
use herder_domain::event::{Event, Repo, What};
use herder_domain::follow_up::FollowUp;
use herder_domain::forge::Home;
use herder_domain::frost::Chill;
use herder_domain::gate::{Asked, Failure, Flake, Refusal};
use herder_domain::goal::{
    Goal, GoalEdit, GoalEvent, GoalOptions, GoalState, GoalText, HeldBack, ProposedBy, RunNote, StuckCause,
    Told,
};
use herder_domain::hand::{HandEnd, Hold};
use herder_domain::judge::Judgement;
use herder_domain::landing::{Bounce, LandingEvent, LandingState, Merging, Offer, Standing, Step};
use herder_domain::outcome::{FailureCause, Outcome};
use herder_domain::pause::Scope;
use herder_domain::plan::{DependencyTrouble, Wait};
use herder_domain::purse::{Amount, Excess, Spender};
use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_domain::run::{Harvest, ProcessName, RetryContext, RunEvent, RunId, RunState};
use herder_domain::sight::{self, Heard, Seen, Shown};
use herder_domain::story::{Story, StoryEvent, StoryState};
use herder_domain::undo::{AfterUndo, Undo, UndoGate, UndoTrouble};
use jiff::{SignedDuration, Timestamp};

pub use judging::{bounces, charges, judgements, spot_check_reasons, stuck_causes};
pub use outcomes::{failed, failed_by_time, failure_causes, interrupted, interruptions, outcomes};

pub fn repo() -> RepoId {
    "github.com/acme/app".parse().unwrap()
}

pub fn id(number: u64) -> GoalRef {
    GoalRef::new(repo(), number)
}

pub fn run() -> RunId {
    RunId::of(&id(42), 1)
}

pub fn start() -> Timestamp {
    "2026-11-01T22:00:00Z".parse().unwrap()
}

/// That many seconds after [`start`].
pub fn after(seconds: i64) -> Timestamp {
    start() + SignedDuration::from_secs(seconds)
}

pub fn draft(number: u64) -> Goal {
    let text = GoalText::read(&repo(), "Sort the list", "## Objective\nSort it.\n").unwrap();
    Goal::draft(id(number), text, start())
}

pub fn process() -> ProcessName {
    ProcessName { pid: 4_242, start_time: 99, boot_id: "b".into() }
}

pub fn harvest() -> Harvest {
    Harvest {
        tip: Some("c0ffee".into()),
        lines_added: 3,
        files_changed: 1,
        gate_tail: Some("1 test failed".into()),
        gate_failures: refusal().failures,
        last_progress: Some("wrote the test".into()),
        follow_ups: vec![follow_up()],
        ..Harvest::default()
    }
}

pub fn told() -> Told {
    Told { id: 3, at: after(9), text: "mind the tabs".into(), question: Some("tabs?".into()) }
}

pub fn heard() -> Heard {
    Heard { id: 5, by: "ann".into(), said: "/approve".into(), refusal: Some("it is a draft".into()) }
}

pub fn follow_up() -> FollowUp {
    let acceptance = vec!["it is faster".into()];
    FollowUp { title: "Sort faster".into(), objective: "It is slow.".into(), acceptance }
}

pub fn refusal() -> Refusal {
    let failure = Failure { name: "tests::sorts".into(), message: Some("left: 1, right: 2".into()) };
    let known = vec!["tests::was_red".into()];
    Refusal { tail: "1 test failed".into(), failures: vec![failure], more: 2, known }
}

pub fn context() -> RetryContext {
    RetryContext {
        feedback: Some("name it better".into()),
        question: Some("which name?".into()),
        last_outcome: Some("timeout: 4h are spent".into()),
        earlier_outcomes: vec!["crashed".into()],
        gate_output: Some("1 test failed".into()),
        gate_failures: refusal().failures,
        last_progress: Some("wrote the test".into()),
        is_resumed: true,
        conflicts: vec!["src/lib.rs".into()],
    }
}

every!(goal_states -> GoalState {
    GoalState::Draft { .. } => GoalState::Draft { note: Some("no such model".into()) },
    GoalState::Queued { .. } => GoalState::Queued { since: start() },
    GoalState::Running { .. } => GoalState::Running { run: run() },
    GoalState::SpotCheck { .. } => GoalState::SpotCheck { run: run(), why: spot_check_reasons() },
    GoalState::Offered { .. } => GoalState::Offered { run: run(), pull: Number(50) },
    GoalState::Done { .. } => GoalState::Done { run: run(), commit: "c0ffee".into() },
    GoalState::Stuck { .. } => stuck(),
    GoalState::Cancelled => GoalState::Cancelled,
    GoalState::Resolved => GoalState::Resolved,
});

every!(goal_events -> GoalEvent {
    GoalEvent::Queued(_) => GoalEvent::Queued(start()),
    GoalEvent::Retried(_) => GoalEvent::Retried(start()),
    GoalEvent::Edited => GoalEvent::Edited,
    GoalEvent::Cancelled => GoalEvent::Cancelled,
    GoalEvent::Resolved => GoalEvent::Resolved,
    GoalEvent::Started(_) => GoalEvent::Started(run()),
    GoalEvent::Requeued(_) => GoalEvent::Requeued(start()),
    GoalEvent::SentToSpotCheck(..) => GoalEvent::SentToSpotCheck(run(), spot_check_reasons()),
    GoalEvent::Approved => GoalEvent::Approved,
    GoalEvent::Rejected(_) => GoalEvent::Rejected(start()),
    GoalEvent::GotStuck(..) => GoalEvent::GotStuck(StuckCause::Failed, "no".into()),
    GoalEvent::ReturnedToDraft(_) => GoalEvent::ReturnedToDraft("no such model".into()),
    GoalEvent::Offered(_) => GoalEvent::Offered(Number(50)),
    GoalEvent::Landed(..) => GoalEvent::Landed(run(), "c0ffee".into()),
    GoalEvent::TakenUp(_) => GoalEvent::TakenUp(start()),
    GoalEvent::PutBack(_) => GoalEvent::PutBack(Box::new(stuck())),
    GoalEvent::Undoing => GoalEvent::Undoing,
    GoalEvent::Shelved(_) => GoalEvent::Shelved("ann took it off the queue".into()),
    GoalEvent::Reopened => GoalEvent::Reopened,
});

pub fn stuck() -> GoalState {
    GoalState::Stuck { cause: StuckCause::Failed, detail: "gate_red: no".into() }
}

pub fn undo() -> Undo {
    let say = Some("it broke the night".to_owned());
    Undo { by: "ada".into(), gate: UndoGate::Ask, then: AfterUndo::Draft, say }
}

every!(hand_ends -> HandEnd {
    HandEnd::Finished => HandEnd::Finished,
    HandEnd::Back => HandEnd::Back,
    HandEnd::Dropped => HandEnd::Dropped,
});

every!(undo_troubles -> UndoTrouble {
    UndoTrouble::Conflict { .. } => UndoTrouble::Conflict { files: vec!["src/lib.rs".into()] },
    UndoTrouble::Red { .. } => UndoTrouble::Red { tail: "1 test failed".into() },
    UndoTrouble::Gone => UndoTrouble::Gone,
    UndoTrouble::Closed => UndoTrouble::Closed,
    UndoTrouble::Unwanted { .. } => UndoTrouble::Unwanted { words: "keep it".into() },
    UndoTrouble::Undeliverable { .. } => UndoTrouble::Undeliverable { why: "a hook said no".into() },
});

every!(run_states -> RunState {
    RunState::Ordered => RunState::Ordered,
    RunState::Claimed => RunState::Claimed,
    RunState::Prepared => RunState::Prepared,
    RunState::Launched { .. } => RunState::Launched { process: process() },
    RunState::Held { .. } => RunState::Held { since: start() },
    RunState::Reported { .. } => RunState::Reported { outcome: Outcome::Accepted { gated: true } },
    RunState::Collected { .. } =>
        RunState::Collected { outcome: Outcome::Accepted { gated: true }, harvest: harvest() },
    RunState::Judged { .. } => RunState::Judged { keeps_clone: false },
    RunState::Closed => RunState::Closed,
});

every!(run_events -> RunEvent {
    RunEvent::Claimed => RunEvent::Claimed,
    RunEvent::Prepared => RunEvent::Prepared,
    RunEvent::Launched(_) => RunEvent::Launched(process()),
    RunEvent::Held(_) => RunEvent::Held(start()),
    RunEvent::Reported(_) => RunEvent::Reported(Outcome::Accepted { gated: true }),
    RunEvent::Collected(_) => RunEvent::Collected(harvest()),
    RunEvent::Judged => RunEvent::Judged,
    RunEvent::Closed => RunEvent::Closed,
});

every!(landing_states -> LandingState {
    LandingState::Submitted { .. } => LandingState::FRESH,
    LandingState::Offered { .. } => LandingState::Offered { standing: Standing::Green },
    LandingState::Shown => LandingState::Shown,
    LandingState::Landed { .. } => LandingState::Landed { commit: "c0ffee".into() },
    LandingState::Bounced(_) => LandingState::Bounced(Bounce::Empty),
    LandingState::Withdrawn => LandingState::Withdrawn,
    LandingState::Reverting { .. } => LandingState::Reverting {
        commit: "c0ffee".into(),
        undo: undo(),
        rounds: 0,
        not_before: None,
        why: None,
    },
    LandingState::Leaving { .. } => LandingState::Leaving {
        commit: "c0ffee".into(),
        undo: undo(),
        rounds: 0,
        standing: Standing::Green,
    },
    LandingState::Reverted { .. } => LandingState::Reverted { commit: "decaff".into() },
});

every!(landing_events -> LandingEvent {
    LandingEvent::Postponed { .. } => LandingEvent::Postponed { until: after(60), why: "a lost race".into() },
    LandingEvent::Offered => LandingEvent::Offered,
    LandingEvent::Seen(_) => LandingEvent::Seen(Standing::Behind),
    LandingEvent::Landed { .. } => LandingEvent::Landed { commit: "c0ffee".into() },
    LandingEvent::Bounced(_) => LandingEvent::Bounced(Bounce::Empty),
    LandingEvent::Withdrawn => LandingEvent::Withdrawn,
    LandingEvent::Undoing(_) => LandingEvent::Undoing(undo()),
    LandingEvent::Reverted { .. } => LandingEvent::Reverted { commit: "decaff".into() },
    LandingEvent::Kept => LandingEvent::Kept,
});

every!(standings -> Standing {
    Standing::Waiting { .. } => Standing::Waiting { why: "a check is under way".into() },
    Standing::Green => Standing::Green,
    Standing::Behind => Standing::Behind,
    Standing::Updating => Standing::Updating,
    Standing::Conflict => Standing::Conflict,
});

every!(steps -> Step {
    Step::Show => Step::Show,
    Step::Update => Step::Update,
    Step::Merge => Step::Merge,
    Step::Halt => Step::Halt,
    Step::Close => Step::Close,
});

every!(mergings -> Merging {
    Merging::Forge => Merging::Forge,
    Merging::Herder { .. } => Merging::Herder { why: "no rule protects the base".into() },
    Merging::Person => Merging::Person,
});

pub fn offer() -> Offer {
    Offer { pull: Number(50), head: "c0ffee".into(), merging: Merging::Forge }
}

every!(story_states -> StoryState {
    StoryState::Open => StoryState::Open,
    StoryState::Closed => StoryState::Closed,
});

every!(story_events -> StoryEvent {
    StoryEvent::Closed => StoryEvent::Closed,
    StoryEvent::Reopened => StoryEvent::Reopened,
});

/// What a forge shows of a queued goal.
pub fn seen() -> Seen {
    let shown = Shown { labels: vec!["goal:queued".into()], standing: sight::Standing::Open };
    Seen { through: 9, heard: 3, shown }
}

every!(whats -> What {
    What::GoalCreated { .. } => What::GoalCreated { draft: Box::new(full_draft()) },
    What::GoalEdited { .. } => What::GoalEdited { edit: Box::new(edit()) },
    What::GoalPrioritized { .. } => What::GoalPrioritized { priority: -3 },
    What::GoalMoved { .. } => What::GoalMoved { story: Some(Number(7)) },
    What::GoalOverdue { .. } => What::GoalOverdue { deadline: after(600) },
    What::GoalHeld { .. } => What::GoalHeld { reason: Some("the vendor answers on Monday".into()) },
    What::GoalReleased => What::GoalReleased,
    What::GoalSeen { .. } => What::GoalSeen { seen: seen() },
    What::GoalShown { .. } => What::GoalShown { shown: seen().shown, wrote: None },
    What::GoalLinked { .. } => What::GoalLinked { depends: vec![id(7)] },
    What::GoalHeard { .. } => What::GoalHeard { heard: heard() },
    What::GoalAnnounced { .. } =>
        What::GoalAnnounced { phase: "running/app-42-1".into(), waits: "it is held".into() },
    What::GoalMislabelled { .. } => What::GoalMislabelled { labels: vec!["goal:draft".into()] },
    What::GoalShelved { .. } => What::GoalShelved { by: "ann".into() },
    What::GoalReopened => What::GoalReopened,
    What::GoalNotQueued { .. } => What::GoalNotQueued { why: "nobody may".into(), id: 7 },
    What::GoalQueued => What::GoalQueued,
    What::GoalRetried => What::GoalRetried,
    What::GoalCancelled => What::GoalCancelled,
    What::GoalResolved => What::GoalResolved,
    What::GoalApproved => What::GoalApproved,
    What::GoalRejected { .. } => What::GoalRejected { feedback: "name it better".into() },
    What::GoalTold { .. } => What::GoalTold { text: "mind the tabs".into() },
    What::GoalAnswered { .. } => What::GoalAnswered { answer: "the second".into() },
    What::GoalQuarantined { .. } => What::GoalQuarantined { error: "a run that is closed".into() },
    What::GoalElsewhere { .. } =>
        What::GoalElsewhere { run: Some(run()), owner: "night-1a2b".into(), until: after(60) },
    What::RunOrdered { .. } => What::RunOrdered { run: run(), attempt: 1 },
    What::RunClaimed { .. } => What::RunClaimed { run: run() },
    What::RunPrepared { .. } =>
        What::RunPrepared { run: run(), base_branch: "main".into(), agent: "claude".into() },
    What::RunLaunched { .. } => What::RunLaunched { run: run(), process: process() },
    What::RunFrozen { .. } => What::RunFrozen { run: run(), why: Chill::Person { by: "ann".into() } },
    What::RunThawed { .. } => What::RunThawed { run: run() },
    What::RunReported { .. } => What::RunReported { run: run(), outcome: Outcome::Accepted { gated: true } },
    What::RunCollected { .. } => What::RunCollected { run: run(), harvest: harvest() },
    What::RunJudged { .. } => What::RunJudged { run: run(), judgement: Judgement::Land },
    What::RunClosed { .. } => What::RunClosed { run: run() },
    What::GateFlaked { .. } => What::GateFlaked {
        run: run(),
        asked: Asked::ByLanding,
        flake: Flake { items: vec!["tests::sorts".into()] },
    },
    What::BaseFoundRed { .. } =>
        What::BaseFoundRed { run: run(), since: "7ee".into(), refusal: refusal() },
    What::LandingPostponed { .. } =>
        What::LandingPostponed { run: run(), until: after(60), why: "a lost race".into() },
    What::WorkOffered { .. } => What::WorkOffered { run: run(), offer: offer() },
    What::WorkShown { .. } =>
        What::WorkShown { run: run(), offer: Some(Offer { merging: Merging::Person, ..offer() }) },
    What::LandingSeen { .. } => What::LandingSeen { run: run(), standing: Standing::Green },
    What::LandingBounced { .. } => What::LandingBounced { run: run(), bounce: Bounce::Empty },
    What::BounceJudged { .. } => What::BounceJudged { run: run(), judgement: Judgement::Nothing },
    What::LandingWithdrawn { .. } => What::LandingWithdrawn { run: run() },
    What::Landed { .. } =>
        What::Landed { run: run(), commit: "c0ffee".into(), known: vec!["tests::was_red".into()] },
    What::GoalTaken { .. } => What::GoalTaken { by: "ada".into() },
    What::RunHeld { .. } => What::RunHeld { run: run() },
    What::GoalGiven { .. } =>
        What::GoalGiven { run: run(), end: HandEnd::Back, say: Some("mind the tests".into()) },
    What::UndoOrdered { .. } => What::UndoOrdered { run: run(), undo: undo() },
    What::Undone { .. } => What::Undone { run: run(), commit: "decaff".into() },
    What::UndoRefused { .. } => What::UndoRefused { run: run(), trouble: UndoTrouble::Gone },
});

/// A draft with something in every field.
pub fn full_draft() -> Goal {
    let options = GoalOptions {
        agent: Some("claude".into()),
        model: Some("opus".into()),
        reasoning: Some("high".parse().unwrap()),
        duration: Some("1h30m".parse().unwrap()),
        max_age: Some("8h".parse().unwrap()),
        priority: Some(-3),
        budget: Some(0.1 + 0.2),
        not_before: Some(after(10)),
        deadline: Some(after(600)),
    };
    Goal {
        story: Some(Number(7)),
        depends: vec![id(1), id(2)],
        wants_spot_check: true,
        options,
        retry_at: Some(after(30)),
        context: context(),
        history: vec![RunNote { run: run(), outcome: failed(FailureCause::NoProgress) }],
        quarantine: Some("a run that is closed".into()),
        taken: Some(Hold { by: "ada".into(), since: start(), before: stuck() }),
        hold: Some(HeldBack { since: after(5), reason: Some("the vendor answers on Monday".into()) }),
        told: vec![told()],
        overdue: Some(after(600)),
        proposed_by: Some(ProposedBy { goal: id(1), run: run() }),
        ..draft(42)
    }
}

/// An edit of everything.
pub fn edit() -> GoalEdit {
    let full = full_draft();
    GoalEdit {
        title: Some(full.title),
        body: Some(full.body),
        depends: Some(full.depends),
        wants_spot_check: Some(true),
        options: Some(full.options),
    }
}

pub fn registered(id: RepoId) -> Repo {
    Repo {
        id,
        url: "https://example.org/acme/app.git".into(),
        base_branch: "main".into(),
        pushes: false,
        home: Home::Local,
    }
}

pub fn story(number: u64) -> Story {
    let title = "Lists".to_owned();
    Story { id: id(number), title, body: String::new(), created_at: start(), state: StoryState::Open }
}

every!(event_kinds -> Event {
    Event::RepoAdded { .. } => Event::RepoAdded { repo: registered(repo()) },
    Event::StoryCreated { .. } => Event::StoryCreated { story: story(7) },
    Event::StoryEdited { .. } =>
        Event::StoryEdited { story: id(7), title: Some("Lists".into()), body: None },
    Event::StoryClosed { .. } => Event::StoryClosed { story: id(7) },
    Event::StoryReopened { .. } => Event::StoryReopened { story: id(7) },
    Event::AccountParked { .. } =>
        Event::AccountParked { agent: "claude".into(), until: Some(after(60)), why: "limit".into() },
    Event::AccountFreed { .. } => Event::AccountFreed { agent: "claude".into() },
    Event::Paused { .. } =>
        Event::Paused { scope: Scope::Everything, until: Some(after(60)), reason: Some("a build".into()) },
    Event::Resumed { .. } => Event::Resumed { scope: Scope::Story { story: id(7) } },
    Event::RepoAiling { .. } => Event::RepoAiling { repo: repo(), ailment: red_base() },
    Event::RepoMended { .. } => Event::RepoMended { repo: repo() },
    Event::MaxSet { .. } => Event::MaxSet { repo: Some(repo()), max: Slots::fixed(3) },
    Event::DownAsked { .. } => Event::DownAsked { orchestrator: process(), farewell: Farewell::Drain },
    Event::Goal(_) => Event::of(&id(42), What::GoalQueued),
});

pub fn red_base() -> Ailment {
    Ailment::RedBase { branch: "main".into(), commit: "7ee".into(), checks: vec!["ci".into()] }
}

every!(ailments -> Ailment {
    Ailment::Unreadable { .. } => Ailment::Unreadable { why: "not found, or hidden".into() },
    Ailment::RedBase { .. } => red_base(),
});

every!(scopes -> Scope {
    Scope::Everything => Scope::Everything,
    Scope::Repo { .. } => Scope::Repo { repo: repo() },
    Scope::Story { .. } => Scope::Story { story: id(7) },
});

every!(farewells -> Farewell {
    Farewell::Drain => Farewell::Drain,
    Farewell::Keep => Farewell::Keep,
});

every!(troubles -> DependencyTrouble {
    DependencyTrouble::Open { .. } => DependencyTrouble::Open { state: "running".into() },
    DependencyTrouble::Cancelled => DependencyTrouble::Cancelled,
    DependencyTrouble::Unknown => DependencyTrouble::Unknown,
    DependencyTrouble::Cyclic => DependencyTrouble::Cyclic,
});

every!(waits -> Wait {
    Wait::Dependency { .. } => Wait::Dependency { on: id(1), trouble: DependencyTrouble::Cyclic },
    Wait::Backoff { .. } => Wait::Backoff { until: after(30), after: Some("timeout: 4h are spent".into()) },
    Wait::NotBefore { .. } => Wait::NotBefore { until: after(90) },
    Wait::Overdue { .. } => Wait::Overdue { deadline: after(-60) },
    Wait::Elsewhere { .. } => Wait::Elsewhere { owner: "night-1a2b".into(), until: after(60) },
    Wait::AccountParked { .. } =>
        Wait::AccountParked { agent: "claude".into(), until: Some(after(60)), why: "limit".into() },
    Wait::WindowReserved { .. } => Wait::WindowReserved {
        agent: "claude".into(),
        window: "five_hour".into(),
        used: 96,
        reserve: 5,
        until: after(60),
    },
    Wait::Paused { .. } =>
        Wait::Paused { scope: Scope::Everything, until: Some(after(60)), reason: Some("a build".into()) },
    Wait::OverBudget { .. } => Wait::OverBudget {
        excess: Excess {
            spender: Spender::Day,
            spent: Amount::UsdMicros(10_420_000),
            limit: Amount::UsdMicros(10_000_000),
            unknown: 0,
            until: Some(after(90)),
        },
    },
    Wait::OutOfHours { .. } => Wait::OutOfHours { window: Some("night".into()), until: Some(after(90)) },
    Wait::ModelOutOfHours { .. } => Wait::ModelOutOfHours {
        model: "opus".into(),
        models: vec!["haiku".into(), "sonnet".into()],
        window: "day".into(),
        until: after(90),
    },
    Wait::RepoAiling { .. } =>
        Wait::RepoAiling { repo: repo(), ailing: Ailing { since: after(7), ailment: red_base() } },
    Wait::NoSlot { .. } => Wait::NoSlot { max: 2, repo: None, window: None },
    Wait::NoRoom { .. } => Wait::NoRoom { shortage: Shortage::NotMeasured },
    Wait::Draining => Wait::Draining,
    Wait::OutOfScope => Wait::OutOfScope,
    Wait::LastRunUnfinished { .. } => Wait::LastRunUnfinished { run: run(), state: "reported".into() },
    Wait::RepoUnknown { .. } => Wait::RepoUnknown { repo: repo() },
    Wait::Held { .. } => Wait::Held { reason: Some("the vendor answers on Monday".into()) },
    Wait::Quarantined { .. } => Wait::Quarantined { error: "a run that is closed".into() },
});
