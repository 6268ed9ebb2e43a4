//! A goal that another orchestrator has.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// That another orchestrator has a goal: nothing is shown of it in this one's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Who: the name in its claim, or the account that labelled it.
    pub owner: String,
    /// Since when that is known here.
    pub since: Timestamp,
}
