//! What a service sees of the file system: systemd.exec(5), "Sandboxing".

use super::names::{absolute_path, expanded};
use super::{Context, List, Scalar, keyword, truth};
use crate::codes;
use crate::report::{Span, Spanned};
use crate::text::Value;

/// `ProtectSystem=`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum System {
    /// As it is.
    Open,
    /// Programs are read-only.
    Programs,
    /// The configuration, too.
    Configuration,
    /// Everything is, but for what the kernel makes.
    Strict,
}

/// `ProtectHome=`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Homes {
    /// As they are.
    Open,
    /// Nobody can enter them.
    Hidden,
    /// They are read-only.
    ReadOnly,
    /// They are empty.
    Empty,
}

const YES: &str = "say yes";

/// A directive that is a boolean, in any of its spellings, or one of some words more; `words` begin
/// with `yes` and `no`.
fn more_than_truth<T: Copy>(
    text: &Value,
    cx: &mut Context<'_>,
    words: &[(&str, T)],
    refused: &[(&str, &str)],
) -> Option<T> {
    match truth(&text.text) {
        Some(truth) => words.get(usize::from(!truth)).map(|(_, value)| *value),
        None => keyword(text, cx, words, refused),
    }
}

macro_rules! more_than_truths {
    ($($(#[$meta:meta])* $grammar:ident -> $type:ty, $form:literal,
        $words:expr, $refused:expr;)*) => {
        $($(#[$meta])*
        #[derive(Debug)]
        pub struct $grammar;

        impl Scalar for $grammar {
            type Value = $type;
            const FORM: &'static str = $form;
            const REFUSED: &'static [(&'static str, &'static str)] = $refused;

            fn parse(text: &Value, cx: &mut Context<'_>) -> Option<$type> {
                more_than_truth(text, cx, $words, Self::REFUSED)
            }
        })*
    };
}

more_than_truths! {
    /// `ProtectSystem=`.
    SystemName -> System, "yes, no, `full` or `strict`",
        &[
            ("yes", System::Programs),
            ("no", System::Open),
            ("full", System::Configuration),
            ("strict", System::Strict),
        ], &[];

    /// `ProtectHome=`.
    HomesName -> Homes, "yes, no, `read-only` or `tmpfs`",
        &[
            ("yes", Homes::Hidden),
            ("no", Homes::Open),
            ("read-only", Homes::ReadOnly),
            ("tmpfs", Homes::Empty),
        ], &[];

    /// `PrivateTmp=`.
    PrivateTmpName -> bool, "yes or no", &[("yes", true), ("no", false)], &[("disconnected", YES)];

    /// `ProtectControlGroups=`.
    ProtectControlGroupsName -> bool, "yes or no", &[("yes", true), ("no", false)],
        &[("private", YES), ("strict", YES)];
}

/// A path, and whether it need not be there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfinedPath {
    /// Absolute.
    pub path: String,
    /// It stands behind a `-`.
    pub optional: bool,
}

/// The words of a list, each by a grammar of its own.
fn each<T>(
    text: &Value,
    cx: &mut Context<'_>,
    parse: fn(&str, &Span, &mut Context<'_>) -> Option<T>,
) -> Vec<Spanned<T>> {
    let words = expanded(text, cx).into_iter().filter_map(|Spanned { value, span }| {
        let value = parse(&value, &span, cx)?;
        Some(Spanned { value, span })
    });
    words.collect()
}

/// The path behind `-` and `+`; `+` means the root directory, which is the board's.
fn confined(text: &str, span: &Span, cx: &mut Context<'_>) -> Option<ConfinedPath> {
    let bare = text.trim_start_matches(['-', '+']);
    let optional = text[..text.len() - bare.len()].contains('-');
    match absolute_path(bare) {
        Ok(path) => Some(ConfinedPath { path, optional }),
        Err(label) => {
            cx.refuse(codes::BAD_VALUE, span, label);
            None
        }
    }
}

/// `ReadWritePaths=` and its kin.
#[derive(Debug)]
pub struct ConfinedPaths;

impl List for ConfinedPaths {
    type Item = ConfinedPath;
    const FORM: &'static str = "absolute paths, with `-` in front if they may be missing";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<ConfinedPath>> {
        each(text, cx, confined)
    }
}

/// A tree that is seen at another place, too.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BoundTree {
    /// Where it is.
    pub source: ConfinedPath,
    /// Where it is seen.
    pub target: String,
    /// Without what is mounted below it.
    pub flat: bool,
}

/// `BindPaths=`, `BindReadOnlyPaths=`.
#[derive(Debug)]
pub struct BoundTrees;

impl List for BoundTrees {
    type Item = BoundTree;
    const FORM: &'static str = "`SOURCE`, `SOURCE:TARGET` or `SOURCE:TARGET:OPTION`";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<BoundTree>> {
        each(text, cx, bound)
    }
}

