//! The names of properties, for `show`: systemd's. A call that prints one has its number, which
//! is a byte or two; names of what the board's units do not use are not in the program.

use crate::features;
use crate::packed::{Draft, Packed};

/// A property, by its place among the names.
#[derive(Clone, Copy)]
pub(super) struct Property(u16);

impl Property {
    /// Its name.
    #[inline(never)]
    pub(super) fn name(self) -> Packed {
        let mut rest: &[u8] = &PACKED;
        let mut left = self.0;
        while let &[length, ref names @ ..] = rest {
            let Some((name, behind)) = names.split_at_checked(length.into()) else { break };
            if left == 0 {
                return Packed(name);
            }
            left -= 1;
            rest = behind;
        }
        Packed(&[])
    }
}

const DRAFT: Draft = Draft::list(NAMES);
static PACKED: [u8; DRAFT.length] = DRAFT.finish();

/// Where a name stands among those that are used.
const fn place(name: Name) -> Property {
    let (mut place, mut at) = (0, 0);
    while at < name as usize {
        place += NAMES[at].1 as u16;
        at += 1;
    }
    Property(if NAMES[at].1 { place } else { u16::MAX })
}

macro_rules! packed_names {
    ($($used:expr => $($name:ident)*;)*) => {
        #[derive(Clone, Copy)]
        #[allow(
            clippy::enum_variant_names,
            clippy::upper_case_acronyms,
            reason = "systemd's names"
        )]
        enum Name { $($($name,)*)* }

        /// Each with whether the board uses it.
        const NAMES: &[(&str, bool)] = &[$($((stringify!($name), $used),)*)*];

        #[allow(non_upper_case_globals, reason = "systemd's names")]
        impl Property {
            $($(pub(super) const $name: Self = place(Name::$name);)*)*
        }
    };
}

