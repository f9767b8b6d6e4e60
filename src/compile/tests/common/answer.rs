//! One input for all that the compiler reads, and what must hold whatever it says. Shared by the
//! fuzz target and by the tests that replay what it has found.

use std::io;

use compile::import::{Choices, HostRules, Origin, Services, Surroundings, import};
use compile::{BOARD_CONF, Diagnostic, Source, check_sources, compile_sources, graph, json, show};

/// A line that begins so starts a file: `=== a.service`.
const MARK: &[u8] = b"=== ";
/// What stands before the first mark belongs to this.
const FIRST: &str = "a.service";

/// Cuts an input into files.
pub fn files(bytes: &[u8]) -> Vec<Source> {
    let mut files = vec![Source { path: FIRST.into(), text: Vec::new() }];
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        match line.strip_prefix(MARK) {
            Some(name) => {
                let path = String::from_utf8_lossy(name).trim_end().to_string();
                files.push(Source { path, text: Vec::new() });
            }
            None => {
                let last = files.last_mut().expect("there is the first");
                last.text.extend_from_slice(line);
            }
        }
    }
    files
}

/// The compiler answers, and its answer can be shown.
pub fn holds(bytes: &[u8]) {
    let files = files(bytes);
    let (conf, units): (Vec<Source>, Vec<Source>) =
        files.into_iter().partition(|file| file.path == BOARD_CONF);
    let fresh = Source { path: BOARD_CONF.into(), text: Vec::new() };
    match compile_sources(conf.first().unwrap_or(&fresh), &units) {
        Ok((image, warnings)) => {
            assert_eq!(image.table.len(), image.limits.table_bytes);
            told(&warnings);
            assert!(!show::show(&image).is_empty());
            assert!(json::plan(&image).is_object());
            let picture = graph::picture(&image);
            assert!(graph::svg(&picture, graph::Theme::Auto).ends_with("</svg>\n"));
        }
        Err(failure) => {
            assert!(failure.diagnostics.iter().any(Diagnostic::is_error));
            told(&failure.diagnostics);
        }
    }
    match check_sources(&units) {
        Ok(warnings) => told(&warnings),
        Err(failure) => told(&failure.diagnostics),
    }
    if let Ok(text) = str::from_utf8(bytes) {
        imported(text);
    }
}

/// The same as what inetd or xinetd is told.
fn imported(text: &str) {
    let include = |_: &str, _: bool| Err(io::ErrorKind::NotFound.into());
    let file = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
    let around = Surroundings {
        services: Services::read(&file("etc/services", "echo 7/tcp\necho 7/udp\nftp 21/tcp\n")),
        hosts: HostRules { allow: None, deny: Some(file("etc/hosts.deny", "closed: ALL\n")) },
        include: &include,
        choices: Choices::default(),
    };
    for origin in [Origin::Inetd, Origin::Xinetd] {
        told(&import(&[file("a.conf", text)], origin, &around).diagnostics);
    }
}

fn told(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        assert!(!diagnostic.to_string().is_empty());
        assert!(json::diagnostic(diagnostic).is_object());
    }
}
