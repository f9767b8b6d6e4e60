//! Who may connect: the rules of xinetd and of tcpd as lists of networks.
//!
//! The lists mean what `IPAddressAllow=` and `IPAddressDeny=` mean: who is in the first is let in,
//! who is only in the second is not, everybody else is. Rules by name are not: a board asks nobody
//! for names before it accepts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::entry::{Word, words};
use crate::Source;
use crate::report::{File, Report, Span};
use crate::text;

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Network {
    six: bool,
    /// Left-aligned in 128 bits.
    bits: u128,
    length: u8,
}

impl Network {
    fn new(address: IpAddr, length: u8) -> Option<Self> {
        let (six, bits, most) = match address {
            IpAddr::V4(four) => (false, u128::from(four.to_bits()) << 96, 32),
            IpAddr::V6(six) => (true, six.to_bits(), 128),
        };
        (length <= most).then_some(Self { six, bits: bits & mask(length), length })
    }

    /// `ADDRESS` or `ADDRESS/LENGTH`.
    fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            None => most,
            Some(mask) if mask.contains('.') => u8::try_from(dotted_length(mask)?).ok()?,
            Some(length) => length.parse().ok()?,
        };
        Self::new(address, length)
    }

    fn contains(&self, other: &Self) -> bool {
        let inside = other.bits & mask(self.length) == self.bits;
        self.six == other.six && self.length <= other.length && inside
    }

    /// What is left of this network without another one inside it.
    fn without(self, hole: &Self) -> Vec<Self> {
        if !self.contains(hole) {
            return if hole.contains(&self) { Vec::new() } else { vec![self] };
        }
        let halves = (self.length..hole.length).map(|length| {
            let flipped = hole.bits ^ (1 << (127 - length));
            Self { bits: flipped & mask(length + 1), length: length + 1, ..self }
        });
        halves.collect()
    }

    /// As a unit file has it.
    pub fn text(&self) -> String {
        let most = if self.six { 128 } else { 32 };
        let address = match self.six {
            true => IpAddr::V6(Ipv6Addr::from_bits(self.bits)),
            false => IpAddr::V4(Ipv4Addr::from_bits((self.bits >> 96) as u32)),
        };
        match self.length == most {
            true => address.to_string(),
            false => format!("{address}/{}", self.length),
        }
    }
}

/// The first `length` bits.
fn mask(length: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0)
}

/// `255.255.255.0` is 24; a mask with holes is none.
fn dotted_length(mask: &str) -> Option<u32> {
    let bits = mask.parse::<Ipv4Addr>().ok()?.to_bits();
    (bits.leading_ones() + bits.trailing_zeros() >= 32).then(|| bits.leading_ones())
}

/// Who may connect.
#[derive(Clone, Default, Debug)]
pub struct Access {
    /// Values of `IPAddressAllow=`.
    pub allow: Vec<String>,
    /// Values of `IPAddressDeny=`.
    pub deny: Vec<String>,
    /// Rules that no list of addresses can keep: what they are, and where.
    pub lost: Vec<(String, Span)>,
    /// Clients by name, who are let in no more: what names them, and where.
    pub shut_out: Vec<(String, Span)>,
    /// Where the lists come from.
    pub span: Option<Span>,
}

impl Access {
    /// A rule that cannot be kept.
    pub fn lose(&mut self, what: impl Into<String>, span: &Span) {
        self.lost.push((what.into(), span.clone()));
    }

    /// `only_from` and `no_access`: the better match decides, of two equal ones `no_access`.
    pub fn xinetd(&mut self, only_from: Option<&[Word]>, no_access: &[Word], place: &Span) {
        let mut holes = Vec::new();
        for word in no_access {
            match xinetd_address(&word.text) {
                Some(networks) => holes.extend(networks),
                None => self.lose(format!("`no_access = {}`", word.text), &word.span),
            }
        }
        let Some(only_from) = only_from else {
            self.deny.extend(holes.iter().map(Network::text));
            self.span = no_access.first().map(|word| word.span.clone());
            return;
        };
        self.span = Some(only_from.first().map_or_else(|| place.clone(), |word| word.span.clone()));
        let mut allowed = Vec::new();
        for word in only_from {
            match xinetd_address(&word.text) {
                Some(networks) => allowed.extend(networks),
                None => self.shut_out.push((word.text.clone(), word.span.clone())),
            }
        }
        let mut left = Vec::new();
        for network in allowed {
            let mut pieces = vec![network];
            for hole in holes.iter().filter(|hole| network.contains(hole)) {
                pieces = pieces.into_iter().flat_map(|piece| piece.without(hole)).collect();
            }
            left.extend(pieces);
        }
        left.sort();
        left.dedup();
        self.allow.extend(left.iter().map(Network::text));
        self.deny.push("any".into());
    }
}

