//! A herder with nothing but the night, for this crate's tests: keeper, ralph, replay agent and `up`.
//! The command line proper is in `cli`, which this crate cannot see.

#![allow(clippy::print_stderr, reason = "tests read what it tells there")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use herder_agent::{Agent, Entry, Kind, OWN_PROGRAM, Registry};
use herder_config::{Flags, UserConfig};
use herder_domain::capacity::Farewell;
use herder_domain::run::RunSpec;
use herder_orchestrator::{AddRepo, GoalsAt, Manner, Mode, Up, UpEnd, add_repo, down, up};
use herder_ralph::RalphError;
use herder_record::StateDir;
use herder_store::Store;

fn main() -> anyhow::Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["keeper"] => Ok(herder_executor::keeper_main()),
        ["replay-agent"] => Ok(ExitCode::from(herder_agent::replay::perform())),
        ["ralph", "--run", dir] => ralph(dir.into()),
        ["down"] => end(Manner::Stop),
        ["down", "--drain"] => end(Manner::Ask(Farewell::Drain)),
        ["down", "--keep"] => end(Manner::Ask(Farewell::Keep)),
        ["add", what] => add(what),
        ["up"] => night(Mode::Stay),
        ["up", "--once"] => night(Mode::Once),
        other => bail!("unknown arguments {other:?}"),
    }
}

fn add(what: &str) -> anyhow::Result<ExitCode> {
    let env = |name: &str| std::env::var_os(name);
    let state = StateDir::from_env(env)?;
    let goals = GoalsAt::HostIfKnown(Box::new(UserConfig::load(env)?));
    let order = AddRepo { what: what.to_owned(), goals, ..AddRepo::default() };
    add_repo(&mut Store::open(&state.database())?, &state, &order)?;
    Ok(ExitCode::SUCCESS)
}

fn end(manner: Manner) -> anyhow::Result<ExitCode> {
    let state = StateDir::from_env(|name| std::env::var_os(name))?;
    down(&state, manner, &mut |awaited| eprintln!("{awaited}"))?;
    Ok(ExitCode::SUCCESS)
}

fn ralph(dir: PathBuf) -> anyhow::Result<ExitCode> {
    let find = |spec: &RunSpec| -> Result<Arc<dyn Agent>, RalphError> {
        Ok(Registry::new(OWN_PROGRAM.into(), [entry(spec)])?.agent(&spec.agent)?)
    };
    herder_ralph::run(&herder_ralph::Order {
        dir: &dir,
        launcher: herder_executor::Launcher::own(),
        agent: &find,
        lookup: &|name| std::env::var(name).ok(),
        announces: true,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The run's agent: any program where the configuration names one, else a player of scripts.
fn entry(spec: &RunSpec) -> Entry {
    let setup = &spec.setup.agent;
    match &setup.program {
        Some(program) => {
            let command = std::iter::once(program.display().to_string()).chain(setup.args.iter().cloned());
            Entry { command: command.collect(), ..Entry::new(&spec.agent, Kind::Command) }
        }
        None => Entry::new(&spec.agent, Kind::Replay),
    }
}

fn night(mode: Mode) -> anyhow::Result<ExitCode> {
    let env = |name: &str| std::env::var_os(name);
    let end = up(Up {
        state: StateDir::from_env(env)?,
        config: UserConfig::load(env).context("config")?,
        flags: Flags::default(),
        mode,
        only: None,
        herder: "/proc/self/exe".into(),
        proc: env("NIGHT_PROC").unwrap_or("/proc".into()).into(),
        tell: Box::new(|told| eprintln!("{told}")),
    })?;
    Ok(match end {
        UpEnd::Stopped | UpEnd::Drained | UpEnd::Left | UpEnd::Idle => ExitCode::SUCCESS,
        UpEnd::Parked => ExitCode::from(3),
    })
}
