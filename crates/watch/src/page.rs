//! Blocks as text.

use std::fmt::Write;
use std::time::Duration;

use herder_domain::duration::Span;

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
    let name = block.goal.as_deref().unwrap_or(block.run.as_str());
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{name}  {}", one_line(&block.title));
    let _ = writeln!(text, "  {}", standing(block));
    for line in &block.log {
        let _ = writeln!(text, "  | {}", one_line(line));
    }
    text
}

fn standing(block: &Block) -> String {
    let mut parts = vec![block.state.as_str().to_owned()];
    parts.extend(block.waiting_for.as_ref().map(|what| format!("for {}", one_line(what))));
    parts.extend(block.waiting_until.map(|until| format!("until {until:.0}")));
    parts.extend(block.detail.as_ref().map(|detail| one_line(detail)));
    if block.iteration > 0 {
        parts.push(format!("iteration {}", block.iteration));
    }
    parts.push(span(block.age_seconds));
    parts.push(spent(block));
    parts.push(format!("{} {}", one_line(&block.agent), one_line(&block.model)));
    parts.push(block.run.to_string());
    parts.join(" · ")
}

fn spent(block: &Block) -> String {
    let tokens = block.spent.tokens;
    match block.spent.cost_usd.known() {
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
