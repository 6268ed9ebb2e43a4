//! What a repository needs beyond its files: set-ups, files of the person's, ports.

use std::collections::BTreeSet;

use herder_domain::event::What;
use herder_domain::gate::Verdict;
use herder_domain::goal::{GoalState, StuckCause};
use herder_domain::repo::GoalRef;
use herder_testkit::until;
use serde_json::Value;

use crate::red_base::NAMING;
use crate::stage::script::{done, expect, good, script, shell, write};
use crate::stage::{GATE, Orchestrator, PATIENCE, Plan, Stage};

/// Makes `deps/` of `deps.lock`, and notes each call among the caches of whoever calls.
const SETUP: &str =
    "#!/bin/sh\nset -e\nmkdir deps\ncp deps.lock deps/installed\necho once >>\"$CARGO_HOME/setups\"\n";

/// Wants what the set-up made, as it made it, and good files.
const SET_UP_GATE: &str = "cmp deps/installed deps.lock || exit 1\n\
    case \"$CARGO_HOME\" in */gates/*) [ ! -e deps/planted ] || { echo planted; exit 1; } ;; esac\n";

const KEPT: &str = "[setup]\nkey = [\"deps.lock\"]\nkeep = [\"deps\"]\n";

fn furnished(config: &str) -> Plan {
    Plan::gate(&format!("{SET_UP_GATE}{GATE}"))
        .max(1)
        .file(".ralph/setup", SETUP)
        .file(".ralph/config.toml", config)
        .file(".gitignore", "/deps/\n")
        .file("deps.lock", "one\n")
}

/// What jobs have noted under a name among the caches of runs or gates, a line each.
fn noted(stage: &Stage, set: &str, name: &str) -> Vec<String> {
    let caches = std::fs::read_dir(stage.home.root().join(".cache")).unwrap();
    let texts = caches.filter_map(|repo| {
        std::fs::read_to_string(repo.unwrap().path().join(set).join("cargo").join(name)).ok()
    });
    texts.flat_map(|text| text.lines().map(ToOwned::to_owned).collect::<Vec<_>>()).collect()
}

fn set_ups(stage: &Stage) -> (usize, usize) {
    (noted(stage, "runs", "setups").len(), noted(stage, "gates", "setups").len())
}

fn after(command: &str, then: Vec<Value>) -> String {
    script(&[[vec![shell(command)], then].concat()])
}

#[test]
fn what_a_set_up_makes_is_made_once_and_no_run_can_spoil_it() {
    let mut stage = furnished(KEPT).build();
    let spoil = "cmp deps/installed deps.lock && touch deps/planted";
    let goals = ["1.txt", "2.txt"].map(|file| stage.goal(file, "", &after(spoil, good(file))));
    stage.good_night();
    for goal in &goals {
        assert_eq!((stage.word(goal), stage.outcomes(goal)), ("done", vec!["done".into()]));
    }
    assert_eq!(set_ups(&stage), (1, 1));
    assert!(!stage.repo.files_at("main").iter().any(|file| file.starts_with("deps/")));
}

#[test]
fn without_a_kept_directory_each_clone_and_each_checkout_is_set_up() {
    let mut stage = furnished("").build();
    let goals = ["1.txt", "2.txt"].map(|file| stage.goal(file, "", &script(&[good(file)])));
    stage.good_night();
    assert!(goals.iter().all(|goal| stage.word(goal) == "done"));
    assert_eq!(set_ups(&stage), (2, 2));
}

#[test]
fn work_on_a_lock_file_is_set_up_by_itself_and_nothing_of_that_is_kept() {
    let mut stage = furnished(KEPT).build();
    let change = vec![write("deps.lock", "two\n"), shell("cp deps.lock deps/installed")];
    let changing = script(&[[change, good("1.txt")].concat()]);
    let next = script(&[good("2.txt")]);
    let goals = [stage.goal("Change", "", &changing), stage.goal("Next", "Depends: #1", &next)];
    stage.good_night();
    assert!(goals.iter().all(|goal| stage.word(goal) == "done"));
    // Of the gates': the changed work by itself, and then the base that it has become.
    assert_eq!(set_ups(&stage), (2, 2));
}

