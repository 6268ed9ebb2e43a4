//! What happens on a full disk. The suite `machine` runs this where a user may mount a disk of his own.

use std::ffi::OsStr;

use crate::bad_input::check_json;
use crate::scene::{GOAL, HERDER, Said, Scene, feed};

#[test]
#[ignore = "needs a disk of its own; the suite `machine` runs it"]
fn a_full_disk_loses_nothing() {
    let scene = Scene::new();
    scene.goal("Kept", &[]);
    let small = scene.home.path().join("small");
    fs_err::create_dir(&small).unwrap();
    // The disk holds the state directory and no byte more.
    let script = "mount -t tmpfs -o size=3m small \"$1\" && cp -R \"$2\"/. \"$1\" && \
                  { cat /dev/zero >\"$1\"/fill 2>/dev/null; true; } && export RALPH_DIR=\"$1\" && \
                  { \"$3\" goal create --title T --json; echo code $?; } && rm \"$1\"/fill && \
                  \"$3\" goal list --json && \"$3\" goal create --title T --json <\"$4\"";
    let body = scene.home.write("goal.md", GOAL);
    let state = scene.home.state();
    let args = [small.as_os_str(), state.as_os_str(), HERDER.as_ref(), body.as_os_str()];
    let said = in_own_mounts(&scene, script, &args, GOAL.repeat(1000).as_bytes());
    let lines: Vec<&str> = said.out.lines().collect();
    let refused = Said { out: lines[0].to_owned(), code: 6, err: String::new() };
    check_json(&refused, "environment", "disk");
    assert_eq!(lines[1], "code 6", "{said:?}");
    assert!(lines[2].contains("\"title\":\"Kept\""), "{said:?}");
    assert!(lines[3].contains("\"number\":2"), "{said:?}");
}

/// The disk fills while a ralph is at work: the orchestrator waits for room, nothing is counted twice, and the
/// goal lands once there is room again. A machine that is asked would begin nothing on so small a disk.
#[test]
#[ignore = "needs a disk of its own; the suite `machine` runs it"]
fn a_disk_that_fills_in_the_night_is_sat_out() {
    let scene = Scene::new();
    let script = r#"[[{"run":"touch begun; sleep 2"},{"write":{"path":"hello","text":"hello\n"}},
        {"answer":{"status":"done","summary":"Said hello."}}]]"#;
    let number = scene.goal_of(&format!("{GOAL}\n```replay\n{script}\n```\n"), "Say hello", &["--queue"]);
    let small = scene.home.path().join("small");
    fs_err::create_dir(&small).unwrap();
    let night = "mount -t tmpfs -o size=8m small \"$1\" && cp -R \"$2\"/. \"$1\" && export RALPH_DIR=\"$1\" && \
                 { \"$3\" up --once --max 1 >\"$HOME\"/said 2>&1 & } && \
                 until find \"$HOME\"/.ralphs -name begun 2>/dev/null | grep -q .; do sleep 0.1; done && \
                 { cat /dev/zero >\"$1\"/fill 2>/dev/null; true; } && \
                 until grep -q 'the disk is full' \"$HOME\"/said; do sleep 0.1; done && \
                 rm \"$1\"/fill && wait && cp \"$1\"/stats.jsonl \"$HOME\" && \"$3\" goal show \"$4\" --json";
    let (state, number) = (scene.home.state(), number.to_string());
    let args = [small.as_os_str(), state.as_os_str(), HERDER.as_ref(), number.as_ref()];
    let said = in_own_mounts(&scene, night, &args, b"");
    let told = fs_err::read_to_string(scene.home.home().join("said")).unwrap();
    assert_eq!(said.as_json()["status"], "done", "{told}");
    let rows = fs_err::read_to_string(scene.home.home().join("stats.jsonl")).unwrap();
    let runs = said.as_json()["runs"].as_array().unwrap().len();
    assert_eq!(rows.lines().count(), runs, "{told}");
    scene.home.assert_no_process_left();
}

/// What a script says in a mount namespace of its own.
fn in_own_mounts(scene: &Scene, script: &str, args: &[&OsStr], input: &[u8]) -> Said {
    let mut outer = scene.home.herder("unshare");
    if !rustix::process::geteuid().is_root() {
        outer.arg("--map-root-user");
    }
    outer.args(["--mount", "sh", "-c", script, "sh"]).args(args);
    feed(outer, input)
}
