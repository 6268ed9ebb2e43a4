//! What only looks: why, stats, doctor, config, watch, logs.

use serde_json::json;

use crate::scene::Scene;

const SCRIPT: &str = "## Objective\nSay hello.\n\n```replay\n[{\"write\": {\"path\": \"hello\", \"text\": \"hi\\n\"}}, \
    {\"usage\": {\"input\": 900, \"output\": 40}}, {\"cost_usd\": 0.02}, \
    {\"answer\": {\"status\": \"done\", \"summary\": \"Said it.\"}}]\n```\n";

#[test]
fn why_tells_the_state_and_its_reasons() {
    let scene = Scene::new();
    scene.goal("First", &[]);
    scene.goal("Second", &["--depends", "1", "--queue"]);
    assert_eq!(scene.ok(&["why", "1"]), "acme/app#1 is a draft\nhint: `herder goal queue 1` queues it\n");
    let second = scene.json(&["why", "2"]);
    assert_eq!(second["reasons"], json!(["it depends on acme/app#1, which is draft"]));
    scene.ok(&["goal", "cancel", "1"]);
    assert_eq!(scene.ok(&["why", "1"]), "acme/app#1 was cancelled\n");
}

#[test]
fn why_tells_what_is_tried_again_and_again_in_vain() {
    let scene = Scene::new();
    scene.config(
        "agent = \"replay\"\n[notify]\ncommand = [\"sh\", \"-c\", \"echo no bell here >&2; exit 7\"]\n",
    );
    scene.goal_of(SCRIPT, "Hello", &["--queue", "--spot-check"]);
    scene.ok(&["up", "--once"]);
    let why = scene.ok(&["why", "1"]);
    assert!(why.contains("  the step `notify` was tried ") && why.contains(" in vain: "), "{why}");
    assert!(why.contains("no bell here") && why.contains("; again at 20"), "{why}");
}

#[test]
fn a_run_is_found_in_list_show_logs_and_stats() {
    let scene = Scene::new();
    scene.goal_of(SCRIPT, "Hello", &["--queue"]);
    let night = scene.ok(&["up", "--once"]);
    let listed = &scene.json(&["goal", "list", "done"])["items"][0];
    assert_eq!((&listed["cost"], &listed["attempts"]), (&json!(0.02), &json!(1)), "{night}");
    let shown = scene.json(&["goal", "show", "1"]);
    assert_eq!((&shown["runs"][0]["outcome"], &shown["runs"][0]["iterations"]), (&json!("done"), &json!(1)));
    assert_eq!(shown["commit"].as_str().unwrap(), scene.origin.tip("main").unwrap());
    let run = shown["run"].as_str().unwrap();

    let log = scene.ok(&["logs", "1"]);
    assert!(log.contains("== ended:"), "{log}");
    assert_eq!(scene.ok(&["logs", run]), log);
    assert_eq!(scene.ok(&["logs", "1", "--follow"]), log);
    assert_eq!(scene.json(&["logs", "1"])["items"].as_array().unwrap().len(), log.lines().count());

    let stats = scene.json(&["stats", "--by", "repo"]);
    assert_eq!(stats["items"][0]["name"], scene.full("acme/app"));
    assert_eq!(stats["all"]["tokens"]["input"], 900);
    let table = scene.ok(&["stats", "--by", "outcome"]);
    assert!(table.contains("outcome done  1     1     $0.02  940"), "{table}");
}

#[test]
fn rows_of_the_journal_are_added_up_and_broken_ones_are_named() {
    let scene = Scene::bare();
    let row =
        r#"{"goal_file": "goals/g.md", "started_at": "2026-02-03T00:00:11-06:00", "exit_reason": "done",
        "model": "sonnet", "reasoning": "high", "iterations": 3, "assistant_messages": 33, "tool_uses": 42,
        "tokens": {"input": 1, "output": 2, "cache_read": 3, "cache_create": 4}, "cost_usd": 0.5,
        "time_seconds": {"llm": 261, "tools": 309, "other": 6, "total": 576}}"#
            .replace('\n', " ");
    let unknown = row.replace("0.5", "null").replace("sonnet", "opus");
    let file = scene.home.write("stats.jsonl", &format!("{row}\n{{\"broken\n{unknown}\n"));
    let path = file.to_str().unwrap();
    let stats = scene.json(&["stats", "--file", path]);
    assert_eq!((&stats["all"]["runs"], &stats["all"]["unknown_costs"]), (&json!(2), &json!(1)));
    assert_eq!((&stats["by_model"]["sonnet"]["runs"], &stats["broken"]), (&json!(1), &json!([2])));
    let text = scene.ok(&["stats", "--file", path]);
    assert!(text.contains("$0.50 + 1 unknown") && text.contains("the first is line 2"), "{text}");
}