#[test]
fn a_set_up_that_fails_is_tried_again_and_then_a_person_is_told_of_it() {
    let failing = "#!/bin/sh\necho the index is away\nexit 3\n";
    let mut stage = Plan::gate(GATE).file(".ralph/setup", failing).build();
    let goal = stage.goal("Write a file", "", &script(&[good("new.txt")]));
    stage.good_night();
    assert_eq!(stage.outcomes(&goal), ["setup_failed"; 3]);
    let GoalState::Stuck { cause: StuckCause::Crashed, detail } = stage.found(&goal).state else {
        panic!("{:?}", stage.found(&goal).state);
    };
    assert!(detail.contains("the index is away"), "{detail}");
    let log = fs_err::read_to_string(stage.run_dir(&goal, 1).path().join("setup.log")).unwrap();
    assert!(log.contains("the index is away"), "{log}");
}

/// A set-up that takes for ever for the first goal, and says when it has begun.
const SLOW_SET_UP: &str = "#!/bin/sh\n\
    case $(pwd) in */1-1) echo begun; sleep 600;; esac\n";

fn until_setting_up(stage: &Stage, goal: &GoalRef) {
    let log = stage.run_dir(goal, 1).path().join("setup.log");
    until("a set-up at work", PATIENCE, || {
        std::fs::read_to_string(&log).is_ok_and(|text| text.contains("begun")).then_some(())
    });
    assert!(stage.why(goal).contains("is setting up: run "), "{}", stage.why(goal));
}

#[test]
fn a_goal_that_is_closed_while_it_is_set_up_waits_for_no_set_up_and_leaves_nothing() {
    let torn = "#!/bin/sh\npwd >>\"$CARGO_HOME/torn\"\n";
    let mut stage =
        Plan::gate(GATE).max(1).file(".ralph/setup", SLOW_SET_UP).file(".ralph/teardown", torn).build();
    let goal = stage.goal("Write a file", "", &script(&[good("new.txt")]));
    let next = stage.goal("Write another", "", &script(&[good("2.txt")]));
    let up = stage.up_once();
    until_setting_up(&stage, &goal);
    stage.person(&goal, What::GoalCancelled);
    assert!(up.finish().success());
    stage.home.assert_no_process_left();
    assert_eq!((stage.word(&goal), stage.outcomes(&goal)), ("cancelled", vec!["stopped".to_owned()]));
    assert_eq!(
        (stage.found(&goal).series, stage.row(&goal, 1).exit_reason.as_str()),
        (<_>::default(), "stopped")
    );
    assert!(noted(&stage, "runs", "torn")[0].ends_with("/1-1"), "what it had begun is torn down");
    assert_eq!(stage.word(&next), "done", "the slot is free for the next");
}

#[test]
fn a_goal_that_waits_for_anothers_set_up_need_not_when_it_is_closed() {
    let slow = format!("{SLOW_SET_UP}{}", SETUP.trim_start_matches("#!/bin/sh\n"));
    let slow = slow.replace("*/1-1)", "*/setup)");
    let config = "[setup]\nkey = [\"deps.lock\"]\nkeep = [\"deps\"]\n";
    let mut stage = furnished(config).max(2).file(".ralph/setup", &slow).build();
    let goals = ["1.txt", "2.txt"].map(|file| stage.goal(file, "", &script(&[good(file)])));
    let up = stage.up_once();
    let begun = |goal: &GoalRef| stage.run_dir(goal, 1).path().join("setup.log").exists();
    let maker = until("a set-up at work", PATIENCE, || goals.iter().position(begun));
    until_setting_up(&stage, &goals[maker]);
    let (maker, waiting) = (&goals[maker], &goals[1 - maker]);
    stage.person(waiting, What::GoalCancelled);
    stage.until_happened("its end", waiting, |what| matches!(what, What::RunClosed { .. }).then_some(()));
    assert_eq!((stage.outcomes(waiting), stage.word(maker)), (vec!["stopped".to_owned()], "running"));
    stage.person(maker, What::GoalCancelled);
    assert!(up.finish().success());
    stage.home.assert_no_process_left();
    assert_eq!(stage.outcomes(maker), ["stopped"]);
}

