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

    #[test]
    fn goals_that_want_different_things_are_not_alike() {
        let other = "## Objective\nThe command sorts the list by the date of its entries and prints the newest first, \
                     also when it is called with an empty list, and says how many there are.\n";
        assert_eq!(likeness(("A", BODY), ("B", other)), None);
        assert_eq!(likeness(("A", "## Objective\nx\n"), ("B", "## Objective\nx\n")), None);
    }
}
