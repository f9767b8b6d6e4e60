//! Each grammar by examples: what it takes, what it refuses and with which code.

use unit::{Emergency, Millis, ServiceType, Stdio};

use super::{
    AbsolutePath, AbsolutePaths, Account, Architecture, Assignments, Boolean, Checks, Context,
    Directory, EmergencyName, FacilityName, FdName, FsType, HostName, Identifier, InputName,
    Instance, List, LogLevelName, Mode, MountOption, MountOptions, MountSource, OutputName, Rlimit,
    Scalar, ServiceTypeName, Signal, Specifiers, Stream, SwapOption, SwapOptions, SwapPriority,
    Text, Time, Timeout, Units, Unsigned, Uris, WorkingDirectory,
};
use crate::names::Name;
use crate::report::Report;
use crate::text::Value;

/// Runs `read` in the context of `web@eth-0.service`; with what it gives come the codes.
fn with<T>(read: impl FnOnce(&mut Context<'_>) -> T) -> (T, Vec<&'static str>) {
    let name = Name::parse("web-app@eth-0.service").expect("a name");
    let instance = Instance::Of("eth-0".into());
    let hostname = "board.lan".into();
    let architecture = Some(Architecture::Aarch64);
    let specifiers = Specifiers { name: Some(name), instance, hostname, architecture };
    let mut report = Report::default();
    let mut cx = Context { key: "Key", specifiers: &specifiers, report: &mut report };
    let value = read(&mut cx);
    (value, report.finish().iter().map(|diagnostic| diagnostic.code.id).collect())
}

pub(super) fn one<G: Scalar>(text: &str) -> Result<G::Value, Vec<&'static str>> {
    let (value, codes) = with(|cx| G::parse(&Value::loose("a.service", text), cx));
    assert_eq!(value.is_some(), codes.is_empty(), "{text}: {codes:?}");
    value.ok_or(codes)
}

pub(super) fn many<G: List>(text: &str) -> (Vec<G::Item>, Vec<&'static str>) {
    let (items, codes) = with(|cx| G::parse(&Value::loose("a.service", text), cx));
    (items.into_iter().map(|item| item.value).collect(), codes)
}

#[test]
fn booleans_have_systemds_spellings() {
    for text in ["1", "yes", "Y", "true", "T", "on", "ON"] {
        assert_eq!(one::<Boolean>(text), Ok(true), "{text}");
    }
    for text in ["0", "no", "N", "false", "f", "off"] {
        assert_eq!(one::<Boolean>(text), Ok(false), "{text}");
    }
    for text in ["2", "ja", "yes yes"] {
        assert_eq!(one::<Boolean>(text), Err(vec!["E201"]), "{text}");
    }
}

#[test]
fn numbers_modes_and_limits_know_their_range() {
    assert_eq!(one::<Unsigned>("4294967295"), Ok(u32::MAX));
    assert_eq!(one::<Unsigned>("4294967296"), Err(vec!["E202"]));
    assert_eq!(one::<Unsigned>("-1"), Err(vec!["E201"]));
    assert_eq!(one::<Mode>("0660"), Ok(0o660));
    assert_eq!(one::<Mode>("7777"), Ok(0o7777));
    assert_eq!(one::<Mode>("10000"), Err(vec!["E202"]));
    assert_eq!(one::<Mode>("0x1"), Err(vec!["E201"]));
    assert_eq!(one::<Mode>("+77"), Err(vec!["E201"]));
    assert_eq!(one::<Mode>("888"), Err(vec!["E201"]));
    assert_eq!(one::<Rlimit>("1024"), Ok((1024, 1024)));
    assert_eq!(one::<Rlimit>("1024:infinity"), Ok((1024, u64::MAX)));
    assert_eq!(one::<Rlimit>("2:1"), Err(vec!["E202"]));
    assert_eq!(one::<Rlimit>("1K"), Err(vec!["E201"]));
}

#[test]
fn signals_have_names_and_numbers() {
    for (text, number) in [("SIGTERM", 15), ("HUP", 1), ("9", 9), ("SIGRTMIN+3", 37)] {
        assert_eq!(one::<Signal>(text), Ok(number), "{text}");
    }
    for text in ["0", "65", "SIGNOTHING", "RTMIN+31", "RTMIN+300", "term"] {
        assert_eq!(one::<Signal>(text), Err(vec!["E201"]), "{text}");
    }
}

