//! `herder dashboard`: it says where it is, serves, and refuses what would not be safe.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

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
    let said: Value = serde_json::from_str(&line).unwrap();
    let address = said["address"].as_str().unwrap();
    herder_testkit::until::until("the row is shown", std::time::Duration::from_secs(60), || {
        let page =
            ureq::get(format!("{address}numbers")).call().unwrap().body_mut().read_to_string().unwrap();
        page.contains("$0.43").then_some(())
    });
}

/// A dashboard inside an orchestrator at work.
pub struct Beside {
    _up: Ended,
    address: String,
}

impl Beside {
    pub fn begin(scene: &Scene) -> Self {
        let mut command = scene.command(&["--json", "up", "--dashboard", "127.0.0.1:0"]);
        let mut up = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(up.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let said: Value = serde_json::from_str(&line.unwrap()).unwrap();
            said["address"].as_str().map(str::to_owned)
        });
        // Whoever speaks into a pipe that nobody reads is not to wait.
        std::thread::spawn(move || lines.for_each(drop));
        Self { _up: Ended(up), address: address.unwrap() }
    }

    /// Where it is, without the slash at the end.
    pub fn address(&self) -> &str {
        self.address.trim_end_matches('/')
    }

    fn json(&self, path: &str) -> Value {
        let mut response = ureq::get(format!("{}{path}", self.address)).call().unwrap();
        serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap()
    }

    /// Waits until a goal is in a state.
    fn until(&self, path: &str, status: &str) {
        herder_testkit::until::until(status, std::time::Duration::from_secs(120), || {
            (self.json(path)["goal"]["status"] == status).then_some(())
        });
    }
}

#[test]
fn what_is_seen_beside_the_orchestrator_is_approved_there_and_lands() {
    let scene = Scene::new();
    let body = "## Objective\nSay hello.\n\n```replay\n[{\"write\": {\"path\": \"hello\", \"text\": \"hi\"}}, \
                {\"answer\": {\"status\": \"done\", \"summary\": \"Said it.\"}}]\n```\n";
    let number = scene.goal_of(body, "Say hello", &["--queue", "--spot-check"]);
    let beside = Beside::begin(&scene);
    let path = format!("api/v1/goals/{}/{number}", scene.full("acme/app"));
    beside.until(&path, "spot-check");
    let goal = beside.json(&path);
    let run = goal["goal"]["runs"][0]["run"].as_str().unwrap();
    let logged = beside.json(&format!("api/v1/runs/{run}/log"))["items"].as_array().unwrap().clone();
    let printed = scene.json(&["logs", &number.to_string()])["items"].as_array().unwrap().clone();
    assert_eq!(logged, printed, "the log is the one that `herder logs` prints");
    assert_eq!(goal["why"], without_ok(scene.json(&["why", &number.to_string()])));
    let token = beside.json("api/v1/token")["token"].as_str().unwrap().to_owned();
    let order = |order: &str| {
        let request = ureq::post(format!("{}{path}/orders", beside.address)).config();
        let request = request.http_status_as_error(false).build().header("x-herder-token", &token);
        request.send(format!("{{\"order\":\"{order}\"}}")).unwrap().status().as_u16()
    };
    assert_eq!((order("retry"), order("approve")), (409, 200));
    beside.until(&path, "done");
    assert_eq!(scene.status(number), "done");
    let totals = scene.json(&["stats"]);
    herder_testkit::until::until("the run is counted", std::time::Duration::from_secs(60), || {
        let all = &beside.json("api/v1/stats")["answer"]["all"];
        (all["done"]["of"] == totals["all"]["runs"]
            && all["known_cost_usd"] == totals["all"]["known_cost_usd"])
            .then_some(())
    });
    scene.ok(&["down"]);
    drop(beside);
    scene.home.assert_no_process_left();
}

fn without_ok(mut said: Value) -> Value {
    said.as_object_mut().unwrap().remove("ok");
    said
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
