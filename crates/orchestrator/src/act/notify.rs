//! Notify: tell a person in every way that is set up. At least once: the key tells a receiver the
//! second from the first.

use std::collections::BTreeSet;

use herder_domain::cause::with_causes;
use herder_notify::{Notice, Notifier, Told};
use jiff::Timestamp;

use super::{ActError, Acted};
use crate::context::Context;

/// What was not told by all ways.
#[derive(Debug, Default)]
pub(crate) struct Untold {
    /// The ways that told it.
    pub told: Vec<String>,
    /// The ways that could not, each with why.
    pub failed: Vec<(String, String)>,
    /// When the first of those that sleep wakes.
    pub later: Option<Timestamp>,
}

impl Untold {
    /// Why it was not told, one sentence.
    pub(crate) fn why(&self) -> String {
        let failed: Vec<String> = self.failed.iter().map(|(way, why)| format!("{way}: {why}")).collect();
        failed.join("; ")
    }
}

/// Tells it by all ways but those that have told it.
pub(crate) fn notify(context: &Context, notice: &Notice, told: &BTreeSet<String>) -> Result<Acted, ActError> {
    super::unpanicked(|| match untold(context, notice, told) {
        None => Ok(Acted::default()),
        Some(untold) => Err(ActError::Untold(untold)),
    })
}

fn untold(context: &Context, notice: &Notice, told: &BTreeSet<String>) -> Option<Untold> {
    let clean = |text: &str| context.redactor.line(text).into_string();
    let notice = Notice { title: clean(&notice.title), message: clean(&notice.message), ..notice.clone() };
    let notifier = Notifier::new(context.settings.ways.clone());
    let mut left = Untold::default();
    for (way, told) in notifier.tell(&notice, Timestamp::now(), |way| told.contains(way)) {
        match told {
            Told::Now => left.told.push(way.to_owned()),
            Told::Later(at) => left.later = Some(left.later.map_or(at, |first| first.min(at))),
            Told::Not(error) => left.failed.push((way.to_owned(), with_causes(&error))),
        }
    }
    (!left.failed.is_empty() || left.later.is_some()).then_some(left)
}
