//! `herder resume`.

use herder_domain::event::Event;
use serde_json::json;

use crate::args;
use crate::call::Call;
use crate::failure::Failure;
use crate::output::Reply;

/// Frees an agent's account.
pub fn resume(call: &Call, args: &args::Resume) -> Result<Reply, Failure> {
    let mut opened = call.open()?;
    let parked = opened.store.parked()?;
    if !parked.contains_key(&args.agent) {
        let refused = Failure::refused(format!("the account of {:?} is not parked", args.agent));
        let names: Vec<&str> = parked.keys().map(String::as_str).collect();
        return Err(match names.is_empty() {
            true => refused.hint("no account is"),
            false => refused.hint(format!("parked are {}", names.join(", "))),
        });
    }
    opened.store.append(&Event::AccountFreed { agent: args.agent.clone() }, call.now)?;
    herder_orchestrator::wake(&opened.state);
    Reply::one(&json!({ "agent": args.agent }), format!("the account of {} is free\n", args.agent))
}
