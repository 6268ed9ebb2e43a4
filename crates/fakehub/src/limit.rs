//! What each client has left.

use serde_json::{Value, json};

use crate::state::{Account, Pool, State};

/// What somebody without a token may ask in an hour.
const ANONYMOUS: u64 = 60;

/// The account of who asks, in a window that goes on.
pub fn account(state: &State, login: Option<&str>, pool: Pool) -> Account {
    let now = state.now();
    let known = state.accounts.get(&key(login, pool)).copied();
    let limit =
        known.map_or_else(|| if login.is_some() { pool.limit() } else { ANONYMOUS }, |known| known.limit);
    known.filter(|known| known.reset > now).unwrap_or_else(|| Account::new(limit, pool, now))
}

/// Takes this much.
pub fn charge(state: &mut State, login: Option<&str>, pool: Pool, cost: u64) {
    let mut account = account(state, login, pool);
    account.used += cost;
    state.accounts.insert(key(login, pool), account);
}

fn key(login: Option<&str>, pool: Pool) -> (String, Pool) {
    (login.unwrap_or_default().to_ascii_lowercase(), pool)
}

/// `X-RateLimit-*`.
pub fn headers(account: &Account, pool: Pool) -> Vec<(String, String)> {
    [
        ("x-ratelimit-limit", account.limit.to_string()),
        ("x-ratelimit-remaining", account.remaining().to_string()),
        ("x-ratelimit-used", account.used.to_string()),
        ("x-ratelimit-reset", account.reset.as_second().to_string()),
        ("x-ratelimit-resource", pool.word().to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// `GET /rate_limit`.
pub fn overview(state: &State, login: Option<&str>) -> Value {
    let show = |pool: Pool| {
        let account = account(state, login, pool);
        json!({
            "limit": account.limit, "used": account.used, "remaining": account.remaining(),
            "reset": account.reset.as_second(),
        })
    };
    json!({
        "resources": {
            "core": show(Pool::Core), "graphql": show(Pool::Graphql), "search": show(Pool::Search),
        },
        "rate": show(Pool::Core),
    })
}
