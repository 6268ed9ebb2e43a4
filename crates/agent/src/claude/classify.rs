//! Why a turn of Claude Code failed, from the typed fields of its events.
//!
//! The words are those of version 2.1.330. A failure of the provider comes as a `result` whose `subtype` is
//! `success` and whose `is_error` is true; the reason stands in `terminal_reason`, `api_error`,
//! `api_error_type`, `api_error_status` and in `error` of the last `assistant` event.

use jiff::Timestamp;
use serde_json::Value;

use crate::session::{DETAIL_LIMIT, Ending, head};

/// What else is known when a turn fails.
#[derive(Debug)]
pub(super) struct Context<'a> {
    /// The model in use.
    pub(super) model: &'a str,
    /// `error` of the last API error that the model's stead was told of in this turn.
    pub(super) error: Option<&'a str>,
    /// When a rejected usage window begins anew, as reported in this turn.
    pub(super) resets_at: Option<Timestamp>,
}

/// The ending that a failed `result` stands for; the most exact field decides.
pub(super) fn failure(result: &Value, context: &Context<'_>) -> Ending {
    let word = |field: &str| result.get(field).and_then(Value::as_str);
    let detail = detail(result);
    word("subtype")
        .and_then(by_subtype)
        .or_else(|| word("terminal_reason").and_then(by_terminal_reason))
        .or_else(|| word("api_error").and_then(|word| by_api_error(word, context, &detail)))
        .or_else(|| context.error.and_then(|word| by_error(word, context, &detail)))
        .or_else(|| by_status(result.get("api_error_status").and_then(Value::as_u64), context, &detail))
        .unwrap_or(Ending::Crashed { detail })
}

/// Whether the agent itself gave up on getting a structured answer out of its model.
pub(super) fn is_answer_missing(result: &Value) -> bool {
    result.get("subtype").and_then(Value::as_str) == Some("error_max_structured_output_retries")
        || result.get("terminal_reason").and_then(Value::as_str) == Some("structured_output_retry_exhausted")
}

fn by_subtype(word: &str) -> Option<Ending> {
    match word {
        "error_max_budget_usd" => Some(Ending::BudgetSpent),
        "error_max_turns" => Some(Ending::TurnsSpent),
        _ => None,
    }
}

fn by_terminal_reason(word: &str) -> Option<Ending> {
    match word {
        "budget_exhausted" => Some(Ending::BudgetSpent),
        "max_turns" => Some(Ending::TurnsSpent),
        "prompt_too_long" | "blocking_limit" | "rapid_refill_breaker" => Some(Ending::ContextFull),
        "aborted_tools" | "aborted_streaming" => Some(Ending::Aborted),
        _ => None,
    }
}

fn by_api_error(word: &str, context: &Context<'_>, detail: &str) -> Option<Ending> {
    let detail = detail.to_owned();
    match word {
        "usage_limit_reached" => Some(Ending::UsageLimit { resets_at: context.resets_at }),
        "connection_failed"
        | "stream_idle_timeout"
        | "network_edge_blocked"
        | "computer_slept"
        | "tls_untrusted_ca"
        | "tls_cert_signature_failure"
        | "gateway_content_type" => Some(Ending::Unreachable { detail }),
        "message_over_context_limit" | "autocompact_thrashing" => Some(Ending::ContextFull),
        "stored_login_refused"
        | "oauth_refresh_store_refused"
        | "api_key_auth_disabled"
        | "org_disabled_credential"
        | "invalid_credential_header"
        | "provider_credentials"
        | "gateway_signin_required"
        | "gateway_session_expired" => Some(login_failed(&detail)),
        "model_requires_usage_credits" | "long_context_credits_required" => Some(no_credit(&detail)),
        _ => None,
    }
}

fn by_error(word: &str, context: &Context<'_>, detail: &str) -> Option<Ending> {
    match word {
        "authentication_failed" | "oauth_org_not_allowed" | "cloud_credential_error" => {
            Some(login_failed(detail))
        }
        "account_on_hold" | "verification_required" | "billing_error" => Some(no_credit(detail)),
        "rate_limit" => Some(Ending::UsageLimit { resets_at: context.resets_at }),
        "overloaded" => Some(Ending::Overloaded { detail: detail.to_owned() }),
        "model_not_found" => Some(Ending::ModelRefused { model: context.model.to_owned() }),
        _ => None,
    }
}

fn by_status(status: Option<u64>, context: &Context<'_>, detail: &str) -> Option<Ending> {
    match status? {
        401 | 403 => Some(login_failed(detail)),
        402 => Some(no_credit(detail)),
        404 => Some(Ending::ModelRefused { model: context.model.to_owned() }),
        413 => Some(Ending::ContextFull),
        429 => Some(Ending::UsageLimit { resets_at: context.resets_at }),
        408 | 500..=599 => Some(Ending::Overloaded { detail: detail.to_owned() }),
        _ => None,
    }
}

fn login_failed(detail: &str) -> Ending {
    Ending::LoginFailed {
        hint: format!(
            "{detail} (renew the credential: a new API key, or claude setup-token for a new token)"
        ),
    }
}

fn no_credit(detail: &str) -> Ending {
    Ending::LoginFailed { hint: format!("{detail} (the account's billing needs a person)") }
}

/// What the agent said of the failure, for people.
fn detail(result: &Value) -> String {
    let errors = result.get("errors").and_then(Value::as_array).into_iter().flatten();
    let said: Vec<&str> = result.get("result").into_iter().chain(errors).filter_map(Value::as_str).collect();
    let subtype = result.get("subtype").and_then(Value::as_str).unwrap_or("no reason given");
    let text = if said.is_empty() { subtype.to_owned() } else { said.join("; ") };
    head(&text, DETAIL_LIMIT).to_owned()
}