/// An address of xinetd.conf(5): zeros at its end stand for anything, braces for alternatives.
fn xinetd_address(text: &str) -> Option<Vec<Network>> {
    if let Some((head, list)) = text.split_once('{') {
        let list = list.strip_suffix('}')?;
        let each = list.split(',').map(|last| {
            let address = format!("{head}{last}");
            let parts: Vec<&str> = address.split('.').collect();
            let length = u8::try_from(parts.len()).ok()? * 8;
            let padded = [&parts[..], &["0"; 4][parts.len().min(4)..]].concat().join(".");
            Network::new(padded.parse().ok()?, length)
        });
        return each.collect();
    }
    if text == "localhost" {
        let loopback = [Network::new(Ipv4Addr::LOCALHOST.into(), 8)];
        return loopback
            .into_iter()
            .chain([Network::new(Ipv6Addr::LOCALHOST.into(), 128)])
            .collect();
    }
    if let (Ok(four), false) = (text.parse::<Ipv4Addr>(), text.contains('/')) {
        let zeros = four.octets().iter().rev().take_while(|octet| **octet == 0).count();
        let mut networks = vec![Network::new(four.into(), 32 - 8 * u8::try_from(zeros).ok()?)?];
        if zeros == 4 {
            networks.extend(Network::new(Ipv6Addr::UNSPECIFIED.into(), 0));
        }
        return Some(networks);
    }
    Network::parse(text).map(|network| vec![network])
}

/// /etc/hosts.allow and /etc/hosts.deny, if the file's root has them: hosts_access(5).
#[derive(Default, Debug)]
pub struct HostRules {
    /// Who is let in, whatever the other says.
    pub allow: Option<Source>,
    /// Who is not.
    pub deny: Option<Source>,
}

impl HostRules {
    /// Adds the rules for a daemon.
    pub fn apply(&self, daemon: &str, access: &mut Access, report: &mut Report) {
        for (source, allows) in [(&self.allow, true), (&self.deny, false)] {
            let Some(source) = source else { continue };
            let Some(file) = text::open(&source.path, &source.text, report) else {
                access.lost.push((format!("what {} says", source.path), nowhere(source)));
                continue;
            };
            for line in super::entry::lines(&file.text) {
                let span = Span { file: file.clone(), range: line.clone() };
                let text = file.text[line.clone()].trim();
                if text.is_empty() || text.starts_with('#') {
                    continue;
                }
                rule(&file, &span, daemon, allows, access);
            }
        }
    }
}

fn nowhere(source: &Source) -> Span {
    Span::head(&Arc::new(File { path: source.path.clone(), text: String::new() }))
}

/// `daemons : clients`, if it is about this one. What cannot be kept is lost.
fn rule(file: &Arc<File>, span: &Span, daemon: &str, allows: bool, access: &mut Access) {
    let line = &file.text[span.range.clone()];
    let Some((daemons, _)) = line.split_once(':') else { return access.lose("this rule", span) };
    let clients = span.range.start + daemons.len() + 1..span.range.end;
    let separators = |c: char| c.is_whitespace() || c == ',';
    let named: Vec<&str> = daemons.split(separators).filter(|word| !word.is_empty()).collect();
    if !named.iter().any(|word| *word == "ALL" || *word == daemon || *word == "EXCEPT") {
        return;
    }
    let plain = !line.contains("EXCEPT") && !line.ends_with('\\');
    let text = &file.text[clients.clone()];
    // A colon outside brackets begins options or a command.
    let outside = text.split('[').map(|part| part.split(']').next_back().unwrap_or(part));
    if !plain || outside.into_iter().any(|part| part.contains(':')) {
        return access.lose(format!("`{}`", line.trim()), span);
    }
    for word in words(file, clients) {
        for client in word.text.split(',').filter(|client| !client.is_empty()) {
            match host_pattern(client) {
                Some(networks) if allows => access.allow.extend(networks),
                Some(networks) => access.deny.extend(networks),
                None if allows => access.shut_out.push((client.into(), word.span.clone())),
                None => access.lose(format!("`{client}` of {}", file.path), &word.span),
            }
            access.span.get_or_insert_with(|| word.span.clone());
        }
    }
}

