//! The grammars of what processes are given, by examples.

use unit::Stdio;

use super::stdio::base64;
use super::tests::{many, one};
use super::{
    Accounts, Amount, Capabilities, CapabilityChange, CpuWeight, DeviceWeights, DirectoryNames,
    EnvironmentFiles, InputData, InputName, IoClassName, LoadCredentials, MemoryAmount,
    MemoryLimit, Nanoseconds, Niceness, OfDevice, OomScore, OpenFiles, OutputStream, Percentage,
    PersonalityName, PolicyName, PreserveName, Processors, RlimitBytes, RlimitMicros, RlimitNice,
    RlimitSeconds, SetCredentials, TasksLimit, TerminalSize, UnsetVariables, VariableNames, Weight,
};

#[test]
fn limits_have_the_suffixes_of_their_kind() {
    assert_eq!(one::<RlimitBytes>("64K:1G"), Ok((64 << 10, 1 << 30)));
    assert_eq!(one::<RlimitBytes>("12B:infinity"), Ok((12, u64::MAX)));
    assert_eq!(one::<RlimitBytes>("1E"), Ok((1 << 60, 1 << 60)));
    for text in ["", "K", "1KB", "1.5M", "32E", "-1", "1:2:3"] {
        assert_eq!(one::<RlimitBytes>(text), Err(vec!["E201"]), "{text}");
    }
    assert_eq!(one::<RlimitBytes>("2M:1M"), Err(vec!["E202"]));
    assert_eq!(one::<RlimitSeconds>("90:1h"), Ok((90, 3600)));
    assert_eq!(one::<RlimitSeconds>("10ms"), Ok((1, 1)));
    assert_eq!(one::<RlimitMicros>("90:1s"), Ok((90, 1_000_000)));
    assert_eq!(one::<RlimitNice>("+19:-20"), Ok((1, 40)));
    assert_eq!(one::<RlimitNice>("0:infinity"), Ok((0, u64::MAX)));
    for text in ["+20", "-21", "41", "nice", "++1"] {
        assert_eq!(one::<RlimitNice>(text), Err(vec!["E201"]), "{text}");
    }
}

#[test]
fn scheduling_is_in_the_kernels_numbers() {
    assert_eq!(one::<Niceness>("-20"), Ok(-20));
    assert_eq!(one::<Niceness>("20"), Err(vec!["E202"]));
    assert_eq!(one::<Niceness>("high"), Err(vec!["E201"]));
    assert_eq!(one::<TerminalSize>("80"), Ok(80));
    assert_eq!(one::<TerminalSize>("65536"), Err(vec!["E202"]));
    assert_eq!(one::<OomScore>("-1000"), Ok(-1000));
    assert_eq!(one::<OomScore>("1001"), Err(vec!["E202"]));
    assert_eq!(one::<OomScore>("70000"), Err(vec!["E202"]));
    assert_eq!(one::<PolicyName>("idle"), Ok(5));
    assert_eq!(one::<PolicyName>("ext"), Err(vec!["E207"]));
    assert_eq!(one::<IoClassName>("realtime"), Ok(1));
    assert_eq!(one::<IoClassName>("none"), Err(vec!["E207"]));
    assert_eq!(one::<Nanoseconds>("50"), Ok(50));
    assert_eq!(one::<Nanoseconds>("1ms 5us"), Ok(1_005_000));
    assert_eq!(one::<Nanoseconds>("1week"), Err(vec!["E201"]));
    // The examples' board is an aarch64.
    assert_eq!(one::<PersonalityName>("arm"), Ok(8));
    assert_eq!(one::<PersonalityName>("arm64"), Ok(0));
    assert_eq!(one::<PersonalityName>("x86"), Err(vec!["E201"]));
}

#[test]
fn processors_are_numbers_and_ranges() {
    assert_eq!(many::<Processors>("0, 2-4 1023"), (vec![0, 2, 3, 4, 1023], vec![]));
    for text in ["1024", "3-1", "a", "1-", "-1"] {
        assert_eq!(many::<Processors>(text), (vec![], vec!["E201"]), "{text}");
    }
    assert_eq!(many::<Processors>("numa"), (vec![], vec!["E207"]));
}

