//! `herder resume`.

use herder_domain::event::Event;
use herder_domain::pause::Scope;
use serde_json::json;

use super::pause::scope;
use crate::args;
use crate::call::{Call, Opened};
use crate::failure::Failure;
use crate::output::Reply;

/// Lifts pauses and frees accounts: the one that is named, or all.
pub fn resume(call: &Call, args: &args::Resume) -> Result<Reply, Failure> {
    let mut opened = call.open()?;
    if let Some(agent) = args.agent.as_ref().or(args.account.as_ref()) {
        refuse_free(&opened, agent)?;
        return lift(call, &mut opened, Vec::new(), vec![agent.clone()]);
    }
    match scope(call, &opened.store, args.story.as_ref())? {
        Scope::Everything => {
            let pauses = opened.store.pauses()?.into_iter();
            let held =
                pauses.filter(|(_, pause)| pause.is_in_force(call.now)).map(|(scope, _)| scope).collect();
            let accounts = opened.store.parked()?.into_keys().collect();
            lift(call, &mut opened, held, accounts)
        }
        one @ (Scope::Repo { .. } | Scope::Story { .. }) => {
            refuse_running(call, &opened, &one)?;
            lift(call, &mut opened, vec![one], Vec::new())
        }
    }
}

fn lift(call: &Call, opened: &mut Opened, scopes: Vec<Scope>, agents: Vec<String>) -> Result<Reply, Failure> {
    let mut text = String::new();
    for scope in &scopes {
        opened.store.append(&Event::Resumed { scope: scope.clone() }, call.now)?;
        text.push_str(&format!("{scope} is no longer paused\n"));
    }
    for agent in &agents {
        opened.store.append(&Event::AccountFreed { agent: agent.clone() }, call.now)?;
        text.push_str(&format!("the account of {agent} is free\n"));
    }
    herder_orchestrator::wake(&opened.state);
    if text.is_empty() {
        text.push_str("nothing is paused, and no account is parked\n");
    }
    Reply::one(&json!({ "resumed": scopes, "agents": agents }), text)
}

fn refuse_free(opened: &Opened, agent: &str) -> Result<(), Failure> {
    let parked = opened.store.parked()?;
    if parked.contains_key(agent) {
        return Ok(());
    }
    let refused = Failure::refused(format!("the account of {agent:?} is not parked"));
    let names: Vec<&str> = parked.keys().map(String::as_str).collect();
    Err(match names.is_empty() {
        true => refused.hint("no account is"),
        false => refused.hint(format!("parked are {}", names.join(", "))),
    })
}

fn refuse_running(call: &Call, opened: &Opened, scope: &Scope) -> Result<(), Failure> {
    let pauses = opened.store.pauses()?;
    let mut held = pauses.iter().filter(|(_, pause)| pause.is_in_force(call.now)).map(|(scope, _)| scope);
    if held.any(|held| held == scope) {
        return Ok(());
    }
    let refused = Failure::refused(format!("{scope} is not paused"));
    let others: Vec<String> =
        pauses.iter().filter(|(_, p)| p.is_in_force(call.now)).map(|(scope, _)| scope.to_string()).collect();
    Err(match others.is_empty() {
        true => refused.hint("nothing is"),
        false => refused.hint(format!("paused: {}; `herder resume` lifts all of it", others.join(", "))),
    })
}
