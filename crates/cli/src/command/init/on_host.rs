//! `herder init OWNER/NAME`: the labels of a repository on GitHub, a look at how work lands there, and its entry here.

use std::path::Path;

use herder_domain::finding::Verdict;
use herder_domain::repo::RepoId;
use herder_orchestrator::{Intent, LabelGap, Lack, Prepared, Registration, prepare};
use serde_json::json;

use crate::args::Init;
use crate::call::Call;
use crate::command::doctor;
use crate::command::repo::not_added;
use crate::failure::Failure;
use crate::output::{Progress, Reply, encoded};

/// Whether a name on a host is meant: nothing here is called so, and it looks like one.
pub fn is_meant(what: &str) -> bool {
    let is_address = what.contains("://") || what.contains('@');
    !Path::new(what).exists() && (is_address || what.parse::<RepoId>().is_ok())
}

/// Makes the repository ready, or says what would be done.
pub fn init(call: &Call, args: &Init) -> Result<Reply, Failure> {
    let (state, config) = (call.state()?, call.config()?);
    let intent = if args.dry_run { Intent::Show } else { Intent::Do };
    let progress = Progress::begin(call.output, format!("looking at {}", args.what));
    let prepared = prepare(&state, &args.what, &config, intent).map_err(not_added)?;
    drop(progress);
    if let Registration::Now(_) = prepared.registration {
        herder_orchestrator::wake(&state);
    }
    let json = json!({
        "repo": prepared.id.to_string(),
        "base_branch": prepared.base,
        "labels": encoded(&prepared.labels)?,
        "did": match intent { Intent::Do => "made", Intent::Show => "would_make" },
        "registered": !matches!(prepared.registration, Registration::Not),
        "findings": encoded(&prepared.findings)?,
    });
    let reply = Reply::one(&json, text(&prepared, intent))?;
    let wrong = prepared.findings.iter().find(|finding| finding.verdict == Verdict::Error);
    Ok(match wrong {
        Some(wrong) => {
            let failure =
                Failure::environment(format!("{} is not ready: {}", prepared.id.short(), wrong.detail));
            reply.but(wrong.hint.iter().cloned().fold(failure, Failure::hint))
        }
        None => reply,
    })
}

fn text(prepared: &Prepared, intent: Intent) -> String {
    let short = prepared.id.short();
    let mut text = format!("{short} on {}\n", prepared.id.host());
    text.push_str(&doctor::table(prepared.findings.iter()));
    let is_refused = prepared.findings.iter().any(|finding| finding.verdict == Verdict::Error);
    if is_refused {
        return text;
    }
    text.push_str(&labels(&prepared.labels, intent));
    text.push_str(&match (&prepared.registration, intent) {
        (Registration::Now(repo), _) => format!("registered {short} ({})\n", repo.url),
        (Registration::Before, _) => format!("{short} is registered already\n"),
        (Registration::Not, _) => format!("would register {short}\n"),
    });
    if intent == Intent::Do {
        text.push_str("then:\n  herder up\n  and give an issue there the label goal:queued\n");
    }
    text
}

fn labels(gaps: &[LabelGap], intent: Intent) -> String {
    if gaps.is_empty() {
        return "its labels are as they should be\n".to_owned();
    }
    let of = |lack: Lack| -> Vec<&str> {
        gaps.iter().filter(|gap| gap.lack == lack).map(|gap| gap.spec.name).collect()
    };
    let line = |verb: &str, names: Vec<&str>| match (names.is_empty(), intent) {
        (true, _) => String::new(),
        (false, Intent::Do) => format!("{verb} {}\n", names.join(", ")),
        (false, Intent::Show) => format!("would have {verb} {}\n", names.join(", ")),
    };
    line("made", of(Lack::Missing)) + &line("mended", of(Lack::Different))
}
