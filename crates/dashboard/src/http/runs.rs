//! Runs: what they are at, their log, their gate's words and their agent's stream.

use herder_domain::run::Run;
use herder_record::{RecordError, RunDir};
use herder_store::Store;
use herder_view::{GateOutput, WholeRun, last_lines, log_lines};
use serde_json::json;

use super::ask::Ask;
use super::reply::Reply;
use super::trouble::{Kind, Trouble};
use crate::live::Live;
use crate::page::{self, RunPage, Tab};
use crate::site::Site;

/// How many lines of a log a page shows.
pub const LOG_LINES: usize = 1_000;

/// How many of the agent's events, and of the lines of a gate's output.
const OTHER_LINES: usize = 200;

/// The page of a run.
pub fn run(site: &Site, ask: &Ask) -> Result<Reply, Trouble> {
    let live = site.live()?;
    let run = found(live, ask)?;
    let dir = RunDir::of(live.state(), run.id.clone());
    let page = RunPage {
        whole: &WholeRun::of(&run, live.state()),
        log: &log_lines(&dir.log_parts(), LOG_LINES).map_err(unread)?,
        gate: &GateOutput::all(live.state(), &run.id, OTHER_LINES),
    };
    Ok(Reply::page(Tab::None, format!("Run {}", run.id), page::run(&page)))
}

/// The same for programs, without the log.
pub fn api_run(site: &Site, ask: &Ask) -> Result<Reply, Trouble> {
    let live = site.live()?;
    let run = found(live, ask)?;
    Ok(Reply::Json(json!({ "run": WholeRun::of(&run, live.state()) })))
}

/// The runs that are not over.
pub fn api_runs(site: &Site, _: &Ask) -> Result<Reply, Trouble> {
    let live = site.live()?;
    let runs = live.read(Store::active_runs)?;
    let items: Vec<WholeRun> = runs.iter().map(|run| WholeRun::of(run, live.state())).collect();
    Ok(Reply::Json(json!({ "items": items })))
}

/// The end of the log.
pub fn api_log(site: &Site, ask: &Ask) -> Result<Reply, Trouble> {
    let live = site.live()?;
    let run = found(live, ask)?;
    let parts = RunDir::of(live.state(), run.id.clone()).log_parts();
    let lines = log_lines(&parts, LOG_LINES).map_err(unread)?;
    Ok(Reply::Json(json!({ "run": run.id, "items": lines })))
}

/// The gate's words.
pub fn api_gate(site: &Site, ask: &Ask) -> Result<Reply, Trouble> {
    let live = site.live()?;
    let run = found(live, ask)?;
    let items = GateOutput::all(live.state(), &run.id, OTHER_LINES);
    Ok(Reply::Json(json!({ "run": run.id, "items": items })))
}

/// The page of the agent's stream as it came.
pub fn stream(site: &Site, ask: &Ask) -> Result<Reply, Trouble> {
    let live = site.live()?;
    let run = found(live, ask)?;
    let path = RunDir::of(live.state(), run.id.clone()).events_path();
    let lines = last_lines(path, OTHER_LINES).map_err(unread)?;
    Ok(Reply::page(Tab::None, format!("Events of {}", run.id), page::stream(&run.id, &lines)))
}

/// A run that is known to be there.
fn found(live: &Live, ask: &Ask) -> Result<Run, Trouble> {
    let id = ask.run()?;
    let gone =
        || Trouble::new(Kind::NotFound, format!("there is no run {id}")).hint("a goal's page names its runs");
    live.read(|store| store.run(&id))?.ok_or_else(gone)
}

fn unread(error: RecordError) -> Trouble {
    Trouble::new(Kind::Environment, herder_domain::cause::with_causes(&error))
}
