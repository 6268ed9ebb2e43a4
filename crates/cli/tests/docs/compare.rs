//! What a page shows against what was printed.

/// Stands for any text in a line, and alone for any number of lines.
pub const ANY: &str = "...";

/// Whether `shown` is a true picture of `printed`.
pub fn agrees(shown: &[&str], printed: &[&str]) -> bool {
    match shown {
        [] => printed.is_empty(),
        [first, rest @ ..] if first.trim() == ANY => {
            (0..=printed.len()).any(|skipped| agrees(rest, &printed[skipped..]))
        }
        [first, rest @ ..] => match printed {
            [line, more @ ..] => line_agrees(first.trim_end(), line.trim_end()) && agrees(rest, more),
            [] => false,
        },
    }
}

/// The parts between wildcards stand in the line, in order, the first at its beginning, the last at its end.
fn line_agrees(shown: &str, printed: &str) -> bool {
    let Some((first, rest)) = shown.split_once(ANY) else { return shown == printed };
    let Some(mut left) = printed.strip_prefix(first) else { return false };
    let parts: Vec<&str> = rest.split(ANY).collect();
    let Some((last, middle)) = parts.split_last() else { return true };
    for part in middle {
        match left.split_once(part) {
            Some((_, behind)) => left = behind,
            None => return false,
        }
    }
    left.ends_with(last)
}

/// The lines of a text without empty ones at its end.
pub fn lines(text: &str) -> Vec<&str> {
    text.trim_end().lines().collect()
}
