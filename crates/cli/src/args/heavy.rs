//! `heavy`.

use std::ffi::OsString;
use std::num::NonZeroU32;

use clap::Args;

/// `heavy`.
#[derive(Debug, Args)]
pub struct Heavy {
    /// How many build tokens it takes [default: all there are]
    #[arg(short = 'n', long = "tokens", value_name = "K")]
    pub count: Option<NonZeroU32>,
    /// The program and its arguments
    #[arg(value_name = "CMD", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<OsString>,
}
