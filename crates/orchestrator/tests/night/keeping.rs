//! Where work is kept while a goal is at work, and that none of it is lost.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use herder_domain::run::RunId;
use herder_workspace::Vault;

use crate::stage::script::{bad, expect, goes_on, good, script, write};
use crate::stage::{GATE, Plan, Stage};

#[test]
fn each_iteration_leaves_a_snapshot_in_the_vault() {
    let mut stage = Stage::new(GATE);
    let going_on = |path: &str| vec![write(path, "ok\n"), goes_on("Wrote one.")];
    let goal = stage.goal("Write three", "", &script(&[going_on("1.txt"), going_on("2.txt"), good("3.txt")]));
    stage.good_night();
    let run = RunId::of(&goal, 1);
    for iteration in 1..=3 {
        let snapshot = format!("refs/herder/wip/1/{run}/{iteration}");
        for file in 1..=3 {
            let found = stage.vault_file(&snapshot, &format!("{file}.txt"));
            assert_eq!(found.is_some(), file <= iteration, "{file}.txt in {snapshot}");
        }
    }
    // The collector looks once more; where nothing has changed since, its snapshot is the last iteration's.
    let vault = Vault::at(&stage.state().vault(&stage.id));
    let commit =
        |number: u32| vault.bare().resolve(&format!("refs/herder/wip/1/{run}/{number}")).unwrap().unwrap();
    assert_eq!((commit(4), stage.row(&goal, 1).iterations), (commit(3), 3));
    assert_eq!(stage.word(&goal), "done");
}

mod machine {
    use super::*;

    #[test]
    #[ignore = "needs a second file system; the suite `machine` runs it"]
    fn clones_may_lie_on_another_file_system_than_the_state() {
        let elsewhere = Path::new("/dev/shm");
        let device = |path: &Path| path.metadata().unwrap().dev();
        assert_ne!(device(elsewhere), device(&std::env::temp_dir()));
        let root = tempfile::Builder::new().prefix("hd.").tempdir_in(elsewhere).unwrap();
        let mut stage = Plan::gate(GATE).config("[budget]\niterations = 1").build();
        stage.configure(&format!("root = \"{}\"\n{}", root.path().display(), stage.config()));
        let again = [vec![expect("Its work is in the directory")], good("new.txt")].concat();
        let goal = stage.goal("Write a file", "", &script(&[bad("new.txt"), again]));
        stage.good_night();
        assert_eq!(
            (stage.word(&goal), stage.outcomes(&goal)),
            ("done", vec!["max_iterations".into(), "done".into()])
        );
        let second = stage.run_dir(&goal, 2).spec().unwrap().unwrap();
        assert!(second.context.is_resumed && second.setup.clone.starts_with(root.path()));
        assert_eq!(stage.repo.file_at("main", "new.txt").as_deref(), Some("ok\n"));
    }
}
