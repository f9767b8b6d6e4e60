//! `pilotc` as its users run it: exit codes, what goes to stdout and what to stderr.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn units() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/units")
}

fn pilotc(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pilotc"));
    command.args(args).current_dir(units()).output().expect("pilotc runs")
}

fn code(args: &[&str]) -> Option<i32> {
    pilotc(args).status.code()
}

#[test]
fn a_clean_board_is_0_and_says_nothing() {
    for path in ["good/demo", "good/demo/board.conf"] {
        let output = pilotc(&["check", path]);
        assert_eq!(output.status.code(), Some(0), "{path}");
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{path}");
    }
}

#[test]
fn warnings_are_told_and_are_0() {
    let output = pilotc(&["check", "bad/W403-backlog-capped"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("warning[W403]"));
}

#[test]
fn errors_are_1_and_told_on_stderr_with_their_place() {
    let output = pilotc(&["check", "bad/E302-socket-without-service"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("bad/E302-socket-without-service/mail.socket:3:9"), "{said}");
    assert!(said.ends_with("2 errors, 0 warnings\n"), "{said}");
}

#[test]
fn misuse_is_2() {
    assert_eq!(code(&[]), Some(2));
    assert_eq!(code(&["check"]), Some(2));
    assert_eq!(code(&["check", "no/such/file.service"]), Some(2));
    assert_eq!(code(&["plan", "bad"]), Some(2));
    assert_eq!(code(&["frobnicate"]), Some(2));
}

#[test]
fn a_board_has_a_name_where_it_stands_below_board() {
    let run = |args: &[&str]| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut command = Command::new(env!("CARGO_BIN_EXE_pilotc"));
        command.args(args).current_dir(root).output().expect("pilotc runs")
    };
    let (name, path) = ("host-x86_64", "board/host-x86_64");
    for verb in ["check", "plan", "lint", "graph"] {
        assert_eq!(run(&[verb, name]), run(&[verb, path]), "{verb}");
    }
    assert_eq!(run(&["diff", name, path]).status.code(), Some(0));
    for none in ["no-such", "..", ""] {
        assert_eq!(run(&["plan", none]).status.code(), Some(2), "{none}");
    }
}

#[test]
fn loose_files_are_checked_together_and_may_name_what_systemd_has() {
    let folder = std::env::temp_dir().join(format!("pilotc-cli-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = |name: &str| folder.join(name).display().to_string();
    let write = |name: &str, text: &str| std::fs::write(path(name), text).expect("a file");
    write("a.socket", "[Unit]\nAfter=rescue.target\n[Socket]\nListenStream=80\n");
    write("a.service", "[Service]\nExecStart=/bin/a\n");
    write("b.service", "[Unit]\nAfter=nowhere.target\n[Service]\nExecStart=/bin/a\n");
    let (socket, service, other) = (path("a.socket"), path("a.service"), path("b.service"));
    assert_eq!(code(&["check", &socket, &service]), Some(0));
    assert_eq!(code(&["check", &socket]), Some(0), "its service stands beside it");
    std::fs::rename(&service, path("z.service")).expect("a file");
    assert_eq!(code(&["check", &socket]), Some(1), "its service is missing");
    let said = pilotc(&["check", &other]);
    assert_eq!(said.status.code(), Some(0), "who knows which units stand elsewhere");
    assert!(said.stderr.is_empty());
    std::fs::remove_dir_all(&folder).expect("it was just made");
}

/// A folder of its own with files, gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let path = std::env::temp_dir().join(format!("pilotc-{name}-{}", std::process::id()));
        for (name, text) in files {
            let file = path.join(name);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(file, text).expect("a file");
        }
        Self(path)
    }

    fn check(&self, names: &[&str]) -> (Option<i32>, String) {
        let paths = names.iter().map(|name| self.0.join(name).display().to_string());
        let paths: Vec<String> = paths.collect();
        let mut args = vec!["check"];
        args.extend(paths.iter().map(String::as_str));
        let output = pilotc(&args);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_belongs_to_a_loose_file_is_found_beside_it() {
    let folder = Folder::new(
        "beside",
        &[
            ("a.service", "[Service]\nExecStart=/bin/a\nStandardInput=socket\n"),
            ("a.socket", "[Socket]\nListenStream=80\n"),
            ("b.service", "[Service]\nExecStart=/bin/b\n"),
            ("b.service.d/1.conf", "[Service]\nPrivateUsers=yes\n"),
            ("user-.scope.d/1.conf", "[Scope]\nTasksMax=10\n"),
            ("c.service", "[Service]\nExecStart=/bin/c\nPrivateUsers=yes\n"),
            ("c.service.d/1.conf", "[Service]\nPrivateUsers=no\n"),
        ],
    );
    assert_eq!(folder.check(&["a.service"]).0, Some(0), "its socket stands beside it");
    let (code, said) = folder.check(&["b.service"]);
    assert!(code == Some(1) && said.contains("b.service.d/1.conf:2:1"), "{said}");
    assert_eq!(folder.check(&["c.service"]).0, Some(0), "a drop-in took it back");
    let (code, said) = folder.check(&["user-.scope.d/1.conf"]);
    assert!(code == Some(1) && said.contains("error[E109]"), "{said}");
}

#[test]
fn two_files_of_one_name_are_told_and_one_given_twice_is_not() {
    let unit = "[Service]\nExecStart=/bin/a\n";
    let folder = Folder::new("twice", &[("one/a.service", unit), ("two/a.service", unit)]);
    assert_eq!(folder.check(&["one/a.service", "one/a.service"]).0, Some(0));
    assert_eq!(folder.check(&["one", "one/a.service"]).0, Some(0));
    let (code, said) = folder.check(&["one/a.service", "two/a.service"]);
    assert!(code == Some(1) && said.contains("error[E318]"), "{said}");
}

#[test]
fn lint_rates_on_stdout_and_tells_on_stderr() {
    let output = pilotc(&["lint", "bad/L502-weak-hardening"]);
    assert_eq!(output.status.code(), Some(0));
    let rated = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(rated.contains(" 1 of 12 web.service\n    +3 User="), "{rated}");
    assert!(rated.contains("12 of 12 good.service\n"), "{rated}");
    assert!(!rated.contains("local.service"), "the network does not reach it: {rated}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("warning[L502]"));
    assert_eq!(code(&["lint", "bad/W403-denied"]), Some(1));
    assert_eq!(code(&["lint", "bad"]), Some(2));
}

/// What is allowed there is allowed with a reason, in `[Lint]` of their board.conf.
#[test]
fn no_lint_has_a_word_for_the_boards_that_come_with_it() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut count = 0;
    for folder in ["board", "buildroot/board"] {
        for entry in std::fs::read_dir(format!("{root}/{folder}")).unwrap() {
            let board = entry.unwrap().path();
            let conf = std::fs::read_to_string(board.join("board.conf")).unwrap_or_default();
            if !conf.contains("\nArchitecture=") {
                continue;
            }
            let output = pilotc(&["lint", board.to_str().unwrap()]);
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && told.is_empty(), "{}: {told}", board.display());
            count += 1;
        }
    }
    assert!(count >= 7, "the boards are there");
}

#[test]
fn plan_and_manual_go_to_stdout() {
    let plan = pilotc(&["plan", "good/demo"]);
    assert_eq!(plan.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&plan.stdout).contains("listener  2 ListenStream=80"));
    let manual = pilotc(&["manual"]);
    assert!(String::from_utf8_lossy(&manual.stdout).contains("### `ListenStream=`"));
}

#[test]
fn man_tells_of_each_section_apart() {
    let man =
        |directive: &str| String::from_utf8_lossy(&pilotc(&["man", directive]).stdout).into_owned();
    assert!(man("restart").starts_with("[Service]\n\n### `Restart=`\n"));
    let memory = man("MemoryMax=");
    assert!(memory.starts_with("[Service] [Slice]\n\n### `MemoryMax=`\n"), "{memory}");
    assert!(memory.contains("\n\n[Socket]\n\n### `MemoryMax=`\n"), "{memory}");
    assert_eq!(code(&["man", "MemoryMacks"]), Some(2));
}

#[test]
fn diff_ends_as_diff_does() {
    let output = pilotc(&["diff", "good/demo", "good/demo"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.is_empty() && output.stderr.is_empty());
    let output = pilotc(&["diff", "good/demo", "good/layers"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("\n  sizes\n"));
    let output = pilotc(&["diff", "good/demo", "bad/E201-board-values"]);
    assert_eq!(output.status.code(), Some(2), "what does not compile cannot be compared");
    assert!(String::from_utf8_lossy(&output.stderr).contains("error[E201]"));
    assert_eq!(code(&["diff", "good/demo", "bad"]), Some(2));
    let output = pilotc(&["diff", "good/demo", "good/layers", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"same\": false"));
}

#[test]
fn coverage_tells_each_file_each_directive_and_both_rates() {
    let folder = Folder::new(
        "coverage",
        &[
            ("clean.service", "[Unit]\nDescription=x\n[Service]\nExecStart=/bin/a\n"),
            ("ignored.service", "[Service]\nExecStart=/bin/a\nUtmpIdentifier=a\n"),
            ("sub/lost.service", "[Service]\nExecStart=/bin/a\nUSBFunctionStrings=x\n"),
            ("wrong.service", "[Service]\nExecStart=/bin/a\nUMask=yes\nFrob=1\n"),
            ("a.service.d/1.conf", "[Service]\nUMask=0022\n"),
            ("read.me", "not a unit"),
        ],
    );
    let path = folder.0.display().to_string();
    let output = pilotc(&["coverage", &path]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0));
    for line in [
        "    4     4        0  implemented [Service] ExecStart=\n",
        "    2     2        1  implemented [Service] UMask=\n",
        "    1     1        1  unsupported [Service] USBFunctionStrings=\n",
        "    1     1        1  unknown     [Service] Frob=\n",
        "ignored     ignored.service  W401 UtmpIdentifier=\n",
        "unsupported sub/lost.service  E107 USBFunctionStrings=\n",
        "refused     wrong.service  E106 Frob=, E201 UMask=\n",
        "clean       a.service.d/1.conf\n",
        "    5 files\n",
        " 40.0 % compile clean\n 60.0 % compile with at most",
    ] {
        assert!(said.contains(line), "{line} in\n{said}");
    }
    let output = pilotc(&["coverage", &path, "--format", "json"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("\"clean_or_ignored_percent\": 60.0"), "{said}");
    assert_eq!(code(&["coverage", "no/such/folder"]), Some(2));
}

#[test]
fn graph_writes_a_picture() {
    let output = pilotc(&["graph", "good/demo"]);
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.starts_with("<svg ") && said.ends_with("</svg>\n"), "{said}");
    let folder = Folder::new("graph", &[("there", "")]);
    let path = folder.0.join("x.svg").display().to_string();
    let output = pilotc(&["graph", "good/demo", "-o", &path, "--theme", "dark"]);
    assert!(output.status.success() && output.stdout.is_empty());
    assert!(std::fs::read_to_string(&path).expect("it was written").starts_with("<svg "));
    let output = pilotc(&["graph", "good/demo", "--format", "json"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"says\": \"trigger\""));
    assert_eq!(code(&["graph", "bad"]), Some(2));
    assert_eq!(code(&["graph", "bad/E201-board-values"]), Some(1));
}
