//! `herder pause`.

use herder_domain::event::Event;
use herder_domain::pause::Scope;
use herder_store::Store;
use jiff::{Timestamp, Zoned};
use serde_json::json;

use crate::args::{self, Reference};
use crate::call::{Call, refuse_control};
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;

/// How long a reason may be, in characters: it is one line.
const LONGEST_REASON: usize = 200;

/// Lets nothing new start.
pub fn pause(call: &Call, args: args::Pause) -> Result<Reply, Failure> {
    let until = until(call, &args)?;
    let reason = args.reason.map(reason).transpose()?;
    let mut opened = call.open()?;
    let scope = scope(call, &opened.store, args.story.as_ref())?;
    opened.store.append(&Event::Paused { scope: scope.clone(), until, reason: reason.clone() }, call.now)?;
    herder_orchestrator::wake(&opened.state);
    let end = until.map_or_else(|| "`herder resume`".to_owned(), |until| format!("{until:.0}"));
    let text = format!("{scope} is paused until {end}: nothing new starts, what runs goes on and lands\n");
    Reply::one(&json!({ "scope": scope, "until": until, "reason": reason }), text)
}

/// What is meant: a story, the repository that `--repo` names, or everything. The current directory says
/// nothing here: who pauses in the middle of the night means all of it.
pub fn scope(call: &Call, store: &Store, story: Option<&Reference>) -> Result<Scope, Failure> {
    if let Some(story) = story {
        return Ok(Scope::Story { story: place::story(call, store, story)? });
    }
    Ok(match &call.repo {
        Some(name) => Scope::Repo { repo: place::named(store, name)? },
        None => Scope::Everything,
    })
}

fn until(call: &Call, args: &args::Pause) -> Result<Option<Timestamp>, Failure> {
    let out_of_reach = || Failure::usage("there is no such time").hint("for example --for 2h, --until 07:30");
    let until = match (args.span, args.until) {
        (None, None) => return Ok(None),
        (Some(span), _) => call.now.checked_add(span.0).ok(),
        (None, Some(when)) => when.after(&Zoned::new(call.now, jiff::tz::TimeZone::system())),
    };
    let until = until.ok_or_else(out_of_reach)?;
    if until <= call.now {
        return Err(
            Failure::usage(format!("{until:.0} is over already")).hint("for example --for 2h, --until 07:30")
        );
    }
    Ok(Some(until))
}

fn reason(text: String) -> Result<String, Failure> {
    refuse_control("the reason", &text)?;
    let line = text.trim();
    if line.is_empty() || line.contains('\n') || line.chars().count() > LONGEST_REASON {
        return Err(Failure::usage(format!("a reason is one line of 1 to {LONGEST_REASON} characters"))
            .hint("for example --reason 'the model is moody'"));
    }
    Ok(line.to_owned())
}
