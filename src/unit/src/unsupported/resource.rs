//! What may stand in any section with a control group: systemd.resource-control(5).

use super::Same::{Empty, List, No, Words};
use super::{Unsupported, ignored, refused};

const STARTUP: &str = "there is one value: what is said without Startup holds during boot, too";
const EACH: &str = "write it into each unit of the slice";
const DEVICES: &str = "use User=, and the modes of the nodes in /dev";
const DELEGATE: &str =
    "a stop does not reach into control groups that a service has made in its own";
const ACCOUNTING: &str = "nothing is accounted here and it can be left out";
const FILTERS: &str = "addresses and ports are not filtered: bind only what may be reached";
const OOM: &str = "nobody watches over memory but the kernel";
const OOM_PRESSURE: &str = "without ManagedOOMMemoryPressure= it has no effect";
const PRESSURE: &str = "a program that asks is not told";
const LIMITS: &str = "only services and slices are limited";
const NONE: &[&str] = &["infinity"];
const ZERO: &[&str] = &["0"];

#[rustfmt::skip]
pub(super) const RESOURCE: &[Unsupported] = &[
    refused("StartupAllowedCPUs", List, STARTUP),
    refused("CPUSetPartition", Empty, "use AllowedCPUs="),
    refused("StartupAllowedMemoryNodes", List, STARTUP),
    refused("StartupCPUWeight", Words(&["100"]), STARTUP),
    refused("CPUShares", Words(&["1024"]), "use CPUWeight="),
    refused("StartupCPUShares", Words(&["1024"]), "use CPUWeight="),
    refused("DefaultMemoryMin", Words(ZERO), EACH),
    refused("DefaultMemoryLow", Words(ZERO), EACH),
    refused("DefaultStartupMemoryLow", Words(ZERO), STARTUP),
    refused("StartupMemoryLow", Words(ZERO), STARTUP),
    refused("StartupMemoryHigh", Words(NONE), STARTUP),
    refused("StartupMemoryMax", Words(NONE), STARTUP),
    refused("StartupMemorySwapMax", Words(NONE), STARTUP),
    refused("StartupMemoryZSwapMax", Words(NONE), STARTUP),
    refused("MemoryLimit", Words(NONE), "use MemoryMax="),
    refused("DeviceAllow", List, DEVICES),
    refused("DevicePolicy", Words(&["auto"]), DEVICES),
    refused("StartupIOWeight", Words(&["100"]), STARTUP),
    refused("IODeviceLatencyTargetSec", List, "use IOWeight= or IODeviceWeight="),
    ignored("BlockIOAccounting", No, ACCOUNTING),
    refused("BlockIOWeight", Words(&["500"]), "use IOWeight="),
    refused("StartupBlockIOWeight", Words(&["500"]), "use IOWeight="),
    refused("BlockIODeviceWeight", List, "use IODeviceWeight="),
    refused("BlockIOReadBandwidth", List, "use IOReadBandwidthMax="),
    refused("BlockIOWriteBandwidth", List, "use IOWriteBandwidthMax="),
    refused("Delegate", No, DELEGATE),
    refused("DelegateSubgroup", Empty, DELEGATE),
    refused("DisableControllers", List, "only what the units need is enabled anyway"),
    ignored("IPAccounting", No, ACCOUNTING),
    refused("IPAddressAllow", List, FILTERS),
    refused("IPAddressDeny", List, FILTERS),
    refused("IPIngressFilterPath", List, FILTERS),
    refused("IPEgressFilterPath", List, FILTERS),
    refused("SocketBindAllow", List, FILTERS),
    refused("SocketBindDeny", List, FILTERS),
    refused("RestrictNetworkInterfaces", List, FILTERS),
    refused("NFTSet", List, FILTERS),
    refused("BPFProgram", List, FILTERS),
    refused("NetClass", Empty, "it has no meaning in systemd since 227 either"),
    refused("ManagedOOMSwap", Words(&["auto"]), OOM),
    refused("ManagedOOMMemoryPressure", Words(&["auto"]), OOM),
    ignored("ManagedOOMMemoryPressureLimit", Empty, OOM_PRESSURE),
    ignored("ManagedOOMMemoryPressureDurationSec", Empty, OOM_PRESSURE),
    refused("ManagedOOMPreference", Words(&["none"]), OOM),
    refused("OOMRules", List, OOM),
    ignored("MemoryPressureWatch", Words(&["auto", "off"]), PRESSURE),
    ignored("MemoryPressureThresholdSec", Empty, PRESSURE),
    ignored("CPUPressureWatch", Words(&["auto", "off"]), PRESSURE),
    ignored("CPUPressureThresholdSec", Empty, PRESSURE),
    ignored("IOPressureWatch", Words(&["auto", "off"]), PRESSURE),
    ignored("IOPressureThresholdSec", Empty, PRESSURE),
    ignored("CoredumpReceive", No, "nobody collects core dumps here"),
];

/// What only services and slices have.
#[rustfmt::skip]
pub(super) const OF_SERVICES: &[Unsupported] = &[
    refused("Slice", Words(&["system.slice"]), "only services and sockets lie in slices"),
    refused("AllowedCPUs", List, LIMITS),
    refused("AllowedMemoryNodes", List, LIMITS),
    ignored("CPUAccounting", No, ACCOUNTING),
    refused("CPUWeight", Words(&["100"]), LIMITS),
    refused("CPUQuota", Empty, LIMITS),
    ignored("CPUQuotaPeriodSec", Empty, "without CPUQuota= it has no effect"),
    ignored("MemoryAccounting", No, ACCOUNTING),
    refused("MemoryMin", Words(ZERO), LIMITS),
    refused("MemoryLow", Words(ZERO), LIMITS),
    refused("MemoryHigh", Words(NONE), LIMITS),
    refused("MemoryMax", Words(NONE), LIMITS),
    refused("MemorySwapMax", Words(NONE), LIMITS),
    refused("MemoryZSwapMax", Words(NONE), LIMITS),
    refused("MemoryZSwapWriteback", super::Same::Yes, LIMITS),
    ignored("IOAccounting", No, ACCOUNTING),
    refused("IOWeight", Words(&["100"]), LIMITS),
    refused("IODeviceWeight", List, LIMITS),
    refused("IOReadBandwidthMax", List, LIMITS),
    refused("IOWriteBandwidthMax", List, LIMITS),
    refused("IOReadIOPSMax", List, LIMITS),
    refused("IOWriteIOPSMax", List, LIMITS),
    ignored("TasksAccounting", No, ACCOUNTING),
    refused("TasksMax", Words(NONE), LIMITS),
];
