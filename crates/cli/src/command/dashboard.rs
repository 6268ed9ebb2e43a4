//! `herder dashboard`.

use std::path::Path;

use herder_dashboard::{Bind, Book, NotBound, Token, serve};
use jiff::tz::TimeZone;
use serde_json::json;

use crate::args;
use crate::call::Call;
use crate::failure::Failure;
use crate::output::Reply;

/// Serves the web view until it is stopped.
pub fn dashboard(call: &Call, args: &args::Dashboard) -> Result<Reply, Failure> {
    let path = match &args.stats {
        Some(file) if !file.is_file() => {
            return Err(Failure::not_found(format!("there is no file {}", file.display()))
                .hint("without --stats it is stats.jsonl of the state directory"));
        }
        Some(file) => file.clone(),
        None => call.state()?.stats(),
    };
    let token = args.token_file.as_deref().map(token).transpose()?;
    let bind = Bind::new(args.listen, token).map_err(refused)?;
    let book = Book::open(path, TimeZone::system());
    let serving = serve(book, &bind, args.host_name.clone()).map_err(|error| {
        Failure::environment(format!("failed to listen at {}: {error}", args.listen))
            .hint("another program may have the port; --listen 127.0.0.1:0 takes a free one")
    })?;
    let address = format!("http://{}/", serving.address());
    // Whoever does not listen to the address may know it.
    let _ = call
        .output
        .say(&json!({ "ok": true, "address": address }), &format!("the dashboard is at {address}"));
    serving.wait().map_err(|error| Failure::environment(format!("failed to go on listening: {error}")))?;
    Ok(Reply::nothing())
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
