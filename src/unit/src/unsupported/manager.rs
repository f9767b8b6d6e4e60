//! `[Manager]` of board.conf: systemd-system.conf(5).

use super::Same::{Empty, List, No, Words};
use super::{Unsupported, ignored, refused};

const NOT_HERE: &str = "it is not implemented";
const NO_MEANING: &str = "it has no meaning here and can be left out";
const PRETIMEOUT: &str = "the hardware watchdog is not told to warn before it resets";
const KEXEC: &str = "the watchdog is stopped before another kernel takes over";
const CRASH: &str = "CrashAction= says what happens then";
const LIMITS: &str = "set the limit of each service: only DefaultLimitNOFILE= is for all";

#[rustfmt::skip]
pub(super) const MANAGER: &[Unsupported] = &[
    ignored("LogTarget", Empty, NO_MEANING),
    ignored("LogColor", Empty, NO_MEANING),
    ignored("LogLocation", Empty, NO_MEANING),
    ignored("LogTime", Empty, NO_MEANING),
    ignored("DumpCore", Empty, NO_MEANING),
    refused("CrashVTChange", No, CRASH),
    refused("CrashChangeVT", No, CRASH),
    refused("CrashShell", No, CRASH),
    refused("CrashReboot", super::Same::Yes, CRASH),
    ignored("ShowStatus", Empty, NO_MEANING),
    ignored("StatusUnitFormat", Empty, NO_MEANING),
    refused("CPUAffinity", List, "set it of each service, or isolcpus= on the kernel's line"),
    refused("NUMAPolicy", Words(&["default"]), NOT_HERE),
    refused("NUMAMask", List, NOT_HERE),
    refused("RuntimeWatchdogPreSec", Words(&["off", "0"]), PRETIMEOUT),
    refused("RuntimeWatchdogPreGovernor", Empty, PRETIMEOUT),
    refused("KExecWatchdogSec", Words(&["off", "0"]), KEXEC),
    refused("CapabilityBoundingSet", super::Same::Exactly(&["~"]), "set it of each service"),
    refused("NoNewPrivileges", No, "set it of each service"),
    refused("ProtectSystem", No, NOT_HERE),
    refused("SystemCallArchitectures", List, NOT_HERE),
    refused("TimerSlackNSec", Empty, "set it of each service: PID 1 asks for no exact time"),
    refused("DefaultTimerAccuracySec", Empty, "set AccuracySec= of each timer"),
    refused("DefaultTimeoutAbortSec", Empty, "set TimeoutAbortSec= of each service"),
    refused("DefaultDeviceTimeoutSec", Empty, "devices are no units here"),
    refused("ManagerEnvironment", List, "PID 1 has no environment of its own"),
    ignored("DefaultCPUAccounting", No, NO_MEANING),
    ignored("DefaultMemoryAccounting", No, NO_MEANING),
    ignored("DefaultTasksAccounting", No, NO_MEANING),
    ignored("DefaultIOAccounting", No, NO_MEANING),
    ignored("DefaultIPAccounting", No, NO_MEANING),
    ignored("DefaultBlockIOAccounting", No, NO_MEANING),
    refused("DefaultTasksMax", Words(&["infinity"]), "set TasksMax= of each service or of a slice"),
    refused("DefaultLimitCPU", Words(&["infinity"]), LIMITS),
    refused("DefaultLimitFSIZE", Words(&["infinity"]), LIMITS),
    refused("DefaultLimitDATA", Words(&["infinity"]), LIMITS),
    refused("DefaultLimitSTACK", Empty, LIMITS),
    refused("DefaultLimitCORE", Empty, LIMITS),
    refused("DefaultLimitRSS", Words(&["infinity"]), LIMITS),
    refused("DefaultLimitAS", Words(&["infinity"]), LIMITS),
    refused("DefaultLimitNPROC", Empty, LIMITS),
    refused("DefaultLimitMEMLOCK", Empty, LIMITS),
    refused("DefaultLimitLOCKS", Words(&["infinity"]), LIMITS),
    refused("DefaultLimitSIGPENDING", Empty, LIMITS),
    refused("DefaultLimitMSGQUEUE", Empty, LIMITS),
    refused("DefaultLimitNICE", Empty, LIMITS),
    refused("DefaultLimitRTPRIO", Empty, LIMITS),
    refused("DefaultLimitRTTIME", Words(&["infinity"]), LIMITS),
    refused("DefaultMemoryPressureWatch", Words(&["auto", "off"]), NOT_HERE),
    refused("DefaultMemoryPressureThresholdSec", Empty, NOT_HERE),
    refused("DefaultCPUPressureWatch", Words(&["auto", "off"]), NOT_HERE),
    refused("DefaultCPUPressureThresholdSec", Empty, NOT_HERE),
    refused("DefaultIOPressureWatch", Words(&["auto", "off"]), NOT_HERE),
    refused("DefaultIOPressureThresholdSec", Empty, NOT_HERE),
    refused("DefaultOOMPolicy", Words(&["continue"]), "set OOMPolicy= of each service"),
    refused("DefaultOOMScoreAdjust", Words(&["0"]), "set OOMScoreAdjust= of each service"),
    refused("DefaultSmackProcessLabel", Empty, "security labels are not supported"),
    refused("DefaultRestrictSUIDSGID", No, "the sandbox is not implemented"),
    ignored("ReloadLimitIntervalSec", Empty, "units are compiled in and never loaded again"),
    ignored("ReloadLimitBurst", Empty, "units are compiled in and never loaded again"),
    refused("RestrictFileSystemAccess", No, "the sandbox is not implemented"),
    refused("MinimumUptimeSec", Words(&["0"]), NOT_HERE),
];