#[test]
fn an_orchestrator_that_goes_waits_for_no_set_up() {
    for drain in [&["down"][..], &["down", "--drain"]] {
        let mut stage = Plan::gate(GATE).file(".ralph/setup", SLOW_SET_UP).build();
        let goal = stage.goal("Write a file", "", &script(&[good("new.txt")]));
        let up = stage.up();
        until_setting_up(&stage, &goal);
        let down = Orchestrator::start(&stage.home, drain);
        assert!(up.finish().success() && down.finish().success());
        stage.home.assert_no_process_left();
        assert_eq!((stage.word(&goal), stage.outcomes(&goal)), ("queued", vec!["stopped".to_owned()]));
        assert_eq!(stage.found(&goal).series, <_>::default());
    }
}

#[test]
fn a_set_up_whose_products_git_would_take_is_refused() {
    let mut stage = Plan::gate(GATE).file(".ralph/setup", "#!/bin/sh\necho ok >made.txt\n").build();
    let goal = stage.goal("Write a file", "", &script(&[good("new.txt")]));
    stage.good_night();
    assert_eq!(stage.word(&goal), "draft");
    assert!(stage.why(&goal).contains("made.txt"), "{}", stage.why(&goal));
}

#[test]
fn what_was_set_up_is_torn_down_and_its_failure_keeps_nothing() {
    let mut stage =
        Plan::gate(GATE).file(".ralph/teardown", "#!/bin/sh\npwd >>\"$CARGO_HOME/torn\"\nexit 1\n").build();
    let goal = stage.goal("Write a file", "", &script(&[good("new.txt")]));
    stage.good_night();
    assert_eq!(stage.word(&goal), "done");
    let clone = stage.clone_of(&goal, 1).display().to_string();
    assert_eq!(noted(&stage, "runs", "torn"), [clone]);
    assert_eq!(noted(&stage, "gates", "torn").len(), 1);
}

#[test]
fn files_of_the_persons_reach_jobs_and_neither_logs_nor_commits() {
    let gate = "[ -s .env.test ] || { echo no settings; exit 1; }\ncat .env.test\n";
    let stage = Plan::gate(&format!("{gate}{GATE}"))
        .file(".ralph/config.toml", "[setup]\nfiles = [\".env.test\", \"conf/local.ini\"]\n")
        .file(".gitignore", "!.env.test\n");
    let mut stage = stage.build();
    let from = stage.home.home().join("settings");
    fs_err::create_dir_all(from.join("conf")).unwrap();
    fs_err::write(from.join(".env.test"), "export TOKEN=\"swordfish-77\"\n").unwrap();
    fs_err::write(from.join("conf/local.ini"), "debug = 1\n").unwrap();
    let name = stage.id.to_string();
    stage.configure(&format!("{}\n[repo.\"{name}\"]\nfiles_from = \"~/settings\"\n", stage.config()));
    let goal = stage.goal("Write a file", "", &after("cat .env.test conf/local.ini", good("new.txt")));
    stage.good_night();
    assert_eq!(stage.word(&goal), "done");
    let files = stage.repo.files_at("main");
    assert!(!files.iter().any(|file| file.contains("env") || file.contains("local")), "{files:?}");
    let dir = stage.run_dir(&goal, 1);
    for log in ["ralph.log", "events.jsonl", "gate/1.log", "gate/landing.log", "run.json"] {
        let text = fs_err::read_to_string(dir.path().join(log)).unwrap();
        assert!(!text.contains("swordfish-77"), "{log}: {text}");
    }
    assert!(fs_err::read_to_string(dir.path().join("gate/landing.log")).unwrap().contains("[redacted]"));
}

