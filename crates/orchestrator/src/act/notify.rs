//! Notify: tell a person in every way that is set up. At least once: the key tells a receiver the
//! second from the first.

use herder_domain::cause::with_causes;
use herder_domain::repo::GoalRef;
use herder_notify::{Level, Notice, Notifier, Post, Token};

use super::{ActError, Acted};
use crate::context::{Context, lookup};

pub(super) fn notify(
    context: &Context,
    goal: &GoalRef,
    key: &str,
    (title, message): (&str, &str),
) -> Result<Acted, ActError> {
    let clean = |text: &str| context.redactor.line(text).into_string();
    let notice = Notice {
        key: format!("{goal}/{key}"),
        title: clean(title),
        message: clean(message),
        goal: Some(goal.to_string()),
        url: None,
        level: Level::Attention,
    };
    let failed: Vec<String> = notifier(context)?
        .tell(&notice)
        .into_iter()
        .filter_map(|(way, told)| told.err().map(|error| format!("{way}: {}", with_causes(&error))))
        .collect();
    if failed.is_empty() { Ok(Acted::default()) } else { Err(ActError::Notify(failed.join("; "))) }
}

fn notifier(context: &Context) -> Result<Notifier, ActError> {
    let settings = &context.settings.notify;
    let token = settings.post_token_env.as_ref().map(|name| Token::from_env(name, lookup)).transpose();
    let token = token.map_err(|error| ActError::Notify(error.to_string()))?;
    let post = settings.post_url.as_ref().map(|url| Post {
        url: url.clone(),
        topic: settings.post_topic.clone(),
        token,
    });
    Ok(Notifier::new(settings.command.clone(), post))
}
