//! Observe, record, plan, act: the daemon and the embedded local forge.
//!
//! The orchestrator composes the leaves and decides nothing: `domain` plans, `store` keeps, and what
//! was ordered is done here, once for each key however often this process dies in between. It spends no
//! token: it cannot even name an agent's adapter.

mod act;
mod backup;
mod check;
mod claim_refs;
mod context;
mod digest;
mod down;
mod environment;
mod forge_tokens;
pub mod gc;
mod github;
mod homes;
mod landing;
mod local;
mod lock;
mod register;
mod root;
mod status;
mod swept;
mod told;
mod trial;
mod up;
mod wake;
mod withdrawals;

pub use backup::{
    BackedUp, BackupError, BackupOrder, ConfigFate, Onto, RestoreError, RestoreOrder, Restored, Runs, backup,
    restore,
};
pub use check::{check_daemon, check_forges, check_repo, check_root};
pub use claim_refs::ClaimRefs;
pub use digest::digest;
pub use down::{Down, DownError, Manner, down, going};
pub use forge_tokens::ForgeTokens;
pub use github::{ConnectError, Pen, PenError};
pub use herder_forge::write::label::{LabelGap, Lack};
pub use lock::{Holder, holder};
pub use register::{AddRepo, AddRepoError, GoalsAt, Intent, Prepared, Registration, add_repo, prepare};
pub use told::Told;
pub use trial::{Trial, try_ways};
pub use up::{Attend, IsOver, attend};
pub use up::{Mode, Up, UpEnd, UpError, dry_run, heed_purse, heed_repos, heed_room, planning, up};
pub use wake::wake;
