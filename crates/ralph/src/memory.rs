//! What a run remembers: recent progress word for word, older progress folded into a summary.

use herder_domain::iteration::Progress;

use crate::prompt::fenced;

/// Once so many entries are not folded, the oldest are.
const UNFOLDED_MAX: usize = 10;
/// So many at a time.
const FOLD: usize = 5;
/// What a mechanical fold keeps of an entry, in characters.
const LINE_MAX: usize = 160;
/// The longest summary, in bytes; beyond it the beginning and the end are kept.
const SUMMARY_MAX: usize = 40 << 10;

/// Progress and summary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    summary: Option<String>,
    covers_up_to: u32,
    progress: Vec<Progress>,
}

impl Memory {
    /// A memory as the run directory has it.
    pub(crate) fn restored(summary: Option<(String, u32)>, progress: Vec<Progress>) -> Self {
        let (summary, covers_up_to) = summary.map_or((None, 0), |(text, upto)| (Some(text), upto));
        Self { summary, covers_up_to, progress }
    }

    pub(crate) fn add(&mut self, progress: Progress) {
        self.progress.push(progress);
    }

    pub(crate) fn summary(&self) -> Option<&str> {
        self.summary.as_deref()
    }

    pub(crate) fn covers_up_to(&self) -> u32 {
        self.covers_up_to
    }

    /// Entries that no summary covers, oldest first.
    pub(crate) fn recent(&self) -> impl Iterator<Item = &Progress> {
        self.progress.iter().filter(|entry| entry.iteration > self.covers_up_to)
    }

    /// The entries to fold now, if it is time.
    pub(crate) fn due(&self) -> Option<Vec<Progress>> {
        (self.recent().count() >= UNFOLDED_MAX).then(|| self.recent().take(FOLD).cloned().collect())
    }

    /// Takes a fold's result.
    pub(crate) fn fold(&mut self, text: String, folded: &[Progress]) {
        self.covers_up_to = folded.last().map_or(self.covers_up_to, |last| last.iteration);
        self.summary = Some(bounded(text));
        self.progress.retain(|entry| entry.iteration > self.covers_up_to);
    }

    /// A summary made without a model: the beginning of each entry.
    pub(crate) fn fold_mechanically(&self, entries: &[Progress]) -> String {
        let lines = entries
            .iter()
            .map(|entry| format!("- iteration {}: {}", entry.iteration, first_words(&entry.progress)));
        self.summary.iter().cloned().chain(lines).collect::<Vec<_>>().join("\n")
    }

    /// What the summarizer is asked.
    pub(crate) fn fold_prompt(&self, title: &str, entries: &[Progress]) -> String {
        let entries: Vec<String> = entries
            .iter()
            .map(|entry| format!("Iteration {}: {}", entry.iteration, entry.progress))
            .collect();
        format!(
            "Fold the history of an unattended piece of work ({title:?}) into one summary for whoever goes on with it. \
             Keep failed approaches and why they failed, blockers and how they were resolved, decisions, files touched, \
             and every hard fact such as names, numbers and commands. Leave out pleasantries and repetition. \
             Answer with the new summary alone, at most 600 words.\n\n\
             <summary-so-far>\n{}\n</summary-so-far>\n\n<new-entries>\n{}\n</new-entries>\n",
            fenced(self.summary.as_deref().unwrap_or("(nothing yet)"), "summary-so-far"),
            fenced(&entries.join("\n"), "new-entries"),
        )
    }
}

fn first_words(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LINE_MAX) {
        Some((cut, _)) => format!("{}...", &line[..cut]),
        None => line,
    }
}

fn bounded(text: String) -> String {
    if text.len() <= SUMMARY_MAX {
        return text;
    }
    let head = text.floor_char_boundary(SUMMARY_MAX / 2);
    let tail = text.ceil_char_boundary(text.len() - SUMMARY_MAX / 2);
    format!("{}\n[...]\n{}", &text[..head], &text[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(iteration: u32, text: &str) -> Progress {
        Progress { iteration, timestamp: jiff::Timestamp::UNIX_EPOCH, progress: text.into() }
    }

    #[test]
    fn ten_unfolded_entries_become_five_and_a_summary() {
        let mut memory = Memory::default();
        for iteration in 1..=9 {
            memory.add(entry(iteration, "x"));
        }
        assert_eq!(memory.due(), None);
        memory.add(entry(10, "x"));
        let due = memory.due().unwrap();
        assert_eq!(due.len(), 5);
        memory.fold("S".into(), &due);
        assert_eq!((memory.covers_up_to(), memory.recent().count()), (5, 5));
    }

    #[test]
    fn an_early_fact_outlives_two_hundred_iterations_in_bounded_space() {
        let mut memory = Memory::default();
        for iteration in 1..=200 {
            let text = if iteration == 3 { "the port is 4711".into() } else { "words ".repeat(500) };
            memory.add(entry(iteration, &text));
            if let Some(due) = memory.due() {
                let text = memory.fold_mechanically(&due);
                memory.fold(text, &due);
            }
        }
        assert!(memory.summary().unwrap().contains("4711"));
        assert!(memory.summary().unwrap().len() <= SUMMARY_MAX + 16 && memory.recent().count() < 10);
    }
}
