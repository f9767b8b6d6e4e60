//! `[Service]`: systemd.service(5).

use super::Same::{Empty, List, No, Words};
use super::{Unsupported, ignored, refused};

const FOREGROUND: &str = "let the program stay in the foreground, with Type=simple, exec or notify";
const USB: &str = "ListenUSBFunction= is not supported either";
const NO_BUS: &str = "there is no message bus here, and it can be left out";

#[rustfmt::skip]
pub(super) const SERVICE: &[Unsupported] = &[
    refused("RestartMode", Words(&["normal"]), "units that require this one see it go and come"),
    refused("FailureAction", Words(&["none"]),
        "it stands in [Unit]"),
    refused("RebootArgument", Empty, "it stands in [Unit]"),
    refused("ExitType", Words(&["main"]), FOREGROUND),
    refused("PermissionsStartOnly", No, "put `+` before the commands that need root"),
    ignored("SysVStartPriority", Empty, "it has no meaning here, nor in systemd since 218"),
    ignored("BusName", Empty, NO_BUS),
    ignored("BusPolicy", List, NO_BUS),
    refused("USBFunctionDescriptors", Empty, USB),
    refused("USBFunctionStrings", Empty, USB),
    refused("RefreshOnReload", Words(&["no"]), "what the service was given stays as it was"),
];
