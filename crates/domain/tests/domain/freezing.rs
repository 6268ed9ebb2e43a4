//! Runs that stand still: what is recorded of them, and what is refused.

use herder_domain::event::{Event, What};
use herder_domain::frost::Chill;
use herder_domain::illegal::IllegalEvent;
use herder_domain::outcome::Outcome;
use herder_domain::run::RunId;
use herder_domain::world::World;

use crate::forecasting::world;
use crate::samples;

/// The keys of the effects that the event orders, without the run's name.
fn record(world: &mut World, what: What) -> Result<Vec<String>, IllegalEvent> {
    let effects = world.record(&Event::of(&samples::id(1), what), samples::start())?;
    Ok(effects.iter().map(|effect| effect.key().replace(run().as_str(), "")).collect())
}

fn run() -> RunId {
    RunId::of(&samples::id(1), 1)
}

fn freeze() -> What {
    What::RunFrozen { run: run(), why: Chill::Person { by: "ann".into() } }
}

fn thaw() -> What {
    What::RunThawed { run: run() }
}

/// A world whose run of the first goal is launched.
fn launched() -> World {
    let mut world = world(1, 1, |_, _| {});
    let prepared = What::RunPrepared { run: run(), base_branch: "main".into(), agent: "claude".into() };
    for what in [What::RunOrdered { run: run(), attempt: 1 }, What::RunClaimed { run: run() }, prepared] {
        assert!(record(&mut world, freeze()).is_err(), "nothing is at work yet");
        record(&mut world, what).unwrap();
    }
    record(&mut world, What::RunLaunched { run: run(), process: samples::process() }).unwrap();
    world
}

#[test]
fn a_launched_run_is_frozen_and_thawed_in_turn_and_keeps_its_state_and_slot() {
    let mut world = launched();
    assert!(record(&mut world, thaw()).is_err(), "it does not stand still");
    for turn in [1, 3] {
        assert_eq!(record(&mut world, freeze()).unwrap(), [format!("freeze//{turn}")]);
        assert!(record(&mut world, freeze()).is_err(), "it does already");
        let frozen = &world.runs[&run()];
        assert!(frozen.frozen().is_some() && frozen.takes_slot());
        assert_eq!(frozen.state.word(), "launched");
        assert_eq!(record(&mut world, thaw()).unwrap(), [format!("thaw//{}", turn + 1)]);
        assert_eq!(world.runs[&run()].frozen(), None);
    }
}

#[test]
fn a_run_that_has_ended_stands_still_no_more() {
    let mut world = launched();
    record(&mut world, freeze()).unwrap();
    record(&mut world, What::RunReported { run: run(), outcome: Outcome::Accepted { gated: true } }).unwrap();
    assert_eq!(world.runs[&run()].frozen(), None);
    assert!(record(&mut world, thaw()).is_err());
}
