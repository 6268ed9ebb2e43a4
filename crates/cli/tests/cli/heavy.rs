//! `herder heavy`: with build tokens in hand inside of a run, and just so outside.

use crate::scene::Scene;

#[test]
fn outside_of_a_run_it_just_runs_and_its_exit_code_is_the_programs() {
    let scene = Scene::bare();
    let said =
        scene.run(&["heavy", "-n", "2", "--", "sh", "-c", "echo \"$@\"; exit 7", "sh", "--json", "a b"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (7, "--json a b\n", ""));
    assert_eq!(scene.run(&["heavy", "sh", "-c", "kill -TERM $$"]).code, 128 + 15);
    let said = scene.run(&["heavy", "--", "no-such-program"]);
    assert!(said.code != 0 && said.err.contains("no-such-program") && said.err.contains("hint:"), "{said:?}");
    let mut command = scene.command(&["heavy", "true"]);
    let said = crate::scene::Said::of(command.env("HERDER_TOKENS", "2:/no/such/pipe").output().unwrap());
    assert!(
        said.code != 0 && said.err.contains("/no/such/pipe") && said.err.contains("HERDER_TOKENS"),
        "{said:?}"
    );
}

/// Green where programs that were named heavy are shims that work, in its sandbox, and cargo is told of the pipe.
const CHECK: &str = "#!/bin/sh\n\
    set -e\n\
    test -p \"${HERDER_TOKENS#*:}\"\n\
    test \"$CARGO_MAKEFLAGS\" = \"-j --jobserver-auth=fifo:${HERDER_TOKENS#*:}\"\n\
    case $(command -v sort) in */tokens/bin/*) ;; *) echo no shim; exit 1;; esac\n\
    test \"$(printf 'b\\na\\n' | sort)\" = \"$(printf 'a\\nb')\"\n\
    herder heavy -n 1 -- test -n \"$HERDER_TOKENS\"\n";

const GOAL: &str = "## Objective\nSay hello.\n\n```replay\n[{\"write\": {\"path\": \"hello\", \"text\": \"hi\"}}, \
    {\"answer\": {\"status\": \"done\", \"summary\": \"Said it.\"}}]\n```\n";

#[test]
fn in_a_run_heavy_programs_are_found_by_their_names_and_take_their_tokens() {
    let scene = Scene::new();
    let settings = "heavy = [\"sort\"]\n";
    let files = [(".ralph/check", Some(CHECK)), (".ralph/config.toml", Some(settings))];
    scene.origin.push("main", "Name what is heavy", &files);
    scene.config("agent = \"replay\"\nbudget.iterations = 1\nbuild_tokens = 3\n");
    let number = scene.goal_of(GOAL, "Say hello", &["--queue"]);
    scene.ok(&["up", "--once"]);
    assert_eq!(scene.status(number), "done", "{}", scene.ok(&["logs", &number.to_string()]));
    assert_eq!(std::fs::read_dir(scene.home.state().join("tokens/pipes")).unwrap().count(), 0);
}
