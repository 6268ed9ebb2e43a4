//! `herder digest`.

use jiff::Timestamp;

use super::why;
use crate::args;
use crate::call::Call;
use crate::failure::Failure;
use crate::output::Reply;

/// Says what the last hours came to.
pub fn digest(call: &Call, args: &args::Digest) -> Result<Reply, Failure> {
    let opened = call.open()?;
    let world = why::world(call, &opened.state, &opened.store)?;
    let since = call.now.checked_sub(args.last.0).unwrap_or(Timestamp::MIN);
    let digest = herder_orchestrator::digest(&opened.store, &world, since, call.now)?;
    let text = format!("{}\n\n{}", digest.title(), digest.text());
    Reply::one(&digest, text)
}
