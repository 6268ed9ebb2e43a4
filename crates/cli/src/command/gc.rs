//! `herder gc`: clearing away what is old and needed by nobody.

use herder_config::Flags;
use herder_domain::run::RunId;
use herder_orchestrator::gc::{self, Cleared, Found, Gc, GcError};
use serde::Serialize;
use serde_json::json;

use crate::args;
use crate::call::{Call, env};
use crate::failure::{Failure, Kind};
use crate::output::{Reply, Table};

/// One thing that goes or stays.
#[derive(Debug, Serialize)]
struct Item {
    kind: &'static str,
    what: String,
    goes: bool,
    bytes: u64,
    why: String,
}

impl Item {
    fn of(found: &Found) -> Self {
        Self {
            kind: found.kind.as_str(),
            what: found.what.clone(),
            goes: found.goes(),
            bytes: found.bytes,
            why: found.why.clone(),
        }
    }
}

/// Clears away, or says what would go.
pub fn gc(call: &Call, args: &args::Gc) -> Result<Reply, Failure> {
    let state = call.open()?.state;
    let config = call.config()?;
    let clones = args.clones.iter().map(|run| named(run)).collect::<Result<Vec<_>, _>>()?;
    let order = Gc {
        state,
        root: config.settings(&Flags::default(), env)?.root.value,
        retention: config.retention()?,
        clones,
        now: call.now,
    };
    if args.dry_run {
        return would(&gc::look(&order).map_err(not_cleared)?);
    }
    did(gc::clear(&order).map_err(not_cleared)?)
}

fn named(run: &str) -> Result<RunId, Failure> {
    RunId::try_from(run.to_owned()).map_err(|error| {
        Failure::usage(error.to_string()).hint("`herder gc --dry-run` names the runs whose clones were kept")
    })
}

fn would(found: &[Found]) -> Result<Reply, Failure> {
    let items: Vec<Item> = found.iter().map(Item::of).collect();
    let bytes: u64 = items.iter().filter(|item| item.goes).map(|item| item.bytes).sum();
    let text = format!("{}{} would be freed; nothing was removed\n", table(&items), size(bytes));
    Reply::one(&json!({ "items": items, "bytes": bytes, "dry_run": true }), text)
}

fn did(cleared: Cleared) -> Result<Reply, Failure> {
    let items: Vec<Item> = cleared.gone.iter().chain(&cleared.kept).map(Item::of).collect();
    let bytes = cleared.freed();
    let mut text = format!("{}{} freed", table(&items), size(bytes));
    if cleared.repacked > 0 {
        text.push_str(&format!(", {} of it by repacking vaults", size(cleared.repacked)));
    }
    text.push('\n');
    let facts =
        json!({ "items": items, "bytes": bytes, "repacked_bytes": cleared.repacked, "dry_run": false });
    let reply = Reply::one(&facts, text)?;
    Ok(match cleared.failed.first() {
        None => reply,
        Some((thing, why)) => reply.but(
            Failure::environment(format!(
                "{} of them could not be removed; the first, {}: {why}",
                cleared.failed.len(),
                thing.what
            ))
            .hint("look at its owner and mode; the next `herder gc` tries again"),
        ),
    })
}

fn table(items: &[Item]) -> String {
    let mut table = Table::new(&["kind", "size", "goes", "what", "why"]);
    for item in items {
        let goes = if item.goes { "yes" } else { "stays" };
        table.row([
            item.kind.to_owned(),
            size(item.bytes),
            goes.to_owned(),
            item.what.clone(),
            item.why.clone(),
        ]);
    }
    table.or("nothing is old and needed by nobody")
}

/// Bytes as people read them.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KiB", bytes >> 10),
        1_048_576..1_073_741_824 => format!("{} MiB", bytes >> 20),
        _ => format!("{:.1} GiB", bytes as f64 / (1u64 << 30) as f64),
    }
}

fn not_cleared(error: GcError) -> Failure {
    match error {
        GcError::Busy => Failure::new(Kind::Busy, format!("failed to {error}")).hint("wait for it"),
        GcError::Open(error) => error.into(),
        GcError::Store(error) => error.into(),
        GcError::Record(error) => error.into(),
        GcError::Workspace(error) => error.into(),
        GcError::Io(_) | GcError::Needed => {
            Failure::of(Kind::Environment, &error).hint("`herder doctor` looks at what herder needs")
        }
    }
}
