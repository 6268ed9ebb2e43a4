//! What runs and landings come to: reasons for a look, causes of being stuck, bounces, judgements.

use herder_domain::gate::Refusal;
use herder_domain::goal::{Charge, SpotCheckReason, StuckCause};
use herder_domain::judge::Judgement;
use herder_domain::landing::Bounce;

use super::{after, context, refusal};

every!(spot_check_reasons -> SpotCheckReason {
    SpotCheckReason::Requested => SpotCheckReason::Requested,
    SpotCheckReason::NeedsReview { .. } => SpotCheckReason::NeedsReview { summary: "is this so?".into() },
    SpotCheckReason::Question { .. } => SpotCheckReason::Question { question: "which list?".into() },
    SpotCheckReason::NoGate => SpotCheckReason::NoGate,
    SpotCheckReason::BaseRed => SpotCheckReason::BaseRed,
    SpotCheckReason::NoDiff => SpotCheckReason::NoDiff,
    SpotCheckReason::ProtectedPaths { .. } =>
        SpotCheckReason::ProtectedPaths { paths: vec![".ralph/check".into()] },
    SpotCheckReason::DeletedTests { .. } =>
        SpotCheckReason::DeletedTests { paths: vec!["tests/sort.rs".into()] },
    SpotCheckReason::PushNeedsLeave => SpotCheckReason::PushNeedsLeave,
    SpotCheckReason::LeftOut { .. } => SpotCheckReason::LeftOut { paths: vec!["video.mp4".into()] },
});

every!(stuck_causes -> StuckCause {
    StuckCause::Failed => StuckCause::Failed,
    StuckCause::Crashed => StuckCause::Crashed,
    StuckCause::TooBig => StuckCause::TooBig,
    StuckCause::Unreachable => StuckCause::Unreachable,
    StuckCause::Conflicts => StuckCause::Conflicts,
    StuckCause::BudgetSpent => StuckCause::BudgetSpent,
    StuckCause::Undeliverable => StuckCause::Undeliverable,
    StuckCause::Changes => StuckCause::Changes,
    StuckCause::ClosedUnmerged => StuckCause::ClosedUnmerged,
});

every!(bounces -> Bounce {
    Bounce::Red(_) => Bounce::Red(refusal()),
    Bounce::Undecided(_) => Bounce::Undecided(Refusal::unnamed("1 test failed")),
    Bounce::Conflict { .. } => Bounce::Conflict { files: vec!["src/lib.rs".into()] },
    Bounce::NoContents { .. } => Bounce::NoContents { files: vec!["data.bin".into()] },
    Bounce::ChecksRed(_) => Bounce::ChecksRed(refusal()),
    Bounce::ChangesRequested { .. } => Bounce::ChangesRequested { words: "name it better".into() },
    Bounce::ClosedUnmerged => Bounce::ClosedUnmerged,
    Bounce::Empty => Bounce::Empty,
    Bounce::Undeliverable { .. } => Bounce::Undeliverable { why: "a hook said no".into() },
});

every!(charges -> Charge {
    Charge::Failed => Charge::Failed,
    Charge::Crashed => Charge::Crashed,
    Charge::OutOfMemory => Charge::OutOfMemory,
    Charge::Unreachable => Charge::Unreachable,
    Charge::Conflict => Charge::Conflict,
    Charge::Changes => Charge::Changes,
    Charge::Nothing => Charge::Nothing,
});

every!(judgements -> Judgement {
    Judgement::Land => Judgement::Land,
    Judgement::SpotCheck { .. } => Judgement::SpotCheck { why: spot_check_reasons() },
    Judgement::Requeue { .. } =>
        Judgement::Requeue { charge: Charge::Failed, retry_at: Some(after(30)), context: context() },
    Judgement::Stuck { .. } => Judgement::Stuck {
        charge: Charge::Failed,
        cause: StuckCause::Failed,
        detail: "gate_red: no".into(),
        context: context(),
    },
    Judgement::Draft { .. } => Judgement::Draft { note: "no such model".into() },
    Judgement::PutBack => Judgement::PutBack,
    Judgement::Nothing => Judgement::Nothing,
});
