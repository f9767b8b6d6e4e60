//! Debian packages of any architecture, through an apt of our own that shares nothing with the
//! host's but the mirror's address and the archive's key.
//!
//! Nothing is installed from here: packages are downloaded and unpacked under `target/board/`.

use std::collections::BTreeSet;
use std::fs;
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::arch::{self, Arch, facts};
use crate::fail::{self, Failure, OrFail, Result};
use crate::say;
use crate::state::{Key, State, write_whole};

/// The release that boards are made of: the first with a riscv64 port.
const RELEASE: &str = "trixie";
/// Names under which a mirror may have it. While a mirror is being brought up to date the lists
/// under one name may not fit together and those under the other do.
const SUITES: [&str; 2] = [RELEASE, "stable"];
/// Where Debian keeps the keys of its archive; the first that exists signs.
const KEYRINGS: [&str; 2] = [
    "/usr/share/keyrings/debian-archive-keyring.pgp",
    "/usr/share/keyrings/debian-archive-keyring.gpg",
];
const NEXT: &str = "see that this machine reaches its Debian mirror (`apt-get update` works) \
                    and try again; what is complete is kept";

/// An unpacked package.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where its files are.
    pub root: PathBuf,
}

/// What comes along with the packages that are named. Never everything they depend on: an image
/// has no use for debconf or adduser.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Along {
    /// The libraries.
    Libraries,
    /// The kernel that a package without a version in its name depends on.
    Kernel,
}

/// The private apt.
#[derive(Debug)]
pub struct Apt {
    dir: PathBuf,
    debs: PathBuf,
    unpacked: PathBuf,
}

impl Apt {
    /// Makes it; the package lists are fetched once.
    ///
    /// # Errors
    /// If the host's apt knows no Debian mirror or the mirror does not answer.
    pub fn open(state: &State) -> Result<Self> {
        let apt = Self {
            dir: state.dir("apt")?,
            debs: state.dir("debs")?,
            unpacked: state.dir("unpacked")?,
        };
        for dir in ["lists/partial", "cache/archives/partial", "resolved"] {
            state.dir(Path::new("apt").join(dir))?;
        }
        let sources = sources_lists()?;
        let kept = fs::read_to_string(apt.dir.join("sources.list")).unwrap_or_default();
        if !sources.contains(&kept) {
            fs::write(apt.dir.join("status"), "").or_file("write", &apt.dir.join("status"))?;
            apt.update(&sources)?;
        }
        Ok(apt)
    }

    /// The named packages with those they depend on, as far as `along` says; downloaded and
    /// unpacked.
    ///
    /// # Errors
    /// If a name is not in the archive, or the mirror does not answer.
    pub fn fetch(&self, arch: Arch, names: &[String], along: Along) -> Result<Vec<Package>> {
        let resolved = self.resolve(arch, names, along)?;
        match self.unpack_all(arch, &resolved) {
            Ok(packages) => Ok(packages),
            // The archive has moved on since the lists were fetched.
            Err(_) => {
                self.update(&sources_lists()?)?;
                self.unpack_all(arch, &self.resolve(arch, names, along)?)
            }
        }
    }

    /// Fetches the package lists, from the first of the sources that has them whole.
    fn update(&self, sources: &[String]) -> Result<()> {
        say::step("Fetching", format!("package lists of Debian {RELEASE}"));
        let fresh = self.dir.join("sources.fresh");
        let mut fetched = Ok(());
        for source in sources {
            write_whole(&fresh, source)?;
            fetched = self.update_from(&fresh);
            if fetched.is_ok() {
                let list = self.dir.join("sources.list");
                return fs::rename(&fresh, &list).or_file("write", &list);
            }
        }
        fetched
    }

    fn update_from(&self, list: &Path) -> Result<()> {
        let resolved = self.dir.join("resolved");
        for entry in fs::read_dir(&resolved).or_file("read", &resolved)?.flatten() {
            fs::remove_file(entry.path()).or_file("remove", &entry.path())?;
        }
        let mut update = self.command("apt-get", Arch::X86_64, list);
        for arch in arch::ALL {
            update.arg(format!("-oAPT::Architectures::={}", facts(arch).debian));
        }
        fail::run(update.args(["-qq", "update"]), NEXT)?;
        self.see_release()
    }

