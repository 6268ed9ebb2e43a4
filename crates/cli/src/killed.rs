//! Standalone runs whose ralph was killed: nobody else is left to say how they ended.

use herder_config::{Flags, UserConfig};
use herder_record::{StateDir, sweep};

use crate::call::env;
use crate::failure::Failure;
use crate::secrets::redactor;

/// Settles them: each gets an outcome and a row in `stats.jsonl`. Every command does this first, and none
/// fails for it: what cannot be settled now is settled by the next one.
pub fn settle() {
    if let Ok(state) = StateDir::from_env(env) {
        let _ = settle_in(&state);
    }
}

fn settle_in(state: &StateDir) -> Result<(), Failure> {
    if !sweep::unsettled(state)?.is_empty() {
        let config = UserConfig::load(env).unwrap_or_else(|_| UserConfig::empty());
        let redactor = redactor(&config.settings(&Flags::default(), env)?)?;
        // Whoever is not settled now is settled by the next command.
        let _ = herder_ralph::sweep_standalone(state, &redactor);
    }
    Ok(())
}
