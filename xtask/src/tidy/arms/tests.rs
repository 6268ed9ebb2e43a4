//! What the rule about wildcard arms finds and what it leaves alone.

use super::*;

const STATE: &str = "//! a\npub enum State { Queued, Running, Done }\n";

/// The lines of the wildcard arms that are found in this code, where `State` is an enum of ours.
fn lines(text: &str) -> Vec<usize> {
    let ours = SourceFile::parse("crates/domain/src/state.rs", STATE).unwrap();
    let file = SourceFile::parse("crates/ralph/src/lib.rs", text).unwrap();
    let sources = [ours, file];
    let enums = OurEnums::collect(&sources);
    check(&sources[1], &enums).iter().map(|violation| violation.line).collect()
}

#[test]
fn a_wildcard_beside_our_variant_is_found() {
    assert_eq!(lines("fn a(s: State) {\nmatch s {\nState::Queued => {}\n_ => {}\n}\n}"), [4]);
    assert_eq!(lines("fn a(s: State) {\nmatch s {\nstate::State::Queued => {}\n_ => {}\n}\n}"), [4]);
}

#[test]
fn a_guard_does_not_excuse_a_wildcard() {
    assert_eq!(lines("fn a(s: State) {\nmatch s {\nState::Queued => {}\n_ if b() => {}\n}\n}"), [4]);
}

#[test]
fn a_variant_inside_another_pattern_counts() {
    assert_eq!(lines("fn a() {\nmatch b {\nSome(State::Queued) => {}\n_ => {}\n}\n}"), [4]);
    assert_eq!(lines("fn a() {\nmatch b {\n(1, State::Queued) => {}\n_ => {}\n}\n}"), [4]);
}

#[test]
fn a_variant_in_a_guard_does_not_count() {
    assert!(lines("fn a() {\nmatch b {\nc if c == State::Queued => {}\n_ => {}\n}\n}").is_empty());
}

#[test]
fn imports_are_seen_through() {
    let arms = "fn a() {\nmatch b {\nQueued => {}\n_ => {}\n}\n}";
    assert_eq!(lines(&format!("use domain::State::*;\n{arms}")), [5]);
    assert_eq!(lines(&format!("use domain::State::{{Queued, Done}};\n{arms}")), [5]);
    assert!(lines(arms).is_empty(), "`Queued` is a binding there");
    let renamed = "use domain::State as S;\nfn a() {\nmatch b {\nS::Queued => {}\n_ => {}\n}\n}";
    assert_eq!(lines(renamed), [5]);
}

#[test]
fn self_is_the_enum_of_the_impl() {
    let arms = "{\nfn a(self) {\nmatch self {\nSelf::Queued => {}\n_ => {}\n}\n}\n}";
    assert_eq!(lines(&format!("impl State {arms}")), [5]);
    assert_eq!(lines(&format!("impl fmt::Display for State {arms}")), [5]);
    assert!(lines(&format!("impl Other {arms}")).is_empty());
}

#[test]
fn other_enums_are_left_alone() {
    assert!(lines("fn a() {\nmatch b {\nErrorKind::NotFound => {}\n_ => {}\n}\n}").is_empty());
    assert!(lines("fn a() {\nmatch b {\nState::Unknown => {}\n_ => {}\n}\n}").is_empty());
    assert!(lines("fn a() {\nmatch b {\n\"queued\" => State::Queued,\n_ => State::Done\n}\n}").is_empty());
}

#[test]
fn a_match_that_names_every_variant_is_left_alone() {
    assert!(
        lines("fn a() {\nmatch b {\nState::Queued | State::Running => {}\nState::Done => {}\n}\n}")
            .is_empty()
    );
}

#[test]
fn tests_may_use_wildcards() {
    let arms = "fn a() {\nmatch b {\nState::Queued => {}\n_ => {}\n}\n}";
    assert!(lines(&format!("#[cfg(test)]\nmod tests {{\n{arms}\n}}")).is_empty());
}