#[test]
fn what_was_said_of_the_base_counts_as_long_as_the_persons_files_hold_the_same() {
    let gate = "echo x >>\"$CARGO_HOME/asked\"\ngrep -q good .env.test && exit 0\n\
                echo '{\"ok\":false,\"items\":[\"settings\"]}'; exit 1";
    let asked = "[setup]\nfiles = [\".env.test\"]\n";
    let mut stage = Plan::gate(gate).max(1).file(".ralph/config.toml", asked).build();
    let file = stage.home.write("settings/.env.test", "COLOUR=bad\n");
    let name = stage.id.to_string();
    stage.configure(&format!("{}\n[repo.\"{name}\"]\nfiles_from = \"~/settings\"\n", stage.config()));
    let mut count = 0;
    // The work once where the base is known to fail in the same; else twice, and the base twice.
    for (text, times) in [("COLOUR=bad\n", 4), ("COLOUR=bad\n", 1), ("COLOUR=worse\n", 4)] {
        fs_err::write(&file, text).unwrap();
        let goal = stage.goal("Write a file", "", &script(&[good(&format!("{count}.txt"))]));
        stage.good_night();
        assert_eq!(stage.word(&goal), "done", "{text}");
        let total = noted(&stage, "runs", "asked").len();
        assert_eq!(total - count, times, "{text}");
        count = total;
    }
}

#[test]
fn a_file_that_nobody_has_is_said_before_a_run_begins() {
    let asked = "[setup]\nfiles = [\".env.test\"]\n";
    let mut stage = Plan::gate(GATE).file(".ralph/config.toml", asked).build();
    let goal = stage.goal("Write a file", "", &script(&[good("new.txt")]));
    stage.good_night();
    assert_eq!(stage.word(&goal), "draft");
    let why = stage.why(&goal);
    assert!(why.contains(".env.test") && why.contains("files_from"), "{why}");
}

#[test]
fn every_run_and_every_landing_has_ports_of_its_own() {
    let note =
        "echo $HERDER_PORT_BASE >>\"$CARGO_HOME/ports\"\n[ $HERDER_PORT_2 = $((HERDER_PORT_BASE + 2)) ]\n";
    let mut stage = Plan::gate(&format!("{note}{GATE}")).max(2).build();
    stage.configure(&format!("ports = 3\n{}", stage.config()));
    // Each waits for the other's note: both are at work at the same time.
    let meet = "echo $HERDER_PORT_BASE >>\"$CARGO_HOME/met\"; \
                while [ $(wc -l <\"$CARGO_HOME/met\") -lt 2 ]; do sleep 0.05; done";
    let goals = ["1.txt", "2.txt"].map(|file| stage.goal(file, "", &after(meet, good(file))));
    stage.good_night();
    assert!(goals.iter().all(|goal| stage.word(goal) == "done"));
    let met: BTreeSet<String> = noted(&stage, "runs", "met").into_iter().collect();
    assert_eq!(met.len(), 2, "{met:?}");
    assert_eq!(noted(&stage, "runs", "ports").into_iter().collect::<BTreeSet<_>>(), met);
    assert_eq!(noted(&stage, "gates", "ports").len(), 2);
    assert_eq!(fs_err::read_to_string(stage.state().root().join("ports.json")).unwrap(), "{}");
}

