//! Installs the Debian packages that are missing on the host.

use std::process::Command;

use crate::arch::Need;
use crate::fail::{self, Failure, Result};
use crate::say;

const NEXT_APT: &str = "this tool sets up Debian 12 and 13; elsewhere install the packages by hand";

/// Sees to it that every need is met: installs what is missing, as root or through sudo.
///
/// # Errors
/// If a package is not to be had, or if only the user can install it: the failure then holds the
/// exact line to type.
pub fn provide(needs: &[Need]) -> Result<()> {
    install(missing(needs))
}

/// Those among the needs that no installed package meets.
pub fn missing(needs: &[Need]) -> Vec<Need> {
    needs.iter().copied().filter(|need| !is_met(need)).collect()
}

/// Installs what is missing, in its newest version, as root or through sudo.
///
/// # Errors
/// As [`provide`].
pub fn install(mut missing: Vec<Need>) -> Result<()> {
    missing.sort_unstable();
    missing.dedup();
    if missing.is_empty() {
        return Ok(());
    }
    let privilege = Privilege::find();
    if privilege == Privilege::None {
        return Err(ask_the_user(&missing, &candidates(&missing)));
    }
    // Lists may be there and months old: a compiler out of them would be, too.
    say::step("Updating", "the list of Debian packages");
    fail::run(privilege.apt_get().arg("update").arg("-qq"), NEXT_APT)?;
    let names = candidates(&missing);
    if names.len() < missing.len() {
        return Err(Failure::new(
            format!("no Debian package is to be had for one of {}", spelled(&missing)),
            NEXT_APT,
        ));
    }
    say::step("Installing", names.join(" "));
    let mut install = privilege.apt_get();
    // Without a terminal of its own dpkg does not count percents.
    install.args(["install", "-y", "-qq", "-oDpkg::Use-Pty=0", "--no-install-recommends"]);
    install.args(&names);
    fail::run(&mut install, "see what apt-get says above, mend it and try again")
}

/// True if one of the names is installed.
pub fn is_met(need: Need) -> bool {
    need.iter().any(|name| {
        let asked = Command::new("dpkg-query")
            .args(["--show", "--showformat=${db:Status-Abbrev}", name])
            .output();
        asked.is_ok_and(|answer| answer.stdout.starts_with(b"ii"))
    })
}

/// The first name of each need that apt can install.
fn candidates(needs: &[Need]) -> Vec<&'static str> {
    needs.iter().copied().filter_map(candidate).collect()
}

fn candidate(need: Need) -> Option<&'static str> {
    need.iter().copied().find(|name| {
        let asked = Command::new("apt-cache").env("LC_ALL", "C").args(["policy", name]).output();
        asked.is_ok_and(|answer| {
            String::from_utf8_lossy(&answer.stdout)
                .lines()
                .any(|line| line.trim().strip_prefix("Candidate: ").is_some_and(|v| v != "(none)"))
        })
    })
}

/// How this process may install packages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Privilege {
    Root,
    Sudo,
    None,
}

impl Privilege {
    fn find() -> Self {
        if rustix::process::geteuid().is_root() {
            return Self::Root;
        }
        let asked = Command::new("sudo").args(["-n", "true"]).output();
        if asked.is_ok_and(|answer| answer.status.success()) { Self::Sudo } else { Self::None }
    }

    fn apt_get(self) -> Command {
        let mut command = match self {
            Self::Sudo => {
                let mut sudo = Command::new("sudo");
                sudo.args(["-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
                sudo
            }
            Self::Root | Self::None => Command::new("apt-get"),
        };
        command.env("DEBIAN_FRONTEND", "noninteractive").stdin(std::process::Stdio::null());
        command
    }
}

fn ask_the_user(missing: &[Need], names: &[&str]) -> Failure {
    // Before the first `apt-get update` no candidate is known: the first name is the best guess.
    let names = if names.len() == missing.len() {
        names.join(" ")
    } else {
        missing.iter().map(|need| need[0]).collect::<Vec<_>>().join(" ")
    };
    Failure::new(
        format!("these Debian packages are missing: {names}"),
        format!(
            "type this, then try again:\n    \
             sudo apt-get update && sudo apt-get install -y --no-install-recommends {names}"
        ),
    )
}

fn spelled(needs: &[Need]) -> String {
    needs.iter().map(|need| need.join(" or ")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dpkg_itself_is_installed_and_nonsense_is_not() {
        assert!(is_met(&["pilotlight-no-such-package", "dpkg"]));
        assert!(!is_met(&["pilotlight-no-such-package"]));
        assert_eq!(candidate(&["pilotlight-no-such-package"]), None);
        assert_eq!(missing(&[&["dpkg"], &["pilotlight-no-such-package"]]).len(), 1);
    }

    #[test]
    fn without_privilege_the_user_gets_the_exact_line() {
        let said = ask_the_user(&[&["xz-utils"], &["a", "b"]], &[]).to_string();
        assert!(
            said.contains("sudo apt-get install -y --no-install-recommends xz-utils a"),
            "{said}"
        );
    }
}
