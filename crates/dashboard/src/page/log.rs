//! Lines of a log, of a gate's output and of an agent's stream.

use herder_view::{GateOutput, LineKind};
use maud::{Markup, html};

/// A run's log. The script adds to it while the run is at work.
pub fn log(run: &str, lines: &[String]) -> Markup {
    html! {
        pre id="log" class="log" role="log" tabindex="0" aria-label="Log" data-run=(run) {
            @for line in lines { span class=(LineKind::of(line).name()) { (line) } "\n" }
        }
    }
}

/// What the gate said, each time.
pub fn gate(outputs: &[GateOutput]) -> Markup {
    html! {
        @if outputs.is_empty() { p class="empty" { "The gate was not asked, or its words are kept no more." } }
        @for output in outputs {
            @if output.lines.is_empty() { p { (gate_name(&output.name)) ": it said nothing." } } @else {
                details {
                    summary { (gate_name(&output.name)) ", the last lines" }
                    (lines(&output.lines, "What the gate said"))
                }
            }
        }
    }
}

fn gate_name(name: &str) -> String {
    match name {
        "landing" => "Before landing".to_owned(),
        "landing-base" => "About the base branch, before landing".to_owned(),
        number => format!("Question {number}"),
    }
}

/// Lines as they are.
pub fn lines(lines: &[String], label: &str) -> Markup {
    html! { pre class="log" tabindex="0" aria-label=(label) { @for line in lines { (line) "\n" } } }
}
