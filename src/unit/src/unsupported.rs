//! What systemd knows and is not supported here: never ignored in silence.
//!
//! Source: systemd.unit(5), systemd.service(5), systemd.socket(5), systemd.exec(5),
//! systemd.kill(5), systemd.resource-control(5), systemd-system.conf(5) of systemd 256.

/// What leaving a directive out would do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Loss {
    /// Nothing that a service or its clients could tell: a warning.
    Cosmetic,
    /// The service would behave otherwise, or be less confined: an error.
    Behaviour,
}

/// Directives that are left out for one reason.
#[derive(Clone, Copy, Debug)]
pub struct Unsupported {
    /// The sections they stand in, by name.
    pub sections: &'static [&'static str],
    /// Their names; one that ends with `*` stands for all that begin so.
    pub names: &'static [&'static str],
    /// What leaving them out would do.
    pub loss: Loss,
    /// What to do instead, or why: a sentence without its full stop.
    pub instead: &'static str,
}

impl Unsupported {
    /// True if this is about `name` in `section`.
    pub fn covers(&self, section: &str, name: &str) -> bool {
        self.sections.contains(&section)
            && self.names.iter().any(|pattern| match pattern.strip_suffix('*') {
                Some(prefix) => name.starts_with(prefix),
                None => *pattern == name,
            })
    }
}

/// Sections of kinds of unit that are not supported.
pub const SECTIONS: &[&str] =
    &["Mount", "Automount", "Swap", "Timer", "Path", "Slice", "Scope", "Device"];

/// Suffixes of kinds of unit that are not supported.
pub const SUFFIXES: &[&str] =
    &["mount", "automount", "swap", "timer", "path", "slice", "scope", "device"];

const UNIT: &[&str] = &["Unit"];
const SERVICE: &[&str] = &["Service"];
const SOCKET: &[&str] = &["Socket"];
const INSTALL: &[&str] = &["Install"];
const MANAGER: &[&str] = &["Manager"];
const PROCESS: &[&str] = &["Service", "Socket"];