#[test]
fn a_landing_gate_begins_with_what_the_last_one_built_and_nothing_that_a_run_did() {
    // "Compiles" what is newer than its product, and notes it.
    let build = "mkdir -p out\nfor f in *.txt; do\n\
                 [ out/$f -nt $f ] || { cp $f out/$f; echo $f >>\"$CARGO_HOME/compiled\"; }\n\
                 done\n\
                 case \"$CARGO_HOME\" in */gates/*) for f in *.txt; do cmp $f out/$f; done ;; esac\n";
    let mut stage = Plan::gate(&format!("{build}{GATE}"))
        .file(".ralph/config.toml", "[setup]\nseed = [\"out\"]\n")
        .file(".gitignore", "/out/\n")
        .build();
    let first = stage.goal("First", "", &after("[ ! -e out ]", good("1.txt")));
    let spoil = "[ -e out/first.txt ] && echo spoilt >out/first.txt && touch -d '+1 hour' out/*";
    let second = stage.goal("Second", "Depends: #1", &after(spoil, good("2.txt")));
    let third = stage.goal("Third", "Depends: #2", &after("cmp first.txt out/first.txt", good("3.txt")));
    stage.good_night();
    let words = [&first, &second, &third].map(|goal| stage.word(goal));
    assert_eq!(words, ["done"; 3]);
    let compiled = noted(&stage, "gates", "compiled");
    let count = |file: &str| compiled.iter().filter(|name| *name == file).count();
    assert_eq!(count("first.txt"), 1, "{compiled:?}");
    assert!(
        ["1.txt", "2.txt", "3.txt"].into_iter().all(|file| (1..=2).contains(&count(file))),
        "{compiled:?}"
    );
}

/// A directory with links to every program there is, but for one.
fn programs_but(stage: &Stage, missing: &str) -> std::path::PathBuf {
    let dir = stage.home.path().join("programs");
    fs_err::create_dir(&dir).unwrap();
    for place in std::env::split_paths(&std::env::var_os("PATH").unwrap()) {
        for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
            if entry.file_name() != missing {
                // The first of a name is the one that is found.
                let _ = std::os::unix::fs::symlink(entry.path(), dir.join(entry.file_name()));
            }
        }
    }
    dir
}

#[test]
fn without_git_lfs_no_goal_of_a_repository_that_needs_it_runs_on_pointers() {
    let mut stage =
        Plan::gate(GATE).file(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n").build();
    let goal = stage.goal("Write a file", "", &script(&[good("new.txt")]));
    let mut up = stage.home.herder(crate::stage::stand_in());
    up.args(["up", "--once"]).env("PATH", programs_but(&stage, "git-lfs"));
    assert!(up.output().unwrap().status.success());
    assert_eq!((stage.word(&goal), stage.outcomes(&goal)), ("draft", vec!["misconfigured".to_owned()]));
    let why = stage.why(&goal);
    assert!(why.contains("Git LFS") && why.contains("apt-get install git-lfs"), "{why}");
}

/// Has `vendor/lib` of the repository name the first commit of another one, and gives the tip.
fn add_submodule(stage: &Stage, address: &str, commit: &str) {
    let git = |args: &[&str]| stage.repo.git(args.iter().copied()).trim().to_owned();
    let names = format!("[submodule \"lib\"]\n\tpath = vendor/lib\n\turl = {address}\n");
    let file = stage.home.home().join("gitmodules");
    fs_err::write(&file, names).unwrap();
    let blob = git(&["hash-object", "-w", file.to_str().unwrap()]);
    git(&["read-tree", "main"]);
    git(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},.gitmodules")]);
    git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},vendor/lib")]);
    let tree = git(&["write-tree"]);
    let tip = git(&["commit-tree", &tree, "-p", "main", "-m", "Add a library"]);
    git(&["update-ref", "refs/heads/main", &tip]);
}

#[test]
fn submodules_are_filled_with_the_pinned_files_and_are_no_part_of_the_work() {
    let gate = format!("[ -s vendor/lib/first.txt ]\n{GATE}");
    let mut stage = Plan::gate(&gate).file(".ralph/config.toml", "submodules = true\n").build();
    let (library, _) = stage.another("library", "exit 0");
    let pinned = library.tip("main").unwrap();
    library.push("main", "Later", &[("first.txt", Some("later\n"))]);
    add_submodule(&stage, "../library.git", &pinned);
    let look = "grep -qx ok vendor/lib/first.txt && echo changed >vendor/lib/first.txt";
    let goal = stage.goal("Write a file", "", &after(look, good("new.txt")));
    stage.good_night();
    assert_eq!(stage.word(&goal), "done", "{}", stage.why(&goal));
    assert_eq!(stage.repo.git(["rev-parse", "main:vendor/lib"]).trim(), pinned);
}

