//! `herder gate`: what the gate says of a checkout, asked as it is asked of a run.

mod words;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use herder_config::{Flags, RepositoryConfig, Submodules, UserConfig, environment, resolve};
use herder_domain::gate::Verdict;
use herder_domain::goal::GoalOptions;
use herder_domain::repo::RepoId;
use herder_domain::run::RunId;
use herder_executor::Launcher;
use herder_ralph::{About, ByHand, Handed, Thoroughness, Whose, room_by_hand};
use herder_record::Redactor;
use herder_record::redact::RedactingWriter;
use herder_store::Store;
use serde_json::Value;

use super::ralph::failed;
use super::ralph::here::{Rooms, here, repository};
use crate::args;
use crate::call::{Call, env};
use crate::failure::{Failure, Kind};
use crate::output::{Output, Reply, printable};
use crate::place;
use crate::secrets::redactor;
use words::{in_json, in_words};

/// Asks the gate about the current checkout.
pub fn gate(call: &Call, args: &args::GateByHand) -> Result<Reply, Failure> {
    let checkout = here()?;
    let (config, flags) = (call.config()?, Flags::default());
    let settings = config.settings(&flags, env)?;
    let (id, branch) = registered(call)?.unzip();
    let own = repository(&checkout)?;
    let resolved = resolve(&GoalOptions::default(), &flags, id.as_ref(), &own, &config, env)?;
    let unfurnished = unfurnished(&own, &config, id.as_ref())?;
    let run = RunId::standalone(call.now, std::process::id());
    let mut rooms = Rooms::of(&settings, &run, &checkout);
    rooms.room = room_by_hand(&rooms.root);
    let branch = resolved.base.as_ref().map(|base| base.value.clone()).or(branch);
    let redactor = Arc::new(redactor(&settings)?);
    let by_hand = ByHand {
        checkout: &checkout,
        commit: args.commit.as_deref(),
        whose: if args.here { Whose::Here } else { Whose::Base },
        base: &names_of(branch.as_deref()),
        thoroughness: if args.once { Thoroughness::Once } else { Thoroughness::AsForARun },
        run,
        root: &rooms.root,
        setup: &rooms.setup(&resolved, &settings),
        said: kept(call, &unfurnished)?,
        redactor: &redactor,
        launcher: Launcher::own(),
    };
    let logs = |about| log(call.output, &redactor, about);
    let handed = by_hand.ask(&logs).map_err(failed)?.ok_or_else(no_gate)?;
    Ok(said(&handed)?.warning(warnings(&handed, &unfurnished)))
}

/// Where it is kept what gates say of base branches: in the state directory, if there is one. Without what the
/// repository asks for, the answer may be another than a run's, so it is neither taken nor kept then.
fn kept(call: &Call, unfurnished: &[&str]) -> Result<Option<PathBuf>, Failure> {
    let state = call.state()?;
    Ok((unfurnished.is_empty() && state.root().is_dir()).then(|| state.gates()))
}

/// The registered repository of the current directory and its base branch, where there is one.
fn registered(call: &Call) -> Result<Option<(RepoId, String)>, Failure> {
    let database = call.state()?.database();
    if !database.exists() {
        return Ok(None);
    }
    let store = Store::open(&database)?;
    let Some(id) = place::scope(call, &store)? else { return Ok(None) };
    Ok(store.repo(&id)?.map(|repo| (id, repo.base_branch)))
}

/// What the tip of the base branch may be called in a checkout: as the origin has it, else as it is here.
fn names_of(branch: Option<&str>) -> Vec<String> {
    match branch {
        Some(branch) => vec![format!("refs/remotes/origin/{branch}"), format!("refs/heads/{branch}")],
        None => vec!["refs/remotes/origin/HEAD".into()],
    }
}

/// What a run's checkouts are given and one by hand is not.
fn unfurnished(
    own: &RepositoryConfig,
    config: &UserConfig,
    id: Option<&RepoId>,
) -> Result<Vec<&'static str>, Failure> {
    let nobody =
        RepoId::new("local", "nobody", "here").map_err(|error| Failure::of(Kind::Internal, &error))?;
    let asked = environment(own, config, id.unwrap_or(&nobody), env)?;
    let all = [
        ("setup.files", !asked.files.is_empty()),
        ("submodules", asked.submodules == Submodules::Filled),
        ("ports", asked.ports > 0),
    ];
    Ok(all.into_iter().filter_map(|(name, is_asked)| is_asked.then_some(name)).collect())
}

fn warnings(handed: &Handed, unfurnished: &[&str]) -> Vec<String> {
    let mut warnings = Vec::new();
    if !unfurnished.is_empty() {
        warnings.push(format!(
            "the repository asks for {}, which a checkout by hand is not given",
            unfurnished.join(" and ")
        ));
    }
    if let Some(first) = handed.left_out.first() {
        warnings.push(format!(
            "{} files of the work tree were not shown to the gate, the first is {}: no snapshot takes them",
            handed.left_out.len(),
            first.display()
        ));
    }
    warnings
}

fn no_gate() -> Failure {
    Failure::not_found("there is no gate: no file .ralph/check on the base branch, or in what --here names")
        .hint("`herder init` drafts one; it counts once it is committed to the base branch")
        .hint("--here asks the one that lies in the work tree")
}

/// Where the output of one asking goes: to who reads, or nowhere where JSON is read.
fn log(output: Output, redactor: &Arc<Redactor>, about: About) -> Box<dyn Write + Send> {
    if output.is_json() {
        return Box::new(io::sink());
    }
    if about == About::Base {
        // When nobody reads any more, the verdict still counts.
        let _ = output.say(&Value::Null, "== the base branch itself:");
    }
    Box::new(RedactingWriter::new(Arc::clone(redactor), Shown(output)))
}

/// Shows what a gate prints, as far as a terminal may be told it.
struct Shown(Output);

impl Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.text(&printable(&String::from_utf8_lossy(bytes)))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn said(handed: &Handed) -> Result<Reply, Failure> {
    let reply = Reply::one(&in_json(handed), in_words(handed))?;
    Ok(match &handed.findings.verdict {
        Verdict::Green | Verdict::NoNewFailure { .. } | Verdict::Missing => reply,
        Verdict::Red(_) => reply.but(Failure::new(Kind::Unfinished, "the gate is red")),
        Verdict::Undecided(_) => reply.but(
            Failure::new(
                Kind::Unfinished,
                "the gate is red, and so it is on the base branch, where it does not name what fails",
            )
            .hint("docs/gate.md says how a gate names what fails"),
        ),
    })
}
