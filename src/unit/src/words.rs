//! The words of settings that are one of a few: systemd's, for who reads them and who prints them.

use crate::control::JobKind;
use crate::model::{
    BindIpv6Only, CrashAction, Emergency, JobMode, KillMode, NotifyAccess, Preserve, Restart,
    ServiceType, TimeoutMode,
};

macro_rules! words {
    ($($(#[$meta:meta])* $type:ident {
        $($word:literal $variant:ident,)*
    } $(, also { $($other:literal $same:ident,)* })?)*) => {$(
        impl $type {
            $(#[$meta])*
            pub const WORDS: &'static [(&'static str, Self)] = &[
                $(($word, Self::$variant),)*
                $($(($other, Self::$same),)*)?
            ];
            /// All of these words, for the manual.
            pub const FORM: &'static str =
                concat!($("`", $word, "` ",)* $($("`", $other, "` ",)*)?);

            /// Its word.
            pub fn word(self) -> &'static str {
                text_of!(self, $type { $($variant => $word,)* })
            }
        }
    )*};
}

words! {
    /// `Type=`.
    ServiceType {
        "simple" Simple,
        "idle" Idle,
        "exec" Exec,
        "oneshot" Oneshot,
        "notify" Notify,
        "notify-reload" NotifyReload,
        "forking" Forking,
    }

    /// `TimeoutStartFailureMode=` and its kin.
    TimeoutMode {
        "terminate" Terminate,
        "abort" Abort,
        "kill" Kill,
    }

    /// `NotifyAccess=`.
    NotifyAccess {
        "none" None,
        "main" Main,
        "exec" Exec,
        "all" All,
    }

    /// `Restart=`.
    Restart {
        "no" No,
        "always" Always,
        "on-success" OnSuccess,
        "on-failure" OnFailure,
        "on-abnormal" OnAbnormal,
        "on-abort" OnAbort,
        "on-watchdog" OnWatchdog,
    }

    /// `RuntimeDirectoryPreserve=`, `FileDescriptorStorePreserve=`.
    Preserve {
        "no" No,
        "yes" Yes,
        "restart" Restart,
    }, also {
        "false" No,
        "true" Yes,
    }

    /// `KillMode=`.
    KillMode {
        "control-group" ControlGroup,
        "mixed" Mixed,
        "process" Process,
        "none" None,
    }

    /// `BindIPv6Only=`.
    BindIpv6Only {
        "default" Default,
        "both" Both,
        "ipv6-only" Ipv6Only,
    }, also {
        "no" Both,
        "yes" Ipv6Only,
        "false" Both,
        "true" Ipv6Only,
    }

    /// `StartLimitAction=` and its kin.
    Emergency {
        "none" None,
        "reboot" Reboot,
        "reboot-force" RebootForce,
        "reboot-immediate" RebootImmediate,
        "poweroff" Poweroff,
        "poweroff-force" PoweroffForce,
        "poweroff-immediate" PoweroffImmediate,
        "halt" Halt,
        "halt-force" HaltForce,
        "halt-immediate" HaltImmediate,
    }

    /// `OnFailureJobMode=` and its kin, `--job-mode=`.
    JobMode {
        "replace" Replace,
        "replace-irreversibly" ReplaceIrreversibly,
        "fail" Fail,
        "isolate" Isolate,
        "flush" Flush,
        "ignore-dependencies" IgnoreDependencies,
        "ignore-requirements" IgnoreRequirements,
    }

    /// Jobs, in systemctl's words.
    JobKind {
        "start" Start,
        "stop" Stop,
        "restart" Restart,
        "reload" Reload,
    }

    /// `CrashAction=`.
    CrashAction {
        "reboot" Reboot,
        "poweroff" Poweroff,
        "freeze" Freeze,
    }
}
