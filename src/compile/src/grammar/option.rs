//! What only the options of a socket have: systemd.socket(5), socket(7), ip(7), tcp(7).

use std::net::IpAddr;

use unit::Prefix;

use super::address::INTERFACE_BYTES_MAX;
use super::{Context, List, Scalar, trailing_comment};
use crate::codes;
use crate::report::Spanned;
use crate::text::Value;

/// Bytes, with a factor of 1024 for each of K, M and G.
#[derive(Debug)]
pub struct Bytes;

impl Scalar for Bytes {
    type Value = u32;
    const FORM: &'static str = "bytes, such as `65536` or `64K`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<u32> {
        let digits = text.text.trim_end_matches(['K', 'M', 'G']);
        let factor: u64 = match &text.text[digits.len()..] {
            "" => 1,
            "K" => 1 << 10,
            "M" => 1 << 20,
            "G" => 1 << 30,
            _ => 0,
        };
        let number = digits.trim_end().parse::<u64>().ok().filter(|_| factor > 0);
        let Some(number) = number else {
            let label = "not a number of bytes";
            cx.refuse_with(codes::BAD_VALUE, &text.whole(), label, trailing_comment(text));
            return None;
        };
        let bytes = number.checked_mul(factor).filter(|&bytes| bytes <= i32::MAX as u64);
        if bytes.is_none() {
            cx.refuse(codes::BAD_RANGE, &text.whole(), "more than 2147483647 bytes");
        }
        bytes.map(|bytes| bytes as u32)
    }
}

/// A number that may be negative.
#[derive(Debug)]
pub struct Signed;

impl Scalar for Signed {
    type Value = i32;
    const FORM: &'static str = "number";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<i32> {
        let number = text.text.parse().ok();
        if number.is_none() {
            let label = "not a whole number of 32 bits";
            cx.refuse_with(codes::BAD_VALUE, &text.whole(), label, trailing_comment(text));
        }
        number
    }
}

/// `IPTTL=`.
#[derive(Debug)]
pub struct Hops;

impl Scalar for Hops {
    type Value = u8;
    const FORM: &'static str = "number, 1 to 255";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<u8> {
        let number = text.text.parse().ok().filter(|&hops| hops > 0);
        if number.is_none() {
            let label = "not a number of 1 to 255";
            cx.refuse_with(codes::BAD_VALUE, &text.whole(), label, trailing_comment(text));
        }
        number
    }
}

/// `IPTOS=`: words and numbers of ip(7).
#[derive(Debug)]
pub struct TypeOfService;

impl Scalar for TypeOfService {
    type Value = u8;
    const FORM: &'static str = "`low-delay` `throughput` `reliability` `low-cost` or a number";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<u8> {
        let value = match text.text.as_str() {
            "low-delay" => Some(0x10),
            "throughput" => Some(0x08),
            "reliability" => Some(0x04),
            "low-cost" => Some(0x02),
            number => number.parse().ok(),
        };
        if value.is_none() {
            let label = "none of low-delay, throughput, reliability, low-cost, and no byte";
            cx.refuse_with(codes::BAD_VALUE, &text.whole(), label, trailing_comment(text));
        }
        value
    }
}

/// `TCPCongestion=`.
#[derive(Debug)]
pub struct Algorithm;

/// TCP_CA_NAME_MAX of the kernel, less its NUL.
const ALGORITHM_BYTES_MAX: usize = 15;

impl Scalar for Algorithm {
    type Value = String;
    const FORM: &'static str = "name of an algorithm";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<String> {
        name(text, ALGORITHM_BYTES_MAX, cx)
    }
}

/// `BindToDevice=`.
#[derive(Debug)]
pub struct Interface;

impl Scalar for Interface {
    type Value = String;
    const FORM: &'static str = "name of a network interface";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Option<String> {
        name(text, INTERFACE_BYTES_MAX, cx)
    }
}

