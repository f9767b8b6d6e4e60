//! The rows as a whole: each directive of systemd is known once, in the sections where it stands.

use std::collections::BTreeSet;

use compile::draft::{ROWS, SECTIONS};
use unit::unsupported::{Loss, TABLES, find, rows};

#[test]
fn no_table_names_a_directive_twice() {
    for table in TABLES {
        let mut seen = BTreeSet::new();
        for row in table.rows {
            assert!(seen.insert(row.name), "{} twice in {:?}", row.name, table.sections);
        }
    }
}

#[test]
fn every_row_says_what_to_do_instead() {
    let sections: BTreeSet<&str> =
        TABLES.iter().flat_map(|table| table.sections.iter().copied()).collect();
    for section in sections {
        for row in rows(section) {
            let words = row.instead;
            assert!(!words.is_empty(), "[{section}] {}", row.name);
            assert!(!words.ends_with('.'), "[{section}] {}: a sentence without its stop", row.name);
        }
    }
}

#[test]
fn a_name_that_begins_like_another_is_not_known_by_it() {
    for (section, name) in
        [("Service", "ProtectSytem"), ("Service", "LimitNOFILES"), ("Unit", "ConditionPath")]
    {
        assert_eq!(find(section, name), None);
    }
    let found = find("Service", "UtmpIdentifier").expect("systemd knows it");
    assert_eq!(found.loss, Loss::Cosmetic);
}

/// Of each manual page some that are easily forgotten, the newest and the oldest among them.
#[test]
fn sections_have_what_their_manual_pages_list() {
    for (section, names) in [
        (
            "Unit",
            "Upholds PropagatesStopTo WantsMountsFor ConditionFirmware AssertCPUFeature BindTo",
        ),
        ("Service", "ExecReloadPost ExitType USBFunctionStrings OpenFile"),
        (
            "Service",
            "RootHashSignature PrivatePIDs ImportCredential NUMAMask LimitRTTIME MemoryTHP",
        ),
        ("Service", "DelegateSubgroup SocketBindDeny BlockIOWeight ManagedOOMPreference NFTSet"),
        ("Service", "SendSIGHUP RestartKillSignal FinalKillSignal WatchdogSignal"),
        ("Socket", "ListenUSBFunction PassPIDFD DeferTriggerMaxSec SmackLabelIPOut Symlinks User"),
        ("Socket", "PrivateNetwork KillMode MemoryMax ExecStopPost Timestamping"),
        ("Mount", "SloppyOptions ReadWriteOnly User LimitCORE KillSignal MemoryMax"),
        ("Automount", "ExtraOptions TimeoutIdleSec"),
        ("Swap", "Priority Nice"),
        ("Timer", "OnClockChange FixedRandomDelay RandomizedOffsetSec Unit"),
        ("Path", "MakeDirectory TriggerLimitBurst PathExistsGlob"),
        ("Slice", "ConcurrencyHardMax MemoryMax"),
        ("Scope", "RuntimeMaxSec KillSignal CPUWeight"),
        ("Install", "Alias Also DefaultInstance UpheldBy"),
        ("Manager", "RuntimeWatchdogPreGovernor DefaultLimitRTTIME ReloadLimitBurst"),
    ] {
        for name in names.split(' ') {
            let implemented =
                ROWS.iter().any(|row| row.is_of(section) && row.names.contains(&name));
            assert!(implemented || find(section, name).is_some(), "[{section}] {name}=");
        }
    }
    assert!(SECTIONS.iter().any(|(name, _)| *name == "Socket"));
}
