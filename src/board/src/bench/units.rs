//! What each contender is told, in its own language. Limits are lifted as far as each allows.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::contender::{Contender, Scenario};
use crate::fail::{OrFail, Result};
use crate::state::write_whole;

const CONF: &str = "[Board]\nArchitecture=x86_64\nHostname=bench\n";

/// Writes the folder of a board for `scenario` into `dir`; gives its path.
///
/// # Errors
/// If it cannot be written.
pub fn write(dir: &Path, scenario: Scenario) -> Result<PathBuf> {
    let board = dir.join(scenario.name());
    let units = board.join("units");
    if units.exists() {
        fs::remove_dir_all(&units).or_file("remove", &units)?;
    }
    fs::create_dir_all(&units).or_file("make", &units)?;
    write_whole(&board.join("board.conf"), CONF)?;
    for (name, text) in files(scenario) {
        write_whole(&units.join(name), text)?;
    }
    Ok(board)
}

/// Names and texts of the units: a socket of its own for every port.
fn files(scenario: Scenario) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for number in 0..scenario.ports() {
        let accept = if scenario == Scenario::Listener { "no" } else { "yes\nMaxConnections=64" };
        files.push((
            format!("bench{number}.socket"),
            format!(
                "[Socket]\nListenStream=127.0.0.1:{}\nAccept={accept}\nPollLimitBurst=0\n\
                 TriggerLimitBurst=0\n[Install]\nWantedBy=sockets.target\n",
                Contender::Pilot.port() + number
            ),
        ));
        let at = if scenario == Scenario::Listener { "" } else { "@" };
        let service = if scenario == Scenario::Listener {
            "[Unit]\nStartLimitBurst=0\n[Service]\nExecStart=/service listener 3\n"
        } else {
            "[Unit]\nStartLimitBurst=0\n[Service]\nExecStart=/service connection\n\
             StandardInput=socket\n"
        };
        files.push((format!("bench{number}{at}.service"), service.into()));
    }
    if scenario == Scenario::Beat {
        files.push((
            "beat.service".into(),
            "[Unit]\nStartLimitBurst=0\n[Service]\nExecStart=/service beat\nRestart=always\n\
             RestartSec=0\n[Install]\nWantedBy=multi-user.target\n"
                .into(),
        ));
    }
    files
}

/// The configurations of xinetd and of openbsd-inetd.
pub fn peers(scenario: Scenario) -> (String, String) {
    let mut xinetd = String::from(
        "defaults\n{\n\tinstances = UNLIMITED\n\tper_source = UNLIMITED\n\tcps = 1000000 1\n}\n",
    );
    let mut inetd = String::new();
    let (wait, what) =
        if scenario == Scenario::Listener { ("yes", "listener 0") } else { ("no", "connection") };
    let nowait = if wait == "yes" { "wait" } else { "nowait" };
    for number in 0..scenario.ports() {
        let xinetd_port = Contender::Xinetd.port() + number;
        let inetd_port = Contender::OpenbsdInetd.port() + number;
        // Writing to a string does not fail.
        let _ = write!(
            xinetd,
            "service bench{number}\n{{\n\ttype = UNLISTED\n\tsocket_type = stream\n\
             \tprotocol = tcp\n\tbind = 127.0.0.1\n\tport = {xinetd_port}\n\twait = {wait}\n\
             \tuser = root\n\tserver = /service\n\tserver_args = {what}\n}}\n"
        );
        let _ = writeln!(
            inetd,
            "127.0.0.1:{inetd_port} stream tcp {nowait} root /service service {what}"
        );
    }
    (xinetd, inetd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_has_a_socket_and_a_service() {
        let files = files(Scenario::PerConnection(50));
        assert_eq!(files.len(), 100);
        assert!(files[98].1.contains("ListenStream=127.0.0.1:12049\n"), "{}", files[98].1);
        assert_eq!(files[99].0, "bench49@.service");
    }
}
