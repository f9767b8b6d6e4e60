//! `[Unit]` and `[Install]`: systemd.unit(5).

use super::Same::{Empty, List, No, Words};
use super::{Unsupported, ignored, refused};

const CONDITIONS: &str =
    "boards are not told apart by that: put the unit on the boards that need it";

#[rustfmt::skip]
pub(super) const UNIT: &[Unsupported] = &[
    ignored("SourcePath", Empty, "it is a note for people and can be left out"),
    refused("JoinsNamespaceOf", List, "namespaces are not implemented"),
    refused("RequiresOverridable", List, "it is an old name: write Requires="),
    refused("RequisiteOverridable", List, "it is an old name: write Requisite="),
    refused("OnFailureIsolate", No, "it is an old name: write OnFailureJobMode=isolate"),
    ignored("IgnoreOnSnapshot", No, "there are no snapshots here, nor in systemd since 228"),
    refused("SurviveFinalKillSignal", No, "at a shutdown everything is killed in the end"),
    ignored("CollectMode", Words(&["inactive"]), "units are compiled in and never unloaded"),
    ignored("FailureActionExitStatus", Empty, "PID 1 of a board has nobody to exit to"),
    ignored("SuccessActionExitStatus", Empty, "PID 1 of a board has nobody to exit to"),

    refused("ConditionVirtualization", List, CONDITIONS),
    refused("ConditionVersion", List, CONDITIONS),
    refused("ConditionCredential", List, CONDITIONS),
    refused("ConditionSecurity", List, CONDITIONS),
    refused("ConditionACPower", List, CONDITIONS),
    refused("ConditionNeedsUpdate", List, CONDITIONS),
    refused("ConditionPathIsEncrypted", List, CONDITIONS),
    refused("ConditionCPUFeature", List, CONDITIONS),
    refused("ConditionOSRelease", List, CONDITIONS),
    refused("ConditionMemoryPressure", List, CONDITIONS),
    refused("ConditionCPUPressure", List, CONDITIONS),
    refused("ConditionIOPressure", List, CONDITIONS),
    refused("ConditionFraction", List, CONDITIONS),
    refused("ConditionMachineTag", List, CONDITIONS),
    refused("AssertVirtualization", List, CONDITIONS),
    refused("AssertVersion", List, CONDITIONS),
    refused("AssertCredential", List, CONDITIONS),
    refused("AssertSecurity", List, CONDITIONS),
    refused("AssertACPower", List, CONDITIONS),
    refused("AssertNeedsUpdate", List, CONDITIONS),
    refused("AssertPathIsEncrypted", List, CONDITIONS),
    refused("AssertCPUFeature", List, CONDITIONS),
    refused("AssertOSRelease", List, CONDITIONS),
    refused("AssertMemoryPressure", List, CONDITIONS),
    refused("AssertCPUPressure", List, CONDITIONS),
    refused("AssertIOPressure", List, CONDITIONS),
    refused("AssertFraction", List, CONDITIONS),
    refused("AssertMachineTag", List, CONDITIONS),
];

#[rustfmt::skip]
pub(super) const INSTALL: &[Unsupported] = &[];
