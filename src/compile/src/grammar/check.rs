//! `Condition…=` and `Assert…=`: systemd.unit(5), "Conditions and Asserts".

use unit::{GLOB_DEPTH_MAX, GLOB_PATH_MAX, NODE_PATH_MAX, Test};

use super::names::absolute_path;
use super::process::CAPABILITIES;
use super::{Architecture, Context, List, truth};
use crate::codes;
use crate::report::{Span, Spanned, did_you_mean};
use crate::text::Value;

/// [`unit::Check`] with text of its own; whether it is an assert its row says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// As it was written, specifiers resolved.
    pub text: String,
    /// `|`
    pub is_trigger: bool,
    /// `!`
    pub is_negated: bool,
    /// What is looked at.
    pub test: Test,
    /// What it is compared with.
    pub value: String,
}

impl Check {
    /// What is known before the board runs: whether it holds.
    pub fn verdict(&self) -> Option<bool> {
        (self.test == Test::Known).then(|| (self.value == "yes") != self.is_negated)
    }
}

/// All of them: the directive says which.
#[derive(Debug)]
pub struct Checks;

impl List for Checks {
    type Item = Check;
    const FORM: &'static str = "what the name says, perhaps behind `|`, `!` or `|!`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<Check>> {
        let span = text.whole();
        let Some(words) = cx.specifiers.expand(&text.text, &span, cx) else { return Vec::new() };
        let (is_trigger, rest) = take_sign(&words, '|');
        let (is_negated, rest) = take_sign(rest, '!');
        let name = cx.key.trim_start_matches("Condition").trim_start_matches("Assert").to_string();
        let Some((test, value)) = test(&name, rest, &span, cx) else { return Vec::new() };
        let text = format!("{}={words}", cx.key);
        vec![Spanned { value: Check { text, is_trigger, is_negated, test, value }, span }]
    }
}

fn take_sign(text: &str, sign: char) -> (bool, &str) {
    match text.strip_prefix(sign) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    }
}

type Tested = Option<(Test, String)>;

fn test(name: &str, text: &str, span: &Span, cx: &mut Context<'_>) -> Tested {
    let path_test = match name {
        "PathExists" => Some(Test::PathExists),
        "PathExistsGlob" => Some(Test::PathExistsGlob),
        "PathIsDirectory" => Some(Test::PathIsDirectory),
        "PathIsSymbolicLink" => Some(Test::PathIsSymbolicLink),
        "PathIsMountPoint" => Some(Test::PathIsMountPoint),
        "PathIsReadWrite" => Some(Test::PathIsReadWrite),
        "PathIsSocket" => Some(Test::PathIsSocket),
        "DirectoryNotEmpty" => Some(Test::DirectoryNotEmpty),
        "FileNotEmpty" => Some(Test::FileNotEmpty),
        "FileIsExecutable" => Some(Test::FileIsExecutable),
        _ => None,
    };
    if let Some(test) = path_test {
        return path(test, text, span, cx);
    }
    if text.is_empty() {
        cx.refuse(codes::BAD_VALUE, span, "nothing to look for");
        return None;
    }
    let plain = |test| Some((test, text.to_string()));
    match name {
        "KernelCommandLine" => plain(Test::KernelCommandLine),
        "KernelVersion" => kernel_version(text, span, cx),
        "KernelModuleLoaded" => {
            path(Test::PathExists, &format!("/sys/module/{}", text.replace('-', "_")), span, cx)
        }
        "FirstBoot" => boolean(Test::FirstBoot, text, span, cx),
        "ControlGroupController" => controllers(text),
        "Memory" => compared(Test::Memory, text, bytes, span, cx),
        "CPUs" => compared(Test::Cpus, text, |text| text.parse().ok(), span, cx),
        "Capability" => capability(text, span, cx),
        "Environment" => plain(Test::Environment),
        "Host" => plain(Test::Host),
        "DeviceTreeCompatible" => plain(Test::DeviceTreeCompatible),
        "Firmware" => firmware(text, span, cx),
        "Architecture" => architecture(text, span, cx),
        "User" | "Group" => known(["root", "0", "@system"].contains(&text)),
        _ => panic!("the row has no other names"),
    }
}

/// PID 1 is root, and nobody else: that much is known at build.
fn known(holds: bool) -> Tested {
    Some((Test::Known, if holds { "yes" } else { "no" }.into()))
}

fn path(test: Test, text: &str, span: &Span, cx: &mut Context<'_>) -> Tested {
    let path = match absolute_path(text) {
        Ok(path) => path,
        Err(label) => {
            cx.refuse(codes::BAD_VALUE, span, label);
            return None;
        }
    };
    let depth = path.split('/').count();
    if test == Test::PathExistsGlob && (path.len() > GLOB_PATH_MAX || depth > GLOB_DEPTH_MAX) {
        let label = format!("longer than {GLOB_PATH_MAX} bytes, or deeper than {GLOB_DEPTH_MAX}");
        cx.refuse(codes::BAD_RANGE, span, label);
        return None;
    }
    if path.len() > NODE_PATH_MAX {
        cx.refuse(codes::BAD_RANGE, span, format!("longer than {NODE_PATH_MAX} bytes"));
        return None;
    }
    Some((test, path + "\0"))
}

fn boolean(test: Test, text: &str, span: &Span, cx: &mut Context<'_>) -> Tested {
    let Some(value) = truth(text) else {
        cx.refuse(codes::BAD_VALUE, span, "neither yes nor no");
        return None;
    };
    Some((test, if value { "yes" } else { "no" }.into()))
}