    /// That what was fetched is of the release wanted: other names of it move on.
    fn see_release(&self) -> Result<()> {
        let lists = self.dir.join("lists");
        let wanted = format!("Codename: {RELEASE}");
        let is_release = |path: &Path| path.to_string_lossy().ends_with("_InRelease");
        let says = |path: &Path| {
            fs::read_to_string(path).is_ok_and(|text| text.lines().any(|line| line == wanted))
        };
        let mut found = fs::read_dir(&lists).or_file("read", &lists)?.flatten();
        if found.any(|entry| is_release(&entry.path()) && says(&entry.path())) {
            return Ok(());
        }
        Err(Failure::new(format!("the mirror's lists are not those of Debian {RELEASE}"), NEXT))
    }

    /// Names and versions: `name version` a line, kept until the lists change.
    fn resolve(&self, arch: Arch, names: &[String], along: Along) -> Result<Vec<(String, String)>> {
        let key = Key::new().with(facts(arch).debian).with(names.join(" ")).finish();
        let kept = self.dir.join("resolved").join(key);
        let text = match fs::read_to_string(&kept) {
            Ok(text) => text,
            Err(_) => {
                let list = self.dir.join("sources.list");
                let mut simulate = self.command("apt-get", arch, &list);
                simulate.args(["-s", "-qq", "--no-install-recommends", "install"]).args(names);
                let next = "see the names in Packages= of board.conf: they must be in Debian's \
                            main archive";
                let said = fail::capture_text(&mut simulate, next)?;
                let mut installs = installs(&said);
                let libraries = self.libraries(arch, &installs)?;
                installs.retain(|(name, _)| {
                    names.contains(name)
                        || match along {
                            Along::Libraries => libraries.contains(name),
                            Along::Kernel => name.starts_with("linux-image-"),
                        }
                });
                let text: String =
                    installs.iter().map(|(name, version)| format!("{name} {version}\n")).collect();
                write_whole(&kept, &text)?;
                text
            }
        };
        Ok(text
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(name, version)| (name.to_owned(), version.to_owned()))
            .collect())
    }

    /// Those among the packages that Debian files under libraries.
    fn libraries(&self, arch: Arch, installs: &[(String, String)]) -> Result<BTreeSet<String>> {
        let list = self.dir.join("sources.list");
        let mut show = self.command("apt-cache", arch, &list);
        show.args(["show", "--no-all-versions"]).args(installs.iter().map(|(name, _)| name));
        Ok(in_section(&fail::capture_text(&mut show, NEXT)?, "libs"))
    }

    fn unpack_all(&self, arch: Arch, wanted: &[(String, String)]) -> Result<Vec<Package>> {
        let dir = self.unpacked.join(facts(arch).debian);
        let root_of = |(name, version): &(String, String)| dir.join(format!("{name}_{version}"));
        let missing: Vec<_> = wanted.iter().filter(|each| !root_of(each).is_dir()).collect();
        if !missing.is_empty() {
            let names = missing.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
            say::step("Fetching", format!("for {}: {}", arch.name(), names.join(" ")));
            self.download(arch, &missing)?;
        }
        for each in missing {
            let part = dir.join("part");
            let _ = fs::remove_dir_all(&part);
            let deb = self.find_deb(each)?;
            unpack(&deb, &part)?;
            fs::rename(&part, root_of(each)).or_file("write", &root_of(each))?;
            fs::remove_file(&deb).or_file("remove", &deb)?;
        }
        let package = |each: &(String, String)| Package {
            name: each.0.clone(),
            version: each.1.clone(),
            root: root_of(each),
        };
        Ok(wanted.iter().map(package).collect())
    }

    fn download(&self, arch: Arch, wanted: &[&(String, String)]) -> Result<()> {
        let list = self.dir.join("sources.list");
        let mut download = self.command("apt-get", arch, &list);
        download.current_dir(&self.debs).arg("download");
        download.args(wanted.iter().map(|(name, version)| format!("{name}={version}")));
        // A kernel is a hundred megabytes: on a terminal apt counts them.
        let stderr = std::io::stderr();
        if stderr.is_terminal() {
            let shown = stderr.as_fd().try_clone_to_owned();
            download.stdout(shown.or_file("open", Path::new("/dev/stderr"))?);
        } else {
            download.arg("-q").stdout(Stdio::null());
        }
        fail::run(&mut download, NEXT)
    }

    /// What was downloaded of a package; a run that was stopped may have left another version.
    fn find_deb(&self, (name, version): &(String, String)) -> Result<PathBuf> {
        let start = format!("{name}_{}_", version.replace(':', "%3a"));
        fs::read_dir(&self.debs)
            .or_file("read", &self.debs)?
            .flatten()
            .find(|entry| entry.file_name().to_string_lossy().starts_with(&start))
            .map(|entry| entry.path())
            .ok_or_else(|| Failure::new(format!("apt-get did not download {name}"), NEXT))
    }

    fn command(&self, program: &str, arch: Arch, list: &Path) -> Command {
        let mut command = Command::new(program);
        let mut set = |key: &str, value: &dyn AsRef<Path>| {
            command.arg(format!("-o{key}={}", value.as_ref().display()));
        };
        set("Dir::Etc::sourcelist", &list);
        set("Dir::Etc::sourceparts", &"/dev/null");
        set("Dir::Etc::preferences", &"/dev/null");
        set("Dir::Etc::preferencesparts", &"/dev/null");
        set("Dir::State", &self.dir);
        set("Dir::State::lists", &self.dir.join("lists"));
        set("Dir::State::status", &self.dir.join("status"));
        set("Dir::Cache", &self.dir.join("cache"));
        set("APT::Architecture", &facts(arch).debian);
        set("APT::Architectures::", &facts(arch).debian);
        set("Acquire::Languages", &"none");
        // What the host adds to every update (contents, app metadata) is of no use here.
        set("Acquire::IndexTargets::deb::DEP-11::DefaultEnabled", &"false");
        set("Acquire::IndexTargets::deb::CNF::DefaultEnabled", &"false");
        // As root apt would change to a user that cannot write to this folder.
        set("APT::Sandbox::User", &"root");
        command.env("LC_ALL", "C").stdin(Stdio::null());
        command
    }
}