#[test]
fn an_address_that_would_run_a_program_is_refused_before_anything_runs() {
    let mut stage = Plan::gate(GATE).file(".ralph/config.toml", "submodules = true\n").build();
    let trap = stage.home.home().join("trapped");
    let tip = stage.repo.tip("main").unwrap();
    add_submodule(&stage, &format!("ext::touch% {}", trap.display()), &tip);
    let goal = stage.goal("Write a file", "", &script(&[good("new.txt")]));
    stage.good_night();
    assert_eq!(stage.word(&goal), "draft");
    assert!(stage.why(&goal).contains("submodule") && !trap.exists(), "{}", stage.why(&goal));
}

/// Names what is missing of all that belongs to the files; the rest of [`NAMING`] follows.
const WANTING: &str = "bad=\nlacks() { bad=\"$bad,{\\\"name\\\":\\\"$1\\\",\\\"ok\\\":false}\"; }\n\
    cmp deps/installed deps.lock >&2 || lacks deps\n\
    [ -s .env.test ] || lacks settings\n\
    grep -qx ok vendor/lib/first.txt || lacks library\n\
    [ -n \"$HERDER_PORT_0\" ] || lacks port\n";

/// What a run is told where its red base needs all that belongs to the files; gives how often runs were set up.
fn red_with_all_that_belongs_to_it(setup: &str) -> usize {
    let gate = NAMING.replacen("bad=\n", WANTING, 1);
    let config = format!("submodules = true\nports = 1\n[setup]\nfiles = [\".env.test\"]\n{setup}");
    let plan = Plan::gate(&gate).max(1).file("broken.txt", "bad\n").file("deps.lock", "one\n");
    let plan = plan.file(".ralph/setup", SETUP).file(".gitignore", "/deps/\n");
    let mut stage = plan.file(".ralph/config.toml", &config).build();
    let (library, _) = stage.another("library", "exit 0");
    add_submodule(&stage, "../library.git", &library.tip("main").unwrap());
    let from = stage.home.home().join("settings");
    fs_err::create_dir_all(&from).unwrap();
    fs_err::write(from.join(".env.test"), "COLOUR=green-77\n").unwrap();
    let name = stage.id.to_string();
    stage.configure(&format!("{}\n[repo.\"{name}\"]\nfiles_from = \"~/settings\"\n", stage.config()));
    let breaks = vec![shell("mv .env.test deps/"), write("new.txt", "ok\n"), done("Tried.")];
    let mends = vec![
        expect("- fails: settings\n"),
        expect("- fails on the base branch, too, and need not be repaired: broken.txt\n"),
        shell("mv deps/.env.test ."),
        done("Mended."),
    ];
    let goal = stage.goal("Write a file", "", &script(&[breaks, mends]));
    stage.good_night();
    let iterations = stage.run_dir(&goal, 1).iterations().unwrap();
    let verdicts: Vec<_> = iterations.iter().filter_map(|one| one.gate.as_ref()).map(Verdict::word).collect();
    assert_eq!((stage.word(&goal), verdicts), ("done", vec!["red", "no new failure"]));
    assert!(stage.repo.message("main").contains("\nHerder-Gate: no new failure\n"));
    set_ups(&stage).0
}

#[test]
fn a_red_base_is_asked_with_all_that_the_clone_was_given_and_traps_nobody() {
    assert_eq!(red_with_all_that_belongs_to_it("key = [\"deps.lock\"]\nkeep = [\"deps\"]\n"), 1, "copied");
    // Once for the clone; a red gate is asked once more.
    assert_eq!(red_with_all_that_belongs_to_it(""), 3, "made anew each time");
}