/// Every such directive, by reason.
#[rustfmt::skip]
pub const UNSUPPORTED: &[Unsupported] = &[
    Unsupported { sections: UNIT, loss: Loss::Behaviour, names: &[
        "BindsTo", "BindTo", "PartOf", "Upholds", "Requisite", "OnSuccess", "OnFailure",
        "PropagatesReloadTo", "PropagateReloadTo", "ReloadPropagatedFrom", "PropagateReloadFrom",
        "PropagatesStopTo", "StopPropagatedFrom", "RequiresOverridable", "RequisiteOverridable"],
        instead: "of the dependencies only After=, Before=, Requires=, Wants= and Conflicts= are \
                  understood" },
    Unsupported { sections: UNIT, loss: Loss::Behaviour, names: &["Condition*", "Assert*"],
        instead: "conditions are not evaluated on the board: put the unit on the boards that \
                  need it" },
    Unsupported { sections: UNIT, loss: Loss::Behaviour, names: &[
        "RequiresMountsFor", "WantsMountsFor"],
        instead: "mounts are no units here: what PID 1 mounts is there before any unit starts" },
    Unsupported { sections: UNIT, loss: Loss::Behaviour, names: &[
        "FailureAction", "SuccessAction", "FailureActionExitStatus", "SuccessActionExitStatus",
        "RebootArgument", "JobTimeoutSec", "JobRunningTimeoutSec", "JobTimeoutAction",
        "JobTimeoutRebootArgument"],
        instead: "of the emergency actions only StartLimitAction= is understood" },
    Unsupported { sections: UNIT, loss: Loss::Behaviour, names: &[
        "StopWhenUnneeded", "RefuseManualStart", "RefuseManualStop", "JoinsNamespaceOf",
        "SurviveFinalKillSignal", "OnSuccessJobMode", "OnFailureJobMode", "OnFailureIsolate"],
        instead: "it is not implemented" },
    Unsupported { sections: UNIT, loss: Loss::Cosmetic, names: &[
        "AllowIsolate", "IgnoreOnIsolate", "IgnoreOnSnapshot", "SourcePath", "CollectMode"],
        instead: "it has no meaning here and can be left out" },

    Unsupported { sections: SERVICE, loss: Loss::Behaviour, names: &[
        "ExecCondition", "ExecStartPost", "ExecStopPost"],
        instead: "of the commands only ExecStartPre=, ExecStart=, ExecReload= and ExecStop= are \
                  understood" },
    Unsupported { sections: SERVICE, loss: Loss::Behaviour, names: &[
        "PIDFile", "GuessMainPID", "ExitType"],
        instead: "let the program stay in the foreground, with Type=simple, exec or notify" },
    Unsupported { sections: SERVICE, loss: Loss::Behaviour, names: &[
        "RemainAfterExit", "RestartSteps", "RestartMaxDelaySec", "RestartMode",
        "RestartPreventExitStatus", "RestartForceExitStatus", "SuccessExitStatus",
        "TimeoutAbortSec", "TimeoutStartFailureMode", "TimeoutStopFailureMode", "RuntimeMaxSec",
        "RuntimeRandomizedExtraSec", "WatchdogSec", "WatchdogSignal", "OOMPolicy", "OpenFile",
        "ReloadSignal", "FailureAction", "RebootArgument", "RootDirectoryStartOnly",
        "PermissionsStartOnly", "TimeoutCleanSec"],
        instead: "it is not implemented" },
    Unsupported { sections: SERVICE, loss: Loss::Behaviour, names: &["NotifyAccess"],
        instead: "Type=notify listens to the main process, as NotifyAccess=main does" },
    Unsupported { sections: SERVICE, loss: Loss::Behaviour, names: &["Sockets"],
        instead: "write Service= in the socket units instead" },
    Unsupported { sections: SERVICE, loss: Loss::Behaviour, names: &[
        "FileDescriptorStoreMax", "FileDescriptorStorePreserve"],
        instead: "PID 1 keeps listeners only" },
    Unsupported { sections: SERVICE, loss: Loss::Behaviour, names: &[
        "USBFunctionDescriptors", "USBFunctionStrings"],
        instead: "ListenUSBFunction= is not supported either" },
    Unsupported { sections: SERVICE, loss: Loss::Cosmetic, names: &[
        "BusName", "BusPolicy", "SysVStartPriority", "CoredumpReceive"],
        instead: "it has no meaning here and can be left out" },

    Unsupported { sections: SOCKET, loss: Loss::Behaviour, names: &[
        "ListenNetlink", "ListenSpecial", "ListenMessageQueue", "ListenUSBFunction"],
        instead: "of the listeners only ListenStream=, ListenDatagram=, ListenSequentialPacket= \
                  and ListenFIFO= are understood" },
    Unsupported { sections: SOCKET, loss: Loss::Behaviour, names: &[
        "ExecStartPre", "ExecStartPost", "ExecStopPre", "ExecStopPost", "TimeoutSec"],
        instead: "a socket runs no commands here" },
    Unsupported { sections: SOCKET, loss: Loss::Behaviour, names: &[
        "BindToDevice", "SocketProtocol", "FlushPending", "Writable", "KeepAliveTimeSec",
        "KeepAliveIntervalSec", "KeepAliveProbes", "DeferAcceptSec", "DeferTrigger",
        "DeferTriggerMaxSec", "ReceiveBuffer", "SendBuffer", "IPTOS", "IPTTL", "Mark",
        "PipeSize", "FreeBind", "Transparent", "Broadcast", "PassCredentials", "PassPIDFD",
        "PassSecurity", "PassPacketInfo", "PassFileDescriptorsToExec", "AcceptFileDescriptors",
        "Timestamping", "TCPCongestion", "MessageQueueMaxMessages", "MessageQueueMessageSize",
        "Symlinks"],
        instead: "this socket option is not implemented" },
    Unsupported { sections: SOCKET, loss: Loss::Cosmetic, names: &["Priority"],
        instead: "it has no meaning here and can be left out" },
    Unsupported { sections: SOCKET, loss: Loss::Behaviour, names: &[
        "SmackLabel", "SmackLabelIPIn", "SmackLabelIPOut", "SELinuxContextFromNet"],
        instead: "security labels are not supported" },
    Unsupported { sections: SOCKET, loss: Loss::Behaviour, names: &[
        "User", "Group", "WorkingDirectory", "UMask", "Environment", "StandardInput",
        "StandardOutput", "StandardError", "LimitNOFILE", "KillMode", "KillSignal"],
        instead: "a socket runs no commands here; it belongs into the service" },

    Unsupported { sections: PROCESS, loss: Loss::Behaviour, names: &[
        "RootDirectory", "RootImage*", "RootHash*", "RootVerity", "RootEphemeral", "Extension*",
        "Mount*", "Bind*", "TemporaryFileSystem", "Private*", "Protect*", "ProcSubset",
        "ReadWritePaths", "ReadOnlyPaths", "InaccessiblePaths", "ExecPaths", "NoExecPaths",
        "ReadWriteDirectories", "ReadOnlyDirectories", "InaccessibleDirectories",
        "NetworkNamespacePath", "IPCNamespacePath", "LogNamespace", "MemoryDenyWriteExecute",
        "Restrict*", "LockPersonality", "Personality", "SystemCall*", "CapabilityBoundingSet",
        "AmbientCapabilities", "Capabilities", "SecureBits", "NoNewPrivileges", "KeyringMode",
        "SELinuxContext", "AppArmorProfile", "SmackProcessLabel", "DynamicUser", "RemoveIPC",
        "IgnoreSIGPIPE", "SocketBindAllow", "SocketBindDeny"],
        instead: "the sandbox is not implemented: the service would run less confined than the \
                  unit says" },
    Unsupported { sections: PROCESS, loss: Loss::Behaviour, names: &[
        "Slice", "AllowedCPUs", "AllowedMemoryNodes", "CPUWeight", "CPUShares",
        "CPUQuota", "CPUQuotaPeriodSec", "Startup*", "MemoryMin", "MemoryLow", "MemoryHigh",
        "MemoryMax", "MemorySwapMax", "MemoryZSwap*", "MemoryLimit", "MemoryPressure*",
        "DefaultMemory*", "DefaultStartupMemoryLow", "Device*", "IOWeight", "IODevice*",
        "IORead*", "IOWrite*", "BlockIO*", "TasksMax", "Delegate*", "DisableControllers",
        "IPAddress*", "IPIngressFilterPath", "IPEgressFilterPath", "ManagedOOM*", "NetClass",
        "BPFProgram", "NFTSet"],
        instead: "control groups are not implemented: no resource is limited" },
    Unsupported { sections: PROCESS, loss: Loss::Cosmetic, names: &[
        "CPUAccounting", "MemoryAccounting", "IOAccounting", "TasksAccounting", "IPAccounting",
        "MemoryKSM"],
        instead: "nothing is accounted here and it can be left out" },
    Unsupported { sections: PROCESS, loss: Loss::Behaviour, names: &[
        "Runtime*", "State*", "Cache*", "Logs*", "Configuration*"],
        instead: "make the folder in ExecStartPre=, with `+/bin/mkdir -p`, or in the image" },
    Unsupported { sections: PROCESS, loss: Loss::Behaviour, names: &[
        "EnvironmentFile", "PassEnvironment", "UnsetEnvironment", "ExecSearchPath"],
        instead: "of the environment only Environment= is understood" },
    Unsupported { sections: PROCESS, loss: Loss::Behaviour, names: &[
        "SetCredential*", "LoadCredential*", "ImportCredential"],
        instead: "credentials are not supported" },
    Unsupported { sections: PROCESS, loss: Loss::Behaviour, names: &["Limit*"],
        instead: "of the resource limits only LimitNOFILE= is understood" },
    Unsupported { sections: PROCESS, loss: Loss::Behaviour, names: &[
        "SupplementaryGroups", "SetLoginEnvironment", "Nice", "OOMScoreAdjust", "CoredumpFilter",
        "IOScheduling*", "CPUScheduling*", "CPUAffinity", "NUMA*", "TimerSlackNSec", "PAMName"],
        instead: "of the process's properties only User=, Group=, WorkingDirectory=, UMask= and \
                  LimitNOFILE= are understood" },
    Unsupported { sections: PROCESS, loss: Loss::Behaviour, names: &[
        "StandardInputText", "StandardInputData", "TTYPath"],
        instead: "StandardInput=tty is the board's console" },
    Unsupported { sections: PROCESS, loss: Loss::Cosmetic, names: &[
        "TTYReset", "TTYVHangup", "TTYVTDisallocate", "TTYRows", "TTYColumns", "Utmp*"],
        instead: "it has no meaning here and can be left out" },
    Unsupported { sections: PROCESS, loss: Loss::Cosmetic, names: &["Syslog*", "Log*"],
        instead: "there is no journal: output goes where StandardOutput= says" },
    Unsupported { sections: PROCESS, loss: Loss::Behaviour, names: &[
        "SendSIGKILL", "SendSIGHUP", "RestartKillSignal", "FinalKillSignal"],
        instead: "what is left after KillSignal= and TimeoutStopSec= gets SIGKILL" },

    Unsupported { sections: INSTALL, loss: Loss::Behaviour, names: &["Alias", "UpheldBy"],
        instead: "of the installation only WantedBy= and RequiredBy= are understood" },
    Unsupported { sections: INSTALL, loss: Loss::Behaviour, names: &["DefaultInstance"],
        instead: "name the instance where it is wanted, as in `Wants=getty@ttyS0.service`" },
    Unsupported { sections: INSTALL, loss: Loss::Cosmetic, names: &["Also"],
        instead: "every unit present on a board is enabled as its own WantedBy= says" },

    Unsupported { sections: MANAGER, loss: Loss::Behaviour, names: &[
        "RuntimeWatchdog*", "RebootWatchdogSec", "KExecWatchdogSec", "WatchdogDevice",
        "CapabilityBoundingSet", "NoNewPrivileges", "SystemCallArchitectures", "ManagerEnvironment",
        "CPUAffinity", "NUMA*", "ProtectSystem", "TimerSlackNSec", "DefaultLimit*",
        "DefaultTimeoutAbortSec", "DefaultDeviceTimeoutSec", "DefaultTasksMax",
        "DefaultMemoryPressure*", "DefaultOOM*", "DefaultSmackProcessLabel", "ReloadLimit*",
        "CrashReboot", "CrashShell", "CrashChangeVT"],
        instead: "it is not implemented" },
    Unsupported { sections: MANAGER, loss: Loss::Cosmetic, names: &[
        "LogTarget", "LogColor", "LogLocation", "LogTime", "DumpCore", "ShowStatus",
        "StatusUnitFormat", "DefaultTimerAccuracySec", "DefaultCPUAccounting",
        "DefaultIOAccounting", "DefaultIPAccounting", "DefaultMemoryAccounting",
        "DefaultTasksAccounting"],
        instead: "it has no meaning here and can be left out" },
];
