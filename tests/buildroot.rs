//! The Buildroot tree: what it says of this package and of its example boards is true, and, with
//! `BUILDROOT_DIR` naming a checkout of Buildroot, what Buildroot makes of it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository, without a final slash.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// How the package's makefile names Buildroot's setting for the board's folder.
const BOARD: &str = "BR2_PACKAGE_PILOTLIGHT_BOARD";

fn tree() -> PathBuf {
    Path::new(ROOT).join("buildroot")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What is in a folder of the tree, in order of name.
fn entries(folder: &str) -> Vec<PathBuf> {
    let folder = fs::read_dir(tree().join(folder)).unwrap();
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

/// Every file below a folder.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files = entries.flat_map(|entry| match entry.file_type().unwrap() {
        kind if kind.is_dir() => files_in(&entry.path()),
        kind if kind.is_file() => vec![entry.path()],
        _ => Vec::new(),
    });
    files.collect()
}

fn defconfigs() -> Vec<PathBuf> {
    entries("configs")
}

/// The makefile of the package with its continued lines joined.
fn makefile() -> String {
    read(tree().join("package/pilotlight/pilotlight.mk")).replace("\\\n", " ")
}

/// The word that follows `key` in the makefile, without quotes.
fn word_after(key: &str) -> String {
    let makefile = makefile();
    let (_, rest) = makefile.split_once(key).unwrap_or_else(|| panic!("no {key} in the makefile"));
    rest.split_whitespace().next().unwrap().trim_matches('"').to_owned()
}

/// The architecture in board.conf's words of a defconfig's first line.
fn architecture(defconfig: &str) -> &'static str {
    match defconfig.lines().next() {
        Some("BR2_arm=y") => "armv7",
        Some("BR2_aarch64=y") => "aarch64",
        Some("BR2_riscv=y") => "riscv64",
        other => panic!("{other:?} is no architecture"),
    }
}

#[test]
fn every_defconfig_leads_to_a_board_of_its_architecture_that_compiles_without_a_warning() {
    for path in defconfigs() {
        let text = read(&path);
        let board = text.lines().find_map(|line| line.strip_prefix(&format!("{BOARD}=\"")));
        let board = board.and_then(|value| value.strip_suffix('"')).expect("a board's folder");
        let board = board.strip_prefix("$(BR2_EXTERNAL_PILOTLIGHT_PATH)/").expect("in the tree");
        let folder = tree().join(board);
        let (image, warnings) = compile::compile_board(&folder)
            .unwrap_or_else(|failure| panic!("{}: {failure}", folder.display()));
        assert!(warnings.is_empty(), "{}: {}", folder.display(), warnings[0]);
        assert!(!image.table.is_empty());
        let conf = compile::read_board_conf(&folder).unwrap();
        assert_eq!(conf.architecture.name(), architecture(&text), "{}", path.display());
        let default = format!("\"$(BR2_EXTERNAL_PILOTLIGHT_PATH)/{board}\"");
        let config = read(tree().join("package/pilotlight/Config.in"));
        assert!(config.contains(&default), "{default} is not the default of its architecture");
    }
}

#[test]
fn the_package_builds_what_cargo_toml_has_and_with_its_profile() {
    let manifest = read(Path::new(ROOT).join("Cargo.toml"));
    let bin = manifest.split_once("[[bin]]").expect("a program").1;
    let stands = |line: String| assert!(manifest.contains(&line), "no {line} in Cargo.toml");
    stands(format!("name = \"{}\"", word_after("--package ")));
    let program = word_after("--bin ");
    assert!(bin.trim_start().starts_with(&format!("name = \"{program}\"")), "{program}");
    assert!(makefile().contains(&format!("/release/{program} ")), "{program} is not installed");
    stands(format!("required-features = [\"{}\"]", word_after("--features ")));
    let profile = manifest.split_once("[profile.release]").expect("a profile").1;
    let profile = profile.split_once("\n[").map_or(profile, |(profile, _)| profile);
    for key in ["opt-level", "lto", "codegen-units"] {
        let variable = key.replace('-', "_").to_uppercase();
        let said = word_after(&format!("CARGO_PROFILE_RELEASE_{variable}="));
        let lines = [format!("\n{key} = {said}\n"), format!("\n{key} = \"{said}\"\n")];
        assert!(lines.iter().any(|line| profile.contains(line)), "{key} is not {said}");
    }
}

/// A configured output folder of a Buildroot checkout.
struct Buildroot {
    checkout: PathBuf,
    output: PathBuf,
}

impl Buildroot {
    /// None, with a word about it, if no checkout is given.
    fn given(output: &str) -> Option<Self> {
        let Some(checkout) = std::env::var_os("BUILDROOT_DIR") else {
            println!("left out: BUILDROOT_DIR does not name a checkout of Buildroot");
            return None;
        };
        let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join(output);
        fs::create_dir_all(&output).unwrap();
        Some(Self { checkout: checkout.into(), output })
    }

    /// What make prints for a goal.
    fn make(&self, goals: &[&str]) -> String {
        let mut external = OsString::from("BR2_EXTERNAL=");
        external.push(tree());
        let mut output = OsString::from("O=");
        output.push(&self.output);
        said_by(
            Command::new("make")
                .args(["-s", "-C"])
                .args([self.checkout.as_os_str(), &external, &output])
                .args(goals)
                .env_remove("MAKEFLAGS"),
        )
    }
}

fn said_by(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}{errors}");
    said
}

#[test]
fn buildroot_keeps_every_line_of_a_defconfig_and_chooses_the_package_as_init() {
    let Some(buildroot) = Buildroot::given("buildroot-config") else { return };
    for path in defconfigs() {
        let name = path.file_name().unwrap().to_str().unwrap();
        buildroot.make(&[name]);
        let config = read(buildroot.output.join(".config"));
        let has = |line: &str| config.lines().any(|each| each == line);
        for line in read(&path).lines().chain(["BR2_PACKAGE_PILOTLIGHT=y"]) {
            assert!(has(line), "{name}: {line} is dropped");
        }
        let depends = buildroot.make(&["pilotlight-show-depends"]);
        for wanted in ["busybox", "host-rustc", "toolchain"] {
            assert!(depends.split_whitespace().any(|each| each == wanted), "{name}: {depends}");
        }
    }
}

#[test]
fn buildroot_stops_at_a_folder_without_a_board() {
    let Some(buildroot) = Buildroot::given("buildroot-no-board") else { return };
    buildroot.make(&["pilotlight_qemu_arm_defconfig"]);
    let output = Command::new("make")
        .args(["-n", "-C", buildroot.output.to_str().unwrap(), "pilotlight"])
        .arg(format!("{BOARD}=\"/nowhere\""))
        .env_remove("MAKEFLAGS")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(errors.contains(&format!("No board.conf in '/nowhere', see {BOARD}")), "{errors}");
}

#[test]
fn buildroots_own_checker_is_quiet() {
    let Some(buildroot) = Buildroot::given("buildroot-check") else { return };
    let mut check = Command::new(buildroot.checkout.join("utils/check-package"));
    check.arg("--br2-external").args(files_in(&tree()));
    said_by(&mut check);
}