/// Unpacks a package into a folder that is not there yet. Everything in it belongs to whoever runs
/// this, who may be root of a namespace without other users.
fn unpack(deb: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).or_file("make", to)?;
    let mut files = Command::new("dpkg-deb");
    files.arg("--fsys-tarfile").arg(deb).stdout(Stdio::piped());
    let cannot = || format!("cannot unpack {}", deb.display());
    let mut files = files.spawn().or_fail(cannot, NEXT)?;
    let mut tar = Command::new("tar");
    tar.args(["--extract", "--preserve-permissions", "--no-same-owner", "--directory"]).arg(to);
    tar.stdin(files.stdout.take().map_or_else(Stdio::null, Stdio::from));
    let unpacked = fail::run(&mut tar, NEXT);
    let status = files.wait().or_fail(cannot, NEXT)?;
    if status.success() { unpacked } else { Err(Failure::new(cannot(), NEXT)) }
}

/// The one source, under each name it may have: the mirror this machine uses for Debian's main
/// archive.
fn sources_lists() -> Result<[String; SUITES.len()]> {
    let format = "$(LABEL)\t$(COMPONENT)\t$(REPO_URI)";
    let mut ask = Command::new("apt-get");
    ask.args(["indextargets", "--format", format]).env("LC_ALL", "C");
    let next = "this tool needs apt on a Debian machine, with Debian's main archive among its \
                sources; after a change type `apt-get update`";
    let targets = fail::capture_text(&mut ask, next)?;
    let mirror = mirror(&targets)
        .ok_or_else(|| Failure::new("apt knows no mirror of Debian's main archive", next))?;
    let keyring = KEYRINGS
        .into_iter()
        .find(|path| Path::new(path).exists())
        .ok_or_else(|| Failure::new("the keys of Debian's archive are missing", next))?;
    let archs = arch::ALL.map(|arch| facts(arch).debian).join(",");
    Ok(SUITES
        .map(|suite| format!("deb [arch={archs} signed-by={keyring}] {mirror} {suite} main\n")))
}

/// Picks the mirror out of apt's index targets. Labels are only known once the host's own lists
/// were fetched; without them the address must do.
fn mirror(targets: &str) -> Option<&str> {
    let main = || {
        targets.lines().filter_map(|line| {
            let mut fields = line.split('\t');
            let (label, component, uri) = (fields.next()?, fields.next()?, fields.next()?);
            (component == "main").then_some((label, uri))
        })
    };
    let labelled = main().find(|(label, _)| *label == "Debian");
    let unlabelled = || main().find(|(label, uri)| label.is_empty() && uri.contains("/debian/"));
    labelled.or_else(unlabelled).map(|(_, uri)| uri)
}

