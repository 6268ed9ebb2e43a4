//! Blocks as text.

use std::fmt::Write;
use std::time::Duration;

use herder_domain::duration::Span;
use herder_view::Work;

use crate::block::Block;
use crate::printable;

/// One block below the other, each with its log; one sentence where there is none.
pub fn page(blocks: &[Block]) -> String {
    if blocks.is_empty() {
        return "no ralph is running\n".to_owned();
    }
    let texts: Vec<String> = blocks.iter().map(block).collect();
    texts.join("\n")
}

fn block(block: &Block) -> String {
    let mut text = String::new();
    let work = &block.work;
    let name = work.goal.as_ref().map_or_else(|| work.run.to_string(), ToString::to_string);
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{name}  {}", one_line(&work.title));
    let _ = writeln!(text, "  {}", standing(work));
    for line in &block.log {
        let _ = writeln!(text, "  | {}", one_line(line));
    }
    text
}

fn standing(work: &Work) -> String {
    let mut parts = vec![work.phase.clone()];
    parts.extend(work.waiting_for.as_ref().map(|what| format!("for {}", one_line(what))));
    parts.extend(work.waiting_until.map(|until| format!("until {until:.0}")));
    parts.extend(work.detail.as_ref().map(|detail| one_line(detail)));
    if work.iteration > 0 {
        parts.push(format!("iteration {}", work.iteration));
    }
    parts.push(span(work.age_seconds));
    parts.push(spent(work));
    parts.extend(work.agent.as_ref().map(|agent| one_line(agent)));
    parts.push(work.run.to_string());
    parts.join(" · ")
}

fn spent(work: &Work) -> String {
    let tokens = work.tokens;
    match work.cost.known() {
        Some(usd) => format!("${usd:.2}, {tokens} tokens"),
        None if tokens == 0 => "cost and tokens unknown".to_owned(),
        None => format!("cost unknown, {tokens} tokens"),
    }
}

fn span(seconds: u64) -> String {
    Span(Duration::from_secs(seconds)).to_string()
}

fn one_line(text: &str) -> String {
    printable(text).replace(['\n', '\t'], " ")
}
