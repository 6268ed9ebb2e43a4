//! `herder up`, and the flags that say how a run is to be carried out.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;

use clap::Args;
use herder_config::Flags;
use herder_domain::agent::Reasoning;
use herder_domain::capacity::Slots;
use herder_domain::duration::Span;

/// `up`.
#[derive(Debug, Args)]
pub struct Up {
    /// How many, and how they are carried out.
    #[command(flatten)]
    pub flags: UpFlags,
    /// End when nothing runs and nothing queued can start without a person
    #[arg(long)]
    pub once: bool,
    /// Print what would be done now, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Serve the dashboard there meanwhile: 127.0.0.1:7117
    #[arg(long, value_name = "ADDR")]
    pub dashboard: Option<SocketAddr>,
    /// Who may look at it.
    #[command(flatten)]
    pub looking: super::Looking,
}

/// How many ralphs work, and how.
#[derive(Debug, Args)]
pub struct UpFlags {
    /// How many ralphs work at once; with `auto` as many as this machine has room for
    #[arg(long, value_name = "N|auto")]
    pub max: Option<Slots>,
    /// Hear webhooks there, so that changes are seen at once: 127.0.0.1:9000
    #[arg(long, value_name = "ADDR")]
    pub webhook: Option<SocketAddr>,
    /// How runs are carried out.
    #[command(flatten)]
    pub run: RunFlags,
}

/// How runs are carried out; a goal's own front matter goes before.
#[derive(Debug, Args)]
pub struct RunFlags {
    /// The coding agent: claude, replay, or a configured one
    #[arg(long)]
    pub agent: Option<String>,
    /// The model, passed to the agent
    #[arg(long)]
    pub model: Option<String>,
    /// How much to think: none, low, med or high
    #[arg(long, value_name = "LEVEL")]
    pub reasoning: Option<Reasoning>,
    /// Working time of a run: 90s, 200m, 4h, 1h30m
    #[arg(long, value_name = "TIME")]
    pub duration: Option<Span>,
    /// Time of a run by the wall clock, waiting and sleeping included
    #[arg(long, value_name = "TIME")]
    pub max_age: Option<Span>,
    /// Iterations of a run
    #[arg(long, value_name = "N")]
    pub max_iterations: Option<NonZeroU32>,
    /// Tokens of a run
    #[arg(long, value_name = "N")]
    pub max_tokens: Option<NonZeroU64>,
    /// US dollars of a run
    #[arg(long, value_name = "USD", value_parser = dollars)]
    pub budget: Option<f64>,
    /// The directory that clones lie in [default: ~/.ralphs]
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
}

fn dollars(text: &str) -> Result<f64, String> {
    let amount = text.trim_start_matches('$').parse::<f64>().ok();
    let amount = amount.filter(|usd| usd.is_finite() && *usd > 0.0);
    amount.ok_or_else(|| "that is not an amount of US dollars; write 2.50".to_owned())
}

impl From<UpFlags> for Flags {
    fn from(flags: UpFlags) -> Self {
        Self { max: flags.max, webhook: flags.webhook, ..flags.run.into() }
    }
}

impl From<RunFlags> for Flags {
    fn from(flags: RunFlags) -> Self {
        Self {
            max: None,
            webhook: None,
            // A relative directory is meant from here, not from wherever a run works.
            root: flags.root.map(|root| std::path::absolute(&root).unwrap_or(root)),
            agent: flags.agent,
            model: flags.model,
            reasoning: flags.reasoning,
            duration: flags.duration,
            max_age: flags.max_age,
            iterations: flags.max_iterations,
            tokens: flags.max_tokens,
            usd: flags.budget,
        }
    }
}
