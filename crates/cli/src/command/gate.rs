//! `herder gate`: what the gate says of a checkout, asked as it is asked of a run.

mod words;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use herder_config::{
    Flags, RepositoryConfig, Resolved, Settings, Submodules, UserConfig, environment, resolve,
};
use herder_domain::gate::Verdict;
use herder_domain::goal::GoalOptions;
use herder_domain::repo::RepoId;
use herder_domain::run::{RunId, RunSpec};
use herder_domain::setup::Setup;
use herder_executor::Launcher;
use herder_ralph::{About, ByHand, Handed, Manner, Question, Thoroughness, Whose};
use herder_record::redact::RedactingWriter;
use herder_record::{Redactor, RunDir};
use herder_store::Store;
use serde_json::Value;

use super::config::REPOSITORY_CONFIG_MAX;
use super::ralph::failed;
use super::ralph::here::{Rooms, here};
use crate::args;
use crate::call::{Call, env};
use crate::failure::{Failure, Kind};
use crate::output::{Output, Reply, printable};
use crate::place::{self, Ground};
use crate::secrets::redactor_with;
use words::{in_json, in_words};

/// How a warning names ports that are not given.
const PORTS: &str = "ports";

/// What is needed to ask, on whatever ground.
struct Asker<'a> {
    call: &'a Call,
    args: &'a args::GateByHand,
    config: UserConfig,
    settings: Settings,
    run: RunId,
}

/// What is asked for beside the files, and how; known once the gate's commit is.
struct Means {
    setup: Setup,
    /// What a run's checkouts are given and one by hand is not.
    missing: Vec<&'static str>,
}

/// Asks the gate about the current checkout.
pub fn gate(call: &Call, args: &args::GateByHand) -> Result<Reply, Failure> {
    let directory = here()?;
    let config = call.config()?;
    let settings = config.settings(&Flags::default(), env)?;
    let run = RunId::standalone(call.now, std::process::id());
    let asker = Asker { call, args, config, settings, run };
    match place::ground(&call.state()?, &directory)? {
        Ground::Own => asker.in_a_checkout(&directory),
        Ground::Workspace(dir, spec) => asker.in_a_workspace(&dir, &spec),
        Ground::Jobs => Err(Failure::refused(format!(
            "{} is where agents write, and belongs to no run of this state directory: no gate is asked there",
            directory.display()
        ))
        .hint("ask in a checkout of your own; `herder take N` opens a workspace that can be asked about")),
    }
}

impl Asker<'_> {
    fn in_a_checkout(&self, directory: &Path) -> Result<Reply, Failure> {
        let (id, branch) = registered(self.call)?.unzip();
        let configured = self.resolved(id.as_ref(), &RepositoryConfig::empty())?.base;
        let branch = configured.map(|base| base.value).or(branch);
        let rooms = Rooms::of(&self.settings, &self.run, directory);
        let base = names_of(branch.as_deref());
        let ground = herder_ralph::Ground::Checkout { directory, base: &base };
        let state = self.call.state()?;
        self.ask(ground, &rooms.caches, |question| {
            let own = own_settings(question)?;
            let mut setup = rooms.setup(&self.resolved(id.as_ref(), &own)?, &self.settings, &state);
            // Whoever has no state directory gets none; nobody shares tokens with them either.
            setup.tokens = setup.tokens.filter(|_| state.root().is_dir());
            let missing = self.unfurnished(question, &own, id.as_ref())?;
            Ok(Means { setup, missing })
        })
    }

    /// What the run was given counts, not what its clone's own git says of itself.
    fn in_a_workspace(&self, dir: &RunDir, spec: &RunSpec) -> Result<Reply, Failure> {
        let id = spec.goal.as_ref().map(|goal| &goal.repo);
        self.ask(herder_ralph::Ground::Workspace(dir, spec), &spec.setup.caches, |question| {
            let mut missing = self.unfurnished(question, &own_settings(question)?, id)?;
            missing.retain(|what| *what != PORTS);
            let mut setup = spec.setup.clone();
            if let Some(furnished) = &mut setup.furnished {
                missing.clear();
                // What was made for the base need not be what the work asks for now.
                (furnished.made, furnished.seed) = (None, None);
            }
            Ok(Means { setup, missing })
        })
    }

    fn ask(
        &self,
        ground: herder_ralph::Ground<'_>,
        caches: &Path,
        means: impl FnOnce(&Question) -> Result<Means, Failure>,
    ) -> Result<Reply, Failure> {
        let by_hand = ByHand {
            ground,
            commit: self.args.commit.as_deref(),
            whose: if self.args.here { Whose::Here } else { Whose::Base },
            run: self.run.clone(),
            root: &self.settings.root.value,
            caches,
            author: &self.settings.author.value,
        };
        let question = by_hand.begin().map_err(failed)?;
        let Means { setup, missing } = means(&question)?;
        let redactor = Arc::new(redactor_with(&self.settings, &setup.secret_files)?);
        let manner = Manner {
            thoroughness: if self.args.once { Thoroughness::Once } else { Thoroughness::AsForARun },
            setup: &setup,
            said: kept(self.call, &setup)?,
            redactor: &redactor,
            launcher: Launcher::own(),
        };
        let logs = |about| log(self.call.output, &redactor, about);
        let handed = question.ask(&manner, &logs).map_err(failed)?.ok_or_else(no_gate)?;
        Ok(said(&handed)?.warning(warnings(&handed, &missing)))
    }

    fn resolved(&self, id: Option<&RepoId>, own: &RepositoryConfig) -> Result<Resolved, Failure> {
        Ok(resolve(&GoalOptions::default(), &Flags::default(), id, own, &self.config, env)?)
    }

    /// What a run's checkouts are given and one by hand is not.
    fn unfurnished(
        &self,
        question: &Question,
        own: &RepositoryConfig,
        id: Option<&RepoId>,
    ) -> Result<Vec<&'static str>, Failure> {
        let nobody =
            RepoId::new("local", "nobody", "here").map_err(|error| Failure::of(Kind::Internal, &error))?;
        let asked = environment(own, &self.config, id.unwrap_or(&nobody), env)?;
        let all = [
            ("setup.files", !asked.files.is_empty()),
            ("submodules", asked.submodules == Submodules::Filled),
            (PORTS, asked.ports > 0),
            ("the contents of files in Git LFS", question.holds_pointers().map_err(failed)?),
        ];
        Ok(all.into_iter().filter_map(|(name, is_asked)| is_asked.then_some(name)).collect())
    }
}

/// What the repository itself says, where its gate comes from: the base branch, or with `--here` what is asked about.
fn own_settings(question: &Question) -> Result<RepositoryConfig, Failure> {
    match question.file(".ralph/config.toml", REPOSITORY_CONFIG_MAX).map_err(failed)? {
        Some(bytes) => Ok(RepositoryConfig::parse(&String::from_utf8_lossy(&bytes))?),
        None => Ok(RepositoryConfig::empty()),
    }
}

/// Where it is kept what gates say of base branches by hand: in the state directory, if there is one. What a variable
/// of the person's may have changed is not kept: its value is in no key.
fn kept(call: &Call, setup: &Setup) -> Result<Option<PathBuf>, Failure> {
    let state = call.state()?;
    let is_persons = setup.pass.iter().any(|name| env(name).is_some());
    Ok((!is_persons && state.root().is_dir()).then(|| state.gates()))
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