#[test]
fn capabilities_add_up_as_in_systemd() {
    let sum = |lines: &[&str]| {
        let changes = lines.iter().flat_map(|line| many::<Capabilities>(line).0);
        CapabilityChange::sum(&changes.collect::<Vec<_>>())
    };
    assert_eq!(sum(&[]), None);
    assert_eq!(sum(&[""]), Some(0));
    assert_eq!(sum(&["CAP_CHOWN cap_kill", "CAP_NET_RAW"]), Some(0x2021));
    assert_eq!(sum(&["CAP_CHOWN CAP_KILL", "~CAP_CHOWN"]), Some(0x20));
    assert_eq!(sum(&["~CAP_CHOWN"]), Some(0x1ff_ffff_fffe));
    assert_eq!(sum(&["~"]), Some(0x1ff_ffff_ffff));
    assert_eq!(sum(&["CAP_CHOWN", "", "CAP_KILL"]), Some(0x20));
    assert_eq!(many::<Capabilities>("CAP_NET_RAV").1, ["E201"]);
    assert_eq!(many::<Capabilities>("chown").1, ["E201"]);
}

#[test]
fn groups_are_several() {
    assert_eq!(many::<Accounts>("dialout 7").0, ["dialout", "7"]);
    assert_eq!(many::<Accounts>("a:b").1, ["E206"]);
}

#[test]
fn environment_files_are_named_one_by_one() {
    assert_eq!(many::<EnvironmentFiles>("-/etc//default/%p").0, ["-/etc/default/web-app"]);
    assert_eq!(many::<EnvironmentFiles>("/etc/a b").0, ["/etc/a b"]);
    assert_eq!(many::<EnvironmentFiles>("/etc/*.conf").1, ["E207"]);
    assert_eq!(many::<EnvironmentFiles>("default").1, ["E201"]);
    assert_eq!(many::<VariableNames>("HOME 1A A-B").1, ["E206", "E206"]);
    assert_eq!(many::<UnsetVariables>("HOME A=1 B=").0, ["HOME", "A=1", "B="]);
    assert_eq!(many::<UnsetVariables>("=1").1, ["E206"]);
}

#[test]
fn folders_are_named_below_a_root() {
    assert_eq!(many::<DirectoryNames>("a b//c/ %p").0, ["a", "b/c", "web-app"]);
    for text in ["/a", "../a", ".", &"a".repeat(201)] {
        assert_eq!(many::<DirectoryNames>(text).1, ["E201"], "{text}");
    }
    assert_eq!(many::<DirectoryNames>("a:b").1, ["E207"]);
    assert_eq!(one::<PreserveName>("restart"), Ok(unit::Preserve::Restart));
    assert_eq!(one::<PreserveName>("never"), Err(vec!["E201"]));
}

#[test]
fn credentials_have_an_id_and_a_source() {
    let load = |text: &str| {
        let (items, codes) = many::<LoadCredentials>(text);
        let pair = |each: super::Source| format!("{} {}", each.id, each.source);
        (items.into_iter().map(pair).collect::<Vec<_>>().join(","), codes)
    };
    assert_eq!(load("key"), ("key key".into(), vec![]));
    assert_eq!(load("key:other"), ("key other".into(), vec![]));
    assert_eq!(load("%p:/etc//key"), ("web-app /etc/key".into(), vec![]));
    for text in ["", "..", "a/b", ":/etc/key", "key:a/b", "key:"] {
        assert_eq!(load(text).1, ["E206"], "{text}");
    }
    assert_eq!(load("key:/../key").1, ["E201"]);
}

#[test]
fn credentials_may_be_any_bytes() {
    let set = |text: &str| {
        let (items, codes) = many::<SetCredentials>(text);
        (items.into_iter().next().map(|each| each.value), codes)
    };
    assert_eq!(set("key:a:%b "), (Some(b"a:%b".to_vec()), vec![]));
    assert_eq!(set(r"key:\x00\xff\101\n\u00e4\\"), (Some(b"\0\xffA\n\xc3\xa4\\".to_vec()), vec![]));
    assert_eq!(set("key:"), (Some(vec![]), vec![]));
    for text in ["key", r"key:\q", r"key:\x1", r"key:\777", r"key:\ud800", r"key:\"] {
        assert_eq!(set(text).1, ["E201"], "{text}");
    }
}

#[test]
fn files_are_opened_by_options() {
    let open = |text: &str| {
        let (items, codes) = many::<OpenFiles>(text);
        let words = |each: super::Opened| {
            let graceful = if each.graceful { " graceful" } else { "" };
            format!("{} {} {:?}{graceful}", each.path, each.name, each.mode)
        };
        (items.into_iter().map(words).collect::<Vec<_>>().join(","), codes)
    };
    assert_eq!(open("/dev/i2c-1").0, "/dev/i2c-1 i2c-1 ReadWrite");
    assert_eq!(open("/a/b:c:read-only,graceful").0, "/a/b c ReadOnly graceful");
    assert_eq!(open("/a/b::append").0, "/a/b b Append");
    for text in ["", "a", "/a/../b", "/a:b:append,truncate", "/a:b:appended", "/a:b:c:d"] {
        assert_eq!(open(text).1, ["E201"], "{text}");
    }
}

