//! Value grammars: how the text of a directive becomes a value, one type a grammar.
//!
//! A grammar that fails has said why in the report and gives nothing; nobody stops for it.

mod address;
mod board;
mod calendar;
mod check;
mod command;
mod credential;
mod exit;
mod lint;
mod log;
mod mount;
mod names;
mod namespace;
mod number;
mod open_file;
mod option;
mod path;
mod process;
mod resource;
mod rlimit;
mod specifier;
mod stdio;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_exec;
mod time;
mod timer;
mod words;
mod zone;

pub use address::{Address, Listener, Listeners, netlink_family};
pub use board::{
    AbsolutePath, Architecture, ArchitectureName, Forward, Forwards, HostName, Protocol, WordLines,
};
pub use calendar::{CalendarEvent, event as calendar_event};
pub use check::{Check, Checks};
pub use command::{Arg, Command, Commands, Piece};
pub use credential::{CredentialValue, LoadCredentials, SetCredentials, Source};
pub use exit::{ExitStatusNames, PidFile, Status};
pub use lint::{LintName, LintNames};
pub use log::{FacilityName, Identifier};
pub use mount::{
    FsType, MOUNT_DATA_MAX, MountOption, MountOptions, MountSource, SwapOption, SwapOptions,
    SwapPriority, tagged,
};
pub use names::{
    AbsolutePaths, Account, Accounts, Assignments, Directory, DirectoryNames, EnvironmentFiles,
    FdName, InstanceName, Paths, RebootWord, Strings, Text, UnitName, Units, UnsetVariables, Uris,
    VariableNames, WorkingDirectory,
};
pub(crate) use namespace::TMPFS_DEFAULT;
pub use namespace::{
    BoundTree, BoundTrees, ConfinedPath, ConfinedPaths, Homes, HomesName, MemoryTree, MemoryTrees,
    PrivateTmpName, ProtectControlGroupsName, System, SystemName,
};
pub use number::{Boolean, Mode, Signal, Unsigned, truth};
pub use open_file::{OpenFiles, Opened};
pub use option::{Algorithm, Bytes, Hops, Interface, Prefixes, Signed, TypeOfService};
pub use path::WatchedPaths;
pub use process::{
    Capabilities, CapabilityChange, Nanoseconds, Niceness, OomScore, PersonalityName, Processors,
};
pub use resource::{
    Amount, CpuWeight, DeviceLimits, DeviceWeights, MemoryAmount, MemoryLimit, OfDevice,
    Percentage, SliceName, TasksLimit, Weight,
};
pub use rlimit::{Rlimit, RlimitBytes, RlimitMicros, RlimitNice, RlimitSeconds};
pub(crate) use specifier::CREDENTIALS;
pub use specifier::{Instance, Specifiers, manual as specifier_manual};
pub use stdio::{InputData, InputName, OutputName, OutputStream, Stream, TerminalSize};
pub use time::{LongTime, Time, Timeout, WatchdogTime};
pub use timer::{Elapse, Elapses};
pub use zone::{TimeZone, by_name as zone_by_name};

use unit::{
    BindIpv6Only, CrashAction, Emergency, JobMode, KillMode, NotifyAccess, Preserve, Restart,
    ServiceType, TimeoutMode,
};

use crate::codes::{self, Code};
use crate::report::{Diagnostic, Report, Span, Spanned, did_you_mean};
use crate::text::Value;

/// What a grammar may look at besides the text.
pub struct Context<'a> {
    /// The directive's name, as written.
    pub key: &'a str,
    /// What `%` stands for in this unit.
    pub specifiers: &'a Specifiers,
    /// Where complaints go.
    pub report: &'a mut Report,
}

impl Context<'_> {
    /// Says that the value, or a part of it, is wrong.
    pub fn refuse(&mut self, code: Code, span: &Span, label: impl Into<String>) {
        self.refuse_with(code, span, label, None);
    }

    /// As [`Context::refuse`], with what to do about it.
    pub fn refuse_with(
        &mut self,
        code: Code,
        span: &Span,
        label: impl Into<String>,
        hint: Option<String>,
    ) {
        let message = match code.severity {
            crate::report::Severity::Error => format!("`{}=` cannot take this value", self.key),
            crate::report::Severity::Warning => {
                format!("`{}=` may not mean what it says", self.key)
            }
        };
        self.report.push(Diagnostic::new(code, message, span, label).hint_if(hint));
    }
}

/// A grammar whose directive holds one value.
pub trait Scalar {
    /// The value.
    type Value;
    /// The form of the text, for the manual.
    const FORM: &'static str;
    /// Words of systemd that are not supported, each with what to do instead.
    const REFUSED: &'static [(&'static str, &'static str)] = &[];
    /// Reads it.
    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<Self::Value>;
}

/// A grammar whose directive adds up.
pub trait List {
    /// One of its items.
    type Item;
    /// The form of the text, for the manual.
    const FORM: &'static str;
    /// Words of systemd that are not supported, each with what to do instead.
    const REFUSED: &'static [(&'static str, &'static str)] = &[];
    /// An empty assignment does not start over, but says something of its own.
    const EMPTY_IS_ITEM: bool = false;
    /// Reads what one assignment gives.
    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<Self::Item>>;
}

