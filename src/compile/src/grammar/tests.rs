//! Each grammar by examples: what it takes, what it refuses and with which code.

use unit::{Emergency, Millis, ServiceType, Stdio};

use super::{
    Account, Architecture, Assignments, Boolean, Context, Directory, EmergencyName, FdName,
    HostName, InputName, Instance, List, LogLevelName, Mode, OutputName, Rlimit, Scalar,
    ServiceTypeName, Signal, Specifiers, Text, Time, Timeout, Units, Unsigned, Uris,
    WorkingDirectory,
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
    assert_eq!(one::<ServiceTypeName>("forking"), Err(vec!["E207"]));
    assert_eq!(one::<ServiceTypeName>("Notify"), Err(vec!["E201"]));
    assert_eq!(one::<EmergencyName>("reboot-force"), Ok(Emergency::RebootForce));
    assert_eq!(one::<EmergencyName>("exit"), Err(vec!["E207"]));
    assert_eq!(one::<InputName>("socket"), Ok(Stdio::Socket));
    assert_eq!(one::<InputName>("file:/x"), Err(vec!["E207"]));
    assert_eq!(one::<InputName>("kmsg"), Err(vec!["E201"]));
    assert_eq!(one::<OutputName>("journal"), Ok(Stdio::Kmsg));
    assert_eq!(one::<OutputName>("journal+console"), Err(vec!["E207"]));
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
    let (names, codes) = many::<Units>("a.service b@c.socket -.mount e f.servcie");
    let names: Vec<String> = names.iter().map(Name::to_string).collect();
    assert_eq!(names, ["a.service", "b@c.socket", "-.mount"]);
    assert_eq!(codes, ["E206", "E206"]);
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
    for text in ["%b", "%m", "%z", "100%"] {
        assert_eq!(one::<Text>(text), Err(vec!["E204"]), "{text}");
    }
}