/// A client of hosts_access(5) that is an address.
fn host_pattern(text: &str) -> Option<Vec<String>> {
    if text == "ALL" {
        return Some(vec!["any".into()]);
    }
    if let Some(head) = text.strip_suffix('.') {
        let length = u8::try_from(head.split('.').count()).ok()?.checked_mul(8)?;
        let padded = format!("{head}{}", ".0".repeat(usize::from(4u8.checked_sub(length / 8)?)));
        return Some(vec![Network::new(padded.parse().ok()?, length)?.text()]);
    }
    let bare = text.replace(['[', ']'], "");
    Network::parse(&bare).map(|network| vec![network.text()])
}

#[cfg(test)]
mod tests {
    use super::{Network, host_pattern, xinetd_address};

    fn texts(networks: Vec<Network>) -> Vec<String> {
        networks.iter().map(Network::text).collect()
    }

    #[test]
    fn addresses_of_xinetd_are_networks() {
        for (text, expected) in [
            ("192.168.1.2", Some(&["192.168.1.2"][..])),
            ("192.168.1.0", Some(&["192.168.1.0/24"])),
            ("10.0.0.0", Some(&["10.0.0.0/8"])),
            ("0.0.0.0", Some(&["0.0.0.0/0", "::/0"])),
            ("192.168.1.0/25", Some(&["192.168.1.0/25"])),
            ("10.1.{2,3}", Some(&["10.1.2.0/24", "10.1.3.0/24"])),
            ("10.1.2.{3,4}", Some(&["10.1.2.3", "10.1.2.4"])),
            ("2001:db8::/32", Some(&["2001:db8::/32"])),
            ("::1", Some(&["::1"])),
            (".example.org", None),
            ("1.2.3.4/33", None),
            ("1.2.3.4.{5}", None),
        ] {
            let found = xinetd_address(text).map(texts);
            let expected = expected.map(|each| each.iter().map(|t| t.to_string()).collect());
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn clients_of_tcpd_are_networks() {
        for (text, expected) in [
            ("ALL", Some("any")),
            ("192.168.", Some("192.168.0.0/16")),
            ("131.155.72.0/255.255.254.0", Some("131.155.72.0/23")),
            ("[2001:db8::]/32", Some("2001:db8::/32")),
            ("127.0.0.1", Some("127.0.0.1")),
            ("1.2.3.4.5.", None),
            ("10.0.0.0/255.0.255.0", None),
            ("LOCAL", None),
            (".example.org", None),
        ] {
            let expected = expected.map(|each| vec![each.to_string()]);
            assert_eq!(host_pattern(text), expected, "{text}");
        }
    }

    /// Counted one by one: what is left of a network is all of it but the hole.
    #[test]
    fn a_hole_in_a_network_is_left_out_and_nothing_else() {
        let network = Network::parse("10.0.0.0/24").expect("a network");
        for hole in ["10.0.0.77", "10.0.0.64/26", "10.0.0.0/24", "10.0.0.0/8", "10.0.1.0/24"] {
            let hole = Network::parse(hole).expect("a network");
            let left = network.without(&hole);
            for last in 0..=255u8 {
                let one = Network::parse(&format!("10.0.0.{last}")).expect("an address");
                let count = left.iter().filter(|piece| piece.contains(&one)).count();
                assert_eq!(count, usize::from(!hole.contains(&one)), "{last} {hole:?}");
            }
        }
    }
}