/// One of some words. `known` are words of systemd that are not supported, each with a hint.
fn keyword<T: Copy>(
    text: &Value,
    cx: &mut Context<'_>,
    words: &[(&str, T)],
    known: &[(&str, &str)],
) -> Option<T> {
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.text) {
        return Some(*value);
    }
    if let Some((_, hint)) = known.iter().find(|(word, _)| *word == text.text) {
        let label = "known to systemd, not supported here";
        cx.refuse_with(codes::UNSUPPORTED_VALUE, &text.whole(), label, Some((*hint).into()));
        return None;
    }
    let names = words.iter().map(|(word, _)| *word);
    let all = names.clone().collect::<Vec<_>>().join(", ");
    let hint = did_you_mean(&text.text, names).or_else(|| trailing_comment(text));
    cx.refuse_with(codes::BAD_VALUE, &text.whole(), format!("none of {all}"), hint);
    None
}

/// The likeliest reason why a value does not parse.
fn trailing_comment(text: &Value) -> Option<String> {
    let comment = text.text.contains(" #") || text.text.contains("\t#");
    comment.then(|| "a comment needs a line of its own; here `#` is part of the value".into())
}

/// A grammar of some words.
macro_rules! grammar_of_words {
    ($(#[$meta:meta])* $grammar:ident -> $type:ty, $form:expr, $words:expr, $refused:expr) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $grammar;

        impl Scalar for $grammar {
            type Value = $type;
            const FORM: &'static str = $form;
            const REFUSED: &'static [(&'static str, &'static str)] = $refused;
            fn parse(text: &Value, cx: &mut Context<'_>) -> Option<$type> {
                keyword(text, cx, $words, Self::REFUSED)
            }
        }
    };
}

macro_rules! keywords {
    ($($(#[$meta:meta])* $grammar:ident -> $type:ty {
        $($word:literal => $value:expr,)*
    } $(, but { $($known:literal => $hint:literal,)* })?)*) => {
        $(grammar_of_words! {
            $(#[$meta])*
            $grammar -> $type,
            concat!($("`", $word, "` "),*), &[$(($word, $value)),*], &[$($(($known, $hint)),*)?]
        })*
    };
}

/// Of types that know their words.
macro_rules! words_of {
    ($($(#[$meta:meta])* $grammar:ident -> $type:ty
        $(, but { $($known:literal => $hint:literal,)* })?)*) => {
        $(grammar_of_words! {
            $(#[$meta])*
            $grammar -> $type, <$type>::FORM, <$type>::WORDS, &[$($(($known, $hint)),*)?]
        })*
    };
}

words_of! {
    /// `Type=`.
    ServiceTypeName -> ServiceType, but {
        "dbus" => "there is no message bus: use simple, exec or notify",
    }

    /// `TimeoutStartFailureMode=` and its kin.
    TimeoutModeName -> TimeoutMode

    /// `NotifyAccess=`.
    NotifyAccessName -> NotifyAccess

    /// `Restart=`.
    RestartName -> Restart

    /// `RuntimeDirectoryPreserve=`, `FileDescriptorStorePreserve=`.
    PreserveName -> Preserve

    /// `KillMode=`.
    KillModeName -> KillMode

    /// `BindIPv6Only=`.
    BindIpv6OnlyName -> BindIpv6Only

    /// `StartLimitAction=` and its kin.
    EmergencyName -> Emergency, but {
        "exit" => "PID 1 of a board cannot exit: use poweroff",
        "exit-force" => "PID 1 of a board cannot exit: use poweroff-force",
        "kexec" => "use reboot",
        "kexec-force" => "use reboot-force",
        "soft-reboot" => "use reboot",
        "soft-reboot-force" => "use reboot-force",
    }

    /// `OnFailureJobMode=` and its kin.
    JobModeName -> JobMode, but {
        "triggering" => "it is for pilotctl stop: use replace",
        "restart-dependencies" => "it is for restarts: use replace",
    }

    /// `CrashAction=`.
    CrashActionName -> CrashAction
}

keywords! {
    /// `CPUSchedulingPolicy=`: the numbers of linux/sched.h.
    PolicyName -> u32 {
        "other" => 0,
        "fifo" => 1,
        "rr" => 2,
        "batch" => 3,
        "idle" => 5,
    }, but {
        "ext" => "use other",
    }

    /// `IOSchedulingClass=`: the numbers of linux/ioprio.h.
    IoClassName -> u16 {
        "realtime" => 1,
        "best-effort" => 2,
        "idle" => 3,
        "1" => 1,
        "2" => 2,
        "3" => 3,
    }, but {
        "none" => "leave the line out",
        "0" => "leave the line out",
    }

    /// `SocketProtocol=`: the numbers of linux/in.h.
    SocketProtocolName -> u16 {
        "udplite" => 136,
        "sctp" => 132,
        "mptcp" => 262,
    }

    /// `Timestamping=`: the option of socket(7).
    TimestampName -> Option<u16> {
        "off" => None,
        "us" => Some(29),
        "usec" => Some(29),
        "µs" => Some(29),
        "ns" => Some(35),
        "nsec" => Some(35),
    }

    /// `OOMPolicy=`: whether all of the group are killed.
    OomPolicyName -> bool {
        "continue" => false,
        "kill" => true,
    }, but {
        "stop" => "nobody watches over memory but the kernel: kill ends all of the service",
    }

    /// `LogLevel=`: syslog(3).
    LogLevelName -> u8 {
        "emerg" => 0, "alert" => 1, "crit" => 2, "err" => 3,
        "warning" => 4, "notice" => 5, "info" => 6, "debug" => 7,
        "0" => 0, "1" => 1, "2" => 2, "3" => 3, "4" => 4, "5" => 5, "6" => 6, "7" => 7,
    }
}