#[test]
fn doctor_looks_at_everything_and_fails_where_herder_cannot_work() {
    let scene = Scene::new();
    let found = scene.run(&["doctor", "--json"]).as_json();
    let subject = |name: &str| {
        let items = found["items"].as_array().unwrap();
        items.iter().find(|item| item["subject"] == name).unwrap()["verdict"].clone()
    };
    for name in ["git", "database", "clock", "replay", "config", "runs", "stats", "orchestrator"] {
        assert_eq!(subject(name), "ok", "{name}");
    }
    assert_eq!(subject("claude"), "warning");
    for name in [
        "kernel",
        "sandbox",
        "signals",
        "kill",
        "memory",
        "cores",
        "free memory",
        "pressure",
        "use of runs",
        "open files",
        "state",
        "disk",
        "clones",
    ] {
        subject(name);
    }
    scene.config("agent = \"claude\"\n");
    scene.home.install_program("claude", "#!/bin/sh\necho '2.1.330 (Claude Code)'\n");
    let said = scene.run(&["doctor", "--json"]);
    assert_eq!((said.code, &said.as_json()["ok"]), (6, &json!(false)));
    assert!(said.as_json()["items"].is_array());
    let text = scene.run(&["doctor"]);
    assert!(text.err.contains("herder cannot work here") && text.err.contains("setup-token"), "{text:?}");
}

#[test]
fn doctor_looks_at_each_repository_and_at_one_alone() {
    let scene = Scene::new();
    let found = |args: &[&str]| -> Vec<(String, String, String)> {
        let items = scene.run(&[&["doctor", "--json"], args].concat()).as_json()["items"].clone();
        let of_repos = items.as_array().unwrap().iter().filter(|item| item["group"] == "repositories");
        let text = |item: &serde_json::Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
        of_repos.map(|item| (text(item, "subject"), text(item, "verdict"), text(item, "detail"))).collect()
    };
    let bad = |args: &[&str]| -> Vec<String> {
        let bad = found(args).into_iter().filter(|(_, verdict, _)| verdict != "ok");
        bad.map(|(subject, verdict, detail)| format!("{subject} {verdict}: {detail}")).collect()
    };
    assert_eq!(bad(&[]), Vec::<String>::new());
    scene.second("acme/other");
    assert!(bad(&[])[0].starts_with("acme/other warning: there is no gate"), "{:?}", bad(&[]));
    assert_eq!(bad(&["--repo", "app"]), Vec::<String>::new());
    assert!(found(&["--repo", "app"]).iter().all(|(subject, ..)| subject == "acme/app"));
    assert_eq!(scene.run(&["doctor", "--repo", "nobody"]).code, 3);

    scene.origin.push("main", "Odd settings", &[(".ralph/config.toml", Some("colour = 1\n"))]);
    scene.add(&scene.origin, "acme/app");
    assert!(bad(&["--repo", "app"])[0].contains(".ralph/config.toml:1"), "{:?}", bad(&["--repo", "app"]));
    fs_err::rename(scene.origin.path(), scene.home.path().join("away")).unwrap();
    let said = scene.run(&["doctor", "--repo", "app"]);
    assert_eq!(said.code, 6);
    assert!(said.out.contains("does not answer"), "{said:?}");
}

#[test]
fn doctor_names_the_variable_of_a_credential_and_never_its_value() {
    let scene = Scene::new();
    let program = scene.home.write("bin/claude", "#!/bin/sh\n");
    fs_err::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    scene.config(&format!("agent = \"claude\"\n[agents.claude]\nprogram = {program:?}\n"));
    let mut doctor = scene.command(&["doctor"]);
    doctor.env("ANTHROPIC_API_KEY", "sk-do-not-tell");
    let said = crate::scene::feed(doctor, b"");
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("ANTHROPIC_API_KEY is set, the login was not tried"), "{said:?}");
    assert!(!said.out.contains("do-not-tell"), "{said:?}");
}