/// Out of `apt-get -s install`: names and versions.
fn installs(simulated: &str) -> Vec<(String, String)> {
    let install = |line: &str| {
        let (name, rest) = line.strip_prefix("Inst ")?.split_once(' ')?;
        let name = name.split(':').next()?;
        let version = rest.split_once('(')?.1.split(' ').next()?;
        Some((name.to_owned(), version.to_owned()))
    };
    simulated.lines().filter_map(install).collect()
}

/// Out of `apt-cache show`: the names of the packages in a section.
fn in_section(shown: &str, section: &str) -> BTreeSet<String> {
    let field = |paragraph: &str, key: &str| {
        let mut lines = paragraph.lines();
        lines.find_map(|line| line.strip_prefix(key)).map(|value| value.trim().to_owned())
    };
    shown
        .split("\n\n")
        .filter(|paragraph| field(paragraph, "Section:").as_deref() == Some(section))
        .filter_map(|paragraph| field(paragraph, "Package:"))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    #[test]
    fn the_mirror_is_the_one_of_the_main_archive() {
        let targets = "other\tmain\thttps://other.example/debian/\n\
                       Debian-Security\tmain\thttp://m.example/debian-security/\n\
                       Debian\tcontrib\thttp://c.example/debian/\n\
                       Debian\tmain\thttp://m.example/debian/\n";
        assert_eq!(mirror(targets), Some("http://m.example/debian/"));
    }

    #[test]
    fn before_the_first_update_the_address_decides() {
        let targets = "\tmain\thttp://m.example/debian-security/\n\tmain\thttp://m.example/debian/";
        assert_eq!(mirror(targets), Some("http://m.example/debian/"));
        assert_eq!(mirror("\tmain\thttp://m.example/ubuntu/"), None);
    }

    #[test]
    fn what_apt_would_install_has_a_name_and_a_version() {
        let said = "Inst libc6 (2.41-12 Debian:13.7/stable [armhf]) []\n\
                    Inst passwd [1:4.16] (1:4.17 Debian:13.7/stable [armhf])\n\
                    Conf libc6 (2.41-12 Debian:13.7/stable [armhf])\n";
        let pair = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        assert_eq!(installs(said), [pair("libc6", "2.41-12"), pair("passwd", "1:4.17")]);
    }

    #[test]
    fn a_deb_of_another_version_is_not_the_one() {
        let debs = std::env::temp_dir().join(format!("pilot-board-debs-{}", std::process::id()));
        fs::create_dir_all(&debs).unwrap();
        for name in ["a_1%3a1_all.deb", "a_1%3a2_all.deb", "a-b_1%3a2_all.deb"] {
            fs::write(debs.join(name), "").unwrap();
        }
        let apt = Apt { dir: debs.clone(), debs: debs.clone(), unpacked: debs.clone() };
        let find = |version: &str| apt.find_deb(&("a".to_owned(), version.to_owned()));
        assert_eq!(find("1:2").unwrap(), debs.join("a_1%3a2_all.deb"));
        assert!(find("1:3").is_err());
        fs::remove_dir_all(&debs).unwrap();
    }

    #[test]
    fn what_is_unpacked_is_ours_whoever_has_it_in_the_package() {
        let dir = std::env::temp_dir().join(format!("pilot-board-deb-{}", std::process::id()));
        let (tree, deb, part) = (dir.join("tree"), dir.join("a.deb"), dir.join("part"));
        fs::create_dir_all(tree.join("DEBIAN")).unwrap();
        let control = "Package: a\nVersion: 1\nArchitecture: all\nMaintainer: a <a@a>\n\
                       Description: a\n";
        fs::write(tree.join("DEBIAN/control"), control).unwrap();
        fs::write(tree.join("log"), "x").unwrap();
        fs::set_permissions(tree.join("log"), PermissionsExt::from_mode(0o4755)).unwrap();
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(tree.join("log"), Some(33), Some(33)).unwrap();
        }
        let build = Command::new("dpkg-deb").arg("-b").args([&tree, &deb]).output().unwrap();
        assert!(build.status.success(), "{build:?}");
        unpack(&deb, &part).unwrap();
        let log = fs::metadata(part.join("log")).unwrap();
        assert_eq!(log.uid(), rustix::process::geteuid().as_raw());
        assert_eq!(log.mode() & 0o777, 0o755);
        assert!(unpack(&part.join("log"), &part).is_err());
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn libraries_are_known_by_their_section() {
        let shown = "Package: zlib1g\nVersion: 1\nSection: libs\n\n\
                     Package: libpam-modules\nSection: admin\n\n";
        assert_eq!(in_section(shown, "libs"), BTreeSet::from(["zlib1g".to_owned()]));
    }
}