fn name(text: &Value, most: usize, cx: &mut Context<'_>) -> Option<String> {
    let name = cx.specifiers.expand(&text.text, &text.whole(), cx)?;
    let forbidden = |byte: u8| !byte.is_ascii_graphic() || byte == b'/' || byte == b':';
    if name.is_empty() || name.len() > most || name.bytes().any(forbidden) {
        let label = format!("not a name of 1 to {most} letters, digits and signs");
        cx.refuse_with(codes::BAD_VALUE, &text.whole(), label, trailing_comment(text));
        return None;
    }
    Some(name)
}

/// `IPAddressAllow=`, `IPAddressDeny=`: systemd.resource-control(5).
#[derive(Debug)]
pub struct Prefixes;

impl List for Prefixes {
    type Item = Prefix;
    const FORM: &'static str =
        "addresses and prefixes, `any`, `localhost`, `link-local`, `multicast`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<Prefix>> {
        let span = text.whole();
        let mut items = Vec::new();
        for word in text.text.split_whitespace() {
            match prefixes(word) {
                Some(prefixes) => {
                    let spanned = |value| Spanned { value, span: span.clone() };
                    items.extend(prefixes.into_iter().map(spanned));
                }
                None => {
                    let label = format!("`{word}` is neither an address nor a prefix");
                    let hint = "write 192.168.1.0/24, fd00::/8, any, localhost, link-local or \
                                multicast";
                    cx.refuse_with(codes::BAD_VALUE, &span, label, Some(hint.into()));
                }
            }
        }
        items
    }
}

fn prefixes(word: &str) -> Option<Vec<Prefix>> {
    let known: &[&str] = match word {
        "any" => &["0.0.0.0/0", "::/0"],
        "localhost" => &["127.0.0.0/8", "::1/128"],
        "link-local" => &["169.254.0.0/16", "fe80::/64"],
        "multicast" => &["224.0.0.0/4", "ff00::/8"],
        _ => return prefix(word).map(|prefix| vec![prefix]),
    };
    known.iter().map(|word| prefix(word)).collect()
}

fn prefix(word: &str) -> Option<Prefix> {
    let (address, bits) = match word.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
        None => (word, None),
    };
    let (address, own, before) = match address.parse().ok()? {
        IpAddr::V4(address) => (address.to_ipv6_mapped(), 32, 96),
        IpAddr::V6(address) => (address, 128, 0),
    };
    let bits = bits.unwrap_or(own);
    (bits <= own).then(|| Prefix { address: address.octets(), bits: before + bits })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(prefix: &str, address: &str) -> bool {
        let address = match address.parse().unwrap() {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        prefixes(prefix).unwrap().iter().any(|prefix| prefix.holds(&address.octets()))
    }

    #[test]
    fn a_prefix_holds_what_begins_alike() {
        for (prefix, address) in [
            ("10.0.0.0/8", "10.255.0.1"),
            ("10.1.2.3", "10.1.2.3"),
            ("0.0.0.0/0", "1.2.3.4"),
            ("any", "1.2.3.4"),
            ("any", "2001:db8::1"),
            ("localhost", "127.8.8.8"),
            ("localhost", "::1"),
            ("2001:db8::/33", "2001:db8:7fff::1"),
            ("fe80::1/128", "fe80::1"),
        ] {
            assert!(holds(prefix, address), "{prefix} {address}");
        }
        for (prefix, address) in [
            ("10.0.0.0/8", "11.0.0.1"),
            ("10.1.2.3", "10.1.2.2"),
            ("localhost", "128.0.0.1"),
            ("localhost", "::2"),
            ("2001:db8::/33", "2001:db8:8000::1"),
            ("link-local", "1.2.3.4"),
            ("::/0", "1.2.3.4"),
            ("0.0.0.0/0", "::1"),
        ] {
            assert!(!holds(prefix, address), "{prefix} {address}");
        }
    }

    #[test]
    fn what_is_no_prefix_is_refused() {
        for word in ["10.0.0.0/33", "::/129", "10.0.0", "x", "10.0.0.0/", "/8", "Any"] {
            assert_eq!(prefixes(word), None, "{word}");
        }
    }
}