#[test]
fn one_repository_is_listed_and_added_up_alone() {
    let scene = Scene::new();
    scene.second("acme/other");
    let listed = scene.json(&["repo", "list", "--repo", "other"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    scene.goal_of(SCRIPT, "Hello", &["--queue", "--repo", "acme/app"]);
    scene.ok(&["up", "--once", "--repo", "acme/app"]);
    let runs = |repo: &str| scene.json(&["stats", "--repo", repo])["all"]["runs"].clone();
    assert_eq!((runs("acme/app"), runs("other")), (json!(1), json!(0)));
}

#[test]
fn each_setting_is_shown_with_who_said_so() {
    let scene = Scene::new();
    let explained = |args: &[&str], key: &str| {
        let all = scene.json(&[&["config", "explain"], args].concat());
        let items = all["items"].as_array().unwrap().clone();
        let item = items.into_iter().find(|item| item["key"] == key).unwrap();
        (item["value"].as_str().unwrap().to_owned(), item["source"].as_str().unwrap().to_owned())
    };
    let is = |value: &str, source: &str| (value.to_owned(), source.to_owned());
    assert_eq!(explained(&[], "duration"), is("4h", "default"));
    assert_eq!(explained(&["--duration", "90s"], "duration"), is("1m30s", "flag"));
    assert!(explained(&[], "agent").1.ends_with(".config/herder/config.toml:1"));
    let config = ".ralph/config.toml";
    scene.origin.push("main", "Settings", &[(config, Some("\nduration = \"2h\"\n"))]);
    scene.add(&scene.origin, "acme/app");
    assert_eq!(explained(&["--repo", "app"], "duration"), is("2h", ".ralph/config.toml:2"));
    assert_eq!(explained(&[], "duration").0, "4h");
}

#[test]
fn one_setting_is_told_in_full_and_can_be_changed() {
    let scene = Scene::new();
    scene.config("# mine\nagent = \"replay\" # free\nduration = \"3h\"\n[timeouts]\ntool = \"2h\"\n");
    let told = scene.json(&["config", "explain", "duration", "--duration", "1h"]);
    assert_eq!((&told["value"], &told["source"]), (&json!("1h"), &json!("flag")));
    assert_eq!(told["hidden"][0]["value"], "3h");
    assert!(told["hidden"][0]["source"].as_str().unwrap().ends_with("config.toml:3"), "{told}");
    let text = scene.ok(&["config", "explain", "duration"]);
    assert!(text.contains("working time of a run") && text.contains("90s"), "{text}");
    assert_eq!(scene.json(&["config", "explain", "timeouts.tool"])["value"], "2h");
    assert_eq!(scene.json(&["config", "explain", "retention.runs"])["value"], "30d");
    assert!(text.contains("in what begins from now on"), "{text}");
    let unknown = scene.run(&["config", "explain", "duratoin"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("did you mean `duration`?"), "{unknown:?}");

    scene.ok(&["config", "set", "duration", "90m"]);
    assert_eq!(scene.json(&["config", "explain", "duration"])["value"], "1h30m");
    let file = scene.ok(&["config", "path"]);
    let text = || fs_err::read_to_string(file.trim()).unwrap();
    assert!(text().starts_with("# mine\nagent = \"replay\" # free\nduration = \"90m\"\n"), "{}", text());
    let before = text();
    for (key, value) in [("duration", "soon"), ("colour", "red"), ("agent", "nobody"), ("max", "0")] {
        let refused = scene.run(&["config", "set", key, value]);
        assert_eq!(refused.code, 5, "{refused:?}");
        assert!(refused.err.contains("nothing was written"), "{refused:?}");
    }
    assert_eq!(text(), before);
    scene.ok(&["config", "unset", "timeouts.tool"]);
    assert!(!text().contains("tool"), "{}", text());
    assert_eq!(scene.json(&["config", "unset", "max"])["changed"], false);
}

#[test]
fn without_a_ralph_the_view_says_so() {
    let scene = Scene::new();
    assert_eq!(scene.ok(&["watch", "--once"]), "no ralph is running\n");
    assert_eq!(scene.json(&["watch", "--once"])["items"], json!([]));
}

#[test]
fn repositories_are_listed_with_where_work_lands() {
    let scene = Scene::new();
    let url = scene.origin.path().to_str().unwrap();
    let list = scene.json(&["repo", "list"]);
    assert_eq!(
        list["items"],
        json!([{
            "repo": scene.full("acme/app"), "url": url, "base_branch": "main", "pushes": true, "goals": "local",
        }])
    );
}

#[test]
fn help_and_version_go_to_standard_output() {
    let scene = Scene::bare();
    assert!(scene.ok(&["--version"]).starts_with("herder "));
    for args in [["--help"].as_slice(), &["goal", "--help"], &["up", "--help"]] {
        assert!(scene.ok(args).contains("Usage: herder"), "{args:?}");
    }
    let nothing = scene.run(&[]);
    assert_eq!((nothing.code, nothing.out.as_str()), (2, ""));
    assert!(nothing.err.contains("Usage: herder"));
    assert_eq!(scene.run(&["--json"]).as_json()["error"]["kind"], "usage");
}

#[test]
fn gates_that_changed_their_mind_are_counted_and_named() {
    let scene = Scene::bare();
    let row = |flakes: u32, names: &str| {
        format!(
            "{{\"started_at\":\"x\",\"exit_reason\":\"done\",\"gate_flakes\":{flakes},\"flaky\":[{names}]}}\n"
        )
    };
    let old = "{\"started_at\":\"x\",\"exit_reason\":\"done\"}\n";
    let rows = [row(2, "\"b\",\"a\""), row(1, "\"b\""), row(0, ""), old.to_owned()].concat();
    let file = scene.home.write("stats.jsonl", &rows);
    let args = ["stats", "--file", file.to_str().unwrap()];
    let text = scene.ok(&args);
    assert!(text.ends_with("gates changed their mind 3 times\n  b (2 runs)\n  a (1 run)\n"), "{text}");
    let json = scene.json(&args);
    assert_eq!((&json["all"]["gate_flakes"], &json["flaky"]["b"]), (&3.into(), &2.into()), "{json}");
    let quiet = scene.home.write("quiet.jsonl", old);
    assert!(!scene.ok(&["stats", "--file", quiet.to_str().unwrap()]).contains("mind"));
}
