//! `herder dashboard`, and the dashboard inside `herder up`.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use herder_config::{Flags, UserConfig};
use herder_dashboard::{Bind, Book, Live, NotBound, Serving, Site, Token, host_of, serve};
use herder_record::StateDir;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::args::{self, Looking};
use crate::call::{Call, env};
use crate::desk::CommandDesk;
use crate::failure::Failure;
use crate::output::{Output, Reply};

/// Serves the web view until it is stopped.
pub fn dashboard(call: &Call, args: &args::Dashboard) -> Result<Reply, Failure> {
    let site = match &args.stats {
        Some(file) if !file.is_file() => {
            return Err(Failure::not_found(format!("there is no file {}", file.display()))
                .hint("without --stats it is stats.jsonl of the state directory"));
        }
        Some(file) => Site::of_numbers(Book::open(file.clone(), TimeZone::system())),
        None => of_all(&call.open()?.state)?,
    };
    let serving = begin(call.output, site, args.listen, &args.looking, afar(&call.config()?)?)?;
    serving.wait().map_err(|error| Failure::environment(format!("failed to go on listening: {error}")))?;
    Ok(Reply::nothing())
}

/// Serves it while the orchestrator works.
pub fn beside(
    (output, config): (Output, &UserConfig),
    state: &StateDir,
    listen: SocketAddr,
    looking: &Looking,
) -> Result<Serving, Failure> {
    begin(output, of_all(state)?, listen, looking, afar(config)?)
}

/// The host name by which messages lead here.
fn afar(config: &UserConfig) -> Result<Option<String>, Failure> {
    let settings = config.settings(&Flags::default(), env)?;
    Ok(settings.links.as_deref().and_then(host_of))
}

fn of_all(state: &StateDir) -> Result<std::io::Result<Site>, Failure> {
    let live = Live::open(state.clone(), Arc::new(CommandDesk::of(state.clone())))?;
    Ok(Site::of_all(Book::open(state.stats(), TimeZone::system()), live))
}

fn begin(
    output: Output,
    site: std::io::Result<Site>,
    listen: SocketAddr,
    looking: &Looking,
    afar: Option<String>,
) -> Result<Serving, Failure> {
    let token = looking.token_file.as_deref().map(token).transpose()?;
    let bind = Bind::new(listen, token).map_err(refused)?;
    let names = looking.host_name.iter().cloned().chain(afar).collect();
    let serving = site.and_then(|site| serve(site, &bind, names)).map_err(|error| {
        Failure::environment(format!("failed to listen at {listen}: {error}"))
            .hint("another program may have the port; port 0 takes one that is free")
    })?;
    let address = format!("http://{}/", serving.address());
    // Whoever does not listen to the address may know it.
    let _ = output.say(&json!({ "ok": true, "address": address }), &format!("the dashboard is at {address}"));
    Ok(serving)
}

fn token(path: &Path) -> Result<Token, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::environment(format!("failed to read the token in {}: {error}", path.display()))
    })?;
    Token::new(&text).map_err(refused)
}

fn refused(refused: NotBound) -> Failure {
    let hint = match refused {
        NotBound::NoToken(_) => "put one into a file and give that with --token-file",
        NotBound::ShortToken(_) => "for example: openssl rand -hex 24 > token",
    };
    Failure::usage(refused.to_string()).hint(hint)
}
