//! `herder dashboard`: it says where it is, serves, and refuses what would not be safe.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::scene::Scene;

/// Ends the process however the test ends.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn it_says_where_it_is_and_shows_the_rows_of_a_file() {
    let scene = Scene::bare();
    let file = scene.home.path().join("old.jsonl");
    let row = r#"{"started_at":"2026-02-03T00:00:11-06:00","exit_reason":"done","model":"sonnet","cost_usd":0.4256}"#;
    std::fs::write(&file, format!("{row}\n")).unwrap();
    let mut command = scene.command(&["--json", "dashboard", "--listen", "127.0.0.1:0", "--stats"]);
    let mut serving = Ended(command.arg(&file).stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(serving.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let said: serde_json::Value = serde_json::from_str(&line).unwrap();
    let address = said["address"].as_str().unwrap();
    herder_testkit::until::until("the row is shown", std::time::Duration::from_secs(60), || {
        let page =
            ureq::get(format!("{address}numbers")).call().unwrap().body_mut().read_to_string().unwrap();
        page.contains("$0.43").then_some(())
    });
}

#[test]
fn it_is_not_served_to_others_without_a_token() {
    let scene = Scene::bare();
    let said = scene.run(&["dashboard", "--listen", "0.0.0.0:0"]);
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(
        said.err.contains("reached by other machines") && said.err.contains("--token-file"),
        "{}",
        said.err
    );
    let short = scene.home.path().join("token");
    std::fs::write(&short, "short\n").unwrap();
    let said = scene.run(&["dashboard", "--listen", "0.0.0.0:0", "--token-file", short.to_str().unwrap()]);
    assert!(said.err.contains("5 characters") && said.err.contains("openssl rand"), "{}", said.err);
    let said = scene.run(&["dashboard", "--stats", "nowhere.jsonl"]);
    assert!(said.err.contains("there is no file nowhere.jsonl"), "{}", said.err);
}