#[test]
fn streams_may_be_files() {
    let input = |text: &str| one::<InputName>(text).map(|stream| (stream.to, stream.path));
    let output = |text: &str| one::<OutputStream>(text).map(|stream| (stream.to, stream.path));
    assert_eq!(input("file:/a//%p"), Ok((Stdio::File, "/a/web-app".into())));
    assert_eq!(output("append:/a"), Ok((Stdio::Append, "/a".into())));
    assert_eq!(output("truncate:/a"), Ok((Stdio::Truncate, "/a".into())));
    assert_eq!(output("kmsg"), Ok((Stdio::Kmsg, String::new())));
    assert_eq!(input("append:/a"), Err(vec!["E201"]));
    for text in ["file:", "file:a", "file:/../a"] {
        assert_eq!(output(text), Err(vec!["E201"]), "{text}");
    }
    assert_eq!(output("fd:a b"), Ok((Stdio::Named, "a b".into())));
    assert_eq!(output("fd:a:b"), Err(vec!["E206"]));
}

#[test]
fn input_is_text_or_base64() {
    assert_eq!(many::<InputData>(r"a\tb %p").0, [b"a\tb web-app\n"]);
    assert_eq!(many::<InputData>(r"\q").1, ["E201"]);
    for (text, bytes) in [("", &b""[..]), ("YQ==", b"a"), ("YWI=", b"ab"), ("Y W\tJj", b"abc")] {
        assert_eq!(base64(text).as_deref(), Some(bytes), "{text}");
    }
    for text in ["YQ", "YQ=a", "Y===", "YW-j"] {
        assert_eq!(base64(text), None, "{text}");
    }
}

#[test]
fn amounts_are_bytes_or_shares_of_the_board() {
    assert_eq!(one::<MemoryLimit>("64M"), Ok(Amount::Exactly(64 << 20)));
    assert_eq!(one::<MemoryLimit>("12.5%"), Ok(Amount::Share(1250)));
    assert_eq!(one::<MemoryLimit>("0.05%"), Ok(Amount::Share(5)));
    assert_eq!(one::<MemoryLimit>("infinity"), Ok(Amount::Infinity));
    assert_eq!(one::<MemoryLimit>("0"), Err(vec!["E202"]));
    assert_eq!(one::<MemoryAmount>("0"), Ok(Amount::Exactly(0)));
    assert_eq!(one::<MemoryAmount>("100.01%"), Err(vec!["E202"]));
    assert_eq!(one::<TasksLimit>("12"), Ok(Amount::Exactly(12)));
    assert_eq!(one::<TasksLimit>("0%"), Err(vec!["E202"]));
    for text in ["", "%", "1.234%", "1,5%", "-1", "max"] {
        assert_eq!(one::<MemoryAmount>(text), Err(vec!["E201"]), "{text}");
        assert_eq!(one::<TasksLimit>(text), Err(vec!["E201"]), "{text}");
    }
}

#[test]
fn shares_of_processors_and_devices_are_in_the_kernels_words() {
    assert_eq!(one::<Percentage>("250%"), Ok(25_000));
    assert_eq!(one::<Percentage>("0%"), Err(vec!["E202"]));
    assert_eq!(one::<Percentage>("20"), Err(vec!["E201"]));
    assert_eq!(one::<CpuWeight>("idle"), Ok(None));
    assert_eq!(one::<CpuWeight>("10000"), Ok(Some(10_000)));
    for text in ["0", "10001", "low"] {
        assert_eq!(one::<CpuWeight>(text), Err(vec!["E201"]), "{text}");
        assert_eq!(one::<Weight>(text), Err(vec!["E201"]), "{text}");
    }
    let device = |path: &str, text: &str| OfDevice { path: path.into(), text: text.into() };
    let weight = vec![device("/dev/mmcblk0", "50")];
    assert_eq!(many::<DeviceWeights>("/dev/mmcblk0  50"), (weight, vec![]));
    for text in ["/dev/sda", "/dev/ 5", "/dev/../x 5", "sda 5", "/dev/sda 0", "/dev/sda 5 6"] {
        assert_eq!(many::<DeviceWeights>(text), (vec![], vec!["E201"]), "{text}");
    }
}
