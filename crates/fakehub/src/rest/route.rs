//! Which address means what.

use super::Handler;
use super::table::ROUTES;
use crate::contract::contract;

/// One line of the table.
pub struct Route {
    /// `GET`, `POST`, ...
    pub method: &'static str,
    /// The address as GitHub's description writes it.
    pub template: &'static str,
    /// What carries it out.
    pub handler: Handler,
}

/// Names whose values may have slashes in them.
const WIDE: [&str; 4] = ["ref", "branch", "basehead", "path"];

/// What a look at the table comes to.
pub enum Found {
    /// This line, with the values at its names.
    Route(&'static Route, Vec<(&'static str, String)>),
    /// No such address.
    Nothing,
}

/// Addresses of the double that GitHub's description does not know; those that begin with an underscore are not
/// meant to be in it.
///
/// # Panics
/// When the description is not at hand.
pub fn foreign_routes() -> Vec<String> {
    let contract = contract().expect("GitHub's description is at hand");
    let api = ROUTES.iter().filter(|route| !route.template.starts_with("/_"));
    let foreign = api.filter(|route| !contract.has(route.method, route.template));
    foreign.map(|route| format!("{} {}", route.method, route.template)).collect()
}

/// Looks for the line that fits best: literal words before names.
pub fn find(method: &str, path: &str) -> Found {
    let words: Vec<&str> = path.trim_matches('/').split('/').collect();
    let fitting = ROUTES.iter().filter(|route| route.method == method).filter_map(|route| {
        let template: Vec<&'static str> = route.template.trim_matches('/').split('/').collect();
        let mut params = Vec::new();
        fits(&template, &words, &mut params).then_some((route, params))
    });
    let names = |route: &Route| route.template.matches('{').count();
    match fitting.min_by_key(|(route, params)| {
        (names(route), params.iter().map(|(_, value)| value.len()).sum::<usize>())
    }) {
        Some((route, params)) => Found::Route(route, params),
        None => Found::Nothing,
    }
}

fn fits(template: &[&'static str], words: &[&str], params: &mut Vec<(&'static str, String)>) -> bool {
    let Some((first, rest)) = template.split_first() else { return words.is_empty() };
    let Some(name) = first.strip_prefix('{').and_then(|name| name.strip_suffix('}')) else {
        return words.first() == Some(first) && fits(rest, &words[1..], params);
    };
    let most = if WIDE.contains(&name) { words.len() } else { words.len().min(1) };
    for count in (1..=most).rev() {
        let before = params.len();
        params.push((name, decode(&words[..count].join("/"))));
        if fits(rest, &words[count..], params) {
            return true;
        }
        params.truncate(before);
    }
    false
}

/// Undoes the encoding of addresses.
pub fn decode(word: &str) -> String {
    let bytes = word.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match hex.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                decoded.push(byte);
                rest = &tail[2..];
            }
            None => {
                decoded.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &str, path: &str) -> Option<(&'static str, Vec<(&'static str, String)>)> {
        match find(method, path) {
            Found::Route(route, params) => Some((route.template, params)),
            Found::Nothing => None,
        }
    }

    #[test]
    fn a_literal_word_is_preferred_to_a_name() {
        let (template, _) = found("GET", "/repos/a/b/issues/comments").unwrap();
        assert_eq!(template, "/repos/{owner}/{repo}/issues/comments");
        let (template, _) = found("GET", "/repos/a/b/issues/7").unwrap();
        assert_eq!(template, "/repos/{owner}/{repo}/issues/{issue_number}");
    }

    #[test]
    fn a_branch_may_have_slashes_and_a_word_behind_it() {
        let (template, params) = found("GET", "/repos/a/b/branches/feature/x/protection").unwrap();
        assert_eq!(template, "/repos/{owner}/{repo}/branches/{branch}/protection");
        assert_eq!(params[2], ("branch", "feature/x".to_owned()));
        let (_, params) = found("GET", "/repos/a/b/branches/feature%2Fx").unwrap();
        assert_eq!(params[2].1, "feature/x");
    }

    #[test]
    fn what_is_not_in_the_table_is_not_found() {
        assert!(found("GET", "/repos/a/b/nonsense").is_none());
        assert!(found("DELETE", "/user").is_none());
    }
}
