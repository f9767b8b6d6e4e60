//! `pilotc import`: what is made of files that were reviewed, and of any that may come.

mod common;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use common::{entries, name};
use compile::import::{Choices, HostRules, Imported, Origin, Services, Surroundings};
use compile::report::render_all;
use compile::{Source, check_sources, import};
use proptest::prelude::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

fn shown(imported: &Imported) -> String {
    let renderer = annotate_snippets::Renderer::plain();
    let files = imported
        .units
        .iter()
        .map(|unit| format!("--- {}\n{}\n", unit.path, String::from_utf8_lossy(&unit.text)));
    files.collect::<String>() + &render_all(&imported.diagnostics, &renderer)
}

#[test]
fn what_is_imported_was_reviewed() {
    let root = root();
    for folder in entries(&root.join("tests/import")) {
        let path = entries(&folder.join("etc"))
            .into_iter()
            .find(|path| name(path).ends_with("inetd.conf"))
            .expect("a file to import");
        let imported = import::import_path(&path, &folder, Choices::default()).expect("readable");
        let said = shown(&imported).replace(&format!("{}/", folder.display()), "");
        let file = root.join(format!("tests/expect/import/{}.txt", name(&folder)));
        if std::env::var_os("BLESS").is_some() {
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(&file, &said).expect("a writable file");
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(said, expected, "{} (BLESS=1 accepts it)", file.display());
        check_sources(&imported.units).expect("what is imported compiles");
    }
}

/// A file of both formats, by its text alone.
fn import_text(text: &str, origin: Origin, choices: Choices) -> Imported {
    let include = |_: &str, _: bool| Err(io::ErrorKind::NotFound.into());
    let file = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
    let services = file("etc/services", "echo 7/tcp\necho 7/udp\nftp 21/tcp\ntftp 69/udp\n");
    let around = Surroundings {
        services: Services::read(&services),
        hosts: HostRules { allow: None, deny: Some(file("etc/hosts.deny", "closed: ALL\n")) },
        include: &include,
        choices,
    };
    import::import(&[file("a.conf", text)], origin, &around)
}

/// Every unit that is imported compiles, and what is left out is told as an error.
fn holds(imported: &Imported) {
    if let Err(failure) = check_sources(&imported.units) {
        panic!("{failure}\n{}", shown(imported));
    }
    let errors = imported.diagnostics.iter().filter(|each| each.is_error()).count();
    assert!(imported.left_out == 0 || errors > 0, "{}", shown(imported));
    assert_eq!(imported.units.len(), 2 * imported.services);
}

#[test]
fn closed_services_stay_closed_unless_they_are_opened_in_so_many_words() {
    let line = "7 dgram udp wait root /usr/sbin/tcpd closed\n";
    let closed = import_text(line, Origin::Inetd, Choices::default());
    assert_eq!((closed.services, closed.left_out), (0, 1));
    let open = Choices { accept_open: true, ..Choices::default() };
    let open = import_text(line, Origin::Inetd, open);
    assert_eq!((open.services, open.left_out), (1, 0));
    assert!(open.diagnostics.iter().any(|each| each.code.id == "W603"), "{}", shown(&open));
    let kept = Choices { keep_tcpd: true, ..Choices::default() };
    let kept = import_text(line, Origin::Inetd, kept);
    assert_eq!((kept.services, kept.diagnostics.len()), (1, 0));
    let service = String::from_utf8_lossy(&kept.units[1].text).into_owned();
    assert!(service.contains("ExecStart=@/usr/sbin/tcpd closed\n"), "{service}");
}

#[test]
fn a_line_that_is_not_understood_leaves_its_service_out() {
    let service = "service a\n{\nsocket_type = stream\nwait = no\nuser = root\nport = 80\n\
                   server = /bin/a\ntype = UNLISTED\n";
    for (text, services) in [
        (format!("{service}}}\n"), 1),
        (format!("{service}onlyfrom = 127.0.0.1\n}}\n"), 0),
        (format!("{service}only_from 127.0.0.1\n}}\n"), 0),
        (service.to_string(), 0),
        (format!("defaults\n{{\nonlyfrom = 127.0.0.1\n}}\n{service}}}\n"), 0),
    ] {
        let imported = import_text(&text, Origin::Xinetd, Choices::default());
        assert_eq!((imported.services, imported.left_out), (services, 1 - services), "{text}");
    }
}

fn pick(words: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(words)
}

/// Lines of inetd.conf, most of them right in most of their fields.
fn inetd_line() -> impl Strategy<Value = String> {
    let names = pick(&[
        "echo",
        "ftp",
        "tftp",
        "80",
        "0",
        "70000",
        "127.0.0.1:ftp",
        "*:21",
        "[::1]:ftp",
        "1.2.3.4,::1:7",
        "/run/a.sock",
        "rusers/1-3",
        "nobody",
        ":",
        "10.0.0.1:",
        "é",
    ]);
    let kinds = pick(&["stream", "stream", "dgram", "seqpacket", "raw", "x"]);
    let protocols = pick(&[
        "tcp",
        "tcp",
        "udp",
        "tcp6",
        "tcp46",
        "udp4",
        "unix",
        "tcp,rcvbuf=64k",
        "rpc/udp",
        "x",
    ]);
    let waits = pick(&["nowait", "wait", "nowait.5", "wait.0", "nowait/3/2/1", "nowait.", "no"]);
    let users = pick(&["root", "www.www", "www:www", ".", "a/b", "0", "-x", "%n", "a b"]);
    let programs = pick(&[
        "internal",
        "/usr/sbin/tcpd",
        "/bin/a",
        "/bin/a",
        "a",
        "/",
        "/bin/$a",
        "/bin/%a",
        "/é",
    ]);
    let args = pick(&[
        "", "a", "closed", "-a", "\"b c\"", "'", "$A", "${B}", "%n", ";", "\\", "\\x", "é",
        "\u{1}", "a\tb", "@x",
    ]);
    let args = prop::collection::vec(args, 0..4).prop_map(|args| args.join(" "));
    let gaps = pick(&[" ", "\t", "\n ", ""]);
    let columns = (names, kinds, protocols, waits, users, programs, args, gaps);
    columns.prop_map(|(name, kind, protocol, wait, user, program, args, gap)| {
        format!("{name} {kind} {protocol} {wait}{gap} {user} {program} {args}\n")
    })
}

/// Attributes of xinetd.conf.
fn attribute() -> impl Strategy<Value = String> {
    let keys = pick(&[
        "socket_type",
        "wait",
        "user",
        "server",
        "port",
        "type",
        "flags",
        "only_from",
        "no_access",
        "server_args",
        "instances",
        "per_source",
        "cps",
        "redirect",
        "bind",
        "env",
        "passenv",
        "umask",
        "nice",
        "rlimit_as",
        "access_times",
        "group",
        "protocol",
        "id",
        "disable",
        "log_type",
        "max_load",
        "banner",
        "v6only",
        "libwrap",
        "groups",
        "zzz",
    ]);
    let values = pick(&[
        "stream",
        "dgram",
        "yes",
        "no",
        "root",
        "/bin/a",
        "/usr/sbin/tcpd",
        "80",
        "UNLISTED",
        "INTERNAL",
        "IPv6",
        "NAMEINARGS",
        "SENSOR",
        "1.2.3.0",
        "10.{1,2,x}",
        "::1/64",
        ".a.org",
        "UNLIMITED",
        "8M",
        "-5",
        "99999999999",
        "A=b",
        "\"%$",
        "08:00-12:00",
        "tcp",
        "udp",
        "{",
    ]);
    let values = prop::collection::vec(values, 0..3).prop_map(|values| values.join(" "));
    (keys, pick(&["=", " = ", "+=", " -= ", " "]), values)
        .prop_map(|(key, operator, values)| format!("  {key}{operator}{values}\n"))
}

fn block() -> impl Strategy<Value = String> {
    let head = pick(&["service ftp\n{\n", "service a {\n", "defaults\n{\n", "service\n", "{\n"]);
    let whole = "socket_type = stream\nwait = no\nuser = root\nserver = /bin/a\n";
    (head, prop::collection::vec(attribute(), 0..8), prop::bool::ANY).prop_map(
        move |(head, attributes, is_whole)| {
            let whole = if is_whole { whole } else { "" };
            format!("{head}{whole}{}}}\n", attributes.concat())
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, cases: 128, ..ProptestConfig::default()
    })]

    #[test]
    fn lines_of_inetd_make_units_that_compile_or_are_told(
        lines in prop::collection::vec(inetd_line(), 0..6),
        accept_open: bool,
    ) {
        let choices = Choices { accept_open, keep_tcpd: false };
        holds(&import_text(&lines.concat(), Origin::Inetd, choices));
    }

    #[test]
    fn blocks_of_xinetd_make_units_that_compile_or_are_told(
        blocks in prop::collection::vec(block(), 0..4),
        accept_open: bool,
    ) {
        let choices = Choices { accept_open, keep_tcpd: false };
        holds(&import_text(&blocks.concat(), Origin::Xinetd, choices));
    }

    #[test]
    fn any_text_is_answered(text: String) {
        for origin in [Origin::Inetd, Origin::Xinetd] {
            holds(&import_text(&text, origin, Choices::default()));
        }
    }
}
