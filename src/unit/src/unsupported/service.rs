//! `[Service]`: systemd.service(5).

use super::Same::{Empty, List, No, Words, Yes};
use super::{Unsupported, ignored, refused};

const COMMANDS: &str = "of the commands only ExecStartPre=, ExecStart=, ExecReload= and ExecStop= \
                        are understood";
const FOREGROUND: &str = "let the program stay in the foreground, with Type=simple, exec or notify";
const FORKING: &str = "without Type=forking it has no effect";
const STATUS: &str = "0 is success, and so are SIGHUP, SIGINT, SIGTERM and SIGPIPE";
const WATCHDOG: &str = "services have no watchdog here: let the program end when it hangs";
const BACK_OFF: &str = "a restart comes after RestartSec=, each time";
const DEADLINES: &str = "of the deadlines only TimeoutStartSec= and TimeoutStopSec= are understood";
const STORE: &str = "PID 1 keeps listeners only";
const USB: &str = "ListenUSBFunction= is not supported either";
const NO_BUS: &str = "there is no message bus here, and it can be left out";

#[rustfmt::skip]
pub(super) const SERVICE: &[Unsupported] = &[
    refused("PIDFile", Empty, FOREGROUND),
    refused("ExecCondition", List, COMMANDS),
    refused("ExecStartPost", List, COMMANDS),
    refused("ExecReloadPost", List, COMMANDS),
    refused("ExecStopPost", List, COMMANDS),
    refused("RestartSteps", Words(&["0"]), BACK_OFF),
    refused("RestartMaxDelaySec", Words(&["infinity"]), BACK_OFF),
    refused("RestartMode", Words(&["normal"]), "units that require this one see it go and come"),
    ignored("TimeoutAbortSec", Empty, "without WatchdogSec= it has no effect"),
    refused("TimeoutStartFailureMode", Words(&["terminate"]), DEADLINES),
    refused("TimeoutStopFailureMode", Words(&["terminate"]), DEADLINES),
    refused("RuntimeMaxSec", Words(&["infinity"]), DEADLINES),
    ignored("RuntimeRandomizedExtraSec", Words(&["0"]), "without RuntimeMaxSec= it has no effect"),
    refused("WatchdogSec", Words(&["0", "0s", "infinity"]), WATCHDOG),
    refused("FailureAction", Words(&["none"]),
        "of the emergency actions only StartLimitAction= is understood"),
    refused("RebootArgument", Empty, "a reboot takes no argument here"),
    refused("ExitType", Words(&["main"]), FOREGROUND),
    refused("PermissionsStartOnly", No, "put `+` before the commands that need root"),
    refused("RootDirectoryStartOnly", No, "RootDirectory= is not supported either"),
    refused("RemainAfterExit", No,
        "a oneshot is inactive when its commands have ended, and starts again when it is asked"),
    ignored("GuessMainPID", Yes, FORKING),
    refused("RestartPreventExitStatus", List, STATUS),
    refused("RestartForceExitStatus", List, STATUS),
    refused("SuccessExitStatus", List, STATUS),
    ignored("SysVStartPriority", Empty, "it has no meaning here, nor in systemd since 218"),
    ignored("BusName", Empty, NO_BUS),
    ignored("BusPolicy", List, NO_BUS),
    refused("FileDescriptorStoreMax", Words(&["0"]), STORE),
    ignored("FileDescriptorStorePreserve", Words(&["restart"]),
        "without FileDescriptorStoreMax= it has no effect"),
    refused("USBFunctionDescriptors", Empty, USB),
    refused("USBFunctionStrings", Empty, USB),
    refused("OOMPolicy", Words(&["continue"]),
        "when the kernel kills a process for its memory, the others go on"),
    refused("OpenFile", List, "let the program open it"),
    ignored("ReloadSignal", Words(&["SIGHUP"]), "without Type=notify-reload it has no effect"),
    refused("RefreshOnReload", Words(&["no"]), "neither extensions nor credentials are supported"),
];
