//! A person is told, by all the ways there are. One that fails is tried again, one that sleeps is waited for, and neither
//! keeps anything else from going on.

use std::time::Duration;

use herder_domain::effect::{Effect, Once};
use herder_domain::goal::Goal;
use herder_domain::repo::GoalRef;
use herder_notify::{Link, Notice};
use herder_store::OpenEffect;
use herder_view::{LinkSigner, OrderLink};
use jiff::Timestamp;

use super::UpError;
use super::daemon::Daemon;
use crate::act::{self, Untold};
use crate::told::Told;

/// A notification is given up after so many tries, which takes three hours: a person who cannot be reached this way will
/// look.
pub(super) const TRIES: u32 = 16;

/// A way that sleeps is looked at again after this at the latest: its hours may be changed meanwhile.
const LOOK_AGAIN: Duration = Duration::from_secs(3600);

/// Has a person told, in a thread of its own.
pub(super) fn tell(daemon: &mut Daemon, due: OpenEffect) -> Result<(), UpError> {
    let Effect::Notify { goal, key, title, message, level, once } = &due.effect else { return Ok(()) };
    let named = format!("{goal}/{key}");
    let notice = match once {
        // It is about all, and by whichever goal it was found.
        Once::All => Notice::new(key, title, message, *level),
        Once::Repo | Once::Goal => Notice::new(&named, title, message, *level),
    };
    let is_of_goal = *once != Once::All;
    let found = daemon.store.goal(goal)?.filter(|_| is_of_goal);
    let links = match &found {
        Some(found) => orders(daemon, found)?,
        None => Vec::new(),
    };
    let notice = Notice {
        goal: is_of_goal.then(|| goal.clone()),
        story: found.and_then(|goal| goal.story).map(|number| GoalRef { number, ..goal.clone() }),
        links,
        ..notice
    };
    let told = daemon.store.told_by(&due.key)?;
    Ok(daemon.spawn(due, move |context| act::notify(context, &notice, &told))?)
}

/// What can be ordered of a goal that waits for a look, each a signed address of the dashboard, where that is reached from
/// afar.
fn orders(daemon: &Daemon, goal: &Goal) -> Result<Vec<Link>, UpError> {
    let Some(base) = &daemon.context.settings.links else { return Ok(Vec::new()) };
    let orders = OrderLink::of(&daemon.store, goal, Timestamp::now())?;
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    let signer = match daemon.context.state.link_key() {
        Ok(key) => LinkSigner::new(&key),
        Err(error) => {
            // A message without them is better than none, and than no orchestrator.
            let why = format!("messages carry no addresses to answer at: {error}");
            daemon.say(&Told::note(Timestamp::now(), why));
            return Ok(Vec::new());
        }
    };
    let link = |order: &OrderLink| Link {
        label: order.order.title().to_owned(),
        url: format!("{base}{}{}", OrderLink::PLACE, signer.sign(order)),
    };
    Ok(orders.iter().map(link).collect())
}

/// Takes note of what was not told by all ways.
pub(super) fn untold(
    daemon: &mut Daemon,
    (key, effect): (&str, Option<&Effect>),
    untold: &Untold,
    now: Timestamp,
) -> Result<(), UpError> {
    let failed = || untold.failed.iter().map(|(way, _)| way.as_str());
    daemon.store.note_told(key, untold.told.iter().map(String::as_str), now)?;
    let open = daemon.store.open_effects()?;
    let tried = open.iter().find(|open| open.key == key).map_or(0, |open| open.attempts) + 1;
    let why = daemon.context.redactor.line(&format!("failed to tell: {}", untold.why())).into_string();
    match untold.later {
        Some(later) if untold.failed.is_empty() || tried >= TRIES => {
            if !untold.failed.is_empty() {
                daemon.say(&Told::note(now, format!("{key} is given up where it failed: {why}")));
            }
            daemon.store.note_told(key, failed(), now)?;
            let soon = now.checked_add(LOOK_AGAIN).unwrap_or(Timestamp::MAX);
            Ok(daemon.store.defer(key, later.min(soon))?)
        }
        Some(_) | None => daemon.postpone(key, effect, &why, now),
    }
}
