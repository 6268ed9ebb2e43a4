//! What is so at this moment.

use serde_json::json;

use super::ask::Ask;
use super::reply::Reply;
use super::trouble::{Kind, Trouble};
use crate::page::{self, Tab};
use crate::site::Site;

/// The first page: what is at work, or the numbers where nothing else is shown.
pub fn begin(site: &Site, _: &Ask) -> Result<Reply, Trouble> {
    Ok(Reply::Elsewhere(if site.is_live() { "/now" } else { "/numbers" }.to_owned()))
}

/// The page.
pub fn now(site: &Site, _: &Ask) -> Result<Reply, Trouble> {
    let live = site.live()?;
    let (now, standing) = (live.now()?, live.desk().orchestrator());
    Ok(Reply::page(Tab::Now, "Now", page::now(&now, standing.as_deref())))
}

/// The same for programs.
pub fn api_state(site: &Site, _: &Ask) -> Result<Reply, Trouble> {
    let live = site.live()?;
    let now = serde_json::to_value(live.now()?)
        .map_err(|error| Trouble::new(Kind::Internal, format!("failed to write JSON: {error}")))?;
    Ok(Reply::Json(json!({ "orchestrator": live.desk().orchestrator(), "now": now })))
}
