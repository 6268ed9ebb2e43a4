//! `gate`.

use clap::Args;

/// `gate`.
#[derive(Debug, Args)]
pub struct GateByHand {
    /// The commit that it is about [default: the work tree as it lies there]
    #[arg(value_name = "COMMIT")]
    pub commit: Option<String>,
    /// Ask the gate that lies in the work tree, or in COMMIT, and not that of the base branch
    #[arg(long)]
    pub here: bool,
    /// Ask once: not once more where the answer is no, and not about the base branch
    #[arg(long)]
    pub once: bool,
}