/// Operators of systemd with the letters of [`unit::Comparison`]; the longer ones first. `~` is a
/// pattern.
const OPERATORS: [(&str, char); 10] = [
    ("<=", '['),
    (">=", ']'),
    ("!=", '!'),
    ("<>", '!'),
    ("==", '='),
    ("=$", '~'),
    ("<", '<'),
    (">", '>'),
    ("=", '='),
    ("", '~'),
];

fn operator(text: &str) -> (char, &str) {
    let found = OPERATORS.iter().find(|(sign, _)| text.starts_with(sign));
    let (sign, letter) = found.expect("everything begins with nothing");
    (*letter, text[sign.len()..].trim_start())
}

fn kernel_version(text: &str, span: &Span, cx: &mut Context<'_>) -> Tested {
    let mut words = Vec::new();
    let mut alone = None;
    for word in text.split_whitespace() {
        let (letter, version) = match alone.take() {
            Some(letter) => (letter, word),
            None => operator(word),
        };
        if version.is_empty() {
            alone = Some(letter);
        } else if version.starts_with('$') {
            let hint = Some("write `!` in front of the whole value".to_string());
            cx.refuse_with(codes::UNSUPPORTED_VALUE, span, "`!=$` is not supported", hint);
            return None;
        } else {
            words.push(format!("{letter}{version}"));
        }
    }
    if alone.is_some() {
        cx.refuse(codes::BAD_VALUE, span, "a version is missing");
        return None;
    }
    Some((Test::KernelVersion, words.join(" ")))
}

fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(['K', 'M', 'G', 'T', 'B']);
    let factor = match text[digits.len()..].trim_end_matches('B') {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return None,
    };
    digits.trim_end().parse::<u64>().ok()?.checked_mul(1 << factor)
}

fn compared(
    test: Test,
    text: &str,
    read: fn(&str) -> Option<u64>,
    span: &Span,
    cx: &mut Context<'_>,
) -> Tested {
    let (letter, number) = operator(text);
    let letter = if letter == '~' { ']' } else { letter };
    let Some(number) = read(number) else {
        cx.refuse(codes::BAD_VALUE, span, "not a comparison and a number, such as `>=64M` or `<4`");
        return None;
    };
    Some((test, format!("{letter}{number}")))
}

/// Control groups have one hierarchy here: the second version's.
fn controllers(text: &str) -> Tested {
    match text {
        "v1" => known(false),
        "v2" => known(true),
        words => {
            let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
            Some((Test::ControlGroupController, words))
        }
    }
}

fn firmware(text: &str, span: &Span, cx: &mut Context<'_>) -> Tested {
    let compatible = text.strip_prefix("device-tree-compatible(");
    if let Some(board) = compatible.and_then(|text| text.strip_suffix(')')) {
        return Some((Test::DeviceTreeCompatible, board.into()));
    }
    match text {
        "device-tree" => path(Test::PathExists, "/sys/firmware/devicetree/base", span, cx),
        "uefi" => path(Test::PathExists, "/sys/firmware/efi", span, cx),
        _ if text.starts_with("smbios-field(") => {
            let hint = Some("boards are told apart by `device-tree-compatible(…)`".to_string());
            cx.refuse_with(codes::UNSUPPORTED_VALUE, span, "boards have no SMBIOS", hint);
            None
        }
        _ => {
            let label = "none of device-tree, device-tree-compatible(…), uefi";
            cx.refuse(codes::BAD_VALUE, span, label);
            None
        }
    }
}

fn architecture(text: &str, span: &Span, cx: &mut Context<'_>) -> Tested {
    const NAMES: [&str; 34] = [
        "x86",
        "x86-64",
        "ppc",
        "ppc-le",
        "ppc64",
        "ppc64-le",
        "ia64",
        "parisc",
        "parisc64",
        "s390",
        "s390x",
        "sparc",
        "sparc64",
        "mips",
        "mips-le",
        "mips64",
        "mips64-le",
        "alpha",
        "arm",
        "arm-be",
        "arm64",
        "arm64-be",
        "sh",
        "sh64",
        "m68k",
        "tilegx",
        "cris",
        "arc",
        "arc-be",
        "loongarch64",
        "riscv32",
        "riscv64",
        "nios2",
        "native",
    ];
    // What uname(2) and distributions say are none of systemd's names.
    let hint = match text {
        "i386" => Some("x86"),
        "amd64" | "x86_64" => Some("x86-64"),
        "armv7l" | "armv7" => Some("arm"),
        "aarch64" => Some("arm64"),
        _ => None,
    };
    if hint.is_some() || !NAMES.contains(&text) {
        let hint = hint.map(|name| format!("write `{name}`"));
        let hint = hint.or_else(|| did_you_mean(text, NAMES));
        cx.refuse_with(codes::BAD_VALUE, span, "no architecture of systemd's", hint);
        return None;
    }
    let own = cx.specifiers.architecture.map(|own| match own {
        Architecture::Armv7 => "arm",
        Architecture::Aarch64 => "arm64",
        Architecture::Riscv64 => "riscv64",
        Architecture::X86_64 => "x86-64",
    });
    // Units that are read without a board may be for any.
    known(text == "native" || own.is_none_or(|own| own == text))
}

fn capability(text: &str, span: &Span, cx: &mut Context<'_>) -> Tested {
    let name = text.to_ascii_lowercase();
    let name = name.strip_prefix("cap_").unwrap_or(&name);
    let Some(number) = CAPABILITIES.iter().position(|each| *each == name) else {
        let hint = did_you_mean(name, CAPABILITIES);
        cx.refuse_with(codes::BAD_NAME, span, "no capability of capabilities(7)", hint);
        return None;
    };
    Some((Test::Capability, number.to_string()))
}
