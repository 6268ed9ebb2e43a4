//! `herder up`.

use std::io;
use std::path::PathBuf;

use herder_config::{Flags, RepositoryConfig, UserConfig, credential, resolve};
use herder_domain::goal::GoalOptions;
use herder_domain::plan::Plan;
use herder_domain::repo::{GoalRef, RepoId};
use herder_orchestrator::{Mode, Told, Up, UpEnd, UpError};
use herder_record::StateDir;
use serde_json::{Value, json};

use crate::args;
use crate::call::{Call, env};
use crate::command::dashboard;
use crate::failure::{Failure, Kind};
use crate::output::{Output, Reply, encoded};
use crate::place;

/// Works off queued goals.
pub fn up(call: &Call, args: args::Up) -> Result<Reply, Failure> {
    let config = call.config()?;
    let (state, only) = ready(call)?;
    let flags = args.flags.into();
    mind_credential(call, &config, &flags);
    if args.dry_run {
        let plan = herder_orchestrator::dry_run(&state, &config, &flags, only).map_err(not_up)?;
        return planned(&plan);
    }
    let mode = if args.once { Mode::Once } else { Mode::Stay };
    let output = call.output;
    let tell = Box::new(move |told: &Told| tell(output, told));
    let _dashboard = match args.dashboard {
        Some(address) => Some(dashboard::beside((output, &config), &state, address, &args.looking)?),
        None => None,
    };
    let (herder, proc) = (PathBuf::from("/proc/self/exe"), PathBuf::from("/proc"));
    let order = Up { state, config, flags, mode, only, herder, proc, tell };
    ended(herder_orchestrator::up(order).map_err(not_up)?)
}

/// The state directory and the one repository to work off, if one was named. The database is closed
/// again: the orchestrator opens its own.
fn ready(call: &Call) -> Result<(StateDir, Option<RepoId>), Failure> {
    let mut opened = call.open()?;
    let only = match &call.repo {
        Some(name) => Some(place::named(&opened.store, name)?),
        None => {
            if let Some(repo) = place::register_here(&mut opened)? {
                note(call.output, &format!("registered {} ({})", repo.id.short(), repo.url));
            }
            None
        }
    };
    Ok((opened.state, only))
}

/// Says it before the night that the usual agent will not be let in. Goals may name other agents, so that
/// it is no error.
fn mind_credential(call: &Call, config: &UserConfig, flags: &Flags) {
    let usual = resolve(&GoalOptions::default(), flags, None, &RepositoryConfig::empty(), config, env);
    if let Ok(usual) = usual
        && let Err(error) = credential(&usual.agent_setup, env)
    {
        note(call.output, &format!("agent {} has no credential: {error}", usual.agent.value));
    }
}

fn note(output: Output, text: &str) {
    heard(output.say(&json!({ "text": text }), text));
}

fn tell(output: Output, told: &Told) {
    let goal = told.goal.as_ref().map(ToString::to_string);
    let json = json!({ "at": told.at, "goal": goal, "text": told.text });
    heard(output.say(&json, &told.to_string()));
}

/// Work goes on when nobody listens any more: the log has all of it.
fn heard(_said: io::Result<()>) {}

fn ended(end: UpEnd) -> Result<Reply, Failure> {
    let (word, text) = match end {
        UpEnd::Stopped => ("stopped", "stopped; the next `herder up` goes on from here\n"),
        UpEnd::Drained => ("drained", "drained: all that ran has ended and has landed\n"),
        UpEnd::Left => ("left", "left; its ralphs are at work, the next `herder up` adopts them\n"),
        UpEnd::Idle => ("idle", "nothing is left that can start without a person\n"),
        UpEnd::Parked => ("parked", ""),
    };
    let reply = Reply::one(&json!({ "end": word }), text)?;
    Ok(match end {
        UpEnd::Parked => reply.but(
            Failure::environment("goals are left that wait for an account")
                .hint("`herder goal list queued` lists them, `herder why N` says which account")
                .hint("`herder resume --agent AGENT` frees it"),
        ),
        UpEnd::Stopped | UpEnd::Drained | UpEnd::Left | UpEnd::Idle => reply,
    })
}

fn planned(plan: &Plan) -> Result<Reply, Failure> {
    let decisions = plan.decisions.iter().map(encoded).collect::<Result<Vec<_>, _>>()?;
    let effects = plan.effects.iter().map(encoded).collect::<Result<Vec<_>, _>>()?;
    let waits: Vec<_> =
        plan.waits.iter().map(|(goal, why)| json!({ "goal": goal.to_string(), "why": why })).collect();
    let mut text = String::new();
    for deed in decisions.iter().chain(&effects) {
        text.push_str(&format!("{}\n", in_words(deed)));
    }
    for (goal, why) in &plan.waits {
        let why: Vec<String> = why.iter().map(ToString::to_string).collect();
        text.push_str(&format!("{goal} waits: {}\n", why.join("; ")));
    }
    if text.is_empty() {
        text.push_str("nothing is to be done\n");
    }
    let json = json!({ "decisions": decisions, "effects": effects, "waits": waits, "wake_at": plan.wake_at });
    Reply::one(&json, text)
}

/// A decision or an effect, for a person: its goal and its own word.
fn in_words(deed: &Value) -> String {
    let word = deed.get("event").or_else(|| deed.get("effect")).and_then(Value::as_str).unwrap_or_default();
    let goal = deed.get("goal").and_then(|goal| serde_json::from_value::<GoalRef>(goal.clone()).ok());
    let goal = goal.map(|goal| format!("{goal} ")).unwrap_or_default();
    format!("{goal}would be: {}", word.replace('_', " "))
}

/// Why an orchestrator could not work.
pub fn not_up(error: UpError) -> Failure {
    let text = error.to_string();
    match error {
        UpError::Busy { .. } => Failure::new(Kind::Busy, text)
            .hint("`herder down` stops it; RALPH_DIR names another state directory for a second one"),
        UpError::RootTaken { .. } => Failure::environment(text)
            .hint("give each state directory a root of its own: `herder up --root DIR`"),
        UpError::Config(error) => error.into(),
        UpError::Open(error) => error.into(),
        UpError::Store(error) => error.into(),
        UpError::Append(error) => error.into(),
        UpError::Record(error) => error.into(),
        UpError::Deaf { .. } => {
            Failure::environment(text).hint("`herder up --webhook 127.0.0.1:PORT` takes another one")
        }
        UpError::NoSecret { .. } => Failure::new(Kind::Config, text)
            .hint("put the secret that GitHub has for the webhook into the variable GITHUB_WEBHOOK_SECRET")
            .hint("or name a variable or a file in [forge.HOST]: webhook_secret, webhook_secret_file"),
        UpError::System(_) => Failure::environment(text).hint("`herder doctor` looks at what herder needs"),
    }
}
