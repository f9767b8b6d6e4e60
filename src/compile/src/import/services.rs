//! Ports by name: services(5).

use std::collections::BTreeMap;

use crate::Source;
use crate::report::did_you_mean;

/// What stands in /etc/services.
#[derive(Default, Debug)]
pub struct Services {
    /// (name or alias, protocol) to port; the first line wins, as in getservbyname(3).
    ports: BTreeMap<(String, String), u16>,
    path: Option<String>,
}

impl Services {
    /// Reads the file; lines that make no sense are passed over, as the C library does.
    pub fn read(file: &Source) -> Self {
        let mut ports = BTreeMap::new();
        for line in String::from_utf8_lossy(&file.text).lines() {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            let (Some(name), Some(place)) = (words.next(), words.next()) else { continue };
            let Some((port, protocol)) = place.split_once('/') else { continue };
            let Ok(port) = port.parse::<u16>() else { continue };
            for name in std::iter::once(name).chain(words) {
                ports.entry((name.to_string(), protocol.to_string())).or_insert(port);
            }
        }
        Self { ports, path: Some(file.path.clone()) }
    }

    /// A number, or the port of that name with that protocol.
    ///
    /// # Errors
    /// What to tell whoever wrote the name.
    pub fn port(&self, name: &str, protocol: &str) -> Result<u16, Option<String>> {
        if name.bytes().all(|byte| byte.is_ascii_digit()) {
            let port = name.parse::<u16>().ok().filter(|port| *port != 0);
            return port.ok_or_else(|| Some("a port is a number from 1 to 65535".into()));
        }
        if let Some(port) = self.ports.get(&(name.to_string(), protocol.to_string())) {
            return Ok(*port);
        }
        let other = self.ports.keys().find(|(each, _)| each == name);
        let Some(path) = &self.path else {
            return Err(Some("there is no etc/services: write the number of the port".into()));
        };
        Err(match other {
            Some((_, other)) => Some(format!("{path} has it for {other} only")),
            None => {
                let names = self.ports.keys().filter(|(_, each)| each == protocol);
                let near = did_you_mean(name, names.map(|(name, _)| name.as_str()));
                let near = near.map(|near| format!("; {near}")).unwrap_or_default();
                Some(format!("it is not in {path}: write the number of the port{near}"))
            }
        })
    }
}
