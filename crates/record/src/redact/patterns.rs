//! Tokens that are known by their shape.
//!
//! Sources: GitHub's "Behind GitHub's new authentication token formats" (2021) for `gh?_` and
//! `github_pat_`; Anthropic's and OpenAI's consoles for `sk-`; Slack's "Token types" for `xox?-`; AWS's
//! "IAM identifiers" for `AKIA` and `ASIA`; RFC 7519 for JWT; RFC 7468 for private keys; RFC 6750 and
//! RFC 7617 for headers; GitLab's, npm's and Google's pages for theirs.
//!
//! No pattern takes a quote, or a backslash that is not part of a whole escape, so a redacted line of
//! JSON stays JSON.

/// What a private key's text consists of, in a file and in a JSON string.
const KEY_TEXT: &str = r"(?:[A-Za-z0-9+/=\s:,.-]|\\[nrt])";

const TOKENS: [&str; 13] = [
    r"\bsk-[A-Za-z0-9][A-Za-z0-9_-]{18,}",
    r"gh[oprsu]_[A-Za-z0-9]{16,}",
    r"github_pat_[A-Za-z0-9_]{20,}",
    r"glpat-[A-Za-z0-9_-]{16,}",
    r"npm_[A-Za-z0-9]{30,}",
    r"xox[abeoprs]-[A-Za-z0-9-]{10,}",
    r"xapp-[A-Za-z0-9-]{16,}",
    r"A[KS]IA[0-9A-Z]{16}",
    r"AIza[A-Za-z0-9_-]{35}",
    r"eyJ[A-Za-z0-9_-]{6,}\.eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*",
    r"(?i:bearer|basic)[ \t]+[A-Za-z0-9._~+/-]{16,}=*",
    r"(?i:x-api-key)[ \t]*:[ \t]*[A-Za-z0-9._~+/-]{8,}",
    r"://[A-Za-z0-9._~%+-]*:[A-Za-z0-9._~%+!$&*,;=-]{6,}@",
];

/// The line that opens a private key.
pub(super) const KEY_OPENS: &str = "-----BEGIN ";

/// The line that closes a private key.
pub(super) const KEY_CLOSES: &str = "-----END ";

/// What both lines end with.
pub(super) const KEY_LINE_ENDS: &str = "PRIVATE KEY-----";

/// One expression for all shapes. A whole key is tried before one that is cut off.
pub(super) fn all() -> String {
    let opens = "-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----";
    let whole = format!("{opens}{KEY_TEXT}*?-----END [A-Z0-9 ]*PRIVATE KEY-----");
    let begun = format!(r"{opens}(?:[A-Za-z0-9+/=\s:,.]|\\[nrt])*");
    format!("{}|{whole}|{begun}", TOKENS.join("|"))
}
