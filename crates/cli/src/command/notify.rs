//! `herder notify`.

use serde_json::json;

use crate::args::{NotifyCommand, NotifyTest};
use crate::call::Call;
use crate::failure::Failure;
use crate::output::Reply;

/// Carries it out.
pub fn notify(call: &Call, command: &NotifyCommand) -> Result<Reply, Failure> {
    match command {
        NotifyCommand::Test(args) => test(call, args),
    }
}

fn test(call: &Call, args: &NotifyTest) -> Result<Reply, Failure> {
    let tried = herder_orchestrator::try_ways(&call.config()?, args.way.as_deref(), call.now)?;
    if tried.is_empty() {
        let message = match &args.way {
            Some(way) => format!("there is no way {way:?} to tell a person"),
            None => "there is no way to tell a person".to_owned(),
        };
        return Err(Failure::not_found(message)
            .hint("write a table [notify.to.NAME] into config.toml, or notify.command")
            .hint("docs/how-to/be-told.md has one of each kind"));
    }
    let failed: Vec<String> = tried
        .iter()
        .filter_map(|trial| Some(format!("{}: failed to {}", trial.way, trial.failure.as_ref()?)))
        .collect();
    if !failed.is_empty() {
        return Err(failed
            .into_iter()
            .fold(Failure::environment("a message was not sent by every way"), Failure::hint));
    }
    let names: Vec<&str> = tried.iter().map(|trial| trial.way.as_str()).collect();
    Reply::one(&json!({ "ways": names }), format!("a message was sent by {}\n", names.join(", ")))
}
