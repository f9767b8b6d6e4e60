//! What a socket's options are, for `show`: the table knows them by the kernel's numbers.

use unit::{OptionValue, Socket};

use crate::features;

use super::property::Property;
use super::show::List;

/// How the value of an option is printed, and what is where it is not set.
#[derive(Clone, Copy)]
enum Form {
    /// `yes` or `no`.
    Flag,
    /// A time in seconds.
    Seconds,
    /// A number, or 0.
    Count,
    /// A number, or -1.
    Number,
    /// Text.
    Text,
}

/// The options as systemd names them: level and name as of setsockopt(2).
const OPTIONS: &[(Property, u16, u16, Form)] = &[
    (Property::KeepAliveTimeUSec, 6, 4, Form::Seconds),
    (Property::KeepAliveIntervalUSec, 6, 5, Form::Seconds),
    (Property::KeepAliveProbes, 6, 6, Form::Count),
    (Property::DeferAcceptUSec, 6, 9, Form::Seconds),
    (Property::ReceiveBuffer, 1, 33, Form::Count),
    (Property::SendBuffer, 1, 32, Form::Count),
    (Property::IPTOS, 0, 1, Form::Number),
    (Property::IPTTL, 0, 2, Form::Number),
    (Property::Mark, 1, 36, Form::Number),
    (Property::Priority, 1, 12, Form::Number),
    (Property::Broadcast, 1, 6, Form::Flag),
    (Property::TCPCongestion, 6, 13, Form::Text),
    (Property::BindToDevice, 1, 25, Form::Text),
    (Property::FreeBind, 0, 15, Form::Flag),
    (Property::Transparent, 0, 19, Form::Flag),
    (Property::PassCredentials, 1, 16, Form::Flag),
    (Property::PassSecurity, 1, 34, Form::Flag),
    (Property::PassPacketInfo, 0, 8, Form::Flag),
];
const SO_TIMESTAMP: u16 = 29;
const SO_TIMESTAMPNS: u16 = 35;

#[inline(never)]
pub(super) fn print(list: &mut List<'_, '_>, socket: &Socket<'_>) {
    if !features::SOCKET_OPTIONS {
        return;
    }
    for &(property, level, name, form) in OPTIONS {
        let value = find(socket, level, name);
        match (form, value) {
            (_, Some(OptionValue::Text(text))) => list.text(property, text),
            (Form::Flag, _) => list.flag(property, value.is_some()),
            (Form::Seconds, Some(OptionValue::Number(seconds))) => {
                list.seconds(property, seconds.unsigned_abs());
            }
            (_, Some(OptionValue::Number(number))) => list.other(property, &number),
            (Form::Seconds, None) => list.seconds(property, 0),
            (Form::Count, None) => list.number(property, 0),
            (Form::Number, None) => list.text(property, "-1"),
            (Form::Text, None) => list.text(property, ""),
        }
    }
    let is_set = |name| find(socket, 1, name).is_some();
    let timestamping = match (is_set(SO_TIMESTAMP), is_set(SO_TIMESTAMPNS)) {
        (_, true) => "ns",
        (true, false) => "us",
        (false, false) => "off",
    };
    list.text(Property::Timestamping, timestamping);
}

/// An option of a socket: all of its listeners that can have it have the same.
fn find<'t>(socket: &Socket<'t>, level: u16, name: u16) -> Option<OptionValue<'t>> {
    let mut options = socket.listeners.iter().flat_map(|listener| listener.options.iter());
    options.find(|option| (option.level, option.name) == (level, name)).map(|option| option.value)
}