fn bound(text: &str, span: &Span, cx: &mut Context<'_>) -> Option<BoundTree> {
    let mut parts = text.splitn(3, ':');
    let source = confined(parts.next().unwrap_or_default(), span, cx)?;
    let target = match parts.next() {
        None | Some("") => source.path.clone(),
        Some(target) => confined(target, span, cx)?.path,
    };
    let flat = match parts.next() {
        None | Some("rbind" | "") => false,
        Some("norbind") => true,
        Some(_) => {
            cx.refuse(codes::BAD_VALUE, span, "the option is neither rbind nor norbind");
            return None;
        }
    };
    Some(BoundTree { source, target, flat })
}

/// A file system in memory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemoryTree {
    /// Where it is seen.
    pub target: ConfinedPath,
    /// What mount(2) is told: tmpfs(5).
    pub options: String,
    /// Nothing can be written there.
    pub read_only: bool,
}

/// `TemporaryFileSystem=`.
#[derive(Debug)]
pub struct MemoryTrees;

/// Options of tmpfs(5) that have a value.
const TMPFS_OPTIONS: [&str; 6] = ["size", "nr_blocks", "nr_inodes", "mode", "uid", "gid"];
/// What the file system is without a word: as systemd has it.
pub(crate) const TMPFS_DEFAULT: &str = "mode=0755";

impl List for MemoryTrees {
    type Item = MemoryTree;
    const FORM: &'static str = "`PATH` or `PATH:OPTIONS`, options of tmpfs(5) and ro";

    fn parse(text: &Value, cx: &mut Context<'_>) -> Vec<Spanned<MemoryTree>> {
        each(text, cx, memory)
    }
}

fn memory(text: &str, span: &Span, cx: &mut Context<'_>) -> Option<MemoryTree> {
    let (path, options) = text.split_once(':').unwrap_or((text, ""));
    let target = confined(path, span, cx)?;
    let (mut told, mut read_only) = (vec![TMPFS_DEFAULT.to_string()], false);
    for option in options.split(',').filter(|option| !option.is_empty()) {
        let name = option.split_once('=').map(|(name, _)| name);
        match (option, name) {
            ("ro", _) => read_only = true,
            ("rw" | "nosuid" | "nodev", _) => {}
            (_, Some(name)) if TMPFS_OPTIONS.contains(&name) => told.push(option.into()),
            _ => {
                let hint = format!("what there is: {}, ro, rw", TMPFS_OPTIONS.join("=, ") + "=");
                let label = format!("`{option}` is no option here");
                cx.refuse_with(codes::BAD_VALUE, span, label, Some(hint));
                return None;
            }
        }
    }
    Some(MemoryTree { target, options: told.join(","), read_only })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{many, one};
    use super::*;

    #[test]
    fn some_booleans_have_more_words() {
        assert_eq!(one::<SystemName>("true"), Ok(System::Programs));
        assert_eq!(one::<SystemName>("strict"), Ok(System::Strict));
        assert_eq!(one::<SystemName>("strikt"), Err(vec!["E201"]));
        assert_eq!(one::<HomesName>("off"), Ok(Homes::Open));
        assert_eq!(one::<HomesName>("tmpfs"), Ok(Homes::Empty));
        assert_eq!(one::<PrivateTmpName>("disconnected"), Err(vec!["E207"]));
        assert_eq!(one::<ProtectControlGroupsName>("strict"), Err(vec!["E207"]));
    }

    #[test]
    fn paths_may_be_missing_behind_a_dash() {
        let paths = |text: &str| {
            let (items, codes) = many::<ConfinedPaths>(text);
            let word = |each: ConfinedPath| format!("{} {}", each.path, each.optional);
            (items.into_iter().map(word).collect::<Vec<_>>().join(", "), codes)
        };
        assert_eq!(paths("/a -/b//c/ +/d +-/e").0, "/a false, /b/c true, /d false, /e true");
        assert_eq!(paths("a /b/../c").1, ["E201", "E201"]);
    }

    #[test]
    fn trees_have_a_source_and_a_target() {
        let tree = |text: &str| {
            let (items, codes) = many::<BoundTrees>(text);
            let word =
                |each: BoundTree| format!("{} {} {}", each.source.path, each.target, each.flat);
            (items.into_iter().map(word).collect::<Vec<_>>().join(", "), codes)
        };
        assert_eq!(tree("/a /b:/c -/d:/e:norbind").0, "/a /a false, /b /c false, /d /e true");
        assert_eq!(tree("/a:b /a:/b:twice :/c").1, ["E201", "E201", "E201"]);
    }

    #[test]
    fn memory_has_the_options_of_tmpfs() {
        let (items, codes) = many::<MemoryTrees>("/a /b:ro,size=1M,mode=0700");
        assert_eq!(codes, Vec::<&str>::new());
        assert_eq!((items[0].options.as_str(), items[0].read_only), ("mode=0755", false));
        let second = (items[1].options.as_str(), items[1].read_only);
        assert_eq!(second, ("mode=0755,size=1M,mode=0700", true));
        assert_eq!(many::<MemoryTrees>("/a:noatime").1, ["E201"]);
    }
}
