//! What a run remembers: recent progress word for word, older progress folded into a summary.

use herder_domain::iteration::Progress;

use crate::prompt::fenced;

/// Once so many entries are not folded, the oldest are.
const UNFOLDED_MAX: usize = 10;
/// So many at a time.
const FOLD: usize = 5;
/// Where the context is nearly full, all but so many are folded.
const TIGHT_KEPT: usize = 2;
/// What a mechanical fold keeps of an entry's beginning, in characters.
const LINE_MAX: usize = 160;
/// What it keeps beyond, of sentences that tell of failures and decisions, in characters.
const TELLING_MAX: usize = 240;
/// Parts of words by which such a sentence is known.
const TELLING: [&str; 9] =
    ["fail", "because", "decid", "must", "cannot", "never", "instead", "blocked", "does not"];
/// The longest summary, in bytes; beyond it the beginning and the end are kept.
const SUMMARY_MAX: usize = 40 << 10;
/// The longest summary where the context is nearly full, in bytes.
const SUMMARY_TIGHT: usize = 10 << 10;

/// How much of the history is folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// What is old.
    Usual,
    /// Nearly all: the model's context is nearly full.
    Tight,
}

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

    /// All of it as one text, for a run that goes on where this one ended; nothing where there is nothing.
    pub(crate) fn carried(&self) -> Option<String> {
        let recent =
            self.recent().map(|entry| format!("- iteration {}: {}", entry.iteration, entry.progress));
        let all: Vec<String> = self.summary.iter().cloned().chain(recent).collect();
        (!all.is_empty()).then(|| bounded(all.join("\n"), SUMMARY_MAX))
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
    pub(crate) fn due(&self, depth: Depth) -> Option<Vec<Progress>> {
        let unfolded = self.recent().count();
        let count = match depth {
            Depth::Usual if unfolded >= UNFOLDED_MAX => FOLD,
            Depth::Usual => 0,
            Depth::Tight => unfolded.saturating_sub(TIGHT_KEPT),
        };
        (count > 0).then(|| self.recent().take(count).cloned().collect())
    }

    /// Takes a fold's result.
    pub(crate) fn fold(&mut self, text: String, folded: &[Progress], depth: Depth) {
        self.covers_up_to = folded.last().map_or(self.covers_up_to, |last| last.iteration);
        self.summary = Some(bounded(text, limit(depth)));
        self.progress.retain(|entry| entry.iteration > self.covers_up_to);
    }

    /// Shortens the summary alone, where there is nothing left to fold; gives whether that changed it.
    pub(crate) fn shorten(&mut self, depth: Depth) -> bool {
        let Some(summary) = self.summary.take() else { return false };
        let before = summary.len();
        let shortened = bounded(summary, limit(depth));
        let has_changed = shortened.len() < before;
        self.summary = Some(shortened);
        has_changed
    }

    /// A summary made without a model: the beginning of each entry, and what it says of failures and
    /// decisions.
    pub(crate) fn fold_mechanically(&self, entries: &[Progress]) -> String {
        let lines =
            entries.iter().map(|entry| format!("- iteration {}: {}", entry.iteration, gist(&entry.progress)));
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

fn limit(depth: Depth) -> usize {
    match depth {
        Depth::Usual => SUMMARY_MAX,
        Depth::Tight => SUMMARY_TIGHT,
    }
}

/// The beginning of an entry, and the sentences behind it that tell of failures and decisions; one line.
fn gist(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((cut, _)) = line.char_indices().nth(LINE_MAX) else { return line };
    let (beginning, rest) = line.split_at(cut);
    let mut kept = format!("{beginning}...");
    let mut left = TELLING_MAX;
    for sentence in rest.split_inclusive(". ").skip(1).map(str::trim) {
        let is_telling = TELLING.iter().any(|word| sentence.to_lowercase().contains(word));
        let length = sentence.chars().count();
        if is_telling && length <= left {
            left -= length;
            kept.push(' ');
            kept.push_str(sentence);
        }
    }
    kept
}

/// How a summary says what it lacks.
const LEFT_OUT: &str = "[left out: ";

/// At most so many bytes: whole lines from the beginning and from the end, and how many there were between.
fn bounded(text: String, limit: usize) -> String {
    if text.len() <= limit {
        return text;
    }
    let lines: Vec<&str> = text.lines().collect();
    let head = fitting(lines.iter(), limit / 2);
    let tail = fitting(lines[head..].iter().rev(), limit / 2);
    if head + tail == 0 {
        let head = text.floor_char_boundary(limit / 2);
        let tail = text.ceil_char_boundary(text.len() - limit / 2);
        return format!("{}\n[...]\n{}", &text[..head], &text[tail..]);
    }
    let between = &lines[head..lines.len() - tail];
    let count: usize = between.iter().map(|line| left_out(line).unwrap_or(1)).sum();
    let marker = format!("{LEFT_OUT}{count} lines]");
    [&lines[..head], &[marker.as_str()], &lines[lines.len() - tail..]].concat().join("\n")
}

/// How many of the lines, from the first on, have room in so many bytes; an earlier marker is no line to keep.
fn fitting<'a>(lines: impl Iterator<Item = &'a &'a str>, mut room: usize) -> usize {
    let fits = |line: &&&str| {
        let has_room = line.len() < room;
        room = room.saturating_sub(line.len() + 1);
        has_room && left_out(line).is_none()
    };
    lines.take_while(fits).count()
}

/// How many lines an earlier marker stands for.
fn left_out(line: &str) -> Option<usize> {
    line.strip_prefix(LEFT_OUT)?.strip_suffix(" lines]")?.parse().ok()
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
        assert_eq!(memory.due(Depth::Usual), None);
        memory.add(entry(10, "x"));
        let due = memory.due(Depth::Usual).unwrap();
        assert_eq!(due.len(), 5);
        memory.fold("S".into(), &due, Depth::Usual);
        assert_eq!((memory.covers_up_to(), memory.recent().count()), (5, 5));
    }

    /// A memory after so many iterations that say much, and one of which says something that counts.
    fn after(iterations: u32) -> Memory {
        let mut memory = Memory::default();
        for iteration in 1..=iterations {
            let text = if iteration == 3 { "The port is 4711.".into() } else { "words ".repeat(100) };
            memory.add(entry(iteration, &text));
            if let Some(due) = memory.due(Depth::Usual) {
                let text = memory.fold_mechanically(&due);
                memory.fold(text, &due, Depth::Usual);
            }
        }
        memory
    }

    #[test]
    fn an_early_fact_outlives_thirty_hours_in_bounded_space() {
        // Thirty hours of iterations of half a minute.
        for iterations in [200, 3_600] {
            let memory = after(iterations);
            let summary = memory.summary().unwrap();
            assert!(summary.contains("The port is 4711.") && summary.len() <= SUMMARY_MAX + 64);
            assert!(summary.contains(&format!("- iteration {}: ", memory.covers_up_to())));
            assert!(memory.recent().count() < UNFOLDED_MAX && memory.progress.len() < UNFOLDED_MAX);
        }
        let summary = after(3_600).summary.unwrap();
        let told = summary.lines().filter(|line| line.starts_with("- iteration")).count();
        assert!(summary.contains(&format!("[left out: {} lines]", 3_595 - told)), "{told}");
    }

    #[test]
    fn failures_and_decisions_are_kept_from_behind_the_beginning() {
        let text = format!(
            "{}. Looked around. The cache FAILED because it was stale. Then tea. Decided for tabs.",
            "words ".repeat(40)
        );
        let kept = gist(&text);
        assert!(kept.ends_with("... The cache FAILED because it was stale. Decided for tabs."), "{kept}");
        assert!(gist(&"it failed. ".repeat(500)).chars().count() <= LINE_MAX + TELLING_MAX + 100);
    }

    #[test]
    fn where_the_context_is_tight_nearly_all_is_folded() {
        let mut memory = after(200);
        let due = memory.due(Depth::Tight).unwrap();
        let text = memory.fold_mechanically(&due);
        memory.fold(text, &due, Depth::Tight);
        assert_eq!((memory.covers_up_to(), memory.recent().count()), (198, 2));
        assert!(memory.summary().unwrap().len() <= SUMMARY_TIGHT + 64);
        assert!(memory.summary().unwrap().contains("The port is 4711."));
        assert_eq!(memory.due(Depth::Tight), None);
    }

    #[test]
    fn a_summary_of_one_endless_line_is_bounded_too() {
        let text = bounded(format!("begin {}é end", "é".repeat(60_000)), SUMMARY_MAX);
        assert!(text.starts_with("begin") && text.ends_with(" end") && text.len() < SUMMARY_MAX + 64);
    }
}
