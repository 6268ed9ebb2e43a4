//! A goal whole, as text.

use std::fmt::{Result, Write};

use herder_view::{Linked, WholeGoal};

use super::comment::comments_text;
use super::money;

/// All that is known of a goal, for a person.
pub fn whole_text(whole: &WholeGoal) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_whole(whole, &mut text);
    text
}

fn write_whole(whole: &WholeGoal, text: &mut String) -> Result {
    let item = &whole.item;
    writeln!(text, "{}  {}", item.id(), item.title)?;
    writeln!(text, "state       {}", item.standing())?;
    for reason in &whole.reasons {
        writeln!(text, "            {}", reason.replace('\n', "\n            "))?;
    }
    let mut line = |key: &str, value: Option<String>| match value {
        Some(value) => writeln!(text, "{key:<12}{value}"),
        None => Ok(()),
    };
    line("commit", whole.commit.clone())?;
    line("queued", whole.queued_at.map(|at| format!("{at:.0}")))?;
    line("not before", whole.retry_at.map(|at| format!("{at:.0}")))?;
    line("story", item.story.map(|story| format!("#{story}")))?;
    line("depends", links(&whole.depends))?;
    line("dependents", links(&whole.dependents))?;
    line("priority", (item.priority != 0).then(|| item.priority.to_string()))?;
    line("proposed by", whole.proposed_by.as_ref().map(|by| format!("run {} at {}", by.run, by.goal)))?;
    line("proposes", links(&whole.proposes))?;
    line("spot-check", item.spot_check.then(|| "wanted".to_owned()))?;
    line("cost", (item.attempts > 0).then(|| money(item.cost)))?;
    writeln!(text, "\n{}", whole.body.trim_end())?;
    write_runs(whole, text)?;
    write_told(whole, text)?;
    text.push_str(&comments_text(&whole.comments));
    Ok(())
}

fn write_runs(whole: &WholeGoal, text: &mut String) -> Result {
    if !whole.runs.is_empty() {
        writeln!(text, "\nruns")?;
    }
    whole.runs.iter().try_for_each(|run| {
        let standing = run.detail.as_deref().unwrap_or(run.state);
        writeln!(text, "  {}  {}  {standing}", run.run, money(run.cost))
    })
}

fn write_told(whole: &WholeGoal, text: &mut String) -> Result {
    if !whole.told.is_empty() {
        writeln!(text, "\ntold")?;
    }
    whole.told.iter().try_for_each(|told| {
        let question = told.question.as_ref().map(|question| format!("{question}\n-> ")).unwrap_or_default();
        let body = format!("{question}{}", told.text).replace('\n', "\n    ");
        writeln!(text, "  at {:.0}\n    {body}", told.at)
    })
}

fn links(linked: &[Linked]) -> Option<String> {
    let one = |link: &Linked| format!("{} ({})", link.goal, link.status.unwrap_or("unknown"));
    (!linked.is_empty()).then(|| linked.iter().map(one).collect::<Vec<_>>().join(", "))
}
