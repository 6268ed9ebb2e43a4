//! Which key does what. The one table of it: what is obeyed and what help says are made of it.

use herder_view::OrderKind;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Leave,
    Help,
    Up,
    Down,
    First,
    Last,
    LineUp,
    LineDown,
    PageUp,
    PageDown,
    LogBegin,
    Follow,
    Search,
    Older,
    Newer,
    Order(OrderKind),
    OpenPull,
}

/// A wish, its keys, and what is said of it. Small letters look, capital ones order.
pub(crate) struct Binding {
    pub(crate) wish: Wish,
    keys: &'static [KeyCode],
    pub(crate) keys_text: &'static str,
    pub(crate) about: &'static str,
}

const fn bind(wish: Wish, keys: &'static [KeyCode], keys_text: &'static str, about: &'static str) -> Binding {
    Binding { wish, keys, keys_text, about }
}

/// All of them, in the order in which help shows them.
pub(crate) const BINDINGS: &[Binding] = &[
    bind(Wish::Up, &[KeyCode::Up, KeyCode::Char('k')], "up, k", "the goal above"),
    bind(Wish::Down, &[KeyCode::Down, KeyCode::Char('j')], "down, j", "the goal below"),
    bind(Wish::First, &[KeyCode::Char('g')], "g", "the first goal"),
    bind(Wish::Last, &[KeyCode::Char('G')], "G", "the last goal"),
    bind(Wish::LineUp, &[KeyCode::Char('y')], "y", "the log a line back"),
    bind(Wish::LineDown, &[KeyCode::Char('e')], "e", "the log a line on"),
    bind(Wish::PageUp, &[KeyCode::PageUp, KeyCode::Char('b')], "page up, b", "the log a page back"),
    bind(Wish::PageDown, &[KeyCode::PageDown, KeyCode::Char(' ')], "page down, space", "the log a page on"),
    bind(Wish::LogBegin, &[KeyCode::Home], "home", "the log's beginning"),
    bind(Wish::Follow, &[KeyCode::End, KeyCode::Char('f')], "end, f", "follow the log"),
    bind(Wish::Search, &[KeyCode::Char('/')], "/", "look for a text in the log"),
    bind(Wish::Older, &[KeyCode::Char('n')], "n", "the same, further back"),
    bind(Wish::Newer, &[KeyCode::Char('N')], "N", "the same, further on"),
    bind(Wish::Order(OrderKind::Queue), &[KeyCode::Char('Q')], "Q", "queue the goal"),
    bind(Wish::Order(OrderKind::Approve), &[KeyCode::Char('A')], "A", "approve it"),
    bind(Wish::Order(OrderKind::Reject), &[KeyCode::Char('X')], "X", "reject it, with a word"),
    bind(Wish::Order(OrderKind::Answer), &[KeyCode::Char('W')], "W", "answer its question"),
    bind(Wish::Order(OrderKind::Retry), &[KeyCode::Char('R')], "R", "retry it"),
    bind(Wish::Order(OrderKind::Freeze), &[KeyCode::Char('F')], "F", "freeze its run"),
    bind(Wish::Order(OrderKind::Thaw), &[KeyCode::Char('T')], "T", "thaw its run"),
    bind(Wish::Order(OrderKind::Cancel), &[KeyCode::Char('C')], "C", "cancel it"),
    bind(Wish::OpenPull, &[KeyCode::Char('O')], "O", "open its pull request"),
    bind(Wish::Help, &[KeyCode::Char('?')], "?", "this help"),
    bind(Wish::Leave, &[KeyCode::Char('q')], "q, ctrl-c", "leave; the work goes on"),
];

/// What a key wants, where it wants anything.
pub(crate) fn wish(key: KeyEvent) -> Option<Wish> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return (key.code == KeyCode::Char('c')).then_some(Wish::Leave);
    }
    BINDINGS.iter().find(|binding| binding.keys.contains(&key.code)).map(|binding| binding.wish)
}

/// The key of an order.
pub(crate) fn key_of(order: OrderKind) -> &'static str {
    BINDINGS.iter().find(|binding| binding.wish == Wish::Order(order)).map_or("", |binding| binding.keys_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_order_has_one_key_and_no_key_two_wishes() {
        for order in OrderKind::ALL {
            assert_eq!(key_of(order).len(), 1, "{order:?}");
        }
        let mut keys: Vec<&KeyCode> = BINDINGS.iter().flat_map(|binding| binding.keys).collect();
        let all = keys.len();
        keys.sort_unstable_by_key(|key| format!("{key:?}"));
        keys.dedup();
        assert_eq!(keys.len(), all);
    }
}
