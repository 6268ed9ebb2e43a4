//! The five answers of a morning, gathered.

use herder_domain::digest::{Digest, Spending};
use herder_domain::world::World;
use herder_store::{GoalFilter, LedgerFilter, Store, StoreError};
use jiff::Timestamp;

/// Of the time since then.
///
/// # Errors
/// The database cannot be read.
pub fn digest(store: &Store, world: &World, since: Timestamp, now: Timestamp) -> Result<Digest, StoreError> {
    let filter = GoalFilter { states: vec!["done".into()], since: Some(since), ..GoalFilter::default() };
    let landed = store.goals(&filter)?;
    let rows = store.ledger_rows(&LedgerFilter { since: Some(since), ..LedgerFilter::default() })?;
    let spent = Spending::of(rows.iter().map(|row| (row.cost, row.tokens)));
    Ok(Digest::of(world, &landed, spent, (since, now)))
}
