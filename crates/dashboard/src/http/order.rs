//! A person's orders. They come from one of our own pages, or from a program that has read one.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawPathParams, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Json, Redirect, Response};
use herder_view::Order;
use serde::Deserialize;
use serde_json::json;

use super::address::goal_address;
use super::ask::Ask;
use super::goals::found;
use super::reply::Reply;
use super::trouble::{Kind, Trouble};
use crate::site::Site;

/// The header in which a program gives the token.
const TOKEN: &str = "x-herder-token";

/// What an order says.
#[derive(Debug, Default, Deserialize)]
struct Said {
    #[serde(default)]
    order: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    token: String,
}

/// Takes an order from a form; leads back to the goal's page.
pub async fn form(
    State(site): State<Arc<Site>>,
    parts: RawPathParams,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let ask = ask(&parts);
    let said = form_urlencoded::parse(&body);
    let said = said.fold(Said::default(), |mut said, (name, value)| {
        match name.as_ref() {
            "order" => said.order = value.into_owned(),
            "text" => said.text = value.into_owned(),
            "token" => said.token = value.into_owned(),
            _ => {}
        }
        said
    });
    match taken(site, ask, headers, said).await {
        Ok(goal) => Redirect::to(&goal_address(&goal)).into_response(),
        Err(trouble) => trouble.page(),
    }
}

/// Takes an order as JSON; says where the goal stands then.
pub async fn json(
    State(site): State<Arc<Site>>,
    parts: RawPathParams,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let ask = ask(&parts);
    let token = headers.get(TOKEN).and_then(|token| token.to_str().ok()).unwrap_or_default().to_owned();
    let said: Result<Said, _> = serde_json::from_slice(&body);
    let said = match said {
        Ok(said) => Said { token, ..said },
        Err(error) => {
            let message = format!("the order is no JSON: {error}");
            return Trouble::new(Kind::Usage, message)
                .hint("write {\"order\":\"reject\",\"text\":\"why\"}")
                .json();
        }
    };
    match taken(Arc::clone(&site), ask, headers, said).await {
        Ok(goal) => {
            let status = site.live().and_then(|live| found(live, &goal)).map(|goal| goal.state.word());
            Json(json!({ "ok": true, "number": goal.number, "repo": goal.repo, "status": status.ok() }))
                .into_response()
        }
        Err(trouble) => trouble.json(),
    }
}

fn ask(parts: &RawPathParams) -> Ask {
    let parts = parts.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Ask { parts, ..Ask::default() }
}

async fn taken(
    site: Arc<Site>,
    ask: Ask,
    headers: HeaderMap,
    said: Said,
) -> Result<herder_domain::repo::GoalRef, Trouble> {
    let lost = |_| Trouble::new(Kind::Internal, "the order was lost").hint("look whether it was taken");
    let take = move || {
        is_from_here(&headers)?;
        if !site.token().is(&said.token) {
            return Err(Trouble::new(Kind::Forbidden, "the order does not hold this dashboard's token")
                .hint("it was started anew since the page was loaded: load the page again")
                .hint(format!("a program reads it at /api/v1/token and sends it as `{TOKEN}`")));
        }
        let live = site.live()?;
        let order = Order::named(&said.order, &said.text)?;
        let goal = found(live, &ask.goal()?)?;
        live.desk().order(&goal.id, &order)?;
        Ok(goal.id)
    };
    tokio::task::spawn_blocking(take).await.map_err(lost)?
}

/// Refuses what another site's page has a browser send (WHATWG Fetch, `Origin`; W3C Fetch Metadata).
pub fn is_from_here(headers: &HeaderMap) -> Result<(), Trouble> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST.as_str()).unwrap_or_default();
    let is_ours = |origin: &str| {
        origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
    };
    let is_other_origin = text(header::ORIGIN.as_str()).is_some_and(|origin| !is_ours(origin));
    let is_other_site = text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    if is_other_origin || is_other_site {
        return Err(Trouble::new(Kind::Forbidden, "the order comes from a page of another site"));
    }
    Ok(())
}

/// Says what an order has to hold. Another site's page can have it fetched and cannot read it.
pub fn token(site: &Site, _: &Ask) -> Result<Reply, Trouble> {
    Ok(Reply::Json(json!({ "token": site.token().text() })))
}
