//! Orders by a signed address, for a phone that has nothing but a message. Looking at the address orders nothing: mail
//! filters and previews look, too.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Response};
use herder_domain::goal::Goal;
use herder_record::RecordError;
use herder_view::{LinkSigner, Order, OrderLink};
use jiff::Timestamp;

use super::goals::found;
use super::order::is_from_here;
use super::trouble::{Kind, Trouble};
use crate::live::Live;
use crate::page;
use crate::site::Site;

/// Where they are. They need no token of the dashboard: who has one was given it.
pub const LINKS: &str = "/links/{link}";

/// Whether a path is open to whoever knows it: these, and what their pages look like.
pub fn is_open(path: &str) -> bool {
    path.starts_with(OrderLink::PLACE) || path.starts_with("/assets/")
}

/// The page with the one button.
pub async fn ask(State(site): State<Arc<Site>>, Path(text): Path<String>) -> Response {
    answered(move || {
        let live = site.live()?;
        let (link, goal) = good(live, &text)?;
        Ok(page::asked(&goal, link.order, &format!("{}{text}", OrderLink::PLACE)))
    })
    .await
}

/// Takes the order.
pub async fn obey(
    State(site): State<Arc<Site>>,
    Path(text): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answered(move || {
        is_from_here(&headers)?;
        let live = site.live()?;
        let (link, goal) = good(live, &text)?;
        let words = form_urlencoded::parse(&body).find(|(name, _)| name == "text");
        let words = words.map(|(_, words)| words.into_owned()).unwrap_or_default();
        live.desk().order(&goal.id, &Order::of(link.order, &words))?;
        Ok(page::obeyed(&found(live, &goal.id)?))
    })
    .await
}

/// What a signed address orders, and of which goal, where it is still good.
fn good(live: &Live, text: &str) -> Result<(OrderLink, Goal), Trouble> {
    let unread = |error: RecordError| Trouble::new(Kind::Environment, error.to_string());
    let signer = LinkSigner::new(&live.state().link_key().map_err(unread)?);
    let link = signer.read(text).ok_or_else(|| {
        Trouble::new(Kind::NotFound, "this address was not made here, or a part of it is missing")
            .hint("open it from the message, whole")
    })?;
    if let Some(void) = live.read(|store| link.void(store, Timestamp::now()))? {
        return Err(
            Trouble::new(Kind::Refused, void.to_string()).hint("the dashboard shows where the goal stands")
        );
    }
    let goal = found(live, &link.goal)?;
    Ok((link, goal))
}

async fn answered(answer: impl FnOnce() -> Result<String, Trouble> + Send + 'static) -> Response {
    let lost = |_| Err(Trouble::new(Kind::Internal, "the answer was lost").hint("look whether it was taken"));
    match tokio::task::spawn_blocking(answer).await.unwrap_or_else(lost) {
        Ok(text) => Html(text).into_response(),
        Err(trouble) => trouble.page(),
    }
}
