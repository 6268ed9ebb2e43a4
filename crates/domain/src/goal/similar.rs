//! Whether two goals want the same.

use std::collections::BTreeSet;

use super::text::parts;

/// How alike two goals are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// Title and text are the same.
    Same,
    /// The titles have the same words.
    SameTitle,
    /// The texts share this share of what they say, in percent.
    SimilarText {
        /// From `SIMILAR` to 100.
        percent: u32,
    },
}

/// From this share on, in percent, two texts are worth a warning. A changed word takes three runs of words with it:
/// two texts of fifty words that differ in three of them share 68.
pub const SIMILAR: u32 = 60;

/// Shorter texts say too little to be compared, in words.
const WORDS_MIN: usize = 15;

/// Compares two goals, each its title and its body.
pub fn likeness(one: (&str, &str), other: (&str, &str)) -> Option<Likeness> {
    let ((title, body), (other_title, other_body)) = (one, other);
    if title.trim() == other_title.trim() && body.trim() == other_body.trim() {
        return Some(Likeness::Same);
    }
    if words(title) == words(other_title) {
        return Some(Likeness::SameTitle);
    }
    let percent = shared(&said(body), &said(other_body))?;
    (percent >= SIMILAR).then_some(Likeness::SimilarText { percent })
}

fn words(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    parts.map(str::to_lowercase).collect()
}

/// The words of a body that say what is wanted: no front matter, no links, no headings.
fn said(body: &str) -> Vec<String> {
    let (_, text) = parts(body).unwrap_or((None, body));
    let is_said = |line: &&str| !["Story:", "Depends:", "#"].iter().any(|mark| line.starts_with(mark));
    text.lines().filter(is_said).flat_map(words).collect()
}

/// How many of the runs of three words both have, in percent of those that either has.
fn shared(one: &[String], other: &[String]) -> Option<u32> {
    if one.len() < WORDS_MIN || other.len() < WORDS_MIN {
        return None;
    }
    let runs = |words: &'_ [String]| words.windows(3).map(<[String]>::to_vec).collect::<BTreeSet<_>>();
    let (one, other) = (runs(one), runs(other));
    let both = one.intersection(&other).count();
    let either = one.union(&other).count();
    u32::try_from(both * 100 / either.max(1)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "## Objective\nThe command prints the version of the manifest and exits with zero, also when \
                        it is called outside of a repository, and says nothing else at all.\n";

    #[test]
    fn goals_are_alike_by_title_or_by_what_they_say() {
        assert_eq!(likeness(("Add it", BODY), ("Add it ", BODY)), Some(Likeness::Same));
        assert_eq!(likeness(("Add --version", "x"), ("add VERSION!", "y")), Some(Likeness::SameTitle));
        let other = format!("---\nmodel: opus\n---\n{}", BODY.replace("nothing", "little"));
        let found = likeness(("A", BODY), ("B", &other));
        assert!(matches!(found, Some(Likeness::SimilarText { percent: 60..100 })), "{found:?}");
    }

    /// Pairs as backlogs have them: what was written twice, with what people change in between.
    const TWICE: [(&str, &str); 5] = [
        (
            "Running the list command with a date later than any entry prints an empty table with its heading and exits \
             with zero; today it ends with an index error and leaves the terminal in raw mode.",
            "Running the list command with a date later than any entry prints an empty table with its heading, and exits \
             with zero. Today it ends with an index error.",
        ),
        (
            "Uploads above ten megabytes are refused with status 413 and a sentence that names the limit, before the body \
             is read. - a test sends eleven megabytes - the log has one line",
            "Uploads above ten megabytes are refused with status 413 and a sentence that names the limit, before the body \
             is read. - a test sends twelve megabytes - the log has one line",
        ),
        (
            "The importer keeps going when a row cannot be parsed: it notes the line number and the reason, and at the end \
             says how many rows were left out and exits with two.",
            "The CSV importer keeps going when a row cannot be parsed: it notes the line number and the reason, and at the \
             end says how many rows were left out.",
        ),
        (
            "Sessions end thirty minutes after the last request, the user is sent to the login page, and what they had \
             typed into a form is there again once they are back.",
            "Sessions end 30 minutes after the last request, the user is sent to the login page, and what they had typed \
             into a form is there again once they are back.",
        ),
        (
            "The page of an order shows the time of delivery in the time zone of the customer, with its name, and says so \
             when the time is only an estimate.",
            "Please fix: the page of an order shows the time of delivery in the time zone of the customer, with its name, \
             and says so when the time is only an estimate.",
        ),
    ];

    /// Pairs that stand near each other in a backlog, share words and want different things.
    const DIFFERENT: [(&str, &str); 4] = [
        (
            "Uploads above ten megabytes are refused with status 413 and a sentence that names the limit, before the body \
             is read.",
            "Downloads above ten megabytes are sent in parts, and a client that loses its connection goes on where it \
             stopped, with the header that names the range.",
        ),
        (
            "The importer keeps going when a row cannot be parsed: it notes the line number and the reason, and at the end \
             says how many rows were left out.",
            "The exporter keeps the order of columns that the user has chosen, notes the time of the export in the first \
             row, and at the end says how many rows were written.",
        ),
        (
            "Sessions end thirty minutes after the last request, and the user is sent to the login page.",
            "Sessions are listed on the page of the user with the time of the last request, and each can be ended there by \
             the user.",
        ),
        (
            "The list command takes a date and prints the entries of that day. - a test covers a day without entries - the \
             help names the flag - all tests pass",
            "The add command takes a date and notes the entry for that day. - a test covers a date in the future - the help \
             names the flag - all tests pass",
        ),
    ];

    #[test]
    fn the_line_lies_between_what_was_written_twice_and_what_only_stands_near() {
        let share = |(one, other): &(&str, &str)| shared(&said(one), &said(other)).unwrap();
        let (twice, different) = (TWICE.each_ref().map(share), DIFFERENT.each_ref().map(share));
        let (least, most) = (twice.iter().min().unwrap(), different.iter().max().unwrap());
        // Measured: 78 to 93 against 5 to 32.
        assert!(*least > SIMILAR + 10 && *most + 20 < SIMILAR, "twice {twice:?}, different {different:?}");
    }

    #[test]
    fn goals_that_want_different_things_are_not_alike() {
        let other = "## Objective\nThe command sorts the list by the date of its entries and prints the newest first, \
                     also when it is called with an empty list, and says how many there are.\n";
        assert_eq!(likeness(("A", BODY), ("B", other)), None);
        assert_eq!(likeness(("A", "## Objective\nx\n"), ("B", "## Objective\nx\n")), None);
    }
}
