//! A state directory that cannot be used, a reader that goes away.

use std::ffi::OsStr;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};

use crate::bad_input::{check_json, check_text};
use crate::scene::{GOAL, HERDER, Said, Scene, feed};

/// Root may write everywhere by a capability; what is started without it in the bounding set has it not.
fn without_privilege(command: Command, input: &[u8]) -> Said {
    std::thread::scope(|scope| {
        let fed = scope.spawn(move || {
            for capability in [CapabilitySet::DAC_OVERRIDE, CapabilitySet::DAC_READ_SEARCH] {
                // An ordinary user has neither, and may not lay them down.
                let _ = remove_capability_from_bounding_set(capability);
            }
            feed(command, input)
        });
        fed.join().unwrap()
    })
}

#[test]
fn a_read_only_state_directory() {
    let scene = Scene::new();
    scene.goal("Kept", &[]);
    let mode = |mode| fs_err::set_permissions(scene.home.state(), Permissions::from_mode(mode)).unwrap();
    mode(0o500);
    let said = [["goal", "create", "--title", "T"].as_slice(), &["up", "--once"]].map(|args| {
        let text = without_privilege(scene.command(args), GOAL.as_bytes());
        let json = without_privilege(scene.command(&[args, &["--json"]].concat()), GOAL.as_bytes());
        (text, json)
    });
    mode(0o700);
    for (text, json) in said {
        assert_eq!((text.code, json.code), (6, 6), "{text:?}");
        check_text(&text, "as the state directory");
        check_json(&json, "environment", "RALPH_DIR");
    }
    assert_eq!(scene.json(&["goal", "list"])["items"].as_array().unwrap().len(), 1);
}

#[test]
fn a_state_directory_that_cannot_be() {
    let scene = Scene::bare();
    fs_err::write(scene.home.path().join("file"), "x").unwrap();
    let mut list = scene.command(&["goal", "list"]);
    list.env("RALPH_DIR", scene.home.path().join("file"));
    let said = feed(list, b"");
    assert_eq!(said.code, 6);
    check_text(&said, "state directory");
    let mut nowhere = scene.command(&["goal", "list"]);
    nowhere.env_remove("RALPH_DIR").env_remove("HOME");
    let said = feed(nowhere, b"");
    assert_eq!(said.code, 6);
    check_text(&said, "set RALPH_DIR or HOME");
}

#[test]
fn a_corrupt_database_is_left_as_it_is() {
    let scene = Scene::new();
    let path = scene.home.state().join("herder.db");
    let garbage = vec![0x5a; 8192];
    fs_err::write(&path, &garbage).unwrap();
    for args in [["goal", "list"].as_slice(), &["up", "--once"], &["goal", "create", "--title", "T"]] {
        let said = scene.with(args, GOAL);
        assert_eq!(said.code, 6, "{said:?}");
        check_text(&said, "not a database");
        assert!(said.err.contains("nothing was changed"), "{said:?}");
    }
    assert_eq!(fs_err::read(&path).unwrap(), garbage);
    let doctor = scene.run(&["doctor"]);
    assert_eq!(doctor.code, 6);
    assert!(doctor.out.contains("ERROR  database"), "{doctor:?}");
}

#[test]
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
    let Some(said) = in_own_mounts(&scene, script, &args, GOAL.repeat(1000).as_bytes()) else {
        return;
    };
    let lines: Vec<&str> = said.out.lines().collect();
    let refused = Said { out: lines[0].to_owned(), code: 6, err: String::new() };
    check_json(&refused, "environment", "disk");
    assert_eq!(lines[1], "code 6", "{said:?}");
    assert!(lines[2].contains("\"title\":\"Kept\""), "{said:?}");
    assert!(lines[3].contains("\"number\":2"), "{said:?}");
}

/// The disk fills while a ralph is at work: the orchestrator waits for room, nothing is counted twice, and the
/// goal lands once there is room again.
#[test]
fn a_disk_that_fills_in_the_night_is_sat_out() {
    let scene = Scene::new();
    let script = r#"[[{"run":"touch begun; sleep 2"},{"write":{"path":"hello","text":"hello\n"}},
        {"answer":{"status":"done","summary":"Said hello."}}]]"#;
    let number = scene.goal_of(&format!("{GOAL}\n```replay\n{script}\n```\n"), "Say hello", &["--queue"]);
    let small = scene.home.path().join("small");
    fs_err::create_dir(&small).unwrap();
    let night = "mount -t tmpfs -o size=8m small \"$1\" && cp -R \"$2\"/. \"$1\" && export RALPH_DIR=\"$1\" && \
                 { \"$3\" up --once >\"$HOME\"/said 2>&1 & } && \
                 until find \"$HOME\"/.ralphs -name begun 2>/dev/null | grep -q .; do sleep 0.1; done && \
                 { cat /dev/zero >\"$1\"/fill 2>/dev/null; true; } && \
                 until grep -q 'the disk is full' \"$HOME\"/said; do sleep 0.1; done && \
                 rm \"$1\"/fill && wait && cp \"$1\"/stats.jsonl \"$HOME\" && \"$3\" goal show \"$4\" --json";
    let (state, number) = (scene.home.state(), number.to_string());
    let args = [small.as_os_str(), state.as_os_str(), HERDER.as_ref(), number.as_ref()];
    let Some(said) = in_own_mounts(&scene, night, &args, b"") else {
        return;
    };
    let told = fs_err::read_to_string(scene.home.home().join("said")).unwrap();
    assert_eq!(said.as_json()["status"], "done", "{told}");
    let rows = fs_err::read_to_string(scene.home.home().join("stats.jsonl")).unwrap();
    let runs = said.as_json()["runs"].as_array().unwrap().len();
    assert_eq!(rows.lines().count(), runs, "{told}");
    scene.home.assert_no_process_left();
}

/// What a script says in a mount namespace of its own; nothing where this machine allows nobody to have one,
/// which is no excuse in CI.
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn in_own_mounts(scene: &Scene, script: &str, args: &[&OsStr], input: &[u8]) -> Option<Said> {
    let mut outer = scene.home.herder("unshare");
    if !rustix::process::geteuid().is_root() {
        outer.arg("--map-root-user");
    }
    outer.args(["--mount", "sh", "-c", script, "sh"]).args(args);
    let said = feed(outer, input);
    if said.err.contains("unshare") || said.err.contains("mount") {
        assert!(std::env::var_os("CI").is_none(), "nobody may mount a disk of his own: {}", said.err);
        eprintln!("skipped: this machine lets nobody mount a disk of his own: {}", said.err);
        return None;
    }
    Some(said)
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let scene = Scene::new();
    scene.goal("Hello", &[]);
    for args in [["goal", "list"].as_slice(), &["--help"], &["goal", "list", "--json"]] {
        let mut command = scene.command(args);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped());
        let said = Said::of(command.output().unwrap());
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{args:?}");
    }
}
