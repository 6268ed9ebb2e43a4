//! Which points there are, and which faults are tried at which.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use herder_testkit::intercept::Deed;

use crate::director::Strike;
use crate::fault::{Fault, needs_room};
use crate::point::{Kind, Role};

/// All points of an undisturbed night, by kind: how often each was passed.
pub type Census = BTreeMap<Kind, usize>;

/// The kinds that both nights have passed, as often as both have: what is written when nothing goes wrong
/// depends a little on who comes first.
pub fn common(one: &Census, other: &Census) -> Census {
    let both = |(kind, count): (&Kind, &usize)| Some((kind.clone(), *count.min(other.get(kind)?)));
    one.iter().filter_map(both).collect()
}

/// One strike for every fault that makes sense at a kind of point, spread over its calls.
///
/// Of the calls of one kind the first, the middle one and the last stand for the others: they are the same
/// process's, on the same errand, at the same sort of file, so that what is on the disk before each differs
/// only in the goal, or in how much there is of what nobody looks at yet. The random pairs draw from all.
pub fn singles(census: &Census) -> Vec<Strike> {
    let mut strikes = Vec::new();
    let (mut gits, mut shared) = (BTreeSet::new(), BTreeSet::new());
    for (kind, count) in census {
        let mut add = |number, fault| strikes.push(Strike { kind: kind.to_string(), number, fault });
        if is_transaction(kind) {
            // Each of these is what one effect or decision has come to, and so none stands for another.
            (1..=*count).for_each(|number| add(number, [Fault::All, Fault::Owner][number % 2]));
            continue;
        }
        let (first, middle, last) = (1, count.div_ceil(2), *count);
        // Those of other goals: there is none of this goal's yet, or any more.
        if begins_effect(kind) {
            [Role::Ralph, Role::Keeper, Role::Agent]
                .into_iter()
                .for_each(|role| add(middle, Fault::Every(role)));
        }
        // Who fetches does the same for whichever effect.
        if is_shared(kind) && !shared.insert((kind.place.as_str(), kind.deed)) {
            continue;
        }
        add(last, Fault::All);
        // A git goes on when who started it is killed, and fails when it has no room, at whichever of its writes;
        // half a write of its is in a file that nobody reads yet.
        let is_first_of_git = is_git(kind) && gits.insert((kind.role, kind.errand.clone()));
        let stands_for_itself = !is_git(kind) || is_first_of_git;
        if kind.deed.is_some() && stands_for_itself {
            add(first, Fault::Owner);
        }
        if kind.deed == Some(Deed::Write) && stands_for_itself {
            add(middle, Fault::Torn);
        }
        if kind.deed.is_none_or(needs_room) && stands_for_itself {
            add(middle, Fault::Full);
        }
        // A git that is killed fails, whatever it was about to write.
        if is_first_of_git {
            add(last, Fault::Caller);
        }
    }
    strikes
}

/// A strike at any point, by any fault that makes sense there.
pub fn any(census: &Census, rng: &mut Rng) -> Strike {
    let mut at = rng.usize(..census.values().sum::<usize>());
    let found = census.iter().find(|(_, count)| {
        let is_here = at < **count;
        at = at.wrapping_sub(if is_here { 0 } else { **count });
        is_here
    });
    let (kind, count) = found.unwrap();
    let mut faults =
        vec![Fault::Owner, Fault::All, Fault::Every(Role::Orchestrator), Fault::Every(Role::Ralph)];
    faults.extend([Fault::Every(Role::Keeper), Fault::Every(Role::Agent)]);
    faults.extend(is_git(kind).then_some(Fault::Caller));
    faults.extend((kind.deed == Some(Deed::Write)).then_some(Fault::Torn));
    faults.extend(kind.deed.is_none_or(needs_room).then_some(Fault::Full));
    let fault = faults[rng.usize(..faults.len())];
    Strike { kind: kind.to_string(), number: 1 + rng.usize(..*count), fault }
}

/// Mirror, templates and the vault's record of what was taken into it are kept by the same code for every effect.
fn is_shared(kind: &Kind) -> bool {
    let areas = ["mirrors/", "templates/", "vault/refs/herder/", "vault/herder."];
    kind.role == Role::Orchestrator && !is_git(kind) && areas.iter().any(|area| kind.place.starts_with(area))
}

fn is_git(kind: &Kind) -> bool {
    kind.errand.starts_with("git-")
}

/// A transaction of the database ends by its log's being brought to the disk.
fn is_transaction(kind: &Kind) -> bool {
    kind.place == "state/herder.db-wal" && kind.deed == Some(Deed::Sync)
}

/// The first write of each effect stands for its beginning: errand, place, deed.
const BEGINNINGS: [(&str, &str, Deed); 10] = [
    ("prepare", "mirrors/herder.refs-lock", Deed::Create),
    ("launch", "run/ralph.stderr", Deed::Create),
    ("collect", "private/herder.refs-lock", Deed::Create),
    ("land", "mirrors/herder.refs-lock", Deed::Create),
    ("clean", "clone", Deed::Remove),
    ("stats", "state/stats.jsonl", Deed::Create),
    ("tell", "run/told.jsonl", Deed::Create),
    ("stop", "process", Deed::Signal),
    ("revert", "mirrors/herder.refs-lock", Deed::Create),
    ("notify", "told", Deed::Create),
];

fn begins_effect(kind: &Kind) -> bool {
    BEGINNINGS.iter().any(|(errand, place, deed)| {
        (kind.errand.as_str(), kind.place.as_str(), kind.deed) == (errand, place, Some(*deed))
    })
}

/// The beginnings of effects that a night did not pass: then the file is another one now, and nothing is killed
/// there any more.
pub fn missing_beginnings(census: &Census) -> Vec<&'static str> {
    let passed = |errand: &str| census.keys().any(|kind| begins_effect(kind) && kind.errand == errand);
    BEGINNINGS.iter().map(|(errand, ..)| *errand).filter(|errand| !passed(errand)).collect()
}
