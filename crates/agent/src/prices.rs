//! What tokens cost, for agents that do not say it themselves.

use herder_domain::ledger::{Cost, Tokens};

/// When the table was taken, and from where: the costs that Claude Code 2.1.330 computes for each model,
/// observed for each kind of token by itself against a scripted model server.
pub const AS_OF: &str = "2026-11-22";

/// US dollars for a million tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Price {
    input: f64,
    output: f64,
    cache_read: f64,
    cache_create: f64,
}

const fn price(input: f64, output: f64, cache_read: f64, cache_create: f64) -> Price {
    Price { input, output, cache_read, cache_create }
}

/// Prices by the beginning of a model's name; the longest beginning that fits is the one. The short names
/// are aliases that the agent resolves to the newest of a family.
const TABLE: [(&str, Price); 11] = [
    ("claude-opus-5-5", price(4.0, 20.0, 0.2, 5.0)),
    ("claude-opus-5", price(5.0, 25.0, 0.5, 6.25)),
    ("claude-opus-4-5", price(5.0, 25.0, 0.5, 6.25)),
    ("claude-sonnet-5-5", price(2.0, 10.0, 0.1, 2.5)),
    ("claude-sonnet-5", price(2.0, 10.0, 0.2, 2.5)),
    ("claude-sonnet-4-5", price(3.0, 15.0, 0.3, 3.75)),
    ("claude-haiku-5-5", price(0.1, 0.5, 0.01, 0.125)),
    ("claude-haiku-4-5", price(1.0, 5.0, 0.1, 1.25)),
    ("opus", price(4.0, 20.0, 0.2, 5.0)),
    ("sonnet", price(2.0, 10.0, 0.1, 2.5)),
    ("haiku", price(0.1, 0.5, 0.01, 0.125)),
];

/// What tokens of a model cost; unknown for a model that the table does not have.
pub fn cost(model: &str, tokens: &Tokens) -> Cost {
    let fitting = TABLE.iter().filter(|(name, _)| is_of(model, name));
    let Some((_, price)) = fitting.max_by_key(|(name, _)| name.len()) else {
        return Cost::UNKNOWN;
    };
    let of = |count: u64, price: f64| count as f64 * price / 1_000_000.0;
    Cost::usd(
        of(tokens.input, price.input)
            + of(tokens.output, price.output)
            + of(tokens.cache_read, price.cache_read)
            + of(tokens.cache_create, price.cache_create),
    )
}

/// Whether a model's name is a table's name, alone or with a date behind it (`-20251001`, `[1m]`, `@...`).
/// A further version number (`-6` behind `claude-opus-5`) is another model.
fn is_of(model: &str, name: &str) -> bool {
    let Some(rest) = model.strip_prefix(name) else { return false };
    match rest.strip_prefix('-') {
        Some(date) => date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()),
        None => rest.is_empty() || rest.starts_with(['[', '@']),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_agrees_with_the_recorded_costs() {
        let tokens = Tokens { input: 201, output: 84, cache_read: 2_000, cache_create: 20 };
        let usd = cost("claude-sonnet-4-5", &tokens).known().unwrap();
        assert!((usd - 0.002_538).abs() < 1e-9, "{usd}");
        let tokens = Tokens { input: 300, output: 126, cache_read: 3_000, cache_create: 30 };
        let usd = cost("claude-sonnet-5-5", &tokens).known().unwrap();
        assert!((usd - 0.002_235).abs() < 1e-9, "{usd}");
    }

    #[test]
    fn a_dated_name_is_the_same_model_and_a_further_version_is_not() {
        let tokens = Tokens { input: 1_000_000, ..Tokens::default() };
        assert_eq!(cost("claude-haiku-4-5-20251001", &tokens), Cost::usd(1.0));
        assert_eq!(cost("claude-sonnet-4-5[1m]", &tokens), Cost::usd(3.0));
        assert_eq!(cost("sonnet", &tokens), Cost::usd(2.0));
        for unknown in ["claude-opus-5-6", "gpt-6", "", "sonnetta", "claude-sonnet-4-5-2025"] {
            assert_eq!(cost(unknown, &tokens), Cost::UNKNOWN, "{unknown}");
        }
    }
}