packed_names!(
    true =>
        Id LoadState ActiveState SubState Version SystemState NNames NFailedUnits NJobs
        FinishTimestampMonotonic TableChecksum DefaultTarget StrangersReaped
        NotificationsDropped ConsoleLinesDropped Description Job
        StateChangeTimestampMonotonic ActiveEnterTimestampMonotonic Requires RequiredBy
        Wants Before After TriggeredBy Triggers Result MainPID ControlPID ExecMainCode
        ExecMainStatus NRestarts StatusText StatusErrno Type Restart RestartUSec
        TimeoutStartUSec TimeoutStopUSec KillMode KillSignal StartLimitIntervalUSec
        StartLimitBurst ExecStart User WorkingDirectory Environment UMask
        StandardInput StandardOutput StandardError NonBlocking Listen NAccepted NConnections
        NRefused NTriggered Accept MaxConnections Backlog FileDescriptorName SocketMode
        DirectoryMode PollLimitIntervalUSec PollLimitBurst TriggerLimitIntervalUSec
        TriggerLimitBurst;
    features::EMERGENCY_ACTIONS =>
        StartLimitAction FailureAction SuccessAction;
    features::HELPERS =>
        ExecStartPre;
    features::RELOADS =>
        ExecReload;
    features::STOP_COMMANDS =>
        ExecStop;
    features::GROUPS =>
        Group;
    features::LIMIT_NOFILE =>
        LimitNOFILE LimitNOFILESoft;
    features::SOURCE_LIMITS =>
        MaxConnectionsPerSource;
    features::INET_OPTIONS =>
        BindIPv6Only ReusePort NoDelay KeepAlive SocketProtocol;
    features::SOCKET_OWNERS =>
        SocketUser SocketGroup;
    features::REMOVE_ON_STOP =>
        RemoveOnStop;
    features::FLUSH_PENDING =>
        FlushPending;
    features::SPECIAL_FILES =>
        Writable;
    features::FIFOS =>
        PipeSize;
    features::MESSAGE_QUEUES =>
        MessageQueueMaxMessages MessageQueueMessageSize;
    features::SYMLINKS =>
        Symlinks;
    features::ACCESS_LISTS =>
        IPAddressAllow IPAddressDeny;
    features::HARDWARE_WATCHDOG =>
        WatchdogDevice RuntimeWatchdogUSec WatchdogState ResetByWatchdog;
    features::CONDITIONS =>
        ConditionResult AssertResult Asserts Conditions;
    features::RELATIONS || features::ISOLATE || features::JOB_TIMEOUTS =>
        Conflicts ConflictedBy Requisite BindsTo BoundBy ConsistsOf PropagatesStopTo
        PropagatesReloadTo Upholds UpheldBy OnFailure OnSuccess CanIsolate RefuseManualStart
        RefuseManualStop StopWhenUnneeded IgnoreOnIsolate JobTimeoutUSec
        JobRunningTimeoutUSec JobTimeoutAction;
    features::REBOOT_ARGUMENTS =>
        JobTimeoutRebootArgument RebootArgument;
    features::SERVICE_MORE =>
        RestartKillSignal FinalKillSignal WatchdogUSec WatchdogSignal SendSIGKILL SendSIGHUP
        TimeoutAbortUSec TimeoutStartFailureMode TimeoutStopFailureMode RuntimeMaxUSec
        RuntimeRandomizedExtraUSec RemainAfterExit PIDFile NotifyAccess GuessMainPID
        ReloadSignal SuccessExitStatus RestartPreventExitStatus RestartForceExitStatus
        RestartSteps RestartMaxDelayUSec ExecCondition
        ExecReloadPost;
    features::FD_STORE =>
        FileDescriptorStoreMax NFileDescriptorStore FileDescriptorStorePreserve;
    features::SERVICE_MORE || features::SOCKET_COMMANDS =>
        ExecStartPost ExecStopPost;
    features::TIMERS =>
        AccuracyUSec RandomizedDelayUSec FixedRandomDelay RemainAfterElapse Persistent
        NextElapseUSecMonotonic LastTriggerUSecMonotonic TimersMonotonic TimersCalendar
        OnClockChange DeferReactivation;
    features::PATHS =>
        Paths MakeDirectory;
    features::SOCKET_COMMANDS || features::MOUNTS =>
        TimeoutUSec;
    features::SOCKET_COMMANDS =>
        PassFileDescriptorsToExec ExecStopPre;
    features::MOUNTS =>
        Where What Options MountFlags LazyUnmount ForceUnmount ReadWriteOnly
        DeviceTimeoutUSec;
    features::SWAPS || features::SOCKET_OPTIONS =>
        Priority;
    features::RESOURCE_LIMITS =>
        LimitCPU LimitCPUSoft LimitFSIZE LimitFSIZESoft LimitDATA LimitDATASoft LimitSTACK
        LimitSTACKSoft LimitCORE LimitCORESoft LimitRSS LimitRSSSoft LimitNPROC
        LimitNPROCSoft LimitMEMLOCK LimitMEMLOCKSoft LimitAS LimitASSoft LimitLOCKS
        LimitLOCKSSoft LimitSIGPENDING LimitSIGPENDINGSoft LimitMSGQUEUE LimitMSGQUEUESoft
        LimitNICE LimitNICESoft LimitRTPRIO LimitRTPRIOSoft LimitRTTIME LimitRTTIMESoft;
    features::DIRECTORIES =>
        RuntimeDirectory RuntimeDirectoryMode StateDirectory StateDirectoryMode
        CacheDirectory CacheDirectoryMode LogsDirectory LogsDirectoryMode
        ConfigurationDirectory ConfigurationDirectoryMode RuntimeDirectoryPreserve;
    features::SUPPLEMENTARY_GROUPS =>
        SupplementaryGroups;
    features::EXEC_MORE =>
        IgnoreSIGPIPE;
    features::ROOT_DIRECTORY =>
        RootDirectory RootDirectoryStartOnly;
    features::OOM_SCORE =>
        OOMScoreAdjust;
    features::VARIABLES =>
        EnvironmentFiles PassEnvironment UnsetEnvironment;
    features::STREAMS =>
        StandardInputFile StandardOutputFile StandardErrorFile TTYPath;
    features::TERMINALS =>
        TTYReset TTYVHangup TTYVTDisallocate TTYRows TTYColumns;
    features::LOG =>
        SyslogIdentifier SyslogFacility SyslogLevel SyslogLevelPrefix LogLevelMax
        LogRateLimitIntervalUSec LogRateLimitBurst;
    features::OPEN_FILES =>
        OpenFile;
    features::CREDENTIALS =>
        LoadCredential SetCredential;
    features::SCHEDULING =>
        Nice CPUSchedulingPolicy CPUSchedulingPriority CPUSchedulingResetOnFork CPUAffinity
        IOSchedulingClass IOSchedulingPriority TimerSlackNSec Personality;
    features::CAPABILITIES =>
        CapabilityBoundingSet AmbientCapabilities NoNewPrivileges;
    features::SOCKET_OPTIONS =>
        KeepAliveTimeUSec KeepAliveIntervalUSec KeepAliveProbes DeferAcceptUSec
        ReceiveBuffer SendBuffer IPTOS IPTTL Mark Broadcast TCPCongestion BindToDevice
        FreeBind Transparent PassCredentials PassSecurity PassPacketInfo Timestamping;
    features::CONTROL_GROUPS =>
        MemoryCurrent TasksCurrent MemoryMin MemoryLow MemoryHigh MemoryMax MemorySwapMax
        MemoryZSwapMax TasksMax CPUWeight CPUMax IOWeight AllowedCPUs AllowedMemoryNodes
        Slice ControlGroup;
);