#[test]
fn times_round_up_and_end_at_49_days() {
    assert_eq!(one::<Time>("1us"), Ok(Millis(1)));
    assert_eq!(one::<Time>("0"), Ok(Millis(0)));
    assert_eq!(one::<Time>("49d"), Ok(Millis(49 * 86_400_000)));
    assert_eq!(one::<Time>("50d"), Err(vec!["E202"]));
    assert_eq!(one::<Time>("infinity"), Err(vec!["E202"]));
    assert_eq!(one::<Timeout>("infinity"), Ok(None));
    assert_eq!(one::<Timeout>("0"), Ok(None));
    assert_eq!(one::<Timeout>("90"), Ok(Some(Millis(90_000))));
}

#[test]
fn words_of_systemd_are_told_apart_from_nonsense() {
    assert_eq!(one::<ServiceTypeName>("notify"), Ok(ServiceType::Notify));
    assert_eq!(one::<ServiceTypeName>("dbus"), Err(vec!["E207"]));
    assert_eq!(one::<ServiceTypeName>("Notify"), Err(vec!["E201"]));
    assert_eq!(one::<EmergencyName>("reboot-force"), Ok(Emergency::RebootForce));
    assert_eq!(one::<EmergencyName>("exit"), Err(vec!["E207"]));
    assert_eq!(one::<InputName>("socket"), Ok(Stream::plain(Stdio::Socket)));
    assert_eq!(one::<InputName>("tty-force"), Ok(Stream::plain(Stdio::TtyForce)));
    assert_eq!(one::<InputName>("kmsg"), Err(vec!["E201"]));
    let journal = Stream { or_log: true, ..Stream::plain(Stdio::Kmsg) };
    assert_eq!(one::<OutputName>("journal"), Ok(journal.clone()));
    assert_eq!((journal.settle(false), journal.settle(true)), (Stdio::Kmsg, Stdio::Log));
    let console = Stream { console: true, ..Stream::plain(Stdio::Log) };
    assert_eq!(one::<OutputName>("syslog+console"), Ok(console));
    assert_eq!(one::<FacilityName>("local7"), Ok(23));
    assert_eq!(one::<Identifier>("web-1"), Ok("web-1".into()));
    assert!(one::<Identifier>("two words").is_err());
    assert_eq!(one::<OutputName>("file:/x"), Err(vec!["E207"]));
    assert_eq!(one::<OutputName>("kmsg+console"), Err(vec!["E207"]));
    assert_eq!(one::<LogLevelName>("debug"), Ok(7));
}

#[test]
fn names_are_checked_where_they_are_written() {
    assert_eq!(one::<Account>("www-data"), Ok("www-data".into()));
    assert_eq!(one::<Account>("1000"), Ok("1000".into()));
    for text in ["4294967295", "-a", "a b", "a:b", &"a".repeat(32)] {
        assert_eq!(one::<Account>(text), Err(vec!["E206"]), "{text}");
    }
    assert_eq!(one::<FdName>("a b"), Ok("a b".into()));
    assert_eq!(one::<FdName>("a:b"), Err(vec!["E206"]));
    assert_eq!(one::<HostName>("host-x86_64.lan"), Ok("host-x86_64.lan".into()));
    assert_eq!(one::<HostName>("-a"), Err(vec!["E206"]));
    let (names, codes) = many::<Units>(r"a.service b@c.socket -.mount d\x2de.mount e f.servcie");
    let names: Vec<String> = names.iter().map(Name::to_string).collect();
    assert_eq!(names, ["a.service", "b@c.socket", "-.mount", r"d\x2de.mount"]);
    assert_eq!(codes, ["E206", "E206"]);
}

