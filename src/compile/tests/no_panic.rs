//! Whatever a file says, the compiler answers: with a table or with diagnostics that render.

use compile::draft::{ROWS, SECTIONS};
use compile::{BOARD_CONF, Source, check_sources, compile_sources};
use proptest::prelude::*;

/// Pieces that mean something to one grammar or another, and some that mean nothing.
const PIECES: &[&str] = &[
    " ",
    "\t",
    "\"",
    "'",
    "\\",
    "\\\n",
    "\\x",
    "\\x41",
    "\\xff",
    "\\u00e4",
    "\\777",
    "\\;",
    ";",
    "%",
    "%%",
    "%i",
    "%I",
    "%n",
    "%b",
    "%P",
    "$",
    "$$",
    "${",
    "}",
    "$A",
    "${A}",
    "\u{1}",
    "\u{2}",
    "-",
    "@",
    ":",
    "+",
    "!",
    "|",
    "/",
    "/bin/x",
    "..",
    ".",
    "=",
    "A=",
    "A=b",
    "0",
    "1",
    "80",
    "65536",
    "4294967296",
    "99999999999999999999",
    "1.5",
    "s",
    "ms",
    "week",
    "infinity",
    "[::]:",
    "[",
    "]",
    "127.0.0.1:80",
    "@abstract",
    "yes",
    "no",
    "notify",
    "oneshot",
    "always",
    "socket",
    "tty",
    "SIGTERM",
    "0666",
    "a.service",
    "a@.service",
    "a@b.service",
    "b.socket",
    "c.target",
    "default.target",
    "sysinit.target",
    "shutdown.target",
    "x.mount",
    "a-b.slice",
    "-.slice",
    "12.5%",
    "ä",
    "µs",
    "\u{feff}",
    "#",
    "tcp",
    "\r",
    "\u{2028}",
    "🦀",
];

/// Lines of sections and assignments, most of them with names that are known.
/// Pieces of fields of fstab.
const FIELDS: &[&str] = &[
    "/dev/sda1 /srv ext4 ",
    "/srv",
    "/",
    "none",
    "swap",
    "\n",
    "#",
    "\\040",
    "\\777",
    "\\0",
    "\u{e4}",
    "%",
    ",",
    "=",
    "nofail",
    "noauto",
    "_netdev",
    "bind",
    "x-systemd.requires=",
    "x-systemd.requires-mounts-for=",
    "x-systemd.wanted-by=",
    "x-systemd.device-timeout=",
    "x-systemd.mount-timeout=1s",
    "x-systemd.automount",
    "multi-user.target",
    "1",
];

/// A field of fstab.
fn field() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(prop::sample::select(FIELDS), 0..4);
    pieces.prop_map(|pieces| pieces.concat())
}

fn line() -> impl Strategy<Value = String> {
    let names: Vec<&str> = ROWS.iter().flat_map(|row| row.names.iter().copied()).collect();
    let sections: Vec<&str> = SECTIONS.iter().map(|(name, _)| *name).collect();
    let value = prop::collection::vec(prop::sample::select(PIECES), 0..8).prop_map(|p| p.concat());
    let key = prop_oneof![
        8 => prop::sample::select(names).prop_map(str::to_string),
        1 => "[A-Za-z -]{0,12}",
        1 => Just("NoNewPrivileges".to_string()),
    ];
    prop_oneof![
        2 => prop::sample::select(sections).prop_map(|name| format!("[{name}]\n")),
        10 => (key, value.clone()).prop_map(|(key, value)| format!("{key}={value}\n")),
        1 => value.prop_map(|value| format!("{value}\n")),
    ]
}

/// A file that is likely to get far.
fn file(first: &'static str) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(line(), 0..12)
        .prop_map(move |lines| format!("{first}{}", lines.concat()).into_bytes())
}

fn answer(conf: Vec<u8>, units: Vec<(&str, Vec<u8>)>) {
    let source = |(path, text): (&str, Vec<u8>)| Source { path: path.into(), text };
    let units: Vec<Source> = units.into_iter().map(source).collect();
    match compile_sources(&Source { path: BOARD_CONF.into(), text: conf }, &units) {
        Ok((image, _)) => assert_eq!(image.table.len(), image.limits.table_bytes),
        Err(failure) => assert!(!failure.to_string().is_empty()),
    }
    if let Err(failure) = check_sources(&units) {
        assert!(!failure.to_string().is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_are_answered(conf: Vec<u8>, unit: Vec<u8>) {
        answer(conf, vec![("a.service", unit)]);
    }

    #[test]
    fn lines_are_answered(
        conf in file("[Manager]\n"),
        service in file("[Service]\nExecStart=/bin/a\n"),
        template in file("[Service]\nExecStart=/bin/a\n"),
        socket in file("[Socket]\nListenStream=80\n"),
        target in file("[Unit]\n"),
        slice in file("[Slice]\n"),
    ) {
        answer(conf, vec![
            ("a.service", service),
            ("a@.service", template),
            ("a.socket", socket),
            ("c.target", target),
            ("a-b.slice", slice),
        ]);
    }

    #[test]
    fn folders_are_answered(
        unit in file("[Service]\nExecStart=/bin/a\n"),
        template in file("[Service]\nExecStart=/bin/a %i\n"),
        drop_in in file("[Service]\n"),
        shared in file("[Unit]\n"),
        foreign in file("[Timer]\nOnCalendar=daily\n"),
        alias in "[a-c]@?[a-c]?\\.service",
        preset in "((enable|disable|ignore|disble) [a-c*?@.\\[]{0,12}( [a-z %]{0,4})?\n){0,4}",
    ) {
        let names = format!("Alias={alias} b.service\nAlso={alias}\nDefaultInstance=x\n");
        let install = format!("[Install]\n{names}");
        let with = |mut text: Vec<u8>| {
            text.extend(install.bytes());
            text
        };
        answer(Vec::new(), vec![
            ("units/a.service", with(unit)),
            ("units/b@.service", with(template)),
            ("units/a.service.d/1.conf", drop_in.clone()),
            ("units/b@x.service.d/1.conf", drop_in.clone()),
            ("units/a-.service.d/1.conf", drop_in.clone()),
            ("units/c.target.d/1.conf", shared.clone()),
            ("units/service.d/1.conf", shared.clone()),
            ("units/x.timer", foreign.clone()),
            ("units/x.timer.d/1.conf", foreign),
            ("units/no.unit.d/1.conf", shared),
            ("units/50.preset", preset.into_bytes()),
        ]);
    }

    #[test]
    fn an_fstab_and_files_for_the_boot_are_answered(
        fields in prop::collection::vec(field(), 0..30),
        gap in prop::sample::select(&[" ", "\t", "\n"][..]),
    ) {
        let conf = b"[Board]\nArchitecture=riscv64\n".to_vec();
        let text = fields.join(gap).into_bytes();
        let names = ["fstab", "sysctl.d/a.conf", "modules-load.d/a.conf", "tmpfiles.d/a.conf"];
        answer(conf, names.map(|name| (name, text.clone())).into());
    }

    #[test]
    fn a_good_unit_with_one_byte_changed_is_answered(at in 0usize..150, byte: u8) {
        let mut unit = b"[Unit]\nAfter=b.service\n[Service]\nType=notify\nExecStart=/bin/a -v \
            \"x y\" ${A} $B\nEnvironment=A=1 \"B=2 3\"\nRestartSec=5min 20s\n".to_vec();
        let at = at % unit.len();
        unit[at] = byte;
        answer(Vec::new(), vec![("a.service", unit)]);
    }
}
