//! GitHub's own client, as far as pages use it: this test under the name `gh`, asking the page's GitHub by REST.

use std::process::ExitCode;

use serde_json::{Value, json};

/// The variable that says where that GitHub is.
pub const HUB: &str = "DOCS_HUB";

/// Does what the arguments say, as `gh` would.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program")]
pub fn main(args: &[String]) -> ExitCode {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match carried_out(&words) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn carried_out(words: &[&str]) -> Result<String, String> {
    let option =
        |name: &str| words.iter().position(|word| *word == name).and_then(|at| words.get(at + 1)).copied();
    let needed = |name: &str| option(name).ok_or_else(|| format!("gh {words:?}: {name} is missing"));
    match words {
        ["issue", "create", ..] => {
            let body = fs_err::read_to_string(needed("--body-file")?).map_err(|error| error.to_string())?;
            let issue = json!({ "title": needed("--title")?, "body": body, "labels": [needed("--label")?] });
            let made = send("POST", &format!("/repos/{}/issues", needed("--repo")?), Some(issue))?;
            Ok(format!("https://github.com/{}/issues/{}", needed("--repo")?, made["number"]))
        }
        ["issue", "edit", number, ..] => {
            let labels = json!({ "labels": [needed("--add-label")?] });
            send("POST", &format!("/repos/{}/issues/{number}/labels", needed("--repo")?), Some(labels))?;
            Ok(format!("https://github.com/{}/issues/{number}", needed("--repo")?))
        }
        ["pr", "list", ..] => {
            let state = needed("--state")?;
            let state = if state == "merged" { "closed" } else { state };
            let pulls = send("GET", &format!("/repos/{}/pulls?state={state}", needed("--repo")?), None)?;
            let line = |pull: &Value| {
                Some(format!(
                    "{}\t{}\t{}",
                    pull["number"],
                    pull["title"].as_str()?,
                    pull["head"]["ref"].as_str()?
                ))
            };
            Ok(pulls.as_array().into_iter().flatten().filter_map(line).collect::<Vec<_>>().join("\n"))
        }
        other => Err(format!("no page uses gh {other:?} yet")),
    }
}

fn send(method: &str, path: &str, body: Option<Value>) -> Result<Value, String> {
    let variable = |name: &str| std::env::var(name).map_err(|_| format!("{name} is not set"));
    let url = format!("{}{path}", variable(HUB)?);
    let token = format!("Bearer {}", variable("GITHUB_TOKEN")?);
    let failed = |error: ureq::Error| format!("{method} {path}: {error}");
    let mut answer = match body {
        Some(body) => {
            ureq::post(&url).header("authorization", token).send(body.to_string()).map_err(failed)?
        }
        None => ureq::get(&url).header("authorization", token).call().map_err(failed)?,
    };
    let text = answer.body_mut().read_to_string().map_err(failed)?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}
