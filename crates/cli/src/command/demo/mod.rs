//! `herder demo`: a night of work in front of your eyes.
//!
//! A small repository with real tests as its gate, two stories, twelve goals, three ralphs at once, and an
//! orchestrator that is killed in the middle. Everything is real but the agent, which plays scripts; at the
//! end the demo looks at what came of it and fails unless all is as it should be, so it tests herder as well.

mod audit;
mod cast;
mod closing;
mod git;
mod look;
mod night;
mod orchestrator;
mod proof;
mod ralphs;
mod report;
mod stage;
mod voice;

use herder_executor::SandboxSupport;

use crate::args::Demo;
use crate::call::Call;
use crate::failure::{Failure, Kind};
use crate::output::Reply;
use cast::Cast;
use night::Night;
use report::Report;
use stage::Stage;
use voice::Voice;

/// Plays the demo.
///
/// # Errors
/// It cannot be played here, or did not end as it should: each thing that went wrong is a hint then.
pub fn perform(call: &Call, args: &Demo) -> Result<Reply, Failure> {
    refuse_without(&SandboxSupport::detect())?;
    let cast = Cast::of(args.agent)?;
    let (stage, mut store) = Stage::build(args, &cast)?;
    let voice = Voice::new(call.output);
    voice.say(&stage.opening(&cast))?;
    let goals = cast.queue(&mut store, &stage.repo)?;
    let played = Night::new(&stage, &store, &voice, &cast)?.until_dawn()?;
    let report = Report::of(&stage, &store, &goals, &played)?;
    if args.remove && report.problems.is_empty() {
        stage.remove()?;
    }
    let reply = Reply::one(&report, closing::text(&report, &stage))?;
    if report.problems.is_empty() {
        return Ok(reply);
    }
    let failed = Failure::new(Kind::Internal, "the demo did not end as it should");
    Ok(reply.but(report.problems.iter().fold(failed, |failed, problem| failed.hint(problem.as_str()))))
}

/// Agents are never run without a sandbox, not even scripted ones.
fn refuse_without(support: &SandboxSupport) -> Result<(), Failure> {
    let reason = match support {
        SandboxSupport::Full { .. } | SandboxSupport::Partial { .. } => return Ok(()),
        SandboxSupport::Insufficient { abi } => format!("its Landlock is version {abi}, and 3 is needed"),
        SandboxSupport::Absent { reason } => format!("it has no Landlock: {reason}"),
    };
    Err(Failure::environment(format!(
        "this kernel cannot keep an agent in a sandbox ({reason}), and herder runs none without"
    ))
    .hint("Linux 6.2 or later has what is needed; `herder doctor` looks at everything else, too"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_sandbox_there_is_one_sentence_and_no_agent() {
        assert!(refuse_without(&SandboxSupport::Full { abi: 9 }).is_ok());
        for support in [
            SandboxSupport::Insufficient { abi: 2 },
            SandboxSupport::Absent { reason: "function not implemented".into() },
        ] {
            let failure = refuse_without(&support).unwrap_err();
            assert!(failure.message.ends_with("and herder runs none without"), "{}", failure.message);
            assert_eq!(failure.kind, Kind::Environment);
        }
    }
}