#[test]
fn paths_are_words() {
    let (paths, codes) = many::<AbsolutePaths>(r#"/a "/b c" /d\x20e f"#);
    assert_eq!((paths, codes), (vec!["/a".into(), "/b c".into(), "/d e".into()], vec!["E201"]));
    assert_eq!(one::<AbsolutePath>("/dev//%I"), Ok("/dev/eth/0".into()));
    assert_eq!(one::<AbsolutePath>("/srv/100%%"), Ok("/srv/100%".into()));
    assert_eq!(one::<AbsolutePath>("/dev/%"), Err(vec!["E204"]));
}

#[test]
fn directories_are_absolute_or_home_and_may_be_missing() {
    let directory =
        |path: &str, home, optional| WorkingDirectory { path: path.into(), home, optional };
    assert_eq!(one::<Directory>("/srv//web/"), Ok(directory("/srv/web", false, false)));
    assert_eq!(one::<Directory>("-/srv"), Ok(directory("/srv", false, true)));
    assert_eq!(one::<Directory>("~"), Ok(directory("", true, false)));
    assert_eq!(one::<Directory>("/srv/.."), Err(vec!["E201"]));
    assert_eq!(one::<Directory>("srv"), Err(vec!["E201"]));
}

#[test]
fn assignments_are_quoted_words() {
    let (pairs, codes) = many::<Assignments>(r#"A=1 "B=2 3" C="4 5" D= E=$A%%"#);
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(pairs, ["A=1", "B=2 3", "C=4 5", "D=", "E=$A%"]);
    assert!(codes.is_empty());
    assert_eq!(many::<Assignments>("A 1B=2").1, ["E201", "E206"]);
    assert_eq!(many::<Uris>("man:sshd(8) https://example.org").1, [""; 0]);
    assert_eq!(many::<Uris>("man: example.org").1, ["E201", "E201"]);
}

#[test]
fn specifiers_stand_for_what_the_build_knows() {
    for (text, expected) in [
        ("%n", "web-app@eth-0.service"),
        ("%N", "web-app@eth-0"),
        ("%p %j %P", "web-app app web/app"),
        ("%i %I %f", "eth-0 eth/0 /eth/0"),
        ("%H %l %a", "board.lan board arm64"),
        ("%t%S%C%L%E%%", "/run/var/lib/var/cache/var/log/etc%"),
    ] {
        assert_eq!(one::<Text>(text), Ok(expected.into()), "{text}");
    }
    for text in ["%z", "100%"] {
        assert_eq!(one::<Text>(text), Err(vec!["E204"]), "{text}");
    }
    for text in ["%b", "%m", "%v"] {
        assert_eq!(one::<Text>(text), Err(vec!["E207"]), "{text}");
    }
}

/// Reads a condition of that name: its signs, what is looked at, and with what it is compared.
fn condition(key: &str, text: &str) -> Result<String, Vec<&'static str>> {
    let (items, codes) = with(|cx| {
        Checks::parse(
            &Value::loose("a.service", text),
            &mut Context { key, specifiers: cx.specifiers, report: cx.report },
        )
    });
    let said = items.into_iter().next().map(|item| {
        let check = item.value;
        assert_eq!(check.text, format!("{key}={text}"));
        let signs = [(check.is_trigger, "|"), (check.is_negated, "!")];
        let signs: String = signs.iter().filter(|(has, _)| *has).map(|(_, sign)| *sign).collect();
        format!("{signs}{:?} {}", check.test, check.value)
    });
    said.ok_or(codes)
}

#[test]
fn conditions_are_what_their_names_say() {
    for (key, text, said) in [
        ("ConditionPathExists", "/etc//x/", "PathExists /etc/x\0"),
        ("AssertPathExists", "| ! /etc/x", "|!PathExists /etc/x\0"),
        ("ConditionPathExistsGlob", "/dev/tty*", "PathExistsGlob /dev/tty*\0"),
        ("ConditionKernelModuleLoaded", "nf-nat", "PathExists /sys/module/nf_nat\0"),
        ("ConditionKernelVersion", ">=6.1 < 7 6.*", "KernelVersion ]6.1 <7 ~6.*"),
        ("ConditionKernelVersion", "!= 5.10 =$5.*", "!KernelVersion =5.10 ~5.*"),
        ("ConditionMemory", "64M", "Memory ]67108864"),
        ("ConditionMemory", "<= 1G", "Memory [1073741824"),
        ("ConditionCPUs", "!>4", "!Cpus >4"),
        ("ConditionCapability", "CAP_SYS_ADMIN", "Capability 21"),
        ("ConditionFirstBoot", "true", "FirstBoot yes"),
        ("ConditionControlGroupController", "cpu  pids", "ControlGroupController cpu pids"),
        ("ConditionControlGroupController", "v1", "Known no"),
        ("ConditionFirmware", "device-tree-compatible(acme,x)", "DeviceTreeCompatible acme,x"),
        ("ConditionFirmware", "uefi", "PathExists /sys/firmware/efi\0"),
        ("ConditionArchitecture", "arm64", "Known yes"),
        ("ConditionArchitecture", "!arm", "!Known no"),
        ("ConditionUser", "@system", "Known yes"),
        ("ConditionHost", "board-*", "Host board-*"),
    ] {
        assert_eq!(condition(key, text).as_deref(), Ok(said), "{key}={text}");
    }
    for (key, text, code) in [
        ("ConditionPathExists", "etc", "E201"),
        ("ConditionPathExistsGlob", "/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*", "E202"),
        ("ConditionKernelVersion", ">=", "E201"),
        ("ConditionKernelVersion", "<>$5.*", "E207"),
        ("ConditionMemory", "much", "E201"),
        ("ConditionCapability", "CAP_X", "E206"),
        ("ConditionArchitecture", "aarch64", "E201"),
        ("ConditionFirmware", "smbios-field(x=y)", "E207"),
        ("ConditionFirstBoot", "maybe", "E201"),
        ("ConditionHost", "", "E201"),
    ] {
        assert_eq!(condition(key, text), Err(vec![code]), "{key}={text}");
    }
}

#[test]
fn mounts_have_the_words_of_mount() {
    assert_eq!(one::<MountSource>("LABEL=my data").unwrap(), r"/dev/disk/by-label/my\x20data");
    assert_eq!(one::<MountSource>("/dev//mmcblk0p2").as_deref(), Ok("/dev/mmcblk0p2"));
    assert_eq!(one::<MountSource>("tmpfs").as_deref(), Ok("tmpfs"));
    assert_eq!(one::<MountSource>("/a/../b"), Err(vec!["E201"]));
    assert_eq!(one::<FsType>("ext4").as_deref(), Ok("ext4"));
    assert_eq!(one::<FsType>("auto").as_deref(), Ok(""));
    for refused in ["nfs", "fuse.sshfs", "swap"] {
        assert_eq!(one::<FsType>(refused), Err(vec!["E207"]), "{refused}");
    }
    let (options, codes) =
        many::<MountOptions>("defaults,ro,noexec,exec,rshared,_netdev,x-systemd.after=a,size=1M");
    assert_eq!(codes, Vec::<&str>::new());
    assert_eq!(
        options,
        [
            MountOption::Flag(1, true),
            MountOption::Flag(8, true),
            MountOption::Flag(8, false),
            MountOption::Propagation(1 << 20 | 1 << 14),
            MountOption::Network,
            MountOption::Data("size=1M".into()),
        ]
    );
    for refused in ["loop", "user", "remount", "X-mount.owner=1"] {
        assert_eq!(many::<MountOptions>(refused).1, ["E207"], "{refused}");
    }
}

#[test]
fn swap_areas_have_the_words_of_swapon() {
    for (text, priority) in [
        ("-1", Ok(None)),
        ("0", Ok(Some(0))),
        ("32767", Ok(Some(32767))),
        ("32768", Err(vec!["E202"])),
        ("-2", Err(vec!["E202"])),
        ("", Err(vec!["E201"])),
        ("first", Err(vec!["E201"])),
    ] {
        assert_eq!(one::<SwapPriority>(text), priority, "{text}");
    }
    let text = "defaults,discard,discard=pages,pri=7,nofail,x-systemd.device-timeout=2s,x-y";
    let (options, codes) = many::<SwapOptions>(text);
    assert_eq!(codes, Vec::<&str>::new());
    assert_eq!(
        options,
        [
            SwapOption::Discard(0x1_0000),
            SwapOption::Discard(0x5_0000),
            SwapOption::Priority(7),
            SwapOption::NoFail,
            SwapOption::DeviceTimeout(Some(Millis(2_000))),
        ]
    );
    for refused in ["loop", "pri=-1", "pri=32768", "discard=some", "ro"] {
        assert_eq!(many::<SwapOptions>(refused).1, ["E201"], "{refused}");
    }
}

#[test]
fn paths_and_names_of_mounts_fit() {
    for (path, name) in [
        ("/", "-"),
        ("/srv", "srv"),
        ("/var/my-data", r"var-my\x2ddata"),
        ("/.x/a b", r"\x2ex-a\x20b"),
    ] {
        assert_eq!(crate::names::escape_path(path), name);
        assert_eq!(Name::parse(&format!("{name}.mount")).unwrap().path(), path);
    }
}
